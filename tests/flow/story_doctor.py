# SPDX-License-Identifier: AGPL-3.0-or-later
"""preau doctor finds what is wrong around the program, and says it in a line with what to do.

What cannot be asked for is refused first. Then each fault is made for real, seen, and mended: settings
that a town cannot mean, ports that another program holds, relays that are deaf, rude or silent, modes
and owners, lost keys, a clock behind the book, a clerk that hangs. The DNS is Debian's nsd on a
port of loopback, with a domain for each way of publishing too little or too much. Status and lines
agree, in French as in English, and looking changes nothing.
"""
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from tests.flow.site import wait_for
from tests.flow.story_smtp_out import TlsServer

TLS = pathlib.Path(__file__).resolve().parents[1] / "data" / "tls"
LEVELS = {"en": ("ok", "-", "warning", "wrong"), "fr": ("bon", "-", "à voir", "faux")}
OK, UNSEEN, WARNING, WRONG = range(4)
# What the machine of the test is like is not the story's: never counted on.
MACHINE = {"clock", "disk"}

NSD = """server:
    ip-address: 127.0.0.1@{port}
    username: ""
    chroot: ""
    database: ""
    server-count: 1
    zonesdir: "{root}"
    pidfile: "{root}/nsd.pid"
    logfile: "{root}/log"
    xfrdfile: "{root}/xfrd.state"
    xfrdir: "{root}"
    zonelistfile: "{root}/zone.list"
    cookie-secret-file: "{root}/cookies"
remote-control:
    control-enable: no
zone:
    name: example
    zonefile: example.zone
zone:
    name: 2.0.192.in-addr.arpa
    zonefile: reverse.zone
zone:
    name: 8.b.d.0.1.0.0.2.ip6.arpa
    zonefile: reverse6.zone
"""
HEAD = "$TTL 60\n@ SOA ns.example. root.example. 1 60 60 60 60\n@ NS ns.example.\n"
LONG = "v=DKIM1; k=rsa; p=" + "A" * 230
EXAMPLE = HEAD + f"""
ns A 127.0.0.1
forum.ville A 192.0.2.10
forum.ville MX 20 autre.ville.example.
forum.ville MX 10 mx.ville.example.
forum.ville TXT "spam is not eaten here"
forum.ville TXT "v=spf1 mx " "-all"
mx.ville A 192.0.2.25
mx.ville AAAA 2001:db8::25
autre.ville A 192.0.2.26
mail._domainkey.forum.ville TXT "{LONG}" "BBBB"
nokey._domainkey.forum.ville TXT "v=DKIM1; k=rsa"
gone._domainkey.forum.ville TXT "v=DKIM1; p="
_dmarc.forum.ville TXT "v=DMARC1; p=quarantine"
_dmarc.bourg TXT "v=DMARC1; p=reject"
bare.bourg A 192.0.2.30
null MX 0 .
null TXT "v=spf1 ?all"
_dmarc.null TXT "v=DMARC1; p=none"
homeless MX 10 nowhere.homeless.example.
homeless TXT "v=spf1 +all"
_dmarc.homeless TXT "v=DMARC1; pct=100"
twice MX 10 mx.twice.example.
mx.twice A 192.0.2.40
twice TXT "v=spf1 mx -all"
twice TXT "v=spf1 a -all"
_dmarc.twice TXT "v=DMARC1; p=none"
_dmarc.twice TXT "v=DMARC1; p=reject"
other MX 10 mx.other.example.
mx.other A 192.0.2.50
other TXT "v=spf10 -all"
other TXT "v=spf1 \\027[31mred -all"
liar A 192.0.2.51
silent TXT "nothing of use"
alias CNAME forum.ville.example.
net MX 10 mx.net.example.
mx.net A 192.0.2.60
net TXT "v=spf1 ip4:192.0.2.0/26 -all"
beside MX 10 mx.beside.example.
mx.beside A 192.0.2.64
beside TXT "v=spf1 include:net.example -all"
beside.six MX 10 mx.six.example.
mx.six A 192.0.2.61
mx.six AAAA 2001:db8:1::61
beside.six TXT "v=spf1 ip4:192.0.2.61 ip6:2001:db8::/48 ~all"
redirected MX 10 mx.net.example.
redirected TXT "v=spf1 redirect=net.example"
nowhere MX 10 mx.net.example.
nowhere TXT "v=spf1 include:silent.example -all"
loop MX 10 mx.net.example.
loop TXT "v=spf1 include:loop.example -all"
macro MX 10 mx.net.example.
macro TXT "v=spf1 exists:%{{i}}.net.example -all"
strict TXT "v=spf1 -all"
neutral MX 10 mx.net.example.
neutral TXT "v=spf1 a:mx.six.example"
almost TXT "v=spf1; mx -all"
_dmarc.almost TXT "v=DMARC1; p=reject; sp=none"
_dmarc.below TXT "v=DMARC1; p=none; sp=reject"
"""
REVERSE = HEAD + """
25 PTR mx.ville.example.
50 PTR liar.example.
"""
REVERSE6 = HEAD + "5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 PTR mx.ville.example.\n"

# mail.domain, options, check, level, words
DNS_CASES = [
    ("forum.ville.example", [], "dns.mx", OK, "mx.ville.example (192.0.2.25)"),
    ("forum.ville.example", [], "dns.spf", OK, "v=spf1 mx -all"),
    ("forum.ville.example", ["--dkim", "mail"], "dns.dkim", OK, "mail._domainkey.forum.ville.example"),
    ("forum.ville.example", [], "dns.dkim", UNSEEN, "--dkim"),
    ("forum.ville.example", ["--dkim", "none"], "dns.dkim", WRONG, "opendkim"),
    ("forum.ville.example", ["--dkim", "nokey"], "dns.dkim", WRONG, "p="),
    ("forum.ville.example", ["--dkim", "gone"], "dns.dkim", WRONG, "revoked"),
    ("forum.ville.example", [], "dns.dmarc", OK, "p=quarantine"),
    ("forum.ville.example", [], "dns.ptr", OK, "192.0.2.25 is mx.ville.example"),
    ("forum.ville.example", [], "dns.ptr", OK, "2001:db8::25 is mx.ville.example"),
    ("bare.bourg.example", [], "dns.mx", WARNING, "192.0.2.30"),
    ("bare.bourg.example", [], "dns.spf", WRONG, "v=spf1 mx -all"),
    ("bare.bourg.example", [], "dns.dmarc", OK, "_dmarc.bourg.example: v=DMARC1; p=reject"),
    ("null.example", [], "dns.mx", WRONG, "takes no mail"),
    ("null.example", [], "dns.spf", WARNING, "?all"),
    ("null.example", [], "dns.dmarc", WARNING, "p=none"),
    ("homeless.example", [], "dns.mx", WRONG, "nowhere.homeless.example"),
    ("homeless.example", [], "dns.spf", WRONG, "everybody"),
    ("homeless.example", [], "dns.dmarc", WRONG, "no policy"),
    ("twice.example", [], "dns.spf", WRONG, "more than one"),
    ("twice.example", [], "dns.dmarc", WRONG, "more than one"),
    ("twice.example", [], "dns.ptr", WRONG, "192.0.2.40 has no name"),
    ("other.example", [], "dns.ptr", WRONG, "liar.example"),
    ("other.example", [], "dns.spf", WRONG, "(v=spf1 ?[31mred -all) cannot be followed: ?[31mred."),
    ("forum.ville.example", [], "dns.spf", OK, "lets 192.0.2.25 send (mx)"),
    ("forum.ville.example", [], "dns.spf", OK, "lets 2001:db8::25 send (mx)"),
    ("net.example", [], "dns.spf", OK, "lets 192.0.2.60 send (ip4:192.0.2.0/26)"),
    ("beside.example", [], "dns.spf", WRONG, "does not let 192.0.2.64 send (-all)"),
    ("beside.six.example", [], "dns.spf", OK, "lets 192.0.2.61 send (ip4:192.0.2.61)"),
    ("beside.six.example", [], "dns.spf", WRONG, "does not let 2001:db8:1::61 send (~all)"),
    ("redirected.example", [], "dns.spf", OK, "lets 192.0.2.60 send (ip4:192.0.2.0/26)"),
    ("nowhere.example", [], "dns.spf", WRONG, "include:silent.example, where there is no SPF"),
    ("loop.example", [], "dns.spf", WRONG, "more than 10 terms ask the DNS"),
    ("macro.example", [], "dns.spf", UNSEEN, "exists:%{i}.net.example"),
    ("neutral.example", [], "dns.spf", WARNING, "says nothing of other servers"),
    ("neutral.example", [], "dns.spf", WRONG, "does not let 192.0.2.60 send (v=spf1 a:mx.six.example)"),
    ("almost.example", [], "dns.spf", WRONG, "has no SPF"),  # RFC 7208 4.5: a space, and nothing else
    ("almost.example", [], "dns.dmarc", OK, "p=reject"),
    ("forum.almost.example", [], "dns.dmarc", WARNING, "only watches"),
    ("below.example", [], "dns.dmarc", WARNING, "only watches"),
    ("forum.below.example", [], "dns.dmarc", OK, "sp=reject"),
    ("silent.example", [], "dns.mx", WRONG, "no MX"),
    ("silent.example", [], "dns.spf", WRONG, "no SPF"),
    ("silent.example", [], "dns.dmarc", WARNING, "_dmarc.silent.example"),
    ("alias.example", [], "dns.mx", OK, "mx.ville.example"),
    ("alias.example", [], "dns.spf", OK, "v=spf1 mx -all"),
    ("no-such.example", [], "dns.mx", WRONG, "no MX"),
    ("ville.invalid", [], "dns.mx", WARNING, "does not answer"),  # no zone of this server: refused
    ("localhost", [], "dns.mx", UNSEEN, "localhost"),
]
SITE_CASES = [
    ("https://forum.ville.example", OK, "192.0.2.10"),
    ("https://forum.ville.example:8443/ici", OK, "192.0.2.10"),
    ("https://nobody.example", WRONG, "nobody.example"),
    ("https://192.0.2.1", UNSEEN, "192.0.2.1"),
    ("https://[2001:db8::1]:443", UNSEEN, "[2001:db8::1]"),
]


def run(stage):
    with contextlib.ExitStack() as stack:
        name_server = stack.enter_context(nsd(stage))
        site = stage.site(**{"relay": f"smtp://127.0.0.1:{free_port()}"})
        stack.callback(shutil.rmtree, site.folder, ignore_errors=True)
        site.settings.update({"site.url": "https://forum.ville.example", "mail.trust": "results",
                              "mail.authserv": "mx.ville.example"})
        doctor = Doctor(site, name_server)
        misused(doctor)
        settings(doctor)
        domains(doctor)
        nobody_answers(doctor)
        relays(doctor)
        elsewhere(doctor)
        certificates(doctor)
        ports(doctor)
        with site:
            running(doctor)


class Doctor:
    def __init__(self, site, name_server):
        self.site, self.name_server = site, name_server

    def run(self, *options, lang="en", **settings):
        """{check: [(level, sentence)]}; the status must be what the lines say."""
        site, kept = self.site, dict(self.site.settings)
        site.settings.update({name.replace("_", "."): value for name, value in settings.items()})
        site.write_config()
        site.config.chmod(0o644)
        site.settings = kept
        done = self.say("--dns", self.name_server, *options, lang=lang)
        assert done.stderr == "", done.stderr
        found = {}
        for line in done.stdout.splitlines():
            level = next(at for at, word in enumerate(LEVELS[lang]) if line.startswith(word + " "))
            name, text = line[len(LEVELS[lang][level]):].split(None, 1)
            assert len(text) > 10 and "%s" not in text, line
            assert line.index(name) == 8, line
            found.setdefault(name, []).append((level, text))
        worst = max(level for lines in found.values() for level, _ in lines)
        assert done.returncode == {OK: 0, UNSEEN: 0, WARNING: 1, WRONG: 2}[worst], (done.returncode, done.stdout)
        return found

    def say(self, *options, lang="en"):
        env = dict(self.site.env, LC_ALL={"en": "en_GB.UTF-8", "fr": "fr_FR.UTF-8"}.get(lang, lang))
        return subprocess.run([self.site.preau, "doctor", "--config", str(self.site.config), *options],
                              capture_output=True, text=True, timeout=120, env=env)

    def sees(self, check, level, words, *options, **settings):
        found = self.run(*options, **settings)
        assert any(has == level and words in text for has, text in found.get(check, [])), (check, level, words, found)
        return found


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def answers_dns(port):
    """A question for the SOA of example, by hand: is it answered?"""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(1)
        asking.connect(("127.0.0.1", port))
        try:
            asking.send(b"\x12\x34\0\0\0\1\0\0\0\0\0\0\7example\0\0\6\0\1")
            return asking.recv(512)[3] & 15 == 0
        except OSError:
            return False


@contextlib.contextmanager
def nsd(stage):
    program = shutil.which("nsd", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None:
        raise stage.Skip("nsd is not installed")
    root, port = pathlib.Path(tempfile.mkdtemp(prefix="preau-nsd-")), free_port()
    (root / "nsd.conf").write_text(NSD.format(root=root, port=port))
    for name, text in (("example", EXAMPLE + f'mine TXT "v=spf1 ip4:{own_address()} -all"\n'), ("reverse", REVERSE), ("reverse6", REVERSE6)):
        (root / f"{name}.zone").write_text(text)
    with open(root / "out", "wb") as out:
        server = subprocess.Popen([program, "-d", "-c", str(root / "nsd.conf")], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        wait_for(lambda: server.poll() is not None or answers_dns(port))
        assert server.poll() is None, (root / "out").read_text() + (root / "log").read_text()
        yield f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(root, ignore_errors=True)


def misused(doctor):
    site = doctor.site
    done = doctor.say()
    assert done.returncode == 2 and done.stdout.startswith("wrong   settings") and str(site.config) in done.stdout, done
    site.write_config()
    for options in (["--dns", "nonsense"], ["--dns", "unix:/x"], ["--dns"], ["--dkim", "a b"], ["--dkim", ""],
                    ["--dkim", "x" * 64], ["word"], ["--nonsense", "1"]):
        done = doctor.say(*options)
        assert done.returncode == 64 and done.stdout == "" and done.stderr != "", (options, done)
    site.config.write_text("site.name = Ville\nsite.nmae = Ville\n")
    done = doctor.say()
    assert done.returncode == 2 and f"{site.config}:2" in done.stdout and len(done.stdout.splitlines()) == 1, done
    assert not site.data.exists()


def settings(doctor):
    for words, changed in (
            ("lead nowhere", {"site_url": "http://localhost:8080"}),
            ("in clear", {"site_url": "http://forum.ville.example"}),
            ("no time zone", {"site_zone": "Europe/Nowhere"}),
            ("mail.authserv is empty", {"mail_authserv": ""}),
            ("for trials only", {"mail_trust": "local"}),
            ("checks neither SPF", {"listen_smtp": "0.0.0.0:0"}),
            ("no mail can come in", {"listen_smtp": "", "listen_lmtp": ""})):
        doctor.sees("settings", WARNING, words, **changed)
    doctor.sees("settings", WRONG, "mail.domain is localhost", mail_domain="localhost")
    doctor.sees("settings", WRONG, "no-such-theme", theme="no-such-theme")
    if os.geteuid() == 0:
        doctor.sees("settings", WRONG, "there is no user nobody-at-all", user_owner="nobody-at-all")
    doctor.site.config.chmod(0o666)
    done = doctor.say("--dns", doctor.name_server)
    assert f"chmod go-w {doctor.site.config}" in done.stdout and done.returncode == 2, done.stdout
    assert doctor.run(listen_smtp="127.0.0.1:2525 [::1]:2525 unix:/run/x")["settings"][0][0] == OK
    english, french = doctor.run(), doctor.run(lang="fr")
    assert english["settings"] == [(OK, f"{doctor.site.config} can be used as it is.")], english
    assert french["settings"] == [(OK, f"{doctor.site.config} peut servir tel quel.")], french
    assert {name: [level for level, _ in lines] for name, lines in english.items()} == {
        name: [level for level, _ in lines] for name, lines in french.items()}
    # The terminal says nothing: the language is the site's.
    for locale, word in (("fr", "bon"), ("en", "ok")):
        doctor.site.settings["site.locale"] = locale
        doctor.site.write_config()
        assert doctor.say("--dns", doctor.name_server, lang="C").stdout.startswith(word + " ")


def domains(doctor):
    found = {}
    for domain, options, check, level, words in DNS_CASES:
        key = (domain, *options)
        if key not in found:
            found[key] = doctor.run(*options, mail_domain=domain)
        lines = found[key].get(check, [])
        assert any(has == level and words in text for has, text in lines), (domain, options, check, level, words, lines)
    # by weight, not as they stand in the zone
    first, second = found[("forum.ville.example",)]["dns.mx"]
    assert "mx.ville.example" in first[1] and "autre.ville.example" in second[1], (first, second)
    for url, level, words in SITE_CASES:
        doctor.sees("dns.site", level, words, site_url=url)


def own_address():
    """Of this machine, in the eyes of others; loopback where it has none. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(("192.0.2.1", 9))
            return asking.getsockname()[0]
        except OSError:
            return "127.0.0.1"


def elsewhere(doctor):
    """A relay that is not on loopback: its address is judged, but it may send from another one."""
    own = own_address()
    if own.startswith("127."):
        print("doctor: this machine has no address: a relay elsewhere is not shown")
        return
    for domain, level, words in (("mine.example", OK, f"lets {own} send (ip4:{own})"),
                                 ("strict.example", WARNING, f"does not let the relay {own} send (-all)")):
        doctor.sees("dns.spf", level, words, mail_domain=domain, relay_to=f"smtp://{own}:{free_port()}")


def nobody_answers(doctor):
    """A resolver that is not there, and one that hears and says nothing: each check ends, as a warning."""
    kept = doctor.name_server
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        for doctor.name_server in (f"127.0.0.1:{free_port()}", f"127.0.0.1:{deaf.getsockname()[1]}"):
            found = doctor.run()
            for check in ("dns.site", "dns.mx", "dns.spf", "dns.dmarc", "dns.ptr"):
                assert [level for level, _ in found[check]] == [WARNING], (check, found)
    doctor.name_server = kept


class Relay(threading.Thread):
    """Greets as told and keeps every line that it hears."""

    def __init__(self, greeting, ehlo="250-x\r\n250 PIPELINING"):
        super().__init__(daemon=True)
        self.greeting, self.ehlo, self.heard = greeting, ehlo, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"smtp://127.0.0.1:{self.listener.getsockname()[1]}"
        self.start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client, client.makefile("rb") as lines:
                with contextlib.suppress(OSError):
                    self.talk(client, lines)

    def talk(self, client, lines):
        if self.greeting is not None:
            client.sendall(self.greeting.encode() + b"\r\n")
        for line in lines:
            self.heard.append(line.decode().rstrip("\r\n"))
            if line[:4] == b"QUIT":
                client.sendall(b"221 bye\r\n")
                return
            client.sendall(self.ehlo.encode() + b"\r\n")


def relays(doctor):
    doctor.sees("relay", WRONG, "Connection refused")
    doctor.sees("relay", WRONG, "not found", relay_to="smtp://no-such-host.invalid:25")
    doctor.sees("relay", WARNING, "sends nothing", relay_to="dir:outgoing")
    doctor.sees("dns.ptr", UNSEEN, "not looked at", relay_to="dir:outgoing")
    (doctor.site.folder / "file").write_text("")
    doctor.sees("relay", WRONG, "no folder", relay_to=f"dir:{doctor.site.folder}/file")
    good, rude = Relay("220 mx.ville.example ESMTP"), Relay("554 5.7.1 not you")
    silent, no_tls = Relay(None), Relay("220 mx.ville.example ESMTP")
    strange = Relay("220 mx.ville.example ESMTP", ehlo="599 what")
    doctor.sees("relay", OK, good.url, relay_to=good.url)
    wait_for(lambda: len(good.heard) == 2)
    assert good.heard == ["EHLO forum.ville.example", "QUIT"], good.heard
    doctor.sees("relay", WRONG, "5", relay_to=rude.url)
    doctor.sees("relay", WRONG, "no answer in time", relay_to=silent.url, relay_patience="1")
    doctor.sees("relay", WRONG, "does not take our mail", relay_to=strange.url)
    doctor.sees("relay", WRONG, "TLS", relay_to=no_tls.url + "?tls=require")
    assert not any(line.startswith("MAIL") for one in (good, rude, silent, no_tls, strange) for line in one.heard)
    server = TlsServer()
    sealed = f"smtp://localhost:{server.port}?tls=require"
    doctor.sees("relay", WRONG, "tls", relay_to=sealed)  # nobody here trusts that certificate
    doctor.site.env["SSL_CERT_FILE"] = str(TLS / "ca.pem")
    doctor.sees("relay", OK, "TLSv1", relay_to=sealed)
    del doctor.site.env["SSL_CERT_FILE"]
    assert server.kept == 0
    for one in (good, rude, silent, no_tls, strange, server):
        one.listener.close()


def certificates(doctor):
    folder = doctor.site.folder
    doctor.sees("tls", UNSEEN, "No certificate")
    for name, days in (("good", 300), ("soon", 5)):
        make_certificate(folder / name, days)
    doctor.sees("tls", OK, "good until", tls_certificate=folder / "good.pem", tls_key=folder / "good.key")
    doctor.sees("tls", WARNING, "ends at", tls_certificate=folder / "soon.pem", tls_key=folder / "soon.key")
    doctor.sees("tls", WRONG, "cannot be used", tls_certificate=folder / "good.pem", tls_key=folder / "soon.key")


def make_certificate(stem, days):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x",
                    "-days", str(days), "-keyout", f"{stem}.key", "-out", f"{stem}.pem"], check=True, capture_output=True)


def ports(doctor):
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        doctor.sees("ports", WRONG, taken + " is taken by another program", listen_http=taken)
        doctor.sees("ports", WRONG, taken + " is taken by another program", listen_lmtp=f"127.0.0.1:0 {taken}")
    doctor.sees("ports", OK, taken + " is free", listen_http=taken)
    doctor.sees("ports", WRONG, "cannot be opened", listen_http="192.0.2.1:8080")
    doctor.sees("ports", UNSEEN, "is a file", listen_lmtp=f"unix:{doctor.site.folder}/lmtp")
    assert not (doctor.site.folder / "lmtp").exists()
    found = doctor.sees("server", WARNING, "does not run")
    assert [level for level, _ in found["folder"]] == [UNSEEN], found["folder"]
    assert not doctor.site.data.exists()  # nothing above made anything


def running(doctor):
    site = doctor.site
    good = Relay("220 mx.ville.example ESMTP")
    held = "127.0.0.1:%d" % site.ports["http"][1]
    found = doctor.run("--dkim", "mail", relay_to=good.url)
    odd = {name: lines for name, lines in found.items() if name not in MACHINE and any(level > UNSEEN for level, _ in lines)}
    assert odd == {}, odd
    assert len(found["ports"]) == 3 and all("held by the running server" in text for _, text in found["ports"]), found
    assert "messages are taken" in found["server"][0][1] and len(found) == 15, found
    doctor.sees("ports", OK, held + " is held", listen_http=held)
    with socket.create_server(("127.0.0.1", 0)) as other:
        doctor.sees("ports", WRONG, "is taken by another program", listen_http="127.0.0.1:%d" % other.getsockname()[1])
    clerk = site.pids()["clerk.0"]
    os.kill(clerk, signal.SIGSTOP)
    try:
        # a yes of /healthz is good for a second
        wait_for(lambda: any(level == WRONG and "clerk: no answer" in text for level, text in doctor.run()["server"]))
    finally:
        os.kill(clerk, signal.SIGCONT)
    folder(doctor)
    wait_for(lambda: all(level == OK for level, _ in doctor.run()["server"]))
    good.listener.close()


def folder(doctor):
    data = doctor.site.data
    assert [level for level, _ in doctor.run()["folder"]] == [OK]
    for path, mode in ((data, 0o2755), (data / "run", 0o755), (data / "keys", 0o644), (data / "preau.db", 0o644),
                       (data / "spool" / "web", 0o777)):
        before = path.stat().st_mode & 0o7777
        path.chmod(mode)
        found = doctor.sees("folder", WRONG, str(path))
        assert len(found["folder"]) == 1 and found["folder"][0][1].endswith(f"chmod {before:o} {path}"), found["folder"]
        path.chmod(before)
    if os.geteuid() == 0:
        before = (data / "blobs").stat()
        os.chown(data / "blobs", 0, 0)
        (data / "blobs").chmod(0o2750)
        found = doctor.sees("folder", WRONG, "0:0")
        assert found["folder"][0][1].endswith(f"chown {before.st_uid}:{before.st_gid} {data / 'blobs'}"), found["folder"]
        os.chown(data / "blobs", before.st_uid, before.st_gid)
        (data / "blobs").chmod(0o2750)
    (data / "keys").rename(data / "keys.away")
    doctor.sees("folder", WRONG, "missing beside the database")
    (data / "keys.away").rename(data / "keys")
    assert [level for level, _ in doctor.run()["folder"]] == [OK]
    before = (data / "keys").stat().st_mtime
    os.utime(data / "keys", (time.time() + 86400, time.time() + 86400))
    doctor.sees("clock", WRONG, str(data / "keys"))
    os.utime(data / "keys", (before, before))
    assert all(level != WRONG for level, _ in doctor.run()["clock"])
