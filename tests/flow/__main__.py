# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the stories: python3 -m tests.flow --preau build/preau --share build/share [NAME ...]

A story is a module story_NAME.py with a paragraph saying what it proves and a function
run(stage). It passes when run() returns. A story may raise Skip("why") where this machine
cannot show what it proves; it is counted and named. One that says ONCE = True proves the same
whoever runs it, and takes long: --second, the run as another user, leaves it out.
"""
import argparse
import importlib
import pathlib
import sys
import time
import traceback

from tests.flow.site import Site


class Skip(Exception):
    pass


class Stage:
    """What a story is given."""

    def __init__(self, options):
        self.preau, self.share, self.sanitized = options.preau, options.share, options.sanitizers
        self.Skip = Skip

    def site(self, **more):
        return Site(self.preau, self.share, **more)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--preau", required=True)
    parser.add_argument("--share")
    parser.add_argument("--sanitizers", action="store_true")
    parser.add_argument("--second", action="store_true")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    options.share = options.share or str(pathlib.Path(options.preau).resolve().parent / "share")
    here = pathlib.Path(__file__).parent
    names = options.names or sorted(p.stem.removeprefix("story_") for p in here.glob("story_*.py"))
    passed, failed, skipped = 0, [], []
    for name in names:
        begin = time.monotonic()
        story = importlib.import_module(f"tests.flow.story_{name}")
        if options.second and getattr(story, "ONCE", None) is True:
            continue
        try:
            story.run(Stage(options))
            passed += 1
            word = "ok"
        except Skip as why:
            skipped.append(f"{name}: {why}")
            word = f"skipped ({why})"
        except Exception:
            traceback.print_exc()
            failed.append(name)
            word = "FAILED"
        print(f"story {name}: {word} ({time.monotonic() - begin:.1f} s)", flush=True)
    if failed:
        print("failed stories:", " ".join(failed))
    print(f"stories: {passed} passed, {len(failed)} failed, {len(skipped)} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.modules.setdefault("tests.flow.__main__", sys.modules["__main__"])
    sys.exit(main())
