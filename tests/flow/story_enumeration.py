# SPDX-License-Identifier: AGPL-3.0-or-later
"""Nobody learns who is here: not by what is answered, and not by how long it takes.

Signing in (by link, password, code), a forgotten password, registering, its code, an identifier, and
mail to a forum, to its words for subscribing and leaving: each is asked about people who are here and about
addresses and identifiers that nobody has. Status, head and body are the same, octet for octet, once
what is drawn anew each time and what was typed are masked; and stay so however often it is asked, until
the limit, which comes at the same time for all. So are they of who is suspended, was never proved, has no
password; of an identifier that is used or revoked.

Times are compared as distributions: known and unknown in an order drawn by lot, each answered while nothing else is
in work; the difference of the medians is under 2 ms and Kolmogorov and Smirnov see no difference (p > 0.01),
or do not in a second run. Two halves of the unknown are asked among them: where even those differ, this
machine cannot tell, and the times are named as not looked at; so are medians that chance moves by more than a
quarter of that bound. PREAU_SAMPLES=400 takes the
number of the study, 5000 that of a campaign.

Subscribing on the web is for who is signed in (DESIGN §6), and the address of one click is the right itself (§5):
it tells nobody about anybody else, and has no unknown to compare with.
"""
import contextlib
import http.client
import math
import os
import random
import re
import sqlite3
import statistics
import time
import urllib.parse

from tests.flow import mail
from tests.flow.site import DOMAIN, wait_for
from tests.flow.story_limits import like
from tests.flow.story_smtp_in import Wire
from tests.flow.web import Browser

ONCE = True

SAMPLES = int(os.environ.get("PREAU_SAMPLES", "24"))
PASSWORD = "cheval pile agrafe correct"
MEDIAN, ALPHA = 0.002, 0.01


# ---- Kolmogorov and Smirnov ----

def ks(one, two):
    """The probability that two samples of one distribution lie so far apart, or farther."""
    both = sorted([(value, 0) for value in one] + [(value, 1) for value in two])
    counts, most, sizes = [0, 0], 0.0, (len(one), len(two))
    for at, (value, whose) in enumerate(both):
        counts[whose] += 1
        if at + 1 == len(both) or both[at + 1][0] != value:
            most = max(most, abs(counts[0] / sizes[0] - counts[1] / sizes[1]))
    root = math.sqrt(sizes[0] * sizes[1] / (sizes[0] + sizes[1]))
    x = (root + 0.12 + 0.11 / root) * most
    if x < 0.2:
        return 1.0
    return max(0.0, min(1.0, 2 * sum((-1) ** (k - 1) * math.exp(-2 * k * k * x * x) for k in range(1, 101))))


def check_ks():
    """Against tables: D = 1.36 and 1.63 over the root are p = 0.05 and 0.01; and what it must see and not see."""
    draw = random.Random(1)
    same = [ks([draw.gauss(0, 1) for _ in range(100)], [draw.gauss(0, 1) for _ in range(100)]) for _ in range(200)]
    assert 0 <= sum(p < 0.05 for p in same) <= 20, sum(p < 0.05 for p in same)
    assert all(ks([draw.gauss(0, 1) for _ in range(100)], [draw.gauss(1, 1) for _ in range(100)]) < ALPHA for _ in range(50))
    assert ks([1, 2, 3], [1, 2, 3]) == 1.0
    at = ks(range(1000), range(60, 1060))  # D = 0.06
    assert abs(at - 0.0539) < 0.004, at


# ---- asking ----

class Asking:
    """One worker, one connection that stays, and its answers."""

    def __init__(self, site):
        self.site = site
        self.visitor = Browser(site)
        self.proof = dict(self.visitor.get("/login").form("/login").fields)["csrf"]
        self.cookie = "; ".join(f"{name}={value}" for name, value in self.visitor.cookies.items())
        self.book = sqlite3.connect(f"file:{site.data}/preau.db?mode=ro", uri=True, timeout=10, isolation_level=None)
        self.wire = None

    def settle(self):
        """Nothing is in work that the one before has set going."""
        def still():
            (busy,), = self.book.execute("SELECT (SELECT count(*) FROM inbox WHERE state = 'new') + (SELECT count(*) FROM outbox WHERE state = 'due')")
            return busy == 0
        wait_for(still, pause=0.0005)

    def forget(self):
        """Whoever asked before is not counted."""
        self.settle()
        with contextlib.closing(sqlite3.connect(self.site.data / "preau.db", timeout=10)) as book, book:
            book.execute("DELETE FROM rate")

    def connect(self):
        if self.wire is not None:
            self.wire.close()
        self.wire = http.client.HTTPConnection(*self.site.ports["http"], timeout=30)
        self.wire.connect()

    def post(self, path, fields):
        """(seconds, status, head, body)"""
        body = urllib.parse.urlencode({"csrf": self.proof, **fields})
        headers = {"Host": self.visitor.host, "Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded", "Origin": self.visitor.origin,
                   "Accept-Language": "fr"}
        begin = time.perf_counter()
        self.wire.request("POST", path, body, headers)
        reply = self.wire.getresponse()
        octets = reply.read()
        return time.perf_counter() - begin, reply.status, reply.getheaders(), octets


def masked(answer, typed):
    """What must be the same of everybody."""
    _, status, head, body = answer
    text = re.sub(r'(name="(?:csrf|key)" value=")[^"]*', r"\1", body.decode())
    for word in typed:
        text = text.replace(word, "@")
    head = [(name, value) for name, value in head if name not in ("Date", "Set-Cookie", "ETag")]
    return status, head, text


class Door:
    """A way to ask about somebody: with(who) gives path and form, or the lines of a mail."""

    def __init__(self, name, path, fields, unknown="absent", known="known", samples=SAMPLES):
        self.name, self.path, self.fields, self.unknown, self.known, self.samples = name, path, fields, unknown, known, samples

    def ask(self, asking, who):
        if self.path is None:
            return speak(asking.site, self.fields(who))
        return asking.post(self.path, self.fields(who))


def speak(site, recipient_of):
    """A mail to the door, as one of our answers: its time is that of the dot."""
    sender, to = recipient_of
    letter = mail.write(f"Quelqu'un <{sender}>", to, "Bonjour", "Bonjour.\n").as_bytes()
    wire = Wire(site.ports["smtp"])
    said = []
    try:
        for line in (b"", b"EHLO client.ville.example\r\n", f"MAIL FROM:<{sender}>\r\n".encode(), f"RCPT TO:<{to}>\r\n".encode(), b"DATA\r\n"):
            wire.say(line)
            said.append(wire.hear()[1])
        begin = time.perf_counter()
        wire.say(letter + b".\r\n")
        said.append(wire.hear()[1])
        took = time.perf_counter() - begin
        wire.say(b"QUIT\r\n")
        said.append(wire.hear()[1])
    finally:
        wire.close()
    text = re.sub(rb"[0-9a-z]{4,}[.-][0-9a-f]+", b"#", b"".join(said))
    return took, 250, [], text


class People:
    """name of a kind → addresses of that kind, all of the same length."""

    def __init__(self, site, count):
        self.site, self.kinds = site, {}
        # three kinds of nobody: who registers or writes is somebody afterwards
        for kind, state in (("known", "active"), ("absent", None), ("newcomer", None), ("foreign", None), ("proofless", "unverified"),
                            ("suspended", "suspended"), ("wordless", "active")):
            many = 2 * count if state is None else count if kind == "known" else 2
            self.kinds[kind] = [f"{kind[:1]}{number:06d}@ville.example" for number in range(many)]
            for number, address in enumerate(self.kinds[kind] if state else []):
                more = {} if kind == "wordless" else {"password": PASSWORD} if number < 2 else {}
                done = site.act("person.create", name=f"Personne {number}", address=address, locale="en", verified=0 if state == "unverified" else 1, **more)
                if state == "suspended":
                    site.act("person.set", person=done["person"], state="suspended")
        self.identifiers()

    def identifiers(self):
        """Right ones, with the wrong rest: ten tries each, and then they are dead."""
        path, roll = self.site.folder / "codes", self.site.act("roll.create", name="Habitants")["roll"]
        assert self.site.run("issue", roll, "6", path).returncode == 0
        codes = re.findall(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", path.read_text())
        self.good, self.used, self.revoked = codes[:3]
        self.site.act("roll.revoke", number=self.site.one("SELECT id FROM identifier WHERE selector = ?", self.revoked[:4]))
        self.kinds["line"] = [like(code, codes[(at + 1) % 3 + 3]) for at, code in enumerate(codes[3:])]
        selectors = {code[:4] for code in codes}
        self.kinds["no line"] = [like(f"{number:04d}-0000-0000", codes[3]) for number in range(100) if f"{number:04d}" not in selectors][:3]
        self.kinds["used line"], self.kinds["revoked line"] = [self.used], [self.revoked]

    def claim(self, sink, browser):
        address = "claimed@ville.example"
        browser.submit(browser.get("/register"), "/register", identifier=self.used, name="Déjà là", address=address)
        link = wait_for(lambda: [re.search(r"(/ok/\S+)", a.text()).group(1) for a in sink.to(address)])[0]
        browser.submit(browser.get(link), "/ok/")
        assert self.site.one("SELECT state FROM identifier WHERE selector = ?", self.used[:4]) == "claimed"

    def one(self, kind, number):
        return self.kinds[kind][number % len(self.kinds[kind])]


def doors(people):
    few = max(8, SAMPLES // 4)  # argon2 takes its time, on purpose
    everybody = "quelquun@ville.example"
    return [
        Door("a link", "/login", lambda who: {"address": who}),
        Door("a forgotten password", "/forgot", lambda who: {"address": who}),
        Door("a code", "/login/code", lambda who: {"address": who, "code": "12345678"}),
        Door("a code of registering", "/register/code", lambda who: {"address": who, "code": "12345678"}),
        Door("a password", "/login", lambda who: {"address": who, "password": "une phrase de trop"}, samples=few),
        Door("registering", "/register", lambda who: {"identifier": people.good, "name": "Lise", "address": who}, "newcomer", samples=few),
        Door("an identifier", "/register", lambda who: {"identifier": who, "name": "Lise", "address": everybody}, "no line", "line", samples=few),
        Door("a mail to a forum", None, lambda who: (who, f"voirie@{DOMAIN}"), "foreign"),
        Door("a mail to subscribe", None, lambda who: (who, f"voirie+abonner@{DOMAIN}"), "foreign"),
        Door("a mail to leave", None, lambda who: (who, f"voirie+desabonner@{DOMAIN}"), "foreign"),
    ]


# ---- what is answered ----

def compare_answers(asking, people, door):
    """Of each kind, as often as it takes to be too many: the same answers in the same order."""
    others = {"line": ("used line", "revoked line")}.get(door.known, ("proofless", "suspended", "wordless"))
    answers = {}
    for kind in (door.unknown, door.known, *others):
        asking.forget()
        asking.connect()
        who = people.one(kind, 0)
        answers[kind] = [masked(door.ask(asking, who), (who,)) for _ in range(6 if door.path else 2)]
    for kind, found in answers.items():
        for at, (here, there) in enumerate(zip(answers[door.unknown], found)):
            assert here == there, f"{door.name}, {kind}, time {at + 1}:\n{here}\n{there}"
    return [answer[0] for answer in answers[door.known]]


def check_limits(statuses):
    """By address it is 429 in the end, or silence; whoever is unknown heard the same."""
    assert statuses["a code"][-1] == statuses["a password"][-1] == statuses["a code of registering"][-1] == statuses["registering"][-1] == 429, statuses
    assert set(statuses["a link"]) == set(statuses["a forgotten password"]) == {200}, statuses


# ---- how long it takes ----

def sample(asking, people, door):
    """Seconds of two halves of the unknown and of the known, each address asked once, by lot."""
    lots = [(kind, number, at) for at, kind in enumerate((door.unknown, door.unknown, door.known)) for number in range(door.samples)]
    random.Random(7).shuffle(lots)
    times = ([], [], [])
    for count, (kind, number, at) in enumerate(lots):
        asking.settle()
        if count % 8 == 0:
            asking.forget()
            asking.connect()
        times[at].append(door.ask(asking, people.one(kind, 1 + number * (1 if kind == door.known else 2) + at % 2))[0])
    return times


class Seen:
    """One run: do they differ, and could this machine tell?"""

    def __init__(self, times):
        one, other, known = times
        self.calm = ks(one, other) > ALPHA
        self.p, self.shift = ks(one + other, known), statistics.median(known) - statistics.median(one + other)
        spread = [quarter(times[at]) / 1.349 for at in range(3)]
        self.doubt = 1.2533 * math.sqrt(spread[2] ** 2 / len(known) + max(spread[:2]) ** 2 / (2 * len(one)))  # standard error of the shift
        self.faults = ([f"p = {self.p:.4f}"] if self.p <= ALPHA else []) + \
            ([f"medians {self.shift * 1000:+.3f} ms"] if self.can_tell() and abs(self.shift) >= MEDIAN else [])

    def can_tell(self):
        """Two milliseconds are far more than what chance does to these medians."""
        return 4 * self.doubt < MEDIAN

    def __str__(self):
        return f"p = {self.p:.3f}, medians {self.shift * 1000:+.3f} ms ± {self.doubt * 1000:.3f}{'' if self.calm else ', a noisy machine'}"


def quarter(values):
    cuts = statistics.quantiles(values, n=4)
    return cuts[2] - cuts[0]


def compare_times(asking, people, door):
    """The run that counts: a second one, where the first sees something or cannot tell."""
    seen = Seen(sample(asking, people, door))
    return seen if seen.calm and not seen.faults else Seen(sample(asking, people, door))


def run(stage):
    check_ks()
    with mail.Sink() as sink, stage.site(relay=sink.url, web_workers=1, limit_posts=0, limit_mails=0) as site:
        site.act("forum.create", slug="voirie", name="Voirie")
        people, statuses, faults, noisy = People(site, SAMPLES + 1), {}, [], []
        people.claim(sink, Browser(site))
        asking = Asking(site)
        for door in doors(people):
            statuses[door.name] = compare_answers(asking, people, door)
        check_limits(statuses)
        if stage.sanitized:
            print("  times were not looked at: sanitizers have their own")
            return
        for door in doors(people):
            seen = compare_times(asking, people, door)
            print(f"  {door.name}: {seen} of {door.samples}")
            if not seen.calm:
                noisy.append(door.name)
            elif seen.faults:
                faults.append(f"{door.name}: {', '.join(seen.faults)}")
    assert not faults, "; ".join(faults)
    if noisy:
        raise stage.Skip(f"answers are the same; times of {', '.join(noisy)}: even the unknown differ from the unknown, this machine is too noisy to tell")
