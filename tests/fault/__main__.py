# SPDX-License-Identifier: AGPL-3.0-or-later
"""The kill story (T1): people write while one process after the other is killed, sometimes all.

    python3 -m tests.fault --preau build/preau --share build/share

  --mails N --posts N --kills N --subscribers N
  --seed N       --ledger   --keep   --loud

Every check of the judge is counted; it ends with "N passed, N failed".
"""
import argparse
import sys

from tests.fault import campaign
from tests.fault.story import Figures, Story

COLUMNS = ["kills", "kills_of_all", "kills_in_hand", "rows", "copies", "duplicates_by_cut", "duplicates_by_kill",
           "most_by_one_kill"]


def figures_of(story):
    figures = {"subscribers": story.figures.subscribers, "mails": story.figures.mails, "posts": story.figures.posts}
    return {**figures, **{name: story.judge.figures.get(name, "-") for name in COLUMNS}}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    campaign.add_options(parser)
    parser.add_argument("--mails", type=int, default=500)
    parser.add_argument("--posts", type=int, default=50)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--subscribers", type=int, default=200)
    options = parser.parse_args()
    figures = Figures(options.mails, options.posts, options.kills, options.subscribers, min(5, options.kills // 5))
    story = Story(options.preau, options.share, options.seed, figures, say=campaign.whisper(options))
    return campaign.end([campaign.tell("kill story", options, story, figures_of)])


if __name__ == "__main__":
    sys.exit(main())
