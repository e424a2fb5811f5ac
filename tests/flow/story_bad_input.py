# SPDX-License-Identifier: AGPL-3.0-or-later
"""Any octets, at any door.

The requests that strict HTTP parsers are tested with, garbage and half requests at the web door;
garbage at the mail doors and in mails; garbage and lies on the console socket. Each is answered
in its own tongue or cut; no process dies, nothing is posted, and afterwards every door still
does its work.
"""
import base64
import json
import os
import pathlib
import random
import re
import socket
import struct

from tests.flow import mail
from tests.flow.site import DOMAIN, wait_for
from tests.flow.web import Browser

REQUESTS = pathlib.Path(__file__).resolve().parents[1] / "data" / "http" / "llhttp-requests.json"
FORUM = f"voirie@{DOMAIN}"


def speak(address, octets, half_close=True, seconds=20):
    """What the other side says until it closes; b"" where it just cuts."""
    heard = b""
    with socket.create_connection(address, timeout=seconds) as wire:
        try:
            wire.sendall(octets)
            if half_close:
                wire.shutdown(socket.SHUT_WR)
            while True:
                part = wire.recv(65536)
                if not part:
                    break
                heard += part
        except (ConnectionResetError, BrokenPipeError):
            pass
    return heard


def statuses(heard):
    return [int(n) for n in re.findall(rb"(?:^|\n)HTTP/1\.[01] (\d{3}) ", heard)]


def http_corpus(site):
    """As they stand, many are half a head: cut without a word. Ended, each is refused: none of
    them is for this site."""
    cases = json.loads(REQUESTS.read_text())
    assert len(cases) > 60
    for case in cases:
        octets = base64.b64decode(case["bytes_b64"])
        for end, must in ((b"", False), (b"\r\n\r\n", True)):
            heard = speak(site.ports["http"], octets + end)
            found = statuses(heard)
            assert heard == b"" or heard.startswith(b"HTTP/1.1 "), (case["title"], heard[:80])
            assert found or not must or awaits_body(octets), (case["title"], octets[:80])
            assert all(status >= 400 and status != 500 for status in found), (case["title"], found)


def awaits_body(octets):
    return re.search(rb"(?i)content-length: *[1-9]", octets)


def http_garbage(site, dice):
    host = b"Host: forum.ville.example\r\n"
    cases = [
        (b"", None), (b"\r\n" * 100, None), (b"\0" * 5000, 400), (b"\x16\x03\x01\x02\x00\x01\x00" + b"\xff" * 500, 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400), (b"GET / HTTP/1.1\r\n" + host + host + b"\r\n", 400),
        (b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n" + host + b"\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + host + b"X: " + b"a" * 100000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + host + b"X: y\r\n" * 1000 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + host + b" folded\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n" + host + b"\r\n", 400), (b"GET  / HTTP/1.1\r\n" + host + b"\r\n", 400),
        (b"GET /\0 HTTP/1.1\r\n" + host + b"\r\n", 400), (b"GET /%00 HTTP/1.1\r\n" + host + b"\r\n", 400),
        (b"GET /../../etc/passwd HTTP/1.1\r\n" + host + b"\r\n", None),
        (b"GET /static/..%2f..%2fkeys HTTP/1.1\r\n" + host + b"\r\n", None),
        (b"BREW / HTTP/1.1\r\n" + host + b"\r\n", None),
        (b"POST /login HTTP/1.1\r\n" + host + b"Content-Length: -1\r\n\r\n", 400),
        (b"POST /login HTTP/1.1\r\n" + host + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
        (b"POST /login HTTP/1.1\r\n" + host + b"Content-Length: 99999999999999999999\r\n\r\n", 400),
        (b"POST /login HTTP/1.1\r\n" + host + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST /login HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 400),
        (b"POST /login HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"POST /login HTTP/1.1\r\n" + host + b"Content-Length: 1000000000\r\n\r\n", 413),
    ]
    for octets, status in cases:
        found = statuses(speak(site.ports["http"], octets))
        if status is not None:
            assert found and found[0] == status, (octets[:60], found)
        else:
            assert all(s in (400, 404, 405, 501) for s in found), (octets[:60], found)
    for _ in range(100):
        octets = dice.randbytes(dice.randrange(1, 3000))
        assert all(400 <= s < 500 or s in (501, 505) for s in statuses(speak(site.ports["http"], octets)))


def forms(site, dice):
    """Bodies of forms that no browser makes."""
    heads = {"Content-Type": "multipart/form-data; boundary=b"}
    bodies = [b"", b"--b", b"--b--\r\n", b"--b\r\n\r\n\r\n", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--",
              b"--b\r\nContent-Disposition: form-data; name=\"" + b"x" * 20000 + b"\"\r\n\r\nx\r\n--b--",
              b"--b\r\n" + b"X: y\r\n" * 5000 + b"\r\nx\r\n--b--", b"--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n" * 2000,
              dice.randbytes(5000)]
    browser = Browser(site)
    for path in ("/login", "/f/voirie/new", "/p/1/reply", "/u/" + "a" * 26, "/moderate/1"):
        for body in bodies:
            page = browser.request("POST", path, body, heads)
            assert 300 <= page.status < 500, (path, body[:40], page.status)
        for kind in ("application/x-www-form-urlencoded", "text/plain", "application/json", ""):
            page = browser.request("POST", path, dice.randbytes(800), {"Content-Type": kind})
            assert 300 <= page.status < 500, (path, kind, page.status)


def mail_doors(site, dice):
    envelope = f"MAIL FROM:<anne@ville.example>\r\nRCPT TO:<{FORUM}>\r\nDATA\r\n".encode()
    for door, hello in (("smtp", b"EHLO c\r\n"), ("lmtp", b"LHLO c\r\n")):
        for _ in range(60):
            garbage = dice.randbytes(dice.randrange(1, 4000))
            for octets in (garbage, hello + garbage, hello + b"MAIL FROM:<" + garbage + b">\r\n", hello + b"AUTH PLAIN " + garbage):
                heard = speak(site.ports[door], octets + b"\r\nQUIT\r\n")
                assert heard.startswith(b"220 "), heard[:80]
                for line in heard.split(b"\r\n")[:-1]:
                    assert re.match(rb"[2-5]\d\d[ -]", line), line
        heard = speak(site.ports[door], hello + envelope + b"\xff\xfe\0" * 100 + b"\r\n.\r\nQUIT\r\n")
        assert b"\r\n250 " in heard.split(b"354")[1] or b"\r\n5" in heard.split(b"354")[1], heard


def bad_mails(site, dice):
    """Heads and bodies of nothing but noise: each accepted one ends as a held post or a count."""
    accepted = 0
    for at in range(120):
        noise = dice.randbytes(dice.randrange(1, 3000)).replace(b"\r", b"").replace(b"\n", b"\r\n")
        kinds = [noise, b"From: " + noise, b"Subject: =?utf-8?B?" + noise, b"Content-Type: multipart/" + noise,
                 b"From: <x@y.example>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + noise,
                 b"From: <x@y.example>\r\nContent-Type: text/html\r\n\r\n<" + noise]
        octets = kinds[at % len(kinds)]
        if not octets.endswith(b"\r\n"):
            octets += b"\r\n"
        try:
            mail.send(site.ports["smtp"], "x@y.example", [FORUM], octets)
            accepted += 1
        except mail.smtplib.SMTPResponseException as answer:
            assert 500 <= answer.smtp_code < 600, answer
    site.wait_inbox(60)
    assert accepted > 60, accepted
    assert site.rows("SELECT count(*) FROM inbox WHERE state = 'done'") == [(site.one("SELECT count(*) FROM inbox"),)]
    assert site.one("SELECT count(*) FROM post WHERE state = 'published'") == 0


def console(site, dice):
    """Frames of noise, half frames, and acts with fields that nobody has."""
    path = str(site.data / "run" / "preau.sock")

    def packet(octets):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as wire:
            wire.settimeout(5)
            wire.connect(path)
            try:
                wire.send(octets)
                wire.shutdown(socket.SHUT_WR)  # half a message is waited for, until the end
                return wire.recv(65536)
            except (ConnectionError, socket.timeout, BrokenPipeError):
                return b""

    for _ in range(150):
        packet(dice.randbytes(dice.randrange(1, 2000)))
    for size in (0, 1, 0xFFFFFFFF, 0x7FFFFFFF):
        packet(struct.pack("<II", size, 1) + b"act" * 10)
    big = dice.randbytes(60000)
    packet(big)
    for words in (["nothing.such"], ["post.add"], ["forum.create", "slug=../x", "name=X"], ["forum.create", "slug=a"],
                  ["forum.create", "slug=b", "name=" + "x" * 5000], ["post.approve", "post=-1"], ["post.approve", "post=1e9"],
                  ["person.create", "name=A", "address=not an address"], ["mail.replay", "inbox=99999999999999999999"],
                  ["forum.create", "slug=c", "name=a", "name=b"], ["forum.create", "slug=d", "name=a", "colour=red"]):
        done = site.run("act", *words)
        assert done.returncode == 1 and done.stderr.startswith("preau: "), (words, done)
        assert len(done.stderr.splitlines()) == 1, done.stderr


def still_works(site):
    site.subscribe("voirie", site.person("Anne Morel", "anne@ville.example"))
    letter = mail.write("Anne Morel <anne@ville.example>", FORUM, "Tout va bien", "Bonjour.\n")
    for door in ("smtp", "lmtp"):
        mail.send(site.ports[door], "anne@ville.example", [FORUM], letter, lmtp=door == "lmtp")
    wait_for(lambda: "Tout va bien" in Browser(site).get("/f/voirie").text)
    assert site.one("SELECT count(*) FROM post WHERE state = 'published'") == 1


def run(stage):
    dice = random.Random(20261122)
    with stage.site() as site:
        site.act("forum.create", slug="voirie", name="Voirie")
        pids = site.pids()
        tables = ("forum", "person", "post", "thread", "session", "subscription")
        before = [site.one(f"SELECT count(*) FROM {table}") for table in tables]
        for part in (http_corpus, lambda s: http_garbage(s, dice), lambda s: forms(s, dice), lambda s: mail_doors(s, dice),
                     lambda s: console(s, dice)):
            part(site)
            assert site.pids() == pids, f"a process died: {pids} {site.pids()}"
        after = [site.one(f"SELECT count(*) FROM {table}") for table in tables]
        assert after[:1] == before[:1] and after[4:] == before[4:], (tables, before, after)
        bad_mails(site, dice)
        assert {k: v for k, v in site.pids().items() if "parser" not in k} == \
               {k: v for k, v in pids.items() if "parser" not in k}, "something else than a parser died"
        still_works(site)
        for line in site.log_text().splitlines():
            assert "Sanitizer" not in line and "runtime error" not in line, line
        # The log is one line an event, whatever came in.
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", site.log_text()), "control octets in the log"
        assert os.path.exists(site.data / "preau.db")
