# SPDX-License-Identifier: AGPL-3.0-or-later
"""Coming in by what was mailed.

Who asks for a link gets one mail, with a link and a code. Looking at the link changes nothing, as
often as it is looked at; pressing the button signs in, once. The code does the same on another
device, once; wrong codes run out. An address that nobody has is answered with the same page,
and no mail. Leaving ends the session, and so does being suspended.
"""
import re

from tests.flow import mail
from tests.flow.site import wait_for
from tests.flow.web import Browser

TABLES = ("session", "token", "journal", "person", "address", "subscription", "outbox", "act_key")


def book(site):
    return [site.rows(f"SELECT * FROM {table}") for table in TABLES]


def ask(site, sink, address, arrives=True):
    """(browser, page that asks for the code, link, code)"""
    before = len(sink.to(address))
    browser = Browser(site)
    page = browser.submit(browser.get("/login"), "/login", address=address)
    assert page.status == 200, page.status
    if not arrives:
        return browser, page, None, None
    wait_for(lambda: len(sink.to(address)) == before + 1)
    arrival = sink.to(address)[-1]
    assert str(arrival.mail["Subject"]) == "Votre lien de connexion", arrival.mail["Subject"]
    link = re.search(r"http://\S+(/ok/\S+)", arrival.text()).group(1)
    code = re.search(r"\b(\d{4} ?\d{4})\b", arrival.text()).group(1)
    return browser, page, link, code


def is_in(browser, name):
    return name in browser.get("/").text


def person(site, number):
    return site.person(f"Lise {number}", f"lise{number}@ville.example")


def by_link(site, sink):
    who = person(site, 1)
    _, _, link, _ = ask(site, sink, "lise1@ville.example")
    wait_for(lambda: site.one("SELECT count(*) FROM outbox WHERE state = 'due'") == 0)
    before, visitor = book(site), Browser(site)
    for method in ("GET", "HEAD", "GET"):
        assert visitor.request(method, link).status == 200
    assert not is_in(visitor, "Lise 1")
    assert book(site) == before, "looking at a link changed the book"
    page = visitor.submit(visitor.get(link), "/ok/")
    assert page.status == 200 and is_in(visitor, "Lise 1")
    assert site.rows("SELECT person FROM session") == [(who,)]
    other = Browser(site)
    assert other.get(link).status == 404 and other.post(link, {}).status in (403, 404)
    assert not is_in(other, "Lise 1")
    secret = next(iter(visitor.cookies.values()))
    assert all(secret.encode() not in repr(row).encode() for row in site.rows("SELECT * FROM session")), "the secret lies in the book"


def by_code(site, sink):
    person(site, 2)
    browser, page, link, code = ask(site, sink, "lise2@ville.example")
    assert is_in(browser, "Lise 2") is False
    done = browser.submit(page, "/login/code", code=code)
    assert done.status == 200 and is_in(browser, "Lise 2"), (done.status, done.text[:200])
    again = Browser(site)
    page = again.submit(again.get("/login"), "/login", address="lise2@ville.example")
    assert again.submit(page, "/login/code", code=code).status == 403
    assert Browser(site).get(link).status == 404, "the link and the code are one: both are spent"


def wrong_codes(site, sink):
    person(site, 3)
    browser, page, _, code = ask(site, sink, "lise3@ville.example")
    for at in range(12):
        wrong = f"{(int(code.replace(' ', '')) + 1 + at) % 100000000:08d}"
        done = browser.submit(page, "/login/code", code=wrong)
        assert done.status in (403, 429), done.status
    done = browser.submit(page, "/login/code", code=code)
    assert done.status in (403, 429) and not is_in(browser, "Lise 3"), "guessing went on for ever"


def nobody(site, sink):
    _, known, _, _ = ask(site, sink, "lise4@ville.example") if person(site, 4) else None
    _, unknown, _, _ = ask(site, sink, "personne@ville.example", arrives=False)

    def plain(page, address):
        text = re.sub(r'name="(csrf|key)" value="[^"]*"', "", page.html)
        return text.replace(address, "ADDRESS")

    assert plain(known, "lise4@ville.example") == plain(unknown, "personne@ville.example")
    for address in ("", "no address", "x@y@z", "a" * 300 + "@ville.example", "lise4@ville.example\r\nBcc: x@y.example"):
        browser = Browser(site)
        page = browser.submit(browser.get("/login"), "/login", address=address)
        assert page.status in (200, 400), (address, page.status)
    wait_for(lambda: site.one("SELECT count(*) FROM outbox WHERE state = 'due'") == 0)
    assert not sink.to("personne@ville.example") and not sink.to("x@y.example")
    # One mail a minute, whoever asks how often; the page does not say so.
    for _ in range(3):
        ask(site, sink, "lise4@ville.example", arrives=False)
    wait_for(lambda: site.one("SELECT count(*) FROM outbox WHERE state = 'due'") == 0)
    assert len(sink.to("lise4@ville.example")) == 1


def leaving(site):
    who = person(site, 5)
    here, there = Browser(site).sign_in(site, who), Browser(site).sign_in(site, who)
    old = dict(here.cookies)
    here.submit(here.get("/"), "/logout")
    here.cookies = old
    assert not is_in(here, "Lise 5") and is_in(there, "Lise 5")
    site.act("person.set", person=who, state="suspended")
    assert not is_in(there, "Lise 5"), "a suspended person is still signed in"
    assert site.run("act", "session.link", f"person={who}").returncode == 1


def run(stage):
    with mail.Sink() as sink, stage.site(relay=sink.url) as site:
        site.act("forum.create", slug="voirie", name="Voirie")
        by_link(site, sink)
        by_code(site, sink)
        wrong_codes(site, sink)
        nobody(site, sink)
        leaving(site)
