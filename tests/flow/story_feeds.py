# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was said is carried away, and nothing else is.

Feeds are Atom as RFC 4287 has it, kept like pages and asked for again by their tag. The mbox file
of a forum or a discussion is built anew: whole however long it is, read by Python, taken in again
by `preau import`. Permalinks find a post by what its mail was called. The map of the site names
what anybody may read. In none of it stands an address of anybody, nor anything held, hidden or
kept to members.
"""
import email
import email.policy
import email.utils
import mailbox
import re
import socket
import urllib.parse
import xml.etree.ElementTree as xml

from tests.flow import mail
from tests.flow.site import wait_for
from tests.flow.web import Browser

ATOM = "{http://www.w3.org/2005/Atom}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
DOMAIN = "forum.ville.example"
BASE = "http://forum.ville.example"
LONG = 450  # messages: more than some pieces of an archive
ODD = "a/b+c%d=e?f&g@x.example"  # a Message-ID with all that means something in an address

BODY = """L'école d'en face rouvre : 3 < 4 & "merci".
From now on, à nous.

Le 3 mars 2026, Paul <paul.secret@poste.example> a écrit :
> Qui vient ?
> paul.secret@poste.example
--
Marie, marie.secret@poste.example
"""


def send(site, who, forum, subject, text, message_id, **fields):
    m = mail.write(f"{who.title()} Petit <{who}@ville.example>", f"{forum}@{DOMAIN}", subject, text, Message_ID=f"<{message_id}>", **fields)
    mail.send(site.ports["smtp"], f"{who}@ville.example", [f"{forum}@{DOMAIN}"], m)
    site.wait_inbox()


def write(site):
    send(site, "marie", "voirie", "Cœur <de> bourg & co", BODY, "1@x.example")
    send(site, "paul", "voirie", "Re: Cœur <de> bourg & co", "Je vote pour.\nFrom me too.", "2@x.example", In_Reply_To="<1@x.example>")
    send(site, "marie", "culture", "Chorale", "Répétition jeudi.", ODD)
    send(site, "marie", "bureau", "Confidentiel", "Le secret du bureau.", "4@x.example")
    send(site, "eve", "voirie", "Inconnue", "Le secret retenu.", "5@ailleurs.example")
    send(site, "marie", "voirie", "Malheureux", "Le secret masqué.", "6@x.example")
    site.act("post.hide", post=site.one("SELECT id FROM post WHERE subject = 'Malheureux'"), why="essai")


def check_dates(element):
    for name in ("updated", "published"):
        for date in element.findall(ATOM + name):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", date.text), date.text
    assert len(element.findall(ATOM + "updated")) == 1


def check_atom(answer, path, entries):
    """RFC 4287 §4.1: what must stand there, once; a title, an id and a date of each; an author."""
    feed = xml.fromstring(answer.body)
    found = feed.findall(ATOM + "entry")
    assert feed.tag == ATOM + "feed" and len(found) == entries, (path, len(found))
    for element in (feed, *found):
        check_dates(element)
        for name in ("id", "title"):
            (one,) = element.findall(ATOM + name)
            assert one.text and not one.attrib.get("type"), (path, name)
        assert urllib.parse.urlsplit(element.find(ATOM + "id").text).scheme == "tag"
        for link in element.findall(ATOM + "link"):
            assert link.get("href").startswith(BASE + "/")
    assert len({entry.find(ATOM + "id").text for entry in found}) == entries
    assert feed.find(ATOM + "updated").text == max(entry.find(ATOM + "updated").text for entry in found)
    assert {link.get("rel"): link.get("href") for link in feed.findall(ATOM + "link")}["self"] == BASE + path
    for entry in found:
        assert [name.text for name in entry.findall(f"{ATOM}author/{ATOM}name")] in (["Marie Petit"], ["Paul Petit"])
        assert not entry.findall(f"{ATOM}author/{ATOM}email") and entry.find(ATOM + "content").get("type") == "html"
    return feed


def feeds(site):
    browser = Browser(site)
    thread = site.one("SELECT thread FROM post WHERE message_id = '1@x.example'")
    for path, entries in (("/f/voirie/feed", 2), (f"/t/{thread}/feed", 2), ("/f/culture/feed", 1)):
        answer = browser.get(path)
        assert answer.status == 200 and answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
        feed = check_atom(answer, path, entries)
        again = browser.get(path)  # as it was kept
        assert again.body == answer.body and again.headers["Content-Type"] == answer.headers["Content-Type"]
        same = browser.request("GET", path, headers={"If-None-Match": answer.headers["ETag"]})
        assert same.status == 304 and same.body == b""
        page = browser.get(path.removesuffix("/feed"))
        assert f'<link rel="alternate" type="application/atom+xml" title="' in page.html and f'href="{path}"' in page.html
        for entry in feed.findall(ATOM + "entry"):
            assert browser.get(entry.find(ATOM + "link").get("href").removeprefix(BASE)).status == 200
    first = check_atom(browser.get("/f/voirie/feed"), "/f/voirie/feed", 2).findall(ATOM + "entry")[-1]
    assert first.find(ATOM + "title").text == "Cœur <de> bourg & co" and "3 &lt; 4 &amp;" in first.find(ATOM + "content").text
    # One more message: another feed, at once.
    before = browser.get("/f/culture/feed")
    send(site, "paul", "culture", "Concert", "Samedi.", "7@x.example")
    after = browser.request("GET", "/f/culture/feed", headers={"If-None-Match": before.headers["ETag"]})
    assert after.status == 200 and len(check_atom(after, "/f/culture/feed", 2)) > 0
    site.act("forum.create", slug="vide", name="Vide")
    empty = xml.fromstring(browser.get("/f/vide/feed").body)
    check_dates(empty)
    for path in ("/f/nulle/feed", "/t/99999/feed", "/f/nulle/mbox", "/t/99999/mbox", "/sitemap/2", "/sitemap/0", "/m/%00", "/m/", "/m/%3C%3E", "/m/rien@x.example"):
        assert browser.get(path).status in (400, 404), path


def permalinks(site):
    browser = Browser(site)
    thread = site.one("SELECT thread FROM post WHERE message_id = ?", ODD)
    for name in (ODD, f"<{ODD}>", f" {ODD} "):
        page = browser.get("/m/" + urllib.parse.quote(name, safe=""))
        assert page.status == 200 and page.path.startswith(f"/t/{thread}"), (name, page.status, page.path)
    # The name was taken by another message: each is found, the later by its alias only where it is alone.
    send(site, "paul", "culture", "Autre", "Même nom, autre texte.", "1@x.example")
    send(site, "paul", "voirie", "Encore", "Même nom, dans le même forum.", "1@x.example")
    alias = site.rows("SELECT id, message_id FROM post WHERE alias = '1@x.example'")
    assert len(alias) >= 1
    for post, message_id in alias:
        assert browser.get("/m/" + urllib.parse.quote(message_id, safe="")).path.split("#")[0].startswith("/t/")
    assert browser.get("/m/1%40x.example").path.startswith("/t/1")
    for hidden in ("4@x.example", "5@ailleurs.example"):
        assert browser.get("/m/" + urllib.parse.quote(hidden)).status == 404, hidden


def read_box(path):
    return list(mailbox.mbox(path, factory=lambda file: email.message_from_binary_file(file, policy=email.policy.default)))


def archive(site):
    browser = Browser(site)
    thread = site.one("SELECT thread FROM post WHERE message_id = '1@x.example'")
    for path, ids in (("/f/voirie/mbox", ["<1@x.example>", "<2@x.example>"]), (f"/t/{thread}/mbox", ["<1@x.example>", "<2@x.example>"])):
        answer = browser.get(path)
        assert answer.status == 200 and answer.headers["Content-Type"] == "application/mbox"
        assert re.fullmatch(r'attachment; filename="voirie(-\d+)?\.mbox"', answer.headers["Content-Disposition"])
        box = site.folder / "box.mbox"
        box.write_bytes(answer.body)
        mails = read_box(box)
        assert [m["Message-ID"] for m in mails] == ids, [m["Message-ID"] for m in mails]
        assert mails[1]["In-Reply-To"] == "<1@x.example>" and "Marie Petit" in str(mails[0]["From"])
        assert all(re.search(r"<a\.[a-z2-7]{26}@forum\.ville\.example>", str(m["From"])) for m in mails)
        assert "\nFrom now on" in mails[0].get_content() and re.search("\n>?From me too", mails[1].get_content())
        assert len(re.findall(rb"^From ", answer.body, re.M)) == 2, "a line of a text looks like the start of a mail"
        head = browser.request("HEAD", path)
        assert head.status == 200 and head.body == b""
    # Taken in again by ourselves it is the same conversation.
    site.act("forum.create", slug="copie", name="Copie")
    done = site.run("import", "copie", box)
    assert "added=2" in done.stdout and "failed=0" in done.stdout, done
    assert site.rows("SELECT t.posts FROM thread t JOIN forum f ON f.id = t.forum WHERE f.slug = 'copie'") == [(2,)]
    texts = [row[0] for row in site.rows("SELECT p.text FROM post p JOIN forum f ON f.id = p.forum WHERE f.slug = 'copie' ORDER BY p.id")]
    assert "\nFrom now on" in texts[0] and "3 < 4 &" in texts[0] and "\nFrom me too" in texts[1], texts


def whole(site):
    """More messages than one piece has: all of them, each once, and no address of theirs."""
    site.act("forum.create", slug="ancien", name="Ancien")
    box = site.folder / "ancien.mbox"
    with box.open("wb") as out:
        for at in range(LONG):
            m = mail.write(f"Personne {at} <p{at}@vieux.example>", "liste@vieux.example", f"Sujet {at % 50}", "Bonjour.\n" * 40,
                           Date=email.utils.formatdate(1400000000 + at * 3600), Message_ID=f"<old-{at}@vieux.example>")
            out.write(b"From p@vieux.example Thu May 15 00:00:00 2014\n" + m.as_bytes().replace(b"\r\n", b"\n") + b"\n")
    assert f"added={LONG}" in site.run("import", "ancien", box).stdout
    answer = Browser(site).get("/f/ancien/mbox")
    assert answer.headers["Transfer-Encoding"] == "chunked"
    box.write_bytes(answer.body)
    assert [m["Message-ID"] for m in read_box(box)] == [f"<old-{at}@vieux.example>" for at in range(LONG)]
    assert not re.search(rb"\bp\d+@vieux\.example", answer.body)


def crowd(site):
    """Many who carry an archive away, and slowly: some are told to come back, other pages answer as ever, and
    when they have left there is room again."""
    site.act("forum.create", slug="gros", name="Gros")
    box = site.folder / "gros.mbox"
    with box.open("wb") as out:
        for at in range(300):
            m = mail.write("Personne <p@vieux.example>", "liste@vieux.example", f"Sujet {at}", "Bonjour à tous.\n" * 3000,
                           Date=email.utils.formatdate(1400000000 + at * 3600), Message_ID=f"<big-{at}@vieux.example>")
            out.write(b"From p@vieux.example Thu May 15 00:00:00 2014\n" + m.as_bytes().replace(b"\r\n", b"\n") + b"\n")
    assert "added=300" in site.run("import", "gros", box).stdout
    slow = []
    for _ in range(30):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.settimeout(20)
        s.connect(site.ports["http"])
        slow.append(s)
    for s in slow:   # all at the same instant
        s.sendall(f"GET /f/gros/mbox HTTP/1.1\r\nHost: {DOMAIN}\r\n\r\n".encode())
    statuses = [s.recv(12).split()[1] for s in slow]
    assert set(statuses) == {b"200", b"503"} and statuses.count(b"200") <= 8 * sum(role.startswith("web.") for role in site.pids()), statuses
    assert Browser(site).get("/f/voirie").status == 200 and Browser(site).get("/search?q=bonjour").status == 200
    site.person("Nouveau Venu", "nouveau@ville.example")
    for s in slow:
        s.close()
    wait_for(lambda: Browser(site).get("/f/gros/mbox").status == 200)


def machines(site):
    browser = Browser(site)
    answer = browser.get("/sitemap.xml")
    assert answer.headers["Content-Type"] == "application/xml; charset=utf-8"
    tree = xml.fromstring(answer.body)
    places = [loc.text for loc in tree.iter(MAP + "loc")]
    assert tree.tag == MAP + "urlset" and len(set(places)) == len(places) and all(place.startswith(BASE) for place in places)
    for place in places[:60]:
        assert browser.get(place.removeprefix(BASE) or "/").status == 200, place
    assert len(places) == 1 + site.one("SELECT count(*) FROM forum WHERE who_reads = 'everyone'") + site.one(
        "SELECT count(*) FROM thread t JOIN forum f ON f.id = t.forum WHERE f.who_reads = 'everyone' AND t.posts > 0")
    robots = browser.get("/robots.txt").body.decode()
    assert f"Sitemap: {BASE}/sitemap.xml" in robots and "Disallow: /account" in robots


def leaks(site):
    """Every address of the book, and every word that nobody else may read, in all that machines take."""
    browser = Browser(site)
    addresses = [row[0].encode() for row in site.rows("SELECT address FROM address WHERE address NOT LIKE 'a.%@' || ?", DOMAIN)]
    assert b"marie@ville.example" in addresses and len(addresses) > LONG
    thread = site.one("SELECT thread FROM post WHERE message_id = '1@x.example'")
    secret = site.one("SELECT thread FROM post WHERE message_id = '4@x.example'")
    for path in ("/f/bureau/feed", "/f/bureau/mbox", f"/t/{secret}/feed", f"/t/{secret}/mbox"):
        assert browser.get(path).status == 404, path
    for path in ("/f/voirie/feed", "/f/voirie/mbox", f"/t/{thread}/feed", f"/t/{thread}/mbox", "/f/ancien/mbox", "/f/ancien/feed",
                 "/f/culture/mbox", "/sitemap.xml", "/robots.txt", "/search?q=secret", "/search?q=ecole"):
        body = browser.get(path).body
        for word in (*addresses, b"paul.secret@poste", b"marie.secret@poste", b"Confidentiel", b"secret du bureau", b"secret retenu", b"bureau",
                     "secret masqué".encode()):
            assert word not in body or (word == b"bureau" and b"search" in path.encode()), (path, word)


def run(stage):
    with stage.site(**{"site.url": BASE}) as site:
        for slug, name in (("voirie", "Voirie"), ("culture", "Culture")):
            site.act("forum.create", slug=slug, name=name)
        site.act("forum.create", slug="bureau", name="Bureau", who_reads="members")
        site.person("Marie Petit", "marie@ville.example")
        site.person("Paul Petit", "paul@ville.example")
        write(site)
        archive(site)
        feeds(site)
        permalinks(site)
        whole(site)
        crowd(site)
        machines(site)
        leaks(site)
