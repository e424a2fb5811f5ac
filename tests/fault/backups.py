# SPDX-License-Identifier: AGPL-3.0-or-later
"""Backups taken while a town writes and processes are killed (T26): each is some instant of the house.

    python3 -m tests.fault.backups --preau build/preau --share build/share --seed 7 --backups 10

  --backups N        (default: 10), --every SECONDS between two of them (default: 5)
  --seed N           --ledger   --keep   --loud

The kill story goes on meanwhile, and its judge has the last word about the house itself. Each copy is then restored
into a house of its own. What was acknowledged before the copy began is in it, what was begun after
its end is not; each table that only grows has what the house has, up to one row; a post has all of its
deliveries or none; the chain of the journal holds. Then it is served: the mails that were still to be
read become the posts that they became at home.
"""
import argparse
import collections
import shutil
import sqlite3
import sys
import threading
import time

from tests.fault import accountant, campaign, judge
from tests.fault.story import Figures, Story
from tests.flow.site import Site

EX_TEMPFAIL = 75
KILL_SECONDS = 1.6   # a kill and the pause behind it, about: how many there must be
GROWING = (("journal", "id, date, act, actor, object, outcome, hex(chain)"), ("raw", "id, hex(hash), size"),
           ("post", "id, forum, message_id, author, source"), ("inbox", "id, recipient, mail_from, received"),
           ("outbox", "id, post, notice, person, address"), ("person", "id, name_shown"), ("thread", "id, forum, title"))


class Copy:
    def __init__(self, folder, begun, ended):
        self.folder, self.begun, self.ended = folder, begun, ended


class Keeper(threading.Thread):
    """Takes a copy every few seconds until there are enough; one that cannot be read just now is tried again."""

    def __init__(self, story, count, every):
        super().__init__(daemon=True)
        self.story, self.count, self.every = story, count, every
        self.copies, self.complaints, self.again = [], [], 0

    def run(self):
        place = self.story.site.folder / "copies"
        place.mkdir()
        while len(self.copies) < self.count and not self.complaints:
            begun = time.time()
            done = self.story.site.run("backup", place / f"{len(self.copies):03}")
            if done.returncode == 0:
                self.copies.append(Copy(place / f"{len(self.copies):03}", begun, time.time()))
                self.story.say(f"copy {len(self.copies)} in {time.time() - begun:.2f} s")
            elif done.returncode == EX_TEMPFAIL and self.again < self.count:
                self.again += 1
            else:
                self.complaints.append(f"copy {len(self.copies)}: {done.returncode} {done.stderr.strip()}")
            time.sleep(max(0.0, begun + self.every - time.time()))


class BackupStory(Story):
    def __init__(self, options, figures):
        super().__init__(options.preau, options.share, options.seed, figures, say=campaign.whisper(options))
        self.every_role = False
        self.keeper = Keeper(self, options.backups, options.every)
        self.findings = collections.defaultdict(list)
        self.counts = collections.Counter()

    def rain(self):
        self.keeper.start()
        super().rain()

    def settle_down(self):
        super().settle_down()
        self.keeper.join(120)

    def after(self):
        """The house is at rest, and still serves: what every copy is compared with."""
        self.told = collections.defaultdict(list)
        for line in accountant.read_journal(self.desk.journal.path):
            self.told[line["nonce"]].append(line)
        self.home_inbox = {}   # nonce: its rows of the inbox
        self.home_posts = {}   # nonce: its posts
        for post, source, inbox in self.site.rows("SELECT p.id, p.source, i.id FROM post AS p"
                                                  " LEFT JOIN inbox AS i ON i.post = p.id"):
            for nonce in set(judge.NONCE.findall(source)):
                self.home_posts.setdefault(nonce, set()).add(post)
                if inbox is not None:
                    self.home_inbox.setdefault(nonce, set()).add(inbox)
        for number, copy in enumerate(self.keeper.copies):
            for what, found in self.judge_copy(copy):
                self.findings[what].append(f"copy {number}: {found}")

    # ---- one copy ----

    def judge_copy(self, copy):
        house = Site(self.site.preau, self.site.settings["share"], limit_mails=0, limit_posts=0)
        house.write_config()
        try:
            done = house.run("restore", copy.folder)
            if done.returncode != 0:
                yield "restored", done.stderr.strip()
                return
            yield from self.compare(copy, house)
            yield from self.serve(house)
        finally:
            if house.process is not None:
                house.process.kill()
                house.process.wait()
            shutil.rmtree(house.folder, ignore_errors=True)

    def compare(self, copy, house):
        book = sqlite3.connect(f"file:{house.data}/preau.db?mode=ro&immutable=1", uri=True)
        try:
            last = {}
            for table, columns in GROWING:
                rows = book.execute(f"SELECT {columns} FROM {table} ORDER BY id").fetchall()
                last[table] = rows[-1][0] if rows else 0
                if rows != self.site.rows(f"SELECT {columns} FROM {table} WHERE id <= ? ORDER BY id", last[table]):
                    yield "instant", f"{table} is not what the house has up to {last[table]}"
            posts = dict(book.execute("SELECT id, state FROM post"))
            copies = dict(book.execute("SELECT post, count(*) FROM outbox WHERE post IS NOT NULL GROUP BY post"))
            self.counts["waiting"] += book.execute("SELECT count(*) FROM inbox WHERE state = 'new'").fetchone()[0]
            self.counts["due"] += book.execute("SELECT count(*) FROM outbox WHERE state = 'due'").fetchone()[0]
        finally:
            book.close()
        at_home = dict(self.site.rows("SELECT post, count(*) FROM outbox WHERE post IS NOT NULL GROUP BY post"))
        for post, state in posts.items():
            want = at_home.get(post, 0) if state == "published" else 0
            if copies.get(post, 0) != want:
                yield "facts", f"post {post} ({state}) has {copies.get(post, 0)} deliveries, not {want}"
        yield from self.accounts(copy, last["inbox"], posts)

    def accounts(self, copy, last_inbox, posts):
        """Against what the clients wrote down."""
        for letter in self.letters:
            told = self.told[letter.nonce]
            acked = [line["t"] for line in told if line["e"] == "acked"]
            sent = [line["t"] for line in told if line["e"] == "sent"]
            if letter.door == "web":
                inside = [post in posts for post in self.home_posts.get(letter.nonce, ())]
            else:
                inside = [row <= last_inbox for row in self.home_inbox.get(letter.nonce, ())]
            if acked and acked[0] < copy.begun:
                self.counts["before"] += 1
                if not inside or not all(inside):
                    yield "acknowledged", f"nonce-{letter.nonce} ({letter.door}) was acknowledged before, and is not in it"
            elif sent and sent[0] > copy.ended:
                self.counts["after"] += 1
                if any(inside):
                    yield "acknowledged", f"nonce-{letter.nonce} ({letter.door}) was sent afterwards, and is in it"

    def serve(self, house):
        done = house.run("check")
        if done.returncode != 0 or "sound" not in done.stdout:
            yield "sound", done.stderr.strip() or done.stdout
        last = house.one("SELECT coalesce(max(id), 0) FROM inbox")
        house.start()
        if not judge.wait_quiet(house):
            yield "served", "it did not come to rest"
        query = ("SELECT i.id, p.forum, p.message_id FROM inbox AS i JOIN post AS p ON p.id = i.post"
                 " WHERE i.id <= ? ORDER BY i.id")
        if house.rows(query, last) != self.site.rows(query, last):
            yield "served", "its mails became other posts than at home"
        status = house.stop()
        if status != 0:
            yield "served", f"it ended with {status}"


CHECKS = [("restored", "each copy is restored"), ("instant", "each table is the house's, up to one row"),
          ("facts", "a post has all of its deliveries, or none where it waits"),
          ("acknowledged", "what was acknowledged before is in it, what came after is not"),
          ("sound", "what was restored is sound"), ("served", "it is served, and its mails become the same posts")]


class Campaign:
    """What campaign.tell() wants of a story."""

    def __init__(self, options):
        seconds = options.backups * options.every
        kills = max(4, round(seconds / KILL_SECONDS))
        self.story = BackupStory(options, Figures(mails=12 * kills, posts=2 * kills, kills=kills,
                                                  subscribers=60, alls=min(5, kills // 5)))
        self.site = self.story.site

    def run(self):
        checks = self.story.run()
        keeper = self.story.keeper
        missing = [] if len(keeper.copies) == keeper.count else [f"{len(keeper.copies)} of {keeper.count} were made"]
        checks.append(("each backup is made", keeper.complaints + missing))
        checks += [(sentence, self.story.findings[what]) for what, sentence in CHECKS]
        # What would be proved by copies of an idle house, or by comparing with nothing?
        idle = [what for what in ("before", "after") if self.story.counts[what] == 0]
        checks.append(("there were letters before and after", idle))
        return checks


def figures_of(story):
    counts = story.story.counts
    return {"backups": len(story.story.keeper.copies), "again": story.story.keeper.again,
            "kills": len(story.story.killer.kills), "letters": len(story.story.letters), "acked_before": counts["before"],
            "sent_after": counts["after"], "mails_waiting": counts["waiting"], "copies_due": counts["due"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    campaign.add_options(parser)
    parser.add_argument("--backups", type=int, default=10)
    parser.add_argument("--every", type=float, default=5)
    options = parser.parse_args()
    return campaign.end([campaign.tell("backups under load", options, Campaign(options), figures_of)])


if __name__ == "__main__":
    sys.exit(main())
