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

usage: python3 -m tests.fault.soak --preau build/preau --share build/share [--seconds 1800] [--seed 1]
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
import socket
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse

from tests.fault.campaign import say_checks
from tests.flow import mail
from tests.flow.site import DOMAIN, Site, wait_for
from tests.flow.web import Browser

PAGES, MAILS = 200, 20          # a second
SLOW = 500                      # clients that dawdle
SMALL, LARGE = 10, 2000         # subscribers
LARGE_EVERY = 60                # seconds
LOOK_EVERY = 5
READERS = 40                    # connections of those who read
AUTHORS = 50
WORDS = "le banc du parc est cassé depuis jeudi et personne ne le répare merci à tous pour la fête des voisins".split()


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


# ---- those who read ----

class Readers:
    def __init__(self, site, seed, cookies):
        self.site, self.dice, self.cookies = site, random.Random(seed), cookies
        self.times, self.statuses, self.troubles = [], collections.Counter(), []
        self.threads, self.posts = ["/t/1"], [1]

    def path(self):
        thread = self.dice.choice(self.threads)
        number = re.match(r"/t/(\d+)", thread).group(1)
        return self.dice.choices(
            ["/", "/f/place", thread, f"/t/{number}/feed", "/f/place/feed", "/search?q=" + urllib.parse.quote(self.dice.choice(WORDS[:8])), "/register",
             "/login", "/f/lettre", "/account", f"/p/{self.dice.choice(self.posts)}/reply"],
            [10, 20, 40, 3, 3, 4, 4, 4, 6, 4, 2])[0]

    def request(self):
        path = self.path()
        signed = path in ("/account",) or path.endswith("/reply") or self.dice.random() < 0.2
        cookie = f"Cookie: {self.dice.choice(self.cookies)}\r\n" if signed else ""
        return path, f"GET {path} HTTP/1.1\r\nHost: {DOMAIN}\r\nAccept-Language: fr\r\n{cookie}\r\n".encode()

    async def one(self, stream, due):
        path, octets = self.request()
        reader, writer = stream
        writer.write(octets)
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)).decode("latin-1")
        length = re.search(r"(?i)^content-length: (\d+)", head, re.M)
        if length:
            await asyncio.wait_for(reader.readexactly(int(length.group(1))), 60)
        elif "chunked" in head.lower():
            while await reader.readuntil(b"\r\n") != b"0\r\n":
                pass
            await reader.readuntil(b"\r\n")
        self.times.append((due, asyncio.get_running_loop().time() - due))
        self.statuses[head.split()[1]] += 1
        if head.split()[1][0] in "45":
            self.troubles.append(f"{path}: {head.split()[1]}")
        return "connection: close" not in head.lower()

    async def lane(self, at, end):
        """Each request has its time on the clock, whether the one before was answered or not."""
        loop, stream = asyncio.get_running_loop(), None
        due = loop.time() + at / PAGES
        while due < end:
            await asyncio.sleep(max(0, due - loop.time()))
            try:
                if stream is None:
                    stream = await asyncio.open_connection(*self.site.ports["http"], local_addr=(f"127.0.2.{at + 1}", 0), limit=1 << 20)
                if not await self.one(stream, due):
                    stream[1].close()
                    stream = None
            except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError) as trouble:
                # A connection that was left alone too long may be closed by the other side: once is none.
                if stream is None or loop.time() - due > 1:
                    self.troubles.append(f"no answer: {trouble!r}")
                stream = None
            due += READERS / PAGES
        if stream:
            stream[1].close()


# ---- those who dawdle ----

class Slow:
    KINDS = ("head", "head", "head", "body", "body", "deaf", "deaf", "mail", "half-open", "half-open")

    def __init__(self, site):
        self.site, self.cuts, self.longest, self.open, self.most = site, collections.Counter(), collections.Counter(), 0, 0

    async def live(self, at, end):
        loop, kind = asyncio.get_running_loop(), self.KINDS[at % len(self.KINDS)]
        while loop.time() < end:
            begun = loop.time()
            try:
                await self.once(kind, at, end)
            except OSError:
                pass
            self.cuts[kind] += 1
            self.longest[kind] = max(self.longest[kind], round(loop.time() - begun))
            await asyncio.sleep(1)

    async def once(self, kind, at, end):
        port = self.site.ports["smtp" if kind == "mail" else "http"]
        sock = socket.socket()
        if kind == "deaf":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        sock.setblocking(False)
        sock.bind((f"127.0.1.{at % 250 + 1}", 0))
        loop = asyncio.get_running_loop()
        try:
            await loop.sock_connect(sock, tuple(port))
            self.open += 1
            self.most = max(self.most, self.open)
            try:
                await self.talk(loop, sock, kind, end)
            finally:
                self.open -= 1
        finally:
            sock.close()

    async def talk(self, loop, sock, kind, end):
        head = f"GET /t/1 HTTP/1.1\r\nHost: {DOMAIN}\r\nX-Slow: {'a' * 4000}"
        text = {"head": head, "mail": "EHLO " + "a" * 400 + "\r\n", "half-open": "",
                "body": f"POST /login HTTP/1.1\r\nHost: {DOMAIN}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 4000\r\n\r\n",
                "deaf": f"GET /f/place/mbox HTTP/1.1\r\nHost: {DOMAIN}\r\n\r\n"}[kind]
        if kind in ("body", "deaf"):
            await loop.sock_sendall(sock, text.encode())
            text = "a" * 4000 if kind == "body" else ""
        while loop.time() < end:
            if text:
                await loop.sock_sendall(sock, text[:1].encode())
                text = text[1:]
            if kind == "deaf":  # looks whether it is cut, and reads nothing
                try:
                    sock.send(b"")
                    if sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                        return
                    if "CLOSE" in _state(sock):
                        return
                except OSError:
                    return
            else:
                try:
                    if not sock.recv(4096) and kind != "mail":
                        return
                except BlockingIOError:
                    pass
            await asyncio.sleep(1)


def _state(sock):
    """CLOSE_WAIT (8) or CLOSE (7) once the other side is gone: TCP_INFO begins with the state."""
    return "CLOSE" if sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] in (7, 8) else "OPEN"


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
    times = sorted(took for _, took in readers.times)
    at = lambda share: times[min(len(times) - 1, int(len(times) * share))] * 1000  # noqa: E731
    print(f"pages: median {at(0.5):.1f} ms, p95 {at(0.95):.1f} ms, p99 {at(0.99):.1f} ms, longest {times[-1] * 1000:.0f} ms")
    print(f"slow clients: {slow.most} at once; cut {dict(slow.cuts)}; longest lives, s {dict(slow.longest)}")
    for kind in ("rss", "fds", "wal"):
        print(f"{kind}, second → last quarter: {looker.tell(kind)}", flush=True)


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
        readers, slow = Readers(site, options.seed, cookies), Slow(site)
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
        say_checks(checks)
        tell(readers, slow, looker)
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
    parser.add_argument("--preau", required=True)
    parser.add_argument("--share", required=True)
    parser.add_argument("--seconds", type=int, default=1800)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    checks = run(options)
    failed = sum(bool(findings) for _, findings in checks)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
