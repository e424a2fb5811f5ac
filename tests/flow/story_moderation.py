# SPDX-License-Identifier: AGPL-3.0-or-later
"""What waits is decided once, on the web or by one word of mail.

A moderator answers the notice with "ok", and the post appears; with "non : la raison", and the
author is told the reason, and nobody else sees the text; with "jeter", and nobody is told. Words that
are none do nothing, nor does an address that is too old: who answered is told so, and asked again. A second decision, by whatever door, answers the first. Somebody else's answer to
the notice decides nothing, nor does a machine's.
"""
import sqlite3

from tests.flow import mail
from tests.flow.site import DOMAIN, wait_for
from tests.flow.web import Browser

AUTHOR, FIRST, SECOND = "lise@ville.example", "denise@mairie.example", "omar@mairie.example"


def run(stage):
    with mail.Sink() as sink, stage.site(relay=sink.url) as site:
        site.act("forum.create", slug="voirie", name="Voirie", appears="always_read")
        people = {address: site.person(name, address) for name, address in
                  (("Lise Blanc", AUTHOR), ("Denise Roux", FIRST), ("Omar Diallo", SECOND))}
        for address in (FIRST, SECOND):
            site.act("mandate.set", person=people[address], forum="voirie", role="moderator")
        site.subscribe("voirie", people[AUTHOR])
        approved_by_mail(site, sink, people)
        refused_by_mail(site, sink)
        discarded_by_mail(site, sink)
        nothing_said(site, sink)
        too_late(site, sink)
        not_the_moderator(site, sink)
        decided_on_the_web(site, sink, people)
        assert not sink.faults, sink.faults


def quiet(site):
    site.wait_inbox()
    wait_for(lambda: site.one("SELECT count(*) FROM outbox WHERE state = 'due'") == 0)


def arrivals(sink, address, subject):
    return [a for a in sink.to(address) if subject in str(a.mail["Subject"])]


def write(site, sink, subject, author=AUTHOR):
    """A post that waits, and the notices of both moderators."""
    mail.send(site.ports["smtp"], author, [f"voirie@{DOMAIN}"],
              mail.write(f"Lise Blanc <{author}>", f"voirie@{DOMAIN}", subject, f"Le texte de {subject}.\n"))
    quiet(site)
    post, state = site.rows("SELECT id, state FROM post WHERE subject = ?", subject)[0]
    assert state == "held"
    notices = {address: arrivals(sink, address, subject)[0] for address in (FIRST, SECOND)}
    for arrival in notices.values():
        assert f"Le texte de {subject}" in arrival.text() and arrival.mail["Auto-Submitted"], arrival.text()
        assert author not in arrival.text()
    assert "À lire" in str(notices[FIRST].mail["Subject"])
    assert len(arrivals(sink, author, subject)) == 1  # told that it waits
    return post, notices


def answer(site, notice, sender, text, **headers):
    to = notice.mail["Reply-To"].addresses[0].addr_spec
    assert to.startswith("voirie+m."), to
    mail.send(site.ports["smtp"], sender, [to],
              mail.write(f"Quelqu'un <{sender}>", to, "Re: " + str(notice.mail["Subject"]),
                         text + "\n\n> ok\n", In_Reply_To=notice.mail["Message-ID"], **headers))
    quiet(site)


def state(site, post):
    return site.one("SELECT state FROM post WHERE id = ?", post)


def approved_by_mail(site, sink, people):
    post, notices = write(site, sink, "Sens unique")
    answer(site, notices[FIRST], FIRST, "OK")
    assert state(site, post) == "published"
    assert "Le texte de Sens unique" in Browser(site).get(f"/p/{post}").text
    copies = [a for a in arrivals(sink, AUTHOR, "Sens unique") if a.mail["List-Id"] and not a.mail["Auto-Submitted"]]
    assert len(copies) == 1
    # The other moderator decides otherwise, too late: the first decision stands, and nothing is sent again.
    sent = len(sink.arrivals)
    answer(site, notices[SECOND], SECOND, "non : trop tard")
    assert state(site, post) == "published" and len(sink.arrivals) == sent
    assert site.one("SELECT decided_by FROM post WHERE id = ?", post) == people[FIRST]
    assert any("Denise Roux" in a.text() for a in arrivals(sink, SECOND, "Sens unique")), "the other is not told"


def refused_by_mail(site, sink):
    post, notices = write(site, sink, "Un grief")
    answer(site, notices[SECOND], SECOND, "Non : des noms de personnes, merci de les ôter")
    assert state(site, post) == "refused"
    assert Browser(site).get(f"/p/{post}").status == 404
    told = arrivals(sink, AUTHOR, "Un grief")[-1]
    assert "des noms de personnes, merci de les ôter" in told.text() and "Le texte de Un grief" in told.text(), told.text()
    assert site.one("SELECT count(*) FROM outbox WHERE post = ?", post) == 0


def discarded_by_mail(site, sink):
    post, notices = write(site, sink, "Une réclame")
    before = len(sink.to(AUTHOR))
    answer(site, notices[FIRST], FIRST, "jeter")
    assert state(site, post) == "refused" and len(sink.to(AUTHOR)) == before


def nothing_said(site, sink):
    """Who meant to decide hears that nothing was done, and has the message and an address again."""
    post, notices = write(site, sink, "Une question")
    for words in ("Bonjour, je regarde demain", "ok-ko", "", "nonobstant la règle"):
        before = len(sink.to(FIRST))
        answer(site, notices[FIRST], FIRST, words)
        assert state(site, post) == "held", words
        again = undone(sink, before, "aucun des mots ci-dessous")
    before = len(sink.to(FIRST))
    answer(site, notices[FIRST], FIRST, "ok", Auto_Submitted="auto-replied")
    assert state(site, post) == "held", "a machine decided"
    assert len(sink.to(FIRST)) == before, "a machine is answered"
    answer(site, again, FIRST, "oui")
    assert state(site, post) == "published"
    answer(site, notices[FIRST], FIRST, "peut-être")
    assert len(sink.to(FIRST)) == before, "what is decided waits no more"


def undone(sink, before, words):
    (again,) = sink.to(FIRST)[before:]
    assert "Rien n’a été fait" in str(again.mail["Subject"]) and words in again.text(), again.text()
    assert "Le texte de" in again.text() and again.mail["Auto-Submitted"] == "auto-generated", again.text()
    return again


def too_late(site, sink):
    """Seven days later the address decides nothing; the one that comes with the answer does."""
    author = "rene@ville.example"  # nobody is told more than a few things a day
    site.person("René Lenoir", author)
    post, notices = write(site, sink, "Un oubli", author)
    book = sqlite3.connect(site.data / "preau.db", timeout=10)
    with book:
        assert book.execute("UPDATE token SET expires = created WHERE purpose = 'moderate' AND object = ?", (post,)).rowcount >= 2
    book.close()
    before = len(sink.to(FIRST))
    answer(site, notices[FIRST], FIRST, "oui")
    assert state(site, post) == "held"
    again = undone(sink, before, "sept jours")
    answer(site, again, FIRST, "oui")
    assert state(site, post) == "published"


def not_the_moderator(site, sink):
    post, notices = write(site, sink, "Un abri")
    for sender in (AUTHOR, "nobody@ailleurs.example", SECOND):
        before = len(sink.arrivals)
        answer(site, notices[FIRST], sender, "ok")
        assert state(site, post) == "held", sender
        answer(site, notices[FIRST], sender, "bof")
        assert len(sink.arrivals) == before, f"{sender} is answered"
    answer(site, notices[FIRST], FIRST, "ok")
    assert state(site, post) == "published"


def decided_on_the_web(site, sink, people):
    # Another author: nobody is told more than a few things a day.
    author = "paule@ville.example"
    people[author] = site.person("Lise Blanc", author)
    post, notices = write(site, sink, "Un banc", author)
    browser = Browser(site).sign_in(site, people[FIRST])
    queue = browser.get("/moderate/voirie")
    assert "Un banc" in queue.text and "Lise Blanc" in queue.text
    form = queue.form(f"/moderate/{post}")
    page = browser.submit(queue, f"/moderate/{post}", ("decision", "refuse"), why="Déjà demandé en mars")
    assert page.status == 200 and state(site, post) == "refused", (page.status, form.buttons)
    quiet(site)
    assert "Déjà demandé en mars" in arrivals(sink, author, "Un banc")[-1].text()
    answer(site, notices[SECOND], SECOND, "ok")
    assert state(site, post) == "refused"
    # Who may not, does not; the console answers as the form did.
    stranger = Browser(site).sign_in(site, people[author])
    assert stranger.get("/moderate/voirie").status == 404
    assert site.run("act", "--as", str(people[author]), "post.approve", f"post={post}").returncode == 1
    assert site.act("post.approve", post=post)["state"] == "refused"
