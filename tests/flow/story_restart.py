# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whatever ends, goes on.

SIGHUP with pages, forms and SMTP dialogues under way loses none of them. Each role is killed
once, at work: it comes back, and what was in hand is neither lost nor done twice. A mail whose
parser dies twice is set aside, listed by `preau show set-aside`, and posted when replayed, while the
mails behind it went on. SIGTERM drains: what was accepted is there after the next start. A second
server leaves the first alone, and may be tried again.
"""
import http.client
import os
import signal
import socket
import threading

from tests.flow import mail
from tests.flow.site import DOMAIN, Refused, wait_for
from tests.flow.web import Browser

FORUM = f"voirie@{DOMAIN}"


def letter(subject, text="Bonjour.\n"):
    return mail.write("Anne Morel <anne@ville.example>", FORUM, subject, text)


def send(site, subject):
    mail.send(site.ports["smtp"], "anne@ville.example", [FORUM], letter(subject))


def published(site):
    return sorted(row[0] for row in site.rows("SELECT subject FROM post WHERE state = 'published'"))


def reloading(site):
    """Clients that go on without a pause while the server reads its settings again five times."""
    over, failures, counts = threading.Event(), [], {"page": 0, "mail": 0}

    def pages():
        browser = Browser(site)
        while not over.is_set():
            try:
                assert browser.get("/f/voirie").status == 200
                counts["page"] += 1
            except Exception as trouble:  # whatever it is: a request was lost
                failures.append(repr(trouble))

    def mails(who):
        while not over.is_set():
            try:
                send(site, f"reload {who} {counts['mail']}")
                counts["mail"] += 1
            except Exception as trouble:
                failures.append(repr(trouble))

    slow = socket.create_connection(site.ports["smtp"], timeout=20)
    lines = slow.makefile("rb")
    lines.readline()
    slow.sendall(b"HELO c\r\n")
    lines.readline()
    threads = [threading.Thread(target=pages) for _ in range(2)]
    threads.append(threading.Thread(target=mails, args=(0,)))
    for thread in threads:
        thread.start()
    pids = site.pids()
    for _ in range(5):
        mark, before = site.reload(), dict(counts)
        wait_for(lambda: site.log_text()[mark:].count("reload=done") >= len(pids))
        wait_for(lambda: counts["page"] > before["page"] and counts["mail"] > before["mail"])
    over.set()
    for thread in threads:
        thread.join(60)
    assert not failures, failures[:3]
    assert site.pids() == pids, f"a reload must end no process: {pids} {site.pids()}"
    octets = letter("over the reload").as_bytes()
    slow.sendall(f"MAIL FROM:<anne@ville.example>\r\nRCPT TO:<{FORUM}>\r\nDATA\r\n".encode())
    assert [lines.readline()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
    slow.sendall(octets + b"\r\n.\r\n")
    assert lines.readline()[:3] == b"250"
    lines.close()
    slow.close()
    site.wait_inbox()
    got = published(site)
    assert len(got) == counts["mail"] + 1 and "over the reload" in got, (len(got), counts)


def killing(site):
    """Each role, once, just after something was given to it."""
    for name in sorted(site.pids()):
        before = len(published(site))
        # Somebody else each time: nobody may write more than a few posts in half a minute.
        browser = Browser(site).sign_in(site, site.person(f"Lise {name}", f"lise.{name}@ville.example"))
        page = browser.get("/f/voirie/new")
        send(site, f"killed {name} 1")
        old = site.pids()[name]
        os.kill(old, signal.SIGKILL)
        wait_for(lambda: site.pids().get(name, old) != old)
        wait_for(lambda: try_send(site, f"killed {name} 2"))
        wait_for(lambda: try_form(browser, page, f"killed {name} 3"), pause=0.2)
        site.wait_inbox()
        got = [subject for subject in published(site) if f"killed {name}" in subject]
        # A dialogue that was cut after its mail was kept is tried again by any mail server: the
        # Message-ID is new here, so that a second post of the second mail is none of ours.
        assert sorted(set(got)) == [f"killed {name} {n}" for n in (1, 2, 3)], (name, got)
        assert got.count(f"killed {name} 1") == 1 and got.count(f"killed {name} 3") == 1, (name, got)
        assert len(published(site)) >= before + 3
        wait_for(lambda: site.one("SELECT count(*) FROM outbox WHERE state = 'due'") == 0, 30)


def try_send(site, subject):
    try:
        send(site, subject)
        return True
    except (OSError, mail.smtplib.SMTPException):
        return False


def try_form(browser, page, subject):
    """The same form, with the same nonce, until it is answered: one post."""
    try:
        done = browser.submit(page, "/new", ("send", "1"), subject=subject, text="Bonjour.")
        assert done.status in (200, 503), (done.status, done.text[:300])
        return done.status == 200
    except (OSError, http.client.HTTPException):
        return False


def state_of(pid):
    return open(f"/proc/{pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()[0]


def stop(pid):
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: state_of(pid) == "T")


def run(stage):
    with mail.Sink() as sink, stage.site(relay=sink.url, limit_mails=0, limit_posts=0) as site:
        site.act("forum.create", slug="voirie", name="Voirie")
        site.subscribe("voirie", site.person("Anne Morel", "anne@ville.example"))
        reloading(site)
        killing(site)
        set_aside(site)
        draining(site)
        second(site)
        check_copies(site, sink)


def second(site):
    """Where somebody is at work in the house already, a server ends with 75: systemd tries again, for it may
    have been no server but the console of a nightly backup."""
    done = site.run("serve")
    assert done.returncode == os.EX_TEMPFAIL and "at work" in done.stderr, done
    assert Browser(site).get("/f/voirie").status == 200, "the first one is gone"


def set_aside(site):
    """The parser is stopped with the mail in hand, and dies; the clerk stands still until the
    next parser is stopped too; then that one has the mail in hand, and dies."""
    stop(site.pids()["parser.0"])
    for subject in ("poison", "behind it"):
        send(site, subject)
    for death in range(2):
        clerk, parser = site.pids()["clerk.0"], site.pids()["parser.0"]
        # The clerk answers an act: the turn in which it handed the mail on is over.
        site.act("person.create", name=f"Un passant {death}")
        stop(clerk)
        os.kill(parser, signal.SIGABRT)  # a kill by hand would prove nothing against the mail
        os.kill(parser, signal.SIGCONT)
        following = wait_for(lambda: site.pids().get("parser.0", parser) != parser and site.pids()["parser.0"])
        if death == 0:
            wait_for(lambda: state_of(following) == "S")
            stop(following)
        os.kill(clerk, signal.SIGCONT)
        wait_for(lambda: site.log_text().count("job=mail deaths=") == death + 1)
    number, tries, note = wait_for(lambda: site.rows("SELECT id, tries, note FROM inbox WHERE state = 'aside'"))[0]
    assert tries == 2 and note, (tries, note)
    wait_for(lambda: "behind it" in published(site))
    assert "poison" not in published(site)
    done = site.run("show", "set-aside")
    assert done.returncode == 0 and f"inbox={number}" in done.stdout and note in done.stdout, (done.stdout, done.stderr)
    assert site.run("replay", "inbox", number).returncode == 0
    wait_for(lambda: "poison" in published(site))
    done = site.run("show", "set-aside")
    assert done.returncode == 0 and "inbox=" not in done.stdout, done.stdout
    try:
        site.act("mail.replay", inbox=number)
        raise AssertionError("replayed twice")
    except Refused as refused:
        assert refused.status == 1, refused


def draining(site):
    for at in range(20):
        send(site, f"drained {at}")
    assert site.stop() == 0
    rows = site.rows("SELECT count(*) FROM inbox WHERE state = 'aside'")
    assert rows == [(0,)]
    site.start()
    site.wait_inbox()
    assert len([s for s in published(site) if s.startswith("drained")]) == 20


def check_copies(site, sink):
    """One copy of each post to the subscriber; a kill may repeat some, with the same Message-ID."""
    wait_for(lambda: site.one("SELECT count(*) FROM outbox WHERE state = 'due'") == 0, 30)
    ids = [a.mail["Message-ID"].strip("<>") for a in sink.to("anne@ville.example")]
    posts = [row[0] for row in site.rows("SELECT message_id FROM post WHERE state = 'published'")]
    missing = set(posts) - set(ids)
    assert not missing, f"{len(missing)} posts were not sent"
    repeated = len(ids) - len(set(ids))
    assert repeated <= 64, repeated
