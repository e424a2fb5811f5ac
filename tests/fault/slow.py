# SPDX-License-Identifier: AGPL-3.0-or-later
"""Slow clients (T9): hundreds hold a door and give nothing, and others do not notice.

    python3 -m tests.fault.slow --preau build/preau --share build/share

  --seconds N        of each act (default: 60)
  --seed N           --ledger   --keep

One act after the other, beside people who read by the clock and one who hands in mail: 500 heads that
come an octet a second; 500 forms likewise; 500 who ask for an archive and do not read it; 100 who say
nothing at the mail door and 100 who send a mail an octet a second. Each has an address among 250.

Nobody else gets an error; whoever is slow is cut within the bounds of net/http.h and of
process/intake_session.c; a connection that says nothing costs 24 KiB at most. How long pages took
is told, and proves nothing by itself.
"""
import argparse
import asyncio
import json
import pathlib
import re
import resource
import shutil
import sys
import threading
import time

from tests.fault import campaign
from tests.fault.crowd import READERS, Readers, Slow
from tests.flow import mail
from tests.flow.site import DOMAIN, Site, wait_for
from tests.flow.web import Browser

PAGES = 50                      # a second
HEAD, BODY, IDLE, REPLY, DATA = 10, 120, 15, 10, 30   # net/http.h; intake_session.c
SMALL_BODY = HEAD + 4000 // 500                       # of a form of crowd.FORM octets
SLACK = 4                       # seconds: a client looks once a second, the machine may be busy
# What dawdles, how many, and how long each may live; a mail server that says nothing has five minutes, by RFC 5321.
ACTS = {"heads": (["head"], 500, {"head": HEAD}),
        "forms": (["body"], 500, {"body": SMALL_BODY}),
        "deaf": (["deaf"], 500, {"deaf": 2 * REPLY + IDLE}),
        "mail": (["mail-open", "data"], 200, {"data": DATA + 1})}
BIG_POSTS, BIG = 30, 60_000     # an archive that no socket holds
IDLE_COUNT, IDLE_MOST = 500, 24  # connections; KiB of memory for each


def memory(site):
    """KiB of its own that each web worker holds, together."""
    return sum(int(re.search(r"RssAnon:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text()).group(1))
               for name, pid in site.pids().items() if name.startswith("web"))


async def hold_idle(site):
    """KiB for one of many who were greeted by a page and say no more."""
    request = f"GET /robots.txt HTTP/1.1\r\nHost: {DOMAIN}\r\n\r\n".encode()
    before, streams = memory(site), []
    for at in range(IDLE_COUNT):
        reader, writer = await asyncio.open_connection(*site.ports["http"], local_addr=(f"127.0.3.{at % 250 + 1}", 0))
        writer.write(request)
        await reader.readuntil(b"\r\n\r\n")
        streams.append(writer)
    cost = (memory(site) - before) / IDLE_COUNT
    for writer in streams:
        writer.close()
    return cost


class Handler(threading.Thread):
    """Hands in a mail a second, as a mail server does."""

    def __init__(self, site, end):
        super().__init__(daemon=True)
        self.site, self.end, self.accepted, self.troubles = site, end, 0, []

    def run(self):
        while time.monotonic() < self.end:
            octets = mail.write("Anne <anne@ville.example>", f"place@{DOMAIN}", f"Lettre {self.accepted}", "Bonjour.")
            try:
                mail.send(self.site.ports["lmtp"], "anne@ville.example", [f"place@{DOMAIN}"], octets, lmtp=True)
                self.accepted += 1
            except Exception as trouble:  # whatever it is, it is told
                self.troubles.append(f"a mail was not taken: {trouble!r}")
            time.sleep(1)


class Act:
    def __init__(self, site, seed, name, seconds, cookies):
        self.name, self.seconds = name, seconds
        kinds, self.count, self.bounds = ACTS[name]
        self.readers, self.slow = Readers(site, f"{seed} {name}", cookies, PAGES), Slow(site, kinds)
        self.handler = Handler(site, time.monotonic() + seconds)

    async def crowd(self):
        loop = asyncio.get_running_loop()
        end = loop.time() + self.seconds
        dawdling = [loop.create_task(self.slow.live(at, end)) for at in range(self.count)]
        await asyncio.gather(*[self.readers.lane(at, end) for at in range(READERS)], *dawdling)

    def play(self):
        self.handler.start()
        asyncio.run(self.crowd())
        self.handler.join()

    def late(self):
        return [f"a {kind} lived {self.slow.longest[kind]} s, not {bound}" for kind, bound in self.bounds.items()
                if self.slow.longest[kind] > bound + SLACK]

    def checks(self):
        asked = sum(self.readers.statuses.values())
        first = min(self.bounds.values())
        cut = sum(self.slow.cuts[kind] for kind in self.bounds)
        share = len(self.bounds) / len(self.slow.kinds)
        return [(f"{self.name}: no page was refused or failed ({asked})", self.readers.troubles),
                (f"{self.name}: pages were asked for", [] if asked >= 0.9 * PAGES * self.seconds else [f"{asked}"]),
                (f"{self.name}: every mail was taken ({self.handler.accepted})", self.handler.troubles),
                (f"{self.name}: all dawdled at once", [] if self.slow.most >= 0.9 * self.count
                 else [f"{self.slow.most} of {self.count}"]),
                (f"{self.name}: whoever is slow is cut in time", self.late()),
                (f"{self.name}: and was cut", [] if self.seconds < first + SLACK or cut >= share * self.count
                 else [f"{cut} cut"])]

    def figures(self):
        return {f"{self.name}_at_once": self.slow.most, f"{self.name}_cut": sum(self.slow.cuts.values()),
                f"{self.name}_longest_s": max(self.slow.longest.values(), default=0),
                f"{self.name}_p99_ms": f"{self.readers.percentile(0.99):.1f}"}


def settle(site):
    site.act("forum.create", slug="place", name="La place")
    site.act("forum.create", slug="lettre", name="La lettre")
    anne = site.person("Anne", "anne@ville.example")
    line = "Une ligne parmi bien d'autres, que personne ne lira deux fois.\n"
    for at in range(BIG_POSTS):
        site.act("post.add", "--as", anne, forum="place", subject=f"Sujet {at}", source=line * (BIG // len(line)))
    browser = Browser(site).sign_in(site, anne)
    return ["; ".join(f"{name}={value}" for name, value in browser.cookies.items())]


def run(options, names):
    """mail.trust = results: nobody who comes is a mail server of ours, but the one that speaks LMTP."""
    site = Site(options.preau, options.share, limit_posts=0, limit_mails=0, mail_trust="results")
    checks, figures = [], {}
    with site:
        cookies = settle(site)
        cost = asyncio.run(hold_idle(site))
        figures["idle_kib"] = f"{cost:.1f}"
        checks.append((f"a connection that says nothing costs {IDLE_MOST} KiB at most",
                       [f"{cost:.1f} KiB"] if cost > IDLE_MOST else []))
        before = site.pids()
        for name in names:
            act = Act(site, options.seed, name, options.seconds, cookies)
            act.play()
            checks += act.checks()
            figures |= act.figures()
        checks.append(("nobody died", [] if site.pids() == before else [f"{before} {site.pids()}"]))
        wait_for(lambda: site.is_quiet(), 60)
        checks.append(("what was accepted is there", [] if site.one("SELECT count(*) FROM inbox WHERE state = 'aside'") == 0
                       else ["mails were set aside"]))
        if any(findings for _, findings in checks):
            print(site.log_tail(30))
    shutil.rmtree(site.folder, ignore_errors=True)
    return checks, figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    campaign.add_options(parser)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--act", action="append", choices=ACTS)
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    begin = time.monotonic()
    checks, figures = run(options, options.act or list(ACTS))
    failed = sum(bool(findings) for _, findings in checks)
    campaign.say_checks([check for check in checks if check[1]])
    print(f"slow clients: seed {options.seed} {json.dumps(figures)} in {time.monotonic() - begin:.0f} s, {failed} violations",
          flush=True)
    if options.ledger:
        campaign.write_ledger("slow clients", options.seed, figures, time.monotonic() - begin, failed)
    return campaign.end([(len(checks) - failed, failed)])


if __name__ == "__main__":
    sys.exit(main())
