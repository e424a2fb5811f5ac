# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was said is found again, and carried away.

Search: case, accents, ligatures and elisions make no difference; what was found is marked; what is
held, hidden from the viewer or not there is not found, nor told of; naughty strings are shown as
typed; an old archive taken in late stands where its dates say.
"""
import email.utils
import html
import json
import pathlib
import re
import urllib.parse

from tests.flow import mail
from tests.flow.web import Browser

DATA = pathlib.Path(__file__).resolve().parents[1] / "data"
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
    assert "><mark>Cœur</mark> de <mark>bourg</mark></a>" in search(browser, q="bourg coeur").html
    assert found(search(browser, q="coeur", forum="culture")) == 1
    assert found(search(browser, q="coeur", author="paul")) == 1 and found(search(browser, q="", author="Paul")) == 1
    assert found(search(browser, q="coeur", since="2000-01-01", until="2100-01-01")) == 3
    assert found(search(browser, q="coeur", until="2000-01-01")) == 0
    assert found(search(browser, q="coeur", order="best")) == 3
    assert "Rien n’a été trouvé" in search(browser, q="introuvable").text
    assert "Nothing was found" in search(browser, q="introuvable", lang="en").text
    assert "au moins un mot" in search(browser, q="?!").text and 'role="alert"' not in search(browser).html
    assert "au moins un mot" in search(browser, q="").text
    assert "Rien n’a été trouvé" in search(browser, q="é" * 200).text and "trop long" in search(browser, q="a" * 900).text
    assert "forum n’existe pas" in search(browser, q="coeur", forum="nulle-part").text
    for date in ("2026-02-31", "hier", "2026-13-01", "31/03/2026", "x" * 900):
        page = search(browser, q="coeur", since=date)
        assert page.status == 200 and "date n’a pas été comprise" in page.text and found(page) == 0, date
    assert "rien entre les deux" in search(browser, q="coeur", since="2026-02-02", until="2026-02-01").text
    for odd in ({"place": "-1"}, {"place": "9" * 30}, {"order": "?"}, {"order": "best", "place": "99999999"}, {"q": "a\0b"}, {"author": "\x1b"}):
        assert search(browser, **{"q": "coeur", **odd}).status == 200, odd
    assert browser.get("/search?q=%FF%FE&author=%C3").status == 200
    page = browser.get("/f/voirie?lang=fr")
    box = next(form for form in page.forms if ("forum", "voirie") in form.fields)
    assert box.action.startswith("/search") and ("lang", "fr") in box.fields
    assert sum(form.action.startswith("/search") for form in browser.get("/t/1").forms) == 1, "the box of every page"


def naughty(site):
    """Whatever is typed: a page, with what was typed in the field, and nothing of it as markup."""
    browser = Browser(site)
    for text in json.loads((DATA / "html" / "blns.json").read_text()):
        if len(text.encode()) > 800 or text != " ".join(text.split()) or any(ord(c) < 32 or 0x7f <= ord(c) < 0xa0 for c in text):
            continue
        for order in ("newest", "best"):
            page = search(browser, q=text, order=order)
            assert page.status == 200, (text, page.status)
        form = next(form for form in page.forms if ("order", "best") in form.fields)
        assert dict(form.fields)["q"] == text, (text, dict(form.fields)["q"])


def hidden(site):
    """More of them than a page holds, so that a next page would tell on them."""
    site.act("forum.create", slug="bureau", name="Bureau", who_reads="members")
    for at in range(3):
        mail.send(site.ports["smtp"], "marie@ville.example", [f"bureau@{DOMAIN}"],
                  mail.write("Marie <marie@ville.example>", f"bureau@{DOMAIN}", f"Confidentiel {at}", "Le grand secret du bureau."))
    mail.send(site.ports["smtp"], "eve@ailleurs.example", [f"voirie@{DOMAIN}"],
              mail.write("Ève <eve@ailleurs.example>", f"voirie@{DOMAIN}", "Inconnue", "Le grand secret retenu."))
    site.wait_inbox()
    archive(site, "bureau", 40, "Le grand secret, encore.")
    browser = Browser(site)
    for order in ("newest", "best"):
        page = search(browser, q="grand secret", order=order)
        assert found(page) == 0 and "Rien n’a été trouvé" in page.text and "place=" not in page.html
        page = search(browser, q="grand secret", order=order, forum="bureau")
        assert found(page) == 0 and "forum n’existe pas" in page.text
    assert "Bureau" not in search(browser, q="x").html
    site.act("post.hide", post=site.one("SELECT id FROM post WHERE subject = 'Chorale'"), why="essai")
    assert found(search(browser, q="chorale")) == 0


def archive(site, forum, count, text):
    box = site.folder / f"{forum}.mbox"
    with box.open("wb") as out:
        for at in range(count):
            m = mail.write(f"Ancien {at} <a{at}@vieux.example>", "liste@vieux.example", f"Archive {at}", text,
                           Date=email.utils.formatdate(1400000000 + at * 86400), Message_ID=f"<{forum}-{at}@vieux.example>")
            out.write(b"From a@vieux.example Thu May 15 00:00:00 2014\n" + m.as_bytes().replace(b"\r\n", b"\n") + b"\n")
    done = site.run("import", forum, box)
    assert f"added={count}" in done.stdout, done


def pages(site):
    """Newest first by their dates, though the old ones came last; each once, from page to page."""
    archive(site, "voirie", 45, "Le cœur du village, autrefois.")
    browser = Browser(site)
    for order in ("newest", "best"):
        page, links = search(browser, q="coeur", order=order), []
        for _ in range(9):
            links += [link for link in page.reader.links if link.startswith("/p/")]
            onward = re.search(r'rel="next" href="([^"]*)"', page.html)
            if not onward:
                break
            page = browser.get(html.unescape(onward[1]))
        assert len(links) == len(set(links)) == 48, (order, len(links), len(set(links)))
        if order == "newest":
            dates = [site.one("SELECT date FROM post WHERE id = ?", int(link.split("/")[2].split("?")[0])) for link in links]
            assert dates == sorted(dates, reverse=True)
    assert found(search(browser, q="coeur", until="2014-05-13")) == 1 and found(search(browser, q="coeur", since="2014-05-14", until="2014-05-16")) == 3


def run(stage):
    with stage.site() as site:
        for slug, name in (("voirie", "Voirie"), ("culture", "Culture")):
            site.act("forum.create", slug=slug, name=name)
        site.person("Marie Petit", "marie@ville.example")
        site.person("Paul Petit", "paul@ville.example")
        write(site)
        words(site)
        naughty(site)
        pages(site)
        hidden(site)
