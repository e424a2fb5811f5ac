# SPDX-License-Identifier: AGPL-3.0-or-later
"""The kill story, once: a town writes, the outside misbehaves, processes are killed.

Subscribers on three forums; mails from up to 64 senders at a time, posts on the web, people
who sign in, who read, who subscribe late, strangers who are held and some let through; a sink
that misbehaves for a tenth of what it is given; kill -9 while work is open. Afterwards, when
all is quiet, the judge.
"""
import collections
import ctypes
import json
import pathlib
import random
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from tests.fault import accountant, judge, killer
from tests.flow.site import Site

FORUMS = {"voirie": "Voirie", "culture": "Culture", "jeunesse": "Jeunesse"}
SENDERS, WRITERS, GUESTS, LATE = 64, 8, 40, 9
STRANGER_SHARE, FIRST_STRANGER = 0.04, 1000
NONCE = re.compile(r"nonce-([0-9a-f]{32})")
WEB_VICTIMS = ("web", "parser.1", "clerk", "all")   # posts are sent when one of these is killed
BURST_EVERY, BURST_SHARE = 10, 0.64
FILE_SIZES = (3_000, 47_000, 62_000, 65_500, 150_000)  # in the act, in a packet, in the row, in a file
PR_SET_CHILD_SUBREAPER = 36

WORDS = ("la rue des Lilas est trouée depuis l'hiver ; le conseil se réunit jeudi à vingt heures ; qui vient "
         "à la fête de l'école ? un vélo bleu a été trouvé place du Marché ; merci à tous pour hier soir").split()


class Person:
    def __init__(self, at):
        self.name, self.address = f"Personne {at:03}", f"p{at:03}@habitants.example"
        self.number, self.password, self.forums = 0, None, []
        self.since = {}   # forum: when the late subscription was asked for, when it was answered

    def receives(self, forum, at):
        """(must, may) a post queued in that second have a copy for this person?"""
        if forum not in self.forums:
            return False, False
        if not self.late:
            return True, True
        if forum not in self.since:
            return False, False
        before, after = self.since[forum]
        return at > after + 1, at >= int(before)

    late = False


class Figures:
    def __init__(self, mails=500, posts=50, kills=50, subscribers=200, alls=5, share=0.10):
        self.mails, self.posts, self.kills, self.subscribers = mails, posts, kills, subscribers
        self.alls, self.share = alls, share


class Story:
    PERSON, GUEST = accountant.Person, accountant.Guest

    def __init__(self, preau, share, seed, figures, env=None, victims=None, say=print):
        self.seed, self.figures, self.say = seed, figures, say
        self.every_role = victims is None and figures.kills >= 40
        self.site = Site(preau, share, env=env, limit_mails=0, limit_posts=0, relay_patience=6,
                         relay_connections=8)
        self.site.forums = [f"/f/{slug}" for slug in FORUMS]
        self.clients = []
        self.replayed = collections.Counter()
        self.reports = {}   # sender of a copy: how often a report of it was sent
        self.victims = killer.draw_victims(self.dice("victims"), figures.kills, figures.alls, victims)
        self.people = self.draw_people()
        self.letters = self.draw_letters()
        self.times = {}

    def dice(self, what):
        """Each has its own, so that one more throw here changes nothing there."""
        return random.Random(f"{self.seed} {what}")

    # ---- who and what ----

    def draw_people(self):
        slugs = list(FORUMS)
        people = {}
        for at in range(self.figures.subscribers + LATE):
            person = people[at] = Person(at)
            person.forums = [slugs[at % 3]] + ([slugs[(at + 1) % 3]] if at % 4 == 0 else [])
            person.late = at >= self.figures.subscribers
            if at < min(GUESTS, self.figures.subscribers):
                person.password = f"cheval-pile-agrafe-{at}"
        return people

    def draw_letters(self):
        dice, letters = self.dice("letters"), []
        for at in range(self.figures.mails):
            door = "lmtp" if dice.random() < 0.2 else "smtp"
            letter = self.draw_letter(dice, door, at, [letter for letter in letters if not letter.stranger])
            if dice.random() < STRANGER_SHARE:
                self.make_stranger(letter, at, dice)
                letters.append(letter)
                continue
            letter.impatient = dice.random() < 0.05
            if door == "smtp" and dice.random() < 0.04:
                letter.forums.append(dice.choice([slug for slug in FORUMS if slug not in letter.forums]))
            letters.append(letter)
        posts = []
        for at in range(self.figures.posts):
            posts.append(self.draw_letter(dice, "web", at, posts))
        for letter in letters:
            accountant.write_octets(letter, self.people[letter.author])
        return letters + posts

    def draw_letter(self, dice, door, at, before):
        letter = accountant.Letter(f"{dice.getrandbits(128):032x}", door, self.draw_author(dice, door, at),
                                   [dice.choice(list(FORUMS))])
        letter.subject = f"{' '.join(dice.sample(WORDS, 4))} ({door} {at})".replace(";", "")
        letter.lines = [f"Bonjour, ici le message {at}.", "", f"nonce-{letter.nonce}", ""]
        letter.lines += [" ".join(dice.choices(WORDS, k=9)) for _ in range(dice.choice((1, 4, 12)))]
        far = 2 * WRITERS if door == "web" else 3   # so far back that it is there, mostly
        if len(before) > 2 * far and dice.random() < 0.4:
            letter.answers = dice.choice(before[:-far])
            letter.forums = letter.answers.forums[:1]
        if dice.random() < 0.08:
            letter.file = (f"plan-{at}.bin", "application/octet-stream", dice.randbytes(dice.choice(FILE_SIZES)))
        return letter

    def make_stranger(self, letter, at, dice):
        """Somebody whom nobody knows: the mail is held, and half of the time let through."""
        letter.stranger, letter.approve = True, dice.random() < 0.5
        letter.author = FIRST_STRANGER + at
        person = self.people[letter.author] = Person(at)
        person.name, person.address = f"Passant {at:03}", f"x{at:03}@ailleurs.example"
        person.number = None

    def draw_author(self, dice, door, at):
        """On the web nobody may write more than five times in half a minute."""
        return at % min(25, self.figures.subscribers) if door == "web" else dice.randrange(self.figures.subscribers)

    # ---- the town is built ----

    def build(self):
        for slug, name in FORUMS.items():
            self.site.act("forum.create", slug=slug, name=name)
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(self.settle, [one for one in self.people.values() if one.number is not None]))

    def settle(self, person):
        more = {"password": person.password} if person.password else {}
        person.number = self.site.person(person.name, person.address, **more)
        for forum in person.forums if not person.late else ():
            self.site.subscribe(forum, person.number)

    def fix_ports(self):
        """The house stays where it is when it is started again."""
        for name, (host, port) in self.site.ports.items():
            self.site.settings[f"listen.{name}"] = f"{host}:{port}"

    def start_sink(self):
        self.sink_journal = self.site.folder / "sink.journal"
        self.sink = subprocess.Popen(
            [sys.executable, "-m", "tests.fault.sink", "--journal", str(self.sink_journal), "--seed", str(self.seed),
             "--share", str(self.figures.share)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            cwd=pathlib.Path(__file__).resolve().parents[2])
        self.site.settings["relay.to"] = f"smtp://127.0.0.1:{int(self.sink.stdout.readline())}"

    def stop_sink(self):
        self.sink.stdin.close()
        if self.sink.wait(30) != 0:
            raise AssertionError(f"the sink ended with {self.sink.returncode}")

    def start_clients(self):
        desk, ring = self.desk, threading.Event()
        late = [person for person in self.people.values() if person.late]
        guests = [at for at, person in self.people.items() if person.password]
        self.ring = ring
        self.clients = [accountant.MailClient(desk, self.dice(f"sender {at}")) for at in range(SENDERS)]
        self.clients += [self.PERSON(desk, self.dice(f"writer {at}")) for at in range(WRITERS)]
        self.clients.append(self.GUEST(desk, self.dice("guest"), guests, ring))
        self.clients.append(accountant.Visitor(desk, self.dice("visitor"), NONCE))
        self.clients.append(accountant.Moderator(desk, self.dice("moderator"), self.letters, NONCE))
        self.clients.append(accountant.Latecomer(desk, self.dice("late"), late, self.figures.kills / 8))
        for letter in self.letters:
            if letter.door == "web":
                desk.drafts.put(letter)
        for client in self.clients:
            client.start()

    def make_killer(self):
        return killer.Killer(self.site, self.desk, self.dice("killer"), self.say)

    def make_judge(self):
        return judge.Judge(self)

    # ---- it happens ----

    def waves(self):
        """Letters for each kill: some, and every tenth time as many as there are senders."""
        kills = len(self.victims)
        bursts = [at for at in range(kills) if at % BURST_EVERY == BURST_EVERY // 2] or [0]
        weights = [(1 - BURST_SHARE) / kills + (BURST_SHARE / len(bursts) if at in bursts else 0)
                   for at in range(kills)]
        mails = [letter for letter in self.letters if letter.door != "web"]
        posts = [letter for letter in self.letters if letter.door == "web"]
        wet = [at for at, victim in enumerate(self.victims) if victim.startswith(WEB_VICTIMS)] or range(kills)
        done, taken, written, seen = 0.0, 0, 0, 0
        for at in range(kills):
            done += weights[at]
            until = len(mails) if at == kills - 1 else round(done * len(mails))
            seen += at in wet
            wave = mails[taken:until] + posts[written:seen * len(posts) // len(wet)]
            taken, written = until, seen * len(posts) // len(wet)
            yield wave

    def rain(self):
        dice = self.dice("pace")
        if not self.victims:
            self.desk.give(self.letters)
        for at, (victim, wave) in enumerate(zip(self.victims, self.waves())):
            self.desk.give(wave)
            self.ring.set()
            self.killer.kill(at, victim)
            time.sleep(dice.uniform(0.1, 1.2))

    def settle_down(self):
        """Every client has its answer, the house has nothing left to do."""
        until = time.monotonic() + 120
        while self.desk.left > 0 and time.monotonic() < until and not self.desk.complaints:
            time.sleep(0.05)
        moderator = next(client for client in self.clients if isinstance(client, accountant.Moderator))
        moderator.join(max(1.0, until - time.monotonic()))
        self.desk.over.set()
        for client in self.clients:
            client.join(accountant.CLIENT_WAIT + 5)
        if not judge.wait_quiet(self.site):
            self.desk.complain("the house did not come to rest")

    def run(self):
        """The judge's checks: (sentence, findings) each; tell() gives the figures."""
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        begin = time.monotonic()
        self.start_sink()
        self.site.start()
        try:
            self.fix_ports()
            self.build()
            journal = accountant.Journal(self.site.folder / "clients.journal")
            self.desk = accountant.Desk(self.site, self.people, journal)
            self.killer = self.make_killer()
            self.times["built"] = time.monotonic() - begin
            self.start_clients()
            self.rain()
            self.times["killed"] = time.monotonic() - begin
            self.settle_down()
            self.times["quiet"] = time.monotonic() - begin
            self.stop_sink()
            self.desk.journal.close()
            self.judge = self.make_judge()
            checks = self.judge.judge()
            self.after()
            status = self.site.stop()
            checks.append(("it drains and ends well", [f"exit status {status}"] if status else []))
        finally:
            self.end()
        self.times["judged"] = time.monotonic() - begin
        return checks

    def replay(self):
        """What was set aside is given back, as people do."""
        for box in ("inbox", "outbox"):
            for (number,) in self.site.rows(f"SELECT id FROM {box} WHERE state = 'aside'"):
                self.replayed[box] += self.site.run("replay", box, str(number)).returncode == 0

    def after(self):
        """For those who want to look at the house before it stops."""

    def end(self):
        if hasattr(self, "desk"):
            self.desk.over.set()
        if self.site.process is not None:
            self.site.process.kill()
            self.site.process.wait()
        if self.sink.poll() is None:
            self.sink.kill()
            self.sink.wait()

    def tell(self):
        found = {"seed": self.seed, "mails": self.figures.mails, "posts": self.figures.posts,
                 "subscribers": self.figures.subscribers, **self.judge.figures,
                 **{f"clients.{name}": count for name, count in sorted(self.desk.counts.items())},
                 **{f"most_open.{name}": count for name, count in self.desk.most.items()},
                 **{f"seconds.{name}": round(at, 1) for name, at in self.times.items()}}
        return json.dumps(found)
