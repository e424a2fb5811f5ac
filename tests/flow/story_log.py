# SPDX-License-Identifier: AGPL-3.0-or-later
"""A message is followed through the log, from the door to its copies, by one word.

A mail is taken by SMTP, read, published and sent to two people, one of whom is refused: intake, clerk and relay say the same
m-HEX of its Message-ID, and the number of its row in the inbox, which the parser's line has too. So it is
for a message written on the web, whose first line has the request; for a mail that has no Message-ID of its own, where the number
leads from the first line to the others; and for the same mail that comes again after a restart. Each line
of the log can be read by a machine, and none has the Message-ID, the subject or an address itself.
"""
import re

from tests.flow import mail
from tests.flow.site import DOMAIN, wait_for
from tests.flow.web import Browser

FORUM = f"voirie@{DOMAIN}"
LINE = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (?:error|warn|info|debug) ([a-z]+)(?:\.\d+)? (.*)')
WORD = re.compile(r'([a-z][a-z_.0-9]*)=("[^"]*"|[^ ]*)')


def lines(site, since=0):
    """(process, {name: value}) of each line."""
    found = []
    for line in site.log_text()[since:].splitlines():
        match = LINE.fullmatch(line)
        assert match, line
        words = dict(WORD.findall(match[2]))
        rest = WORD.sub("", match[2]).split()
        assert words and len(rest) <= 2, line  # the process says its name, perhaps what it speaks of
        found.append((match[1], words))
    return found


def having(site, since=0, **wanted):
    return [(who, words) for who, words in lines(site, since)
            if all(words.get(name) == str(value) for name, value in wanted.items())]


def one(found):
    assert len(found) == 1, found
    return found[0][1]


def is_quiet(site):
    return site.is_quiet() and site.one("SELECT count(*) FROM outbox WHERE state = 'due'") == 0


def copies(site, message, post):
    """The relay's lines: built, and each row of the outbox."""
    relay = [words for who, words in having(site, message=message) if who == "relay"]
    assert [words["post"] for words in relay if words.get("built") == "yes"] == [str(post)], relay
    rows = {str(row): "sent" if state == "sent" else "failed"
            for row, state in site.rows("SELECT id, state FROM outbox WHERE post = ?", post)}
    assert {words["delivery"]: words["result"] for words in relay if "delivery" in words} == rows and len(rows) == 2, (relay, rows)
    assert sorted(rows.values()) == ["failed", "sent"], rows


def by_mail(site, letter, since=0):
    """Its lines in each process; the word for it, the post."""
    mail.send(site.ports["smtp"], "anne@ville.example", [FORUM], letter)
    wait_for(lambda: is_quiet(site))
    taken = one([line for line in having(site, since, outcome="taken") if line[0] == "intake"])
    opened = one([line for line in having(site, since, session=taken["session"]) if "peer" in line[1]])
    assert opened["door"] == "smtp", opened
    number = taken["inbox"]
    assert site.one("SELECT count(*) FROM inbox WHERE id = ?", int(number)) == 1
    assert one([line for line in having(site, since, inbox=number) if line[0] == "parser"])["read"] == "done"
    done = one([line for line in having(site, since, inbox=number) if line[0] == "clerk"])
    return taken, done


def run(stage):
    with mail.Sink() as sink, stage.site(relay=sink.url, log_level="debug") as site:
        sink.refuse["paul@ville.example"] = "550 5.1.1 no such user"
        site.act("forum.create", slug="voirie", name="Voirie")
        people = {name: site.person(name.title(), f"{name}@ville.example") for name in ("anne", "paul")}
        for person in people.values():
            site.subscribe("voirie", person)
        letter = mail.write("Anne <anne@ville.example>", FORUM, "Le banc cassé", "Bonjour.\n")
        taken, done = by_mail(site, letter)
        message = taken["message"]
        assert re.fullmatch("m-[0-9a-f]{16}", message) and done["message"] == message, (taken, done)
        assert done["outcome"] == "published"
        copies(site, message, done["post"])

        mark = len(site.log_text())
        browser = Browser(site).sign_in(site, people["anne"])
        browser.submit(browser.get("/f/voirie/new"), "/new", ("send", "1"), subject="Sur le web", text="Bonjour.")
        wait_for(lambda: is_quiet(site))
        done = one([line for line in having(site, mark) if line[0] == "clerk" and "trace" in line[1] and "message" in line[1]])
        asked = one([line for line in having(site, mark, request=done["trace"]) if "route" in line[1]])
        assert asked["route"].endswith("/new") and asked["status"] == "303", asked
        copies(site, done["message"], done["post"])

        mark = len(site.log_text())
        bare = mail.write("Anne <anne@ville.example>", FORUM, "Sans numéro", "Bonjour.\n", Message_ID=None)
        taken, done = by_mail(site, bare, mark)
        assert taken["message"] == "none" and done["message"] not in ("none", message), (taken, done)
        copies(site, done["message"], done["post"])

        assert site.stop() == 0
        site.start()
        mark = len(site.log_text())
        taken, done = by_mail(site, letter, mark)
        assert (taken["message"], done["message"], done["outcome"]) == (message, message, "merged"), (taken, done)

        log = site.log_text()
        for secret in (letter["Message-ID"].strip("<>"), "banc", "anne@", "paul@"):
            assert secret not in log, secret
