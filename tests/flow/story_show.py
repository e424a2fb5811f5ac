# SPDX-License-Identifier: AGPL-3.0-or-later
"""preau show tells the life of a post and of a person, as the book has it.

What is not there, or not a number, is refused first, and nothing is made by asking. Then a member's mail
and a stranger's make their way, one of their readers refusing it: who sent it, how it was proved, who decided,
and to whom it went with which answer stand in the lines, each as the book says it, while the server
runs, while its clerk hangs, and where no server runs at all. Nothing in a line can steer a terminal.
"""
import os
import re
import signal

from tests.flow import mail
from tests.flow.site import DOMAIN, wait_for

PEOPLE = 50  # more than a page


def run(stage):
    with mail.Sink() as sink:
        site = stage.site(relay=sink.url)
        refusals(site)
        with site:
            made = town(site, sink)
            misused(site)
            post_of_member(site, made)
            post_of_stranger(site, made)
            person(site, made)
            queues(site)
            hanging(site, made)
            before = show(site, "post", made["member"])
            assert site.stop() == 0
            assert show(site, "post", made["member"]) == before  # no server: the same
            assert not (site.data / "run" / "preau.sock").exists()


def refusals(site):
    """No settings, no book: said, and no book made."""
    for words in (("post", "1"), ("person", "1")):
        done = site.run("show", *words)
        assert done.returncode == 78 and str(site.config) in done.stderr and done.stdout == "", done
    site.write_config()
    for words in (("post", "1"), ("person", "1")):
        done = site.run("show", *words)
        assert done.returncode == 1 and "no book" in done.stderr and done.stdout == "", done
    assert not site.data.exists()


def town(site, sink):
    site.act("forum.create", slug="voirie", name="Voirie")
    marie = site.person("Marie", "marie@ville.example", administrator=1)
    anne = site.person("Anne", "anne@ville.example")
    for who in (marie, anne):
        site.subscribe("voirie", who)
    for at in range(PEOPLE):
        site.subscribe("voirie", site.person(f"Voisin {at}", f"voisin{at}@ville.example"))
    sink.refuse["voisin3@ville.example"] = "550 5.1.1 no such \x1b[31mbox here"
    send(site, "anne@ville.example", "Le trottoir")
    send(site, "etranger@ailleurs.example", "Un avis =?utf-8?q?=1B=5B31m?=")
    site.wait_inbox()
    held = wait_for(lambda: site.one("SELECT id FROM post WHERE state = 'held'"))
    site.act("post.approve", "--as", str(marie), post=held)
    wait_for(lambda: site.one("SELECT count(*) FROM outbox WHERE state = 'due'") == 0, 60)
    return {"marie": marie, "anne": anne, "held": held,
            "member": site.one("SELECT id FROM post WHERE subject = 'Le trottoir'"),
            "refused": site.one("SELECT person FROM address WHERE folded = 'voisin3@ville.example'")}


def send(site, sender, subject):
    octets = bytes(mail.write(f"X <{sender}>", f"voirie@{DOMAIN}", "SUBJECT", "Bonjour.\n"))
    mail.send(site.ports["smtp"], sender, [f"voirie@{DOMAIN}"], octets.replace(b"SUBJECT", subject.encode()))


def show(site, *words):
    """({field: value}, {kind of row: [{field: value}]}); values hold no blank but in the last field."""
    done = site.run("show", *[str(word) for word in words])
    assert done.returncode == 0 and (done.stderr == "" or site.process is None), done  # a clerk of its own logs
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f]", done.stdout), done.stdout
    head, rows = {}, {}
    for line in done.stdout.splitlines():
        first, _, rest = line.partition(" ")
        name, value = first.split("=", 1)
        if name in ("inbox", "journal", "outbox", "deliveries", "address", "bounce", "subscription", "mandate") or \
                (name == "post" and rest):
            rows.setdefault(name, []).append(dict(re.findall(r"(\w+)=(.*?)(?= \w+=|$)", line)))
        else:
            head[name] = line.split("=", 1)[1]
    return head, rows


def misused(site):
    for words in (("post",), ("post", "x"), ("post", "-1"), ("post", "0"), ("post", "1", "2"), ("person",), ("nonsense",),
                  ("set-aside", "1"), ("acts", "1"), ("inbox", "new", "1"), ()):
        done = site.run("show", *words)
        assert done.returncode == 64 and done.stdout == "" and done.stderr != "", (words, done)
    for words in (("post", "99999"), ("person", "99999"), ("person", "nobody@ville.example"), ("person", "@"),
                  ("inbox", "nonsense"), ("outbox", "nonsense")):
        done = site.run("show", *words)
        assert done.returncode == 1 and done.stdout == "" and done.stderr != "", (words, done)
    for words in ((), ("inbox",), ("inbox", "x"), ("inbox", "0"), ("post", "1"), ("inbox", "1", "2")):
        done = site.run("replay", *words)
        assert done.returncode == 64 and done.stdout == "" and done.stderr != "", (words, done)
    # An option behind the words is not taken for one, and what is one word too many is not passed over.
    for words in (("backup", "there", "--config", str(site.config)), ("restore", "here", "there"), ("check", "here", "there"),
                  ("import", "voirie", "a.mbox", "b.mbox"), ("issue", "1", "2", "there", "3"), ("serve", "now"), ("doctor", "all")):
        done = site.run(*words)
        assert done.returncode == 64 and done.stdout == "" and done.stderr.startswith("usage: "), (words, done)
    # What was not set aside is not replayed; what is not there either.
    states = site.rows("SELECT id, state FROM inbox") + site.rows("SELECT id, state FROM outbox")
    for words in (("inbox", "1"), ("outbox", "1"), ("inbox", "99999"), ("outbox", "99999")):
        assert site.run("replay", *words).returncode == 1, words
    assert states == site.rows("SELECT id, state FROM inbox") + site.rows("SELECT id, state FROM outbox")


def post_of_member(site, made):
    head, rows = show(site, "post", made["member"])
    assert head["post"] == str(made["member"]) and head["subject"] == "Le trottoir", head
    assert (head["state"], head["forum"], head["author"], head["door"]) == ("published", "voirie", str(made["anne"]), "mail"), head
    assert head["message_id"] == site.one("SELECT message_id FROM post WHERE id = ?", made["member"])
    one, = rows["inbox"]
    assert (one["from"], one["recipient"], one["outcome"]) == ("anne@ville.example", "voirie", "published"), one
    check_deliveries(site, made["member"], rows)
    sent = {row["to"]: row for row in rows["outbox"]}
    assert len(sent) == PEOPLE + 2, len(sent)
    refused = sent.pop("voisin3@ville.example")
    assert refused["state"] == "failed" and refused["answer"].startswith("550 5.1.1 no such"), refused
    assert all(row["state"] == "sent" and row["answer"].startswith("250") for row in sent.values())
    assert rows["deliveries"] == [{"deliveries": str(PEOPLE + 2), "sent": str(PEOPLE + 1), "failed": "1"}], rows["deliveries"]


def check_deliveries(site, post, rows):
    said = {(int(row["outbox"]), row["state"], row["to"]) for row in rows["outbox"]}
    book = set(site.rows("SELECT o.id, o.state, a.address FROM outbox AS o JOIN address AS a ON a.id = o.address"
                         " WHERE o.post = ?", post))
    assert said == book and len(rows["outbox"]) == len(book), said ^ book


def post_of_stranger(site, made):
    head, rows = show(site, "post", made["held"])
    assert head["state"] == "published" and head["decided_by"] == str(made["marie"]), head
    assert "Un avis" in head["subject"], head
    assert [(row["act"], row["actor"], row["outcome"]) for row in rows["journal"]] == [
        ("post.approve", str(made["marie"]), "done")], rows["journal"]
    assert rows["inbox"][0]["outcome"] == "held", rows["inbox"]
    check_deliveries(site, made["held"], rows)


def person(site, made):
    head, rows = show(site, "person", made["anne"])
    assert (head["person"], head["state"], head["name"]) == (str(made["anne"]), "active", "Anne"), head
    assert show(site, "person", "ANNE@Ville.Example") == (head, rows)
    assert [row["is"] for row in rows["address"]] == ["anne@ville.example"] and rows["address"][0]["preferred"] == "1"
    assert [(row["forum"], row["mode"]) for row in rows["subscription"]] == [("voirie", "each")]
    assert [row["post"] for row in rows["post"]] == [str(made["member"])]
    assert [row["from"] for row in rows["inbox"]] == ["anne@ville.example"]
    assert [int(row["outbox"]) for row in rows["outbox"]] == [
        number for number, in site.rows("SELECT id FROM outbox WHERE person = ? ORDER BY id DESC", made["anne"])]
    _, rows = show(site, "person", made["refused"])
    assert {row["state"] for row in rows["outbox"]} == {"failed"}, rows
    head, rows = show(site, "person", "etranger@ailleurs.example")
    assert head["state"] == "stranger" and [row["post"] for row in rows["post"]] == [str(made["held"])], (head, rows)


def queues(site):
    assert site.run("show", "set-aside").stdout == "more=0\nmore=0\n"
    done = site.run("show", "inbox", "done")
    assert done.returncode == 0 and done.stdout.count("inbox=") == site.one("SELECT count(*) FROM inbox"), done
    done = site.run("show", "outbox", "failed")
    assert done.returncode == 0 and done.stdout.count("outbox=") == site.one(
        "SELECT count(*) FROM outbox WHERE state = 'failed'"), done


def hanging(site, made):
    """The clerk hangs: the book can still be read."""
    before, clerk = show(site, "post", made["member"]), site.pids()["clerk.0"]
    os.kill(clerk, signal.SIGSTOP)
    try:
        assert show(site, "post", made["member"]) == before
    finally:
        os.kill(clerk, signal.SIGCONT)
