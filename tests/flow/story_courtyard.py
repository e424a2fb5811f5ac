# SPDX-License-Identifier: AGPL-3.0-or-later
"""A post crosses the courtyard.

Three people subscribe. A member's mail is on the page and reaches each of them, with the
headers of DESIGN §5. A subscriber answers his copy by mail: it stands under the right parent
and goes out to all. An answer written on the web does the same. A stranger's mail waits: on
no page, in no cache, counter or mail; approved, it appears and is sent once. The one-click
address stops further copies; looking at it changes nothing.
"""
import hashlib
import re

from tests.flow import mail
from tests.flow.site import DOMAIN, wait_for
from tests.flow.web import Browser

PEOPLE = {"Anne Morel": "anne@ville.example", "Bruno Petit": "bruno@poste.example",
          "Chloé Durand": "chloe@libre.example"}


def run(stage):
    with mail.Sink() as sink, stage.site(relay=sink.url) as site:
        people = open_forum(site)
        first = a_member_writes(site, sink, people)
        reply = a_subscriber_answers_by_mail(site, sink, people, first)
        an_answer_on_the_web(site, sink, people, reply)
        a_stranger_waits(site, sink, people)
        one_click(site, sink, people)
        assert not sink.faults, sink.faults


def open_forum(site):
    site.act("forum.create", slug="voirie", name="Voirie", description="Rues et trottoirs")
    people = {name: site.person(name, address) for name, address in PEOPLE.items()}
    for person in people.values():
        site.subscribe("voirie", person)
    return people


def copies(sink, subject, count):
    """One copy to each subscriber and no more; mails of the house to moderators and authors aside."""
    def found():
        return [a for a in list(sink.arrivals) if subject in str(a.mail["Subject"]) and not a.mail["Auto-Submitted"]]
    wait_for(lambda: len(found()) >= count)
    assert len(found()) == count, [a.recipient for a in found()]
    return {a.recipient: a for a in found()}


def check_headers(arrival, person_name, previous=None):
    m = arrival.mail
    sender = m["From"].addresses[0]
    assert sender.display_name == f"{person_name} (Voirie)", m["From"]
    assert re.fullmatch(r"a\.[a-z2-7]{26}", sender.username) and sender.domain == DOMAIN, m["From"]
    to = m["Reply-To"].addresses[0]
    assert re.fullmatch(r"voirie\+r\.[a-z2-7]{26}", to.username), m["Reply-To"]
    assert re.fullmatch(r"b\.[a-z2-7]{26}@" + re.escape(DOMAIN), arrival.sender), arrival.sender
    assert m["To"].addresses[0].addr_spec == f"voirie@{DOMAIN}"
    assert f"<voirie.{DOMAIN}>" in m["List-Id"] and m["List-Post"] == f"<mailto:voirie@{DOMAIN}>"
    assert m["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.match(r"<http://[^>]+/u/[a-z2-7]{26}>, <mailto:voirie\+u\.[a-z2-7]{26}@", unsubscribe(m)), unsubscribe(m)
    assert m["Precedence"] == "list" and m["Archived-At"]
    for name in ("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe"):
        assert len(m.get_all(name)) == 1, name
    for name in ("Received", "DKIM-Signature", "Sender", "X-Original-From", "Return-Path", "Bcc"):
        assert m[name] is None, name
    if previous is None:
        assert m["In-Reply-To"] is None and m["References"] is None
    else:
        assert m["In-Reply-To"].strip() == previous[-1]
        assert m["References"].split() == previous
    # No address of anybody but the recipient's own server names stands anywhere.
    for name, address in PEOPLE.items():
        assert address.encode() not in arrival.octets, f"{address} leaks to {arrival.recipient}"


def unsubscribe(m):
    return " ".join(m["List-Unsubscribe"].split())


def a_member_writes(site, sink, people):
    m = mail.write("Anne Morel <anne@ville.example>", f"voirie@{DOMAIN}", "Trou rue des Lilas",
                   "Bonjour,\n\nLa rue des Lilas est trouée depuis l'hiver.\n\nAnne\n")
    mail.send(site.ports["smtp"], "anne@ville.example", [f"voirie@{DOMAIN}"], m)
    got = copies(sink, "Trou rue des Lilas", 3)
    assert set(got) == set(PEOPLE.values())
    for arrival in got.values():
        check_headers(arrival, "Anne Morel")
        assert arrival.mail["Message-ID"] == m["Message-ID"]
        assert "La rue des Lilas est trouée depuis l'hiver." in arrival.text()
        assert "La rue des Lilas" in arrival.text("html")
        assert "/u/" in arrival.text() or "/p/" in arrival.text(), "no link in the footer: " + arrival.text()
    assert len({a.mail["Reply-To"] for a in got.values()}) == 3
    page = Browser(site).get("/f/voirie")
    assert "Trou rue des Lilas" in page.text
    link = next(link for link in page.reader.links if link.startswith("/t/"))
    page = Browser(site).get(link)
    assert page.status == 200 and "La rue des Lilas est trouée" in page.text and "Anne Morel" in page.text
    assert "anne@" not in page.html
    return got


def a_subscriber_answers_by_mail(site, sink, people, first):
    copy = first["bruno@poste.example"].mail
    m = mail.write("Bruno Petit <bruno@poste.example>", copy["Reply-To"], "RE : " + copy["Subject"],
                   "Bonjour Anne,\n\nJ'ai écrit à la mairie en mars.\n\nBruno\n\n"
                   "Le 22 nov. 2026 à 21:34, Anne Morel (Voirie) a écrit :\n"
                   "> La rue des Lilas est trouée depuis l'hiver.\n",
                   In_Reply_To=copy["Message-ID"], References=copy["Message-ID"])
    mail.send(site.ports["smtp"], "bruno@poste.example", [copy["Reply-To"].addresses[0].addr_spec], m)
    got = copies(sink, "Re: Trou rue des Lilas", 3)
    for arrival in got.values():
        check_headers(arrival, "Bruno Petit", [copy["Message-ID"]])
    assert site.rows("SELECT parent, thread FROM post WHERE id = 2") == [(1, 1)]
    page = Browser(site).get("/t/1")
    assert "J'ai écrit à la mairie en mars." in page.text and "2 messages" in page.text
    return got


def an_answer_on_the_web(site, sink, people, reply):
    parent = reply["chloe@libre.example"].mail
    browser = Browser(site).sign_in(site, people["Chloé Durand"])
    page = browser.get("/t/1")
    before = len(sink.arrivals)
    form = page.form("/reply")
    area = next(name for name, value in form.fields if name == "text")
    page = browser.submit(page, "/reply", button=("send", "1"), **{area: "Moi aussi, **en avril**.\n\n- photo à suivre"})
    assert page.status == 200 and "Moi aussi" in page.text, (page.status, page.text[:400])
    assert "<strong>en avril</strong>" in page.html
    wait_for(lambda: len(sink.arrivals) >= before + 3)
    got = sink.arrivals[before:]
    assert sorted(a.recipient for a in got) == sorted(PEOPLE.values())
    chain = [parent["References"].split()[0], parent["Message-ID"]]
    for arrival in got:
        check_headers(arrival, "Chloé Durand", chain)
        assert str(arrival.mail["Subject"]) == "Re: Trou rue des Lilas"
    assert site.one("SELECT parent FROM post WHERE id = 3") == 2
    # The same form sent twice (an impatient finger) makes no second post.
    again = Browser(site).sign_in(site, people["Chloé Durand"])
    page = again.get("/t/1")
    fields = [(n, "Deux fois" if n == "text" else v) for n, v in page.form("/reply").fields] + [("send", "1")]
    action = page.form("/reply").action
    posts = site.one("SELECT count(*) FROM post")
    again.post(action, fields)
    again.post(action, fields)
    assert site.one("SELECT count(*) FROM post") == posts + 1
    wait_for(lambda: len(sink.arrivals) >= before + 6)


def book(site):
    """Everything that the public may see or count, and everything that would be sent."""
    digest = hashlib.sha256()
    for sql in ("SELECT id, title, posts, last FROM thread", "SELECT id FROM post WHERE state = 'published'",
                "SELECT value FROM public_version", "SELECT id FROM outbox WHERE post IS NOT NULL",
                "SELECT count(*) FROM reference", "SELECT count(*) FROM attachment"):
        digest.update(repr(site.rows(sql)).encode())
    return digest.hexdigest()


def a_stranger_waits(site, sink, people):
    moderator = site.person("Denise Roux", "denise@mairie.example")
    site.act("mandate.set", person=moderator, forum="voirie", role="moderator")
    wait_for(lambda: site.one("SELECT count(*) FROM outbox WHERE state = 'due'") == 0)
    reader = Browser(site)
    pages = {path: reader.get(path).text for path in ("/", "/f/voirie", "/t/1")}
    before, sent = book(site), len(sink.arrivals)
    m = mail.write("Eva Inconnue <eva@ailleurs.example>", f"voirie@{DOMAIN}", "Vide-grenier dimanche",
                   "Bonjour, un vide-grenier aura lieu dimanche place du Marché.\n")
    mail.send(site.ports["smtp"], "eva@ailleurs.example", [f"voirie@{DOMAIN}"], m)
    site.wait_inbox()
    held = site.one("SELECT id FROM post WHERE state = 'held'")
    assert held and book(site) == before
    for path, text in pages.items():
        assert reader.get(path).text == text, f"{path} changed"
    assert reader.get(f"/p/{held}").status == 404
    assert reader.get(f"/m/{m['Message-ID'][1:-1]}").status == 404
    assert site.one("SELECT count(*) FROM search WHERE search MATCH 'grenier'") == 0
    for arrival in sink.arrivals[sent:]:
        assert arrival.recipient in ("denise@mairie.example", "eva@ailleurs.example"), arrival.recipient
    # The moderator approves; twice, since fingers are impatient.
    browser = Browser(site).sign_in(site, moderator)
    page = browser.get("/moderate")
    assert "Vide-grenier dimanche" in page.text and "eva@ailleurs.example" in page.html
    form = page.form("/moderate/")
    fields = form.fields + [("decision", "approve")]
    assert browser.post(form.action, fields).status == 200
    assert browser.post(form.action, fields).status == 200
    got = copies(sink, "Vide-grenier dimanche", 3)
    assert {a for a in got} >= set(PEOPLE.values())
    assert "vide-grenier aura lieu" in reader.get(f"/p/{held}").text
    assert "Vide-grenier dimanche" in reader.get("/f/voirie").text
    wait_for(lambda: site.one("SELECT count(*) FROM outbox WHERE state = 'due'") == 0)
    assert site.rows("SELECT count(*), count(DISTINCT person) FROM outbox WHERE post = ?", held) == [(3, 3)]
    for address in PEOPLE.values():
        assert len([a for a in sink.to(address) if a.mail["Message-ID"] == m["Message-ID"]]) == 1


def one_click(site, sink, people):
    copy = sink.to("anne@ville.example")[-1].mail
    url = re.match(r"<([^>]+)>", unsubscribe(copy)).group(1)
    visitor = Browser(site)
    before = site.rows("SELECT * FROM subscription"), site.rows("SELECT count(*) FROM journal")
    page = visitor.get(url)
    assert page.status == 200 and page.form("/u/")
    visitor.request("HEAD", url)
    assert (site.rows("SELECT * FROM subscription"), site.rows("SELECT count(*) FROM journal")) == before, "a GET acted"
    reply = visitor.request("POST", url, "List-Unsubscribe=One-Click",
                            {"Content-Type": "application/x-www-form-urlencoded", "Origin": None}, cookies=False)
    assert reply.status in (200, 204), reply.status
    wait_for(lambda: site.one("SELECT count(*) FROM outbox WHERE state = 'due'") == 0)
    sent = len(sink.to("anne@ville.example"))
    m = mail.write("Bruno Petit <bruno@poste.example>", f"voirie@{DOMAIN}", "Encore un mot", "Un mot.\n")
    mail.send(site.ports["smtp"], "bruno@poste.example", [f"voirie@{DOMAIN}"], m)
    copies(sink, "Encore un mot", 2)
    wait_for(lambda: site.one("SELECT count(*) FROM outbox WHERE state = 'due'") == 0)
    assert len(sink.to("anne@ville.example")) == sent
