# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where our mail goes.

A target that is down costs no delivery an attempt: all wait, all go out when it is up. A
server that says "later" is tried again, one that says "no" is not, and both are written down
for each recipient; one that closes now and then loses nothing. Several dialogues are open at
once. Under ?tls=require nothing is sent but through a verified channel, and octets injected
behind STARTTLS end the dialogue. LMTP has a result for each; a folder takes files.
"""
import pathlib
import shutil
import socket
import ssl
import threading

from tests.flow import mail
from tests.flow.site import DOMAIN, wait_for

TLS = pathlib.Path(__file__).resolve().parents[1] / "data" / "tls"
PEOPLE = 12


def run(stage):
    down_then_up(stage)
    answers(stage)
    tls(stage)
    lmtp(stage)
    folder(stage)


def fill(site):
    site.act("forum.create", slug="voirie", name="Voirie")
    for at in range(PEOPLE):
        site.subscribe("voirie", site.person(f"Anne {at}", f"anne{at}@ville.example"))


def write(site, subject):
    letter = mail.write("Anne <anne0@ville.example>", f"voirie@{DOMAIN}", subject, "Bonjour.\n.\n..\n")
    mail.send(site.ports["smtp"], "anne0@ville.example", [f"voirie@{DOMAIN}"], letter)


def states(site):
    return dict(site.rows("SELECT state, count(*) FROM outbox GROUP BY state"))


def wait_all(site, count, **want):
    def settled():
        now = states(site)  # one look: the post and its rows come in one commit
        return now.get("due", 0) == 0 and sum(now.values()) == count
    wait_for(settled, 60)
    assert states(site) == want, states(site)


def down_then_up(stage):
    with socket.socket() as holder:  # a port where nobody answers
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
        with stage.site(relay=f"smtp://127.0.0.1:{port}") as site:
            fill(site)
            write(site, "down")
            wait_for(lambda: "target=down" in site.log_text())
            assert states(site) == {"due": PEOPLE}, states(site)
            assert site.one("SELECT max(attempts) FROM outbox") == 0
            with mail.Sink() as sink:
                site.settings["relay.to"] = sink.url
                site.write_config()
                site.reload()
                wait_all(site, PEOPLE, sent=PEOPLE)
                assert sink.count() == PEOPLE and not sink.faults, sink.faults
                assert all(a.octets.endswith(b"\r\n") for a in sink.arrivals)


def four_are_open(sink):
    """Nobody is greeted before: however slow the machine, they are open at once. Waits in vain
    where the relay opens fewer."""
    wait_for(lambda: sink.open_most >= 4, 30)
    return True


def answers(stage):
    with mail.Sink() as sink, stage.site(relay=sink.url) as site:
        fill(site)
        sink.refuse = {"anne1@ville.example": "550 5.1.1 nobody of that name",
                       "anne2@ville.example": "450 4.2.1 the box is full"}
        turn = iter(range(10 ** 6))
        sink.troubles = [mail.Trouble("connect", "cut", lambda: not four_are_open(sink)),
                         mail.Trouble("mail", "421 4.3.2 enough for now", lambda: next(turn) % 7 == 6)]
        write(site, "answers")
        wait_for(lambda: states(site).get("sent") == PEOPLE - 2 and site.one(
            "SELECT attempts FROM outbox JOIN address ON address.id = outbox.address"
            " WHERE address.address = 'anne2@ville.example'") >= 1, 60)
        refused = site.rows("SELECT state, answer FROM outbox WHERE state = 'failed'")
        assert refused == [("failed", "550 5.1.1 nobody of that name")], refused
        assert site.rows("SELECT hard, status FROM bounce") == [(1, "5.1.1")]
        assert site.one("SELECT answer FROM outbox WHERE state = 'due'") == "450 4.2.1 the box is full"
        sink.refuse, sink.troubles = {}, []
        wait_all(site, PEOPLE, sent=PEOPLE - 1, failed=1)
        assert sorted(a.recipient for a in sink.arrivals) == sorted(
            f"anne{at}@ville.example" for at in range(PEOPLE) if at != 1)
        assert sink.open_most >= 4, sink.open_most


class TlsServer(threading.Thread):
    """Offers STARTTLS; injects octets behind its 220 where asked to."""

    def __init__(self, inject=b""):
        super().__init__(daemon=True)
        self.inject, self.kept, self.plain = inject, 0, 0
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(TLS / "localhost.pem", TLS / "localhost.key")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            self.talk(client)
        except OSError:
            pass
        finally:
            client.close()

    def talk(self, client):
        sealed = in_data = False
        client.sendall(b"220 tls.ville.example\r\n")
        file = client.makefile("rb")
        while line := file.readline():
            word = line[:4].upper()
            if in_data:
                if line == b".\r\n":
                    in_data = False
                    self.kept += sealed
                    client.sendall(b"250 2.0.0 kept\r\n")
            elif word == b"STAR":
                client.sendall(b"220 go on\r\n" + self.inject)
                client = self.context.wrap_socket(client, server_side=True)
                file, sealed = client.makefile("rb"), True
            elif word == b"DATA":
                in_data = True
                client.sendall(b"354 go on\r\n")
            else:
                self.plain += word == b"MAIL" and not sealed
                client.sendall(b"250-x\r\n250-PIPELINING\r\n250 STARTTLS\r\n" if word == b"EHLO" else b"250 ok\r\n")


def tls(stage):
    injecting, server = TlsServer(b"250 ok\r\n"), TlsServer()
    site = stage.site(relay=f"smtp://localhost:{server.port}?tls=require")
    with site:  # nobody here trusts that certificate
        fill(site)
        write(site, "tls")
        wait_for(lambda: "target=down" in site.log_text())
        assert server.kept == 0 and server.plain == 0 and states(site) == {"due": PEOPLE}
        site.stop()
        shutil.copy(TLS / "ca.pem", site.folder / "ca.pem")
        (site.folder / "ca.pem").chmod(0o644)
        site.env["SSL_CERT_FILE"] = str(site.folder / "ca.pem")
        site.settings["relay.to"] = f"smtp://localhost:{injecting.port}?tls=require"
        mark = len(site.log_text())
        site.start()
        wait_for(lambda: "target=down" in site.log_text()[mark:])
        assert injecting.kept == 0 and injecting.plain == 0 and states(site) == {"due": PEOPLE}
        site.settings["relay.to"] = f"smtp://localhost:{server.port}?tls=require"
        site.write_config()
        site.reload()
        wait_all(site, PEOPLE, sent=PEOPLE)
        assert server.kept == PEOPLE and server.plain == 0
    for one in (injecting, server):
        one.listener.close()


def lmtp(stage):
    """Préau itself is the LMTP server: what it refuses and takes is known to the letter."""
    with stage.site() as other:
        other.act("forum.create", slug="place", name="Place")
        host, port = other.ports["lmtp"]
        with stage.site(relay=f"lmtp://{host}:{port}") as site:
            site.act("forum.create", slug="voirie", name="Voirie")
            for name in ("place", "nobody"):
                site.subscribe("voirie", site.person(name, f"{name}@{DOMAIN}"))
            site.person("Anne", "anne0@ville.example")
            write(site, "lmtp")
            wait_all(site, 2, sent=1, failed=1)
        wait_for(lambda: other.one("SELECT count(*) FROM inbox") == 1)


def folder(stage):
    with stage.site(relay="dir:outgoing") as site:
        fill(site)
        write(site, "folder")
        wait_all(site, PEOPLE, sent=PEOPLE)
        files = sorted((site.data / "outgoing").iterdir())
        assert len(files) == PEOPLE and all(f.suffix == ".eml" for f in files), files
        letters = [mail.email.message_from_bytes(f.read_bytes(), policy=mail.email.policy.default) for f in files]
        assert {str(m["Delivered-To"]) for m in letters} == {f"anne{at}@ville.example" for at in range(PEOPLE)}
        assert all(m["Return-Path"].startswith("<b.") for m in letters)
