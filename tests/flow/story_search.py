# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was said is found again, and carried away.

Search: case, accents, ligatures and elisions make no difference; what was found is marked; what is
held, hidden from the viewer or not there is not found; naughty strings are shown as typed. Feeds
are Atom as RFC 4287 has it. The mbox file of a forum is built anew: read by Python, taken in
again by `preau import`, without an address of anybody. The map of the site names what anybody
may read and nothing else.
"""
import email
import email.policy
import json
import mailbox
import pathlib
import re
import urllib.parse
import xml.etree.ElementTree as xml

from tests.flow import mail
from tests.flow.web import Browser

DATA = pathlib.Path(__file__).resolve().parents[1] / "data"
ATOM = "{http://www.w3.org/2005/Atom}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
DOMAIN = "forum.ville.example"

POSTS = [
    ("marie", "voirie", "Cœur de bourg", "L'école d'en face rouvre l'été prochain.\nFrom now on, à nous.", ""),
    ("paul", "voirie", "Re: Cœur de bourg", "Je vote pour. Écrire à paul.secret@poste.example.\n\n> L'école d'en face", "<1@x.example>"),
    ("marie", "culture", "Chorale", "Répétition au cœur du village, jeudi.", ""),
]


def write(site):
    for at, (who, forum, subject, text, answers) in enumerate(POSTS, 1):
        more = {"In-Reply-To": answers, "References": answers} if answers else {}
        mail.send(site.ports["smtp"], f"{who}@ville.example", [f"{forum}@{DOMAIN}"], mail.write(
            f"{who.title()} Petit <{who}@ville.example>", f"{forum}@{DOMAIN}", subject, text, **{"Message-ID": f"<{at}@x.example>", **more}))
        site.wait_inbox()


def search(browser, lang="fr", **fields):
    return browser.get("/search?" + urllib.parse.urlencode({"lang": lang, **fields}))


def found(page):
    return page.html.count('<p class="excerpt">')


def words(site):
    browser = Browser(site)
    for q, count in (("coeur", 3), ("CŒUR", 3), ("ecole", 1), ("l'école", 1), ("qu’été", 1), ('"cœur de bourg"', 2), ("coeur -bourg", 1),
                     ("marie", 2), ("rien de tel", 0), ("chorale voirie", 0)):
        page = search(browser, q=q)
        assert page.status == 200 and found(page) == count, (q, found(page), page.text)
    assert "<mark>cœur</mark>" in search(browser, q="COEUR village").html
    assert found(search(browser, q="coeur", forum="culture")) == 1
    assert found(search(browser, q="coeur", author="paul")) == 1 and found(search(browser, q="", author="Paul")) == 1
    assert found(search(browser, q="coeur", since="2000-01-01", until="2100-01-01")) == 3
    assert found(search(browser, q="coeur", until="2000-01-01")) == 0
    assert found(search(browser, q="coeur", order="best")) == 3
    assert "Rien n’a été trouvé" in search(browser, q="introuvable").text
    assert "Nothing was found" in search(browser, q="introuvable", lang="en").text
    assert "au moins un mot" in search(browser, q="?!").text and search(browser).status == 200
    assert search(browser, q="a" * 300).status == 200 and search(browser, q="coeur", forum="nulle-part").status == 200


def naughty(site):
    """Whatever is typed: a page, with what was typed in the field, and nothing of it as markup."""
    browser = Browser(site)
    for text in json.loads((DATA / "html" / "blns.json").read_text()):
        if len(text.encode()) > 200 or text != " ".join(text.split()) or any(ord(c) < 32 or 0x7f <= ord(c) < 0xa0 for c in text):
            continue
        for order in ("newest", "best"):
            page = search(browser, q=text, order=order)
            assert page.status == 200, (text, page.status)
        form = next(form for form in page.forms if ("order", "best") in form.fields)
        assert dict(form.fields)["q"] in (text, ""), (text, dict(form.fields)["q"])


def hidden(site):
    site.act("forum.create", slug="bureau", name="Bureau", who_reads="members")
    mail.send(site.ports["smtp"], "marie@ville.example", [f"bureau@{DOMAIN}"],
              mail.write("Marie <marie@ville.example>", f"bureau@{DOMAIN}", "Confidentiel", "Le grand secret du bureau."))
    mail.send(site.ports["smtp"], "eve@ailleurs.example", [f"voirie@{DOMAIN}"],
              mail.write("Ève <eve@ailleurs.example>", f"voirie@{DOMAIN}", "Inconnue", "Le grand secret retenu."))
    site.wait_inbox()
    browser = Browser(site)
    assert found(search(browser, q="grand secret")) == 0
    secret = site.one("SELECT id FROM thread WHERE title = 'Confidentiel'")
    for path in ("/f/bureau/feed", "/f/bureau/mbox", f"/t/{secret}/feed"):
        assert browser.get(path).status == 404, path
    for path in ("/sitemap.xml", "/f/voirie/feed", "/f/voirie/mbox", "/search?q=grand"):
        text = browser.get(path).body.decode()
        assert "bureau" not in text and "retenu" not in text and "Confidentiel" not in text, path


def feeds(site):
    browser = Browser(site)
    page = browser.get("/f/voirie")
    assert 'rel="alternate" type="application/atom+xml"' in page.html
    for path, entries in (("/f/voirie/feed", 2), ("/t/1/feed", 2), ("/f/culture/feed", 1)):
        answer = browser.get(path)
        assert answer.status == 200 and answer.headers["Content-Type"].startswith("application/atom+xml")
        feed = xml.fromstring(answer.body)
        assert feed.tag == ATOM + "feed" and len(feed.findall(ATOM + "entry")) == entries
        for element in [feed, *feed.findall(ATOM + "entry")]:
            for name in ("id", "title", "updated"):
                assert element.find(ATOM + name).text, (path, name)
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", element.find(ATOM + "updated").text)
        ids = [entry.find(ATOM + "id").text for entry in feed.findall(ATOM + "entry")]
        assert len(set(ids)) == entries and all(entry.find(ATOM + "author/" + ATOM + "name").text for entry in feed.findall(ATOM + "entry"))
        assert {link.get("rel") for link in feed.findall(ATOM + "link")} == {"self", "alternate"}
        assert b"@ville.example" not in answer.body and b"paul.secret@" not in answer.body or b"poste.example" in answer.body
        again = browser.request("GET", path, headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status == 304, again.status
    assert browser.get("/m/%3C1%40x.example%3E").path.startswith("/t/1")


def archive(site):
    browser = Browser(site)
    answer = browser.get("/f/voirie/mbox")
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/mbox"
    assert "attachment" in answer.headers["Content-Disposition"] and b"@ville.example" not in answer.body
    path = site.folder / "voirie.mbox"
    path.write_bytes(answer.body)
    box = mailbox.mbox(path, factory=lambda file: email.message_from_binary_file(file, policy=email.policy.default))
    mails = list(box)
    assert [m["Message-ID"] for m in mails] == ["<1@x.example>", "<2@x.example>"]
    assert mails[1]["In-Reply-To"] == "<1@x.example>" and "Marie Petit" in str(mails[0]["From"])
    assert all(re.search(r"<a\.[a-z2-7]{26}@forum\.ville\.example>", str(m["From"])) for m in mails)
    text = mails[0].get_content().replace(">From", "From")
    assert "From now on" in text and "L'école d'en face" in text
    site.act("forum.create", slug="copie", name="Copie")
    done = site.run("import", "copie", path)
    assert "added=2" in done.stdout and "failed=0" in done.stdout, done
    assert site.rows("SELECT t.posts FROM thread t JOIN forum f ON f.id = t.forum WHERE f.slug = 'copie'") == [(2,)]
    copies = [row[0] for row in site.rows("SELECT p.text FROM post p JOIN forum f ON f.id = p.forum WHERE f.slug = 'copie' ORDER BY p.id")]
    assert "\nFrom now on" in copies[0], copies[0]


def machines(site):
    browser = Browser(site)
    tree = xml.fromstring(browser.get("/sitemap.xml").body)
    places = [loc.text for loc in tree.iter(MAP + "loc")]
    assert len(set(places)) == len(places) and all(place.startswith("http://forum.ville.example") for place in places)
    for place in places:
        page = browser.get(place)
        assert page.status == 200, place
    robots = browser.get("/robots.txt").body.decode()
    assert "Sitemap: http://forum.ville.example/sitemap.xml" in robots and "Disallow: /account" in robots


def run(stage):
    with stage.site() as site:
        for slug, name in (("voirie", "Voirie"), ("culture", "Culture")):
            site.act("forum.create", slug=slug, name=name)
        site.person("Marie Petit", "marie@ville.example")
        site.person("Paul Petit", "paul@ville.example")
        write(site)
        words(site)
        naughty(site)
        feeds(site)
        archive(site)
        hidden(site)
        machines(site)
