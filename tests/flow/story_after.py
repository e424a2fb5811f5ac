# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is decided afterwards, and the house as those see it who look after it.

A message that everybody read is taken down: a trace stays in its place with the reason, its replies
stay, its text is on no page, feed, search or archive any more, copies that have not left do not
leave, its author is told; it can be put back. An author takes back what is their own. Several
messages that wait are decided by one button; a second press changes nothing. The journal says
who did what; an administrator makes and sets a forum, trusts and suspends people. Whoever may
not is refused, and nothing changes.
"""
import re

from tests.flow import mail
from tests.flow.site import wait_for
from tests.flow.web import Browser

DOMAIN = "forum.ville.example"


def signed(site, address):
    browser = Browser(site)
    browser.submit(browser.get(site.act("session.link", address=address)["url"]), "/ok/")
    return browser


def csrf(browser):
    return dict(browser.get("/account").form("/logout").fields)["csrf"]


def write(site, who, subject, text, forum="voirie", **headers):
    mail.send(site.ports["smtp"], f"{who}@ville.example", [f"{forum}@{DOMAIN}"],
              mail.write(f"{who.title()} <{who}@ville.example>", f"{forum}@{DOMAIN}", subject, text, **headers))
    site.wait_inbox()
    return site.one("SELECT max(id) FROM post")


def everywhere(site):
    """All that anybody sees."""
    browser = Browser(site)
    return "".join(browser.get(path).body.decode() for path in
                   ("/", "/f/voirie", "/t/1", "/f/voirie/feed", "/t/1/feed", "/f/voirie/mbox", "/search?q=insulte"))


def taken_down(site, sink, moderator):
    first = write(site, "marie", "Le banc", "Qui a volé le banc ?", **{"Message-ID": "<1@x.example>"})
    bad = write(site, "paul", "Re: Le banc", "Une insulte impardonnable.", **{"Message-ID": "<2@x.example>", "In-Reply-To": "<1@x.example>"})
    write(site, "marie", "Re: Le banc", "Restons calmes.", **{"Message-ID": "<3@x.example>", "In-Reply-To": "<2@x.example>"})
    assert "impardonnable" in everywhere(site)
    paul, marie = signed(site, "paul@ville.example"), signed(site, "marie@ville.example")
    for browser in (paul, marie):
        assert browser.post(f"/p/{bad}/decide", {"csrf": csrf(browser), "decision": "hide"}).status == 404
    assert marie.post(f"/p/{bad}/decide", {"csrf": csrf(marie), "decision": "withdraw"}).status == 403
    assert marie.post(f"/t/1/decide", {"csrf": csrf(marie), "decision": "close"}).status == 404
    assert "impardonnable" in everywhere(site)
    page = moderator.get("/t/1")
    form = next(f for f in page.forms if f.action.startswith(f"/p/{bad}/decide"))
    for _ in range(2):  # pressed twice
        moderator.post(f"/p/{bad}/decide", dict(form.fields, decision="hide", why="Propos blessants."))
    seen = everywhere(site)
    assert "impardonnable" not in seen and "Restons calmes" in seen and "Propos blessants." in seen
    assert site.rows("SELECT posts FROM thread WHERE id = 1") == [(2,)]
    assert site.one("SELECT count(*) FROM journal WHERE act = 'post.hide' AND outcome = 'done'") == 2
    wait_for(lambda: any("masqué" in str(m.mail["Subject"]) for m in sink.to("paul@ville.example")))
    told = [m for m in sink.to("paul@ville.example") if "masqué" in str(m.mail["Subject"])]
    assert len(told) == 1 and "Propos blessants." in told[0].text()
    assert Browser(site).get(f"/p/{bad}").status == 200
    moderator.post(f"/p/{bad}/decide", dict(form.fields, decision="restore"))
    assert "impardonnable" in everywhere(site) and site.rows("SELECT posts FROM thread WHERE id = 1") == [(3,)]
    own = dict(paul.get("/t/1").form(f"/p/{bad}/decide").fields)
    paul.post(f"/p/{bad}/decide", dict(own, decision="withdraw"))
    assert "impardonnable" not in everywhere(site) and "retiré par son auteur" in everywhere(site)
    moderator.post(f"/p/{bad}/decide", dict(form.fields, decision="restore"))
    assert "impardonnable" not in everywhere(site), "what its author took back is not put back"
    assert marie.post("/p/%d/reply" % bad, {"csrf": csrf(marie), "key": "k" * 22, "text": "À qui ?"}).status == 404
    site.run("check")
    return first


def lone(site, sink, moderator):
    """The only message of a discussion: who decides and who wrote it find it again, nobody else does."""
    bad = write(site, "paul", "Vends tracteur", "Presque neuf.")
    thread = f"/t/{site.one('SELECT thread FROM post WHERE id = ?', bad)}"
    paul, marie = signed(site, "paul@ville.example"), signed(site, "marie@ville.example")
    form = next(f for f in moderator.get(thread).forms if f.action.startswith(f"/p/{bad}/decide"))
    done = moderator.post(f"/p/{bad}/decide", dict(form.fields, decision="hide", why="Hors sujet."))
    assert done.status == 200 and "Hors sujet." in done.text, (done.status, done.text[:300])
    assert paul.get(thread).status == 200 and "Hors sujet." in paul.get(thread).text
    for browser in (marie, Browser(site)):
        assert browser.get(thread).status == 404 and browser.get(f"/p/{bad}").status == 404
        assert "Vends tracteur" not in browser.get("/f/voirie").text + browser.get("/").text
    # Its author does not agree: those who look after the forum read it, and can answer.
    wait_for(lambda: any("Hors sujet." in m.text() for m in sink.to("paul@ville.example")))
    told = next(m.mail for m in sink.to("paul@ville.example") if "Hors sujet." in m.text())
    to = told["From"].addresses[0].addr_spec
    mail.send(site.ports["smtp"], "paul@ville.example", [to],
              mail.write("Paul <paul@ville.example>", to, "Re: mon tracteur", "Il est pourtant communal."))
    site.wait_inbox()
    wait_for(lambda: any("pourtant communal" in m.text() for m in sink.to("denise@ville.example")))
    asked = next(m for m in sink.to("denise@ville.example") if "pourtant communal" in m.text())
    assert asked.mail["Reply-To"].addresses[0].addr_spec == "paul@ville.example" and "Paul (paul@ville.example) vous écrit" in asked.text() and "du forum Voirie\u00a0:" in asked.text()
    done = moderator.post(f"/p/{bad}/decide", dict(form.fields, decision="restore"))
    assert "Presque neuf." in done.text and Browser(site).get(thread).status == 200
    own = dict(paul.get(thread).form(f"/p/{bad}/decide").fields)
    done = paul.post(f"/p/{bad}/decide", dict(own, decision="withdraw"))
    assert done.status == 200 and "Presque neuf." not in done.text and Browser(site).get(thread).status == 404


def nothing_leaves(site, sink, moderator):
    """The world outside asks for patience: the copies of a message taken down meanwhile never go."""
    before = site.one("SELECT count(*) FROM outbox WHERE state = 'cancelled'")
    sink.troubles = [mail.Trouble("rcpt", "450 4.2.0 later")]
    bad = write(site, "paul", "Vente de voitures", "Achetez mes voitures, cent fois moins cher.")
    form = next(f for f in moderator.get(f"/p/{bad}").forms if f.action.startswith(f"/p/{bad}/decide"))
    moderator.post(f"/p/{bad}/decide", dict(form.fields, decision="hide", why=""))
    assert site.one("SELECT count(*) FROM outbox WHERE post = ? AND state = 'due'", bad) == 0
    assert site.one("SELECT count(*) FROM outbox WHERE state = 'cancelled'") > before
    sink.troubles = []
    wait_for(lambda: site.one("SELECT count(*) FROM outbox WHERE state = 'due'") == 0)
    assert not [m for m in sink.arrivals if "cent fois moins cher" in m.text()]


def several(site, moderator):
    site.act("forum.set", slug="voirie", appears="always_read")
    posts = [write(site, "paul", f"Sujet {at}", f"Texte {at} qui attend.") for at in range(5)]
    page = moderator.get("/moderate")
    assert page.html.count('name="post"') == 5
    fields = dict(page.form("/moderate").fields)
    token = next(dict(f.fields)["csrf"] for f in page.forms if f.action == "/moderate")
    body = [("csrf", token), ("decision", "approve")] + [("post", str(p)) for p in posts[:3]]
    for _ in range(2):
        done = moderator.post("/moderate", body)
        assert "C’est fait" in done.text, done.text[:300]
    moderator.post("/moderate", [("csrf", token), ("decision", "refuse"), ("reason", "double")] + [("post", str(p)) for p in posts])
    states = [site.one("SELECT state FROM post WHERE id = ?", p) for p in posts]
    assert states == ["published"] * 3 + ["refused"] * 2, states
    assert site.one("SELECT why FROM post WHERE id = ?", posts[4]) == "Cela a déjà été dit dans le forum."
    assert site.one("SELECT count(*) FROM journal WHERE act = 'post.approve' AND outcome = 'done'") >= 3
    assert site.one("SELECT count(*) FROM post WHERE state = 'held'") == 0 and "Rien n’attend" in moderator.get("/moderate").text
    marie = signed(site, "marie@ville.example")
    assert marie.post("/moderate", [("csrf", csrf(marie)), ("decision", "approve"), ("post", str(posts[4]))]).status == 404
    site.act("forum.set", slug="voirie", appears="at_once")


def threads(site, moderator):
    page = moderator.get("/t/1")
    form = dict(page.form("/t/1/decide").fields)
    moderator.post("/t/1/decide", dict(form, decision="close"))
    moderator.post("/t/1/decide", dict(form, decision="pin"))
    assert site.rows("SELECT state, pinned FROM thread WHERE id = 1") == [("closed", 1)]
    marie = signed(site, "marie@ville.example")
    assert "/p/1/reply" not in marie.get("/t/1").html
    moderator.post("/t/1/decide", dict(form, decision="open"))
    # A reply that waits while the discussion is closed: the queue says so; approving it is still one's own decision.
    site.act("forum.set", slug="voirie", appears="always_read")
    marie.submit(marie.get("/p/1/reply"), "/p/1/reply", text="Une réponse qui attend.")
    assert "est close" not in moderator.get("/moderate").text
    moderator.post("/t/1/decide", dict(form, decision="close"))
    assert "la discussion est close" in moderator.get("/moderate").text
    held = site.one("SELECT id FROM post WHERE state = 'held'")
    site.act("post.discard", post=held)
    site.act("forum.set", slug="voirie", appears="at_once")
    moderator.post("/t/1/decide", dict(form, decision="open"))
    moderator.post("/t/1/decide", dict(form, decision="unpin"))
    assert site.rows("SELECT state, pinned FROM thread WHERE id = 1") == [("open", 0)]


def journal(site, moderator, admin):
    page = moderator.get("/moderate/voirie/journal")
    assert "Denise a masqué un message" in page.text and "Propos blessants." in page.text and "Le banc" in page.text
    assert moderator.get("/admin/journal").status == 404 and admin.get("/admin/journal").status == 200
    marie = signed(site, "marie@ville.example")
    for path in ("/moderate/voirie/journal", "/moderate/voirie/members", "/admin/forums/voirie", "/admin/forums/new", "/admin/journal"):
        assert marie.get(path).status == 404 and Browser(site).get(path).path.startswith("/login"), path
    assert "@ville.example" not in page.html + moderator.get("/moderate/voirie/members").html
    before = site.rows("SELECT * FROM journal")
    for _ in range(3):
        moderator.get("/moderate/voirie/journal")
    assert site.rows("SELECT * FROM journal") == before


def settings(site, admin, moderator):
    page = admin.submit(admin.get("/admin/forums/new"), "/admin/forums/new", slug="Voirie !", name="x")
    assert page.status == 400 and 'role="alert"' in page.html
    page = admin.submit(admin.get("/admin/forums/new"), "/admin/forums/new", slug="fetes", name="Fêtes & <b>bals</b>", who_writes="roll")
    assert page.path.startswith("/f/fetes") and "Fêtes & <b>bals</b>" in page.text and "<b>bals" not in page.html
    page = admin.submit(admin.get("/admin/forums/fetes"), "/admin/forums/fetes", name="Fêtes", who_reads="registered")
    assert site.rows("SELECT name, who_reads, who_writes FROM forum WHERE slug = 'fetes'") == [("Fêtes", "registered", "roll")]
    assert Browser(site).get("/f/fetes").status == 404
    assert moderator.post("/admin/forums/fetes", {"csrf": csrf(moderator), "slug": "fetes", "name": "Volé"}).status in (403, 404)
    assert site.one("SELECT name FROM forum WHERE slug = 'fetes'") == "Fêtes"


def people(site, admin, moderator):
    paul = site.one("SELECT id FROM person WHERE name_shown = 'Paul'")
    page = admin.get("/moderate/voirie/members")
    form = next(f for f in page.forms if dict(f.fields).get("person") == str(paul))
    guest = signed(site, "paul@ville.example")
    for decision, column, value in (("trust", "trusted", 1), ("untrust", "trusted", 0), ("suspend", "state", "suspended")):
        admin.post("/moderate/voirie/members", dict(form.fields, decision=decision))
        assert site.one(f"SELECT {column} FROM person WHERE id = ?", paul) == value
    assert "/account" not in guest.get("/").html, "who is suspended is out at once"
    admin.post("/moderate/voirie/members", dict(form.fields, decision="admit"))
    before = site.rows("SELECT * FROM person")
    assert moderator.post("/moderate/voirie/members", dict(form.fields, csrf=csrf(moderator), decision="suspend")).status == 403
    assert site.rows("SELECT * FROM person") == before


def mandates(site, admin, moderator):
    """Who moderates is told, member or not; the administrator ends it, and it is over at once."""
    assert "Denise" in moderator.get("/moderate/voirie/members").text
    form = next(f for f in admin.get("/moderate/voirie/members").forms if "mandate" in dict(f.fields))
    ending = dict(form.fields, decision="dismiss")
    assert moderator.post("/moderate/voirie/members", dict(ending, csrf=csrf(moderator))).status == 403
    assert moderator.get("/moderate/voirie").status == 200
    before = int(site.one("SELECT count(*) FROM mandate WHERE until IS NOT NULL"))
    for _ in range(2):   # in two windows
        assert admin.post("/moderate/voirie/members", ending).status == 200
        until = site.rows("SELECT until FROM mandate WHERE until IS NOT NULL")
        assert len(until) == before + 1
    assert moderator.get("/moderate/voirie").status == 404
    page = admin.get("/moderate/voirie/members")
    assert "Nobody moderates this forum" in page.text or "Personne ne modère ce forum" in page.text, page.text
    assert "Denise" in admin.get("/moderate/voirie/journal").text
    assert admin.post("/moderate/voirie/members", {"csrf": csrf(admin), "decision": "dismiss"}).status == 400


def run(stage):
    with mail.Sink() as sink, stage.site(relay=sink.url) as site:
        site.act("forum.create", slug="voirie", name="Voirie")
        for name in ("Marie", "Paul"):
            site.subscribe("voirie", site.person(name, f"{name.lower()}@ville.example"))
        denise = site.person("Denise", "denise@ville.example")
        site.act("mandate.set", person=denise, forum="voirie", role="moderator")
        site.person("Admin", "admin@ville.example", administrator=1)
        moderator, admin = signed(site, "denise@ville.example"), signed(site, "admin@ville.example")
        taken_down(site, sink, moderator)
        nothing_leaves(site, sink, moderator)
        lone(site, sink, moderator)
        several(site, moderator)
        threads(site, moderator)
        journal(site, moderator, admin)
        settings(site, admin, moderator)
        people(site, admin, moderator)
        mandates(site, admin, moderator)
