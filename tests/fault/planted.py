# SPDX-License-Identifier: AGPL-3.0-or-later
"""The test of the test: each planted fault is caught by the judge, and nothing where there is none.

    python3 -m tests.fault.planted --preau build-planted/preau --share build-planted/share

Needs a build with --enable-planted-faults. A fault is caught where the check that is about it
has findings. As in life a fault shows when its moment is hit: a smaller story is told until it
is caught, three times at most. Then the accounts of a good house are tampered with, one by one:
the judge must find each forgery. It ends with "N passed, N failed".
"""
import argparse
import shutil
import sys
import traceback

from tests.fault.campaign import say_checks
from tests.fault.disk import NoDisk
from tests.fault.judge import DUPLICATES_MOST, Judge
from tests.fault.power import PowerStory
from tests.fault.story import Figures, Story

TRIES = 3
CLERK, INTAKE, SOME = [("clerk.0", 1)], [("intake.0", 1)], [("clerk.0", 1), ("intake.0", 1), ("relay.0", 1)]

# (PREAU_FAULT, what it does, words of the check that must find it, whom to kill, how often)
FAULTS = [
    ("answer-early", "the clerk answers before it commits", "what was acknowledged is one post", CLERK, 7),
    ("outbox-forgotten", "a subscriber has no row", "one outbox row for each post and subscriber", SOME, 3),
    ("post-twice", "a mail that comes again is another post", "nothing is there twice", INTAKE, 5),
]

# The same for a power cut: (PREAU_FAULT, what it does, words of the check).
POWER_FAULTS = [
    ("book-unsynced", "a commit is not on the disk when it is answered", "what was acknowledged is one post"),
    ("blob-unsynced", "a file is not on the disk when its mail is answered", "the book is sound"),
]
POWER_CUTS = 4


# ---- forgeries ----

def some_copy(judge, notice=False):
    """One that was told and is alone."""
    return next(lines[0] for lines in judge.deliveries().values()
                if len(lines) == 1 and lines[0]["told"] and (not lines[0]["sender"]) is notice)


def drop_copy(judge):
    judge.took.remove(some_copy(judge))


def repeat_copy(judge):
    """Seconds after the last kill, where nothing explains it."""
    copy, last = some_copy(judge), max(kill["t"] for kill in judge.story.killer.kills)
    copy["t"] = last + 10
    judge.took.append(dict(copy, t=last + 11))


def repeat_many(judge):
    """One more than a kill may."""
    at, done = judge.story.killer.kills[0]["t"], 0
    for lines in judge.deliveries().values():
        if done <= DUPLICATES_MOST and len(lines) == 1 and lines[0]["told"]:
            lines[0]["t"] = at - 0.1
            judge.took.append(dict(lines[0], t=at + 0.01))
            done += 1


def change_id(judge):
    copy = some_copy(judge)
    judge.took.append(dict(copy, told=False, t=copy["t"] - 1, id="other@sink.ville.example"))


def send_abroad(judge):
    some_copy(judge)["to"] = "nobody@elsewhere.example"


def send_other(judge):
    some_copy(judge)["nonce"] = "0" * 32


def send_unasked(judge):
    judge.took.append(dict(some_copy(judge), sender=""))


def strip_header(judge):
    some_copy(judge)["missing"] = ["List-Id"]


def change_row(judge, state, answer):
    at = next(at for at, row in enumerate(judge.outbox) if row[4] == "sent")
    row = list(judge.outbox[at])
    row[4], row[7] = state, answer
    judge.outbox[at] = tuple(row)


def leave_due(judge):
    change_row(judge, "due", "")


def fail_row(judge):
    change_row(judge, "failed", "550 5.1.1 nobody of that name")


def drop_row(judge):
    judge.outbox = judge.outbox[1:]


def add_row(judge):
    judge.outbox = [*judge.outbox, judge.outbox[0]]


def some_post(judge, door="mail"):
    return next(post for post in judge.posts.values() if post.door == door)


def hold_post(judge):
    some_post(judge).state = "held"


def publish_held(judge):
    next(post for post in judge.posts.values() if post.state == "held").state = "published"


def drop_notice(judge):
    judge.took.remove(some_copy(judge, notice=True))


def tell_twice(judge):
    judge.notices.append((0, *judge.notices[0][1:]))


def change_text(judge):
    post = some_post(judge)
    post.source = post.source.replace("Bonjour", "Bonsoir")


def change_author(judge):
    some_post(judge, "web").author += 1


def forget_ack(judge):
    nonce, lines = next((nonce, lines) for nonce, lines in judge.told.items() if judge.outcome(nonce) == "acked")
    judge.told[nonce] = [line for line in lines if line["e"] != "acked"]


def forget_sent(judge):
    """More came in than was ever sent."""
    letter = next(letter for letter in judge.letters.values() if letter.door == "smtp")
    judge.told[letter.nonce] = [line for line in judge.told[letter.nonce] if line["e"] != "sent"]


def die(judge):
    killer = judge.story.killer
    killer.log.downs.append(("web.0", 1, 11, 0))


FORGERIES = [
    (forget_ack, "every letter was told something"),
    (hold_post, "what was acknowledged is one post"),
    (publish_held, "what was acknowledged is one post"),
    (publish_held, "one outbox row for each post"),
    (publish_held, "each post is once on the page"),
    (drop_notice, "each row sent has a copy"),
    (tell_twice, "nothing else arrived"),
    (change_text, "each post has the text"),
    (change_author, "each post has the text"),
    (drop_row, "one outbox row for each post"),
    (add_row, "one outbox row for each post"),
    (leave_due, "each row has an end"),
    (fail_row, "each row has an end"),
    (drop_copy, "each row sent has a copy"),
    (repeat_copy, "a copy comes twice"),
    (repeat_many, "a copy comes twice"),
    (change_id, "a copy comes twice"),
    (send_abroad, "nothing else arrived"),
    (send_other, "nothing else arrived"),
    (send_unasked, "nothing else arrived"),
    (strip_header, "nothing else arrived"),
    (forget_sent, "as many mails came in"),
    (die, "nobody died but by our hand"),
]


class Forged(Story):
    """A good house, whose judge is given one forged account after the other."""

    def after(self):
        self.found = []
        for forge, about in FORGERIES:
            judge = Judge(self)
            forge(judge)
            self.found.append((forge, about, [name for name, findings in judge.judge() if findings]))


# ---- telling ----

def tell(options, kind, fault, seed, victims, kills):
    figures = Figures(mails=240, posts=12, kills=kills, subscribers=24, alls=0)
    story = kind(options.preau, options.share, seed, figures, env={"PREAU_FAULT": fault},
                 victims=victims, say=lambda text: None)
    checks = story.run()
    if options.figures:
        print(f"         {story.tell()}")
    shutil.rmtree(story.site.folder, ignore_errors=True)
    return story, checks


def try_fault(options, fault, about, victims, kills):
    """True where the judge said what it should."""
    for seed in range(1, TRIES + 1):
        _, checks = tell(options, Story, fault, seed, victims, kills)
        for name, findings in checks:
            if findings and name.startswith(about):
                print(f"         seed {seed}: {findings[0]} ({len(findings)} in all)")
                return True
        print(f"         seed {seed}: not caught; found: {[name for name, findings in checks if findings]}")
    return False


def try_good(options):
    """A verdict on the house without a fault, and one on each forgery."""
    story, checks = tell(options, Forged, "", 1, SOME, 6)
    say_checks([check for check in checks if check[1]])
    yield not any(findings for _, findings in checks), "no fault: nothing is found"
    for forge, about, found in story.found:
        good = any(name.startswith(about) for name in found)
        yield good, f"forgery {forge.__name__}: {about}" + ("" if good else f"; found: {found}")


def try_power_fault(options, fault, about):
    """As try_fault(); None where no disk can be mounted. A house that finds its book torn does not
    even start again: that, too, is noticed."""
    for seed in range(1, TRIES + 1):
        story = PowerStory(options.preau, options.share, seed, POWER_CUTS, env={"PREAU_FAULT": fault},
                           say=lambda text: None)
        try:
            checks = story.run()
        except NoDisk as no:
            print(f"         {no}")
            return None
        except AssertionError as no:
            print(f"         seed {seed}: {str(no)[:100]}")
            return "The book is damaged" in str(no)
        finally:
            shutil.rmtree(story.site.folder, ignore_errors=True)
        for name, findings in checks:
            if findings and name.startswith(about):
                print(f"         seed {seed}: {findings[0]} ({len(findings)} in all)")
                return True
        print(f"         seed {seed}: not caught; found: {[name for name, findings in checks if findings]}")
    return False


def try_all(options):
    yield from try_good(options)
    for fault, what, about, victims, kills in FAULTS:
        yield try_fault(options, fault, about, victims, kills), f"{fault}: {what}"
    for fault, what, about in POWER_FAULTS:
        yield try_power_fault(options, fault, about), f"{fault}: {what}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preau", required=True)
    parser.add_argument("--share", required=True)
    parser.add_argument("--figures", action="store_true")
    options = parser.parse_args()
    passed = failed = skipped = 0
    try:
        for good, what in try_all(options):
            print(f"{'skipped' if good is None else 'ok    ' if good else 'FAILED'} {what}", flush=True)
            passed, failed, skipped = passed + (good is True), failed + (good is False), skipped + (good is None)
    except Exception:
        traceback.print_exc()
        failed += 1
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
