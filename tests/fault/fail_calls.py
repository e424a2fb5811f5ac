# SPDX-License-Identifier: AGPL-3.0-or-later
"""System calls that fail (T4): the disk, the network or the kernel says no, once or for a while.

    python3 -m tests.fault.fail_calls --preau build/preau --share build/share

  --runs N           so many failures (default: 60)
  --scene NAME       only in that one, as often as wanted
  --seed N           --ledger   --keep   --loud

Each scene of scenes.py is played once under strace, which tells the calls of each process in it. Then
it is played again and again; each time one call of one process fails, or from that one on a
few of them. Whoever is told yes is told the truth; nobody is told a 5xx for what is only our trouble;
a process may go on or end by itself, never crash. Once the call works again, all goes on: by itself, or, where
a disk that fails (EIO) has closed the house to writing, once it was checked and started again (Warden). A
mail whose file was not read is set aside, whole: it is given back at the end, as people do.

Only where the seccomp filter lets strace say what a call answers: a parser or auth would be
killed by it (its list names every call that it may make), which is kill_calls.py's matter.
"""
import argparse
import collections
import sys
import threading

from tests.fault import campaign
from tests.fault.scenes import SCENES, Scenes
from tests.fault.tracer import points_of

WRITING, OPENING = ("EIO", "ENOSPC", "EDQUOT", "EINTR"), ("EMFILE", "ENFILE", "ENOSPC", "EIO", "ENOMEM")
TALKING = ("ECONNRESET", "EINTR", "EAGAIN", "ENOMEM", "EPIPE")
# Not fcntl: to give a lock back never fails on Linux, and strace cannot tell it from taking one.
# sendmsg and recvmsg are for pairs of our own processes alone: a living one is never reset.
FAILURES = {
    "write": WRITING, "pwrite64": WRITING, "writev": TALKING, "fsync": ("EIO", "ENOSPC"), "fdatasync": ("EIO", "ENOSPC"),
    "openat": OPENING, "rename": ("EIO", "ENOSPC"), "renameat2": ("EIO", "ENOSPC"), "linkat": ("EIO", "ENOSPC"),
    "unlink": ("EIO",), "ftruncate": ("EIO", "ENOSPC"),
    "pread64": ("EIO", "EINTR"), "read": ("EIO", "ECONNRESET", "EINTR", "EAGAIN"), "readv": TALKING[:4],
    "accept4": ("EMFILE", "ENFILE", "ENOMEM", "ECONNABORTED", "EINTR"), "sendmsg": ("EINTR", "EAGAIN", "ENOBUFS", "ENOMEM", "ETOOMANYREFS"),
    "recvmsg": ("EINTR", "EAGAIN", "ENOMEM"),
    "epoll_wait": ("EINTR", "EIO"), "epoll_ctl": ("ENOMEM", "ENOSPC"), "socket": ("EMFILE", "ENFILE", "ENOMEM"),
    "connect": ("ECONNREFUSED", "ENETUNREACH", "EINTR", "EAGAIN"), "getrandom": ("EINTR", "EAGAIN", "ENOSYS"),
    "mmap": ("ENOMEM",), "mremap": ("ENOMEM",), "memfd_create": ("EMFILE", "ENOMEM"),
}
WALLED = ("parser", "auth")
WHILE = 6                   # calls in a row, where it fails for a while
AGAIN_SHARE = 0.3


class Warden(threading.Thread):
    """Who looks after the house: where it was closed to writing, he has it checked, and starts it again."""

    def __init__(self, story):
        super().__init__(daemon=True)
        self.story, self.over, self.opened = story, threading.Event(), 0

    def run(self):
        while not self.over.wait(0.2):
            if (self.story.site.data / "read-only").exists():
                self.open_again()

    def open_again(self):
        self.story.wait_lives()
        with self.story.desk.console:
            done = self.story.site.run("check")
            if done.returncode != 0:
                self.story.desk.complain(f"the book is not sound: {done.stderr.strip()}")
            self.story.restart()
        self.opened += 1

    def leave(self):
        self.over.set()
        self.join()


class FailCalls(Scenes):
    forgiving = True

    def __init__(self, preau, share, seed, runs, names=None, say=print):
        super().__init__(preau, share, seed, say=say)
        self.runs, self.names, self.met, self.died = runs, names or list(SCENES), collections.Counter(), 0
        self.fate = threading.Lock()

    def draw_points(self):
        """Each read of a mail's file, since none is like the other; then by call and error first: there are many
        openat and few fsync."""
        found = collections.defaultdict(list)
        for name in self.names:
            for role, calls in self.trace(name).items():
                for call, nth in points_of(calls):
                    for error in FAILURES.get(call, ()) if not role.startswith(WALLED) else ():
                        found[call, error].append((name, role, nth))
        reads = [place for place in found["pread64", "EIO"] if place[:2] == ("file", "clerk.0")][:self.runs]
        for place in reads:
            yield "pread64", "EIO", *place, False
        self.runs -= len(reads)
        dice, kinds = self.dice("points"), sorted(kind for kind in found if found[kind])
        while kinds and self.runs > 0:
            dice.shuffle(kinds)
            for kind in kinds[:self.runs]:
                yield *kind, *dice.choice(found[kind]), dice.random() < AGAIN_SHARE
            self.runs -= len(kinds[:self.runs])

    def rain(self):
        self.warden = Warden(self)
        self.warden.start()
        try:
            self.fail_all()
        finally:
            self.warden.leave()

    def settle_down(self):
        """A mail whose file the disk does not read is set aside, whole."""
        super().settle_down()
        self.replay()
        super().settle_down()

    def restart(self):
        """The warden does so, too."""
        with self.fate:
            super().restart()

    def fail_all(self):
        for name in ["smtp", *self.names]:
            self.prepare(name)()
            self.rest()
        for call, error, name, role, nth, longer in self.draw_points():
            when = f"{nth}..{nth + WHILE - 1}" if longer else f"{nth}"
            hit, died = self.meet(name, role, call, f"{call}:error={error}:when={when}")
            self.met[call] += hit
            self.died += died
            self.say(f"{name} {role} {call} {error} {when}: {'died' if died else 'met' if hit else 'not met'}")


def figures_of(story):
    return {"scenes": len(story.names), "failures": sum(story.met.values()), "not_met": story.missed,
            "calls": len([call for call in story.met if story.met[call]]), "ended": story.died,
            "closed": story.warden.opened, "given_back": story.replayed["inbox"],
            "letters": len(story.letters), "copies": story.judge.figures["copies"],
            "duplicates": story.judge.figures["duplicates_by_kill"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    campaign.add_options(parser)
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--scene", action="append", choices=list(SCENES))
    options = parser.parse_args()
    story = FailCalls(options.preau, options.share, options.seed, options.runs, options.scene, campaign.whisper(options))
    return campaign.end([campaign.tell("failing calls", options, story, figures_of)])


if __name__ == "__main__":
    sys.exit(main())
