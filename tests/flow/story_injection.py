# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is asked for stays what it is: never a query, never a path.

From a seed (INJECTION_SEED, 1): 500 searches in the language of FTS5 and of SQL, each parameter of
each page with values that a query or a sort could trip over, 300 ways out of a folder at every
address that ends in a name. Nothing of it reaches SQLite as more than a value, no answer is an error
of ours, none holds a line of a file that no page may show, and the book is the one it was.
"""
import email.message
import email.policy
import os
import random
import re
import socket
import urllib.parse

from tests.flow import mail
from tests.flow.site import DOMAIN
from tests.flow.web import Browser

ONCE = True
SEED = int(os.environ.get("INJECTION_SEED", "1"))
SEARCHES, PATHS, VALUES = 500, 300, 200
SECRET = "nobody-may-read-this-7d1e"

FTS = ["NEAR(", "NEAR/2", "AND", "OR", "NOT", "AND NOT", "*", "^", "\"", "\"\"", "(", ")", ":", "title:", "{a b}:", "- {a}:", "-", "+", "rowid", "rank", "coeur", "rue*", "'", "''", "\\",
       "\u0000", "\u00a0", "{", "}", "[", "]", ",", ";", "--", "/*", "%", "_", "?", "?1", "$1", ":a", "@a", "0x1", "1e999", "café", "é", "\U0001f600", "\ufeff", "a" * 200,
       "' OR '1'='1", "1; DROP TABLE post", "UNION SELECT", "sqlite_master", "match", "'); --", "x' AND (SELECT 1)", "load_extension('x')"]
VALUES_OF = ["0", "-1", "00", "1e9", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "NaN", "1.5", "1 OR 1=1", "1'", "1\"", "1--", "1;SELECT 1", "id DESC", "(SELECT id FROM person)",
             "%", "_%", "rowid", "\0", "\u202e", "é", "", " ", "[]", "null", "true", "../..", "a,b", "1,2", "desc", "random()", "' UNION SELECT hash FROM session --"]
UP = ["..", "%2e%2e", "%2e.", ".%2E", "%252e%252e", "..%00", "..%01", "%c0%ae%c0%ae", "%e0%80%ae%e0%80%ae", "..;", "...", ". .", "..%20", "%uff0e%uff0e", "..%0d%0a", "%ff"]
SLASH = ["/", "%2f", "%2F", "%5c", "\\", "%252f", "%c0%af", "//", "/./", "%e2%88%95"]
FILES = ["etc/passwd", "keys", "preau.db", "preau.conf", "proc/self/environ", "proc/self/mem", "dev/zero", "dev/stdin", "run/console", "spool", "canary", "NUL", "CON", "."]
PLACES = ["/static/0123456789abcdef/", "/static/", "/a/{token}/", "/a/", "/m/", "/f/", "/t/1-", "/sitemap/", "/u/", "/ok/", "/"]
PAGES = ["/", "/f/voirie", "/t/1", "/search", "/login", "/register", "/f/voirie/feed", "/t/1/feed", "/sitemap/1", "/forgot", "/f/voirie/mbox"]
PARAMETERS = ["after", "author", "before", "done", "forum", "lang", "next", "order", "place", "q", "since", "until"]


def speak(site, target):
    """The answer to a target as it stands: no client makes it another."""
    with socket.create_connection(site.ports["http"], timeout=20) as wire:
        wire.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: " + DOMAIN.encode() + b"\r\nConnection: close\r\n\r\n")
        heard = b""
        while part := wire.recv(65536):
            heard += part
    return int(heard[9:12]), heard


def must_be_ours(status, answer, asked):
    assert status < 500, (asked, status, answer[:300])
    for sign in (SECRET.encode(), b"root:x:0:0", b"SQLite format 3", b"site.url", b"PATH=/"):
        assert sign not in answer, (asked, sign)


def searches(site, dice):
    browser = Browser(site)
    for _ in range(SEARCHES):
        words = dice.choice(["", " "]).join(dice.choice(FTS) for _ in range(dice.randint(1, 6)))
        query = {dice.choice(["q", "q", "author"]): words, "order": dice.choice(["best", "newest"])}
        page = browser.get("/search?" + urllib.parse.urlencode(query))
        assert page.status in (200, 400), (query, page.status)


def values(site, dice):
    for _ in range(VALUES):
        given = [(dice.choice(PARAMETERS), dice.choice(VALUES_OF)) for _ in range(dice.randint(1, 4))]
        target = dice.choice(PAGES) + "?" + urllib.parse.urlencode(given)
        status, answer = speak(site, target.encode())
        must_be_ours(status, answer, target)


def paths(site, dice, token):
    found = 0
    for number in range(PATHS):
        slash = dice.choice(SLASH)
        way = slash.join(dice.choice(UP) for _ in range(dice.randint(1, 10)))
        target = dice.choice(PLACES).format(token=token) + dice.choice(["", "x" + slash]) + way + slash + dice.choice(FILES).replace("/", slash)
        if number % 10 == 0:
            target = dice.choice(PLACES).format(token=token) + dice.choice(["%2f", "/", "%5c"]) + dice.choice(FILES)
        status, answer = speak(site, target.encode())
        must_be_ours(status, answer, target)
        found += status == 200
        # The name of an attachment is for people: its token says which it is.
        assert status in (400, 404) or target.startswith(("/a/" + token, "/t/1-", "/m/", "/f/")), (target, status, answer[:200])
    return found


def letter():
    message = email.message.EmailMessage()
    message["From"], message["To"], message["Subject"] = "Marie Petit <marie@ville.example>", f"voirie@{DOMAIN}", "Cœur de bourg"
    message["Message-ID"] = "<1@x.example>"
    message.set_content("La rue est fermée.")
    message.add_attachment(b"%PDF-1.4 plan", maintype="application", subtype="pdf", filename="plan.pdf")
    return message.as_bytes(policy=email.policy.SMTP)


def run(stage):
    dice = random.Random(SEED)
    with stage.site() as site:
        for name in ("canary", "keys.txt", "blobs/canary"):
            (site.data / name).write_text(SECRET)
        site.act("forum.create", slug="voirie", name="Voirie")
        site.person("Marie Petit", "marie@ville.example")
        mail.send(site.ports["smtp"], "marie@ville.example", [f"voirie@{DOMAIN}"], letter())
        site.wait_inbox()
        before, pids = site.rows("SELECT * FROM post"), site.pids()
        assert len(before) == 1
        searches(site, dice)
        values(site, dice)
        token = next(link for link in Browser(site).get("/t/1").reader.links if link.startswith("/a/")).split("/")[2]
        shown = paths(site, dice, token)
        assert site.rows("SELECT * FROM post") == before and site.pids() == pids
        told = [line for line in site.log_text().splitlines() if re.search(r"^\S+ error |SQLite|syntax error", line)]
        assert not told, told[:3]
        assert Browser(site).get("/search?q=coeur").status == 200
        print(f"injection: seed {SEED}, {SEARCHES} searches, {VALUES} sets of values, {PATHS} paths of which {shown} were a page's own")
