# SPDX-License-Identifier: AGPL-3.0-or-later
"""No line of a head that is not ours.

Every word of others that reaches a head (names, subjects, the name of a forum, Message-IDs, names
of files, addresses, reasons, what is searched for, where one goes next) is tried with all that may
end a line somewhere: CR, LF, NUL, U+0085, U+2028, encoded words and pieces of RFC 2231 that carry
CRLF, ten thousand octets, letters that turn the direction. In no mail, no HTTP answer and no line
of the log stands a field or an event that is not of ours; each field stands once.
"""
import base64
import re
import urllib.parse

from tests.flow import mail
from tests.flow.site import DOMAIN, wait_for
from tests.flow.story_http_framing import speak
from tests.flow.web import Browser, multipart

ONCE = True

FORUM = f"voirie@{DOMAIN}"
EVIL = "X-Injected: yes"


def word(octets, kind, charset="utf-8"):
    if kind == "B":
        return f"=?{charset}?B?{base64.b64encode(octets).decode()}?="
    return f"=?{charset}?Q?{''.join(f'={octet:02X}' for octet in octets)}?="


def breakers():
    """{name: what is put for a word, as text}"""
    plain = {"CR": "\r", "LF": "\n", "CRLF": "\r\n", "end of the head": "\r\n\r\n", "NUL": "\0", "VT": "\v", "FF": "\f", "U+0085": "\x85",
             "U+2028": "\u2028", "U+2029": "\u2029", "FS": "\x1c", "backslash": "\\\r\n", "quote": "\"\r\n", "bidi": "\u202e\u2066\r\n",
             "percent": "%0d%0a", "twice percent": "%250d%250a", "overlong": "\u560d\u560a", "escape": "\x1b[2K\r"}
    found = {name: f"a{mark}{EVIL}{mark}b" for name, mark in plain.items()}
    evil = f"a\r\n{EVIL}\r\n\r\nb".encode()
    found |= {f"word {kind} {name}": word(octets, kind, charset) for kind in "BQ" for name, octets, charset in
              (("CRLF", evil, "utf-8"), ("LF", evil.replace(b"\r", b""), "utf-8"), ("CR", evil.replace(b"\n", b""), "utf-8"), ("NUL", b"a\0" + evil, "utf-8"),
               ("0x85", b"a\x85" + EVIL.encode(), "iso-8859-1"), ("utf-16", ("a\r\n" + EVIL).encode("utf-16-be"), "utf-16be"))}
    found["words in a row"] = word(b"a\r", "Q") + " " + word(b"\n" + EVIL.encode(), "Q")
    found["word in a word"] = word(word(evil, "B").encode(), "B")
    found["ten thousand"] = "a" * 10000 + "\r\n" + EVIL
    found["ten thousand without a blank"] = "é" * 10000
    return found


# ---- mails in ----

def letter(number, text, **more):
    head = {"From": f"Paul Petit <paul{number}@ville.example>", "To": FORUM, "Subject": f"Sujet {number}",
            "Message-ID": f"<{number}@client.ville.example>", "Date": "Sat, 28 Nov 2026 12:00:00 +0000"}
    head.update(more)
    return "".join(f"{name}: {value}\r\n" for name, value in head.items()).encode("utf-8", "surrogateescape") + b"\r\n" + text


def with_file(number, disposition, kind="application/pdf"):
    return letter(number, f"--b\r\n\r\nBonjour {number}.\r\n--b\r\nContent-Type: {kind}\r\nContent-Disposition: {disposition}\r\n\r\nx\r\n--b--\r\n".encode(),
                  **{"MIME-Version": "1.0", "Content-Type": "multipart/mixed; boundary=b"})


def pieces(value):
    """RFC 2231: the parts of a parameter, the breaker on both sides of the joint."""
    text = "".join(f"%{octet:02X}" for octet in value.encode("utf-8", "surrogateescape"))[:3000]
    text, rest = text[:len(text) // 6 * 3], text[len(text) // 6 * 3:]
    return f"attachment; filename*0*=utf-8''{text}; filename*1*={rest}"


IN_MAIL = {
    "Subject": lambda n, v: letter(n, b"Bonjour.\r\n", Subject=v),
    "From, the name": lambda n, v: letter(n, b"Bonjour.\r\n", From=f"{v} <paul@ville.example>"),
    "From, a quoted name": lambda n, v: letter(n, b"Bonjour.\r\n", From=f'"{v}" <paul@ville.example>'),
    "From, the address": lambda n, v: letter(n, b"Bonjour.\r\n", From=f'Paul <"{v}"@ville.example>'),
    "Message-ID": lambda n, v: letter(n, b"Bonjour.\r\n", **{"Message-ID": f"<{n}{v}@client.ville.example>"}),
    "In-Reply-To": lambda n, v: letter(n, b"Bonjour.\r\n", **{"In-Reply-To": f"<{v}@client.ville.example>"}),
    "References": lambda n, v: letter(n, b"Bonjour.\r\n", References=f"<a@b.example> <{v}@b.example> <c@d.example>"),
    "Reply-To": lambda n, v: letter(n, b"Bonjour.\r\n", **{"Reply-To": f"{v} <paul@ville.example>"}),
    "List-Id": lambda n, v: letter(n, b"Bonjour.\r\n", Sender=f"{v} <paul@ville.example>", **{"X-List": v}),
    "name of a file": lambda n, v: with_file(n, f'attachment; filename="{v}"'),
    "name of a file, RFC 2231": lambda n, v: with_file(n, f"attachment; filename*=utf-8''{urllib.parse.quote(v.encode('utf-8', 'surrogateescape'))[:6000]}"),
    "name of a file, pieces": lambda n, v: with_file(n, pieces(v)),
    "type of a file": lambda n, v: with_file(n, "attachment", f'text/x-a; name="{v}"'),
}


def by_mail(site, cases):
    count = 0
    for field, make in IN_MAIL.items():
        for value in cases.values():
            count += 1
            octets = make(count, value)
            try:
                mail.send(site.ports["lmtp"], "paul@ville.example", [FORUM], octets, lmtp=True)
            except (mail.smtplib.SMTPDataError, mail.smtplib.SMTPResponseException):
                pass  # refused with an answer: nothing leaves the house
    site.wait_inbox(120)
    return count


def by_envelope(site, cases):
    """In the lines of the dialogue: each answer is one line of SMTP."""
    for value in cases.values():
        octets = value.encode("utf-8", "surrogateescape")
        for line in (b"LHLO " + octets, b"LHLO c\r\nMAIL FROM:<" + octets + b"@x.example>", b"LHLO c\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<" + octets + b"@" + DOMAIN.encode() + b">"):
            heard, _ = speak(site.ports["lmtp"], line + b"\r\nQUIT\r\n", quiet=5)
            for answer in heard.split(b"\r\n")[:-1]:
                assert re.match(rb"[2-5]\d\d[ -][\x20-\x7e]*$", answer), (line[:60], answer)
    return 3 * len(cases)


# ---- forms and addresses ----

def by_web(site, cases, admin):
    browser = Browser(site).sign_in(site, admin)
    csrf = dict(browser.get("/account").form("/logout").fields)["csrf"]
    count = 0
    for value in cases.values():
        body, kind = multipart([("csrf", csrf), ("subject", value[:250].replace("\r", "").replace("\n", " ")), ("text", "Bonjour."), ("send", "1")],
                               [("file", value[:300], "application/pdf", b"x")])
        pages = [browser.request("POST", "/f/voirie/new", body, {"Content-Type": kind}),
                 browser.post("/f/voirie/new", {"csrf": csrf, "subject": value, "text": "Bonjour.", "send": "1"}, follow=False),
                 browser.post("/account", {"csrf": csrf, "name": value, "locale": "fr"}, follow=False),
                 browser.post("/admin/forums/voirie", {"csrf": csrf, "slug": "voirie", "name": value[:190] or "V", "description": value[:900], "who_writes": "everyone",
                                                       "appears": "at_once", "who_reads": "everyone", "strangers": "hold", "reply_to": "forum", "position": "0"}, follow=False),
                 browser.post("/admin/rolls", {"csrf": csrf, "name": value[:100], "source": value[:100]}, follow=False)]
        anonymous, quoted = Browser(site), urllib.parse.quote(value.encode("utf-8", "surrogateescape"))[:2000]
        form = dict(anonymous.get("/login").form("/login").fields)
        pages += [anonymous.post("/login", dict(form, address=f"{value}@ville.example", next="/" + value), follow=False),
                  anonymous.request("GET", f"/login?next=/{quoted}"), anonymous.request("GET", f"/search?q={quoted}"), anonymous.request("GET", f"/f/voirie?lang={quoted}"),
                  anonymous.request("GET", f"/m/{quoted}"), anonymous.request("GET", f"/t/1-{quoted}"), anonymous.request("GET", f"/f/voirie/{quoted}/")]
        for public, in site.rows("SELECT public FROM attachment ORDER BY id DESC LIMIT 1"):
            pages.append(anonymous.request("GET", f"/a/{public}/{quoted}"))
        for page in pages:
            check_answer(page)
        count += len(pages)
    for public, in site.rows("SELECT public FROM attachment"):
        check_answer(Browser(site).request("GET", f"/a/{public}/x"))
        count += 1
    return count


OURS_HTTP = {"date", "content-type", "content-length", "content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy", "cache-control",
             "cross-origin-opener-policy", "cross-origin-resource-policy", "permissions-policy", "connection", "etag", "location", "set-cookie", "vary", "allow",
             "content-disposition", "transfer-encoding", "retry-after"}


def check_answer(page):
    names = [name.lower() for name, _ in page.headers.items()]
    assert set(names) <= OURS_HTTP, (page.path[:80], set(names) - OURS_HTTP)
    once = [name for name in names if name != "set-cookie"]
    assert len(once) == len(set(once)), (page.path[:80], names)
    for name, value in page.headers.items():
        assert re.fullmatch(r"[\x20-\x7e]*", value), (page.path[:80], name, value[:80])
        assert len(value) < 8000, (page.path[:80], name)


# ---- what left ----

OURS_MAIL = {"from", "to", "subject", "date", "message-id", "in-reply-to", "references", "reply-to", "mime-version", "content-type", "content-transfer-encoding", "precedence",
             "list-id", "list-post", "list-subscribe", "list-unsubscribe", "list-unsubscribe-post", "list-help", "list-owner", "list-archive", "archived-at",
             "x-auto-response-suppress", "x-loop", "auto-submitted", "content-language"}
ONE_LINE = re.compile(rb"([!-9;-~]+): ?([\x20-\x7e\t\x80-\xff]*)$")


def check_mail(octets):
    assert b"\0" not in octets and not re.search(rb"\r(?!\n)|(?<!\r)\n", octets), octets[:300]
    head = octets.split(b"\r\n\r\n", 1)[0]
    names = []
    for line in head.split(b"\r\n"):
        assert len(line) <= 998, line[:80]
        assert not re.search(rb"[\x00-\x08\x0a-\x1f\x7f]|\xc2\x85|\xe2\x80[\xa8\xa9]", line), line
        if line[:1] in b" \t" and line:
            assert line.strip(), "a folded line of blanks ends a head for some"
            continue
        found = ONE_LINE.match(line)
        assert found, line
        names.append(found.group(1).decode().lower())
    assert set(names) <= OURS_MAIL, set(names) - OURS_MAIL
    assert len(names) == len(set(names)), names
    return names


def check_log(site):
    for line in site.log.read_bytes().splitlines():
        assert re.match(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (debug|info|warn|error) [a-z]+(\.\d+)? [\x20-\x7e]*$", line), line[:300]


def check_checks():
    """What these would find, they find."""
    good = b"From: a@b\r\nSubject: a\r\n b\r\n\r\nx\r\n"
    check_mail(good)
    for bad in (good.replace(b"\r\n b", b"\r\nX-Injected: yes"), good.replace(b"\r\n b", b"\r\nSubject: b"), good.replace(b"a\r\n b", b"a\rX: b"), good.replace(b"a\r\n", b"a\xc2\x85\r\n")):
        try:
            check_mail(bad)
        except AssertionError:
            continue
        raise RuntimeError(f"not found: {bad}")


def run(stage):
    check_checks()
    cases = breakers()
    with mail.Sink() as sink, stage.site(relay=sink.url, limit_mails=0, limit_posts=0) as site:
        site.act("forum.create", slug="voirie", name="Voirie", who_writes="everyone")
        admin = site.person("Anne Morel", "anne@ville.example", administrator=1)
        for number in range(2):
            site.subscribe("voirie", site.person(f"Abonne {number}", f"abonne{number}@ville.example"))
        count = by_mail(site, cases)
        count += by_envelope(site, cases)
        count += by_web(site, cases, admin)
        wait_for(lambda: site.one("SELECT count(*) FROM outbox WHERE state = 'due'") == 0, seconds=120)
        assert len(sink.arrivals) > 300 and not sink.faults, (len(sink.arrivals), sink.faults[:3])
        for arrival in sink.arrivals:
            check_mail(arrival.octets)
            assert re.fullmatch(r"[\x21-\x7e]+@[a-z.]+", arrival.recipient), arrival.recipient
        for feed in ("/f/voirie/feed", "/sitemap.xml", "/f/voirie"):
            check_answer(Browser(site).request("GET", feed))
        archive = Browser(site).request("GET", "/f/voirie/mbox")
        check_answer(archive)
        assert not re.search(rb"(?m)^X-Injected:", archive.body.split(b"\n\n")[0])
        check_log(site)
        print(f"  {count} tries, {len(sink.arrivals)} mails looked at")
