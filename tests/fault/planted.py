# SPDX-License-Identifier: AGPL-3.0-or-later
"""The test of the test: each planted fault is caught by the judge, and nothing where there is none.

    python3 -m tests.fault.planted --preau build-planted/preau --share build-planted/share

Needs a build with --enable-planted-faults. A fault is caught where the check that is about it
has findings. As in life a fault shows when its moment is hit: a smaller story is told until it
is caught, three times at most. It ends with "N passed, N failed".
"""
import argparse
import shutil
import sys
import traceback

from tests.fault.__main__ import say_checks
from tests.fault.story import Figures, Story

CLERK_AND_DOORS = [("clerk.0", 3), ("intake.0", 1)]
# (PREAU_FAULT, what it does, words of the check that must find it)
FAULTS = [
    ("", "nothing", ""),
    ("answer-early", "the clerk answers before it commits", "what was acknowledged is one published post"),
    ("outbox-forgotten", "a subscriber has no row", "one outbox row for each post and subscriber"),
    ("post-twice", "a mail that comes again is another post", "nothing is there twice"),
]
TRIES = 3


def tell(options, fault, seed):
    figures = Figures(mails=240, posts=12, kills=10, subscribers=24, alls=0)
    story = Story(options.preau, options.share, seed, figures, env={"PREAU_FAULT": fault},
                  victims=CLERK_AND_DOORS, say=lambda text: None)
    checks = story.run()
    if options.figures:
        print(f"         {story.tell()}")
    shutil.rmtree(story.site.folder, ignore_errors=True)
    return checks


def try_fault(options, fault, about):
    """True where the judge said what it should."""
    for seed in range(1, TRIES + 1 if fault else 2):
        checks = tell(options, fault, seed)
        found = [name for name, findings in checks if findings]
        if not fault:
            say_checks([check for check in checks if check[1]])
            return not found
        for name, findings in checks:
            if findings and name.startswith(about):
                print(f"         seed {seed}: {findings[0]} ({len(findings)} in all)")
                return True
        print(f"         seed {seed}: not caught; found: {found}")
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preau", required=True)
    parser.add_argument("--share", required=True)
    parser.add_argument("--only")
    parser.add_argument("--figures", action="store_true")
    options = parser.parse_args()
    passed = failed = 0
    for fault, what, about in FAULTS:
        if options.only is not None and options.only != fault:
            continue
        try:
            good = try_fault(options, fault, about)
        except Exception:
            traceback.print_exc()
            good = False
        print(f"{'ok    ' if good else 'FAILED'} {fault or 'no fault'}: {what}", flush=True)
        passed, failed = passed + good, failed + (not good)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
