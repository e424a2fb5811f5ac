# SPDX-License-Identifier: AGPL-3.0-or-later
"""Settings, certificates, programs and the number of workers change under load (T28): nobody notices.

    python3 -m tests.fault.reloads --preau build/preau --share build/share --changes 20

  --changes N        (default: 20), --every SECONDS between two of them (default: 3)
  --seed N           --ledger   --keep   --loud

The doors are sockets that a service manager holds (here: this script), the web speaks TLS. In turn: SIGHUP with
another name of the site; another certificate, and SIGHUP; a start of another copy of the program; a start with another
number of web workers. Each must be seen to have happened. Meanwhile clients read on connections that stay and on new ones,
people write, mail servers send several mails a session, and one is in the middle of a mail at each change.

A failed request is one without its answer, or with one of 500 and more. (A connection that stays may be closed between two
requests: then the client says it again on a new one, as browsers do; it may not on a new one.) A cut session is
one that ends without a word: 421 between two mails is a word, behind DATA only the end of the mail is.
"""
import argparse
import collections
import http.client
import itertools
import os
import random
import shutil
import smtplib
import socket
import ssl
import subprocess
import sys
import threading
import time

from tests.fault import campaign
from tests.flow import mail
from tests.flow.site import DOMAIN, Site, wait_for
from tests.flow.story_handed import listener, start
from tests.flow.web import Browser

HOST = "forum.ville.example"
CHANGES = ("settings", "certificate", "program", "workers")
MAILS_A_SESSION = 5
FORUM = f"voirie@{DOMAIN}"
WRITERS = 8   # in turn: nobody may write more than five times in half a minute


def trusting():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Load:
    """What the clients were told."""

    def __init__(self, web, smtp):
        self.web, self.smtp, self.context = web.getsockname(), smtp.getsockname(), trusting()
        self.over, self.lock = threading.Event(), threading.Lock()
        self.counts, self.failed, self.cut = collections.Counter(), [], []

    def count(self, what):
        with self.lock:
            self.counts[what] += 1

    def connect(self):
        return http.client.HTTPSConnection(*self.web, timeout=60, context=self.context)

    def answered(self, client, how):
        client.request("GET", "/f/voirie", headers={"Host": HOST})
        reply = client.getresponse()
        reply.read()
        self.count(how)
        if reply.status >= 500:
            self.failed.append(f"{how}: {reply.status}")
        return reply

    def reading_on(self):
        """One connection as long as it lasts."""
        client, asked = self.connect(), 0
        while not self.over.is_set():
            try:
                reply = self.answered(client, "kept")
                asked += 1
                closes = reply.will_close
            except (http.client.HTTPException, OSError) as trouble:
                if asked == 0:
                    self.failed.append(f"new connection: {trouble!r}")
                self.count("moved")
                closes = True
            if closes:
                client.close()
                client, asked = self.connect(), 0
        client.close()

    def reading(self):
        """A connection for each request."""
        while not self.over.is_set():
            client = self.connect()
            try:
                self.answered(client, "fresh")
            except (http.client.HTTPException, OSError) as trouble:
                self.failed.append(f"fresh: {trouble!r}")
            client.close()

    def writing(self, browsers, subjects):
        """A form on the web, one after another."""
        for at in itertools.count():
            if self.over.wait(1):
                return
            browser, subject = browsers[at % len(browsers)], f"Écrit {at}"
            try:
                page = browser.get("/f/voirie/new")
                done = browser.submit(page, "/new", ("send", "1"), subject=subject, text="Bonjour.")
            except (http.client.HTTPException, OSError) as trouble:
                self.failed.append(f"form: {trouble!r}")
                continue
            if done.status != 200:
                self.failed.append(f"form: {done.status} {done.text[:200]}")
                continue
            subjects.append(subject)
            self.count("forms")

    def mailing(self, who, subjects):
        """Sessions of some mails each. A mail that was not begun is begun again elsewhere."""
        at = 0
        while not self.over.is_set():
            try:
                client = smtplib.SMTP(*self.smtp, local_hostname="client.ville.example", timeout=60)
            except smtplib.SMTPConnectError as no:
                self.goodbye(no.smtp_code, "greeting")
                continue
            except (OSError, smtplib.SMTPException) as trouble:
                self.cut.append(f"connect: {trouble!r}")
                continue
            for _ in range(MAILS_A_SESSION):
                subject = f"Lettre {who} {at}"
                if not self.mail(client, subject):
                    break
                subjects.append(subject)
                at += 1
            client.close()

    def goodbye(self, code, where):
        if code == 421:
            self.count("said goodbye")
        else:
            self.cut.append(f"{where}: {code}")

    def mail(self, client, subject):
        letter = mail.write("Anne <anne@ville.example>", FORUM, subject, "Bonjour.\n").as_bytes()
        try:
            for word in ("EHLO client.ville.example", "MAIL FROM:<anne@ville.example>", f"RCPT TO:<{FORUM}>", "DATA"):
                code, _ = client.docmd(word)
                if code not in (250, 354):
                    self.goodbye(code, word)
                    return False
            client.send(letter + b"\r\n.\r\n")
            code, _ = client.getreply()
        except (OSError, smtplib.SMTPException) as trouble:
            self.cut.append(f"{subject}: {trouble!r}")
            return False
        if code != 250:
            self.cut.append(f"{subject}: {code} behind its dot")
        self.count("mails")
        return code == 250


class Slow:
    """A mail server in the middle of a mail."""

    def __init__(self, address, subject):
        self.subject, self.said = subject, b""
        self.client = socket.create_connection(address, timeout=60)
        self.lines = self.client.makefile("rb")
        octets = mail.write("Anne <anne@ville.example>", FORUM, subject, "Bonjour, longuement.\n").as_bytes()
        self.rest = octets[len(octets) // 2:]
        self.lines.readline()
        for word, code in ((b"HELO c", b"250"), (b"MAIL FROM:<anne@ville.example>", b"250"),
                           (f"RCPT TO:<{FORUM}>".encode(), b"250"), (b"DATA", b"354")):
            self.client.sendall(word + b"\r\n")
            said = self.lines.readline()
            assert said[:3] == code, (word, said)
        self.client.sendall(octets[:len(octets) // 2])

    def finish(self):
        """The answer to the mail; b"" where there was none."""
        self.client.sendall(self.rest + b"\r\n.\r\n")
        said = self.lines.readline()
        self.lines.close()
        self.client.close()
        return said


class Reloads:
    def __init__(self, options):
        self.options, self.dice, self.say = options, random.Random(options.seed), campaign.whisper(options)
        self.site = Site(options.preau, options.share, limit_mails=0, limit_posts=0, site_url=f"https://{HOST}")
        self.home = self.site.preau
        self.sockets, self.number, self.old = [], 0, []
        self.changed = collections.Counter()
        self.findings, self.slow_subjects = [], []

    # ---- before ----

    def certificate(self, name):
        """A new pair where the settings say; its serial is what a handshake shows."""
        folder = self.site.folder
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "2", "-subj", f"/CN={name}", "-keyout", folder / "new.key", "-out", folder / "new.pem"],
                       check=True, capture_output=True)
        for kind in ("key", "pem"):
            os.replace(folder / f"new.{kind}", folder / f"site.{kind}")
        return ssl.PEM_cert_to_DER_cert((folder / "site.pem").read_text())

    def begin(self):
        folder, site = self.site.folder, self.site
        self.shown = self.certificate("first.ville.example")
        site.settings.update({"listen.tls": "yes", "tls.certificate": str(folder / "site.pem"), "tls.key": str(folder / "site.key")})
        self.sockets = [listener(), listener()]
        start(site, self.sockets, "http:smtp")
        site.act("forum.create", slug="voirie", name="Voirie")
        site.subscribe("voirie", site.person("Anne", "anne@ville.example"))
        self.load = Load(*self.sockets)
        browsers = [SecureBrowser(site, self.load.context).sign_in(site, site.person(f"Paul {at}", f"paul{at}@ville.example"))
                    for at in range(WRITERS)]
        self.subjects = [[], [], []]
        self.threads = [threading.Thread(target=self.load.reading_on) for _ in range(2)]
        self.threads.append(threading.Thread(target=self.load.reading))
        self.threads.append(threading.Thread(target=self.load.writing, args=(browsers, self.subjects[2])))
        self.threads += [threading.Thread(target=self.load.mailing, args=(who, self.subjects[who])) for who in range(2)]
        for thread in self.threads:
            thread.start()

    # ---- the changes ----

    def handshake(self):
        with socket.create_connection(self.load.web, timeout=60) as plain, \
                self.load.context.wrap_socket(plain, server_hostname=HOST) as client:
            return client.getpeercert(binary_form=True)

    def page(self):
        client = self.load.connect()
        client.request("GET", "/", headers={"Host": HOST})
        text = client.getresponse().read().decode()
        client.close()
        return text

    def hup(self):
        mark, count = self.site.reload(), len(self.site.pids())
        wait_for(lambda: self.site.log_text()[mark:].count("reload=done") >= count)

    def again(self):
        """Another life: the old one drains, the sockets stay."""
        old = self.site.pids()
        status = self.site.stop()
        if status != 0:
            self.findings.append(f"it ended with {status}")
        alive = [name for name, pid in old.items() if os.path.exists(f"/proc/{pid}")]
        if alive:
            self.findings.append(f"workers outlive their server: {alive}")
        start(self.site, self.sockets, "http:smtp")

    def settings(self):
        name = self.site.settings["site.name"] = f"Forums numéro {self.number}"
        self.site.write_config()
        self.hup()
        for _ in range(4):  # whichever worker answers
            wait_for(lambda: name in self.page())

    def renew(self):
        self.shown = self.certificate(f"c{self.number}.ville.example")
        self.hup()
        for _ in range(4):
            wait_for(lambda: self.handshake() == self.shown)

    def program(self):
        path = self.site.folder / f"preau-{self.number}"
        shutil.copy2(self.home, path)
        path.chmod(0o755)
        self.site.preau = str(path)
        self.again()
        for name, pid in self.site.pids().items():
            if os.geteuid() == 0 and os.readlink(f"/proc/{pid}/exe") != str(path):
                self.findings.append(f"{name} runs another program")

    def workers(self):
        count = self.dice.choice([n for n in (1, 2, 3, 4) if str(n) != self.site.settings["web.workers"]])
        self.site.settings["web.workers"] = str(count)
        self.again()
        found = sum(name.startswith("web.") for name in self.site.pids())
        if found != count:
            self.findings.append(f"{found} web workers, not {count}")

    def change(self):
        what = CHANGES[self.number % len(CHANGES)]
        self.number += 1
        slow = Slow(self.load.smtp, f"Au milieu {self.number}")
        late = threading.Timer(0.5, lambda: setattr(slow, "said", slow.finish()))
        late.start()
        before = dict(self.load.counts)
        {"settings": self.settings, "certificate": self.renew, "program": self.program, "workers": self.workers}[what]()
        late.join()
        if slow.said[:3] != b"250":
            self.findings.append(f"{what}: a mail in the middle was answered {slow.said!r}")
        else:
            self.slow_subjects.append(slow.subject)
        # The next one comes when everybody has had something of this one.
        wait_for(lambda: all(self.load.counts[name] > before.get(name, 0) for name in ("kept", "fresh", "mails", "forms")), 60)
        self.changed[what] += 1
        self.say(f"{self.number} {what}: {dict(self.load.counts)}")

    # ---- afterwards ----

    def posts(self):
        """Each mail and form that was taken is one post."""
        told = collections.Counter([*self.subjects[0], *self.subjects[1], *self.subjects[2], *self.slow_subjects])
        there = collections.Counter(row[0] for row in self.site.rows("SELECT subject FROM post WHERE state = 'published'"))
        for subject in told:
            if there[subject] != 1:
                yield f"{subject}: {there[subject]} posts"

    def run(self):
        try:
            self.begin()
            while self.number < self.options.changes:
                begun = time.monotonic()
                self.change()
                if self.number < self.options.changes:
                    time.sleep(max(0.0, begun + self.options.every - time.monotonic()))
            self.load.over.set()
            for thread in self.threads:
                thread.join(90)
            self.site.wait_inbox(60)
            posts = list(self.posts())
            status = self.site.stop()
        finally:
            self.end()
        log = self.site.log_text()
        late = [line for line in log.splitlines() if "drain=late" in line]
        return [("no request failed", self.load.failed), ("no session was cut", self.load.cut),
                ("each change happened, and a mail in its middle was taken", self.findings),
                ("what was taken is one post", posts), ("no old worker stays longer than its 30 seconds", late),
                ("it ends well", [f"exit status {status}"] if status else [])]

    def end(self):
        if hasattr(self, "load"):
            self.load.over.set()
        if self.site.process is not None:
            self.site.process.kill()
            self.site.process.wait()
        for one in self.sockets:
            one.close()


class SecureBrowser(Browser):
    def __init__(self, site, context):
        super().__init__(site)
        self.context = context

    def connect(self):
        return http.client.HTTPSConnection(*self.address, timeout=60, context=self.context)


def figures_of(reloads):
    counts = reloads.load.counts
    return {"changes": sum(reloads.changed.values()), **{f"of_{what}": count for what, count in sorted(reloads.changed.items())},
            "requests": counts["kept"] + counts["fresh"] + counts["forms"], "moved": counts["moved"], "mails": counts["mails"],
            "goodbyes": counts["said goodbye"], "failed": len(reloads.load.failed), "cut": len(reloads.load.cut)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    campaign.add_options(parser)
    parser.add_argument("--changes", type=int, default=20)
    parser.add_argument("--every", type=float, default=3)
    options = parser.parse_args()
    return campaign.end([campaign.tell("reloads", options, Reloads(options), figures_of)])


if __name__ == "__main__":
    sys.exit(main())
