# SPDX-License-Identifier: AGPL-3.0-or-later
"""kill -9, again and again, while work is open.

One victim at a time in turn, and some times all of them at once: the workers; the workers
frozen first, so that all stop at the same instant; the supervisor, whose workers must then end
by themselves; the supervisor and its workers.

A process is done with its work in a millisecond, so a kill would mostly find it idle. Half of
the victims are therefore frozen until work waits for them; or the clerk is, so that its doors
have acts open and the relay has results that nobody recorded. Sometimes the clerk dies twice:
its next life at birth, while it opens the book, or when it is ready and all is sent again.
"""
import os
import signal
import time

from tests.flow.site import wait_for

WORK_WAIT, BACK_WAIT = 3.0, 40.0

# (victim, share of the single kills)
SINGLES = [("clerk.0", 9), ("relay.0", 9), ("intake.0", 7), ("parser.0", 6), ("web.0", 4), ("web.1", 4),
           ("parser.1", 3), ("auth.0", 3), ("checker.0", 1)]
ALLS = ["workers", "supervisor", "frozen workers", "everybody", "workers"]
# How it is done: "frozen" first; the clerk "held" until then, or "held on" until the next life
# is ready, which then knows nothing of what the one before had told the clerk; "twice", the
# second time at "birth" or when it is ready; plainly.
WAYS = {
    "clerk.0": ("", "frozen", "twice", "birth"),
    "relay.0": ("", "held", "held on", "frozen"),
    "intake.0": ("", "held"),
    "web.0": ("", "held", "held"),
    "web.1": ("", "held", "held"),
    "parser.0": ("", "frozen", "frozen"),
    "parser.1": ("frozen",),
    "auth.0": ("frozen",),
    "checker.0": ("",),
}

# What a victim has in hand, by the names of work() below; the checker looks on while others work.
ANYTHING = ("mail", "web", "inbox", "outbox")
WORK_OF = {"clerk": ("mail", "web", "approval"), "relay": ("outbox",), "intake": ("mail",), "web": ("web", "sign-in"),
           "auth": ("sign-in",), "checker": ANYTHING}
FLIGHT = ("inbox", "outbox", "mail", "web", "sign-in", "approval")
LANES = {"parser.0": ("inbox",), "parser.1": ("web",)}


def draw_victims(dice, kills, alls, singles=None):
    """kills victims in an order of their own, the alls among them."""
    victims = []
    table = singles or SINGLES
    whole = sum(share for _, share in table)
    while len(victims) < kills - alls:
        for name, share in table:
            victims += [name] * max(1, round(share * (kills - alls) / whole))
    dice.shuffle(victims)
    victims = victims[:kills - alls]
    for at in range(alls):
        place = (at + 1) * len(victims) // (alls + 1) + at
        victims.insert(place, "all: " + ALLS[at % len(ALLS)])
    return victims


class Log:
    """Who lives and who died, as the supervisor's log tells."""

    def __init__(self, site):
        self.site, self.at, self.rest = site, 0, ""
        self.up, self.downs, self.lives = {}, [], []

    def look(self):
        with open(self.site.log, errors="replace") as file:
            file.seek(self.at)
            text = self.rest + file.read()
            self.at = file.tell()
        lines = text.split("\n")
        self.rest = lines.pop()
        for line in lines:
            words = line.split()
            if len(words) < 5 or words[2] != "serve" or words[3] != "serve":
                continue
            said = dict(word.split("=", 1) for word in words[4:] if "=" in word)
            if "up" in said and "pid" in said:
                self.up[said["up"]] = int(said["pid"])
                self.lives.append((said["up"], int(said["pid"])))
            elif "down" in said:
                pid = int(said["pid"])
                self.downs.append((said["down"], pid, int(said.get("signal", 0)), int(said.get("exit", 0))))
                if self.up.get(said["down"]) == pid:
                    del self.up[said["down"]]
        return self


class Killer:
    def __init__(self, site, desk, dice, say):
        self.site, self.desk, self.dice, self.say = site, desk, dice, say
        self.log = Log(site).look()
        self.roles = sorted(self.log.up)
        self.kills = []        # what was done, for the judge
        self.killed = set()    # pids
        self.orphans = {}      # pid of a worker whose supervisor we killed: how it ended
        self.last_mail = 0     # parser.0 must be done with these first, or two deaths meet one mail

    def explains(self, pid, by_signal, status):
        """Is that end of a worker ours, or none to speak of?"""
        return (pid in self.killed and by_signal == signal.SIGKILL) or (by_signal == 0 and status == 0)

    # ---- what is in flight ----

    def work(self):
        with self.desk.lock:
            found = dict(self.desk.open)
        found["inbox"], found["outbox"], found["last"] = self.book()
        return found

    def book(self):
        """Opened and closed each time: a reader that stays would spare the clerk its recovery."""
        try:
            return self.site.rows("SELECT (SELECT count(*) FROM inbox WHERE state = 'new'),"
                                  " (SELECT count(*) FROM outbox WHERE state = 'due'),"
                                  " (SELECT coalesce(max(id), 0) FROM inbox WHERE state = 'new')")[0]
        except Exception:  # the book is being recovered just now
            return 0, 0, 0

    def has_work(self, names):
        work = self.work()
        return any(work[name] for name in names)

    def wait_work(self, names):
        until = time.monotonic() + WORK_WAIT
        while time.monotonic() < until and not self.has_work(names):
            time.sleep(0.001)

    # ---- the deed ----

    def kill(self, number, victim):
        self.log.look()
        if victim.startswith("all"):
            self.kill_all(number, victim.removeprefix("all: "))
        else:
            self.kill_one(number, victim)

    def kill_one(self, number, victim):
        if victim == "parser.0":
            wait_for(lambda: self.site.one("SELECT count(*) FROM inbox WHERE state = 'new' AND id <= ?",
                                           self.last_mail) == 0, BACK_WAIT)
        wait_for(lambda: victim in self.log.look().up, BACK_WAIT)
        pid, way = self.log.up[victim], self.dice.choice(WAYS[victim])
        names = LANES.get(victim) or WORK_OF[victim.partition(".")[0]]
        held = pid if way == "frozen" else self.log.up.get("clerk.0") if way[:4] == "held" else None
        if held:
            os.kill(held, signal.SIGSTOP)
        try:
            self.wait_work(names)
            time.sleep(self.dice.uniform(0.02, 0.2) if held else self.dice.uniform(0, 0.03))
            work = self.work()
            self.deed([pid], number, victim, work, names, way)
            if way == "held on":
                self.wait_back({victim: pid})
                time.sleep(self.dice.uniform(0, 0.1))
        finally:
            if way[:4] == "held":
                os.kill(held, signal.SIGCONT)
        if victim == "parser.0":
            self.last_mail = work["last"]
        if way == "birth":
            pid = self.wait_newborn(set(self.log.up.values()))
        else:
            self.wait_back({victim: pid})
        if way in ("birth", "twice"):
            pid = pid if way == "birth" else self.log.up[victim]
            time.sleep(self.dice.uniform(0, 0.01))
            self.deed([pid], number, victim, self.work(), names, "again")
            self.kills[-1]["again"] = True
            self.wait_back({victim: pid})

    def wait_newborn(self, known):
        """A child of the supervisor that is not yet ready."""
        boss = self.site.process.pid

        def newborn():
            with open(f"/proc/{boss}/task/{boss}/children", encoding="ascii") as file:
                return [int(pid) for pid in file.read().split() if int(pid) not in known]
        return wait_for(newborn, BACK_WAIT, 0.0005)[0]

    def kill_all(self, number, how):
        self.wait_work(("mail", "web"))
        wait_for(lambda: sorted(self.log.look().up) == self.roles, BACK_WAIT)
        lives = dict(self.log.up)
        if how in ("supervisor", "everybody"):
            with self.desk.console:
                self.kill_house(number, how, lives)
            return
        for pid in lives.values() if how == "frozen workers" else ():
            os.kill(pid, signal.SIGSTOP)
        self.deed(lives.values(), number, "all: " + how, self.work(), ANYTHING, "")
        self.wait_back(lives)

    def kill_house(self, number, how, lives):
        """The supervisor's last word is never said: its workers' ends are ours to look at."""
        boss = self.site.process
        victims = [boss.pid] + (list(lives.values()) if how == "everybody" else [])
        self.deed(victims, number, "all: " + how, self.work(), ANYTHING, "")
        boss.wait()
        for pid in lives.values():
            wait_for(lambda pid=pid: self.reap(pid), BACK_WAIT)
        self.site.process = None
        self.log.look().up.clear()
        self.start_again()
        wait_for(lambda: sorted(self.log.look().up) == self.roles, BACK_WAIT)

    def start_again(self):
        """As systemd does: what ends with 75 (a console is at work in the house just now) is started again."""
        until = time.monotonic() + BACK_WAIT
        while True:
            try:
                return self.site.start()
            except AssertionError:
                if self.site.process.poll() != os.EX_TEMPFAIL or time.monotonic() > until:
                    raise
                time.sleep(0.2)

    def reap(self, pid):
        """Orphans come to us (PR_SET_CHILD_SUBREAPER)."""
        try:
            found, status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:  # not ours yet, or reaped by its dying parent
            return not os.path.exists(f"/proc/{pid}")
        if found:
            self.orphans[pid] = status
        return found != 0

    def deed(self, pids, number, victim, work, names, way):
        at = time.time()
        for pid in pids:
            self.killed.add(pid)
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        flight = " ".join(f"{name}={work[name]}" for name in FLIGHT)
        in_hand = any(work[name] for name in names)
        self.kills.append({"t": at, "victim": victim, "work": work, "in_hand": in_hand})
        self.say(f"kill {number:2} victim={victim.replace(' ', '-')} pids={len(pids)}"
                 f"{way and ' ' + way} in-hand={'yes' if in_hand else 'no'} {flight}")

    def wait_back(self, lives):
        """Each has another life, and it is ready."""
        def is_back():
            self.log.look()
            return all(self.log.up.get(name, pid) != pid for name, pid in lives.items())
        wait_for(is_back, BACK_WAIT)
