# SPDX-License-Identifier: AGPL-3.0-or-later
"""Commands and starts that are killed at a system call (T2): all or nothing, and again it works.

    python3 -m tests.fault.kill_commands --preau build/preau --share build/share

  --runs N           kills of each of the four (default: 15)
  --seed N           --ledger   --keep   --loud

backup: what has the name of a backup is whole. restore: said again, it is done. start and migrate
(a book of the first version): whichever process was killed first, all of them are killed then; the
next start serves the book, whole and of the newest version. Each is told once under strace, which
tells its calls; the points are drawn from these.
"""
import argparse
import contextlib
import collections
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

from tests.fault import campaign
from tests.fault.tracer import calls_of, points_of
from tests.flow import mail
from tests.flow.site import DOMAIN, Site, wait_for

FIRST = pathlib.Path(__file__).resolve().parents[2] / "src/store/schema/0001-start.sql"
APPLICATION = 1349674337
LETTERS, FILE_OCTETS = 12, 100_000
READY = b"serve ready=yes"


class Commands:
    def __init__(self, options):
        self.options, self.dice = options, random.Random(f"{options.seed} commands")
        self.say = campaign.whisper(options)
        self.site = Site(options.preau, options.share, limit_mails=0)
        self.place = self.site.folder / "place"
        self.place.mkdir()
        self.findings, self.counts = collections.defaultdict(list), collections.Counter()

    # ---- strace around a command ----

    def strace(self, words, call=None, nth=0):
        """calls, was it killed?"""
        output = self.site.folder / "trace"
        inject = ["-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={nth}"] if call else []
        done = subprocess.run(["strace", "-o", output, *inject, *words], capture_output=True, timeout=120,
                              cwd=self.site.folder)
        return calls_of(output.read_text(errors="replace")), done

    def words(self, site, *more):
        return [site.preau, more[0], "--config", str(site.config), *map(str, more[1:])]

    def points(self, *lives):
        """Of the calls of one process or several: each counts its own."""
        found = sorted({point for calls in lives for point in points_of(calls)})
        return self.dice.sample(found, min(self.options.runs, len(found)))

    def check(self, what, good, text):
        if not good:
            self.findings[what].append(text)

    # ---- a copy, and the way back ----

    def fill(self):
        self.site.act("forum.create", slug="voirie", name="Voirie")
        self.site.subscribe("voirie", self.site.person("Anne", "anne@ville.example"))
        for at in range(LETTERS):
            letter = mail.write("Anne <anne@ville.example>", f"voirie@{DOMAIN}", f"Lettre {at}", "Bonjour.\n")
            letter.add_attachment(self.dice.randbytes(FILE_OCTETS), "application", "octet-stream", filename="plan.bin")
            mail.send(self.site.ports["smtp"], "anne@ville.example", [f"voirie@{DOMAIN}"], letter)
        self.site.wait_inbox()

    def is_sound(self, folder):
        done = self.site.run("check", folder)
        return done.returncode == 0 and "sound" in done.stdout

    def backup(self):
        calls, _ = self.strace(self.words(self.site, "backup", self.place / "first"))
        for at, (call, nth) in enumerate(self.points(calls)):
            target = self.place / f"copy-{at}"
            _, done = self.strace(self.words(self.site, "backup", target), call, nth)
            self.told("backup", call, nth, done.returncode)
            if target.exists():
                self.check("backup", self.is_sound(target), f"{call} {nth}: {target.name} is not whole")
            for path in self.place.glob(f"{target.name}*"):
                self.check("backup", path == target or path.name.endswith(".partial"), f"{call} {nth}: left {path.name}")
                shutil.rmtree(path)
        self.check("backup", self.site.run("backup", self.place / "last").returncode == 0, "no backup works any more")

    def restore(self):
        source = self.place / "first"
        site = self.new_site()
        calls, _ = self.strace(self.words(site, "restore", source))
        shutil.rmtree(site.folder)
        for call, nth in self.points(calls):
            site = self.new_site()
            _, done = self.strace(self.words(site, "restore", source), call, nth)
            self.told("restore", call, nth, done.returncode)
            again = site.run("restore", source)
            whole = again.returncode == 0 or "not empty" in again.stderr
            self.check("restore", whole, f"{call} {nth}: said again: {again.stderr.strip()}")
            self.serve("restore", site, f"{call} {nth}", lambda site: site.one("SELECT count(*) FROM post") == LETTERS)

    def serve(self, what, site, point, holds):
        """It starts, holds what it must, and is sound; then it is gone."""
        try:
            site.start()
            self.check(what, holds(site), f"{point}: the book is another")
            site.stop()
        except AssertionError as no:
            self.findings[what].append(f"{point}: {str(no)[:300]}")
        finally:
            if site.process is not None:
                site.process.kill()
                site.process.wait()
        checked = site.run("check")
        self.check(what, checked.returncode == 0, f"{point}: {checked.stdout[-300:]}")
        shutil.rmtree(site.folder, ignore_errors=True)

    def new_site(self):
        site = Site(self.options.preau, self.options.share)
        site.write_config()
        return site

    def told(self, what, call, nth, status):
        killed = status in (-signal.SIGKILL, 128 + signal.SIGKILL)
        self.counts[what] += killed
        self.counts["not_met"] += not killed
        self.say(f"{what} {call} {nth}: {'killed' if killed else 'not met'}")

    # ---- a start, of this version or an older one ----

    def old_site(self):
        site = self.new_site()
        site.data.mkdir(mode=0o750)
        subprocess.run(["cp", "-a", self.site.data / "keys", site.data], check=True)  # no book without them
        path = site.data / "preau.db"
        book = sqlite3.connect(path)
        book.executescript(FIRST.read_text())
        book.execute(f"PRAGMA application_id = {APPLICATION}")
        book.execute("INSERT INTO forum (slug, name, created) VALUES ('ancien', 'Un ancien forum', 1)")
        book.execute("PRAGMA user_version = 1")
        book.commit()
        book.close()
        if os.geteuid() == 0:
            for one in (site.data, path):
                os.chown(one, int(Site.OWNER), int(Site.READ))
        path.chmod(0o640)
        return site

    def start(self, site, call=None, nth=0):
        """A start under strace until it is ready, or one of its processes was killed; then all are."""
        output, log = site.folder / "trace", site.folder / "log"
        inject = ["-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={nth}"] if call else []
        with open(log, "ab") as file:
            house = subprocess.Popen(["strace", "-f", "-o", output, *inject, *self.words(site, "serve")], stdin=subprocess.DEVNULL,
                                     stdout=file, stderr=file, cwd=site.folder, start_new_session=True)
        killed = False
        until = time.monotonic() + 60
        while time.monotonic() < until and house.poll() is None and not killed and READY not in log.read_bytes():
            killed = output.exists() and "killed by SIGKILL" in output.read_text(errors="replace")
            time.sleep(0.005)
        killed = killed or "killed by SIGKILL" in output.read_text(errors="replace")
        try:
            os.killpg(house.pid, signal.SIGKILL)
        except ProcessLookupError:  # nobody of it is left
            pass
        house.wait()
        if call is None and READY not in log.read_bytes():
            raise AssertionError(f"it does not start where nobody is killed:\n{log.read_text(errors='replace')[-2000:]}")
        return self.by_process(output.read_text(errors="replace")), killed

    def by_process(self, text):
        lines = collections.defaultdict(list)
        for line in text.splitlines():
            lines[line.split(" ", 1)[0]].append(line)
        return [calls_of("\n".join(found)) for found in lines.values()]

    def starts(self, what, make, holds):
        site = make()
        lives, _ = self.start(site)
        self.wait_gone(site)
        shutil.rmtree(site.folder)
        for call, nth in self.points(*lives):
            site = make()
            _, killed = self.start(site, call, nth)
            self.told(what, call, nth, -signal.SIGKILL if killed else 0)
            self.wait_gone(site)
            self.serve(what, site, f"{call} {nth}", holds)

    def wait_gone(self, site):
        """Workers end by themselves when their supervisor is gone."""
        name = str(site.data)

        def is_of_house(pid):
            """Processes end, and close files, between two looks."""
            with contextlib.suppress(OSError):
                for number in os.listdir(f"/proc/{pid}/fd"):
                    with contextlib.suppress(OSError):
                        if os.readlink(f"/proc/{pid}/fd/{number}").startswith(name):
                            return True
            return False
        wait_for(lambda: not any(is_of_house(pid) for pid in os.listdir("/proc") if pid.isdigit()), 30, 0.1)

    def run(self):
        with self.site:
            self.fill()
            self.backup()
            self.restore()
            newest = self.site.one("PRAGMA user_version")
            self.starts("start", self.new_site, lambda site: site.one("PRAGMA user_version") == newest)
            self.starts("migrate", self.old_site, lambda site: site.one("PRAGMA user_version") == newest and
                        site.one("SELECT count(*) FROM forum WHERE slug = 'ancien'") == 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    campaign.add_options(parser)
    parser.add_argument("--runs", type=int, default=15)
    options = parser.parse_args()
    begin, commands = time.monotonic(), Commands(options)
    commands.run()
    checks = [(f"{what}: whole or not there, and again it works", commands.findings[what])
              for what in ("backup", "restore", "start", "migrate")]
    return campaign.end([campaign.tell_checks("kill commands", options, begin, checks, commands.counts)])


if __name__ == "__main__":
    sys.exit(main())
