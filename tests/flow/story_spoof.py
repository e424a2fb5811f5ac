# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who is believed to have written a mail: a table of senders, true, doubtful and forged.

Each row of CASES is a mail in the name of a member of its own (reliability study §4.1, T23; where
DESIGN §5 and §9 rule otherwise, they stand) and says what becomes of it: published by which proof,
held for which reason, refused, 550; and who hears of it. Nobody else hears of anything: neither
Sender, Reply-To and envelope, nor the holder of a stolen address. Whoever is asked "was it you?" is
asked at the registered address, three times a day at most, and a yes is remembered unless something
spoke against that mail. A moderator's name on a word decides nothing.
"""
import collections
import contextlib
import re
import smtplib
import sqlite3

from tests.flow import mail
from tests.flow.site import DOMAIN, wait_for
from tests.flow.web import Browser

ONCE = True
ID = "mx.ville.example"
READER, MODERATOR = "lecteur@ville.example", "denise@mairie.example"


def said(*results, by=ID):
    """A field as the mail server of the house writes it."""
    return f"Authentication-Results: {by}; " + "; ".join(results)


PASS, DKIM = said("dmarc=pass header.from=ville.example"), said("dkim=pass header.d=ville.example")
FAIL = said("dmarc=fail (p=reject dis=none) header.from=ville.example")
SPF = said("spf=pass smtp.mailfrom=eve@evil.example")
LONG = "(" + "commentaire " * 75 + ")"

# What becomes of it and why, then who hears of it.
ASKED = "held unproved", "was-it-you member"
DOUBTED = "held failed", "was-it-you member"
STRANGE = "held stranger", "held-moderator moderator"
NOBODY = "held sender", "held-moderator moderator"
PUBLISHED, BY_TOKEN = ("published results",), ("published token",)
REFUSED, GONE = ("refused",), ("550",)

# {a} the member's address, {l} its local part, {n} the number of the row; From is the member where no
# other stands. Who: as person() reads it.
CASES = [
    # what the server of the house says
    ("nothing", "ouvert", "", ASKED),
    ("a good signature of the domain", "ouvert", DKIM, PUBLISHED),
    ("a good signature by its i=", "ouvert", said("dkim=pass header.i=@ville.example"), PUBLISHED),
    ("a good signature of a host under it", "ouvert", said("dkim=pass header.d=courrier.ville.example"), PUBLISHED),
    ("a good signature beside a list's", "ouvert", said("dkim=fail header.d=liste.example", "dkim=pass header.d=ville.example"), PUBLISHED),
    ("DMARC", "ouvert", PASS, PUBLISHED),
    ("DMARC without a domain", "ouvert", said("dmarc=pass"), PUBLISHED),
    ("DMARC though the path broke", "ouvert", said("spf=fail smtp.mailfrom={a}", "dmarc=pass header.from=ville.example"), PUBLISHED),
    ("a good signature though the path broke", "ouvert", said("spf=fail smtp.mailfrom={a}", "dkim=pass header.d=ville.example"), PUBLISHED),
    ("a field for each filter", "ouvert", said("dmarc=pass") + "\r\n" + DKIM + "\r\n" + SPF, PUBLISHED),
    ("SPF of another domain", "ouvert", SPF, ASKED),
    ("SPF of the domain alone", "ouvert", said("spf=pass smtp.mailfrom={a}"), ASKED),
    ("SPF softfail", "ouvert", said("spf=softfail smtp.mailfrom={a}"), ASKED),
    ("SPF fail", "ouvert", said("spf=fail smtp.mailfrom={a}"), DOUBTED),
    ("SPF fail of another domain", "ouvert", said("spf=fail smtp.mailfrom=eve@evil.example"), ASKED),
    ("a broken signature", "ouvert", said("dkim=fail header.d=ville.example"), DOUBTED),
    ("a broken signature of nobody", "ouvert", said("dkim=fail"), DOUBTED),
    ("a broken signature of another", "ouvert", said("dkim=fail header.d=evil.example"), ASKED),
    ("a signature of another", "ouvert", said("dkim=pass header.d=evil.example"), ASKED),
    ("a signature of all of example", "ouvert", said("dkim=pass header.d=example"), ASKED),
    ("a signature of a look-alike", "ouvert", said("dkim=pass header.d=lavieille-ville.example"), ASKED),
    ("a signature of a homograph", "ouvert", said("dkim=pass header.d=xn--vlle-4ve.example"), ASKED),
    ("a signature not judged", "ouvert", said("dkim=neutral header.d=ville.example"), ASKED),
    ("a signature that nobody looked at", "ouvert", "DKIM-Signature: v=1; a=rsa-sha256; d=ville.example; s=s; h=From; bh=YQ==; b=YQ==", ASKED),
    ("DMARC fail", "ouvert", FAIL, DOUBTED),
    ("DMARC fail with a signature of another", "ouvert", said("dkim=pass header.d=evil.example", "dmarc=fail"), DOUBTED),
    ("DMARC fail with a good signature", "ouvert", said("dkim=pass header.d=ville.example", "dmarc=fail"), DOUBTED),
    ("DMARC none", "ouvert", said("dmarc=none"), ASKED),
    ("DMARC not to be had", "ouvert", said("dmarc=temperror"), ASKED),
    ("DMARC guessed", "ouvert", said("dmarc=bestguesspass"), ASKED),
    ("DMARC of another author", "ouvert", said("dmarc=pass header.from=evil.example"), ASKED),
    # its field as it may be written
    ("folded", "ouvert", f"Authentication-Results: {ID};\r\n\tdkim=pass (2048-bit key)\r\n header.d=ville.example", PUBLISHED),
    ("in capitals", "ouvert", "AUTHENTICATION-RESULTS: MX.Ville.Example; DMARC=Pass Header.From=Ville.Example", PUBLISHED),
    ("with a version and comments", "ouvert", f"Authentication-Results: (le nôtre) {ID} (oui) 1 (un); dkim (\\)) = pass (bien) header.d=ville.example", PUBLISHED),
    ("with a version of the method", "ouvert", said("dkim/1=pass header.d=ville.example"), PUBLISHED),
    ("with a quoted name", "ouvert", said("dmarc=pass", by=f'"{ID}"'), PUBLISHED),
    # the same field forged
    ("of another server", "ouvert", said("dmarc=pass", "dkim=pass header.d=ville.example", by="mx.evil.example"), ASKED),
    ("of another server, folded", "ouvert", f"Authentication-Results: mx.evil.example;\r\n dmarc=pass;\r\n {ID}; dmarc=pass", ASKED),
    ("of another server, ours in a comment", "ouvert", said("dmarc=pass", by=f"mx.evil.example ({ID})"), ASKED),
    ("of another server, ours in front", "ouvert", said("dmarc=pass", by=f"{ID}.evil.example"), ASKED),
    ("of another server, ours behind", "ouvert", said("dmarc=pass", by=f"evil-{ID}"), ASKED),
    ("of a homograph of ours", "ouvert", said("dmarc=pass", by="mх.ville.example"), ASKED),
    ("below one of another server", "ouvert", said("spf=none", by="mx.evil.example") + "\r\n" + PASS, ASKED),
    ("below ours that says none", "ouvert", said("dmarc=none") + "\r\n" + PASS, ASKED),
    ("above ours that says none", "ouvert", PASS + "\r\n" + said("dmarc=none"), ASKED),
    ("below ours that found no signature", "ouvert", said("dkim=none", "dmarc=none") + "\r\n" + DKIM, ASKED),
    ("above ours that found no signature", "ouvert", DKIM + "\r\n" + said("dkim=none", "dmarc=none"), ASKED),
    ("below ours that says fail", "ouvert", FAIL + "\r\n" + PASS, DOUBTED),
    ("above ours that says fail", "ouvert", PASS + "\r\n" + FAIL, DOUBTED),
    ("a pass in a comment", "ouvert", said("spf=none (x; dmarc=pass)"), ASKED),
    ("a pass in a string", "ouvert", said('spf=pass smtp.mailfrom="; dmarc=pass header.from=ville.example"@evil.example'), ASKED),
    ("a pass in a string with a quoted pair", "ouvert",
     said(r'spf=pass smtp.mailfrom="a\" ; dkim=pass header.d=ville.example x=\""@evil.example'), ASKED),
    ("a pass in a string without an end", "ouvert", said('spf=pass smtp.mailfrom="a ; dmarc=pass'), ASKED),
    ("a pass in a string within a word", "ouvert", said('spf=pass smtp.mailfrom=a"; dmarc=pass "@evil.example'), ASKED),
    ("our domain in the quotes of another", "ouvert", said('dkim=pass header.i="x@ville.example"@evil.example'), ASKED),
    ("our domain left of another", "ouvert", said("dkim=pass header.i=x@ville.example@evil.example"), ASKED),
    ("a pass in the sender, as it came", "ouvert",
     said("spf=pass smtp.mailfrom=a ; dkim=pass header.d=ville.example x=@evil.example"), ASKED, "sent by \"a ; dkim=pass header.d=ville.example x=\"@evil.example"),
    # OpenDKIM decodes i= and writes it as it is
    ("a pass in the identity of a signer", "ouvert",
     said('dkim=pass header.d=evil.example header.i=x; dkim=pass header.d=ville.example @evil.example header.b="Ab+/"')
     + "\r\nDKIM-Signature: v=1; a=rsa-sha256; d=evil.example; s=s;\r\n i=x=3B=20dkim=3Dpass=20header.d=3Dville.example=20@evil.example; b=Ab", ASKED),
    ("a pass in the domain of a signer", "ouvert",
     said("dkim=pass header.d=x(a)header.d=ville.example(.evil.example header.i=@evil.example")
     + "\r\nDKIM-Signature: v=1; d=x(a)header.d=ville.example(.evil.example; s=s; b=Ab", ASKED),
    ("a signer twice", "ouvert", said("dkim=pass header.d=evil.example header.d=ville.example"), ASKED),
    ("DMARC that was led astray", "ouvert", said("dmarc=pass header.from=ville.example")
     + '\r\nDkim-Signature : v=1; d=evil.example; I = "x; dkim=pass" @evil.example; b=Ab', ASKED),
    ("an identity with a plus and a sign encoded", "ouvert", DKIM + "\r\nDKIM-Signature: v=1; d=ville.example; i=a+b=3Dc=2Bd@ville.example; b=Ab", PUBLISHED),
    ("a pass in a reason", "ouvert", said('dkim=neutral reason="dkim=pass header.d=ville.example"'), ASKED),
    ("with a blank before the colon", "ouvert", f"Authentication-Results : {ID}; dmarc=pass", ASKED),
    ("under another name", "ouvert", f"X-Authentication-Results: {ID}; dmarc=pass\r\nARC-Authentication-Results: i=1; {ID}; dmarc=pass\r\n"
     "Received-SPF: pass\r\nX-Spam-Status: No, DKIM_VALID_AU", ASKED),
    ("in the subject", "ouvert", "Subject: =?utf-8?Q?a=0D=0AAuthentication-Results:_mx.ville.example;_dmarc=3Dpass?=", ASKED),
    ("in the text", "ouvert", "\r\n" + PASS, ASKED),
    # who stands in From
    ("two mailboxes", "ouvert", DKIM + "\r\nFrom: M <{a}>, Eve <eve@evil.example>", NOBODY),
    ("two mailboxes, the member last", "ouvert", DKIM + "\r\nFrom: Eve <eve@evil.example>, M <{a}>", NOBODY),
    ("two fields", "ouvert", PASS + "\r\nFrom: M <{a}>\r\nFrom: Eve <eve@evil.example>", NOBODY),
    ("two fields, the member last", "ouvert", PASS + "\r\nFrom: Eve <eve@evil.example>\r\nFrom: M <{a}>", NOBODY),
    ("the same twice", "ouvert", PASS + "\r\nFrom: M <{a}>\r\nFrom: M <{a}>", NOBODY),
    ("an empty From", "ouvert", PASS + "\r\nFrom: ", NOBODY),
    ("no address", "ouvert", PASS + "\r\nFrom: Membre Numéro {n}", NOBODY),
    ("no From", "ouvert", PASS + "\r\nX-From: {a}", NOBODY, "no From"),
    ("an empty group", "ouvert", PASS + "\r\nFrom: Membres:;", NOBODY),
    ("a group of two", "ouvert", PASS + "\r\nFrom: Membres: {a}, eve@evil.example;", NOBODY),
    ("a group of one", "ouvert", "From: Membres: {a};", ASKED),
    ("a dot behind the domain", "ouvert", PASS + "\r\nFrom: {a}.", NOBODY),
    ("a name that is the address", "ouvert", 'From: "{a}" <eve{n}@evil.example>', STRANGE),
    ("a name that is the address, encoded", "ouvert", "From: =?utf-8?Q?{l}=40ville.example?= <eve{n}@evil.example>", STRANGE),
    ("a name with brackets", "ouvert", 'From: "M <{a}>" <eve{n}@evil.example>', STRANGE),
    ("the member's name", "ouvert", 'From: "Membre {n}" <eve{n}@evil.example>', STRANGE),
    ("the address in a comment", "ouvert", "From: ({a}) eve{n}@evil.example ({a})", STRANGE),
    ("the address left of a percent", "ouvert", "From: {l}%ville.example@evil.example", STRANGE),
    ("a name that is the address, eve proved", "ouvert", said("dkim=pass header.d=evil.example") + '\r\nFrom: "{a}" <eve{n}@evil.example>',
     ("held stranger", "held-moderator moderator", "join eve{n}@evil.example")),
    ("Sender is the member", "ouvert", "From: eve{n}@evil.example\r\nSender: {a}\r\nReply-To: {a}", STRANGE),
    ("the envelope is the member", "ouvert", "From: eve{n}@evil.example", STRANGE, "envelope"),
    ("Resent by the member", "ouvert", "From: eve{n}@evil.example\r\nResent-From: {a}\r\nResent-Sender: {a}", STRANGE),
    ("Sender is another, who is proved", "ouvert", said("dkim=pass header.d=evil.example", "spf=pass smtp.mailfrom=eve@evil.example")
     + "\r\nSender: eve@evil.example", ASKED),
    ("Reply-To is another", "ouvert", "Reply-To: eve@evil.example\r\nReturn-Path: <eve@evil.example>\r\nErrors-To: eve@evil.example\r\n"
     "Disposition-Notification-To: eve@evil.example", ASKED),
    ("Reply-To is another, the member proved", "ouvert", DKIM + "\r\nReply-To: eve@evil.example\r\nDisposition-Notification-To: eve@evil.example", PUBLISHED),
    ("capitals", "ouvert", "From: {A}", ASKED),
    ("capitals, proved", "ouvert", DKIM + "\r\nFrom: {A}", PUBLISHED),
    ("a detail behind a plus", "ouvert", "From: {l}+forum@ville.example", STRANGE),
    ("a quoted local part", "ouvert", 'From: "{l}"@ville.example', ASKED),
    ("a comment of a kilobyte", "ouvert", f"From: {LONG} {{a}}", ASKED),
    ("a comment of ten kilobytes", "ouvert", "From: " + "\r\n ".join([LONG] * 10) + " {a}", ASKED),
    ("a comment without an end", "ouvert", "From: (" + LONG[1:-1] + " {a}", NOBODY),
    ("nested comments", "ouvert", "From: (a(b(c\\)(<eve@evil.example>)))) {a} (eve@evil.example)", ASKED),
    ("a route", "ouvert", "From: <@evil.example:{a}>", ASKED),
    ("blanks around the at", "ouvert", "From: {l} @ ville.example", ASKED),
    ("a comma behind it", "ouvert", "From: M <{a}>, ", ASKED),
    ("an encoded local part", "ouvert", PASS + "\r\nFrom: <=?utf-8?Q?{l}?=@ville.example>",
     ("held stranger", "held-moderator moderator", "join =?utf-8?q?{l}?=@ville.example")),
    ("a homograph of the domain", "ouvert", said("dkim=pass header.d=xn--vlle-4ve.example") + "\r\nFrom: {l}@vіlle.example", STRANGE),
    ("a homograph of the domain, as ASCII", "ouvert", "From: {l}@xn--vlle-4ve.example", STRANGE),
    ("a homograph of the local part", "ouvert", "From: mеmbre{n}@ville.example", STRANGE),
    ("a domain of its own letters", "ouvert", "From: {l}@écluse.example", ASKED, "IDN"),
    ("the same as ASCII", "ouvert", "From: {l}@xn--cluse-9ra.example", ASKED, "IDN"),
    ("the same, proved", "ouvert", said("dkim=pass header.d=xn--cluse-9ra.example") + "\r\nFrom: {l}@xn--cluse-9ra.example", PUBLISHED, "IDN"),
    # who is no member
    ("suspended", "ouvert", "", REFUSED, "suspended"),
    ("suspended, proved", "ouvert", PASS, REFUSED, "suspended"),
    ("suspended, where strangers are refused", "clos", PASS, GONE, "suspended"),
    ("a stranger", "ouvert", "", STRANGE, "stranger"),
    ("a stranger, failed", "ouvert", FAIL, STRANGE, "stranger"),
    ("a stranger, proved", "ouvert", PASS, ("held stranger", "held-moderator moderator", "join member"), "stranger"),
    ("a stranger where everybody writes", "chacun", "", ("held unproved", "held-moderator moderator"), "stranger"),
    ("a stranger where everybody writes, failed", "chacun", FAIL, ("held failed", "held-moderator moderator"), "stranger"),
    ("a stranger where everybody writes, proved", "chacun", PASS, PUBLISHED, "stranger"),
    ("a stranger where strangers are refused", "clos", PASS, GONE, "stranger"),
    # where it goes
    ("where everybody writes", "chacun", "", ASKED),
    ("where all is read", "relu", "", ASKED),
    ("where all is read, failed", "relu", FAIL, DOUBTED),
    ("where all is read, proved", "relu", PASS, ("held always", "held-moderator moderator", "held-author member")),
    ("where members read", "conseil", "", ASKED, "in conseil"),
    ("where members read, proved", "conseil", PASS, PUBLISHED, "in conseil"),
    ("where members read, of no member", "conseil", PASS, ("held stranger", "held-moderator moderator", "held-author member")),
    ("where members read, of no member, not proved", "conseil", "", STRANGE),
    ("without a mandate", "clos", "", GONE),
    ("with a mandate", "clos", "", ASKED, "mandate"),
    ("with a mandate, proved", "clos", PASS, PUBLISHED, "mandate"),
    ("where nobody writes", "fini", PASS, GONE),
    # reply addresses
    ("one's own", "ouvert+r.own", "", BY_TOKEN, "in ouvert"),
    ("one's own, in capitals", "ouvert+r.OWN", "", BY_TOKEN, "in ouvert"),
    ("one's own, SPF of the domain", "ouvert+r.own", said("spf=pass smtp.mailfrom={a}"), BY_TOKEN, "in ouvert"),
    ("one's own, proved", "ouvert+r.own", DKIM, PUBLISHED, "in ouvert"),
    ("one's own, DMARC fail", "ouvert+r.own", FAIL, DOUBTED, "in ouvert"),
    ("one's own, a broken signature", "ouvert+r.own", said("dkim=fail header.d=ville.example"), DOUBTED, "in ouvert"),
    ("one's own, SPF fail", "ouvert+r.own", said("spf=fail smtp.mailfrom={a}"), DOUBTED, "in ouvert"),
    ("one's own, where all is read", "relu+r.own", "", ("held always", "held-moderator moderator", "held-author member"), "in relu"),
    ("one's own, of another forum", "ouvert+r.relu", "", ASKED, "in relu"),
    ("one's own, of another thread", "ouvert+r.second", "In-Reply-To: <depart@ville.example>", BY_TOKEN, "in ouvert"),
    ("one's own, a year old", "ouvert+r.old", "", ASKED, "in ouvert"),
    ("one's own, a year old, proved", "ouvert+r.old", DKIM, PUBLISHED, "in ouvert"),
    ("one's own, by a robot", "ouvert+r.own", "Auto-Submitted: auto-replied", ("dropped-auto",), "in ouvert"),
    ("one's own, two mailboxes", "ouvert+r.own", "From: {a}, eve@evil.example", NOBODY, "in ouvert"),
    ("one's own, suspended", "ouvert+r.own", "", REFUSED, "in ouvert suspended"),
    ("one's own, by a stranger", "ouvert+r.own", "From: eve{n}@evil.example", STRANGE, "in ouvert"),
    ("stolen", "ouvert+r.reader", "", ASKED),
    ("stolen, the thief proved", "ouvert+r.reader", DKIM, PUBLISHED),
    ("stolen, its holder in the name", "ouvert+r.reader", f'From: "{READER}" <eve{{n}}@evil.example>', STRANGE),
    ("stolen, its holder the sender", "ouvert+r.reader", f"Sender: {READER}\r\nReply-To: {READER}", ASKED),
    ("with a letter changed", "ouvert+r.changed", "", GONE, "in ouvert"),
    ("cut short", "ouvert+r.short", "", GONE, "in ouvert"),
    ("the token for leaving", "ouvert+r.leave", "", GONE, "in ouvert"),
    ("the token of the author", "ouvert+r.author", "", GONE, "in ouvert"),
    # words
    ("subscribe, nothing", "ouvert+abonner", "", REFUSED),
    ("subscribe, failed", "ouvert+abonner", FAIL, REFUSED),
    ("subscribe, SPF alone", "ouvert+subscribe", said("spf=pass smtp.mailfrom={a}"), REFUSED),
    ("subscribe, two mailboxes", "ouvert+abonner", PASS + "\r\nFrom: {a}, eve@evil.example", REFUSED),
    ("subscribe, proved", "relu+abonner", PASS, ("command",)),
    ("leave, nothing", "ouvert+desabonner", "", REFUSED, "in ouvert"),
    ("leave, forged results", "ouvert+unsubscribe", said("dmarc=pass", by="mx.evil.example"), REFUSED, "in ouvert"),
    ("leave, proved", "ouvert+desabonner", DKIM, ("command",), "in ouvert"),
    ("a private answer, nothing", "a.author", "", REFUSED),
    ("a private answer, proved", "a.author", DKIM, ("command", "private author")),
]

# With mail.trust = local and the machine itself as peer.
LOCAL_CASES = [
    ("nothing", "ouvert", "", ("published local",)),
    ("another server's word", "ouvert", said("dmarc=fail", by="mx.evil.example"), ("published local",)),
    ("fail", "ouvert", FAIL, DOUBTED),
    ("a broken signature", "ouvert", said("dkim=fail header.d=ville.example"), DOUBTED),
    ("pass", "ouvert", PASS, PUBLISHED),
    ("two mailboxes", "ouvert", "From: {a}, eve@evil.example", NOBODY),
    ("a stranger", "ouvert", "", ("held stranger", "held-moderator moderator", "join member"), "stranger"),
    ("suspended", "ouvert", "", REFUSED, "suspended"),
    ("where all is read", "relu", "", ("held always", "held-moderator moderator", "held-author member")),
]

# With mail.trust = results and no server named.
UNNAMED_CASES = [
    ("any server's word", "ouvert", PASS, ASKED),
    ("a server without a name", "ouvert", "Authentication-Results: ; dmarc=pass", ASKED),
    ("an empty name", "ouvert", 'Authentication-Results: ""; dmarc=pass', ASKED),
    ("nothing", "ouvert", "", ASKED),
]


class Case:
    def __init__(self, number, what, to, head, want, who=""):
        self.number, self.what, self.to, self.want, self.who = number, what, to, list(want), who
        self.local = f"membre{number}"
        self.address = f"{self.local}@{'écluse' if 'IDN' in who else 'ville'}.example"
        self.eve = f"eve{number}@evil.example"
        self.head = head.replace("{a}", self.address).replace("{A}", self.address.upper()).replace("{l}", self.local).replace("{n}", str(number))
        self.inbox = self.code = None

    def is_known(self):
        return "stranger" not in self.who

    def octets(self):
        lines = [f"Received: from client.example by {ID}; Mon, 02 Mar 2026 18:00:00 +0100"]
        head, _, body = self.head.partition("\r\n\r\n") if "\r\n\r\n" in self.head else (self.head, "", "")
        if head.startswith("\r\n"):
            head, body = "", head[2:]
        names = [line.split(":")[0].strip().lower() for line in head.split("\r\n")]
        lines += [head] if head else []
        if "from" not in names and self.who != "no From":
            lines.append(f'From: "Membre {self.number}" <{self.address}>')
        if "subject" not in names:
            lines.append(f"Subject: Essai {self.number}")
        lines += [f"To: {self.to}@{DOMAIN}", f"Message-ID: <essai{self.number}@client.example>", "Date: Mon, 02 Mar 2026 18:00:00 +0100",
                  "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8"]
        return ("\r\n".join(lines) + f"\r\n\r\n{body}\r\nBonjour de la ligne {self.number}.\r\n").encode()


class Stagehand:
    """The people and forums of a site, and the tokens of the copies they were sent."""

    def __init__(self, site, sink, rows):
        self.site, self.sink = site, sink
        self.cases = [Case(number, *row) for number, row in enumerate(rows, 1)]
        self.people, self.tokens = {}, {}
        for slug, more in (("ouvert", {}), ("relu", {"appears": "always_read"}), ("conseil", {"who_reads": "members"}),
                           ("chacun", {"who_writes": "everyone"}), ("clos", {"who_writes": "mandated", "strangers": "refuse"}),
                           ("fini", {"who_writes": "nobody"})):
            site.act("forum.create", slug=slug, name=slug.title(), **more)
        self.author = self.join("Autrice", "autrice@ville.example")
        reader, moderator = self.join("Lecteur", READER), self.join("Denise", MODERATOR)
        for slug in ("ouvert", "relu", "conseil", "chacun", "clos"):
            site.subscribe(slug, reader)
            site.act("mandate.set", person=moderator, forum=slug, role="moderator")
        for case in self.cases:
            if case.is_known():
                self.join(f"Membre {case.number}", case.address)
            for slug in ("ouvert", "relu", "conseil"):
                if f"in {slug}" in case.who:
                    site.subscribe(slug, self.people[case.address])
            if "mandate" in case.who:
                site.act("mandate.set", person=self.people[case.address], forum="clos", role="writer")

    def join(self, name, address):
        self.people[address] = self.site.person(name, address)
        return self.people[address]

    def settle(self):
        self.site.wait_inbox(120)
        wait_for(lambda: self.site.one("SELECT count(*) FROM outbox WHERE state = 'due'") == 0, 120)

    def write(self, sql, *values):
        """Into the book behind its writer's back: only while that has nothing to write."""
        self.settle()
        with contextlib.closing(sqlite3.connect(self.site.data / "preau.db", timeout=10)) as book, book:
            book.execute(sql, values)

    def start(self):
        """Discussions whose copies bear the tokens, one of them long ago. Then most need no copies any more."""
        for slug, subject in (("ouvert", "own"), ("ouvert", "second"), ("ouvert", "old"), ("relu", "relu")):
            post = self.site.act("post.add", "--as", self.author, forum=slug, subject=subject, source="Bonjour.")["post"]
            if slug == "relu":
                self.site.act("post.approve", post=post)
            if subject == "old":
                self.write("UPDATE post SET date = date - 366 * 86400 WHERE id = ?", post)
        self.settle()
        for arrival in self.sink.arrivals:
            if arrival.mail["List-Id"]:
                self.tokens[arrival.recipient, str(arrival.mail["Subject"])] = self.tokens_of(arrival)
        self.write("UPDATE subscription SET mode = 'none' WHERE forum <> (SELECT id FROM forum WHERE slug = 'conseil') AND person IN ("
                   + ",".join(str(self.people[c.address]) for c in self.cases if "in " in c.who and "leave" not in c.what) + ")")
        for case in self.cases:
            if "suspended" in case.who:
                self.site.act("person.set", person=self.people[case.address], state="suspended")

    @staticmethod
    def tokens_of(arrival):
        return {"reply": re.search(r"\+r\.([a-z2-7]{26})@", arrival.mail["Reply-To"]).group(1),
                "leave": re.search(r"\+u\.([a-z2-7]{26})@", arrival.mail["List-Unsubscribe"]).group(1),
                "author": re.search(r"a\.([a-z2-7]{26})@", str(arrival.mail["From"])).group(1)}

    def find_tokens(self, holder, subject):
        return next(tokens for (address, title), tokens in self.tokens.items() if address == holder and title.endswith(subject))

    def recipient(self, case):
        """The local part that the row means."""
        if case.to == "a.author":
            return "a." + self.find_tokens(READER, "own")["author"]
        slug, _, word = case.to.partition("+r.")
        if not word:
            return case.to
        subject = word if word in ("second", "old", "relu") else "relu" if slug == "relu" else "own"
        holder = READER if word == "reader" else case.address
        tokens = self.find_tokens(holder, subject)
        token = tokens[word] if word in ("leave", "author") else tokens["reply"]
        if word == "changed":
            token = token[:-1] + ("a" if token[-1] != "a" else "b")
        return f"{slug}+r.{token[:-1] if word == 'short' else token.upper() if word == 'OWN' else token}"

    def send(self):
        """All of them, one after another, so that inbox numbers tell which is which."""
        self.members = {}
        for forum, address in self.site.rows("SELECT s.forum, a.folded FROM subscription s JOIN address a ON a.person = s.person WHERE s.mode = 'each'"):
            self.members.setdefault(forum, set()).add(address)
        before = self.site.one("SELECT coalesce(max(id), 0) FROM inbox")
        taken = []
        for at in range(0, len(self.cases), 40):
            with smtplib.SMTP(*self.site.ports["smtp"], "mx.ville.example", timeout=30) as client:
                for case in self.cases[at:at + 40]:
                    case.code = self.send_one(client, case)
                    if case.code == 250:
                        taken.append(case)
        self.settle()
        rows = self.site.rows("SELECT i.outcome, i.note, p.id, p.state, p.hold, p.proof, i.state FROM inbox i LEFT JOIN post p ON p.id = i.post"
                              " WHERE i.id > ? ORDER BY i.id", before)
        assert len(rows) == len(taken), (len(rows), len(taken))
        for case, row in zip(taken, rows):
            case.inbox = row

    def send_one(self, client, case):
        octets = case.octets()
        client.ehlo_or_helo_if_needed()
        sender = case.address if case.who == "envelope" else case.who.partition("sent by ")[2] or "eve@evil.example"
        client.docmd("MAIL", f"FROM:<{sender}>" + (" BODY=8BITMIME" if not octets.isascii() else ""))
        code, _ = client.rcpt(f"{self.recipient(case)}@{DOMAIN}")
        if code == 250:
            code, _ = client.data(octets)
        if code != 250:
            client.rset()
        return code

    # ---- what became of it ----

    def became(self, case):
        if case.inbox is None:
            return str(case.code)
        outcome, _, _, state, hold, proof, work = case.inbox
        assert work == "done", work
        assert state in (None, outcome), (state, outcome)
        return f"{outcome} {proof if outcome == 'published' else hold or ''}".strip()

    def heard(self):
        """{post: {(template, address)}} of the mails of the house, and those of no post under None."""
        heard = {}
        for post, template, address in self.site.rows(
                "SELECT n.post, n.template, a.folded FROM outbox o JOIN notice n ON n.id = o.notice JOIN address a ON a.id = o.address"
                " WHERE n.template <> 'approved'"):
            heard.setdefault(post, []).append((template, address))
        return heard

    def wanted(self, case):
        names = {"moderator": MODERATOR, "member": case.address.replace("écluse", "xn--cluse-9ra"), "author": "autrice@ville.example"}
        told = [word.replace("{n}", str(case.number)).replace("{l}", case.local).split() for word in case.want[1:]]
        return sorted((template, names.get(whom, whom)) for template, whom in told)

    def judge(self, first):
        """Rows that came out otherwise, each as a sentence; `first`: outbox rows that were there."""
        heard, wrong = self.heard(), []
        private = heard.get(None, [])
        for case in self.cases:
            became, told = self.became(case), sorted(heard.get(case.inbox[2], []) if case.inbox and case.inbox[2] else [])
            want = self.wanted(case)
            if case.want[0] == "command" and want:
                told = [one for one in private if one in want][:1]
            if became != case.want[0] or told != want:
                wrong.append(f"{case.number} {case.what} ({case.to}): {became} {told}, not {case.want[0]} {want}")
            if became.startswith("published"):
                self.judge_copies(case, wrong)
        expected = sum(len(self.wanted(case)) for case in self.cases)
        sent = self.site.one("SELECT count(*) FROM outbox WHERE notice IS NOT NULL AND id > ?", first)
        if sent != expected:
            wrong.append(f"{sent} mails of the house, not {expected}")
        return wrong

    def judge_copies(self, case, wrong):
        copies = {a for a, in self.site.rows("SELECT a.folded FROM outbox o JOIN address a ON a.id = o.address WHERE o.post = ?", case.inbox[2])}
        members = self.members[self.site.one("SELECT forum FROM post WHERE id = ?", case.inbox[2])]
        if READER not in copies or copies - members:
            wrong.append(f"{case.number} {case.what}: copies went to {copies - members or 'few'}")

    def judge_world(self):
        """What really left: only to those whom the book names, nothing of Eve's choosing in it."""
        counts = {state: collections.Counter(a for a, in self.site.rows(
            "SELECT a.folded FROM outbox o JOIN address a ON a.id = o.address WHERE o.state = ?", state)) for state in ("sent", "cancelled")}
        seen = collections.Counter(a.recipient.lower() for a in self.sink.arrivals)
        # What was on its way when somebody left may have arrived.
        assert not counts["sent"] - seen and not seen - counts["sent"] - counts["cancelled"], (counts["sent"] - seen, seen - counts["sent"])
        assert self.site.one("SELECT count(*) FROM outbox WHERE state NOT IN ('sent', 'cancelled')") == 0
        for arrival in self.sink.arrivals:
            head = arrival.octets.split(b"\r\n\r\n")[0].lower()
            assert b"evil.example" not in head or arrival.recipient.startswith("eve"), head


def table(stage, sink, rows, **settings):
    with stage.site(relay=sink.url, **settings) as site:
        hand = Stagehand(site, sink, rows)
        hand.start()
        first = site.one("SELECT coalesce(max(id), 0) FROM outbox")
        places = site.rows("SELECT person, forum, mode FROM subscription ORDER BY 1, 2")
        hand.send()
        wrong = hand.judge(first)
        assert not wrong, "\n".join(wrong)
        hand.judge_world()
        yield hand
        after = site.rows("SELECT person, forum, mode FROM subscription ORDER BY 1, 2")
        moved = {person for person, _, _ in set(places) ^ set(after)}
        proved = {hand.people[case.address] for case in hand.cases if case.want == ["command"]}
        assert moved == proved, "whoever is not proved changed a subscription"


def run(stage):
    assert len(CASES) >= 60
    with mail.Sink() as sink:
        for hand in table(stage, sink, CASES, mail_trust="results", mail_authserv=ID, limit_mails="1000"):
            places(hand)
            replayed(hand)
            asked_thrice(hand)
            remembered(hand)
            doubted(hand)
            words_of_a_moderator(hand)
            print(f"spoofed senders: {len(CASES) + len(LOCAL_CASES) + len(UNNAMED_CASES)} rows")
    for rows, settings in ((LOCAL_CASES, {"mail_trust": "local", "mail_authserv": ID}), (UNNAMED_CASES, {"mail_trust": "results"})):
        with mail.Sink() as sink:
            for _ in table(stage, sink, rows, **settings):
                pass


# ---- beyond one mail ----

def places(hand):
    """The address names what is answered, whatever the head says."""
    case = next(c for c in hand.cases if c.to == "ouvert+r.second")
    assert hand.site.one("SELECT t.title FROM post p JOIN thread t ON t.id = p.thread WHERE p.id = ?", case.inbox[2]) == "second"
    case = next(c for c in hand.cases if c.to == "ouvert+r.relu")
    assert hand.site.one("SELECT parent FROM post WHERE id = ?", case.inbox[2]) is None


def letter(sender, to, number, text, *more, subject=None):
    lines = [*more, f"From: {sender}", f"To: {to}@{DOMAIN}", f"Subject: {subject or number}", f"Message-ID: <{number}@client.example>", "", text, ""]
    return "\r\n".join(lines).encode()


def post(hand, sender, number, text, *more, to="ouvert", subject=None):
    """Sends it; (outcome, post)."""
    mail.send(hand.site.ports["smtp"], "eve@evil.example", [f"{to}@{DOMAIN}"], letter(sender, to, number, text, *more, subject=subject))
    hand.settle()
    return hand.site.rows("SELECT outcome, post FROM inbox ORDER BY id DESC LIMIT 1")[0]


def replayed(hand):
    """A signed mail that somebody kept is one post, however often it comes; its number is no more than a number."""
    hand.join("Rose", "rose@ville.example")
    true = post(hand, "rose@ville.example", "r1", "Je vote pour.", DKIM)
    assert true[0] == "published"
    sent = hand.sink.count()
    for head in ((DKIM,), (), (FAIL,)):
        assert post(hand, "rose@ville.example", "r1", "Je vote pour.", *head) == ("merged", true[1]), head
    assert hand.sink.count() == sent, "a replay was sent to somebody"
    other = post(hand, "rose@ville.example", "r1", "Je vote contre.", said("dkim=fail header.d=ville.example"))
    assert other[0] == "held" and hand.sink.count() == sent + 1 and hand.sink.arrivals[-1].recipient == "rose@ville.example"
    later = post(hand, "rose@ville.example", "r1", "Je m'abstiens.", DKIM)
    assert later[0] == "published"
    ids = [i for i, in hand.site.rows("SELECT message_id FROM post WHERE id IN (?, ?, ?) ORDER BY id", true[1], other[1], later[1])]
    assert ids[0] == "r1@client.example" and len(set(ids)) == 3, ids
    # Whoever comes first with her number and her words does not make hers vanish.
    for forged in (post(hand, "eve@evil.example", "r2", "Je propose un banc."), post(hand, "rose@ville.example", "r2", "Autre chose.")):
        assert forged[0] == "held", forged
    assert post(hand, "rose@ville.example", "r2", "Je propose un banc.", DKIM)[0] == "published"
    # Her own mail that waited for a proof is freed by its copy that has one.
    waiting = post(hand, "rose@ville.example", "r3", "Je propose deux bancs.")
    assert waiting[0] == "held"
    assert post(hand, "rose@ville.example", "r3", "Je propose deux bancs.", DKIM) == ("merged", waiting[1])
    assert hand.site.one("SELECT state FROM post WHERE id = ?", waiting[1]) == "published"


def asks(hand, address):
    return [a for a in hand.sink.to(address) if "/ok/" in a.text()]


def answer(hand, arrival):
    browser = Browser(hand.site)
    page = browser.get(re.search(r"http://\S+/ok/\w+", arrival.text()).group(0))
    assert page.status == 200, page.status
    browser.submit(page, "/ok/")
    hand.settle()


def asked_thrice(hand):
    hand.join("Suzanne", "suzanne@ville.example")
    states = {post(hand, "suzanne@ville.example", f"s{number}", f"Texte {number}.", *(FAIL,) * (number % 2))[0] for number in range(8)}
    assert states == {"held"}, states
    assert len(asks(hand, "suzanne@ville.example")) == len(hand.sink.to("suzanne@ville.example")) == 3, len(hand.sink.to("suzanne@ville.example"))
    assert not [a for a in hand.sink.to(MODERATOR) if "Texte" in a.text()]


def remembered(hand):
    """Once for mail of which nobody says anything."""
    hand.join("Tom", "tom@ville.example")
    first = post(hand, "tom@ville.example", "t1", "Un.")
    assert first[0] == "held" and len(asks(hand, "tom@ville.example")) == 1
    arrival = asks(hand, "tom@ville.example")[0]
    for method in ("GET", "HEAD"):
        Browser(hand.site).request(method, re.search(r"http://\S+(/ok/\w+)", arrival.text()).group(1))
    assert hand.site.one("SELECT state FROM post WHERE id = ?", first[1]) == "held", "a look published it"
    # Somebody else's yes, and that of a machine, are none.
    to = arrival.mail["Reply-To"].addresses[0].username
    assert post(hand, "eve@evil.example", "t2", "oui", to=to)[0] == "refused"
    assert post(hand, "tom@ville.example", "t3", "oui", "Auto-Submitted: auto-replied", to=to)[0] == "dropped-auto"
    assert post(hand, "tom@ville.example", "t4", "Je suis en congés.", to=to)[0] == "refused"
    assert hand.site.one("SELECT state FROM post WHERE id = ?", first[1]) == "held"
    answer(hand, arrival)
    assert hand.site.rows("SELECT state, proof FROM post WHERE id = ?", first[1]) == [("published", "author")]
    assert post(hand, "tom@ville.example", "t5", "Deux.")[0] == "published"
    assert post(hand, "tom@ville.example", "t6", "Trois.", FAIL)[0] == "held", "what was remembered outweighs a fail"
    assert len(asks(hand, "tom@ville.example")) == 2


def doubted(hand):
    """A yes to a mail that failed is for that one."""
    hand.join("Ulysse", "ulysse@ville.example")
    first = post(hand, "ulysse@ville.example", "u1", "Un.", said("dkim=fail header.d=ville.example"))
    answer(hand, asks(hand, "ulysse@ville.example")[0])
    assert hand.site.one("SELECT state FROM post WHERE id = ?", first[1]) == "published"
    assert post(hand, "ulysse@ville.example", "u2", "Deux.")[0] == "held"
    # A question of last week is not answered any more.
    hand.write("UPDATE token SET expires = expires - 8 * 86400 WHERE purpose = 'author'")
    link = re.search(r"http://\S+(/ok/\w+)", asks(hand, "ulysse@ville.example")[-1].text()).group(1)
    assert Browser(hand.site).get(link).status == 404
    to = asks(hand, "ulysse@ville.example")[-1].mail["Reply-To"].addresses[0].username
    assert post(hand, "ulysse@ville.example", "u3", "oui", to=to)[0] == "refused"


def words_of_a_moderator(hand):
    """The address of one held message and the name of its moderator are not enough; nor is another moderator."""
    site, sink = hand.site, hand.sink
    gilles = hand.join("Gilles", "gilles@mairie.example")
    site.act("mandate.set", person=gilles, forum="relu", role="moderator")
    held = post(hand, "eve@evil.example", "v1", "Achetez.", subject="À juger")[1]
    notice = next(a.mail for a in reversed(sink.to(MODERATOR)) if "+m." in str(a.mail["Reply-To"]) and "À juger" in a.text() + str(a.mail["Subject"]))
    to, sent = notice["Reply-To"].addresses[0].username, sink.count()
    good = said("dmarc=pass header.from=mairie.example")
    for number, (sender, head) in enumerate((
            (MODERATOR, ()), (MODERATOR, (said("dmarc=fail header.from=mairie.example"),)), (MODERATOR, (said("spf=pass smtp.mailfrom=" + MODERATOR),)),
            (MODERATOR, (said("dmarc=pass", by="mx.evil.example"),)), (MODERATOR, (said("dkim=pass header.d=evil.example"),)),
            (f"{MODERATOR}, eve@evil.example", (good,)), (f'"{MODERATOR}" <eve@evil.example>', (said("dkim=pass header.d=evil.example"),)),
            ("eve@evil.example", (f"Sender: {MODERATOR}",)), ("gilles@mairie.example", (good,)), ("rose@ville.example", (DKIM,)))):
        assert post(hand, sender, f"w{number}", "OK", *head, to=to)[0] == "refused", (sender, head)
    assert post(hand, MODERATOR, "w98", "OK", good, "Auto-Submitted: auto-replied", to=to)[0] == "dropped-auto"
    assert site.one("SELECT state FROM post WHERE id = ?", held) == "held" and sink.count() == sent
    for wrong in (to[:-1] + ("a" if to[-1] != "a" else "b"), to[:-1], "ouvert+m." + hand.tokens_of(next(a for a in sink.to(READER) if a.mail["List-Id"]))["reply"]):
        try:
            mail.send(site.ports["smtp"], MODERATOR, [f"{wrong}@{DOMAIN}"], letter(MODERATOR, wrong, "w99", "OK", good))
            raise AssertionError(f"{wrong} was taken")
        except smtplib.SMTPRecipientsRefused:
            pass
    assert post(hand, MODERATOR, "x1", "OK", good, to=to)[0] == "command"
    assert site.one("SELECT state FROM post WHERE id = ?", held) == "published"
