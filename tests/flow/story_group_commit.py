# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many doors, one transaction.

Sixty-four senders at once: each is answered after a commit that holds its mail, and there are
far fewer commits than mails. The relay has several dialogues open at once with a server that
takes its time. Nothing of it is lost: every mail is a post, every subscriber has a copy of each.
"""
import contextlib
import re
import smtplib
import socket
import sqlite3
import threading
import time

from tests.flow import mail
from tests.flow.site import DOMAIN, wait_for
from tests.flow.web import Browser

SENDERS, EACH, READERS = 64, 5, 4


def commits(text):
    """Mails received in each commit that held any, by the clerk's own count."""
    return [int(n) for n in re.findall(r"clerk commit acts=\d+ received=(\d+)", text) if n != "0"]


class Wire:
    """A sender with its letter ready but for the final dot."""

    def __init__(self, port, who):
        self.who = who
        self.socket = socket.create_connection(port, timeout=60)
        self.file = self.socket.makefile("rb")
        self.answer("220")
        self.say("EHLO client.ville.example", "250")

    def answer(self, code):
        while True:
            line = self.file.readline().decode()
            if line[3:4] != "-":
                assert line.startswith(code), line
                return

    def say(self, line, code):
        self.socket.sendall(line.encode() + b"\r\n")
        self.answer(code)

    def prepare(self, letter):
        self.say(f"MAIL FROM:<anne{self.who % READERS}@ville.example>", "250")
        self.say(f"RCPT TO:<voirie@{DOMAIN}>", "250")
        self.say("DATA", "354")
        self.socket.sendall(letter)


def held(site):
    """Somebody else holds the book: the clerk tries again now and then, not all the time; pages are served; nobody is told
    yes meanwhile, and what was put off or waited is there once."""
    answers = []

    def send():
        try:
            mail.send(site.ports["smtp"], "anne0@ville.example", [f"voirie@{DOMAIN}"],
                      mail.write("Anne <anne0@ville.example>", f"voirie@{DOMAIN}", "Devant la porte", "Bonjour.\n"))
            answers.append(250)
        except smtplib.SMTPResponseException as no:
            answers.append(no.smtp_code)

    with contextlib.closing(sqlite3.connect(site.data / "preau.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        mark = len(site.log_text())
        sender = threading.Thread(target=send)
        sender.start()
        wait_for(lambda: site.log_text()[mark:].count("commit=failed") > 1)
        mark, begin = len(site.log_text()), time.monotonic()
        time.sleep(2)
        tries, seconds = site.log_text()[mark:].count("commit=failed"), time.monotonic() - begin
        assert Browser(site).get("/f/voirie").status == 200
        assert answers in ([], [451]), answers
        other.execute("ROLLBACK")
    sender.join()
    assert 0 < tries <= 4 * seconds + 1, f"{tries} tries in {seconds:.1f} seconds"
    site.wait_inbox()
    assert site.one("SELECT count(*) FROM post WHERE subject = 'Devant la porte'") == (answers == [250]), answers


def run(stage):
    with mail.Sink() as sink, stage.site(relay=sink.url, log_level="debug", limit_mails=0, relay_connections=8) as site:
        site.act("forum.create", slug="voirie", name="Voirie")
        for at in range(READERS):
            site.subscribe("voirie", site.person(f"Anne {at}", f"anne{at}@ville.example"))
        wires = [Wire(site.ports["smtp"], who) for who in range(SENDERS)]
        mark = len(site.log_text())
        for at in range(EACH):
            for wire in wires:
                wire.prepare(mail.write(f"Anne <anne{wire.who % READERS}@ville.example>", f"voirie@{DOMAIN}",
                                        f"Lettre {wire.who} {at}", "Bonjour.\n").as_bytes())
            for wire in wires:  # all the dots at once: nothing else keeps the clerk from waiting
                wire.socket.sendall(b".\r\n")
            for wire in wires:
                wire.answer("250")
        for wire in wires:
            wire.say("QUIT", "221")
        mails = SENDERS * EACH
        site.wait_inbox(60)
        counts = commits(site.log_text()[mark:])
        print(f"group commit: {mails} mails received in {len(counts)} commits, {max(counts)} in the largest")
        assert sum(counts) == mails, (sum(counts), mails)
        assert len(counts) < mails / 3, f"{len(counts)} commits for {mails} mails"
        assert max(counts) > 8 and max(counts) <= 64, max(counts)
        assert site.one("SELECT count(*) FROM post WHERE state = 'published'") == mails
        wait_for(lambda: site.one("SELECT count(*) FROM outbox WHERE state = 'due'") == 0, 60)
        for at in range(READERS):
            got = [a.mail["Message-ID"] for a in sink.to(f"anne{at}@ville.example")]
            assert len(got) == len(set(got)) == mails, (at, len(got), len(set(got)))
        held(site)
        print(f"group commit: {sink.open_most} dialogues of the relay at once")
        assert sink.open_most >= 4, sink.open_most
        assert not sink.faults, sink.faults
