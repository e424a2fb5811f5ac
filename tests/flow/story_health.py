# SPDX-License-Identifier: AGPL-3.0-or-later
"""Machines are told how the house does, and nothing about anybody.

/healthz says ok while the book can be read and the clerk answers. Where the clerk is stopped,
it says so in one line within some seconds, to many who ask at once as to one, and without using
up what the worker may ask of the clerk; afterwards all is well again. Where the book is not one
any more, likewise.
/metrics is read line by line as the text format of Prometheus has it: each number is what the
book says, and follows what is posted, held, hidden, delivered and set aside. To whoever does not
ask from this machine for himself, it is the page that is not there.
"""
import contextlib
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import threading
import time

from tests.flow import mail
from tests.flow.site import DOMAIN, Refused, wait_for
from tests.flow.web import Browser

STRICT = {"Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Permissions-Policy",
          "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy"}
NO_ANSWER = (503, b"clerk: no answer\n")
STATES = {"preau_posts": {"held", "published", "refused", "hidden", "withdrawn"},
          "preau_inbox_messages": {"new", "done", "aside"},
          "preau_outbox_messages": {"due", "sent", "failed", "cancelled", "aside"}}
SINGLE = {"preau_outbox_oldest_due_age_seconds", "preau_set_aside_messages", "preau_people_registered",
          "preau_journal_last_number", "preau_read_only", "preau_check_next_timestamp_seconds", "preau_book_size_bytes", "preau_book_wal_size_bytes"}
SAMPLE = re.compile(r'([a-z_]+)(?:\{([a-z_]+)="((?:[^"\\\n]|\\[\\"n])*)"\})? (\d+)')


def check_strict(answer):
    assert STRICT <= set(answer.headers.keys()), answer.headers.keys()
    assert "no-store" in answer.headers["Cache-Control"] and "Server" not in answer.headers
    assert "ETag" not in answer.headers and "Set-Cookie" not in answer.headers


def health(site):
    answer = Browser(site).request("GET", "/healthz", headers={"Host": "10.0.0.1:8080"})
    check_strict(answer)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    return answer.status, answer.body


def read(text):
    """{(name, label value or None): number}; each name once, with its HELP and its TYPE before."""
    found, kinds, now = {}, {}, None
    assert text.endswith("\n")
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("# HELP "):
            now, words = line[7:].split(" ", 1)
            kind = next(lines).split(" ")
            assert kind[:3] == ["#", "TYPE", now] and kind[3] in ("gauge", "counter") and words, (line, kind)
            assert now not in kinds and (kind[3] == "counter") == now.endswith("_total"), now
            kinds[now] = kind[3]
            continue
        name, _, value, number = SAMPLE.fullmatch(line).groups()
        assert name == now and (name, value) not in found, line
        found[name, value] = int(number)
    return found


def metrics(site):
    answer = Browser(site).request("GET", "/metrics", headers={"Host": "127.0.0.1:8080"})
    check_strict(answer)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert b"@" not in answer.body and b"Morel" not in answer.body
    return read(answer.body.decode())


def check_by_others(text):
    """By Prometheus itself, where it is installed."""
    promtool = shutil.which("promtool")
    if promtool is None:
        print("health: promtool (Debian's prometheus) is not installed: /metrics is read by us alone")
        return
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, timeout=60)
    assert done.returncode == 0 and not done.stderr, done


def check_names(site, found):
    for name, states in STATES.items():
        assert {value for key, value in found if key == name} == states, name
    singles = {name for name, value in found if value is None}
    assert singles == SINGLE, singles ^ SINGLE
    version = subprocess.run([site.preau, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
    assert found["preau_build_info", version] == 1


def by_hand(site):
    """What /metrics must say, counted in the book itself."""
    want = {}
    for name, table in (("preau_posts", "post"), ("preau_inbox_messages", "inbox"), ("preau_outbox_messages", "outbox")):
        counted = dict(site.rows(f"SELECT state, count(*) FROM {table} GROUP BY state"))
        want.update({(name, state): counted.get(state, 0) for state in STATES[name]})
    want.update({("preau_events_total", name): value for name, value in site.rows("SELECT name, value FROM counter")})
    for name, number in (("set_aside_messages", want["preau_inbox_messages", "aside"] + want["preau_outbox_messages", "aside"]),
                         ("people_registered", site.one("SELECT count(*) FROM person WHERE state = 'active'")),
                         ("journal_last_number", site.one("SELECT max(id) FROM journal")),
                         ("book_size_bytes", (site.data / "preau.db").stat().st_size),
                         ("book_wal_size_bytes", (site.data / "preau.db-wal").stat().st_size)):
        want["preau_" + name, None] = number
    return want


def settled(site):
    """The metrics of a moment in which nothing happened: each number is the book's."""
    def look():
        before, found = by_hand(site), metrics(site)
        return (found, before) if by_hand(site) == before else None

    found, want = wait_for(look)
    assert {key: found.get(key) for key in want} == want, (found, want)
    return found


def write(site, who, subject):
    mail.send(site.ports["smtp"], who, [f"voirie@{DOMAIN}"], mail.write(f"Anne Morel <{who}>", f"voirie@{DOMAIN}", subject, "Texte.\n"))
    site.wait_inbox()


def following(site):
    """What is done moves the numbers that are about it."""
    before = settled(site)
    check_names(site, before)
    write(site, "anne@ville.example", "Vu de tous")
    write(site, "eve@ailleurs.example", "Attend")
    wait_for(lambda: site.one("SELECT count(*) FROM outbox WHERE state = 'due'") == 0)
    after = settled(site)
    check_by_others(Browser(site).request("GET", "/metrics", headers={"Host": "127.0.0.1:8080"}).body)
    assert after["preau_posts", "published"] == before["preau_posts", "published"] + 1
    assert after["preau_posts", "held"] == before["preau_posts", "held"] + 1
    assert after["preau_inbox_messages", "done"] == before["preau_inbox_messages", "done"] + 2
    assert after["preau_outbox_messages", "sent"] > before["preau_outbox_messages", "sent"]
    assert after["preau_people_registered", None] == before["preau_people_registered", None]
    assert after["preau_outbox_oldest_due_age_seconds", None] == 0
    site.act("post.hide", post=site.one("SELECT id FROM post WHERE state = 'published'"), why="essai")
    site.act("post.refuse", post=site.one("SELECT id FROM post WHERE state = 'held'"), why="essai")
    last = settled(site)
    assert (last["preau_posts", "hidden"], last["preau_posts", "refused"]) == (1, 1)
    assert last["preau_journal_last_number", None] > after["preau_journal_last_number", None]


def strangers(site):
    """The page that is not there, to the last octet."""
    browser = Browser(site)
    for headers in ({"X-Forwarded-For": "203.0.113.9"}, {"X-Forwarded-For": "203.0.113.9, 127.0.0.1"}, {"X-Forwarded-For": "127.0.0.1"},
                    {"X-Forwarded-For": ""}, {"Forwarded": "for=203.0.113.9"}, {"X-Real-IP": "203.0.113.9"}, {"Via": "1.1 proxy"}):
        nothing = browser.request("GET", "/nothing", headers=headers)
        for path in ("/metrics", "/metrics?x=1"):
            answer = browser.request("GET", path, headers=headers)
            check_strict(answer)
            assert (answer.status, answer.body.replace(b"%2Fmetrics", b"%2Fnothing").replace(b"/metrics", b"/nothing")) == \
                (404, nothing.body), (path, headers)
        assert browser.request("GET", "/metrics/", headers=headers).status == 404
        assert browser.request("GET", "/metrics", headers={**headers, "Host": "10.0.0.1"}).status == 421
        assert browser.request("GET", "/healthz", headers=headers).status == 200
    assert browser.request("HEAD", "/metrics").status == 200
    assert browser.request("POST", "/metrics").status == 405


def stopped(site):
    """The clerk stands still: said within some seconds, and over as soon as it goes on."""
    answers = []
    clerk = site.pids()["clerk.0"]
    wait_for(lambda: health(site) == (200, b"ok\n"))
    os.kill(clerk, signal.SIGSTOP)
    try:
        wait_for(lambda: health(site) == NO_ANSWER)
        threads = [threading.Thread(target=lambda: answers.append(health(site))) for _ in range(40)]
        begin = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        # Either worker may have been asked for the first time: then it waits its two seconds.
        assert answers == [NO_ANSWER] * 40 and time.monotonic() - begin < 15, (answers, time.monotonic() - begin)
        for _ in range(80):  # more than a worker may have open at the clerk
            assert health(site) == NO_ANSWER
        assert Browser(site).get("/f/voirie").status == 200  # reading goes on
        assert metrics(site)
    finally:
        os.kill(clerk, signal.SIGCONT)
    for _ in range(20):  # both workers
        wait_for(lambda: health(site) == (200, b"ok\n"))
    assert site.pids()["clerk.0"] == clerk


def killed(site):
    clerk = site.pids()["clerk.0"]
    os.kill(clerk, signal.SIGKILL)
    wait_for(lambda: site.pids().get("clerk.0", clerk) != clerk)
    wait_for(lambda: health(site) == (200, b"ok\n"))
    assert not any("refused=temporary" in line for line in site.log_text().splitlines())


def spoilt(site):
    """What lies in the book is overwritten under a running server; the next commit makes the readers look."""
    site.stop()
    book = sqlite3.connect(site.data / "preau.db")
    book.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # else all of it may stand in the WAL
    book.close()
    site.start()
    wait_for(lambda: health(site) == (200, b"ok\n"))
    with open(site.data / "preau.db", "r+b") as octets:
        octets.write(bytes(os.fstat(octets.fileno()).st_size))
    with contextlib.suppress(Refused):
        site.act("forum.create", slug="autre", name="Autre")
    for _ in range(10):  # both workers
        wait_for(lambda: health(site) == (503, b"book: it cannot be read\n"))
    assert Browser(site).request("GET", "/metrics").status >= 500


def waiting(site):
    """A mail that cannot leave grows old; one that was set aside is counted."""
    write(site, "anne@ville.example", "Ne part pas")
    wait_for(lambda: metrics(site)["preau_outbox_oldest_due_age_seconds", None] >= 1)
    assert metrics(site)["preau_outbox_messages", "due"] > 0


def run(stage):
    with stage.site() as site:
        site.act("forum.create", slug="voirie", name="Voirie")
        for name in ("anne", "paul"):
            site.subscribe("voirie", site.person(name.title(), f"{name}@ville.example"))
        wait_for(lambda: health(site) == (200, b"ok\n"))
        assert Browser(site).request("HEAD", "/healthz").body == b""
        following(site)
        strangers(site)
        stopped(site)
        killed(site)
    with stage.site(http_proxy="127.0.0.1") as site:
        assert health(site) == (200, b"ok\n")
        strangers(site)
    with stage.site(relay="smtp://127.0.0.1:1") as site:  # nobody listens there
        site.act("forum.create", slug="voirie", name="Voirie")
        site.subscribe("voirie", site.person("Anne", "anne@ville.example"))
        waiting(site)
        spoilt(site)
