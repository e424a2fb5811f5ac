# SPDX-License-Identifier: AGPL-3.0-or-later
"""Books of every version become books of today, all or nothing (T27).

    python3 -m tests.fault.migrations --preau build/preau --share build/share --runs 50

  --runs N           kills of the clerk for each version (default: 50); 0: at every call
  --versions N,N     only these
  --seed N           --ledger   --keep   --loud

A town is written through the doors of today's program, then put into the tables of each earlier version
(old_books.py). From each: a start makes it a book of today with every row it had, found by search, sound; so does
a restore; the clerk is killed at calls that touch the book, and what lies there then is a book of one of the versions on the
way, with every row, and the next start brings it to its end. A book that is newer, by one version or by many, is
refused by every verb, with exit status 78 by serve, and no octet of its folder changes.
"""
import argparse
import collections
import hashlib
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

from tests.fault import campaign, kill_commands, old_books
from tests.fault.tracer import points_of
from tests.flow import mail
from tests.flow.site import DOMAIN, Site, wait_for
from tests.flow.web import Browser

EXIT_SETTINGS = 78
# What a start itself writes: not the town's.
MOVING = {"public_version", "counter", "job", "rate", "setting", "session", "act_key"}
BOOK = ("preau.db", "preau.db-wal", "preau.db-shm", "preau.db-journal")
WORD = "Préfecture"


class Migrations(kill_commands.Commands):
    def __init__(self, options):
        self.options, self.dice = options, random.Random(f"{options.seed} migrations")
        self.say = campaign.whisper(options)
        self.site = Site(options.preau, options.share, limit_mails=0)
        self.findings, self.counts = collections.defaultdict(list), collections.Counter()
        self.newest = old_books.newest()

    # ---- the town ----

    def letter(self, subject, who="anne", **more):
        return mail.write(f"{who.title()} <{who}@ville.example>", f"voirie@{DOMAIN}", subject, f"À la {WORD}, {subject}.\n", **more)

    def send(self, letter, who="anne"):
        mail.send(self.site.ports["smtp"], f"{who}@ville.example", [f"voirie@{DOMAIN}"], letter)

    def fill(self):
        site = self.site
        for slug in ("voirie", "culture"):
            site.act("forum.create", slug=slug, name=slug.title())
        people = {name: site.person(name.title(), f"{name}@ville.example", password="cheval-pile-agrafe")
                  for name in ("anne", "paul", "zoe")}
        for person in people.values():
            site.subscribe("voirie", person)
        site.act("roll.create", name="Habitants", source="Mairie")
        first = self.letter("un trottoir")
        self.send(first)
        long = self.letter("un plan")
        long.add_attachment(self.dice.randbytes(100_000), "application", "octet-stream", filename="plan.bin")
        self.send(long)
        self.send(self.letter("une réponse", "paul", In_Reply_To=first["Message-ID"]), "paul")
        self.send(self.letter("un passant", "eve"), "eve")
        site.wait_inbox()
        browser = Browser(site).sign_in(site, people["paul"])
        browser.submit(browser.get("/f/culture/new"), "/new", ("send", "1"), subject="Un cinéma", text="Qui vient ?")
        post = site.one("SELECT id FROM post WHERE state = 'published' ORDER BY id DESC")
        site.act("post.hide", post=post, why="essai")
        wait_for(lambda: site.one("SELECT count(*) FROM outbox WHERE state = 'due'") == 0)

    # ---- folders ----

    def hand_over(self, site):
        if os.geteuid() != 0:
            return
        for path in [site.data, *site.data.rglob("*")]:
            os.chown(path, int(Site.OWNER), int(Site.READ))

    def old_folder(self, folder, version):
        folder.mkdir(mode=0o750)
        shutil.copy2(self.site.data / "keys", folder)
        shutil.copytree(self.site.data / "blobs", folder / "blobs")
        old_books.make(self.site.data / "preau.db", folder / "preau.db", version)
        (folder / "preau.db").chmod(0o640)

    def old_site(self, version):
        site = self.new_site()
        self.old_folder(site.data, version)
        self.hand_over(site)
        return site

    def holds(self, what, site, version, point):
        """Everything that the old book had, in a book of today; sound."""
        self.check(what, site.one("PRAGMA user_version") == self.newest, f"{version} {point}: not of today")
        self.same(what, site.data / "preau.db", version, point)
        done = site.run("check")
        self.check(what, done.returncode == 0 and "sound" in done.stdout, f"{version} {point}: {done.stderr.strip()[:300]}")
        sums = site.one("SELECT (SELECT count(*) FROM post) - (SELECT count(*) FROM post_sum)")
        self.check(what, sums == 0, f"{version} {point}: {sums} posts without a sum")

    def same(self, what, path, version, point):
        shape, want = self.wanted[version]
        found = old_books.rows_of(path, shape)
        for table in want:
            self.check(what, found[table] == want[table], f"{version} {point}: {table} has other rows")

    def want(self, version):
        """Of a book as it is made: tables with columns, and their rows."""
        path = self.site.folder / f"old-{version}.db"
        old_books.make(self.site.data / "preau.db", path, version)
        book = sqlite3.connect(path)
        kept = [row[1] for row in sqlite3.connect(self.site.data / "preau.db").execute("PRAGMA table_info(person)")]
        shape = {name: [column for column in columns if name != "person" or column in kept]
                 for name, columns in old_books.tables(book).items() if name not in MOVING}
        book.close()
        rows = old_books.rows_of(path, shape)
        assert all(rows[table] for table in ("post", "thread", "person", "inbox", "outbox", "journal", "raw")), rows
        return shape, rows

    # ---- the ways ----

    def started(self, version):
        site = self.old_site(version)
        try:
            site.start()
            page = Browser(site).get(f"/search?q=prefecture")
            self.check("start", page.status == 200 and "un trottoir" in page.text, f"{version}: search: {page.text[:200]}")
            self.check("start", Browser(site).get("/f/voirie").text.count("un trottoir") > 0, f"{version}: no page")
            self.check("start", site.stop() == 0, f"{version}: it does not stop well")
            self.holds("start", site, version, "started")
            copy = site.data / f"preau.db.before-{version + 1}"
            self.check("start", copy.exists(), f"{version}: the book as it was is not kept")
            self.same("start", copy, version, "kept copy")
        finally:
            self.gone(site)

    def restored(self, version):
        site, source = self.new_site(), self.site.folder / f"backup-{version}"
        self.old_folder(source, version)
        try:
            done = site.run("restore", source)
            self.check("restore", done.returncode == 0, f"{version}: {done.stderr.strip()}")
            if done.returncode == 0:
                self.holds("restore", site, version, "restored")
        finally:
            self.gone(site)
            shutil.rmtree(source)

    def gone(self, site):
        if site.process is not None:
            site.process.kill()
            site.process.wait()
            site.process = None
        shutil.rmtree(site.folder, ignore_errors=True)

    # ---- killed on the way ----

    def ask(self, site, version, call=None, nth=0):
        """A clerk for one question, which migrates first. The lines of each process that touched the book; was one killed?"""
        output = site.folder / "trace"
        words = ["strace", "-f", "-o", output]
        for name in (*BOOK, f"preau.db.before-{version + 1}"):
            words += ["-P", site.data / name]
        words += ["-P", site.data]
        if call:
            words += ["-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={nth}"]
        words += [site.preau, "ask", "--config", site.config, "inbox.list"]
        house = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                 cwd=site.folder, start_new_session=True)
        killed, until = False, time.monotonic() + 60
        while house.poll() is None and not killed and time.monotonic() < until:
            killed = output.exists() and "killed by SIGKILL" in output.read_text(errors="replace")
            time.sleep(0.002)
        text = output.read_text(errors="replace")
        killed = killed or "killed by SIGKILL" in text
        self.kill_session(house.pid)
        house.wait()
        return self.by_process(text), killed

    def kill_session(self, session):
        """The server that a question starts is in a group of its own."""
        for entry in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                if int(entry.read_text().rsplit(")", 1)[1].split()[3]) == session:
                    os.kill(int(entry.parent.name), signal.SIGKILL)
            except (OSError, ProcessLookupError):  # gone meanwhile
                continue

    def points(self, version):
        site = self.old_site(version)
        lives, _ = self.ask(site, version)
        self.gone(site)
        # The clerk is the one that touches the book most; its supervisor looks at the folder alone.
        calls = max(lives, key=len)
        found = list(points_of(calls))
        if self.options.runs and len(found) > self.options.runs:
            found = self.dice.sample(found, self.options.runs)
        return found

    def killed(self, version):
        for call, nth in self.points(version):
            site = self.old_site(version)
            _, killed = self.ask(site, version, call, nth)
            self.told(f"version_{version}", call, nth, -signal.SIGKILL if killed else 0)
            self.wait_gone(site)
            try:
                between = self.look_between(site, version, f"{call} {nth}")
                self.counts[f"left_at_{between}"] += killed
                done = site.run("ask", "inbox.list")
                self.check("killed", done.returncode == 0, f"{version} {call} {nth}: the next start: {done.stderr.strip()}")
                self.holds("killed", site, version, f"{call} {nth}")
            finally:
                self.gone(site)

    def look_between(self, site, version, point):
        """What lies there before anybody of ours opens it: SQLite's own eyes, at a copy."""
        place = site.folder / "look"
        place.mkdir()
        for name in BOOK[:2]:
            if (site.data / name).exists():
                shutil.copy(site.data / name, place)
        book = sqlite3.connect(place / "preau.db")
        try:
            at = book.execute("PRAGMA user_version").fetchone()[0]
            self.check("killed", version <= at <= self.newest, f"{version} {point}: the book is of version {at}")
            sound = book.execute("PRAGMA integrity_check").fetchone()
            self.check("killed", sound == ("ok",), f"{version} {point}: {sound}")
        finally:
            book.close()
        self.same("killed", place / "preau.db", version, point)
        return at

    # ---- newer ones ----

    def octets(self, folder):
        return {path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
                for path in sorted(folder.rglob("*")) if path.is_file() and path.parent.name != "run"}

    def newer(self, version):
        site = self.old_site(self.newest)
        book = sqlite3.connect(site.data / "preau.db")
        book.execute("CREATE TABLE of_tomorrow (x)")
        book.execute(f"PRAGMA user_version = {version}")
        book.close()
        before = self.octets(site.data)
        try:
            done = subprocess.run([site.preau, "serve", "--config", site.config], capture_output=True, text=True, timeout=60)
            self.check("newer", done.returncode == EXIT_SETTINGS and "newer" in done.stderr, f"{version}: serve: {done}")
            for words in (["ask", "inbox.list"], ["act", "forum.create", "slug=x", "name=X"], ["check"],
                          ["backup", site.folder / "copy"], ["show", "outbox"]):
                done = site.run(*words)
                self.check("newer", done.returncode != 0 and done.stderr, f"{version}: {words}: {done}")
                self.counts["refused"] += done.returncode != 0
            other = self.new_site()
            done = other.run("restore", site.data)
            self.check("newer", done.returncode != 0 and not other.data.exists(), f"{version}: restore: {done}")
            self.gone(other)
            after = self.octets(site.data)
            changed = {path for path in set(before) | set(after) if before.get(path) != after.get(path)}
            self.check("newer", not changed, f"{version}: octets changed: {sorted(map(str, changed))}")
        finally:
            self.gone(site)

    def run(self):
        with self.site:
            self.fill()
            assert self.site.one("PRAGMA user_version") == self.newest
            self.site.stop()
            versions = [int(one) for one in self.options.versions.split(",")] if self.options.versions else range(1, self.newest)
            self.wanted = {version: self.want(version) for version in versions}
            for version in versions:
                self.started(version)
                self.restored(version)
                self.killed(version)
            for version in (self.newest + 1, self.newest + 1000):
                self.newer(version)


CHECKS = [("start", "a start makes it a book of today, with every row"), ("restore", "so does a restore"),
          ("killed", "killed on the way, it is a book of some version, whole, and goes on"),
          ("newer", "a newer book is refused, and left as it is")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    campaign.add_options(parser)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--versions")
    options = parser.parse_args()
    begin, migrations = time.monotonic(), Migrations(options)
    migrations.run()
    checks = [(sentence, migrations.findings[what]) for what, sentence in CHECKS]
    hit = [name for name in migrations.counts if name.startswith("version_")]
    checks.append(("the clerk was killed on the way from each version",
                   [] if len(hit) == len(migrations.wanted) else [f"only {hit}"]))
    return campaign.end([campaign.tell_checks("migrations", options, begin, checks, migrations.counts)])


if __name__ == "__main__":
    sys.exit(main())
