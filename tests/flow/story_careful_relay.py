# SPDX-License-Identifier: AGPL-3.0-or-later
"""A relay that died takes rows one by one; a target that is down meanwhile sets none of them aside.

The relay crashes while its target answers nobody. Its next life counts each row before it is taken,
since one that kills it twice is set aside; but those that go back because the target is down killed
nobody. When the target is there again, everybody has his copy.
"""
import os
import signal

from tests.flow import mail
from tests.flow.site import DOMAIN, wait_for

PEOPLE = ("anne", "bruno", "chloe")


def run(stage):
    with mail.Sink() as sink, stage.site(relay=sink.url) as site:
        site.act("forum.create", slug="voirie", name="Voirie")
        for name in PEOPLE:
            site.subscribe("voirie", site.person(name.title(), f"{name}@ville.example"))
        sink.troubles.append(mail.Trouble("connect", "cut"))
        mail.send(site.ports["smtp"], "anne@ville.example", [f"voirie@{DOMAIN}"],
                  mail.write("Anne <anne@ville.example>", f"voirie@{DOMAIN}", "Un banc", "Bonjour.\n"))
        wait_for(lambda: "target=down" in site.log_text())
        before, mark = site.pids()["relay.0"], len(site.log_text())
        os.kill(before, signal.SIGABRT)
        wait_for(lambda: site.pids().get("relay.0", before) != before)
        wait_for(lambda: site.log_text()[mark:].count("target=down") >= 3, 60)
        states = site.rows("SELECT DISTINCT state FROM outbox")
        assert states == [("due",)], states
        sink.troubles.clear()
        wait_for(lambda: site.rows("SELECT DISTINCT state FROM outbox") == [("sent",)], 60)
        assert sorted(arrival.recipient for arrival in sink.arrivals) == [f"{name}@ville.example" for name in PEOPLE]
