# SPDX-License-Identifier: AGPL-3.0-or-later
"""What does not arrive is known, delivery by delivery.

A recipient who is refused in session is marked and not tried again, while the others have their copy. A
report that comes back later to the sender of one copy marks that copy: as failed, or only late. A
real bounce of some other mail system does too. What people or machines write to such an address is
counted and posted nowhere; an address that we never made is not known.
"""
import pathlib

from tests.flow import mail
from tests.flow.site import DOMAIN, wait_for

BOUNCES = pathlib.Path(__file__).resolve().parents[1] / "data" / "bounces" / "sisimai-set-of-emails"
PEOPLE = ("anne", "bruno", "chloe", "diane", "emile")


def report(action, status, to, diagnostic="smtp; 550 5.1.1 no such user"):
    return (f"From: MAILER-DAEMON@mx.ville.example\r\nTo: whoever\r\nSubject: Undelivered Mail Returned to Sender\r\n"
            "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
            "--b\r\nContent-Type: text/plain\r\n\r\nI am sorry.\r\n"
            "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.ville.example\r\n\r\n"
            f"Final-Recipient: rfc822; {to}\r\nAction: {action}\r\nStatus: {status}\r\nDiagnostic-Code: {diagnostic}\r\n\r\n"
            "--b--\r\n").encode()


def row(site, name):
    return site.rows("SELECT o.state, o.attempts, o.answer, o.bounced IS NOT NULL, o.id FROM outbox o JOIN address a"
                     " ON a.id = o.address WHERE a.folded = ? AND o.post IS NOT NULL ORDER BY o.id DESC LIMIT 1", f"{name}@ville.example")[0]


def outcome(site):
    return site.rows("SELECT outcome, post, state FROM inbox ORDER BY id DESC LIMIT 1")[0]


def come_back(site, sender, octets, envelope=""):
    mail.send(site.ports["smtp"], envelope, [sender], octets)
    site.wait_inbox()
    return outcome(site)


def run(stage):
    with mail.Sink() as sink, stage.site(relay=sink.url) as site:
        site.act("forum.create", slug="voirie", name="Voirie")
        for name in PEOPLE:
            site.subscribe("voirie", site.person(name.title(), f"{name}@ville.example"))
        sink.refuse["bruno@ville.example"] = "550 5.1.1 <bruno@ville.example> no such user"
        mail.send(site.ports["smtp"], "anne@ville.example", [f"voirie@{DOMAIN}"],
                  mail.write("Anne <anne@ville.example>", f"voirie@{DOMAIN}", "Un banc", "Bonjour.\n"))
        wait_for(lambda: site.one("SELECT count(*) FROM outbox WHERE state <> 'due'") == len(PEOPLE))
        state, attempts, answer, _, _ = row(site, "bruno")
        assert state == "failed" and "5.1.1" in answer, (state, attempts, answer)
        assert all(row(site, name)[0] == "sent" for name in PEOPLE if name != "bruno")
        assert site.one("SELECT count(*) FROM bounce WHERE outbox = ? AND hard = 1", row(site, "bruno")[4]) == 1, "not counted against the address"
        assert not sink.to("bruno@ville.example")
        senders = {name: sink.to(f"{name}@ville.example")[0].sender for name in PEOPLE if name != "bruno"}
        assert len(set(senders.values())) == 4

        posts = site.one("SELECT count(*) FROM post")
        sent = len(sink.arrivals)
        assert come_back(site, senders["anne"], report("failed", "5.1.1", "anne@ville.example"))[0] == "bounce"
        assert row(site, "anne")[3] == 1
        assert site.rows("SELECT hard, status FROM bounce ORDER BY id DESC LIMIT 1") == [(1, "5.1.1")]
        assert come_back(site, senders["chloe"], report("delayed", "4.4.1", "chloe@ville.example"))[0] == "bounce"
        assert row(site, "chloe")[3] == 0, "late is not failed"
        octets = sorted(BOUNCES.glob("lhost-postfix-*.eml"))[0].read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        assert come_back(site, senders["diane"], octets)[0] == "bounce"
        assert row(site, "diane")[3] == 1
        # Only the token says whose delivery it was: the others are as they were.
        assert row(site, "emile")[3] == 0

        letter = mail.write("Zoe <zoe@ailleurs.example>", senders["emile"], "Re: Un banc", "Merci !\n").as_bytes()
        assert come_back(site, senders["emile"], letter, "zoe@ailleurs.example")[0].startswith("dropped-")
        absent = mail.write("Emile <emile@ville.example>", senders["emile"], "Absent", "Je suis absent.\n", Auto_Submitted="auto-replied")
        assert come_back(site, senders["emile"], absent.as_bytes())[0].startswith("dropped-")
        assert row(site, "emile")[3] == 0
        try:
            mail.send(site.ports["smtp"], "", [f"b.{'a' * 26}@{DOMAIN}"], letter)
            raise AssertionError("an address that we never made was taken")
        except mail.smtplib.SMTPRecipientsRefused as refused:
            assert list(refused.recipients.values())[0][0] == 550, refused
        # Nothing of it was posted, and nothing answered.
        assert site.one("SELECT count(*) FROM post") == posts
        assert site.one("SELECT count(*) FROM outbox WHERE state = 'due'") == 0 and len(sink.arrivals) == sent
