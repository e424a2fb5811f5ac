# SPDX-License-Identifier: AGPL-3.0-or-later
"""So many, and not one more.

The table of limits is the program's own (preau show limits): a row without an expectation here fails this
story, as does an expectation without a row. Each is reached in earnest: so many pass, the next is
refused, as its door refuses (429 with Retry-After on the web; silence where an answer would tell who has
an account; a post by mail waits for a moderator; a notice less where mails would flood), and again;
somebody else is not touched; each web worker, asked alone, says the same; and so does the house after
every process of it was killed at once. Half its time later it is still closed, after its time it opens. Time passes
in the book alone: the beginning of a window is put back. Of limits that count sixty and more, all but
the last two are put into the counter.

Limits that stand elsewhere are tried in the same way: tries of an identifier and of a code, recipients,
errors and messages of one SMTP connection, connections of one address at both doors (DESIGN has no 450
there: the 21st recipient is 452, whoever goes on too long is 421).

Of the study's names (§5.12) there is none of: POST_NEW_USER, FLAG_USER, EDIT_USER, UPLOAD_USER, SEARCH_IP,
FEED_API_IP, HTTP_IP, OUT_SUBSCRIBER, OUT_DOMAIN (there is one relay, relay.connections), EXPORT_USER,
MOD_TOKEN_IP, PROBE, REGISTER_IP (IDENT_IP counts failures, REGISTER_* the mails), MAIL_UNPROVEN_* (who is unproved gets a
mail by LOGIN_MAIL, FORGOT_MAIL, REGISTER_*, JOIN_HINT and CONFIRM_AUTHOR only, each with its limit).
"""
import os
import re
import signal
import socket
import sqlite3

from tests.flow import mail
from tests.flow.site import DOMAIN, wait_for
from tests.flow.story_smtp_in import ENVELOPE, FORUM, Wire, text
from tests.flow.web import Browser

ONCE = True

WORKERS = 2


class Town:
    """Who asks: each a person, an address and a machine of their own."""

    def __init__(self, site, sink):
        self.site, self.sink, self.count, self.hand = site, sink, 0, Hand(site)
        site.act("forum.create", slug="voirie", name="Voirie")
        site.act("forum.create", slug="relu", name="Relu", appears="always_read")
        self.roll = site.act("roll.create", name="Habitants")["roll"]
        path = site.folder / "codes"
        assert site.run("issue", self.roll, "9", path).returncode == 0
        self.codes = re.findall(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", path.read_text())
        self.visitor = Browser(site)
        self.proof = dict(self.visitor.get("/login").form("/login").fields)["csrf"]

    def one(self):
        self.count += 1
        return Somebody(self, self.count)

    def form(self, path, fields, peer, browser=None, proof=None):
        """The answer, and whether it is a refusal for being too many."""
        browser = browser or self.visitor
        page = browser.post(path, {"csrf": proof or self.proof, **fields}, follow=False, headers={"X-Forwarded-For": peer})
        assert page.status < 500, (path, page.status)
        if page.status == 429:
            assert page.headers["Retry-After"].isdigit(), f"{path}: 429 without Retry-After"
        return page


class Somebody:
    def __init__(self, town, number):
        self.town, self.site, self.number, self.tries = town, town.site, number, 0
        self.name, self.address = f"Lise {number}", f"lise{number}@ville.example"
        self.peer = f"198.51.{number // 200}.{number % 200 + 1}"
        self._person = self._browser = None

    def fresh(self):
        """An address and a machine that were never seen."""
        self.tries += 1
        return f"autre{self.number}.{self.tries}@ville.example", f"203.{self.number // 200}.{self.number % 200 + 1}.{self.tries}"

    @property
    def person(self):
        if self._person is None:
            self._person = self.site.person(self.name, self.address)
        return self._person

    def signed(self):
        """A browser that is signed in, and its proof."""
        if self._browser is None:
            browser = Browser(self.site).sign_in(self.site, self.person)
            self._browser = browser, dict(browser.get("/account").form("/logout").fields)["csrf"]
        return self._browser

    def form(self, path, signed=False, address=None, peer=None, **fields):
        browser, proof = self.signed() if signed else (None, None)
        if address:
            fields["address"] = address
        return self.town.form(path, fields, peer or self.peer, browser, proof)

    def send(self, to, subject, body="Bonjour.\n", sender=None, proved=True):
        """A mail as the MX hands it on; what became of it: (outcome, hold, note)."""
        sender = sender or self.address
        more = {"Authentication-Results": "mx.ville.example; dmarc=pass header.from=ville.example"} if proved else {}
        last = self.site.one("SELECT coalesce(max(id), 0) FROM inbox")
        mail.send(self.site.ports["lmtp"], sender, [to], mail.write(f"{self.name} <{sender}>", to, subject, body, **more), lmtp=True)
        self.site.wait_inbox()
        (outcome, note, post), = self.site.rows("SELECT outcome, note, post FROM inbox WHERE id > ?", last)
        return outcome, note, self.site.one("SELECT hold FROM post WHERE id = ?", post)

    def notices(self, template, person=None):
        return self.site.one("SELECT count(*) FROM notice n JOIN outbox o ON o.notice = n.id WHERE n.template = ? AND o.person = ?",
                             template, person or self.person)


# ---- what is counted: True where it passed ----

def passed(page, *good):
    assert page.status == 429 or page.status in good, page.status
    return page.status != 429


def post_web(who):
    who.tries += 1
    return passed(who.form("/f/voirie/new", signed=True, subject=f"Sujet {who.number} {who.tries}", text=f"Bonjour {who.tries}.", send="1"), 303)


def post_mail(who):
    who.tries += 1
    assert who.person
    outcome, _, hold = who.send(FORUM, f"Sujet {who.number} {who.tries}", f"Bonjour {who.tries}.\n")
    assert (outcome, hold) in (("published", None), ("published", ""), ("held", "limit")), (outcome, hold)
    return outcome == "published"


def login_code(who):
    return passed(who.form("/login/code", address=who.address, peer=who.fresh()[1], code="12345678"), 403)


def login_peer(who):
    return passed(who.form("/login/code", address=who.fresh()[0], code="12345678"), 403)


def login_all(who):
    return passed(who.form("/login/code", address=who.fresh()[0], peer=who.fresh()[1], code="12345678"), 403)


def confirm(who):
    return passed(who.form("/register/code", address=who.address, peer=who.fresh()[1], code="12345678"), 403)


def password(who):
    """Too easy, and counted all the same."""
    return passed(who.form("/account/password", signed=True, password="123456789012"), 400)


def mailed(who, template, path):
    """Silent: the page says the same; is there one mail more?"""
    before = who.notices(template)
    page = who.form(path, address=who.address, peer=who.fresh()[1])
    assert page.status == 200, page.status
    return who.notices(template) == before + 1


def login_mail(who):
    return mailed(who, "login", "/login")


def forgot_mail(who):
    return mailed(who, "reset", "/forgot")


def forgot_peer(who):
    return passed(who.form("/forgot", address=who.fresh()[0]), 200)


def register_line(who):
    """One identifier, many addresses."""
    address, peer = who.fresh()
    return passed(who.form("/register", address=address, peer=peer, identifier=who.town.codes[who.number % 2], name="Lise"), 200)


def register_mail(who):
    return passed(who.form("/register", address=who.address, peer=who.fresh()[1], identifier=who.town.codes[2], name="Lise"), 200)


def register_domain(who):
    """Many people of one domain."""
    address, peer = who.fresh()
    address = address.replace("ville", f"domaine{who.number}")
    return passed(who.form("/register", address=address, peer=peer, identifier=who.town.codes[6], name="Lise"), 200)


def register_all(who):
    address, peer = who.fresh()
    address = address.replace("ville", f"domaine{who.number}-{who.tries}")
    return passed(who.form("/register", address=address, peer=peer, identifier=who.town.codes[7], name="Lise"), 200)


def register_try(who):
    """One machine, whatever it shows."""
    who.tries += 1
    address = f"essai{who.tries}@domaine{who.number}-{who.tries}.example"
    return passed(who.form("/register", address=address, identifier=who.town.codes[8], name="Lise"), 200)


def identifier_peer(who):
    return passed(who.form("/register", address=who.fresh()[0], identifier="0000-0000-0000", name="Lise"), 403)


def identifier_all(who):
    return passed(who.form("/register", address=who.fresh()[0], peer=who.fresh()[1], identifier="0000-0000-0000", name="Lise"), 403)


def join_hint(who):
    """To a stranger who writes: how to join."""
    sender = f"inconnu{who.number}@ville.example"
    return hinted(who, sender)


def join_hint_all(who):
    return hinted(who, who.fresh()[0])


def hinted(who, sender):
    who.tries += 1
    before = who.site.one("SELECT count(*) FROM notice WHERE template = 'join'")
    outcome, _, hold = who.send(FORUM, f"Question {who.number} {who.tries}", f"Bonjour {who.tries} ?\n", sender=sender)
    assert (outcome, hold) == ("held", "stranger"), (outcome, hold)
    return who.site.one("SELECT count(*) FROM notice WHERE template = 'join'") == before + 1


def confirm_author(who):
    who.tries += 1
    before = who.notices("was-it-you")
    outcome, _, hold = who.send(FORUM, f"Sans preuve {who.number} {who.tries}", f"Bonjour {who.tries}.\n", proved=False)
    assert (outcome, hold) == ("held", "unproved"), (outcome, hold)
    return who.notices("was-it-you") == before + 1


def private(who):
    who.tries += 1
    assert who.person
    outcome, note, _ = who.send(who.town.author, f"Personnel {who.number} {who.tries}", f"Bonjour {who.tries}.\n")
    assert (outcome, note) in (("command", "private"), ("refused", "too many private mails in a day")), (outcome, note)
    return outcome == "command"


def notice_author(who):
    """Whoever writes where all is read first is told that it waits."""
    who.tries += 1
    before = who.notices("held-author")
    outcome, _, hold = who.send(f"relu@{DOMAIN}", f"Sujet {who.number} {who.tries}", f"Bonjour {who.tries}.\n")
    assert (outcome, hold) == ("held", "always"), (outcome, hold)
    return who.notices("held-author") == before + 1


def moderator_notice(who):
    """Here it is the moderator who is somebody: an own forum each, and posts that wait there."""
    slug = f"garde{who.number}"
    if not who.site.one("SELECT id FROM forum WHERE slug = ?", slug):
        who.site.act("forum.create", slug=slug, name=slug, appears="always_read")
        who.site.act("mandate.set", person=who.person, forum=slug, role="moderator")
    before = who.notices("held-moderator")
    who.tries += 1
    writer = who.town.one()
    assert writer.person
    assert writer.send(f"{slug}@{DOMAIN}", f"Sujet {writer.number}", f"Bonjour {writer.number}.\n")[0] == "held"
    return who.notices("held-moderator") == before + 1


def word_again(who):
    """A moderator who answers with no word that is known."""
    slug = f"mot{who.number}"
    if not who.site.one("SELECT id FROM forum WHERE slug = ?", slug):
        who.site.act("forum.create", slug=slug, name=slug, appears="always_read")
        who.site.act("mandate.set", person=who.person, forum=slug, role="moderator")
        writer = who.town.one()
        assert writer.person
        assert writer.send(f"{slug}@{DOMAIN}", f"Sujet {writer.number}", "Bonjour.\n")[0] == "held"
    asked = wait_for(lambda: [a for a in who.town.sink.to(who.address) if f"{slug}+m." in str(a.mail["Reply-To"])])[0]
    before = who.notices("held-moderator")
    who.tries += 1
    outcome, note, _ = who.send(asked.mail["Reply-To"].addresses[0].addr_spec, "Re: cela", f"Bof {who.tries}.\n")
    assert (outcome, note) == ("command", "no word that is known: nothing was done"), (outcome, note)
    return who.notices("held-moderator") == before + 1


def subscribe(who):
    who.tries += 1
    return passed(who.form("/f/voirie/subscription", signed=True, mode=("each", "topics")[who.tries % 2]), 303)


# window: what is counted, so many, in so many seconds, of whom
EXPECTED = {
    "POST_USER.30s": (post_web, 5, 30, "actor"), "POST_USER.1h": (post_web, 7, 3600, "actor"), "POST_MAIL.1h": (post_mail, 6, 3600, "actor"),
    "LOGIN_ACCT.1min": (login_code, 5, 60, "address"), "LOGIN_ACCT.1d": (login_code, 25, 86400, "address"), "LOGIN_IP.10min": (login_peer, 30, 600, "peer"),
    "LOGIN_GLOBAL.10min": (login_all, 600, 600, "all"), "CONFIRM_ACCT.1min": (confirm, 5, 60, "address"), "CONFIRM_ACCT.1d": (confirm, 25, 86400, "address"),
    "PASSWORD_USER.1h": (password, 10, 3600, "actor"), "LOGIN_MAIL.1min": (login_mail, 1, 60, "address"), "LOGIN_MAIL.1d": (login_mail, 5, 86400, "address"),
    "FORGOT_MAIL.1h": (forgot_mail, 3, 3600, "address"), "FORGOT_MAIL.1d": (forgot_mail, 5, 86400, "address"), "FORGOT_IP.1h": (forgot_peer, 10, 3600, "peer"),
    "REGISTER_IDENT.1d": (register_line, 10, 86400, "actor"), "REGISTER_MAIL.1d": (register_mail, 1, 86400, "address"),
    "REGISTER_MAIL.7d": (register_mail, 3, 604800, "address"), "REGISTER_DOMAIN.1h": (register_domain, 300, 3600, "address"),
    "REGISTER_TRY.10min": (register_try, 60, 600, "peer"),
    "REGISTER_ALL.1h": (register_all, 1000, 3600, "all"), "IDENT_IP.1h": (identifier_peer, 10, 3600, "peer"),
    "IDENT_GLOBAL.1h": (identifier_all, 60, 3600, "all"), "JOIN_HINT.1y": (join_hint, 1, 31536000, "actor"), "JOIN_HINT_ALL.1h": (join_hint_all, 60, 3600, "all"),
    "CONFIRM_AUTHOR.1d": (confirm_author, 3, 86400, "actor"), "PRIVATE_USER.1d": (private, 20, 86400, "actor"),
    "NOTICE_AUTHOR.1d": (notice_author, 10, 86400, "actor"), "MOD_NOTICE.1h": (moderator_notice, 60, 3600, "actor"),
    "WORD_AGAIN.1d": (word_again, 10, 86400, "actor"),
    "SUBSCRIBE_USER.1h": (subscribe, 60, 3600, "actor")}
BY_MAIL = {"POST_MAIL.1h", "JOIN_HINT.1y", "JOIN_HINT_ALL.1h", "CONFIRM_AUTHOR.1d", "PRIVATE_USER.1d", "NOTICE_AUTHOR.1d", "MOD_NOTICE.1h", "WORD_AGAIN.1d"}
MANY = 40  # from here on the counter is helped


# ---- the book ----

class Hand:
    """Time passes: what only the clerk writes otherwise, written where it is at rest."""

    def __init__(self, site):
        self.book = sqlite3.connect(site.data / "preau.db", timeout=10, isolation_level=None)

    def change(self, sql, *values):
        wait_for(lambda: not self.rows("SELECT 1 FROM outbox WHERE state = 'due' LIMIT 1"), pause=0.002)
        return self.book.execute(sql, values).rowcount

    def rows(self, sql, *values):
        return self.book.execute(sql, values).fetchall()


class Limit:
    """A row, and what is known of it once it is reached."""

    def __init__(self, town, window):
        self.hand, self.window = town.hand, window
        self.act, self.most, self.seconds, self.by = EXPECTED[window]
        self.who, self.other, self.subject = town.one(), town.one(), None

    def alone(self, reached):
        """The other windows that the same deeds count in are open again; what was reached stays."""
        kept = {(limit.window, limit.subject) for limit in reached}
        if self.subject is not None and self.seconds < 600:  # however slow this machine is
            self.hand.change("UPDATE rate SET window = strftime('%s', 'now') WHERE name = ? AND subject = ?", self.window, self.subject)
        for name, subject in self.hand.rows("SELECT name, subject FROM rate WHERE name != ?", self.window):
            if (name, subject) not in kept:
                self.hand.change("DELETE FROM rate WHERE name = ? AND subject = ?", name, subject)

    def reach(self, reached):
        before = {subject for (subject,) in self.hand.rows("SELECT subject FROM rate WHERE name = ?", self.window)}
        for at in range(self.most):
            if at == 1 and self.most >= MANY:
                done = self.hand.change("UPDATE rate SET count = ? WHERE name = ? AND subject = ?", self.most - 2, self.window, self.subject)
                assert done == 1, self.window
            if at > 2 and self.most >= MANY:
                break
            self.alone(reached)
            assert self.act(self.who), f"{self.window}: number {at + 1} of {self.most} is refused"
            if self.subject is None:
                (self.subject,) = {s for (s,) in self.hand.rows("SELECT subject FROM rate WHERE name = ?", self.window)} - before
        self.refused(reached, "the next one")
        self.refused(reached, "one more")

    def refused(self, reached, when):
        self.alone(reached)
        assert not self.act(self.who), f"{self.window}: {when} passes"

    def others(self, reached):
        if self.by != "all":
            self.alone(reached)
            assert self.act(self.other), f"{self.window}: somebody else is refused"

    def back(self, seconds):
        assert self.hand.change("UPDATE rate SET window = window - ? WHERE name = ? AND subject = ?", seconds, self.window, self.subject) == 1

    def opens(self, reached):
        if self.seconds >= 600:  # shorter ones might end while we look
            self.back(self.seconds // 2)
            self.refused(reached, "half its time later, another one")
        self.alone(reached)
        self.back(self.seconds + 1)
        assert self.act(self.who), f"{self.window}: it does not open again"


def kill_all(site):
    """kill -9 of each process but the one that starts them again."""
    before = site.pids()
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: set(site.pids()) == set(before) and not set(site.pids().values()) & set(before.values()), 60)
    wait_for(lambda: healthy(site), 60)


def healthy(site):
    try:
        return Browser(site).get("/healthz").status == 200
    except OSError:
        return False


def through(town, limits):
    """Reached, by all workers and after a death of all; then open again."""
    reached = []
    for limit in limits:
        limit.reach(reached)
        reached.append(limit)
        limit.others(reached)
        for index in range(WORKERS if limit.window not in BY_MAIL else 0):
            with town.site.only_worker(index):
                limit.refused(reached, f"one more by worker {index}")
    kill_all(town.site)
    for limit in limits:
        limit.refused(reached, "one more after all were killed")
    for limit in limits:
        limit.opens(reached)
    town.hand.change("DELETE FROM rate")


def check_table(site):
    rows = {}
    for line in site.run("show", "limits").stdout.splitlines():
        window, most, seconds, by = line.split()
        rows[window] = (int(most), int(seconds), by)
    assert len(rows) > 20, rows
    assert rows == {window: row[1:] for window, row in EXPECTED.items()}, set(rows.items()) ^ {(w, r[1:]) for w, r in EXPECTED.items()}


# ---- those that stand elsewhere ----

def for_life(town):
    """Ten wrong tries of one identifier: then the right one does not open either, for ever; another does."""
    site, right, other = town.site, town.codes[4], town.codes[5]
    wrong = like(right, other)
    who = town.one()
    for at in range(11):
        town.hand.change("DELETE FROM rate")
        page = who.form("/register", address=who.fresh()[0], peer=who.fresh()[1], identifier=wrong, name="Lise")
        assert page.status == 403, (at, page.status)
    town.hand.change("DELETE FROM rate")
    for code, status in ((right, 403), (other, 200)):
        page = who.form("/register", address=who.fresh()[0], peer=who.fresh()[1], identifier=code, name="Lise")
        assert page.status == status, (code == right, page.status)
    assert site.one("SELECT max(tries) FROM identifier") >= 10
    # Five wrong ones, and the code of a mail is dead.
    assert login_mail(who)
    code = wait_for(lambda: next((re.search(r"\b(\d{8})\b", a.text()).group(1) for a in town.sink.to(who.address)), None))
    for _ in range(5):
        town.hand.change("DELETE FROM rate")
        assert who.form("/login/code", address=who.address, code="00000000" if code != "00000000" else "00000001").status == 403
    assert who.form("/login/code", address=who.address, code=code).status == 403


SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def like(code, other):
    """An identifier with the selector of `code` and no other sign of it, in itself sound."""
    def times(a, b):
        product = 0
        while b:
            product ^= a if b & 1 else 0
            a, b = (a << 1) ^ (0x25 if a & 0x10 else 0), b >> 1
            a &= 0x1f
        return product
    word = [SYMBOLS.index(sign) for sign in code.replace("-", "")[:4] + other.replace("-", "")[4:10]]
    high = low = 0
    for value in word:
        carry = high ^ value
        high, low = low ^ times(carry, 2 ^ 4), times(carry, 8)
    signs = "".join(SYMBOLS[value] for value in [*word, high, low])
    return "-".join((signs[:4], signs[4:8], signs[8:]))


def smtp(site):
    """Of one connection of a stranger's server."""
    def wire(*more):
        found = Wire(site.ports["smtp"])
        found.hello()
        found.say(b"".join(more))
        return found
    sender, known = b"MAIL FROM:<anne@ville.example>\r\n", f"RCPT TO:<{FORUM}>\r\n".encode()
    many = wire(sender, known * 21, b"DATA\r\n")
    assert many.hear(23)[0] == ["250"] * 21 + ["452", "354"]
    many.say(text("twenty") + b".\r\n" + sender + known)
    assert many.hear(3)[0] == ["250"] * 3, "the rest is not taken apart"
    unknown = wire(sender, f"RCPT TO:<nobody@{DOMAIN}>\r\n".encode() * 6)
    assert unknown.hear(8)[0] == ["250"] + ["550"] * 5 + ["421", "end"]
    errors = wire(b"FOO\r\n" * 10)
    assert errors.hear(11)[0] == ["500"] * 9 + ["421", "end"]
    fifty = wire()
    for at in range(50):
        fifty.say(ENVELOPE + text(f"one of fifty {at}") + b".\r\n")
    assert fifty.hear(200)[0] == ["250", "250", "354", "250"] * 50
    fifty.say(sender)
    assert fifty.hear(2)[0] == ["421", "end"]
    for found in (many, unknown, errors, fifty):
        found.close()
    site.wait_inbox()


def connections(stage):
    """Of one address: ten at the SMTP door at once, sixty a minute; thirty-two to a web worker. One that ends makes room."""
    with stage.site(mail_trust="results", web_workers=1) as site:
        site.act("forum.create", slug="voirie", name="Voirie")
        wires = [Wire(site.ports["smtp"]) for _ in range(10)]
        assert all(wire.hear()[0] == ["220"] for wire in wires)
        assert Wire(site.ports["smtp"]).hear()[0] == ["421"]
        lmtp = Wire(site.ports["lmtp"])  # the mail server beside us is not counted
        assert lmtp.hear()[0] == ["220"]
        lmtp.close()
        for wire in wires:
            wire.close()
        begun = 11
        while True:
            wire = Wire(site.ports["smtp"])
            codes, _ = wire.hear()
            wire.close()
            begun += 1
            if codes != ["220"] and begun > 60:
                break
            assert begun < 200, "nobody counts them"
        held = [socket.create_connection(site.ports["http"], timeout=20) for _ in range(32)]
        for wire in held:
            wire.sendall(b"GET / HTTP/1.1\r\n")
        with socket.create_connection(site.ports["http"], timeout=20) as wire:
            assert wire.recv(4096).startswith(b"HTTP/1.1 503 "), "the thirty-third is served"
        held.pop().close()
        wait_for(lambda: Browser(site).get("/").status == 200)
        for wire in held:
            wire.close()


def run(stage):
    settings = {"web_workers": WORKERS, "http_proxy": "127.0.0.1", "mail_trust": "results", "mail_authserv": "mx.ville.example",
                "limit_posts": EXPECTED["POST_USER.1h"][1], "limit_mails": EXPECTED["POST_MAIL.1h"][1]}
    with mail.Sink() as sink, stage.site(relay=sink.url, **settings) as site:
        check_table(site)
        town = Town(site, sink)
        author = site.person("Camille Auteur", "auteur@ville.example")
        reader = site.person("Abonnée", "abonnee@ville.example")
        site.subscribe("voirie", reader)
        site.act("post.add", "--as", author, forum="voirie", subject="Travaux", source="Bonjour.")
        town.author = wait_for(lambda: sink.to("abonnee@ville.example"))[0].mail["From"].addresses[0].addr_spec
        site.subscribe("voirie", reader, "none")
        through(town, [Limit(town, window) for window in EXPECTED if EXPECTED[window][3] != "all"])
        # Where too many identifiers were wrong, nobody registers: those two are reached one after the other.
        through(town, [Limit(town, window) for window in EXPECTED if EXPECTED[window][3] == "all" and window != "REGISTER_ALL.1h"])
        through(town, [Limit(town, "REGISTER_ALL.1h")])
        for_life(town)
        smtp(site)
        print(f"  {len(EXPECTED)} windows of {len({w.partition('.')[0] for w in EXPECTED})} limits")
    connections(stage)
