# SPDX-License-Identifier: AGPL-3.0-or-later
"""Nobody can make the house write to somebody who did not ask, nor to itself without end.

A thousand addresses ask for one victim, by the forms and by mail: an address that never proved
anything gets one mail, a member what the limits of §5.12 allow. Many victims at once cost the
budget of an hour. Two houses that subscribe to each other's forum pass a message once, whatever their
moderators say. Machines that answer are never answered nor published; forged reports of mail that
did not arrive move no subscription; and for every kind of mail that is refused or dropped nothing
goes out to whoever sent it (reliability study P5, P6, T22; mail study §4.8).

BOMBING_COUNT: requests and victims (300; the study has 10000).
"""
import contextlib
import os
import re
import smtplib
import sqlite3

from tests.flow import mail
from tests.flow.site import DOMAIN, wait_for
from tests.flow.story_bounces import report
from tests.flow.web import Browser

ONCE = True
COUNT = int(os.environ.get("BOMBING_COUNT", "300"))
ID = "mx.ville.example"
VICTIM, MEMBER, MODERATOR = "victime@ailleurs.example", "membre@ville.example", "denise@mairie.example"


def good(domain):
    return f"Authentication-Results: {ID}; dkim=pass header.d={domain}; dmarc=pass header.from={domain}"


def letter(sender, to, number, *more, text="Bonjour."):
    names = {line.split(":")[0].lower() for line in more}
    lines = [*more] + [f"{name}: {value}" for name, value in (
        ("From", sender), ("To", to), ("Subject", f"Essai {number}"), ("Message-ID", f"<{number}@client.example>")) if name.lower() not in names]
    return "\r\n".join([*lines, "", text, ""]).encode()


def send_all(site, mails, each=40):
    """(envelope sender, recipient, octets), so many a connection; the codes that were answered."""
    codes = []
    for at in range(0, len(mails), each):
        with smtplib.SMTP(*site.ports["smtp"], "mx.ville.example", timeout=30) as client:
            client.ehlo()
            for sender, to, octets in mails[at:at + each]:
                client.mail(sender, ["BODY=8BITMIME"] if not octets.isascii() else [])
                code, _ = client.rcpt(to)
                if code == 250:
                    code, _ = client.data(octets)
                if code != 250:
                    client.rset()
                codes.append(code)
    settle(site)
    return codes


def settle(site):
    site.wait_inbox(60)
    wait_for(lambda: site.one("SELECT count(*) FROM outbox WHERE state = 'due'") == 0, 60)


def at(local):
    return f"{local}@{DOMAIN}"


def local_of(header):
    return header.addresses[0].username


def town(site):
    """voirie with a member who is subscribed, and a moderator who looks after it."""
    site.act("forum.create", slug="voirie", name="Voirie")
    people = {a: site.person(a.split("@")[0].title(), a) for a in (MEMBER, MODERATOR)}
    site.subscribe("voirie", people[MEMBER])
    site.act("mandate.set", person=people[MODERATOR], forum="voirie", role="moderator")
    return people


def run(stage):
    with mail.Sink() as sink, stage.site(relay=sink.url, mail_trust="results", mail_authserv=ID, http_proxy="127.0.0.1", limit_mails="100000") as site:
        town(site)
        codes = letters_of_identifiers(site, 24)
        by_forms(site, sink, codes)
        by_mail(site, sink)
        many(site, sink, codes)
    with mail.Sink() as sink, stage.site(relay=sink.url, mail_trust="results", mail_authserv=ID, limit_mails="100000") as site:
        people = town(site)
        addresses = copies(site, sink, people)
        machines(site, sink, people, addresses)
        reports(site, sink, addresses)
        backscatter(site, sink, people, addresses)
    twins(stage)


# ---- one victim ----

def letters_of_identifiers(site, count):
    site.act("roll.create", name="Habitants", source="Mairie")
    path = site.folder / "codes"
    done = site.run("issue", "1", count, path)
    assert done.returncode == 0, done.stderr
    return re.findall(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b", path.read_text())


class Crowd:
    """One form, sent from many machines."""

    def __init__(self, site, path):
        self.browser, self.path = Browser(site), path
        self.form = self.browser.get(path).form(path)
        self.seen = 0

    def ask(self, **fields):
        self.seen += 1
        machine = f"203.{self.seen >> 16 & 255}.{self.seen >> 8 & 255}.{self.seen & 255}"
        return self.browser.post(self.path, dict(self.form.fields, **fields), headers={"X-Forwarded-For": machine})


def by_forms(site, sink, codes):
    for path in ("/login", "/forgot"):
        crowd = Crowd(site, path)
        answers = {who: {re.sub(r'name="(csrf|key)" value="[^"]*"', "", crowd.ask(address=who).html).replace(who, "@")
                         for _ in range(COUNT // 4)} for who in (VICTIM, MEMBER)}
        assert answers[VICTIM] == answers[MEMBER] and len(answers[VICTIM]) == 1, "the page tells who is known"
    # Twelve letters in wrong hands, for each of the two.
    crowd, statuses = Crowd(site, "/register"), {}
    for who, own in ((VICTIM, codes[:12]), (MEMBER, codes[12:])):
        statuses[who] = [crowd.ask(identifier=code, name="Quelqu'un", address=who).status for code in own]
    assert statuses[VICTIM] == statuses[MEMBER] == [200] + [429] * 11, statuses
    settle(site)
    # The first mail to whoever proved nothing is the only one; a member also has links: one a minute, and three an hour.
    kinds = site.rows("SELECT a.folded, n.template, count(*) FROM outbox o JOIN notice n ON n.id = o.notice JOIN address a ON a.id = o.address"
                      " GROUP BY 1, 2 ORDER BY 1, 2")
    assert kinds[0][:2] == (MEMBER, "login") and kinds[0][2] in (1, 2), kinds
    assert kinds[1:] == [(MEMBER, "register", 1), (MEMBER, "reset", 3), (VICTIM, "register", 1)], kinds
    later(site, 86400 + 60)
    assert [crowd.ask(identifier=code, name="Quelqu'un", address=VICTIM).status for code in codes[:2]] == [200, 429]
    later(site, 86400 + 60)
    later(site, 86400 + 60)
    assert [crowd.ask(identifier=code, name="Quelqu'un", address=VICTIM).status for code in codes[:2]] == [200, 429]
    later(site, 86400 + 60)
    assert [crowd.ask(identifier=code, name="Quelqu'un", address=VICTIM).status for code in codes[:2]] == [429, 429], "a fourth within the week"
    settle(site)
    assert len(sink.to(VICTIM)) == 3
    assert not re.search(r"Quelqu'un d'autre|https?://(?!forum\.ville\.example)", sink.to(VICTIM)[0].text())


def later(site, seconds):
    """The counters as they would stand then."""
    settle(site)  # its writer has nothing to write
    with contextlib.closing(sqlite3.connect(site.data / "preau.db", timeout=10)) as book, book:
        book.execute("UPDATE rate SET window = window - ?", (seconds,))


def by_mail(site, sink):
    """In the names of both, from a thousand places, to every address that has a meaning."""
    before = len(sink.to(VICTIM)), len(sink.to(MEMBER)), len(sink.to(MODERATOR))
    places = site.rows("SELECT person, forum, mode FROM subscription")
    words = ["voirie", "voirie+abonner", "voirie+desabonner", "voirie+subscribe", "voirie+aide", "voirie+pause", "voirie+responsables", "postmaster"]
    mails = []
    for number in range(COUNT):
        who, word = (VICTIM, MEMBER)[number % 2], words[number // 2 % len(words)]
        mails.append((f"bot{number}@b{number % 250}.example", at(word), letter(
            f"X <{who}>", at(word), f"bombe{number}", f"Sender: bot{number}@b.example", f"Reply-To: {who}", f"Return-Receipt-To: {who}",
            f"Disposition-Notification-To: {who}", text=f"Texte {number}.")))
    assert set(send_all(site, mails)) == {250}
    assert len(sink.to(VICTIM)) == before[0], "a mail in somebody's name was answered"
    assert len(sink.to(MEMBER)) == before[1] + 3, "asked 'was it you?' more than three times a day, or not"
    # Those who look after a forum hear of it, and not without end; twenty a day of one name by +responsables.
    assert len(sink.to(MODERATOR)) - before[2] <= 60
    assert site.rows("SELECT person, forum, mode FROM subscription") == places
    assert {a.recipient for a in sink.arrivals} <= {VICTIM, MEMBER, MODERATOR}, {a.recipient for a in sink.arrivals}


# ---- many victims ----

def many(site, sink, codes):
    before = sink.count()
    # Forged, all of them different; and as many who are what they say: they are told how to join, sixty an hour.
    mails = [(f"bot{n}@bot.example", at("voirie"), letter(f"v{n}@d{n % 97}.example", at("voirie"), f"foule{n}", text=f"Texte {n}.")) for n in range(COUNT)]
    send_all(site, mails)
    assert {a.recipient for a in sink.arrivals[before:]} <= {MODERATOR}
    mails = [(f"w{n}@d{n % 97}.example", at("voirie"), letter(f"w{n}@d{n % 97}.example", at("voirie"), f"vrai{n}", good(f"d{n % 97}.example"),
                                                             text=f"Texte {n}.")) for n in range(max(80, COUNT // 3))]
    send_all(site, mails)
    told = [a.recipient for a in sink.arrivals[before:] if a.recipient != MODERATOR]
    assert len(told) == len(set(told)) == 60, len(told)
    assert len([a for a in sink.arrivals if a.recipient == MODERATOR]) <= 60
    # Whom nobody knows gets no link.
    before = sink.count()
    for path in ("/login", "/forgot"):
        crowd = Crowd(site, path)
        for number in range(COUNT // 4):
            assert crowd.ask(address=f"p{number}@d{number % 97}.example").status == 200
    settle(site)
    assert sink.count() == before
    # Letters in wrong hands write to three hundred of one domain and a thousand in all within an hour.
    crowd = Crowd(site, "/register")
    later(site, 2 * 86400)
    for name, subject, count, domains in (("REGISTER_DOMAIN.1h", None, 300, ("grand.example",)), ("REGISTER_ALL.1h", "all", 1000, [f"e{n}.example" for n in range(20)])):
        first = crowd.ask(identifier=codes[13], name="Quelqu'un", address=f"a{count}@{domains[0]}")
        assert first.status == 200, first.status
        taken = site.one("SELECT count FROM rate WHERE name = ? ORDER BY window DESC, count DESC LIMIT 1", name)
        spent(site, name, count - 5)  # as if so many had been written to already
        statuses = [crowd.ask(identifier=codes[14 + n % 8], name="Quelqu'un", address=f"r{n}@{domains[n % len(domains)]}").status for n in range(8)]
        assert taken >= 1 and statuses == [200] * 5 + [429] * 3, (name, statuses)
        later(site, 3601)


def spent(site, name, count):
    settle(site)
    with contextlib.closing(sqlite3.connect(site.data / "preau.db", timeout=10)) as book, book:
        book.execute("UPDATE rate SET count = ? WHERE name = ?", (count, name))


# ---- machines ----

# What real products write; from where no name stands it is the subscriber.
MACHINES = {
    "Sieve vacation (RFC 5230)": ("Auto-Submitted: auto-replied (vacation)", "Precedence: bulk", "X-Sieve: Pigeonhole Sieve 0.5.19", "Subject: Auto: Essai"),
    "Gmail": ("Auto-Submitted: auto-replied", "Precedence: bulk", "X-Autoreply: yes", "Subject: En vacances Re: Essai"),
    "vacation(1)": ("Precedence: junk", "Auto-Submitted: auto-replied", "Subject: away from my mail"),
    "vacation(1), older": ("Precedence: junk", "Subject: away from my mail"),
    "Exchange": ("Auto-Submitted: auto-generated", "X-Auto-Response-Suppress: All", "X-MS-Exchange-Inbox-Rules-Loop: membre@ville.example",
                 "Subject: Réponse automatique : Essai"),
    "Exchange, external": ("X-Auto-Response-Suppress: DR, OOF, AutoReply", "X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent",
                           "Subject: Automatic reply: Essai"),
    "Exchange 2003": ("X-Mailer: Microsoft Exchange V6.5", "Subject: Out of Office AutoReply: Essai"),
    "Outlook in French": ("Subject: Absence du bureau : Essai",),
    "Notes": ("X-Mailer: Lotus Notes Release 8.5.3", "Subject: AUTO: Membre est absent(e) (retour le 15/08)"),
    "Zimbra": ("Auto-Submitted: auto-replied (zimbra; vacation)", "Precedence: bulk", "Subject: Re: Essai"),
    "cPanel": ("X-Autorespond: Essai", "Precedence: auto_reply", "X-Precedence: auto_reply", "Subject: Absent"),
    "Exim": ("Auto-Submitted: auto-replied", "Subject: Essai"),
    "Plesk": ("X-Autoreply: yes", "Precedence: auto_reply", "Subject: Essai"),
    "PostfixAdmin": ("X-Loop: Postfix Admin Virtual Vacation", "Auto-Submitted: auto-replied", "Precedence: junk", "Subject: Absence"),
    "Courier mailbot": ("Precedence: junk", "Auto-Submitted: auto-replied", "X-Mailer: mailbot", "Subject: Re: Essai"),
    "X.400 gateway": ("Content-Identifier: Auto-replied", "Subject: Essai"),
    "OTRS": ("Precedence: bulk", "Auto-Submitted: auto-replied", "X-OTRS-Loop: True", "X-Powered-By: OTRS", "Subject: [Ticket#2026] Essai"),
    "Request Tracker": ("Precedence: bulk", "RT-Ticket: ville #1", "Managed-by: RT", "Auto-Submitted: auto-generated", "Subject: [ville #1] AutoReply: Essai"),
    "GLPI": ("Auto-Submitted: auto-generated", "X-Auto-Response-Suppress: OOF, DR, NDR, RN, NRN", "Subject: [GLPI #0000001] Nouveau ticket"),
    "Zendesk": ("Auto-Submitted: auto-generated", "X-Auto-Response-Suppress: All", "X-Mailer: Zendesk Mailer", "Subject: [Demande reçue] Essai"),
    "Mailman": ("Precedence: bulk", "X-List-Administrivia: yes", "Auto-Submitted: auto-replied", "Subject: Your message to Ville awaits moderator approval",
                "From: ville-bounces@ville.example"),
    "Sympa": ("Auto-Submitted: auto-replied", "X-Loop: ville@ville.example", "From: sympa@ville.example", "Subject: Message en attente"),
    "a newsletter": ("List-Id: <lettre.ville.example>", "List-Unsubscribe: <https://ville.example/u>", "Precedence: bulk", "Subject: La lettre"),
    "no-reply": ("From: ne-pas-repondre@ville.example", "Subject: Votre message est bien reçu"),
    "a mailer": ("From: MAILER-DAEMON@ville.example", "Subject: Undelivered Mail Returned to Sender"),
    "a read receipt": ("Content-Type: multipart/report; report-type=disposition-notification; boundary=b", "MIME-Version: 1.0", "Subject: Lu : Essai"),
    "a reaction": ('Content-Type: text/vnd.google.email-reaction+json', "MIME-Version: 1.0", "Subject: Re: Essai"),
}
# Held, so that a moderator may look: nothing but the subject or a hint says that nobody wrote it.
HELD = {"vacation(1), older", "Exchange", "Exchange, external", "Exchange 2003", "Outlook in French", "Notes", "Request Tracker", "GLPI", "Zendesk", "a newsletter"}
TEXTS = {"a read receipt": "--b\r\nContent-Type: text/plain\r\n\r\nLu.\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\n"
                           "Final-Recipient: rfc822; membre@ville.example\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n\r\n--b--",
         "a reaction": '{"emoji": "👍", "version": 1}'}


def copies(site, sink, people):
    """What a subscriber, a moderator and an author who was asked could answer: {word: address}."""
    site.act("post.add", "--as", people[MODERATOR], forum="voirie", subject="Essai", source="Bonjour.")
    send_all(site, [("eve@evil.example", at("voirie"), letter("eve@evil.example", at("voirie"), "attend")),
                    ("eve@evil.example", at("voirie"), letter(MEMBER, at("voirie"), "doute"))])
    copy = next(a for a in sink.to(MEMBER) if a.mail["List-Id"])
    question = next(a for a in sink.to(MEMBER) if not a.mail["List-Id"])
    notice = next(a for a in sink.to(MODERATOR) if "+m." in str(a.mail["Reply-To"]))
    assert question.sender == notice.sender == "", "a machine could answer the envelope of our own notices"
    return {"forum": at("voirie"), "From": at(local_of(copy.mail["From"])), "Reply-To": at(local_of(copy.mail["Reply-To"])), "envelope": copy.sender,
            "question": at(local_of(question.mail["Reply-To"])), "notice": at(local_of(notice.mail["Reply-To"]))}


def machines(site, sink, people, addresses):
    """They answer whatever they find in a copy, and are in every case proved to be the member's."""
    before, states = sink.count(), site.rows("SELECT id, state FROM post ORDER BY id")
    places = site.rows("SELECT person, forum, mode FROM subscription")
    mails, kinds = [], []
    for number, (what, head) in enumerate(MACHINES.items()):
        for place, to in addresses.items():
            who = MODERATOR if place == "notice" else MEMBER
            mails.append((who, to, letter(who, to, f"robot{number}.{place.replace(' ', '')}", good(who.split("@")[1]), *head,
                                          text=TEXTS.get(what, "Je suis absent jusqu'au 15.\r\n\r\n> OK"))))
            kinds.append((what, place))
    # Exchange and others also answer without a sender.
    mails += [("", to, letter(MEMBER, to, f"vide.{place.replace(' ', '')}", good("ville.example"), "Subject: Je suis en vacances")) for place, to in addresses.items()]
    kinds += [("no sender", place) for place in addresses]
    first = site.one("SELECT max(id) FROM inbox")
    codes = send_all(site, mails)
    assert set(codes) == {250}, [(kind, code) for kind, code in zip(kinds, codes) if code != 250][:10]
    wrong = []
    for (what, place), (outcome,) in zip(kinds, site.rows("SELECT outcome FROM inbox WHERE id > ? ORDER BY id", first)):
        want = ("held",) if what in HELD and place in ("forum", "Reply-To") else ("refused",) if place == "From" else ()
        if not (outcome in want or (not want and outcome.startswith("dropped-"))):
            wrong.append((what, place, outcome))
    assert not wrong, wrong
    assert site.rows("SELECT id, state FROM post ORDER BY id LIMIT ?", len(states)) == states, "a machine decided, confirmed or published"
    assert site.one("SELECT count(*) FROM post WHERE state = 'published'") == 1
    assert site.rows("SELECT person, forum, mode FROM subscription") == places
    # The moderators hear of what is held; nobody else of anything.
    assert {a.recipient for a in sink.arrivals[before:]} <= {MODERATOR} and len(sink.arrivals) - before <= 60
    print(f"machines that answer: {len(MACHINES) + 1} styles to {len(addresses)} addresses")


# ---- reports ----

def reports(site, sink, addresses):
    """Only the token says whose delivery it was, once, from no sender, in the days after it."""
    people = [a for a, in site.rows("SELECT folded FROM address WHERE folded IN (?, ?)", MEMBER, MODERATOR)]
    places, sent = site.rows("SELECT person, forum, mode FROM subscription"), sink.count()
    other = site.person("Odile", "odile@ville.example")
    site.subscribe("voirie", other)
    places = site.rows("SELECT person, forum, mode FROM subscription")
    site.act("post.add", "--as", 1, forum="voirie", subject="Second", source="Bonjour.")
    settle(site)
    mine = next(a.sender for a in sink.to(MEMBER) if str(a.mail["Subject"]).endswith("Second"))
    hers = next(a.sender for a in sink.to("odile@ville.example"))
    sent = sink.count()

    def state():
        return [site.one("SELECT count(*) FROM bounce"), site.one("SELECT count(*) FROM outbox WHERE bounced IS NOT NULL")]

    forged = [hers.split("@")[0][:-1] + c for c in "abcdefgh" if c != hers.split("@")[0][-1]] + ["b." + "a" * 26, hers.split("@")[0][:-1], "b.b"]
    codes = send_all(site, [("", at(local), report("failed", "5.1.1", "odile@ville.example")) for local in forged], each=3)
    assert set(codes) == {550}, codes
    complaint = (b"From: abuse@isp.example\r\nSubject: abuse report\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n"
                 b"--b\r\nContent-Type: text/plain\r\n\r\nSpam.\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nUser-Agent: x/1\r\n"
                 b"Version: 1\r\nOriginal-Rcpt-To: odile@ville.example\r\n\r\n--b--\r\n")
    elsewhere = [(sender, to, octets) for octets in (report("failed", "5.1.1", "odile@ville.example"), complaint)
                 for sender in ("", "mailer-daemon@mx.example") for to in (at("voirie"), addresses["Reply-To"], addresses["From"], addresses["question"],
                                                                          addresses["notice"], at("voirie+desabonner"), at("postmaster"))]
    elsewhere += [("eve@evil.example", hers, report("failed", "5.1.1", "odile@ville.example")), ("", hers, complaint),
                  ("", hers, report("delayed", "4.4.1", "odile@ville.example"))]
    send_all(site, elsewhere)
    assert state() == [0, 0], state()
    # One's own token says only that one's own copy did not arrive, whomever the report names.
    send_all(site, [("", mine, report("failed", "5.1.1", "odile@ville.example")) for _ in range(20)])
    assert state() == [1, 1], state()
    assert site.rows("SELECT a.folded FROM bounce b JOIN address a ON a.id = b.address") == [(MEMBER,)]
    # A month later nobody looks at it any more.
    settle(site)
    with contextlib.closing(sqlite3.connect(site.data / "preau.db", timeout=10)) as book, book:
        book.execute("UPDATE outbox SET created = created - 30 * 86400")
    send_all(site, [("", hers, report("failed", "5.1.1", "odile@ville.example"))])
    assert state() == [1, 1], state()
    assert site.rows("SELECT person, forum, mode FROM subscription") == places, "a report moved a subscription"
    assert sink.count() == sent and len(people) == 2
    # Who is subscribed still has the next mail.
    site.act("post.add", "--as", 1, forum="voirie", subject="Troisième", source="Bonjour.")
    settle(site)
    assert all(str(sink.to(who)[-1].mail["Subject"]).endswith("Troisième") for who in (MEMBER, "odile@ville.example"))


# ---- backscatter ----

def refused_in_session(addresses):
    big = b"From: eve@evil.example\r\nSubject: x\r\n\r\n" + b"0123456789abcdef\r\n" * 700000
    hops = b"".join(b"Received: from a by b; Mon, 02 Mar 2026 18:00:00 +0100\r\n" for _ in range(60))
    return [("no such forum", at("nulle-part"), None), ("no such word", at("voirie+rien"), None), ("a token that is none", at("voirie+r." + "a" * 26), None),
            ("another domain", "voirie@ailleurs.example", None), ("a closed forum", at("fini"), None), ("a forum that refuses strangers", at("clos"), None),
            ("too big", at("voirie"), big), ("too many hops", at("voirie"), hops + letter("eve@evil.example", at("voirie"), "hops")),
            ("a bare CR", at("voirie"), b"From: eve@evil.example\r\n\r\na\rb\r\n")]


def kept_and_dropped(addresses):
    """Each kind of mail that is answered 250 and becomes nothing, or waits."""
    eve, voirie = "eve@evil.example", at("voirie")
    parts = "\r\n".join(f"--b\r\nContent-Type: text/plain\r\n\r\n{n}" for n in range(2000)) + "\r\n--b--"
    rows = [("a stranger", voirie, (), {}), ("a reply of a stranger", addresses["Reply-To"], (), {}), ("a word", at("voirie+abonner"), (), {}),
            ("help", at("voirie+aide"), (), {}), ("pause", at("voirie+pause"), (), {}), ("to the author", addresses["From"], (), {}),
            ("a decision", addresses["notice"], (), {"text": "OK"}), ("a yes", addresses["question"], (), {"text": "oui"}),
            ("to a bounce address", addresses["envelope"], (), {}), ("to those who look after it", at("voirie+responsables"), (), {}),
            ("to the postmaster", at("postmaster"), (), {}), ("a loop", voirie, (f"List-Id: <voirie.{DOMAIN}>",), {}),
            ("our X-Loop", voirie, (f"X-Loop: {voirie}",), {}), ("our number", voirie, (f"Message-ID: <p.{'abcdef7' * 4}@{DOMAIN}>",), {}),
            ("a robot", voirie, ("Auto-Submitted: auto-replied",), {}), ("another list", voirie, ("List-Id: <liste.example>",), {}),
            ("spam", voirie, ("X-Spam-Flag: YES",), {}), ("no sender in it", voirie, ("From: ",), {}), ("too many parts", voirie, (
                "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=b"), {"text": parts}),
            ("encrypted", voirie, ("MIME-Version: 1.0", "Content-Type: multipart/encrypted; boundary=b"), {"text": "--b\r\n\r\nx\r\n--b--"}),
            ("asks for receipts", voirie, (f"Return-Receipt-To: {eve}", f"Disposition-Notification-To: {eve}", f"X-Confirm-Reading-To: {eve}"), {}),
            ("fails", voirie, (f"Authentication-Results: {ID}; dmarc=fail",), {}), ("the name of somebody suspended", voirie, ("From: paul@ville.example",), {}),
            ("a report", voirie, ("MIME-Version: 1.0", "Content-Type: multipart/report; report-type=delivery-status; boundary=b"), {
                "text": "--b\r\nContent-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; x@y.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--"})]
    return [(what, to, letter(eve, to, f"retour{n}", *head, f"Reply-To: retour{n}@evil.example", f"Sender: {eve}", **more))
            for n, (what, to, head, more) in enumerate(rows)]


def backscatter(site, sink, people, addresses):
    site.act("forum.create", slug="fini", name="Fini", who_writes="nobody")
    site.act("forum.create", slug="clos", name="Clos", who_writes="mandated", strangers="refuse")
    site.act("person.set", person=site.person("Paul", "paul@ville.example"), state="suspended")
    before = sink.count()
    for what, to, octets in refused_in_session(addresses):
        code = send_all(site, [("eve@evil.example", to, octets or letter("eve@evil.example", to, "refus"))])[0]
        assert 500 <= code <= 599, (what, code)
    assert sink.count() == before
    kinds = kept_and_dropped(addresses)
    assert set(send_all(site, [("eve@evil.example", to, octets) for _, to, octets in kinds])) == {250}
    assert site.one("SELECT count(*) FROM inbox WHERE state <> 'done'") == 0
    # What was decided about those that wait is no news for whoever is not proved.
    held = [p for p, in site.rows("SELECT id FROM post WHERE state = 'held' ORDER BY id")]
    for number, post in enumerate(held):
        if number % 3 == 2:
            site.act("post.discard", "--as", people[MODERATOR], post=post)
        else:
            site.act("post.refuse", "--as", people[MODERATOR], post=post, **({"why": "hors sujet"} if number % 3 else {}))
    settle(site)
    heard = {a.recipient for a in sink.arrivals[before:]}
    assert not [a for a in heard if a.endswith("evil.example") or a == "paul@ville.example"], heard
    assert heard <= {MODERATOR, MEMBER}, heard
    for arrival in sink.arrivals:
        assert arrival.sender == "" or re.fullmatch(rf"b\.[a-z2-7]{{26}}@{re.escape(DOMAIN)}", arrival.sender), arrival.sender
        if not arrival.mail["List-Id"]:
            assert arrival.mail["Auto-Submitted"], arrival.mail.as_string()[:400]
    print(f"backscatter: {len(kinds) + len(refused_in_session(addresses))} kinds of mail, nothing to their senders")


# ---- two houses ----

HOUSES = ("forum.amont.example", "forum.aval.example")


class Pair:
    """Two houses and the wire between them: a server in front of each, which proves what it hands on."""

    def __init__(self, sites, sinks):
        self.sites, self.sinks, self.done = dict(zip(HOUSES, sites)), dict(zip(HOUSES, sinks)), {house: 0 for house in HOUSES}
        self.passed = 0

    def pump(self):
        """Hands on what left either house for the other; how many."""
        moved = 0
        for house, sink in self.sinks.items():
            while self.done[house] < sink.count():
                arrival = sink.arrivals[self.done[house]]
                self.done[house] += 1
                domain = arrival.recipient.split("@")[1]
                if domain in self.sites:
                    moved += 1
                    self.deliver(self.sites[domain], arrival, house)
        self.passed += moved
        return moved

    @staticmethod
    def deliver(site, arrival, house):
        with contextlib.suppress(smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError):
            mail.send(site.ports["smtp"], arrival.sender, [arrival.recipient], good(house).encode() + b"\r\n" + arrival.octets)

    def rest(self, approve):
        """Until nothing moves any more, at most twenty times."""
        for turn in range(20):
            for site in self.sites.values():
                settle(site)
            approved = [site.act("post.approve", post=post) for site in self.sites.values() if approve
                        for post, in site.rows("SELECT id FROM post WHERE state = 'held'")]
            for site in self.sites.values():
                settle(site)
            if self.pump() == 0 and not approved:
                return turn
        raise AssertionError("the two go on and on")

    def shown(self):
        return [site.rows("SELECT count(*), count(DISTINCT source) FROM post WHERE state = 'published'")[0][0] for site in self.sites.values()]


def twins(stage):
    with contextlib.ExitStack() as stack:
        sinks = [stack.enter_context(mail.Sink()) for _ in HOUSES]
        sites = [stack.enter_context(stage.site(relay=sink.url, mail_domain=house, site_url=f"http://{house}", mail_trust="results", mail_authserv=ID,
                                                limit_mails="1000")) for sink, house in zip(sinks, HOUSES)]
        pair = Pair(sites, sinks)
        for site, other in zip(sites, reversed(HOUSES)):
            site.act("forum.create", slug="voirie", name="Voirie", who_writes="everyone")
            site.subscribe("voirie", site.person("L'autre forum", f"voirie@{other}"))
            site.person("Anne", MEMBER, administrator=1)
        # Nobody decides anything: it stays in one house.
        first = sites[0]
        mail.send(first.ports["smtp"], MEMBER, [f"voirie@{HOUSES[0]}"], letter(MEMBER, f"voirie@{HOUSES[0]}", "un", good("ville.example")))
        pair.rest(approve=False)
        assert pair.shown() == [1, 0], pair.shown()
        # Everybody says yes to everything: it is in both, once, however it was written.
        pair.rest(approve=True)
        assert pair.shown() == [1, 1], pair.shown()
        mail.send(first.ports["smtp"], MEMBER, [f"voirie@{HOUSES[0]}"], letter(MEMBER, f"voirie@{HOUSES[0]}", "deux", good("ville.example"), text="Encore."))
        first.act("post.add", "--as", first.one("SELECT person FROM address WHERE folded = ?", MEMBER), forum="voirie", subject="Trois", source="Du site.")
        pair.rest(approve=True)
        assert pair.shown() == [3, 3], pair.shown()
        assert pair.passed <= 20, pair.passed
        print(f"two houses subscribed to each other: 3 messages, {pair.passed} mails between them, each message once in each")
