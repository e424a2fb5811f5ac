# SPDX-License-Identifier: AGPL-3.0-or-later
"""Mail servers at our door.

A group of commands in one packet is answered in order. What is no true end of a message ends
none, however it is cut into packets: no second mail comes of it. A mail of a megabyte is kept
octet for octet; a larger one than allowed is refused in session. LMTP answers for each
recipient. Under STARTTLS what was said in plain before is forgotten. Strangers are counted,
and shown out when they err too often; a stopping server lets a message on its way come in.
"""
import hashlib
import pathlib
import shutil
import smtplib
import socket
import ssl
import time

from tests.flow import mail
from tests.flow.site import DOMAIN, wait_for

TLS = pathlib.Path(__file__).resolve().parents[1] / "data" / "tls"
FORUM = f"voirie@{DOMAIN}"
ENVELOPE = (f"MAIL FROM:<anne@ville.example>\r\nRCPT TO:<{FORUM}>\r\nDATA\r\n").encode()


class Wire:
    """A dialogue without a library that would mend what we say."""

    def __init__(self, port):
        self.socket = socket.create_connection(port, timeout=20)
        self.file = self.socket.makefile("rb")

    def say(self, octets):
        self.socket.sendall(octets)

    def hear(self, count=1):
        """The codes of so many replies, and the last line."""
        codes = []
        line = b""
        while len(codes) < count:
            line = self.file.readline(1000)
            if not line:
                return codes + ["end"], line
            assert line.endswith(b"\r\n") and len(line) <= 512, line
            if line[3:4] != b"-":
                codes.append(line[:3].decode())
        return codes, line

    def hello(self, word=b"EHLO", greeting=True):
        self.say(word + b" client.ville.example\r\n")
        codes, _ = self.hear(2 if greeting else 1)
        assert codes == ["220", "250"][not greeting:], codes

    def close(self):
        self.file.close()
        self.socket.close()


def run(stage):
    with stage.site(mail_size="1MiB") as site:
        open_forum(site)
        pipelining(site)
        ends(site)
        sizes(site)
        lmtp(site)
        one_reply(site)
        errors(site)
        stopping(site)
    starttls(stage)
    strangers(stage)


def open_forum(site):
    site.act("forum.create", slug="voirie", name="Voirie")
    site.person("Anne Morel", "anne@ville.example")


def text(subject, body=b"Bonjour.\r\n"):
    return (f"From: Anne Morel <anne@ville.example>\r\nTo: {FORUM}\r\nSubject: {subject}\r\n"
            f"Message-ID: <{subject.replace(' ', '-')}@ville.example>\r\n\r\n").encode() + body


def subjects(site):
    return [row[0] for row in site.rows("SELECT subject FROM post ORDER BY id")]


def pipelining(site):
    wire = Wire(site.ports["smtp"])
    wire.say(b"EHLO c\r\n" + ENVELOPE + text("one") + b".\r\n" + ENVELOPE + text("two") + b".\r\nQUIT\r\n")
    # greeting, EHLO, then twice MAIL RCPT DATA and the dot, QUIT
    assert wire.hear(11)[0] == "220 250 250 250 354 250 250 250 354 250 221".split()
    assert wire.hear()[0] == ["end"]
    wire.close()
    site.wait_inbox()
    assert subjects(site) == ["one", "two"], subjects(site)


def ends(site):
    """Each of these was, for some server, the end of a message."""
    before = len(subjects(site))
    for at, end in enumerate([b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\r", b"\r\n.\n", b"\r\n.\r\r\n", b"\r\n\0.\r\n"]):
        sound = b"\0" in end
        octets = text(f"end {at}", b"text" + end + ENVELOPE + text("smuggled")) + b".\r\n"
        wire = Wire(site.ports["smtp"])
        wire.hello()
        wire.say(ENVELOPE)
        assert wire.hear(3)[0][-1] == "354"
        middle = octets.index(end) + len(end) // 2
        wire.say(octets[:middle])
        time.sleep(0.02)  # two packets: only the likelihood of a cut there hangs on it
        wire.say(octets[middle:] + b"NOOP\r\n")
        codes, _ = wire.hear(2)
        assert codes == [("250" if sound else "550"), "250"], (end, codes)
        wire.close()
    site.wait_inbox()
    assert len(subjects(site)) == before + 1 and "smuggled" not in subjects(site), subjects(site)


def sizes(site):
    big = text("big", b"0123456789abcde\r\n" * 60000)
    mail.send(site.ports["smtp"], "anne@ville.example", [FORUM], big)
    site.wait_inbox()
    digest = hashlib.sha256(big).hexdigest()
    assert (site.data / "blobs" / digest).read_bytes() == big
    for said in (b"", b" SIZE=2000000"):
        wire = Wire(site.ports["smtp"])
        wire.hello()
        wire.say(ENVELOPE.replace(b"example>\r\nRCPT", b"example>" + said + b"\r\nRCPT"))
        codes, _ = wire.hear(3)
        if said:
            assert codes == ["552", "503", "503"], codes
            continue
        wire.say(text("huge", b"0123456789abcde\r\n" * 80000) + b".\r\n")
        codes, line = wire.hear()
        assert codes == ["552"] and b"5.3.4" in line, line
        wire.close()
    assert "huge" not in subjects(site)


def lmtp(site):
    wire = Wire(site.ports["lmtp"])
    wire.hello(b"LHLO")
    wire.say(f"MAIL FROM:<anne@ville.example>\r\nRCPT TO:<{FORUM}>\r\nRCPT TO:<nobody@{DOMAIN}>\r\n"
             f"RCPT TO:<postmaster@{DOMAIN}>\r\nRCPT TO:<anne@elsewhere.example>\r\nDATA\r\n".encode())
    assert wire.hear(6)[0] == ["250", "250", "550", "250", "550", "354"]
    wire.say(text("by lmtp") + b".\r\n")
    assert wire.hear(2)[0] == ["250", "250"]
    wire.close()
    site.wait_inbox()
    assert "by lmtp" in subjects(site)


def one_reply(site):
    """SMTP says yes or no once for all recipients: what is said yes to is nowhere lost, a forum that refuses strangers among
    them; where all refuse it is no."""
    site.act("forum.create", slug="clos", name="Clos", strangers="refuse")
    site.act("forum.create", slug="ouvert", name="Ouvert")
    both = [f"clos@{DOMAIN}", f"ouvert@{DOMAIN}"]
    octets = text("to both").replace(b"anne@", b"eve@").replace(b"Anne Morel", b"Eve")
    mail.send(site.ports["smtp"], "eve@ville.example", both, octets)
    site.wait_inbox()
    held = site.rows("SELECT f.slug, p.state FROM post p JOIN forum f ON f.id = p.forum WHERE p.subject = 'to both' ORDER BY f.slug")
    assert held == [("clos", "held"), ("ouvert", "held")], held
    before = site.one("SELECT count(*) FROM inbox")
    try:
        mail.send(site.ports["smtp"], "eve@ville.example", both[:1], octets.replace(b"to both", b"to one"))
        raise AssertionError("a forum that refuses strangers took a mail of one")
    except smtplib.SMTPDataError as no:
        assert no.smtp_code == 550, no
    wire = Wire(site.ports["lmtp"])
    wire.hello(b"LHLO")
    wire.say(("MAIL FROM:<eve@ville.example>\r\n" + "".join(f"RCPT TO:<{one}>\r\n" for one in both) + "DATA\r\n").encode())
    assert wire.hear(4)[0] == "250 250 250 354".split()
    wire.say(octets.replace(b"to both", b"by lmtp to both") + b".\r\n")
    assert wire.hear(2)[0] == ["550", "250"]
    wire.close()
    site.wait_inbox()
    assert site.one("SELECT count(*) FROM inbox") == before + 1


def errors(site):
    """Any octets: a refusal each, and nobody dies of them."""
    pids = site.pids()
    for octets in (bytes(range(256)) * 40, b"\r\n" * 1000, b"X" * 200000 + b"\r\n", b"\xff" * 3000 + b"\n",
                   b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"EHLO \0\r\n", b"MAIL FROM:<\"@\"@\">\r\n" * 50):
        wire = Wire(site.ports["smtp"])
        wire.say(octets + b"NOOP\r\n")
        assert wire.hear(2)[0][0] == "220"
        wire.close()
    assert site.pids() == pids


def stopping(site):
    idle, middle = Wire(site.ports["smtp"]), Wire(site.ports["smtp"])
    for wire in (idle, middle):
        wire.hello()
    middle.say(ENVELOPE)
    assert middle.hear(3)[0][-1] == "354"
    middle.say(text("the last one")[:40])
    time.sleep(0.1)
    site.process.terminate()
    codes, line = idle.hear()
    assert codes == ["421"] and b"4.3.2" in line, line
    middle.say(text("the last one")[40:] + b".\r\n")
    assert middle.hear()[0] == ["250"]
    assert middle.hear()[0] == ["421"]
    site.stop()
    site.start()
    site.wait_inbox()
    assert "the last one" in subjects(site)


def starttls(stage):
    site = stage.site()
    for name in ("localhost.pem", "localhost.key"):
        shutil.copy(TLS / name, site.folder / name)
        (site.folder / name).chmod(0o644)
    site.settings.update({"tls.certificate": str(site.folder / "localhost.pem"),
                          "tls.key": str(site.folder / "localhost.key")})
    with site:
        open_forum(site)
        wire = Wire(site.ports["smtp"])
        wire.hello()
        wire.say(b"STARTTLS\r\nMAIL FROM:<evil@ville.example>\r\n")
        assert wire.hear()[0] == ["220"]
        context = ssl.create_default_context(cafile=str(TLS / "ca.pem"))
        wire.socket = context.wrap_socket(wire.socket, server_hostname="localhost")
        wire.file = wire.socket.makefile("rb")
        wire.say(f"RCPT TO:<{FORUM}>\r\n".encode())
        assert wire.hear()[0] == ["503"]
        wire.hello(greeting=False)
        wire.say(ENVELOPE + text("sealed") + b".\r\nQUIT\r\n")
        assert wire.hear(5)[0] == ["250", "250", "354", "250", "221"]
        wire.close()
        site.wait_inbox()
        assert subjects(site) == ["sealed"] and site.one("SELECT mail_from FROM inbox") == "anne@ville.example"


def strangers(stage):
    """mail.trust = results: loopback is anybody."""
    with stage.site(mail_trust="results") as site:
        open_forum(site)
        wires = [Wire(site.ports["smtp"]) for _ in range(10)]
        assert all(wire.hear()[0] == ["220"] for wire in wires)
        codes, line = Wire(site.ports["smtp"]).hear()
        assert codes == ["421"] and b"4.7.0" in line, line
        for _ in range(10):
            wires[0].say(b"FOO\r\n")
        assert wires[0].hear(11)[0] == ["500"] * 9 + ["421", "end"]
        for wire in wires:
            wire.close()
        wait_for(lambda: Wire(site.ports["smtp"]).hear()[0] == ["220"], 5)
