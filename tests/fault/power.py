# SPDX-License-Identifier: AGPL-3.0-or-later
"""The power cut (T3): the kill story on a disk of its own whose current fails.

    python3 -m tests.fault.power --preau build/preau --share build/share

  --cuts N           on ext4 (default: 10)
  --xfs-cuts N       on xfs (default: 3)
  --seed N           --ledger   --keep

People write as in the kill story. Then, 5 to 900 ms after a wave of letters began, the disk stops.
Half of the times everybody is frozen first, as if it all stopped at one instant, whatever system
call they are in; else the house runs on for some milliseconds on a disk that answers EIO, and must
not say yes to anybody. That begins between two calls of everybody: an fsync that is under way while
the file system is shut down may answer yes to what is lost (a bare program that appends and syncs
saw it in 8 of 400 shutdowns of ext4, 3 of 150 of xfs, Linux 6.18). Where the current fails nobody
lives to hear that. All are killed, the disk is unmounted and mounted again, the house is started, and goes
on. At the end the judge compares what clients were told with what the disk kept.
"""
import argparse
import collections
import os
import shutil
import signal
import sys
import time

from tests.fault import campaign, judge, killer
from tests.fault.disk import Disk, NoDisk
from tests.fault.story import Figures, Story
from tests.flow.site import wait_for

VICTIM = "all: power cut"
SOON, LATER = (0.005, 0.12), (0.1, 0.9)   # seconds between a wave and its cut: while it comes in, or goes out
ON_AFTER = (0.0, 0.05)                    # the house lives so long without a disk
LOOKS = 10                                # for work in hand, before a cut that hits none


def states_of(pid):
    """Of its threads: T is stopped."""
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/stat", encoding="ascii", errors="replace") as file:
            yield file.read().rpartition(")")[2].split()[0]


class Cutter(killer.Killer):
    """Cuts the current and brings it back."""

    def __init__(self, story):
        super().__init__(story.site, story.desk, story.dice("cutter"), story.say)
        self.disk, self.windows, self.ways = story.disk, [], collections.Counter()
        self.in_the_dark = set()   # pids that met the disk's end

    def kill(self, number, victim):
        self.wait_work(("mail", "web"))
        time.sleep(self.dice.uniform(*self.dice.choice((SOON, SOON, LATER))))
        with self.desk.console:
            self.cut(number, victim, dict(self.log.up))

    def freeze(self, pids, between_calls):
        """All stop, in the midst of some work, which is told; after so many looks without any."""
        for _ in range(LOOKS):
            self.signal(pids, signal.SIGCONT)
            self.wait_work(killer.ANYTHING)
            self.signal(pids, signal.SIGSTOP)
            if between_calls:
                wait_for(lambda: all(state == "T" for pid in pids for state in states_of(pid)))
            work = self.work()
            if any(work[name] for name in killer.ANYTHING):
                break
        return work

    def signal(self, pids, number):
        for pid in pids:
            os.kill(pid, number)

    def cut(self, number, victim, lives):
        flag, frozen = self.dice.choice(("logflush", "nologflush")), self.dice.random() < 0.5
        pids = [self.site.process.pid, *lives.values()]
        work = self.freeze(pids, not frozen)
        begin, before = time.time(), len(self.log.downs)
        self.desk.dark = True
        self.disk.cut(flag)
        if not frozen:
            self.signal(pids, signal.SIGCONT)
            time.sleep(self.dice.uniform(*ON_AFTER))
        way = f"{flag} {'frozen' if frozen else 'running on'}"
        self.ways[way] += 1
        self.deed(pids, number, victim, work, killer.ANYTHING, way)
        self.bury(lives)
        self.in_the_dark.update(pid for _, pid, *_ in self.log.look().downs[before:])
        self.windows.append((begin, time.time()))
        self.disk.unmount()
        self.disk.mount()
        self.site.start()
        self.desk.dark = False
        wait_for(lambda: sorted(self.log.look().up) == self.roles, killer.BACK_WAIT)

    def bury(self, lives):
        """Nobody may have a file of the disk open."""
        self.site.process.wait()
        lives = {**lives, **self.log.look().up}
        self.killed.update(lives.values())
        self.in_the_dark.update(lives.values())
        for pid in lives.values():
            wait_for(lambda pid=pid: self.reap(pid), killer.BACK_WAIT)
        self.site.process = None
        self.log.up.clear()

    def explains(self, pid, by_signal, status):
        """Who finds no disk may end by himself, but not crash."""
        return super().explains(pid, by_signal, status) or (pid in self.in_the_dark and by_signal == 0)

    def was_dark(self, at):
        """The log tells whole seconds."""
        return any(begin - 1 <= at <= end + 1 for begin, end in self.windows)


class PowerJudge(judge.Judge):
    """Without a disk a worker may die by itself and say why: nobody else's words are excused."""

    def is_last_word(self, line):
        return super().is_last_word(line) or self.story.killer.was_dark(judge.time_of(line))


class PowerStory(Story):
    def __init__(self, preau, share, seed, cuts, kind="ext4", subscribers=30, env=None, say=print):
        figures = Figures(mails=40 * cuts, posts=5 * cuts, kills=cuts, subscribers=subscribers, alls=0)
        super().__init__(preau, share, seed, figures, env=env, say=say)
        self.every_role, self.victims = False, [VICTIM] * cuts
        self.disk = Disk(kind, self.site.folder / "disk.img", self.site.data)

    def make_killer(self):
        return Cutter(self)

    def make_judge(self):
        return PowerJudge(self)

    def run(self):
        self.disk.make()
        try:
            checks = super().run()
        finally:
            self.disk.unmount()
        checks.append(("the disk itself is sound", self.disk.check()))
        return checks


def tell_of(story):
    found = story.judge.figures
    counts = story.desk.counts
    return {"fs": story.disk.kind, "cuts": found["kills"], "in_hand": found["kills_in_hand"],
            "acked": counts.get("smtp.acked", 0) + counts.get("lmtp.acked", 0) + counts.get("web.acked", 0),
            "copies": found["copies"], "duplicates": found["duplicates_by_kill"],
            **{way.replace(" ", "-"): count for way, count in sorted(story.killer.ways.items())}}


def run_disk(options, kind, cuts):
    """Violations; None where there is no such disk to be had."""
    story = PowerStory(options.preau, options.share, options.seed, cuts, kind, say=campaign.whisper(options))
    try:
        return campaign.tell(f"power cut {kind}", options, story, tell_of)
    except NoDisk as no:
        shutil.rmtree(story.site.folder)
        print(f"power cut {kind}: skipped: {no}")
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    campaign.add_options(parser)
    parser.add_argument("--cuts", type=int, default=10)
    parser.add_argument("--xfs-cuts", type=int, default=3)
    options = parser.parse_args()
    wanted = [("ext4", options.cuts), ("xfs", options.xfs_cuts)]
    return campaign.end([run_disk(options, kind, cuts) for kind, cuts in wanted if cuts])


if __name__ == "__main__":
    sys.exit(main())
