# SPDX-License-Identifier: AGPL-3.0-or-later
"""Among real mail servers.

Debian's Postfix stands where the town's mail server would: it takes mail from the world and hands
it to Préau by LMTP, and it takes Préau's mail as smart host, through STARTTLS that Préau has verified, and
carries it on to the sink. A member's mail makes the whole way, and his neighbour's answer too; an unknown forum
is refused at the door of Postfix, which has asked Préau, so that nobody is sent a bounce; an unknown subscriber
comes back as a bounce that marks the delivery. It needs root, as Postfix does.
"""
import os
import pathlib
import pwd
import shutil
import smtplib
import socket
import subprocess
import tempfile

from tests.flow import mail
from tests.flow.site import DOMAIN, wait_for
from tests.flow.web import Browser

TLS = pathlib.Path(__file__).resolve().parents[1] / "data" / "tls"

MAIN = """compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
command_directory = /usr/sbin
maillog_file = {root}/log
maillog_file_prefixes = {root}
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.ville.example
mydestination =
mynetworks = 127.0.0.0/8
relay_domains = {domain}
relay_recipient_maps =
recipient_delimiter =
local_recipient_maps =
transport_maps = inline:{{ {{ {domain} = lmtp:inet:127.0.0.1:{lmtp} }} }}
default_transport = smtp:[127.0.0.1]:{sink}
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtpd_peername_lookup = no
smtpd_tls_cert_file = {root}/localhost.pem
smtpd_tls_key_file = {root}/localhost.key
smtpd_tls_security_level = may
smtpd_tls_received_header = yes
smtpd_tls_loglevel = 1
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = check_recipient_access inline:{{ {{ {domain} = reject_unverified_recipient }} }}, permit_mynetworks
unverified_recipient_reject_code = 550
address_verify_poll_delay = 1s
smtpd_client_connection_count_limit = 0
"""

MASTER = """127.0.0.1:{port} inet n - n - - smtpd
pickup    unix  n - n 60    1 pickup
cleanup   unix  n - n -     0 cleanup
qmgr      unix  n - n 300   1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n -     - trivial-rewrite
bounce    unix  - - n -     0 bounce
defer     unix  - - n -     0 bounce
trace     unix  - - n -     0 bounce
verify    unix  - - n -     1 verify
proxymap  unix  - - n -     - proxymap
smtp      unix  - - n -     - smtp
lmtp      unix  - - n -     - lmtp
error     unix  - - n -     - error
retry     unix  - - n -     - error
discard   unix  - - n -     - discard
anvil     unix  - - n -     1 anvil
scache    unix  - - n -     1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


def free_port():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        return holder.getsockname()[1]


class Postfix:
    """A Postfix of our own, beside whatever one the machine may run."""

    def __init__(self, lmtp, sink):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="preau-mta-"))
        self.root.chmod(0o755)
        self.port = free_port()
        for name in ("queue", "data"):
            (self.root / name).mkdir()
        owner = pwd.getpwnam("postfix")
        os.chown(self.root / "data", owner.pw_uid, owner.pw_gid)
        conf = self.root / "conf"
        conf.mkdir()
        for name in ("localhost.pem", "localhost.key"):
            shutil.copy(TLS / name, self.root / name)
        (conf / "main.cf").write_text(MAIN.format(root=self.root, domain=DOMAIN, lmtp=lmtp, sink=sink))
        (conf / "master.cf").write_text(MASTER.format(port=self.port))

    def postfix(self, verb):
        return subprocess.run(["postfix", "-c", str(self.root / "conf"), verb], capture_output=True, text=True, timeout=60)

    def log(self):
        path = self.root / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def __enter__(self):
        done = self.postfix("start")
        assert done.returncode == 0, (done.stdout, done.stderr, self.log())
        wait_for(self.answers)
        return self

    def answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
            return True
        except OSError:
            return False

    def __exit__(self, kind, value, trace):
        self.postfix("stop")
        wait_for(lambda: self.postfix("status").returncode != 0)
        if kind is not None:
            print(f"--- the log of Postfix:\n{self.log()[-6000:]}")
        shutil.rmtree(self.root, ignore_errors=True)


def run(stage):
    if os.geteuid() != 0:
        raise stage.Skip("Postfix needs root")
    if shutil.which("postfix") is None:
        raise stage.Skip("Postfix is not installed")
    with mail.Sink() as sink:
        site = stage.site()
        shutil.copy(TLS / "ca.pem", site.folder / "ca.pem")
        (site.folder / "ca.pem").chmod(0o644)
        site.env["SSL_CERT_FILE"] = str(site.folder / "ca.pem")
        with site, Postfix(site.ports["lmtp"][1], sink.port) as postfix:
            # Where Postfix listens is known only now.
            site.settings["relay.to"] = f"smtp://localhost:{postfix.port}?tls=require"
            site.write_config()
            mark = site.reload()
            wait_for(lambda: site.log_text()[mark:].count("reload=done") >= len(site.pids()))
            there_and_back(site, sink, postfix)
            unknown_forum(site, sink, postfix)
            unknown_subscriber(site, sink, postfix)
            assert not sink.faults, sink.faults


def there_and_back(site, sink, postfix):
    site.act("forum.create", slug="voirie", name="Voirie")
    for name in ("anne", "bruno"):
        site.subscribe("voirie", site.person(name.title(), f"{name}@ville.example"))
    world = ("127.0.0.1", postfix.port)
    first = mail.write("Anne <anne@ville.example>", f"voirie@{DOMAIN}", "Le marché",
                       "Une ligne.\n.\n..deux points\nFrom là\n" + "é" * 900 + "\n")
    mail.send(world, "anne@ville.example", [f"voirie@{DOMAIN}"], first)
    wait_for(lambda: sink.count() == 2, 40)
    copy = sink.to("bruno@ville.example")[0]
    assert copy.sender.startswith("b.") and copy.mail["Message-ID"] == first["Message-ID"]
    assert "..deux points" in copy.text() and "é" * 900 in copy.text().replace("\n", ""), copy.text()
    hop = next(line for line in copy.mail.get_all("Received") if "mx.ville.example" in line and "TLSv1" in line)
    assert "TLSv1.3" in hop or "TLSv1.2" in hop, hop
    assert "Trusted" in postfix.log() or "TLS connection established" in postfix.log()
    reply = mail.write("Bruno <bruno@ville.example>", copy.mail["Reply-To"], "Re: Le marché", "Très bien.\n",
                       In_Reply_To=copy.mail["Message-ID"])
    mail.send(world, "bruno@ville.example", [copy.mail["Reply-To"].addresses[0].addr_spec], reply)
    wait_for(lambda: sink.count() == 4, 40)
    page = Browser(site).get("/t/1")
    assert "Très bien." in page.text and "..deux points" in page.text
    assert site.rows("SELECT parent FROM post WHERE id = 2") == [(1,)]


def unknown_forum(site, sink, postfix):
    """Postfix asks Préau by LMTP and keeps the answer (its verify(8)), as the guide has it."""
    sent = sink.count()
    try:
        mail.send(("127.0.0.1", postfix.port), "anne@ville.example", [f"nulle-part@{DOMAIN}"],
                  mail.write("Anne <anne@ville.example>", f"nulle-part@{DOMAIN}", "Perdu", "Bonjour.\n"))
        raise AssertionError("a mail to no forum was taken")
    except smtplib.SMTPRecipientsRefused as no:
        (code, text), = no.recipients.values()
        assert code == 550 and b"5.1.1" in text, no
    assert sink.count() == sent, "somebody was sent a bounce"
    assert site.one("SELECT count(*) FROM inbox WHERE recipient = 'nulle-part'") == 0


def unknown_subscriber(site, sink, postfix):
    """Postfix takes it from us and is refused by the next: its report comes back by LMTP to b.TOKEN."""
    site.subscribe("voirie", site.person("Parti", "parti@ville.example"))
    sink.refuse["parti@ville.example"] = "550 5.1.1 no such user here"
    mail.send(("127.0.0.1", postfix.port), "anne@ville.example", [f"voirie@{DOMAIN}"],
              mail.write("Anne <anne@ville.example>", f"voirie@{DOMAIN}", "Un autre", "Bonjour.\n"))
    sql = ("SELECT o.state, o.bounced IS NOT NULL, b.hard, b.status FROM bounce b JOIN outbox o ON o.id = b.outbox"
           " JOIN address a ON a.id = o.address WHERE a.folded = 'parti@ville.example'")
    assert wait_for(lambda: site.rows(sql), 40) == [("sent", 1, 1, "5.1.1")], site.rows(sql)
