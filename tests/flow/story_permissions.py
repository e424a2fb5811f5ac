# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may write, and when it appears, whichever the door.

Twenty forums, one for each pair of the two axes; a stranger, a registered person, a trusted one,
one with a writer's mandate and a moderator write in each, by form and by mail. What becomes of
it is the same at both doors, but that mail of somebody who may not write waits for a moderator
where a form is refused. Nobody reads what is not his to read.
"""
import itertools
import smtplib

from tests.flow import mail
from tests.flow.site import DOMAIN
from tests.flow.web import Browser

WRITES = ("everyone", "registered", "roll", "mandated", "nobody")
APPEARS = ("at_once", "first_read", "always_read", "read_unless_roll")
KINDS = ("stranger", "registered", "trusted", "writer", "moderator")

# Nobody has claimed a line of a roll yet: mandates alone open a forum of the roll.
MAY = {"everyone": {"stranger", "registered", "trusted", "writer", "moderator"},
       "registered": {"registered", "trusted", "writer", "moderator"},
       "roll": {"writer", "moderator"}, "mandated": {"writer", "moderator"}, "nobody": set()}


def expected(writes, appears, kind):
    """'' where it may not be written, else the reason it waits, or 'published'."""
    if kind not in MAY[writes]:
        return ""
    if kind == "moderator" or appears == "at_once":
        return "published"
    if appears == "first_read":
        return "published" if kind == "trusted" else "first"
    return "always"


def people_of(site, slug):
    people = {}
    for kind in KINDS[1:]:
        more = {"trusted": 1} if kind == "trusted" else {}
        people[kind] = site.person(f"{kind} {slug}", f"{kind}@{slug}.example", **more)
        if kind in ("writer", "moderator"):
            site.act("mandate.set", person=people[kind], forum=slug, role=kind)
    return people


def became(site, slug, subject):
    rows = site.rows("SELECT p.state, p.hold FROM post p JOIN forum f ON f.id = p.forum WHERE f.slug = ? AND p.subject = ?",
                     slug, subject)
    assert len(rows) <= 1, (slug, subject, rows)
    if not rows:
        return ""
    return rows[0][1] if rows[0][0] == "held" else rows[0][0]


def by_form(site, slug, person, subject):
    browser = Browser(site).sign_in(site, person)
    page = browser.get(f"/f/{slug}/new")
    if page.status != 200:
        assert page.status in (403, 404), (slug, page.status)
        return
    if not any("/new" in form.action for form in page.forms):
        return
    browser.submit(page, "/new", ("send", "1"), subject=subject, text="Bonjour.")


def by_mail(site, slug, address, subject):
    try:
        mail.send(site.ports["smtp"], address, [f"{slug}@{DOMAIN}"],
                  mail.write(f"Une personne <{address}>", f"{slug}@{DOMAIN}", subject, "Bonjour.\n"))
        return True
    except mail.smtplib.SMTPRecipientsRefused:
        return False


def writing(site):
    forums = {}
    for writes, appears in itertools.product(WRITES, APPEARS):
        slug = f"{writes}-{appears}".replace("_", "-")
        site.act("forum.create", slug=slug, name=slug, who_writes=writes, appears=appears)
        forums[slug] = (writes, appears, people_of(site, slug))
    for slug, (writes, appears, people) in forums.items():
        # The first post of somebody is what the mail is here; what the form brings must not change it.
        for kind in KINDS:
            accepted = by_mail(site, slug, f"{kind}@{slug}.example", f"mail {kind}")
            assert accepted == (writes != "nobody"), (slug, kind)
    site.wait_inbox()
    for slug, (writes, appears, people) in forums.items():
        for kind in KINDS:
            got, want = became(site, slug, f"mail {kind}"), expected(writes, appears, kind)
            if want == "" and writes != "nobody":
                want = "stranger"
            assert got == want, (slug, kind, "mail", got, want)
    for slug, (writes, appears, people) in forums.items():
        for kind in KINDS[1:]:
            by_form(site, slug, people[kind], f"form {kind}")
            got, want = became(site, slug, f"form {kind}"), expected(writes, appears, kind)
            assert got == want, (slug, kind, "form", got, want)
            # The console in somebody's name asks the same question.
            try:
                site.act("post.add", "--as", people[kind], forum=slug, subject=f"console {kind}", source="Bonjour.")
            except Exception as refused:
                assert refused.status == 1, refused
            assert became(site, slug, f"console {kind}") == want, (slug, kind, "console", want)


def reading(site):
    """A forum of members: to all others it is not there, by any address."""
    site.act("forum.create", slug="conseil", name="Conseil", who_reads="members", who_writes="mandated")
    member, other = site.person("Un membre", "membre@ville.example"), site.person("Un autre", "autre@ville.example")
    site.act("mandate.set", person=member, forum="conseil", role="writer")
    post = site.act("post.add", "--as", member, forum="conseil", subject="Huis clos", source="Un secret.")
    raw = site.one("SELECT message_id FROM post WHERE id = ?", int(post["post"]))
    for browser in (Browser(site), Browser(site).sign_in(site, other)):
        for path in ("/f/conseil", "/f/conseil/new", f"/t/{post['thread']}", f"/p/{post['post']}", f"/m/{raw}", f"/p/{post['post']}/reply"):
            page = browser.get(path)
            assert "Huis clos" not in page.html and "secret" not in page.html, path
            assert page.status == 404 or "/login" in page.path, (path, page.status)
        assert "Conseil" not in browser.get("/").text
    page = Browser(site).sign_in(site, member).get(f"/t/{post['thread']}")
    assert page.status == 200 and "Un secret." in page.text
    for name, fields in (("subscription.set", {"forum": "conseil", "mode": "each"}),
                         ("post.add", {"parent": post["post"], "source": "Moi aussi"}),
                         ("post.refuse", {"post": post["post"]}), ("forum.set", {"slug": "conseil", "name": "X"}),
                         ("person.set", {"person": member, "name": "X"}), ("mail.replay", {"inbox": 1}),
                         ("session.link", {"person": member}), ("import.add", {"forum": "conseil", "raw": "x"}),
                         ("mandate.set", {"person": other, "forum": "conseil", "role": "moderator"})):
        done = site.run("act", "--as", str(other), name, *[f"{k}={v}" for k, v in fields.items()])
        assert done.returncode == 1 and "Huis clos" not in done.stderr, (name, done)
    intrusion(site, other, post)
    leaving(site)


def intrusion(site, other, post):
    """Not even by asking for no mail of it: that would be a way in, and tell that it is there."""
    for mode in ("none", "each", "topics"):
        done = site.run("act", "--as", str(other), "subscription.set", "forum=conseil", f"mode={mode}")
        absent = site.run("act", "--as", str(other), "subscription.set", "forum=nulle-part", f"mode={mode}")
        assert (done.returncode, done.stderr) == (absent.returncode, absent.stderr) and done.returncode == 1, (mode, done, absent)
    letter = mail.write("Un autre <autre@ville.example>", f"conseil+desabonner@{DOMAIN}", "desabonner", "desabonner\n")
    try:
        mail.send(site.ports["smtp"], "autre@ville.example", [f"conseil+desabonner@{DOMAIN}"], letter)
    except smtplib.SMTPRecipientsRefused:
        pass
    site.wait_inbox()
    assert site.one("SELECT count(*) FROM subscription WHERE person = ?", other) == 0
    assert Browser(site).sign_in(site, other).get(f"/t/{post['thread']}").status == 404


def leaving(site):
    """Who is in may stop its mail, also twice; and who never was subscribed to an open one."""
    inside, outside = site.person("Dedans", "dedans@ville.example"), site.person("Dehors", "dehors@ville.example")
    site.act("subscription.set", forum="conseil", person=inside, mode="each")
    for _ in range(2):
        site.act("subscription.set", "--as", inside, forum="conseil", mode="none")
    reader = Browser(site).sign_in(site, inside)
    assert reader.get("/f/conseil").status == 200
    # Taken out by the administrator, on the members' page: then it is not there any more.
    chief = Browser(site).sign_in(site, site.person("Chef", "chef@ville.example", administrator=1))
    page = chief.get("/moderate/conseil/members")
    form = next(f for f in page.forms if dict(f.fields).get("person") == str(inside))
    assert ("decision", "remove") in form.buttons
    done = chief.post("/moderate/conseil/members", dict(form.fields, decision="remove"))
    assert done.status == 200 and "Dedans" not in done.text, done.text
    assert reader.get("/f/conseil").status == 404
    assert "Dedans" in chief.get("/moderate/conseil/journal").text
    site.act("forum.create", slug="place", name="La place")
    site.act("subscription.set", "--as", outside, forum="place", mode="none")


def closing(site):
    """A forum that closes: the pages that were kept for everybody go, by whichever address they were read."""
    site.act("forum.create", slug="ouvert", name="Ouvert")
    writer = site.person("Une voix", "voix@ville.example")
    post = site.act("post.add", "--as", writer, forum="ouvert", subject="Portes ouvertes", source="Bonjour.")
    paths = [f"/t/{post['thread']}-portes-ouvertes?lang=en", "/f/ouvert?lang=en", "/f/ouvert"]
    browser = Browser(site)
    for path in paths * 8:  # each worker keeps its own
        assert browser.get(path).status == 200, path
    site.act("forum.set", slug="ouvert", who_reads="members")
    for path in paths:
        for _ in range(8):
            assert browser.get(path).status == 404, path


def run(stage):
    with stage.site(limit_mails=0, limit_posts=0) as site:
        reading(site)
        closing(site)
        writing(site)
