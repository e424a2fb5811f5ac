# SPDX-License-Identifier: AGPL-3.0-or-later
"""A session begins with a token that nobody knew, and ends at once, everywhere.

Under an https address, by three web workers. A cookie that was put into a browser beforehand is never
taken over, be it made up or another one's session; each way in (link, code, password, registration, a new
password) gives a new token. Signing out, a new password, a forgotten one, suspension, becoming
administrator or moderator, and the button on the account page end what they must end: the old
cookie opens nothing in any worker, asked one by one, nor does a form that was open in a second tab. No
waiting is allowed for: the study's second is not used, since every worker reads the book itself.

Every Set-Cookie has the flags of §5.8; every answer has the head of §5.7, also those that are given
before there is a request: too long, too big, not HTTP, not our name, too often, busy, full.
"""
import email
import os
import re
import signal
import socket
import urllib.parse

from tests.flow import heads, mail
from tests.flow.site import wait_for
from tests.flow.web import Browser

ONCE = True

SESSION, VISIT = "__Host-s", "__Host-p"
WORKERS = 3
PASSWORD, OTHER = "cheval pile agrafe correct", "lampe vélo rideau soupe"


# ---- one worker after the other ----

def each_worker(site, look):
    for index in range(WORKERS):
        with site.only_worker(index):
            look()


def alive(site, cookies, name):
    """In all workers."""
    def look():
        browser = Browser(site)
        browser.cookies = dict(cookies)
        page = browser.get("/account", follow=False)
        assert page.status == 200 and name in page.text, page.status
    each_worker(site, look)


def dead(site, cookies, proof, name):
    """In none: neither page nor form, and the browser is told to forget the cookie."""
    def look():
        browser = Browser(site)
        browser.cookies = dict(cookies)
        page = browser.get("/account", follow=False)
        assert page.status == 303 and page.headers["Location"].startswith("/login"), (name, page.status)
        assert SESSION not in browser.cookies, "the cookie of a session that is over stays"
        browser.cookies = dict(cookies)
        for path in ("/", "/f/voirie/feed"):  # what everybody may keep does not tell a browser to forget
            assert name not in browser.get(path).html
            browser.cookies = dict(cookies)
        before = site.one("SELECT name_shown FROM person WHERE name_shown = ?", name)
        page = browser.post("/account", {"csrf": proof, "name": "Un voleur", "locale": "fr"}, follow=False)
        assert page.status == 403, page.status
        assert site.one("SELECT name_shown FROM person WHERE name_shown = ?", name) == before
    each_worker(site, look)


# ---- people ----

class People:
    def __init__(self, site, sink):
        self.site, self.sink, self.count = site, sink, 0

    def new(self, **more):
        self.count += 1
        self.name, self.address = f"Lise Numéro{self.count}.", f"lise{self.count}@ville.example"
        self.id = self.site.person(self.name, self.address, **more)
        return self

    def sign_in(self):
        browser = Browser(self.site).sign_in(self.site, self.id)
        return browser, proof_of(browser)

    def mailed(self, pattern):
        """What the latest mail says, which is waited for."""
        return wait_for(lambda: next((re.search(pattern, a.text()).group(1) for a in reversed(self.sink.to(self.address))
                                      if re.search(pattern, a.text())), None))


def proof_of(browser):
    return dict(browser.get("/account").form("/logout").fields)["csrf"]


def by_link(people, browser):
    browser.submit(browser.get(people.site.act("session.link", person=people.id)["url"]), "/ok/")


def by_code(people, browser):
    page = browser.submit(browser.get("/login"), "/login", address=people.address)
    browser.submit(page, "/login/code", code=people.mailed(r"\b(\d{4} ?\d{4})\b"))


def by_password(people, browser):
    browser.submit(browser.get("/login"), "/login", address=people.address, password=PASSWORD)


def by_reset(people, browser):
    browser.submit(browser.get("/forgot"), "/forgot", address=people.address)
    browser.submit(browser.get(people.mailed(r"https://[^/\s]+(/ok/\S+)")), "/ok/")


def by_registration(people, browser):
    site, path = people.site, people.site.folder / f"codes-{people.count}"
    roll = site.act("roll.create", name=f"Liste {people.count}")["roll"]
    assert site.run("issue", roll, "1", path).returncode == 0
    people.count += 1
    people.name, people.address = f"Lise Numéro{people.count}.", f"lise{people.count}@ville.example"
    code = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", path.read_text()).group(0)
    browser.submit(browser.get("/register"), "/register", identifier=code, name=people.name, address=people.address)
    browser.submit(browser.get(people.mailed(r"https://[^/\s]+(/ok/\S+)")), "/ok/")


WAYS = (by_link, by_code, by_password, by_reset, by_registration)


# ---- beginning ----

def fixation(site, people):
    """Whatever was in the browser before, the session is another one."""
    thief = People(site, people.sink)
    thief.count = 500
    theirs, _ = thief.new().sign_in()
    for way in WAYS:
        for put in ("A" * 43, theirs.cookies[SESSION]):
            people.new(password=PASSWORD)
            browser = Browser(site)
            browser.cookies = {SESSION: put, VISIT: "B" * 43}
            if put != "A" * 43:  # whoever is signed in is not offered a form: the thief's page was left open before
                browser.cookies = {VISIT: "B" * 43}
            way(people, browser)
            given = browser.cookies.get(SESSION, "")
            assert len(given) == 43 and given not in (put, "B" * 43), (way.__name__, given)
            assert VISIT not in browser.cookies, "what a visitor had outlives signing in"
            assert people.name in browser.get("/account").text, way.__name__
            for old in ("A" * 43, "B" * 43):
                stale = Browser(site)
                stale.cookies = {SESSION: old}
                assert stale.get("/account", follow=False).status == 303, "a cookie of the visitor's choice is a session"
    assert thief.name in theirs.get("/account").text


def over_another(site, people):
    """A browser in which somebody else was signed in: the new one comes in as himself, by a token of his own."""
    theirs, _ = people.new().sign_in()
    name, put = people.name, theirs.cookies[SESSION]
    people.new()
    by_link(people, theirs)
    assert theirs.cookies[SESSION] != put
    page = theirs.get("/account")
    assert people.name in page.text and name not in page.text


# ---- ending ----

def endings(site, people):
    def suspend(browser):
        site.act("person.set", person=people.id, state="suspended")

    def logout(browser):
        page = browser.submit(browser.get("/account"), "/logout", follow=False)
        assert page.status == 303 and page.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'

    def password(browser):
        page = browser.submit(browser.get("/account/password"), "/account/password", password=OTHER, follow=False)
        assert page.status == 303, page.status

    def elsewhere_forgotten(browser):
        by_reset(people, Browser(site))

    def administrator(browser):
        site.act("person.set", person=people.id, administrator=1)

    def moderator(browser):
        site.act("mandate.set", person=people.id, forum="voirie", role="moderator")

    # what is done in the browser at hand; does it go on there; does the other one go on?
    for deed, here, there in ((logout, False, True), (password, True, False), (elsewhere_forgotten, False, False), (suspend, False, False),
                              (administrator, False, False), (moderator, False, False)):
        people.new(password=PASSWORD)
        (browser, proof), (other, others) = people.sign_in(), people.sign_in()
        old = dict(browser.cookies)
        alive(site, old, people.name)
        deed(browser)
        dead(site, old, proof, people.name)
        if here:
            assert browser.cookies[SESSION] != old[SESSION]
            alive(site, browser.cookies, people.name)
        (alive if there else dead)(site, other.cookies, *([] if there else [others]), people.name)


def one_by_button(site, people):
    """One's own, by its row on the account page; another one's number ends nothing."""
    (browser, proof), (other, others) = people.new().sign_in(), people.sign_in()
    number = dict(browser.get("/account").form("/account/session").fields)["number"]
    stranger, theirs = People(site, people.sink), None
    stranger.count = 600
    theirs, strange = stranger.new().sign_in()
    theirs.post("/account/session", {"csrf": strange, "number": number})
    alive(site, other.cookies, people.name)
    browser.post("/account/session", {"csrf": proof, "number": number})
    dead(site, other.cookies, others, people.name)
    alive(site, browser.cookies, people.name)


def second_tab(site, people):
    """A form that stayed open in another tab while one signed in, out, or as somebody else."""
    people.new()
    browser = Browser(site)
    visitors = dict(browser.get("/login").form("/login").fields)["csrf"]
    by_link(people, browser)
    name, account = people.name, browser.get("/account")
    for proof in (visitors, ""):
        page = browser.post("/account", {"csrf": proof, "name": "Autre", "locale": "fr"})
        assert page.status == 403 and name in browser.get("/account").text
    browser.submit(browser.get("/account"), "/logout")
    assert browser.submit(account, "/account", name="Autre").status == 403
    by_link(people.new(), browser)
    assert browser.submit(account, "/account", name="Autre").status == 403, "a form of the one before acts for the next"
    assert site.one("SELECT count(*) FROM person WHERE name_shown = 'Autre'") == 0
    assert browser.submit(browser.get("/account"), "/account", name="Autre").status == 200
    assert site.one("SELECT count(*) FROM person WHERE name_shown = 'Autre'") == 1


# ---- answers that no page gives ----

def raw(site, octets):
    """Status, head and body of what is answered to these octets."""
    with socket.create_connection(site.ports["http"], timeout=20) as wire:
        wire.sendall(octets)
        reader = wire.makefile("rb")
        status = reader.readline().decode()
        assert status.startswith("HTTP/1.1 "), status
        lines = b"".join(iter(reader.readline, b"\r\n"))
        headers = email.message_from_bytes(lines)
        return int(status.split()[1]), headers, reader.read(int(headers["Content-Length"]))


HOST = b"Host: forum.ville.example\r\n"


def refusals(site, watch):
    """{status: octets} of what is refused before a page is made."""
    end = b"Connection: close\r\n\r\n"
    for status, octets in {
            400: b"GET /\x00 HTTP/1.1\r\n" + HOST + end, 413: b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Length: 70000\r\n" + end,
            414: b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n" + HOST + end, 421: b"GET / HTTP/1.1\r\nHost: other.example\r\n" + end,
            431: b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 20000 + b"\r\n" + end, 405: b"DELETE / HTTP/1.1\r\n" + HOST + end,
            404: b"GET /nothing HTTP/1.1\r\n" + HOST + end, 417: b"POST /login HTTP/1.1\r\n" + HOST + b"Expect: gold\r\nContent-Length: 3\r\n" + end,
            501: b"BREW / HTTP/1.1\r\n" + HOST + end}.items():
        found, headers, body = raw(site, octets)
        assert found == status, (status, found)
        watch.look(headers, body, octets[:20], None, found, False, True)


def machines(site):
    browser = Browser(site)
    assert browser.get("/healthz").status == 200 and browser.get("/metrics").status == 200
    assert browser.request("GET", "/metrics", headers={"X-Forwarded-For": "192.0.2.1"}).status == 404
    for path in ("/robots.txt", "/sitemap.xml", "/f/voirie/feed", "/f/voirie/mbox", "/f/voirie/", "/static/0123456789/style.css", "/static/0123456789/nothing.css"):
        browser.get(path)
    assert browser.request("GET", "/login?lang=%zz").status == 400
    assert browser.get("/logout").status == 405


def too_often(site):
    browser = Browser(site)
    page = browser.get("/register")
    proof = dict(page.form("/register").fields)["csrf"]
    for _ in range(6):
        done = browser.post("/register/code", {"csrf": proof, "address": "lise@ville.example", "code": "12345678"})
    assert done.status == 429, done.status


def busy(site, watch):
    """The clerk stands still: as many questions as a worker may have open, and then it says so."""
    browser = Browser(site)
    proof = dict(browser.get("/login").form("/login").fields)["csrf"]
    body = urllib.parse.urlencode({"csrf": proof, "address": "personne@nulle-part.example"}).encode()
    octets = b"POST /login HTTP/1.1\r\n" + HOST + b"Connection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n" + \
        f"Cookie: {VISIT}={browser.cookies[VISIT]}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    clerk, wires = site.pids()["clerk.0"], []
    with site.only_worker(0):
        os.kill(clerk, signal.SIGSTOP)
        try:
            for _ in range(33):
                wires.append(socket.create_connection(site.ports["http"], timeout=20))
                wires[-1].sendall(octets)
            status, headers, answer = raw(site, octets)
        finally:
            os.kill(clerk, signal.SIGCONT)
        assert status == 503, status
        watch.look(headers, answer, "busy", "/login", status, False, True)
        for wire in wires:
            while wire.recv(65536):
                pass
            wire.close()


def full(stage):
    """More connections than one address may have: told so, with the same head."""
    site = stage.site(mail_trust="results", web_workers=1, site_url="https://forum.ville.example")
    site.settings["http.address_connections"] = "2"
    with site, heads.watched(secure=True) as watch:
        held = [socket.create_connection(site.ports["http"], timeout=20) for _ in range(2)]
        for wire in held:
            wire.sendall(b"GET / HTTP/1.1\r\n")  # not the whole
        found = {}
        for _ in range(3):
            with socket.create_connection(site.ports["http"], timeout=20) as wire:
                octets = b"".join(iter(lambda wire=wire: wire.recv(65536), b""))
            line, _, rest = octets.partition(b"\r\n")
            found[int(line.split()[1])] = email.message_from_bytes(rest)
        assert list(found) == [503], found
        watch.look(found[503], b"", "full", None, 503, False, True)
        for wire in held:
            wire.close()


def run(stage):
    settings = {"web_workers": WORKERS, "site_url": "https://forum.ville.example", "limit_posts": 0}
    with mail.Sink() as sink, stage.site(relay=sink.url, **settings) as site, heads.watched(secure=True) as watch:
        people = People(site, sink)
        site.act("forum.create", slug="voirie", name="Voirie")
        fixation(site, people)
        over_another(site, people)
        endings(site, people)
        one_by_button(site, people)
        second_tab(site, people)
        refusals(site, watch)
        machines(site)
        too_often(site)
        busy(site, watch)
        assert {200, 303, 400, 403, 404, 405, 413, 414, 417, 421, 429, 431, 501, 503} <= watch.statuses, watch.statuses
        assert watch.cookies > 50, watch.cookies
        assert site.log_text().count(" down=") == 0, "a process died"
        print(f"  {watch.count} heads, {watch.cookies} cookies")
    full(stage)
