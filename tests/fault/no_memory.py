# SPDX-License-Identifier: AGPL-3.0-or-later
"""No memory (T5): the k-th allocation of a program fails, and it may only end as the house ends.

    python3 -m tests.fault.no_memory --preau build/preau --share build/share

  --runs N           so many points, spread over all programs (default: 200); 0: every allocation
  --lanes N          programs at a time (default: 1)
  --program NAME     only that one (replay_mime ...), as often as wanted
  --seed N           --ledger   --loud

Each reader of octets from outside (replay_NAME beside the program) reads some of its corpus. Our own
code has x_calloc() and its like alone: it ends with 70 and says why (base/alloc.h), or what asked
was never needed; a crash is a fault. Libraries have their own ways: most answer that they could not, but
libetpan and libcrypto follow a null pointer, cmark aborts, libxml2 may turn in a circle where nothing is
to be had any more. That is the end of a parser behind its walls and with its timer, whose mail is
given to the next: it is counted (crashes), and no fault of ours.
malloc_fail.c is built here, with the compiler $CC; it forks a program once for each of its points, since to
find its libraries takes longer than to run it.
"""
import argparse
import concurrent.futures
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

from tests.fault import campaign

HERE = pathlib.Path(__file__).resolve().parent
CORPUS = HERE.parent / "fuzz" / "corpus"
FILES = 6                   # of a corpus, by seed
CLEAN = (0, 70)             # EX_SOFTWARE: die()
HANGS = (-27, -14)          # SIGPROF of who works without end, SIGALRM of who waits (malloc_fail.c)
CRASHES = (-6, -11, *HANGS) # a library's: SIGABRT, SIGSEGV, a loop; a parser's timer ends it (process/sandbox.c)
SLICE = 500                 # points of one program that is forked


class Programs:
    def __init__(self, options):
        self.options, self.dice = options, random.Random(f"{options.seed} memory")
        self.build = pathlib.Path(options.preau).resolve().parent
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="preau-memory-"))
        self.findings = []
        self.figures = {"own": 0, "libraries": 0, "clean": 0, "crashes": 0}

    def make(self):
        library = self.folder / "malloc_fail.so"
        subprocess.run([os.environ.get("CC", "cc"), "-O1", "-shared", "-fPIC", "-o", library, HERE / "malloc_fail.c"],
                       check=True)
        self.env = dict(os.environ, LD_PRELOAD=str(library))

    def words(self, program):
        files = sorted((CORPUS / program.removeprefix("replay_")).iterdir())
        chosen = self.dice.sample(files, min(FILES, len(files)))
        return [str(self.build / program), *map(str, chosen)]

    def run(self, words, **env):
        return subprocess.run(words, env=dict(self.env, **env), capture_output=True).returncode

    def count(self, words, whose):
        path = self.folder / "count"
        status = self.run(words, MALLOC_COUNT=str(path), MALLOC_FAIL_WHOSE=whose)
        if status != 0:
            raise AssertionError(f"{words[0]} ends with {status} where nothing fails")
        return int(re.search(r"allocations=(\d+)", path.read_text()).group(1))

    def try_all(self, names):
        plans = [(words, whose, self.count(words, whose)) for words in map(self.words, names)
                 for whose in ("own", "libraries")]
        with concurrent.futures.ThreadPoolExecutor(self.options.lanes) as pool:
            for words, whose, told in pool.map(lambda slice: self.try_slice(*slice), list(self.slices(plans))):
                for at, on, status in told:
                    self.judge(words, whose, at, on, status)

    def points(self, plans):
        """Those of each plan. Every program has some, however little it asks for; what a small one has not
        is asked of the others."""
        left, count = self.options.runs, len(plans)
        for words, whose, total in sorted(plans, key=lambda plan: plan[2]):
            most = total if not self.options.runs else min(total, max(4, left // count))
            left, count = left - most, count - 1
            yield words, whose, sorted(self.dice.sample(range(1, total + 1), most))

    def slices(self, plans):
        for number, (words, whose, points) in enumerate(self.points(plans)):
            for begin in range(0, len(points), SLICE):
                some = [(at, self.dice.random() < 0.3) for at in points[begin:begin + SLICE]]
                yield f"{number}-{begin}", words, whose, some

    def try_slice(self, name, words, whose, points):
        """(at, on, status) of each."""
        list_, told = self.folder / f"list-{name}", self.folder / f"told-{name}"
        list_.write_text("".join(f"{at} {int(on)}\n" for at, on in points))
        status = self.run(words, MALLOC_FAIL_WHOSE=whose, MALLOC_FAIL_LIST=str(list_), MALLOC_FAIL_TOLD=str(told))
        found = [tuple(int(word) for word in line.split()) for line in told.read_text().splitlines()]
        if status != 0 or [row[:2] for row in found] != [(at, int(on)) for at, on in points]:
            raise AssertionError(f"{words[0]} was forked {len(found)} times of {len(points)}, and ended with {status}")
        return words, whose, found

    def judge(self, words, whose, at, on, status):
        self.figures[whose] += 1
        self.figures["clean"] += status == 70
        if whose == "libraries" and status in CRASHES:
            self.figures["crashes"] += 1
        elif status not in CLEAN:
            how = "never ends" if status in HANGS else f"signal {-status}" if status < 0 else f"exit {status}"
            self.findings.append(f"{how}: MALLOC_FAIL_WHOSE={whose} MALLOC_FAIL_AT={at}"
                                 f"{' MALLOC_FAIL_ON=1' if on else ''} {' '.join(words)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    campaign.add_options(parser)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--lanes", type=int, default=1)
    parser.add_argument("--program", action="append")
    options = parser.parse_args()
    programs, begin = Programs(options), time.monotonic()
    names = options.program or sorted(path.name for path in programs.build.glob("replay_*") if os.access(path, os.X_OK)
                                      and path.is_file())
    if not names:
        print("no memory: skipped: there is no replay_NAME beside the program (make check TESTS=)")
        return campaign.end([None])
    programs.make()
    programs.try_all(names)
    campaign.say_checks([("who has no memory ends cleanly or goes without", programs.findings)])
    shutil.rmtree(programs.folder)
    figures = {"programs": len(names), **programs.figures}
    print(f"no memory: seed {options.seed} {figures} in {time.monotonic() - begin:.0f} s", flush=True)
    if options.ledger:
        campaign.write_ledger("no memory", options.seed, figures, time.monotonic() - begin, len(programs.findings))
    return campaign.end([(1, 0) if not programs.findings else (0, 1)])


if __name__ == "__main__":
    sys.exit(main())
