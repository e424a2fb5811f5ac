# SPDX-License-Identifier: AGPL-3.0-or-later
"""The clock jumps (T8): the kill story with a wall clock that jumps by hours and by years.

    python3 -m tests.fault.clock --preau build/preau --share build/share

  --rounds N         of the eight jumps below, each in an order of its own (default: 1)
  --jumps N          only so many of them, the last one back to the true time
  --night            waits, too, until the nightly check has found its way back (a minute more)
  --seed N           --ledger   --keep   --loud

People write as in the kill story; nobody is killed. While work is open the clock of the whole house
jumps: a day ahead, an hour back, ten years either way, to 1970, over a leap second, over the end of
32 bits in 2038, and back. Before each jump somebody signs in and somebody is sent a link.

clock_shift.c is built here, with the compiler $CC, and preloaded into the house and the console. It
is no libfaketime because that opens its file by name, again and again, which the walls of most
roles forbid; this one maps it before they stand. Clocks that measure time from the start of the
machine do not jump, on a real one either. Clients, sink and judge keep the true time.
"""
import argparse
import contextlib
import os
import pathlib
import re
import struct
import subprocess
import sys
import time

from tests.fault import accountant, campaign, judge, killer
from tests.fault.story import Figures, Story
from tests.flow.site import wait_for
from tests.flow.web import Browser

SOURCE = pathlib.Path(__file__).with_name("clock_shift.c")
ROOM, SECOND = 4096, 10 ** 9
MINUTE, HOUR, DAY = 60, 3600, 86400
YEARS = 3653 * DAY                        # ten of them
EPOCH, LEAP, END_OF_32 = 2 * DAY, 1483228798, 2 ** 31 - 3   # 1970-01-03; 2016-12-31 23:59:58; 2038-01-19 03:14:05
STUCK = 60                                # seconds: a delivery that was due has been tried again
FORWARD_WAIT = 2.5                        # over a leap second, over the end of 32 bits
KEPT = "36500d"                           # a jump makes the house forget what is old: not what the judge wants to see
KEY = re.compile(rb'(name="key"\r\n\r\n|(?:^|&)key=)([A-Za-z0-9_-]{43})')

# What the clock of the house says then, by what it says now and by the true time.
JUMPS = {
    "+1 day": lambda now, true: now + DAY,
    "-1 hour": lambda now, true: now - HOUR,
    "+10 years": lambda now, true: now + YEARS,
    "-10 years": lambda now, true: now - YEARS,
    "1970": lambda now, true: EPOCH,
    "a leap second": lambda now, true: LEAP,
    "2038": lambda now, true: END_OF_32,
    "back": lambda now, true: true,
}


class Clock:
    """The table of jumps that clock_shift.c reads."""

    def __init__(self, folder):
        self.path, library = folder / "jumps", folder / "clock_shift.so"
        subprocess.run([os.environ.get("CC", "cc"), "-O1", "-shared", "-fPIC", "-o", library, SOURCE], check=True)
        self.path.write_bytes(b"\0" * ROOM)
        self.path.chmod(0o644)
        library.chmod(0o755)
        self.env = {"LD_PRELOAD": str(library), "CLOCK_SHIFT_FILE": str(self.path)}
        self.count, self.shift = 0, 0.0
        self.moves = 0                    # one before each jump is written, one after: while it stands still none came

    def now(self):
        return time.time() + self.shift

    def jump(self, to):
        """The row first, then how many there are."""
        true = time.time()
        self.moves += 1
        with open(self.path, "r+b") as file:
            file.seek(16 + 16 * self.count)
            file.write(struct.pack("=qq", int(true * SECOND), int((to - true) * SECOND)))
            file.flush()
            self.shift = to - true
            self.count += 1
            file.seek(0)
            file.write(struct.pack("=q", self.count))
        self.moves += 1


# ---- clients whose session a jump may end ----

class Traveller(accountant.Person):
    """Signs in anew where the clock jumped meanwhile, and sends the form under the same key."""

    def sign_in(self, letter):
        moves = self.desk.site.clock.moves
        try:
            browser = super().sign_in(letter)
        except AssertionError as trouble:
            if moves == self.desk.site.clock.moves:
                raise
            raise accountant.Cut(str(trouble)) from trouble
        browser.moves = moves
        return browser

    def come_back(self, letter, browser):
        fresh = self.sign_in(letter)
        browser.cookies, browser.moves = fresh.cookies, fresh.moves
        self.desk.count("web.signed-in-again")

    def fill(self, letter, browser):
        try:
            return super().fill(letter, browser)
        except AssertionError as trouble:
            if browser.moves == self.desk.site.clock.moves:
                raise
            self.come_back(letter, browser)
            raise accountant.Cut(str(trouble)) from trouble

    def ask(self, browser, method, path, body=None, headers=None):
        """A form that comes too late is refused, one with files as too large for nobody in particular; it may
        come again from somebody who signed in."""
        letter = getattr(browser, "letter", None)
        page = super().ask(browser, method, path, body, headers)
        lost = page.status in (403, 413) or (page.status == 303 and "/login" in page.headers["Location"])
        if letter is None or not lost or browser.moves == self.desk.site.clock.moves:
            return page
        browser.letter = None
        self.come_back(letter, browser)
        _, fresh, kind = self.keep_at(self.fill, letter, browser)
        browser.letter = letter
        return self.ask(browser, method, path, with_key(fresh, body), kind)

    def send(self, letter, browser, path, body, kind):
        browser.letter = letter
        try:
            return super().send(letter, browser, path, body, kind)
        finally:
            browser.letter = None


def with_key(body, other):
    """The form again, with the key of the other one."""
    octets, key = (text.encode() if isinstance(text, str) else text for text in (body, other))
    found = KEY.search(key).group(2)
    return KEY.sub(lambda match: match.group(1) + found, octets)


class Returner(accountant.Guest):
    """A form to sign in may be too old, too."""

    def enter(self, person):
        moves = self.desk.site.clock.moves
        try:
            super().enter(person)
        except AssertionError as trouble:
            if moves == self.desk.site.clock.moves:
                raise
            raise accountant.Cut(str(trouble)) from trouble


# ---- what must end ----

class Probe:
    """A session, or a link that signs in, made at some time of the clock."""

    def __init__(self, site, kind, person):
        self.site, self.kind, self.made, self.over = site, kind, site.clock.now(), False
        self.browser = Browser(site)
        if kind == "session":
            self.browser.sign_in(site, person)
            self.row = site.one("SELECT max(id) FROM session WHERE person = ?", person)
            self.cookies = dict(self.browser.cookies)
        else:
            self.url = site.act("session.link", person=person)["url"]
            self.row = site.one("SELECT max(id) FROM token WHERE person = ?", person)
        self.life = self.end() - self.made

    def end(self):
        table = "session" if self.kind == "session" else "token"
        return self.site.one(f"SELECT expires FROM {table} WHERE id = ?", self.row)

    def opens(self):
        """A browser forgets the cookie of what does not open; this one comes with it again."""
        if self.kind == "session":
            self.browser.cookies = dict(self.cookies)
            return self.browser.get("/account", follow=False).status == 200
        page = self.browser.get(self.url, follow=False)
        return page.status == 200 and any("/ok/" in form.action for form in page.forms)

    def look(self, jump):
        """What is wrong. Once its time is over the row may go, and it does not open in an earlier year again."""
        end, now = self.end(), self.site.clock.now()
        opens = self.opens()
        ahead = self.kind == "session" and self.made > now + DAY   # no session is from tomorrow
        what = f"a {self.kind} of {self.made:.0f} with a life of {self.life:.0f} s, after {jump} at {now:.0f}"
        self.over = self.over or end is None or now >= end
        if opens and (end is None or now >= end + 1 or ahead):
            return [f"{what}: still opens"]
        if not opens and not self.over and not ahead and now < end - 1:
            return [f"{what}: does not open any more"]
        return []


class Jumper(killer.Killer):
    """Instead of killing anybody."""

    def __init__(self, story):
        super().__init__(story.site, story.desk, story.dice("jumper"), story.say)
        self.clock, self.probes = story.site.clock, []
        self.stuck, self.outlived, self.unread, self.moved = [], [], [], 0

    def kill(self, number, jump):
        pair = [person for person in self.desk.people.values() if person.number][-2 - 2 * number % 20:][:2]
        self.probes += [Probe(self.site, "session", pair[0].number), Probe(self.site, "link", pair[1].number)]
        self.wait_work(killer.ANYTHING)
        work, true = self.work(), time.time()
        waiting = dict(self.site.rows("SELECT id, attempts FROM outbox WHERE state = 'due'"))
        self.leap(jump, true)
        self.kills.append({"t": true, "victim": f"clock: {jump}", "work": work, "in_hand": bool(waiting)})
        self.say(f"jump {number:2} {jump} to {self.clock.now():.0f} due={len(waiting)} inbox={work['inbox']}")
        self.look(jump)
        self.moved += len(waiting)
        self.wait_moving(jump, waiting)

    def leap(self, jump, true):
        to = JUMPS[jump](self.clock.now(), true)
        self.clock.jump(to if to >= EPOCH else true)
        if jump in ("a leap second", "2038"):
            time.sleep(FORWARD_WAIT)
        if jump == "a leap second":
            self.clock.jump(self.clock.now() - 1)

    def look(self, jump):
        for probe in self.probes:
            self.outlived += probe.look(jump)
        for path in ("/", *self.site.forums, "/healthz", "/search?q=rue"):
            page = Browser(self.site).get(path)
            if page.status != 200:
                self.unread.append(f"{path} answers {page.status} after {jump}")

    def wait_moving(self, jump, waiting):
        """What was due before the jump has been tried."""
        begin, left = time.monotonic(), waiting
        while left and time.monotonic() - begin < STUCK:
            time.sleep(0.1)
            now = dict(self.site.rows("SELECT id, attempts FROM outbox WHERE state = 'due'"))
            left = {row: tries for row, tries in left.items() if now.get(row) == tries}
        if left:
            self.stuck.append(f"{len(left)} of {len(waiting)} deliveries that were due wait still, {STUCK} s after "
                              f"{jump}: {sorted(left)[:5]}")


class ClockJudge(judge.Judge):
    def judge(self):
        super().judge()
        jumper = self.story.killer
        self.check("no delivery waits until the time comes round again", jumper.stuck)
        self.check("sessions and links end with their time, and not before", jumper.outlived)
        self.check("pages are served after each jump", jumper.unread)
        self.check("the posts of a page are in the order of their dates, then as they came", self.find_disorder())
        self.check("preau check finds nothing", self.find_damage())
        if self.story.night:
            self.check("the next nightly check is within two days", self.find_late_night())
        self.figures.update(moved=jumper.moved, probes=len(jumper.probes),
                            signed_in_again=self.story.desk.counts.get("web.signed-in-again", 0))
        return self.checks

    def find_disorder(self):
        for (thread,) in self.site.rows("SELECT id FROM thread WHERE state <> 'merged'"):
            path, seen = f"/t/{thread}", []
            while path:
                page = Browser(self.site).get(path)
                seen += [int(number) for number in judge.ARTICLE.findall(page.html)]
                path = next(iter(re.findall(r'rel="next" href="([^"]+)"', page.html)), None)
            want = [row[0] for row in self.site.rows("SELECT id FROM post WHERE thread = ? AND state = 'published'"
                                                     " ORDER BY date, id", thread)]
            if seen != want:
                yield f"/t/{thread} shows {seen}, not {want}"

    def find_late_night(self):
        """The checker looks once a minute."""
        def next_check():
            return self.site.one("SELECT next FROM job WHERE name = 'check'")
        with contextlib.suppress(AssertionError):
            wait_for(lambda: next_check() < self.site.clock.now() + 2 * DAY, 2 * MINUTE, 0.5)
            return []
        return [f"it is at {next_check()}, now is {self.site.clock.now():.0f}"]


class ClockStory(Story):
    PERSON, GUEST = Traveller, Returner

    def __init__(self, preau, share, seed, rounds=1, jumps=len(JUMPS), night=False, say=print):
        figures = Figures(mails=40 * rounds * jumps, posts=6 * rounds * jumps, kills=rounds * jumps, subscribers=30,
                          alls=0)
        super().__init__(preau, share, seed, figures, say=say)
        self.every_role, self.night = False, night
        self.victims = [jump for _ in range(rounds) for jump in self.draw_jumps(jumps)]
        for keep in ("deliveries", "bounces", "mails"):
            self.site.settings[f"keep.{keep}"] = KEPT
        self.site.clock = Clock(self.site.folder)
        self.site.env.update(self.site.clock.env)

    def draw_jumps(self, count):
        dice = self.dice("jumps")
        return dice.sample(list(JUMPS)[:-1], count - 1) + ["back"]

    def draw_people(self):
        """Nobody subscribes late: when a row was queued is told by the clock of the house."""
        return {at: person for at, person in super().draw_people().items() if not person.late}

    def rain(self):
        """A night in ten years' time, so that the way back is one."""
        if self.night:
            self.site.clock.jump(self.site.clock.now() + YEARS)
            self.site.act("house.check")
            wait_for(lambda: (self.site.one("SELECT max(next) FROM job WHERE name = 'check'") or 0) > time.time() + YEARS / 2,
                     MINUTE, 0.2)
        super().rain()

    def make_killer(self):
        return Jumper(self)

    def make_judge(self):
        return ClockJudge(self)


def tell_of(story):
    found = story.judge.figures
    counts = story.desk.counts
    return {"jumps": story.site.clock.count, "due_at_jumps": found["moved"], "probes": found["probes"],
            "acked": counts.get("smtp.acked", 0) + counts.get("lmtp.acked", 0) + counts.get("web.acked", 0),
            "signed_in_again": found["signed_in_again"], "copies": found["copies"], "rows": found["rows"],
            "duplicates_by_cut": found["duplicates_by_cut"], "order": ",".join(story.victims).replace(" ", "-")}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    campaign.add_options(parser)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--jumps", type=int, default=len(JUMPS), choices=range(2, len(JUMPS) + 1))
    parser.add_argument("--night", action="store_true")
    options = parser.parse_args()
    story = ClockStory(options.preau, options.share, options.seed, options.rounds, options.jumps, options.night,
                       campaign.whisper(options))
    return campaign.end([campaign.tell("clock jumps", options, story, tell_of)])


if __name__ == "__main__":
    sys.exit(main())
