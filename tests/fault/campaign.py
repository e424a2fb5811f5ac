# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every campaign does alike: its options, how it tells what it found, its line in the ledger.

A line of ledger.tsv: day, commit, campaign, seed, figures (name=value), seconds, violations.
"""
import datetime
import json
import pathlib
import shutil
import subprocess
import time
import traceback

LEDGER = pathlib.Path(__file__).with_name("ledger.tsv")
SHOWN = 8  # findings of a check


def add_options(parser):
    parser.add_argument("--preau", required=True)
    parser.add_argument("--share", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ledger", action="store_true", help="append what was found to ledger.tsv")
    parser.add_argument("--keep", action="store_true", help="leave the folder of the site, whatever was found")
    parser.add_argument("--loud", action="store_true", help="tell every step")


def whisper(options):
    return (lambda text: print(text, flush=True)) if options.loud else (lambda text: None)


def say_checks(checks):
    for name, findings in checks:
        print(f"{'FAILED' if findings else 'ok    '} {name}")
        for finding in findings[:SHOWN]:
            print(f"         {finding}")
        if len(findings) > SHOWN:
            print(f"         … {len(findings)} in all")


def write_ledger(name, seed, figures, seconds, violations):
    commit = subprocess.run(["git", "log", "-1", "--format=%h"], capture_output=True, text=True,
                            cwd=LEDGER.parent).stdout.strip()
    told = " ".join(f"{key}={value}" for key, value in figures.items())
    row = [datetime.date.today(), commit or "-", name.replace(" ", "-"), seed, told, round(seconds), violations]
    with open(LEDGER, "a", encoding="utf-8") as file:
        file.write("\t".join(str(cell) for cell in row) + "\n")


def tell(name, options, story, figures_of):
    """(checks passed, checks failed) of a story that is run here."""
    begin = time.monotonic()
    try:
        checks = story.run()
    except Exception:
        traceback.print_exc()
        print(story.site.log_tail(40))
        print(f"{name}: seed {options.seed} did not come to its end, see {story.site.folder}")
        return 0, 1
    failed = sum(bool(findings) for _, findings in checks)
    say_checks([check for check in checks if check[1]])
    figures, seconds = figures_of(story), time.monotonic() - begin
    print(f"{name}: seed {options.seed} {json.dumps(figures)} in {seconds:.0f} s, {failed} violations", flush=True)
    if options.ledger:
        write_ledger(name, options.seed, figures, seconds, failed)
    if not options.keep and not failed:
        shutil.rmtree(story.site.folder, ignore_errors=True)
    return len(checks) - failed, failed


def tell_checks(name, options, begin, checks, figures):
    """The same of what is no story: its checks are given, whole."""
    failed, seconds = sum(bool(findings) for _, findings in checks), time.monotonic() - begin
    say_checks(checks)
    print(f"{name}: seed {options.seed} {json.dumps(figures, sort_keys=True)} in {seconds:.0f} s, {failed} violations", flush=True)
    if options.ledger:
        write_ledger(name, options.seed, figures, seconds, failed)
    return len(checks) - failed, failed


def end(results):
    """The last line, and the exit status; None is a campaign that was skipped."""
    done = [result for result in results if result is not None]
    passed, failed = sum(one for one, _ in done), sum(other for _, other in done)
    skipped = len(results) - len(done)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0
