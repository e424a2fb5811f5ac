# SPDX-License-Identifier: AGPL-3.0-or-later
"""A crowd at the doors: some read by the clock, some dawdle, and each is told apart by an address of its own.

Both are coroutines of one process; what they met is counted, and judged by who sent them (soak.py,
slow.py, scarce.py).
"""
import asyncio
import collections
import random
import re
import socket
import urllib.parse

from tests.flow.site import DOMAIN

READERS = 40                    # connections of those who read
WORDS = "le banc du parc est cassé depuis jeudi et personne ne le répare merci à tous pour la fête des voisins".split()


# ---- those who read ----

class Readers:
    """`pages` a second over READERS connections, by the clock and not one after the other."""

    def __init__(self, site, seed, cookies, pages):
        self.site, self.dice, self.cookies, self.pages = site, random.Random(seed), cookies, pages
        self.times, self.statuses, self.troubles = [], collections.Counter(), []
        self.threads, self.posts = ["/t/1"], [1]

    def percentile(self, share):
        """Milliseconds."""
        times = sorted(took for _, took in self.times) or [0]
        return times[min(len(times) - 1, int(len(times) * share))] * 1000

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
        due = loop.time() + at / self.pages
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
            due += READERS / self.pages
        if stream:
            stream[1].close()


# ---- those who dawdle ----

KINDS = ("head", "head", "head", "body", "body", "deaf", "deaf", "mail", "half-open", "half-open")
MAIL_KINDS = ("mail", "data", "mail-open", "big-mail")
FORM = 4000                     # octets of a form that comes an octet at a time
BIG = 50_000                    # octets that a door still keeps in memory


class Slow:
    """Clients that come back once they are cut. `kinds` in turn:

    head, body: an octet a second of it; deaf: asks for much and reads nothing; half-open: says nothing;
    mail, data, mail-open: the same at the mail door, with words, within a message, and not at all;
    big-form, big-mail: as much as is kept in memory at once, the rest an octet a second.
    """

    def __init__(self, site, kinds=KINDS, forum="place"):
        self.forum = forum
        self.site, self.kinds, self.cuts, self.longest = site, kinds, collections.Counter(), collections.Counter()
        self.open, self.most, self.refused, self.looked, self.states = 0, 0, 0, -1.0, {}

    async def live(self, at, end):
        loop, kind = asyncio.get_running_loop(), self.kinds[at % len(self.kinds)]
        while loop.time() < end:
            begun = loop.time()
            try:
                await self.once(kind, at, end)
            except OSError:
                self.refused += 1
            self.cuts[kind] += loop.time() < end   # or the story is over
            self.longest[kind] = max(self.longest[kind], round(loop.time() - begun))
            await asyncio.sleep(1)

    async def once(self, kind, at, end):
        port = self.site.ports["smtp" if kind in MAIL_KINDS else "http"]
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
        envelope = f"EHLO slow.example\r\nMAIL FROM:<slow@slow.example>\r\nRCPT TO:<{self.forum}@{DOMAIN}>\r\nDATA\r\n"
        text = {"head": head, "mail": "EHLO " + "a" * 400 + "\r\n", "half-open": "", "mail-open": "",
                "data": envelope, "big-mail": envelope,
                "body": f"POST /login HTTP/1.1\r\nHost: {DOMAIN}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                        f"Content-Length: {FORM}\r\n\r\n",
                "big-form": f"POST /login HTTP/1.1\r\nHost: {DOMAIN}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                            f"Content-Length: {BIG + FORM}\r\n\r\n" + "a" * BIG,
                "deaf": f"GET /f/place/mbox HTTP/1.1\r\nHost: {DOMAIN}\r\n\r\n"}[kind]
        if kind in ("body", "big-form", "deaf"):
            await loop.sock_sendall(sock, text.encode())
            text = "a" * FORM if kind != "deaf" else ""
            await asyncio.sleep(1)
        if kind in ("data", "big-mail"):
            for line in text.splitlines(keepends=True):
                await loop.sock_sendall(sock, line.encode())
                await asyncio.sleep(0.2)
            text = "Subject: lentement\r\n\r\n"
            if kind == "big-mail":
                await loop.sock_sendall(sock, (text + ("a" * 70 + "\r\n") * (BIG // 72)).encode())
            text += "a" * FORM
        while loop.time() < end:
            if text:
                await loop.sock_sendall(sock, text[:1].encode())
                text = text[1:]
            if kind == "deaf":  # looks whether it is cut, and reads nothing
                if not self.lives(sock):
                    return
            else:
                try:
                    if not sock.recv(4096):
                        return
                except BlockingIOError:
                    pass
            await asyncio.sleep(1)

    def lives(self, sock):
        """Whoever does not read does not hear that he was cut: the other side's view of it is looked at."""
        loop = asyncio.get_running_loop()
        if loop.time() - self.looked > 0.9:
            self.looked, self.states = loop.time(), states_at(self.site.ports["http"])
        return self.states.get(sock.getsockname()) == ESTABLISHED


ESTABLISHED = "01"


def states_at(door):
    """{(host, port) of a client: the state of the connection at that door}"""
    found = {}
    for line in open("/proc/net/tcp", encoding="ascii"):
        words = line.split()
        here, there = (word.partition(":") for word in words[1:3])
        if here[2] == f"{door[1]:04X}":
            host = socket.inet_ntoa(bytes.fromhex(there[0])[::-1])   # as the memory of this machine has it
            found[host, int(there[2], 16)] = words[3]
    return found
