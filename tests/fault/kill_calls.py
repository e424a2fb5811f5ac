# SPDX-License-Identifier: AGPL-3.0-or-later
"""Killed at every system call (T2): what a process did so far is all that it ever does.

    python3 -m tests.fault.kill_calls --preau build/preau --share build/share

  --runs N           kills at that many calls, spread over all (default: 60); 0: at every call
  --passes N         so often, each with another offset (default: 1)
  --scene NAME       only that one, as often as wanted
  --seed N           --ledger   --keep   --loud

Each scene of scenes.py is played once under strace, which tells the calls of each process in it. Then
it is played again and again; each time one process is killed at one of these calls, before
the call is done. It comes back, the client tries again until it is told; the judge at the end.
"""
import argparse
import sys

from tests.fault import campaign
from tests.fault.scenes import FILES, SCENES, Scenes
from tests.fault.tracer import points_of


ALIKE_MOST = 40   # of a checkpoint's writes, a thousand of one kind


def thinned(points):
    """Of a long row of one call every so many-th, and the last."""
    points = list(points)
    count = {call: nth for call, nth in points}
    return [(call, nth) for call, nth in points if nth % (count[call] // ALIKE_MOST + 1) == 0 or nth == count[call]]


class KillCalls(Scenes):
    def __init__(self, preau, share, seed, runs, passes=1, names=None, say=print):
        super().__init__(preau, share, seed, say=say)
        self.runs, self.passes, self.names = runs, passes, names or list(SCENES)
        self.calls, self.died = {}, 0

    def points_of(self, name, calls):
        return thinned(points_of(calls)) if name in FILES and self.runs else points_of(calls)

    def rain(self):
        for name in ["smtp", *self.names]:   # the first time everything is cold, and bounces need a copy
            self.prepare(name)()
            self.rest()
        points = [(name, role, call, nth) for name in self.names for role, calls in self.trace(name).items()
                  for call, nth in self.points_of(name, calls)]
        self.calls = len(points)
        step = max(1, self.calls * self.passes // self.runs) if self.runs else 1
        dice = self.dice("points")
        for _ in range(self.passes):
            chosen = points[dice.randrange(step)::step]
            dice.shuffle(chosen)
            for name, role, call, nth in chosen:
                _, died = self.meet(name, role, call, f"{call}:signal=KILL:when={nth}")
                self.died += died
                self.say(f"{name} {role} {call} {nth}: {'killed' if died else 'not met'}")


def figures_of(story):
    return {"scenes": len(story.names), "calls": story.calls, "kills": story.died, "not_met": story.missed,
            "letters": len(story.letters), "copies": story.judge.figures["copies"],
            "duplicates": story.judge.figures["duplicates_by_kill"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    campaign.add_options(parser)
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--passes", type=int, default=1)
    parser.add_argument("--scene", action="append", choices=list(SCENES))
    options = parser.parse_args()
    story = KillCalls(options.preau, options.share, options.seed, options.runs, options.passes, options.scene,
                      campaign.whisper(options))
    return campaign.end([campaign.tell("kill at calls", options, story, figures_of)])


if __name__ == "__main__":
    sys.exit(main())
