# SPDX-License-Identifier: AGPL-3.0-or-later
"""Real mail crosses the courtyard: hundreds of messages of other projects' test suites.

Each message of tests/data/mime and tests/data/bounces comes by SMTP, once to a forum where its
author is unknown and once where he is a member. Each ends as a post, a held post or a counted
outcome; its octets are kept as they were sent; none is lost, stuck or set aside; whatever is
published has a page. Where three other parsers agree on subject, sender and text (consensus.json),
the book says the same, but for the differences that tests/unit/test_mail_consensus.c explains.
"""
import collections
import hashlib
import json
import os
import pathlib
import re
import smtplib

from tests.flow.site import DOMAIN
from tests.flow.web import Browser

DATA = pathlib.Path(__file__).resolve().parents[1] / "data"
NO_MAIL = re.compile(r"README|LICEN[CS]E|NOTICE|\.json$|\.md$")

# Where we differ from what three parsers agree on, each explained in test_mail_consensus.c: raw
# Latin-1 that the others give up, broken multiparts of which we show the text.
DIFFERENCES = {
    ("subject", "mime/stalwart-mail-parser/legacy/010.eml"),
    ("subject", "mime/stalwart-mail-parser/legacy/027.eml"),
    ("subject", "mime/stalwart-mail-parser/legacy/052.eml"),
    ("from", "mime/ruby-mail/rfc2822/example13.eml"),
    ("text", "mime/stalwart-mail-parser/legacy/052.eml"),
    ("text", "mime/apache-mime4j/missing-inner-boundary.msg"),
    ("text", "mime/cpython-test_email/msg_15.txt"),
    ("text", "mime/cpython-test_email/msg_17.txt"),
    ("text", "mime/cpython-test_email/msg_31.txt"),
    ("text", "mime/cpython-test_email/msg_41.txt"),
    ("text", "mime/stalwart-mail-parser/malformed/002.eml"),
    ("text", "mime/stalwart-mail-parser/malformed/004.eml"),
}
FLOOR = {"subject": 134, "from": 139, "text": 93}

VERBOSE = "CORPORA_VERBOSE" in os.environ  # names each mail and what became of it
OUTCOMES = {"published", "held", "merged", "bounce", "refused", "kept"}


def messages():
    found = [p for folder in ("mime", "bounces") for p in sorted((DATA / folder).rglob("*"))
             if p.is_file() and not NO_MAIL.search(p.name) and "LICENSES" not in p.parts]
    assert len(found) > 350, len(found)
    return found


def as_sent(path):
    """As a mail server would hand it on: lines end in CRLF, and the last one ends."""
    octets = re.sub(rb"\r?\n", b"\r\n", path.read_bytes())
    return octets if octets.endswith(b"\r\n") else octets + b"\r\n"


class Sender:
    """One dialogue after another on one connection; opened again when the server says enough."""

    def __init__(self, site):
        self.site, self.client = site, None

    def send(self, sender, forum, octets):
        """None, or the refusal."""
        if self.client is None:
            self.client = smtplib.SMTP(*self.site.ports["smtp"], "client.ville.example", timeout=60)
        try:
            self.client.sendmail(sender, [f"{forum}@{DOMAIN}"], octets, mail_options=["BODY=8BITMIME"])
            return None
        except smtplib.SMTPDataError as answer:
            return answer
        except smtplib.SMTPServerDisconnected:
            self.client = None
            raise


def send_all(site, sender, forum):
    """[(path, octets as accepted)]; a lone CR is refused and then sent as relays mend it."""
    wire, sent = Sender(site), []
    for path in messages():
        octets = as_sent(path)
        refusal = wire.send(sender, forum, octets)
        if refusal is not None:
            assert re.search(rb"\r(?!\n)", octets), (path, refusal)
            assert refusal.smtp_code == 550, refusal
            octets = re.sub(rb"\r(?!\n)", b"\r\n", octets)
            refusal = wire.send(sender, forum, octets)
        assert refusal is None, (path, refusal)
        sent.append((path, octets))
    return sent


def check_outcomes(site, name, sent):
    """{path: post} of what became one."""
    site.wait_inbox(120)
    rows = site.rows("SELECT i.id, i.state, i.outcome, i.post, i.note, r.hash FROM inbox i"
                     " JOIN raw r ON r.id = i.raw ORDER BY i.id")
    assert len(rows) == len(sent), f"{len(sent)} were accepted, {len(rows)} are in the book"
    posts, counts = {}, collections.Counter()
    for (path, octets), (number, state, outcome, post, note, digest) in zip(sent, rows):
        where = path.relative_to(DATA)
        assert digest == hashlib.sha256(octets).digest(), f"{where}: other octets were kept"
        assert state == "done", f"{where}: inbox {number} is {state}: {note}"
        assert outcome in OUTCOMES or outcome.startswith("dropped-"), (where, outcome)
        assert (post is not None) == (outcome in ("published", "held", "merged")), (where, outcome, post)
        counts[outcome] += 1
        if VERBOSE:
            print("corpora:", where, outcome, post, note)
        if outcome in ("published", "held"):
            posts[path] = post  # what was merged is the text of another
    for outcome, count in counts.items():
        assert site.one("SELECT value FROM counter WHERE name = ?", "mail." + outcome) == count, outcome
    print(f"corpora, {name}: {len(rows)} mails:", ", ".join(f"{n} {o}" for o, n in sorted(counts.items())))
    return posts, counts


def folded(text):
    return " ".join((text or "").replace("\u00a0", " ").split())


def compare(site, posts):
    """Against what three parsers agree on."""
    files = json.loads((DATA / "mime" / "consensus.json").read_text())["files"]
    asked, same, other = collections.Counter(), collections.Counter(), []
    for path, post in posts.items():
        opinion = files.get(str(path.relative_to(DATA)))
        if opinion is None:
            continue
        subject, source, sender = site.rows(
            "SELECT p.subject, p.source, (SELECT group_concat(folded, ' ') FROM address WHERE person = p.author)"
            " FROM post p WHERE p.id = ?", post)[0]
        senders = opinion["from"].get("v") or []
        pairs = {
            "subject": (folded(opinion["subject"].get("v")), folded(subject)),
            "from": (" ".join(senders).lower(), sender or "") if len(senders) < 2 else None,
            "text": (folded(opinion["text"].get("v"))[:3000], folded(source)[:3000]),
        }
        if opinion["html"].get("v") and not opinion["text"].get("v"):
            pairs["text"] = None  # HTML alone: we read it, they did not
        for field, pair in pairs.items():
            if pair is None or opinion[field]["agree"] != 3:
                continue
            asked[field] += 1
            good = pair[0] in pair[1].split() or pair[0] == pair[1] if field == "from" else pair[0] == pair[1]
            same[field] += good
            if not good:
                other.append((field, str(path.relative_to(DATA)), *pair))
    return asked, same, other


def strangers(stage):
    with stage.site(limit_mails=0) as site:
        site.act("forum.create", slug="voirie", name="Voirie")
        posts, counts = check_outcomes(site, "strangers", send_all(site, "anybody@ailleurs.example", "voirie"))
        assert counts["published"] == 0 and counts["held"] >= 140, counts
        assert site.one("SELECT count(*) FROM outbox WHERE post IS NOT NULL") == 0



def members(stage):
    files = json.loads((DATA / "mime" / "consensus.json").read_text())["files"]
    people = {sender.lower() for opinion in files.values() for sender in opinion["from"].get("v") or []
              if re.fullmatch(r"[!-~]+@[!-~]+", sender)}
    with stage.site(limit_mails=0) as site:
        site.act("forum.create", slug="voirie", name="Voirie")
        created = 0
        for number, address in enumerate(sorted(people)):
            created += site.run("act", "person.create", f"name=Membre {number}", f"address={address}", "verified=1").returncode == 0
        assert created > 50, created
        pids = site.pids()
        posts, counts = check_outcomes(site, "members", send_all(site, "anne@ville.example", "voirie"))
        assert counts["published"] >= 95, counts
        assert site.pids() == pids, "a process died of it"
        check_pages(site)
        asked, same, other = compare(site, posts)
        for row in other:
            assert row[:2] in DIFFERENCES, row
        print("corpora, agreement with three parsers:",
              ", ".join(f"{field} {same[field]} of {asked[field]}" for field in FLOOR))
        for field, floor in FLOOR.items():
            assert same[field] >= floor, (field, same[field], asked[field])


def check_pages(site):
    anybody = Browser(site)
    published = site.rows("SELECT p.id, p.thread FROM post p WHERE p.state = 'published'")
    threads = {}
    for post, thread in published:
        if thread not in threads:
            page = anybody.get(f"/t/{thread}")
            assert page.status == 200, (thread, page.status)
            threads[thread] = page.reader.ids
        assert f"p{post}" in threads[thread], f"post {post} is not on the page of thread {thread}"


def run(stage):
    strangers(stage)
    members(stage)
