# SPDX-License-Identifier: AGPL-3.0-or-later
"""The world outside: an SMTP server of its own process that takes copies and misbehaves.

    python3 -m tests.fault.sink --journal FILE --seed N --share 0.10

It says its port on the first line of its output and ends with its input. What it does is in
its journal, one JSON object a line: "took" (a copy: envelope, Message-ID, nonce, whether its
sender was told so) and "trouble" (what it did instead of its duty).
"""
import argparse
import asyncio
import json
import os
import random
import re
import sys
import time

MESSAGE_ID = re.compile(rb"^message-id:\s*<([^>\r\n]+)>", re.I | re.M)
NONCE = re.compile(rb"nonce-([0-9a-f]{32})")
HEADERS = [rb"From: ", rb"Date: ", rb"Message-ID: ", rb"List-Id: ", rb"List-Unsubscribe: ", rb"Reply-To: "]

# verb, what is done, weight. "421": said, then the line is cut. "cut-after", "silence-after":
# the copy is taken, but its sender never hears so. A 5xx is for good.
TROUBLES = [
    ("mail", "451 4.3.0 later", 10),
    ("mail", "421 4.3.2 closing", 5),
    ("mail", "cut", 5),
    ("rcpt", "450 4.2.1 busy", 15),
    ("rcpt", "550 5.1.1 nobody of that name", 2),
    ("data", "451 4.3.5 not now", 10),
    ("data", "cut", 5),
    ("dot", "451 4.3.0 later", 15),
    ("dot", "452 4.3.1 full", 5),
    ("dot", "421 4.3.2 closing", 5),
    ("dot", "554 5.6.0 not this one", 2),
    ("dot", "cut", 8),
    ("dot", "cut-after", 8),
    ("dot", "slow", 8),
    ("dot", "silence", 1),
    ("dot", "silence-after", 1),
]
GREETINGS = [("421 4.3.2 too busy", 4), ("cut", 4), ("slow", 2)]
ASKED, LATER = b"please-451", "451 4.3.0 later, as asked"   # of a text, the first time it comes by that sender
TROUBLES_MOST = 3   # at one delivery, so that the end comes in sight
SILENCES_MOST = 24  # each holds a connection until the other side loses patience


class Session(asyncio.Protocol):
    def __init__(self, sink):
        self.sink = sink
        self.buffer, self.out = bytearray(), []
        self.in_data, self.deaf, self.slow = False, False, False
        self.sender, self.recipients, self.trouble = None, [], None

    # ---- the line ----

    def connection_made(self, transport):
        self.transport = transport
        self.sink.open_now += 1
        self.sink.open_most = max(self.sink.open_most, self.sink.open_now)
        how = self.sink.draw_greeting()
        if how == "cut":
            self.cut()
        elif how and how[:3] == "421":
            self.say(how)
            self.flush()
            self.deaf = True
            transport.close()
        elif how == "slow":
            self.slow = True
            self.sink.loop.call_later(self.sink.dice.uniform(0.05, 0.5), self.greet)
        else:
            self.greet()

    def greet(self):
        self.slow = False
        self.say("220 sink.ville.example ESMTP")
        self.flush()

    def connection_lost(self, why):
        self.sink.open_now -= 1

    def data_received(self, data):
        if self.deaf:
            return
        self.buffer += data
        self.work()

    def work(self):
        while not self.deaf and not self.slow and (self.take_data() if self.in_data else self.take_line()):
            pass
        self.flush()

    def say(self, text):
        self.out.append(text.encode() + b"\r\n")

    def flush(self):
        if self.out and not self.transport.is_closing():
            self.transport.write(b"".join(self.out))
        self.out.clear()

    def cut(self):
        """What was said before is heard, or not: nobody knows."""
        self.flush()
        self.deaf = True
        if self.sink.dice.random() < 0.5:
            self.transport.abort()
        else:
            self.transport.close()

    # ---- the dialogue ----

    def take_line(self):
        end = self.buffer.find(b"\r\n")
        if end < 0:
            return False
        line = bytes(self.buffer[:end])
        del self.buffer[:end + 2]
        verb = line[:4].upper()
        if verb == b"MAIL":
            self.sender, self.recipients = self.path(line), []
            self.trouble = self.sink.draw(self.sender)
            if not self.misbehave("mail"):
                self.say("250 2.1.0 ok")
        elif verb == b"RCPT":
            self.take_rcpt(self.path(line))
        elif verb == b"DATA":
            if not self.recipients:
                self.say("503 5.5.1 RCPT first")
            elif not self.misbehave("data"):
                self.say("354 go on")
                self.in_data = True
        elif verb == b"EHLO":
            self.say("250-sink.ville.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
                     "250-SIZE 20000000\r\n250 ENHANCEDSTATUSCODES")
        elif verb == b"RSET":
            self.sender, self.recipients = None, []
            self.say("250 2.0.0 ok")
        elif verb == b"QUIT":
            self.say("221 2.0.0 bye")
            self.flush()
            self.deaf = True
            self.transport.close()
        else:
            self.say("500 5.5.2 what?")
        return True

    @staticmethod
    def path(line):
        return line[line.index(b"<") + 1:line.index(b">")].decode()

    def take_rcpt(self, to):
        if self.sender is None:
            self.say("503 5.5.1 MAIL first")
        elif not self.misbehave("rcpt", to):
            self.recipients.append(to)
            self.say("250 2.1.5 ok")

    def take_data(self):
        if self.buffer.startswith(b".\r\n"):
            octets, skip = b"", 3
        else:
            end = self.buffer.find(b"\r\n.\r\n")
            if end < 0:
                return False
            octets, skip = bytes(self.buffer[:end + 2]), end + 5
        del self.buffer[:skip]
        self.in_data = False
        if ASKED in octets and self.sink.is_first(self.sender):
            self.sink.note(e="trouble", verb="dot", how=LATER, sender=self.sender, to=",".join(self.recipients))
            self.say(LATER)
        elif not self.misbehave("dot", octets=octets):
            self.keep(octets, True)
            self.say("250 2.0.0 kept")
        self.sender, self.recipients = None, []
        return True

    def keep(self, octets, told):
        self.sink.keep(self.sender, self.recipients, octets, told)

    def misbehave(self, verb, to=None, octets=b""):
        """True: the duty was not done."""
        if self.trouble is None or self.trouble[0] != verb:
            return False
        how, self.trouble = self.trouble[1], None
        self.sink.note(e="trouble", verb=verb, how=how, sender=self.sender,
                       to=to or ",".join(self.recipients))
        if how == "slow":
            self.keep(octets, True)
            self.slow = True
            self.sink.loop.call_later(self.sink.dice.uniform(0.05, 0.8), self.late)
        elif how.startswith("silence"):
            if how == "silence-after":
                self.keep(octets, False)
            self.flush()
            self.deaf = True
        elif how.startswith("cut"):
            if how == "cut-after":
                self.keep(octets, False)
            self.cut()
        else:
            self.say(how)
            if verb == "mail":
                self.sender = None
            if how[:3] == "421":
                self.flush()
                self.deaf = True
                self.transport.close()
        return True

    def late(self):
        self.slow = False
        self.say("250 2.0.0 kept, at last")
        self.work()


class Sink:
    def __init__(self, options):
        self.dice = random.Random(options.seed)
        self.share = options.share
        self.journal = open(options.journal, "w", encoding="utf-8", buffering=1 << 16)
        self.troubled, self.silences, self.asked = {}, 0, set()
        self.open_now = self.open_most = 0
        self.verbs = [row[:2] for row in TROUBLES]
        self.weights = [row[2] for row in TROUBLES]

    def draw(self, sender):
        """What goes wrong with this transaction, or None. A delivery is known by its sender:
        every copy has an envelope sender of its own."""
        if self.dice.random() >= self.share or self.troubled.get(sender, 0) >= TROUBLES_MOST:
            return None
        what = self.dice.choices(self.verbs, self.weights)[0]
        if what[1].startswith("silence"):
            self.silences += 1
            if self.silences > SILENCES_MOST:
                return None
        self.troubled[sender] = self.troubled.get(sender, 0) + 1
        return what

    def is_first(self, sender):
        new = sender not in self.asked
        self.asked.add(sender)
        return new

    def draw_greeting(self):
        if self.dice.random() >= self.share:
            return None
        how = self.dice.choices([row[0] for row in GREETINGS], [row[1] for row in GREETINGS])[0]
        self.note(e="trouble", verb="connect", how=how, sender="", to="")
        return how

    def note(self, **what):
        what["t"] = time.time()
        self.journal.write(json.dumps(what) + "\n")

    def keep(self, sender, recipients, octets, told):
        head = octets[:octets.find(b"\r\n\r\n") + 2]
        found, nonce = MESSAGE_ID.search(head), NONCE.search(octets, len(head))
        missing = [name.decode().strip(": ") for name in HEADERS if b"\r\n" + name not in b"\r\n" + head]
        if b"\n" in octets.replace(b"\r\n", b""):
            missing.append("a line end is not CR LF")
        for to in recipients:
            self.note(e="took", sender=sender, to=to, id=found.group(1).decode() if found else "",
                      nonce=nonce.group(1).decode() if nonce else "", told=told,
                      **({"missing": missing} if missing else {}))

    async def tick(self):
        while True:
            await asyncio.sleep(0.2)
            self.journal.flush()

    async def serve(self):
        self.loop = asyncio.get_running_loop()
        server = await self.loop.create_server(lambda: Session(self), "127.0.0.1", 0, backlog=128)
        print(server.sockets[0].getsockname()[1], flush=True)
        ticking = asyncio.ensure_future(self.tick())
        await self.loop.run_in_executor(None, sys.stdin.buffer.read)
        ticking.cancel()
        self.note(e="end", open_most=self.open_most)
        self.journal.flush()
        os.fsync(self.journal.fileno())
        server.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--journal", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=0.10)
    asyncio.run(Sink(parser.parse_args()).serve())
    os._exit(0)  # whoever is silent yet need not be waited for


if __name__ == "__main__":
    main()
