# SPDX-License-Identifier: AGPL-3.0-or-later
"""Small scenes, one at a time in a quiet house, so that each call of a process can be met.

A scene has something prepared (a letter is written, a person signs in, a form is filled), then is
played: its client tries until it is told. Accounts are kept as in the kill story: the same journal,
the same sink, the same judge at the end. What happens to a process meanwhile is for the campaigns:
killed at a call (kill_calls.py), given an error (fail_calls.py), no memory (no_memory.py).
"""
import smtplib
import time

from tests.fault import accountant, judge, killer
from tests.fault.story import FORUMS, Figures, Person, Story
from tests.fault.tracer import Tracer, calls_of
from tests.flow import mail
from tests.flow.site import Refused, wait_for

SUBSCRIBERS = 24
LATE_FROM = 100000          # places of people who subscribe late
FILE_OCTETS = 150_000       # a blob
LONG_LINES = 1100           # of LONG_LINE octets: the book grows by more than db_tend.c lets the WAL grow
LONG_LINE = 900
LIVES = 3                   # deaths of one role in a row, before its next lives have to wait
LONG_LIFE = 5.5             # seconds; a death after that is not "in a row" (process/supervisor.c)
REPORT = """From: MAILER-DAEMON@mx.ville.example\r
To: {to}\r
Subject: Undelivered Mail Returned to Sender\r
Auto-Submitted: auto-replied\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status; boundary=b\r
\r
--b\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mx.ville.example\r
\r
Final-Recipient: rfc822; someone@habitants.example\r
Action: failed\r
Status: 5.1.1\r
Diagnostic-Code: smtp; 550 5.1.1 no such user\r
\r
--b--\r
"""

# scene: whose calls are met. parser.0 reads mail, parser.1 what comes from the web.
SCENES = {
    "smtp": ("intake.0", "clerk.0", "parser.0", "relay.0"),
    "lmtp": ("intake.0", "clerk.0", "parser.0", "relay.0"),
    "file": ("intake.0", "clerk.0", "parser.0"),
    "web": ("web.0", "clerk.0", "parser.1", "relay.0"),
    "web-file": ("web.0", "clerk.0", "parser.1"),
    "sign-in": ("web.0", "clerk.0", "auth.0"),
    "moderate": ("clerk.0", "parser.0", "relay.0"),
    "subscribe": ("clerk.0",),
    "bounce": ("intake.0", "clerk.0", "parser.0"),
    "relay-again": ("relay.0", "clerk.0"),
    "checkpoint": ("clerk.0",),
}
# Of these scenes only what befalls a file of the data folder is met.
FILES = {"checkpoint": ("preau.db",)}


class SceneJudge(judge.Judge):
    """Each act of violence came while a scene was played."""

    def find_idle_kills(self):
        self.figures["kills"] = len(self.story.killer.kills)
        return ()

    def is_last_word(self, line):
        at = judge.time_of(line)
        return super().is_last_word(line) or any(begin - 1 <= at <= end + 1 for begin, end in self.story.dark)


class SceneKiller(killer.Killer):
    """Knows what was done to whom, and how a process may end that was given an error."""

    forgiving = False

    def explains(self, pid, by_signal, status):
        return super().explains(pid, by_signal, status) or (
            self.forgiving and pid in self.killed and by_signal == 0)

    def note(self, at, victim, pid):
        self.killed.add(pid)
        self.kills.append({"t": at, "victim": victim, "work": {}, "in_hand": True})


class Scenes(Story):
    """points: what a campaign does, one after the other; play() one of them."""

    names = tuple(SCENES)
    forgiving = False

    def __init__(self, preau, share, seed, env=None, say=print):
        super().__init__(preau, share, seed, Figures(0, 0, 0, SUBSCRIBERS, 0, 0.0), env=env, say=say)
        self.site.settings["web.workers"] = "1"
        self.dark, self.number, self.deaths = [], 0, {}
        self.missed = 0

    def make_judge(self):
        return SceneJudge(self)

    def make_killer(self):
        made = SceneKiller(self.site, self.desk, self.dice("killer"), self.say)
        made.forgiving = self.forgiving
        return made

    def start_clients(self):
        dice = self.dice("clients")
        self.mailer, self.writer = accountant.MailClient(self.desk, dice), accountant.Person(self.desk, dice)
        self.guest = accountant.Guest(self.desk, dice, [], None)
        self.moderator = accountant.Moderator(self.desk, dice, [], None)
        self.letter_dice = self.dice("letters of scenes")

    def settle_down(self):
        if not judge.wait_quiet(self.site):
            self.desk.complain("the house did not come to rest")

    # ---- scenes: each gives what is to be played ----

    def prepare(self, name):
        self.number += 1
        return getattr(self, "prepare_" + name.replace("-", "_"))()

    def new_letter(self, door, forums=None, file=False):
        letter = self.draw_letter(self.letter_dice, door, self.number, [])
        letter.forums = forums or letter.forums
        letter.file = ("plan.bin", "application/octet-stream", self.letter_dice.randbytes(FILE_OCTETS)) if file else None
        return letter

    def keep(self, letter):
        self.letters.append(letter)
        self.desk.left += 1

    def prepare_mail(self, letter):
        accountant.write_octets(letter, self.people[letter.author])
        self.keep(letter)

        def play():
            letters = [letter]
            for _ in range(accountant.TRIES_MOST):
                letters = self.mailer.dialogue(letters)
                if not letters:
                    return
                self.mailer.pause(0.3)
            self.desk.complain(f"nonce-{letter.nonce}: tried in vain")
        return play

    def prepare_smtp(self):
        return self.prepare_mail(self.new_letter("smtp"))

    def prepare_lmtp(self):
        return self.prepare_mail(self.new_letter("lmtp", list(FORUMS)))

    def prepare_file(self):
        return self.prepare_mail(self.new_letter("smtp", file=True))

    def prepare_relay_again(self):
        """The sink says "later" to each copy the first time."""
        letter = self.new_letter("smtp")
        letter.lines.append("please-451")
        return self.prepare_mail(letter)

    def prepare_checkpoint(self):
        """A long letter, of words that the search index never saw."""
        letter = self.new_letter("smtp")
        letter.lines += [self.letter_dice.randbytes(LONG_LINE // 3).hex(" ", 4)[:LONG_LINE] for _ in range(LONG_LINES)]
        return self.prepare_mail(letter)

    def prepare_web(self, file=False):
        letter, writer = self.new_letter("web", file=file), self.writer
        self.keep(letter)
        browser = writer.keep_at(writer.sign_in, letter)
        path, fields, kind = writer.keep_at(writer.fill, letter, browser)

        def play():
            self.desk.journal.write(e="sent", nonce=letter.nonce)
            target = writer.keep_at(writer.send, letter, browser, path, fields, kind)
            if target:
                writer.keep_at(writer.look, letter, browser, target)
        return play

    def prepare_web_file(self):
        return self.prepare_web(True)

    def prepare_sign_in(self):
        person = self.people[self.number % SUBSCRIBERS]
        return lambda: self.guest.keep_at(self.guest.enter, person)

    def prepare_moderate(self):
        """A stranger's mail is held; a moderator lets it through."""
        letter = self.new_letter("smtp")
        self.make_stranger(letter, self.number, self.letter_dice)
        letter.approve = True
        send = self.prepare_mail(letter)

        def play():
            send()
            wait_for(lambda: self.is_settled("inbox", "state = 'new'"), 90)
            held = self.site.rows("SELECT id FROM post WHERE state = 'held' AND message_id = ?", letter.message_id)
            if len(held) != 1:
                self.desk.complain(f"nonce-{letter.nonce} is held {len(held)} times")
                return
            self.moderator.approve(held[0][0], letter)
        return play

    def prepare_subscribe(self):
        at = LATE_FROM + self.number
        person = self.people[at] = Person(at)
        person.late, person.forums = True, [self.letter_dice.choice(list(FORUMS))]
        person.number = self.again(lambda: self.site.person(person.name, person.address))

        def play():
            before = time.time()
            self.desk.act("subscription.set", forum=person.forums[0], person=person.number, mode="each")
            person.since[person.forums[0]] = (before, time.time())
        return play

    def prepare_bounce(self):
        """Some copy comes back to its sender."""
        if not self.unreported():
            self.prepare_smtp()()
            self.rest()
        sender = self.letter_dice.choice(wait_for(self.unreported))
        octets = REPORT.format(to=sender).encode()
        self.reports[sender] = 0

        def play():
            for _ in range(accountant.TRIES_MOST):
                self.reports[sender] += 1
                try:
                    mail.send(self.site.ports["smtp"], "", [sender], octets)
                    return
                except (smtplib.SMTPException, OSError) as no:
                    codes = [code for code, _ in getattr(no, "recipients", {}).values()] or [getattr(no, "smtp_code", 421)]
                    if max(codes) >= 500:
                        self.desk.complain(f"a report to {sender} is answered {codes}")
                        return
                self.mailer.pause(0.3)
            self.desk.complain(f"a report to {sender}: tried in vain")
        return play

    def unreported(self):
        """Senders of copies that have not come back."""
        return [line["sender"] for line in accountant.read_journal(self.sink_journal, torn=True)
                if line["e"] == "took" and line["sender"] and line["sender"] not in self.reports]

    def again(self, do):
        """An act by console that may meet a clerk just being born."""
        def try_it():
            try:
                return do()
            except Refused as no:
                if no.status != accountant.EX_TEMPFAIL:
                    raise
                return None
        return wait_for(try_it, 60, 0.1)

    # ---- playing ----

    def is_settled(self, table, condition):
        try:
            return self.site.one(f"SELECT count(*) FROM {table} WHERE {condition}") == 0
        except Exception:  # the book is being recovered just now
            return False

    def rest(self):
        wait_for(lambda: self.is_settled("inbox", "state = 'new'"), 90)
        wait_for(lambda: self.is_settled("outbox", "state = 'due'"), 90)

    def files_of(self, name):
        return [self.site.data / file for file in FILES.get(name, ())]

    def trace(self, name):
        """{role: its calls in this scene}"""
        play = self.prepare(name)
        tracers = {role: Tracer(self.killer.log.look().up[role], self.site.folder / f"trace.{role}",
                                files=self.files_of(name)) for role in SCENES[name]}
        play()
        self.rest()
        for tracer in tracers.values():
            tracer.stop()
        return {role: calls_of(tracer.text()) for role, tracer in tracers.items()}

    def meet(self, name, role, call, inject):
        """Plays a scene in which a process meets its fate at that call; whether it did, and died."""
        self.wait_lives()
        play = self.prepare(name)
        pid = self.killer.log.look().up[role]
        begin = time.time()
        tracer = Tracer(pid, self.site.folder / "trace", call, inject, self.files_of(name))
        if not tracer.attached:
            raise AssertionError(f"strace cannot attach to {role}: {tracer.trouble}")
        self.desk.dark = self.forgiving
        self.killer.killed.add(pid)
        play()
        self.rest()
        died = tracer.stop()
        self.desk.dark = False
        hits = tracer.hits() + ([tracer.ended] if died else [])
        hit = len(hits) > 0
        self.missed += not hit
        if self.forgiving:
            self.dark.append((begin, time.time()))
        for at in hits:
            self.killer.note(at, role, pid)
        if died:
            self.after_death(role, pid)
        return hit, died

    def wait_lives(self):
        wait_for(lambda: sorted(self.killer.log.look().up) == self.killer.roles, killer.BACK_WAIT)

    def after_death(self, role, pid):
        """Who dies young again and again must wait longer each time: then the house is started anew."""
        self.killer.wait_back({role: pid})
        last, row = self.deaths.get(role, (0, 0))
        row = row + 1 if time.time() - last < LONG_LIFE else 1
        self.deaths[role] = time.time(), row
        if row >= LIVES:
            self.restart()

    def restart(self):
        self.wait_lives()
        status = self.site.stop()
        if status:
            self.desk.complain(f"the house ended with {status}")
        self.killer.log.look().up.clear()
        self.site.start()
        self.wait_lives()
        self.deaths.clear()
