# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is said in plain text before a handshake is never done behind it.

At both mail doors, fourteen pieces of dialogue are slipped in behind STARTTLS, in the same packet
and in the next one before the handshake: none is answered, none has a part in what is said behind
it. Towards a mail server that demands TLS, whoever answers more than "220" in plain text, and
whoever offers no TLS, is sent nothing.
"""
import shutil
import socket
import ssl
import threading

from tests.flow.site import DOMAIN, wait_for
from tests.flow.story_smtp_in import TLS

ONCE = True

FORUM = f"voirie@{DOMAIN}"
MAIL = f"From: evil@ville.example\r\nTo: {FORUM}\r\nSubject: injected\r\n\r\nx\r\n.\r\n".encode()
ENVELOPE = f"MAIL FROM:<evil@ville.example>\r\nRCPT TO:<{FORUM}>\r\n".encode()
SLIPPED = [b"NOOP\r\n", b"RSET\r\n", b"QUIT\r\n", b"EHLO evil.example\r\n", b"LHLO evil.example\r\n", b"MAIL FROM:<evil@ville.example>\r\n", ENVELOPE, ENVELOPE + b"DATA\r\n",
           ENVELOPE + b"DATA\r\n" + MAIL, b"EHLO evil.example\r\n" + ENVELOPE + b"DATA\r\n" + MAIL, b"STARTTLS\r\n", b"NOO", b"\r\n", b"x" * 5000 + b"\r\n"]


class Dialogue:
    def __init__(self, address):
        self.wire = socket.create_connection(address, timeout=10)
        self.file = self.wire.makefile("rb")

    def say(self, octets):
        self.wire.sendall(octets)

    def code(self):
        """The code of one answer, all its lines read; None at the end."""
        while True:
            line = self.file.readline()
            if not line:
                return None
            if line[3:4] != b"-":
                return line[:3].decode()

    def shake_hands(self):
        self.wire = ssl.create_default_context(cafile=str(TLS / "ca.pem")).wrap_socket(self.wire, server_hostname="localhost")
        self.file = self.wire.makefile("rb")

    def close(self):
        self.file.close()
        self.wire.close()


def at_the_door(site, door, slipped, later):
    """A whole mail behind the handshake, as if nothing had been slipped in; or no handshake at all."""
    hello = b"LHLO c.example\r\n" if door == "lmtp" else b"EHLO c.example\r\n"
    talk = Dialogue(site.ports[door])
    assert talk.code() == "220"
    talk.say(hello)
    assert talk.code() == "250"
    talk.say(b"STARTTLS\r\n" + (b"" if later else slipped))
    assert talk.code() == "220"
    if later:
        talk.say(slipped)
    try:
        talk.shake_hands()
    except (ssl.SSLError, ConnectionError, socket.timeout):
        # What is no handshake ends it; so does what is longer than one reading of the door.
        assert later or len(slipped) > 4096, (door, slipped, "no handshake")
        talk.close()
        return False
    talk.say(f"RCPT TO:<{FORUM}>\r\n".encode())
    assert talk.code() == "503", (door, slipped)  # who says hello anew has said nothing else
    talk.say(hello)
    assert talk.code() == "250", (door, slipped)
    talk.say(b"NOOP\r\n")
    assert talk.code() == "250", (door, slipped)
    talk.say(b"QUIT\r\n")
    assert talk.code() == "221" and talk.code() is None, (door, slipped)
    talk.close()
    return True


def doors(stage):
    site = stage.site()
    for name in ("localhost.pem", "localhost.key"):
        shutil.copy(TLS / name, site.folder / name)
        (site.folder / name).chmod(0o644)
    site.settings.update({"tls.certificate": str(site.folder / "localhost.pem"), "tls.key": str(site.folder / "localhost.key")})
    with site:
        site.act("forum.create", slug="voirie", name="Voirie", who_writes="everyone")
        pids, count, shaken = site.pids(), 0, 0
        for door in ("smtp", "lmtp"):
            for slipped in SLIPPED:
                for later in (False, True):
                    count += 1
                    shaken += at_the_door(site, door, slipped, later)
        assert shaken >= 2 * (len(SLIPPED) - 1), shaken
        assert site.pids() == pids
        assert site.one("SELECT count(*) FROM inbox") == 0, "something was done that was said before the handshake"
        print(f"  doors: {count} dialogues, {shaken} handshakes")


class Liar:
    """A mail server that greets, offers what it is told to, and answers STARTTLS as it is told to."""

    def __init__(self, offer, answer):
        self.offer, self.answer, self.heard = offer, answer, []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                wire, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(wire,), daemon=True).start()

    def talk(self, wire):
        wire.settimeout(20)
        try:
            wire.sendall(b"220 liar.example\r\n")
            while part := wire.recv(65536):
                self.heard.append(part)
                if part.startswith(b"EHLO"):
                    wire.sendall(self.offer)
                elif part.startswith(b"STARTTLS"):
                    wire.sendall(self.answer)
                else:
                    wire.sendall(b"250 ok\r\n" * part.count(b"\n"))
        except OSError:
            pass
        wire.close()

    def close(self):
        self.server.close()


OFFER = b"250-liar.example\r\n250-PIPELINING\r\n250 STARTTLS\r\n"
ANSWERS = {"more in the same packet": (OFFER, b"220 go\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n"), "a hello in the same packet": (OFFER, b"220 go\r\n250-liar\r\n250 PIPELINING\r\n"),
           "half a line more": (OFFER, b"220 go\r\n2"), "a refusal": (OFFER, b"454 later\r\n"), "yes in the wrong way": (OFFER, b"250 go\r\n"),
           "no TLS offered": (b"250-liar.example\r\n250 PIPELINING\r\n", b"502 what\r\n"), "plain text for a handshake": (OFFER, b"220 go\r\n" + b""),
           "offered in a line too much": (b"250-liar.example\r\n250 PIPELINING\r\n250 STARTTLS\r\n", b"220 go\r\n250 ok\r\n")}


def relay(stage):
    for name, (offer, answer) in ANSWERS.items():
        liar = Liar(offer, answer)
        try:
            with stage.site(relay=f"smtp://127.0.0.1:{liar.port}?tls=require") as site:
                person = site.person("Anne", "anne@ville.example")
                site.act("forum.create", slug="voirie", name="Voirie")
                site.subscribe("voirie", person)
                site.act("post.add", "--as", person, forum="voirie", subject="Sujet", source="Secret.")
                wait_for(lambda: any(part.startswith(b"EHLO") for part in liar.heard))
                wait_for(lambda: site.one("SELECT max(attempts) FROM outbox") >= 1 or len(liar.heard) > 3)
                heard = b"".join(liar.heard)
                assert b"MAIL" not in heard and b"anne@" not in heard and b"Secret" not in heard, (name, heard[:300])
                assert site.one("SELECT count(*) FROM outbox WHERE state = 'sent'") == 0, name
        finally:
            liar.close()
    print(f"  relay: {len(ANSWERS)} answers")


def run(stage):
    doors(stage)
    relay(stage)
