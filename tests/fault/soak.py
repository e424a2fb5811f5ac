# SPDX-License-Identifier: AGPL-3.0-or-later
"""The long story: a town in use for half an hour, while five hundred clients dawdle.

Readers ask for 200 pages a second, signed in and not, by the clock and not one after the other:
a page that comes late was late, whoever else waited. 20 mails a second come in, each goes to ten
subscribers; once a minute somebody writes to two thousand. Beside them 500 clients send a head
or a form an octet at a time, never read their answer, or talk to the mail door likewise, and
come back once they are cut. Nothing is killed.

Afterwards: no page was a 4xx or 5xx, or went unanswered; each mail that was accepted is one post; each
copy arrived, none twice; what the processes hold (memory, descriptors) and the write-ahead log
are no larger in the last quarter than in the one after the start. The times of the pages are
told, and prove nothing by themselves.

usage: python3 -m tests.fault.soak --preau build/preau --share build/share [--seconds 1800] [--seed 1] [--ledger]
"""
import argparse
import asyncio
import collections
import contextlib
import json
import pathlib
import random
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import threading
import time

from tests.fault import campaign
from tests.fault.crowd import READERS, WORDS, Readers, Slow
from tests.flow import mail
from tests.flow.site import DOMAIN, Site, wait_for
from tests.flow.web import Browser

PAGES, MAILS = 200, 20          # a second
SLOW = 500                      # clients that dawdle
SMALL, LARGE = 10, 2000         # subscribers
LARGE_EVERY = 60                # seconds
LOOK_EVERY = 5
AUTHORS = 50


# ---- the town ----

def settle(site):
    """Straight into the book while nobody runs: two thousand acts would be the longer half of the story."""
    site.act("forum.create", slug="place", name="La place")
    site.act("forum.create", slug="lettre", name="La lettre")
    site.stop()
    with contextlib.closing(sqlite3.connect(site.data / "preau.db")) as book, book:
        for at in range(LARGE + AUTHORS):
            address, subscribed = f"p{at}@habitants.example", "lettre" if at < LARGE else ""
            book.execute("INSERT INTO person (id, state, name_shown, created) VALUES (?, 'active', ?, 1)", (1000 + at, f"Personne {at}"))
            book.execute("INSERT INTO address (person, address, folded, verified, preferred, created) VALUES (?, ?, ?, 1, 1, 1)",
                         (1000 + at, address, address))
            for slug in ([subscribed] if subscribed else []) + (["place"] if at < SMALL else []):
                book.execute("INSERT INTO subscription (forum, person, mode, since) SELECT id, ?, 'each', 1 FROM forum WHERE slug = ?",
                             (1000 + at, slug))
    site.start()


def author(at):
    at = LARGE + at % AUTHORS
    return f"p{at}@habitants.example", f"Personne {at}"


# ---- those who write ----

class Writers(threading.Thread):
    """Mails, one connection after the other; every reply in a discussion of this minute or one before."""

    def __init__(self, site, seed, end):
        super().__init__(daemon=True)
        self.site, self.dice, self.end = site, random.Random(seed), end
        self.accepted, self.refused, self.letters, self.ids = [], [], 0, collections.deque(maxlen=200)

    def letter(self, at, slug):
        address, name = author(self.dice.randrange(AUTHORS))
        message_id = f"<soak-{at}@client.ville.example>"
        answers = self.dice.choice(self.ids) if self.ids and self.dice.random() < 0.9 else None
        more = {"In_Reply_To": answers, "References": answers} if answers else {}
        words = " ".join(self.dice.choice(WORDS) for _ in range(self.dice.randrange(20, 200)))
        octets = mail.write(f"{name} <{address}>", f"{slug}@{DOMAIN}", f"{'Re: ' if answers else ''}Sujet {at}", words,
                            Message_ID=message_id, **more)
        if slug == "place":
            self.ids.append(message_id)
        return address, octets, message_id

    def send(self, at, slug):
        address, octets, message_id = self.letter(at, slug)
        try:
            mail.send(self.site.ports["smtp"], address, [f"{slug}@{DOMAIN}"], octets)
            self.accepted.append(message_id.strip("<>"))
        except Exception as trouble:  # whatever it is, it is told
            self.refused.append(f"{message_id}: {trouble!r}")

    def run(self):
        at, begun = 0, time.monotonic()
        while time.monotonic() < self.end:
            time.sleep(max(0, begun + at / MAILS - time.monotonic()))
            self.send(at, "lettre" if at % (MAILS * LARGE_EVERY) == MAILS * 5 else "place")
            at += 1


# ---- looking ----

class Looker(threading.Thread):
    """What the processes hold and how long the log of the book is, every few seconds."""

    def __init__(self, site, end):
        super().__init__(daemon=True)
        self.site, self.end, self.rows, self.troubles = site, end, [], []

    def look(self):
        row = {"t": time.monotonic(), "wal": (self.site.data / "preau.db-wal").stat().st_size / 1048576}
        for name, pid in self.site.pids().items():
            role, status = name.partition(".")[0], pathlib.Path(f"/proc/{pid}/status").read_text()
            row[f"rss {name}"] = int(re.search(r"^RssAnon:\s+(\d+)", status, re.M).group(1)) / 1024
            # Of a role together: which worker a client meets is chance.
            row[f"fds {role}"] = row.get(f"fds {role}", 0) + len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))
        self.rows.append(row)

    def run(self):
        while time.monotonic() < self.end:
            try:
                self.look()
            except OSError as trouble:
                self.troubles.append(f"a process went: {trouble}")
            time.sleep(LOOK_EVERY)

    def quarters(self, name):
        begun, length = self.rows[0]["t"], self.rows[-1]["t"] - self.rows[0]["t"]
        part = lambda n: [row[name] for row in self.rows if name in row and n <= (row["t"] - begun) / length * 4 <= n + 1]  # noqa: E731
        return part(1), part(3)

    def growth(self, kind, slack, share):
        """Those whose middle in the last quarter is more than `share` and `slack` above the second one's."""
        out = []
        for name in sorted({name for row in self.rows for name in row if name.startswith(kind)}):
            second, last = self.quarters(name)
            if not second or not last:
                out.append(f"{name}: not there all the time")
            elif statistics.median(last) > statistics.median(second) * (1 + share) + slack:
                out.append(f"{name}: {statistics.median(second):.1f} in the second quarter, {statistics.median(last):.1f} in the last")
        return out

    def tell(self, kind):
        names = sorted({name for row in self.rows for name in row if name.startswith(kind)})
        return ", ".join(f"{name} {statistics.median(self.quarters(name)[0]):.1f} → {statistics.median(self.quarters(name)[1]):.1f}"
                         for name in names if all(self.quarters(name)))


# ---- the story ----

def copies_of(journal):
    """{(envelope sender, recipient): how often it arrived} and {message id: recipients}."""
    arrived, by_mail = collections.Counter(), collections.defaultdict(set)
    for line in journal.read_text().splitlines():
        row = json.loads(line)
        if row["e"] == "took":
            arrived[(row["sender"], row["to"])] += 1
            by_mail[row["id"].strip("<>")].add(row["to"])
    return arrived, by_mail


def judge(site, readers, writers, looker, journal, seconds):
    posts = collections.Counter(row[0] for row in site.rows("SELECT message_id FROM post"))
    missing = [name for name in writers.accepted if posts[name] != 1]
    held = site.one("SELECT count(*) FROM post WHERE state <> 'published'")
    wanted = {(row[0], row[1]) for row in site.rows(
        "SELECT p.message_id, a.address FROM post AS p JOIN subscription AS s ON s.forum = p.forum JOIN address AS a ON a.person = s.person"
        " WHERE p.state = 'published' AND s.mode = 'each'")}
    arrived, by_mail = copies_of(journal)
    got = {(name, to) for name, recipients in by_mail.items() for to in recipients}
    left = site.one("SELECT count(*) FROM outbox WHERE state NOT IN ('sent', 'cancelled')")
    return [
        (f"no page was refused or failed ({sum(readers.statuses.values())} pages: {dict(readers.statuses)})", readers.troubles),
        ("the pages were asked for as often as was meant",
         [] if sum(readers.statuses.values()) >= 0.98 * PAGES * seconds else [f"{sum(readers.statuses.values())} of {PAGES * seconds}"]),
        (f"every mail was accepted ({len(writers.accepted)})", writers.refused),
        ("every accepted mail is one post", missing),
        ("nothing is held that everybody may write", [f"{held} posts"] if held else []),
        (f"every copy arrived ({len(wanted)})", sorted(f"{one}" for one in wanted - got)),
        ("no copy came that nobody was owed", sorted(f"{one}" for one in got - wanted)),
        ("no copy came twice", [f"{who}: {count}" for who, count in arrived.items() if count > 1]),
        ("nothing is left in the outbox", [f"{left} rows"] if left else []),
        ("no process died", looker.troubles + re.findall(r".* down=.* (?:signal=|exit=[^0]).*", site.log_text())),
        ("memory of each process stays", looker.growth("rss", 6, 0.15)),
        ("descriptors of each role stay", looker.growth("fds", 8, 0.15)),
        ("the write-ahead log stays", looker.growth("wal", 16, 0.5)),
    ]


async def crowd(site, readers, slow, end):
    """The slow come first, over five seconds; those who read begin when they are there."""
    loop = asyncio.get_running_loop()
    dawdling = [loop.create_task(slow.live(at, end)) for at in range(SLOW)]
    reading = [loop.create_task(readers.lane(at, end)) for at in range(READERS)]

    def see():
        links = Browser(site).get("/f/place").reader.links
        readers.threads = [link for link in links if re.fullmatch(r"/t/\d+-[^?#/]*", link)] or readers.threads
        readers.posts = [row[0] for row in site.rows("SELECT id FROM post ORDER BY id DESC LIMIT 200")]

    async def refresh():
        while loop.time() < end:
            await loop.run_in_executor(None, see)
            await asyncio.sleep(5)

    fresh = loop.create_task(refresh())
    await asyncio.gather(*reading)
    await asyncio.gather(fresh, *dawdling)


def tell(readers, slow, looker):
    at = readers.percentile
    print(f"pages: median {at(0.5):.1f} ms, p95 {at(0.95):.1f} ms, p99 {at(0.99):.1f} ms, longest {at(1):.0f} ms")
    print(f"slow clients: {slow.most} at once; cut {dict(slow.cuts)}; longest lives, s {dict(slow.longest)}")
    for kind in ("rss", "fds", "wal"):
        print(f"{kind}, second → last quarter: {looker.tell(kind)}", flush=True)


def figures_of(readers, slow, writers):
    return {"pages": sum(readers.statuses.values()), "mails": len(writers.accepted), "slow_at_once": slow.most,
            "slow_cut": sum(slow.cuts.values()), "median_ms": f"{readers.percentile(0.5):.1f}", "p99_ms": f"{readers.percentile(0.99):.1f}"}


def run(options):
    site = Site(options.preau, options.share, relay="smtp://127.0.0.1:9", limit_posts=0, limit_mails=0, relay_retry=2)
    sink_journal = site.folder / "sink"
    sink = subprocess.Popen([sys.executable, "-m", "tests.fault.sink", "--journal", sink_journal, "--share", "0"],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    site.settings["relay.to"] = f"smtp://127.0.0.1:{sink.stdout.readline().strip()}"
    try:
        site.start()
        settle(site)
        site.act("post.add", "--as", 1000 + LARGE, forum="place", subject="Bonjour", source="Bonjour à tous.")
        cookies = []
        for at in range(4):
            browser = Browser(site).sign_in(site, 1000 + LARGE + at)
            cookies.append("; ".join(f"{name}={value}" for name, value in browser.cookies.items()))
        end = time.monotonic() + options.seconds
        readers, slow = Readers(site, options.seed, cookies, PAGES), Slow(site)
        writers, looker = Writers(site, options.seed, end), Looker(site, end)
        writers.start()
        looker.start()
        asyncio.run(crowd(site, readers, slow, end))
        writers.join()
        looker.join()
        with contextlib.suppress(AssertionError):  # what is left is told by the judge
            wait_for(lambda: site.is_quiet() and not site.one("SELECT count(*) FROM outbox WHERE state = 'due'"), 120, 0.5)
        site.stop()
        sink.stdin.close()
        sink.wait(30)
        checks = judge(site, readers, writers, looker, sink_journal, options.seconds)
        campaign.say_checks(checks)
        tell(readers, slow, looker)
        if options.ledger:
            campaign.write_ledger("soak", options.seed, figures_of(readers, slow, writers), options.seconds,
                                  sum(bool(findings) for _, findings in checks))
    finally:
        with contextlib.suppress(AssertionError):
            site.stop()
        if sink.poll() is None:
            sink.kill()
    if not any(findings for _, findings in checks):
        shutil.rmtree(site.folder, ignore_errors=True)
    else:
        print(f"left in {site.folder}")
    return checks


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    campaign.add_options(parser)
    parser.add_argument("--seconds", type=int, default=1800)
    checks = run(parser.parse_args())
    failed = sum(bool(findings) for _, findings in checks)
    return campaign.end([(len(checks) - failed, failed)])


if __name__ == "__main__":
    sys.exit(main())
