# SPDX-License-Identifier: AGPL-3.0-or-later
"""One Préau for one story: a data folder of its own, free ports, the real processes.

A Site is started and stopped like a file is opened and closed:

    with Site(options) as site:
        site.act("forum.create", slug="voirie", name="Voirie")
"""
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time

DOMAIN = "forum.ville.example"


def wait_for(what, seconds=20.0, pause=0.02):
    """The first true answer of what(), asked again and again; AssertionError after seconds."""
    until = time.monotonic() + seconds
    while True:
        answer = what()
        if answer:
            return answer
        if time.monotonic() > until:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(pause)


class Refused(Exception):
    """An act that was answered no: status and the sentence."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


class Site:
    # Users that need not exist: spawn takes numbers. They must differ.
    OWNER, DOORS, READ = "64011", "64012", "64013"

    def __init__(self, preau, share, relay="dir:outgoing", env=None, **settings):
        self.preau = str(pathlib.Path(preau).resolve())
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="preau-"))
        self.folder.chmod(0o755)
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self.process = None
        self.env = dict(os.environ, **(env or {}))
        self.settings = {
            "site.name": "Forums de Ville",
            "site.url": "http://forum.ville.example",
            "data": str(self.data),
            "share": str(pathlib.Path(share).resolve()),
            "mail.domain": DOMAIN,
            "mail.trust": "local",
            "listen.http": "127.0.0.1:0",
            "listen.smtp": "127.0.0.1:0",
            "listen.lmtp": "127.0.0.1:0",
            "relay.to": relay,
            "relay.retry": "1",
            "web.workers": "2",
        }
        if os.geteuid() == 0:
            self.settings.update({"user.owner": self.OWNER, "user.doors": self.DOORS, "group.read": self.READ})
        self.settings.update({name.replace("_", "."): str(value) for name, value in settings.items()})
        self.config = self.folder / "preau.conf"

    # ---- life ----

    def write_config(self):
        self.config.write_text("".join(f"{name} = {value}\n" for name, value in self.settings.items()))

    def start(self, seconds=30):
        self.write_config()
        with open(self.log, "ab") as log:
            mark = log.tell()
            self.process = subprocess.Popen(
                [self.preau, "serve", "--config", str(self.config)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env, cwd=self.folder)

        def is_ready():
            text = self.log.read_bytes()[mark:]
            if self.process.poll() is not None:
                raise AssertionError(f"serve ended with {self.process.returncode}: {text.decode(errors='replace')}")
            return b"serve ready=yes" in text

        wait_for(is_ready, seconds)
        self.ports = self.read_ports()  # at once: threads look at it while a house is started again
        return self

    def read_ports(self):
        ports = {}
        for line in (self.data / "run" / "listen").read_text().splitlines():
            name, address = line.split()
            if address.startswith("unix:"):
                continue
            host, port = address.rsplit(":", 1)
            ports[name] = (host, int(port))
        return ports

    def stop(self, seconds=45):
        """SIGTERM: drain; the exit status."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.terminate()
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("serve did not drain:\n" + self.log_tail())
        self.process = None
        return status

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, value, trace):
        try:
            self.stop()
        finally:
            if kind is None:
                shutil.rmtree(self.folder, ignore_errors=True)
            else:
                print(f"--- the log of {self.folder}:\n{self.log_tail()}")

    def reload(self):
        mark = len(self.log_text())
        self.process.send_signal(signal.SIGHUP)
        return mark

    def log_text(self):
        return self.log.read_text(errors="replace")

    def log_tail(self, lines=60):
        return "\n".join(self.log_text().splitlines()[-lines:])

    def pids(self):
        """{"clerk.0": pid ...} of the lives that run now."""
        found = {}
        for line in self.log_text().splitlines():
            words = dict(word.split("=", 1) for word in line.split() if "=" in word)
            if "up" in words and "pid" in words:
                found[words["up"]] = int(words["pid"])
            if "down" in words and "pid" in words and found.get(words["down"]) == int(words["pid"]):
                del found[words["down"]]
        return found

    @contextlib.contextmanager
    def only_worker(self, index):
        """Whoever connects meanwhile is answered by that web worker: the others stand still."""
        still = [pid for name, pid in self.pids().items() if name.startswith("web.") and name != f"web.{index}"]
        assert len(still) == int(self.settings["web.workers"]) - 1, self.pids()
        try:
            for pid in still:
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in still:
                os.kill(pid, signal.SIGCONT)

    # ---- the console ----

    def run(self, *words, input_=None):
        verb, rest = words[0], [str(word) for word in words[1:]]
        return subprocess.run([self.preau, verb, "--config", str(self.config), *rest], input=input_,
                              capture_output=True, text=True, env=self.env, timeout=120)

    def act(self, name, /, *options, **fields):
        """Does an act by console; {"post": "12" ...}; Refused where it is answered no."""
        return self._speak("act", name, options, fields)

    def ask(self, name, /, *options, **fields):
        return self._speak("ask", name, options, fields)

    def _speak(self, verb, name, options, fields):
        words = []
        for field, value in fields.items():
            for one in value if isinstance(value, (list, tuple)) else [value]:
                words.append(f"{field}={one}")
        done = self.run(verb, *options, name, *words)
        if done.returncode != 0:
            raise Refused(done.returncode, done.stderr.strip())
        return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)

    # ---- looking at the book (the tests' own eyes: read-only) ----

    def rows(self, sql, *values):
        book = sqlite3.connect(f"file:{self.data}/preau.db?mode=ro", uri=True, timeout=10)
        try:
            return book.execute(sql, values).fetchall()
        finally:
            book.close()

    def one(self, sql, *values):
        row = self.rows(sql, *values)
        return row[0][0] if row else None

    def is_quiet(self):
        """Nothing in work: no new mail in the inbox, nothing due within the minute."""
        return self.one("SELECT count(*) FROM inbox WHERE state = 'new'") == 0

    def wait_inbox(self, seconds=30):
        wait_for(self.is_quiet, seconds)

    # ---- people in the usual form ----

    def person(self, name, address, **more):
        return int(self.act("person.create", name=name, address=address, verified=1, **more)["person"])

    def subscribe(self, forum, person, mode="each"):
        self.act("subscription.set", forum=forum, person=person, mode=mode)

    def connect(self, name):
        return socket.create_connection(self.ports[name], timeout=20)
