# SPDX-License-Identifier: AGPL-3.0-or-later
"""No descriptors, no memory (T7): the kill story in a house that has next to none left, with a crowd at every door.

    python3 -m tests.fault.scarce --preau build/preau --share build/share

  --floods N         of each kind (default: 3)
  --hold N           seconds that each is held, once it is there (default: 8)
  --seed N           --ledger   --keep   --loud

The house is started with the fewest descriptors it can be started with. People write as in the kill
story; nobody is killed. While work is open each process is left a few descriptors, or 4 MiB more
than it has (prlimit: no control group of our own is needed), and hundreds come who hold what they
get. A process without memory ends, and its next life is as narrow as the one before.

While they are there: no process turns in a circle; who asks for a page has it, or hears 503, or is
refused. When they have gone, and the house is as narrow as before: pages come again, by themselves.
What was accepted is there once; a mail that two deaths met is set aside, as it should, and
comes back by `preau replay`.
"""
import argparse
import asyncio
import collections
import contextlib
import os
import pathlib
import re
import resource
import socket
import subprocess
import sys
import threading
import time

from tests.fault import accountant, campaign, judge, killer
from tests.fault.crowd import Slow
from tests.fault.story import Figures, Story
from tests.flow.site import wait_for
from tests.flow.web import Browser

LEAST = 256                   # descriptors with which it starts: spawn.c puts them out of its way at 200
# What each role may still open, and how many come to take it.
SPARE = {"web": 12, "intake": 12, "clerk": 1, "relay": 3, "parser": 3, "auth": 2}
ROOM = 4 << 20                # octets of memory above what it has, for those below
NARROW = ("web", "intake", "clerk", "relay")
FLOODS = {"descriptors": (["half-open", "head", "mail-open"], 400), "memory": (["big-form", "big-mail"], 300)}
CONSOLES = 40
LARGE = 100_000               # octets of a file
GATHER, CPU_MOST = 3, 0.20    # seconds until they are there; of a core, while they are held
ANSWER_WAIT, AGAIN_WAIT = 25, 25   # seconds: for an answer meanwhile; until pages come again
NO_MEMORY = 70                # EX_SOFTWARE: die()
TICK = os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def few_descriptors(count):
    """For whoever is started meanwhile."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def status_of(pid, name):
    return re.search(rf"^{name}:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M).group(1)


def set_limit(pid, what, most):
    """The soft one. One's own kind may do so; root may not everywhere, but may become any kind."""
    words = ["prlimit", f"--pid={pid}", f"--{what}={most}:"]
    if os.geteuid() == 0:
        words = ["setpriv", f"--reuid={status_of(pid, 'Uid')}", f"--regid={status_of(pid, 'Gid')}", "--clear-groups", *words]
    return subprocess.run(words, capture_output=True).returncode == 0


def limit_of(pid, words):
    return re.search(rf"^{words}\s+(\S+)", pathlib.Path(f"/proc/{pid}/limits").read_text(), re.M).group(1)


class Limits(threading.Thread):
    """Keeps every life narrow, also those that begin meanwhile, until it is told to end."""

    def __init__(self, log, kind):
        super().__init__(daemon=True)
        self.log, self.kind, self.over, self.before = log, kind, threading.Event(), {}

    def run(self):
        while not self.over.wait(0.1):
            for name, pid in dict(self.log.look().up).items():
                with contextlib.suppress(OSError):  # it may be gone
                    self.narrow(name.partition(".")[0], pid)

    def narrow(self, role, pid):
        if pid in self.before or role not in (SPARE if self.kind == "descriptors" else NARROW):
            return
        if self.kind == "descriptors":
            what, words = "nofile", "Max open files"
            most = max(map(int, os.listdir(f"/proc/{pid}/fd"))) + 1 + SPARE[role]
        else:
            what, words, most = "as", "Max address space", int(status_of(pid, "VmSize")) * 1024 + ROOM
        before = limit_of(pid, words)
        if set_limit(pid, what, most):
            self.before[pid] = what, before

    def end(self):
        self.over.set()
        self.join()
        for pid, (what, before) in self.before.items():
            with contextlib.suppress(OSError):
                set_limit(pid, what, before)


class Flood(threading.Thread):
    """Hundreds of clients who come back whenever they are cut, for so many seconds."""

    def __init__(self, site, kind, seconds):
        super().__init__(daemon=True)
        kinds, self.count = FLOODS[kind]
        self.slow, self.seconds, self.site = Slow(site, kinds, "voirie"), seconds, site
        self.trouble = None

    def run(self):
        try:
            asyncio.run(self.come())
        except Exception as trouble:  # a crowd that stays at home must not look like one
            self.trouble = repr(trouble)

    async def come(self):
        end, consoles = asyncio.get_running_loop().time() + self.seconds, []
        try:
            for _ in range(CONSOLES):
                console = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                console.setblocking(False)
                with contextlib.suppress(OSError):  # the queue is full
                    console.connect(str(self.site.data / "run" / "preau.sock"))
                consoles.append(console)
            await asyncio.gather(*[self.slow.live(at, end) for at in range(self.count)])
        finally:
            for console in consoles:
                console.close()


def cpu_of(pids):
    """{name: seconds} of those that live."""
    found = {}
    for name, pid in pids.items():
        with contextlib.suppress(OSError):
            words = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            found[name] = (int(words[11]) + int(words[12])) / TICK
    return found


class Starver(killer.Killer):
    """Instead of killing anybody."""

    def __init__(self, story):
        super().__init__(story.site, story.desk, story.dice("starver"), story.say)
        self.hold, self.narrowed, self.away = story.hold, set(), 0
        self.spins, self.unread, self.dark, self.absent, self.windows = [], [], [], [], []
        self.answers, self.most_cpu, self.longest = collections.Counter(), 0.0, 0.0

    def explains(self, pid, by_signal, status):
        return super().explains(pid, by_signal, status) or (pid in self.narrowed and (by_signal, status) == (0, NO_MEMORY))

    def was_scarce(self, at):
        """The log tells whole seconds."""
        return any(begin - 1 <= at <= end + 1 for begin, end in self.windows)

    def kill(self, number, kind):
        self.wait_work(("mail", "web"))
        wait_for(lambda: sorted(self.log.look().up) == self.roles, killer.BACK_WAIT)
        begin, work = time.time(), self.work()
        limits, flood = Limits(killer.Log(self.site), kind), Flood(self.site, kind, GATHER + self.hold)
        self.kills.append({"t": begin, "victim": f"scarce: {kind}", "work": work, "in_hand": True})
        limits.start()
        narrow = [name for name in self.roles if name.partition(".")[0] in (SPARE if kind == "descriptors" else NARROW)]
        wait_for(lambda: len(limits.before) >= len(narrow), killer.BACK_WAIT)
        flood.start()
        time.sleep(GATHER)
        self.watch(kind, flood)
        flood.join()
        self.wait_page(kind)
        limits.end()
        self.narrowed.update(limits.before)
        wait_for(lambda: sorted(self.log.look().up) == self.roles, killer.BACK_WAIT)
        self.windows.append((begin, time.time()))
        self.away += flood.slow.refused
        self.say(f"flood {number} {kind}: {flood.slow.most} at once of {flood.count}, {len(limits.before)} lives, "
                 f"answers {dict(self.answers)}, most CPU {self.most_cpu:.0%}")
        if flood.trouble or flood.slow.most < 20:
            self.absent.append(f"{kind}: {flood.slow.most} at once: {flood.trouble}")

    def watch(self, kind, flood):
        """Those who live from begin to end turn in no circle; a visitor hears something."""
        begin, before = time.monotonic(), cpu_of(dict(self.log.look().up))
        lives = dict(self.log.up)
        while time.monotonic() - begin < self.hold - 1:
            self.visit(kind)
            time.sleep(0.3)
        took, after = time.monotonic() - begin, cpu_of({name: pid for name, pid in self.log.look().up.items()
                                                        if lives.get(name) == pid})
        for name, seconds in after.items():
            share = (seconds - before.get(name, 0)) / took
            self.most_cpu = max(self.most_cpu, share)
            if share > CPU_MOST:
                self.spins.append(f"{name} took {share:.0%} of a core while the flood of {kind} was held")

    def visit(self, kind):
        begin = time.monotonic()
        try:
            status = Browser(self.site).request("GET", "/").status
        except (OSError, accountant.http.client.HTTPException) as no:
            status = type(no).__name__
        self.answers[status] += 1
        self.longest = max(self.longest, time.monotonic() - begin)
        if status not in (200, 503) and not isinstance(status, str):
            self.unread.append(f"a visitor is answered {status} without {kind}")
        if time.monotonic() - begin > ANSWER_WAIT:
            self.unread.append(f"a visitor waited {time.monotonic() - begin:.0f} s without {kind}: {status}")

    def wait_page(self, kind):
        def comes():
            try:
                return Browser(self.site).request("GET", "/f/voirie").status == 200
            except (OSError, accountant.http.client.HTTPException):
                return False
        try:
            wait_for(comes, AGAIN_WAIT, 0.2)
        except AssertionError:
            self.dark.append(f"no page {AGAIN_WAIT} s after the flood of {kind}")


class ScarceJudge(judge.Judge):
    def judge(self):
        super().judge()
        starver = self.story.killer
        self.check("nobody turns in a circle while nothing is to be had", starver.spins)
        self.check("who asks meanwhile is served, or refused soon", starver.unread)
        self.check("pages come again by themselves", starver.dark)
        self.check("the crowds were there", starver.absent)
        self.check("preau check finds nothing", self.find_damage())
        return self.checks

    def is_last_word(self, line):
        """Who has nothing left may say so."""
        return super().is_last_word(line) or self.story.killer.was_scarce(judge.time_of(line))


class ScarceStory(Story):
    def __init__(self, preau, share, seed, floods=3, hold=8, say=print):
        kinds = list(FLOODS) * floods
        figures = Figures(mails=60 * len(kinds), posts=8 * len(kinds), kills=len(kinds), subscribers=30, alls=0)
        super().__init__(preau, share, seed, figures, say=say)
        self.every_role, self.hold, self.victims = False, hold, kinds

    def draw_letter(self, dice, door, at, before):
        """Many bring what goes to the clerk as a descriptor."""
        letter = super().draw_letter(dice, door, at, before)
        if at % 3 == 0:
            letter.file = (f"photo-{at}.bin", "application/octet-stream", dice.randbytes(LARGE))
        return letter

    def start_sink(self):
        """Between the sink and the house: the next to be started is the house."""
        super().start_sink()
        start = self.site.start

        def poor(*more):
            with few_descriptors(LEAST):
                return start(*more)
        self.site.start = poor

    def settle_down(self):
        """A mail may have met two deaths, none of which was its fault."""
        wait_for(lambda: self.site.one("SELECT count(*) FROM inbox WHERE state = 'new'") == 0, judge.QUIET_WAIT, 0.2)
        self.replay()
        super().settle_down()
        self.replay()
        if not judge.wait_quiet(self.site):
            self.desk.complain("what was given back did not come to rest")

    def make_killer(self):
        return Starver(self)

    def make_judge(self):
        return ScarceJudge(self)


def tell_of(story):
    found, starver, counts = story.judge.figures, story.killer, story.desk.counts
    deaths = sum(pid in starver.narrowed for _, pid, *_ in starver.log.downs)
    return {"floods": len(starver.kills), "deaths": deaths, "replayed": sum(story.replayed.values()),
            "acked": counts.get("smtp.acked", 0) + counts.get("lmtp.acked", 0) + counts.get("web.acked", 0),
            "put_off": sum(count for name, count in counts.items() if re.fullmatch(r"mail\.(cut|4\d\d)|web\.again", name)),
            "copies": found["copies"], "longest_wait_s": f"{starver.longest:.1f}", "most_cpu": f"{starver.most_cpu:.0%}",
            "answers": ",".join(f"{name}:{count}" for name, count in sorted(starver.answers.items(), key=str))}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    campaign.add_options(parser)
    parser.add_argument("--floods", type=int, default=3)
    parser.add_argument("--hold", type=float, default=8)
    options = parser.parse_args()
    story = ScarceStory(options.preau, options.share, options.seed, options.floods, options.hold,
                        campaign.whisper(options))
    return campaign.end([campaign.tell("scarcity", options, story, tell_of)])


if __name__ == "__main__":
    sys.exit(main())
