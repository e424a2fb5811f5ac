# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the kill story: python3 -m tests.fault --preau build/preau --share build/share

  --seed N       as often as wanted (default: 1)
  --mails N --posts N --kills N --subscribers N
  --ledger       appends what was found to tests/fault/ledger.tsv
  --keep         leaves the folder of the site, whatever was found

Every check of the judge is counted; it ends with "N passed, N failed".
"""
import argparse
import shutil
import sys
import traceback

from tests.fault import campaign
from tests.fault.story import Figures, Story

COLUMNS = ["kills", "kills_of_all", "kills_in_hand", "rows", "copies", "duplicates_by_cut", "duplicates_by_kill",
           "most_by_one_kill"]


def figures_of(story):
    figures = {"subscribers": story.figures.subscribers, "mails": story.figures.mails, "posts": story.figures.posts}
    return {**figures, **{name: story.judge.figures.get(name, "-") for name in COLUMNS}}


def run_seed(options, seed):
    figures = Figures(options.mails, options.posts, options.kills, options.subscribers, min(5, options.kills // 5))
    story = Story(options.preau, options.share, seed, figures)
    print(f"seed {seed}: {figures.subscribers} subscribers, {figures.mails} mails, {figures.posts} posts, "
          f"{figures.kills} kills, in {story.site.folder}", flush=True)
    try:
        checks = story.run()
    except Exception:
        traceback.print_exc()
        print(story.site.log_tail(40))
        return [("the story came to its end", [f"see {story.site.folder}"])]
    campaign.say_checks(checks)
    print(story.tell(), flush=True)
    if options.ledger:
        campaign.write_ledger("kill story", seed, figures_of(story), story.times["judged"],
                              sum(bool(findings) for _, findings in checks))
    if not options.keep and not any(findings for _, findings in checks):
        shutil.rmtree(story.site.folder, ignore_errors=True)
    return checks


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preau", required=True)
    parser.add_argument("--share", required=True)
    parser.add_argument("--seed", type=int, action="append")
    parser.add_argument("--mails", type=int, default=500)
    parser.add_argument("--posts", type=int, default=50)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--subscribers", type=int, default=200)
    parser.add_argument("--ledger", action="store_true")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    checks = [check for seed in options.seed or [1] for check in run_seed(options, seed)]
    failed = sum(bool(findings) for _, findings in checks)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
