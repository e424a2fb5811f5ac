# SPDX-License-Identifier: AGPL-3.0-or-later
"""Mail that no mail client would send: whatever comes in, something defined comes of it.

A generator with a seed (MALFORMED_SEED, MALFORMED_COUNT: 1, 600) takes real messages of
tests/data/mime, or writes one, and breaks them by several of the ways below. Each is answered
yes, later or no; each yes is one mail of the inbox with one outcome, none is set aside, no process
dies of it; what is published has a page, a feed and an archive that are well-formed; what goes out
has one of each header that must be there once, none that a stranger slipped in, and no address of
its author.
"""
import base64
import collections
import email
import email.policy
import json
import os
import random
import re
import smtplib
import xml.etree.ElementTree

from tests.flow import mail
from tests.flow.site import DOMAIN
from tests.flow.story_corpora import as_sent, messages
from tests.flow.web import Browser

SEED = int(os.environ.get("MALFORMED_SEED", "1"))
COUNT = int(os.environ.get("MALFORMED_COUNT", "600"))
AUTHOR = "anne.secrete@ville.example"
HOT = re.compile(r"(?i)<script(?! src=\"/static/)|<[a-z][^>]*\s(on[a-z]+|style)\s*=|<[a-z][^>]*=\s*[\"']?\s*(javascript|data|vbscript):")
ONCE = ("From", "To", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe", "Reply-To", "Content-Type")


def headers_of(octets):
    head, gap, body = octets.partition(b"\r\n\r\n")
    return head.split(b"\r\n"), gap, body


def joined(lines, gap, body):
    return b"\r\n".join(lines) + (gap or b"\r\n\r\n") + body


# ---- ways to break a mail: octets in, octets out ----

def cut(dice, octets):
    return octets[:dice.randrange(1, len(octets))] + b"\r\n"


def flip(dice, octets):
    changed = bytearray(octets)
    for _ in range(dice.randrange(1, 40)):
        changed[dice.randrange(len(changed))] = dice.randrange(256)
    return re.sub(rb"\r?\n|\r", b"\r\n", bytes(changed))


def shuffle_lines(dice, octets):
    lines = octets.split(b"\r\n")
    at = dice.randrange(len(lines))
    some = lines[at:at + 12]
    dice.shuffle(some)
    return b"\r\n".join(lines[:at] + some + lines[at + 12:])


def repeat_header(dice, octets):
    lines, gap, body = headers_of(octets)
    return joined(lines + [dice.choice(lines)] * dice.randrange(1, 30), gap, body)


def drop_header(dice, octets):
    lines, gap, body = headers_of(octets)
    del lines[dice.randrange(len(lines))]
    return joined(lines, gap, body)


def long_header(dice, octets):
    lines, gap, body = headers_of(octets)
    name = dice.choice([b"Subject", b"References", b"To", b"X-Long", b"Content-Type"])
    return joined(lines + [name + b": " + b"a" * dice.choice([997, 998, 999, 5000, 70_000])], gap, body)


def many_folds(dice, octets):
    lines, gap, body = headers_of(octets)
    return joined(lines + [b"Subject: a"] + [b" b"] * dice.randrange(1, 3000), gap, body)


def encoded_words(dice, octets):
    lines, gap, body = headers_of(octets)
    word = dice.choice([b"=?utf-8?q?=0D=0ABcc:_x@y.example?=", b"=?utf-8?b?DQpYLUV2aWw6IDE=?=", b"=?x?x?x?=", b"=?utf-8?q?=E9?=",
                        b"=?utf-7?q?+AG8-?=", b"=?" + b"a" * 500 + b"?q?b?=", b"=?utf-8?q?=E2=80=AE?="])
    return joined(lines + [b"Subject: " + b" ".join([word] * dice.randrange(1, 60))], gap, body)


def strange_from(dice, octets):
    lines, gap, body = headers_of(octets)
    value = dice.choice([b"", b"<>", b"<@>", b"a@b@c", b'"x\\', b"(" * 60, b"Undisclosed:;", b"<" + AUTHOR.encode() + b">,<b@c.example>",
                         "é@é.example".encode(), b"=?utf-8?q?Le_Maire?= <" + AUTHOR.encode() + b">", b"\x00\x01@x", b"a" * 900 + b"@b.example"])
    return joined([line for line in lines if not line.lower().startswith(b"from:")] + [b"From: " + value], gap, body)


def strange_ids(dice, octets):
    lines, gap, body = headers_of(octets)
    value = dice.choice([b"", b"<>", b"<a@b>" * 300, b"<" + b"i" * 900 + b"@b>", b"a b c", b"<\x80@x>", b"<a@b\x0bc>", b"<../../../etc@x>", b"<%00@x>"])
    name = dice.choice([b"Message-ID: ", b"References: ", b"In-Reply-To: "])
    return joined(lines + [name + value], gap, body)


def strange_date(dice, octets):
    lines, gap, body = headers_of(octets)
    value = dice.choice([b"", b"Thu, 99 Foo 99999 99:99:99 +9999", b"1 Jan 1601 00:00 -0000", b"Fri, 31 Dec 9999 23:59:59 +0000", b"now", b"-1"])
    return joined([line for line in lines if not line.lower().startswith(b"date:")] + [b"Date: " + value], gap, body)


def as_multipart(dice, octets):
    """Deep, many, without an end, with a boundary that lies."""
    depth, parts = dice.choice([(2, 3), (40, 1), (1, 400), (90, 2)])
    inner = b"Content-Type: text/plain; charset=" + dice.choice([b"utf-8", b"x-none", b"utf-16", b'"', b"iso-2022-jp"]) + b"\r\n\r\nBonjour\r\n"
    for level in range(depth):
        name = b"b%d" % level
        inner = (b"Content-Type: multipart/" + dice.choice([b"mixed", b"alternative", b"related", b"signed", b"x"]) + b"; boundary="
                 + dice.choice([b"", b'"', b"'"]) + name + dice.choice([b"", b'"', b"; x*=%ff"]) + b"\r\n\r\n"
                 + b"".join(b"--" + name + b"\r\n" + inner for _ in range(parts if level == 0 else 1))
                 + dice.choice([b"", b"--" + name + b"--\r\n", b"--" + name]))
    return b"From: " + AUTHOR.encode() + b"\r\nSubject: parts\r\nMIME-Version: 1.0\r\n" + inner + b"\r\n"


def as_attachment(dice, octets):
    name = dice.choice([b'"../../etc/passwd"', b'"a\\"b.pdf"', b"=?utf-8?q?=0D=0Ax?=", b'"' + b"n" * 3000 + b'"', "é\u202egpj.exe".encode(), b'""', b"\x00"])
    data = base64.b64encode(dice.randbytes(dice.choice([0, 1, 5000]))) if dice.random() < .5 else b"=" * 500 + b"\x80!!"
    return (b"From: " + AUTHOR.encode() + b"\r\nSubject: file\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nBonjour\r\n"
            b"--b\r\nContent-Type: " + dice.choice([b"application/pdf", b"image/svg+xml", b"text/html", b"", b"message/rfc822"]) + b"; name=" + name
            + b"\r\nContent-Disposition: attachment; filename=" + name + b"\r\nContent-Transfer-Encoding: "
            + dice.choice([b"base64", b"quoted-printable", b"8bit", b"x-uuencode", b"binary"]) + b"\r\n\r\n" + data + b"\r\n--b--\r\n")


def as_html(dice, octets):
    part = dice.choice([b"<script>document.title='x'</script>", b"<div>" * 5000, b"<a href='javascript:alert(1)'>x</a>", b"<!--", b"<svg/onload=alert(1)>",
                        b"<style>*{x:expression(1)}</style>", b"<table>" * 200, b"&#0;&#x110000;", b"<img src=x onerror=alert(1)>", b"<base href=//x>"])
    return (b"From: " + AUTHOR.encode() + b"\r\nSubject: html\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Bonjour</p>"
            + b"\r\n".join([part] * dice.randrange(1, 20)) + b"\r\n")


def controls(dice, octets):
    at = dice.randrange(len(octets))
    return octets[:at] + bytes(dice.choices([0, 1, 8, 11, 12, 27, 127, 133, 255], k=20)) + octets[at:]


def dots(dice, octets):
    return octets + b"\r\n".join(dice.choices([b".", b"..", b".\x00", b"From me", b">From me", b""], k=30)) + b"\r\n"


def endless_quotes(dice, octets):
    return (b"From: " + AUTHOR.encode() + b"\r\nSubject: quotes\r\n\r\n" + b"\r\n".join(b">" * dice.randrange(1, 600) + b" x" for _ in range(200)) + b"\r\n")


WAYS = (cut, flip, shuffle_lines, repeat_header, drop_header, long_header, many_folds, encoded_words, strange_from, strange_ids,
        strange_date, as_multipart, as_attachment, as_html, controls, dots, endless_quotes)


def generate(dice, known):
    octets = as_sent(dice.choice(known))
    names = []
    for _ in range(dice.choice([1, 1, 2, 3])):
        way = dice.choice(WAYS)
        names.append(way.__name__)
        octets = way(dice, octets) or b"\r\n"
    # an author whom the house knows, in half of them: those are published
    if dice.random() < .5 and "strange_from" not in names:
        lines, gap, body = headers_of(octets)
        lines = [line for line in lines if not line.lower().startswith(b"from:")]
        octets = joined([b"From: Anne <" + AUTHOR.encode() + b">"] + lines, gap, body)
    if not octets.endswith(b"\r\n"):
        octets += b"\r\n"
    return octets, names


# ---- what must hold ----

def send(site, octets, lmtp):
    """250, or the code that says later or no."""
    try:
        mail.send(site.ports["lmtp" if lmtp else "smtp"], AUTHOR, [f"voirie@{DOMAIN}"], octets, lmtp=lmtp)
        return 250
    except smtplib.SMTPRecipientsRefused as no:
        return next(iter(no.recipients.values()))[0]
    except smtplib.SMTPResponseException as no:
        return no.smtp_code


def says_it(site, column, value):
    """An address that somebody writes in his own words is his to tell."""
    return site.one(f"SELECT count(*) FROM post WHERE {column} = ? AND instr(text, ?)", value, AUTHOR) > 0


def judge_pages(site):
    browser = Browser(site, "fr")
    for (thread,) in site.rows("SELECT id FROM thread WHERE posts > 0"):
        page = browser.get(f"/t/{thread}")
        assert page.status == 200, thread
        assert AUTHOR not in page.html or says_it(site, "thread", thread), thread
        hot = HOT.search(page.html)
        assert not hot, (thread, hot.group(0))
        feed = browser.get(f"/t/{thread}/feed")
        if feed.status == 200:
            xml.etree.ElementTree.fromstring(feed.body)
    xml.etree.ElementTree.fromstring(browser.get("/f/voirie/feed").body)
    archive = browser.get("/f/voirie/mbox")
    assert archive.status == 200
    assert AUTHOR.encode() not in archive.body or says_it(site, "forum", 1)
    published = site.one("SELECT count(*) FROM post WHERE state = 'published'")
    found = len(re.findall(rb"(?m)^From \S+ ", archive.body))
    assert found == published, (found, published)


def judge_copies(site):
    """As another mail program reads them, and octet by octet."""
    count = 0
    for path in (site.data / "outgoing").rglob("*"):
        if not path.is_file():
            continue
        octets = path.read_bytes()
        if f"Delivered-To: {AUTHOR}\r\n".encode() in octets:
            continue  # what the house tells the author alone
        head = octets.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
        assert all(len(line) <= 998 for line in octets.replace(b"\r\n", b"\n").split(b"\n")), path
        assert not re.search(rb"(?mi)^(bcc|x-evil):", head), head
        message = email.message_from_bytes(octets, policy=email.policy.compat32)
        assert b"\x00" not in octets and AUTHOR.encode() not in head, path
        assert AUTHOR.encode() not in octets or says_it(site, "message_id", message["Message-ID"].strip("<> ")), path
        if message["List-Id"]:
            for name in ONCE:
                assert len(message.get_all(name, [])) == 1, (name, head)
            count += 1
    return count


def run(stage):
    dice, known = random.Random(SEED), messages()
    count = COUNT // 5 if stage.sanitized else COUNT
    answers, ways = collections.Counter(), collections.Counter()
    with stage.site(limit_mails=0, log_level="info") as site:
        site.act("forum.create", slug="voirie", name="Voirie")
        site.person("Anne", AUTHOR)
        site.subscribe("voirie", site.person("Marie", "marie@ville.example"))
        before = site.pids()
        for at in range(count):
            octets, names = generate(dice, known)
            code = send(site, octets, at % 3 == 0)
            assert code == 250 or 400 <= code < 600, (at, names, code)
            answers[code] += 1
            ways.update(names)
        assert set(ways) == {way.__name__ for way in WAYS} or count < 200, ways
        site.wait_inbox(120 + count / 20)
        outcomes = collections.Counter(dict(site.rows("SELECT outcome, count(*) FROM inbox GROUP BY outcome")))
        assert sum(outcomes.values()) == answers[250], (outcomes, answers)
        aside = site.rows("SELECT id, note FROM inbox WHERE state <> 'done' OR outcome = ''")
        assert not aside, aside
        assert outcomes["published"] > count // 10, outcomes
        assert site.pids() == before, (site.pids(), before)
        judge_pages(site)
        done = site.run("check")
        assert done.returncode == 0, done
        print(f"malformed: seed {SEED}, answers {dict(answers)}, outcomes {dict(outcomes)}")
        copies = judge_copies(site)
        figures = {"mails": count, "copies": copies, **{str(name): many for name, many in sorted(answers.items())}, **outcomes}
        print(f"malformed: figures {json.dumps(figures)}")
        assert copies > count // 10, copies
