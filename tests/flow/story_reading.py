# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reading never acts.

Every address that is read, by GET and by HEAD, on every kind of thing, as each of thirteen kinds
of people and as the machines that follow links by themselves; then every link of every mail that
left the house, likewise. The content of all tables is the same before and after, but that a
session was seen. The list of addresses is the program's own, so that none is forgotten.
"""
import re

from tests.flow import cast, mail
from tests.flow.cast import ROLES, changes
from tests.flow.site import wait_for
from tests.flow.story_matrix import path_of
from tests.flow.web import Browser

MACHINES = ({"Purpose": "prefetch", "Sec-Purpose": "prefetch"}, {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"},
            {"User-Agent": "BarracudaCentral link scanner", "Accept": "*/*"})
THINGS = {"/f/": ("open", "registered", "members", "closed", "absent"), "/t/": ("open", "members", "hidden", "absent"),
          "/p/": ("open", "registered", "members", "held", "hidden", "absent"), "/m/": ("open", "members", "held", "absent"),
          "/a/": ("open", "members", "absent"), "/moderate/": ("open", "members", "absent"),
          "/admin/forums/:": ("open", "absent"), "/admin/rolls/:": ("list", "absent"), "/ok/": ("known", "absent"), "/u/": ("absent",)}


def paths(c, routes):
    found = []
    for pattern in routes:
        things = next((things for start, things in THINGS.items() if pattern.startswith(start)), ("-",))
        for thing in things:
            path = path_of(c, pattern, thing, "anonymous")
            found += [path, path + "?q=commun&lang=en&done=saved&next=/account&List-Unsubscribe=One-Click&decision=approve"]
    return found


def links_of(sink):
    """Each link of each mail, of its text, its HTML and its head."""
    found = set()
    for arrival in list(sink.arrivals):
        texts = [part.get_content() for part in arrival.mail.walk() if part.get_content_maintype() == "text"]
        texts += [str(value) for _, value in arrival.mail.items()]
        for text in texts:
            found |= {link.rstrip(".,;)") for link in re.findall(r"https?://forum\.ville\.example(/[^\s<>\"']*)", text)}
    return {link.replace("&amp;", "&") for link in found}


def read_all(c, role, wanted):
    """GET and HEAD of each; how many were answered."""
    kept = dict(c.browsers[role].cookies)
    for at, path in enumerate(wanted):
        for method in ("GET", "HEAD"):
            c.browsers[role].cookies = dict(kept)
            page = c.ask(role, method, path, headers=MACHINES[at % len(MACHINES)])
            assert page.status < 500, (role, method, path, page.status)
            assert method == "GET" or page.body == b"", (role, path)
    c.browsers[role].cookies = kept
    return 2 * len(wanted)


def content(c):
    return {table: rows for table, rows in c.book.look().items()}


def everything(c):
    """The tables that trying leaves its trace in, too: reading is no try."""
    return {table: set(c.book.db.execute(f"SELECT * FROM {table}")) for table in
            ("rate", "counter", "act_key", "public_version", "setting", "job", "journal", "journal_text", "outbox")}


def still(site):
    return not site.one("SELECT count(*) FROM inbox WHERE state = 'new'") and not site.one("SELECT count(*) FROM outbox WHERE state = 'due'")


def more_mails(c):
    """A mail of each kind that has a link in it."""
    for path, fields in (("/login", {"address": cast.address("stranger")}), ("/forgot", {"address": cast.address("roll")})):
        browser = Browser(c.site)
        page = browser.submit(browser.get(path), path, **fields)
        assert page.status == 200, (path, page.status)
    c.send("member", ["place@forum.ville.example"], c.letter("member", "place@forum.ville.example", "Sans preuve", proved=False))
    c.post("held")


def run(stage):
    with mail.Sink() as sink, stage.site(relay=sink.url, **cast.SETTINGS) as site:
        c = cast.Cast(site, sink)
        more_mails(c)
        routes = [line.removeprefix("GET ") for line in site.run("show", "routes").stdout.splitlines() if line.startswith("GET ")]
        assert len(routes) > 35, routes
        wanted = paths(c, routes)
        wait_for(lambda: still(site))
        links = sorted(links_of(sink))
        kinds = {link.split("/")[1] for link in links}
        assert {"ok", "u", "p", "moderate"} <= kinds, kinds
        before, before_all, count = content(c), everything(c), 0
        for role in ROLES:
            count += read_all(c, role, wanted) + read_all(c, role, links)
        faults = changes(before, content(c)) + changes(before_all, everything(c))
        assert not faults, f"reading changed {len(faults)} rows: {faults[:5]}"
        # What is looked at would see a change: one button pressed.
        browser = Browser(site)
        link = next(link for link in links if link.startswith("/u/"))
        browser.submit(browser.get(link), "/u/")
        assert changes(before, content(c)), "pressing the button changed nothing: the look is blind"
        print(f"  {count} readings of {len(wanted)} addresses and {len(links)} links")
