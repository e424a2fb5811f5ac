# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many doors, one transaction.

Sixty-four senders at once: each is answered after a commit that holds its mail, and there are
far fewer commits than mails. The relay has several dialogues open at once with a server that
takes its time. Nothing of it is lost: every mail is a post, every subscriber has a copy of each.
"""
import re
import smtplib
import threading

from tests.flow import mail
from tests.flow.site import DOMAIN, wait_for

SENDERS, EACH, READERS = 64, 5, 4


def commits(text):
    """Commits that held what the mail door brought, by the clerk's own count of acts."""
    return [int(n) for n in re.findall(r"clerk commit acts=(\d+)", text)]


def run(stage):
    with mail.Sink() as sink, stage.site(relay=sink.url, log_level="debug", limit_mails=0, relay_connections=8) as site:
        site.act("forum.create", slug="voirie", name="Voirie")
        for at in range(READERS):
            site.subscribe("voirie", site.person(f"Anne {at}", f"anne{at}@ville.example"))
        wires = [smtplib.SMTP(*site.ports["smtp"], "client.ville.example", timeout=60) for _ in range(SENDERS)]
        ready, failures = threading.Barrier(SENDERS), []

        def work(wire, who):
            try:
                for at in range(EACH):
                    letter = mail.write(f"Anne <anne{who % READERS}@ville.example>", f"voirie@{DOMAIN}",
                                        f"Lettre {who} {at}", "Bonjour.\n").as_bytes()
                    ready.wait(60)
                    wire.sendmail(f"anne{who % READERS}@ville.example", [f"voirie@{DOMAIN}"], letter)
                wire.quit()
            except Exception as trouble:
                failures.append(repr(trouble))
                ready.abort()

        mark = len(site.log_text())
        threads = [threading.Thread(target=work, args=(wire, who)) for who, wire in enumerate(wires)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert not failures, failures[:3]
        mails = SENDERS * EACH
        site.wait_inbox(60)
        counts = commits(site.log_text()[mark:])
        # Every mail is two acts (received, processed); an act a commit would be twice as many.
        print(f"group commit: {mails} mails in {len(counts)} commits, {max(counts)} acts in the largest")
        assert sum(counts) >= 2 * mails, (sum(counts), mails)
        assert len(counts) < mails / 2, f"{len(counts)} commits for {mails} mails"
        assert max(counts) > 8 and max(counts) <= 64, max(counts)
        assert site.one("SELECT count(*) FROM post WHERE state = 'published'") == mails
        wait_for(lambda: site.one("SELECT count(*) FROM outbox WHERE state = 'due'") == 0, 60)
        for at in range(READERS):
            got = [a.mail["Message-ID"] for a in sink.to(f"anne{at}@ville.example")]
            assert len(got) == len(set(got)) == mails, (at, len(got), len(set(got)))
        print(f"group commit: {sink.open_most} dialogues of the relay at once")
        assert sink.open_most >= 4, sink.open_most
        assert not sink.faults, sink.faults
