# SPDX-License-Identifier: AGPL-3.0-or-later
"""A form is taken from whom it was given to, from our own page, and not otherwise.

Every address that takes a form (the list is the program's own) is tried with a form that would be
taken, by somebody who may: without its proof, with a wrong one, with that of another session of the same
person, of another person, of a visitor; from another origin, as the browser names it or is silent
about it; by other methods; as text and as JSON. Each is refused, no row of any table of the
book is another one afterwards, and nobody is signed in by it. Then the very same form is sent as it
must be, and is taken: so each refusal was one of something that would have been done.

The house has one proof for all forms of a session (DESIGN §4), none by class of address. Where neither
Origin nor Sec-Fetch-Site is sent, the proof alone decides: browsers that are as old as that send
nothing else. On pages whose address is a secret (/ok/) "null" is what browsers say of our own page, since
it sends no referrer; then Sec-Fetch-Site must not disagree. /u/ is one click for mail services (RFC 8058):
its address is the right, no cookie is read, and it is taken from anywhere, but by POST only.

All that is answered meanwhile, to all of this and to each address that is read, as a visitor, a member and
an administrator, has the exact head that it must have.
"""
import json
import re
import urllib.parse

from tests.flow import cast, heads, mail
from tests.flow.cast import ROLES
from tests.flow.site import wait_for
from tests.flow.story_matrix import FORMS, elsewhere, path_of, read_table
from tests.flow.story_reading import paths
from tests.flow.web import Browser

ONCE = True

OPEN = {"/u/:token"}  # taken from anywhere
TOKEN = {"/ok/:token"}  # "null" is our own page
FORM = "application/x-www-form-urlencoded"
OUTSIDE = {"unconfirmed", "suspended", "thief"}  # neither a visitor nor anybody who may


class Whole:
    """Every table, every column; what was committed meanwhile is asked of SQLite."""

    def __init__(self, site):
        self.book = cast.Book(site)
        every = [name for (name,) in self.book.db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")]
        self.tables = [name for name in every if not name.startswith("search") and name != "job"]  # the clerk's own diary
        self.version = self.rows = None

    def look(self):
        version = self.book.db.execute("PRAGMA data_version").fetchone()[0]
        if version != self.version:
            self.version = version
            self.rows = {name: set(self.book.db.execute(f"SELECT * FROM {name}")) for name in self.tables}
        return self.rows


def settle(c):
    wait_for(lambda: not c.site.one("SELECT count(*) FROM inbox WHERE state = 'new'") and
             not c.site.one("SELECT count(*) FROM outbox WHERE state = 'due'"), pause=0.005)


def visitor(c):
    browser = Browser(c.site)
    return browser, dict(browser.get("/login").form("/login").fields)["csrf"]


class Deed:
    """A form that would be taken: whose, where to, what it says."""

    def __init__(self, c, row, role):
        self.pattern, (thing, _, word) = row["what"].removeprefix("POST "), row["object"].partition(":")
        self.browser, self.proof = visitor(c) if role == "anonymous" else c.signed(role)
        self.fields = FORMS[self.pattern](c, thing, word, role)
        self.path = path_of(c, self.pattern, thing, role)
        self.cookies = dict(self.browser.cookies)

    def form(self, **more):
        return {key: value for key, value in {"csrf": self.proof, **self.fields, **more}.items() if value is not None}

    def send(self, c, fields=None, method="POST", body=None, kind=FORM, path=None, cookies=None, **headers):
        """As a browser, but for what is said otherwise; None takes a field or a cookie away."""
        headers = {"Content-Type": kind, **elsewhere(c), **{name.replace("_", "-"): value for name, value in headers.items()}}
        body = urllib.parse.urlencode(self.form() if fields is None else fields) if body is None else body
        self.browser.cookies = dict(self.cookies if cookies is None else cookies)
        return self.browser.request(method, path or self.path, body, headers)


def deed_of(c, rows, route):
    """By the first who may, as the matrix has it."""
    for row in rows:
        for role in ROLES:
            if row["what"] == route and row[role] == "done" and role not in OUTSIDE:
                return Deed(c, row, role)
    raise AssertionError(f"{route}: nobody may, by matrix.tsv")


def others(c, deed):
    """Proofs that are not of this session."""
    proof = deed.proof
    secret = next(iter(deed.cookies.values()))
    found = {"no proof": None, "an empty one": "", "one of nothing": "A" * 43, "the cookie": secret, "one letter off": ("A" if proof[0] != "A" else "B") + proof[1:],
             "one letter less": proof[:-1], "one letter more": proof + "A", "case turned": proof.swapcase(), "a visitor's": visitor(c)[1]}
    for role in ("member", "administrator"):
        found[f"another session's ({role})"] = c.signed(role)[1]
    return found


def by_proof(c, deed):
    for name, proof in others(c, deed).items():
        yield name, {403}, lambda proof=proof: deed.send(c, deed.form(csrf=proof))
    yield "proof in the address", {403}, lambda: deed.send(c, deed.form(csrf=None), path=f"{deed.path}?csrf={deed.proof}")
    yield "no cookie", {403}, lambda: deed.send(c, cookies={})
    # a session's secret in the place of a visitor's proves a form of nobody's: signing out nobody is done at once
    yield "a cookie of another kind", {403, 303}, lambda: deed.send(c, cookies={name[:-1] + ("p" if name.endswith("s") else "s"): value for name, value in deed.cookies.items()})
    yield "somebody else's cookie", {403}, lambda: deed.send(c, cookies=visitor(c)[0].cookies)


def by_origin(c, deed):
    ours = deed.browser.origin
    host = ours.split("//")[1]
    foreign = ["https://evil.example", f"https://{host}", f"{ours}:8080", f"{ours}.evil.example", f"http://x.{host}", f"http://evil.example/{host}",
               f"http://{host}@evil.example", f"{ours}/", f"{ours} https://evil.example", "", "file://", "NULL"]
    for origin in foreign:
        yield f"Origin {origin!r}", {403}, lambda origin=origin: deed.send(c, Origin=origin)
    if deed.pattern not in TOKEN:
        yield "Origin null", {403}, lambda: deed.send(c, Origin="null")
        yield "Origin null, same-origin", {403}, lambda: deed.send(c, Origin="null", Sec_Fetch_Site="same-origin")
    for site in ("cross-site", "same-site", "none", "", "Same-Origin, cross-site"):
        for origin in (None, ours, "null"):
            yield f"Sec-Fetch-Site {site!r}, Origin {origin}", {403}, lambda site=site, origin=origin: deed.send(c, Origin=origin, Sec_Fetch_Site=site)


def by_method(c, deed):
    query = urllib.parse.urlencode(deed.form())
    reads = {200, 303, 403, 404, 405}
    for method in ("GET", "HEAD"):
        yield method, reads, lambda method=method: deed.send(c, method=method, path=f"{deed.path}?{query}", body="", kind=None)
    yield "GET that says POST", reads, lambda: deed.send(c, method="GET", path=f"{deed.path}?_method=POST&{query}", body="", kind=None,
                                                         X_HTTP_Method_Override="POST", X_Method_Override="POST")
    yield "GET with a body", reads | {400}, lambda: deed.send(c, method="GET")
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        yield method, {405, 501}, lambda method=method: deed.send(c, method=method)


def by_type(c, deed):
    """What another site's form or script may send without asking first, and what it may not."""
    plain = urllib.parse.urlencode(deed.form())
    lines = "".join(f"{name}={value}\r\n" for name, value in deed.form().items())
    text = json.dumps({name: str(value) for name, value in deed.form().items()})
    for name, kind, body in (("text/plain", "text/plain", plain), ("text/plain in lines", "text/plain", lines), ("JSON", "application/json", text),
                             ("JSON as text", "text/plain;charset=UTF-8", text), ("no type", None, plain), ("empty type", "", plain),
                             ("a type like it", FORM + "x", plain), ("two types", f"text/plain, {FORM}", plain),
                             ("multipart without boundary", "multipart/form-data", plain), ("XML", "text/xml", f"<csrf>{deed.proof}</csrf>")):
        yield name, {400}, lambda kind=kind, body=body: deed.send(c, body=body, kind=kind)


def attempts(c, deed):
    if deed.pattern not in OPEN:
        yield from by_proof(c, deed)
        yield from by_origin(c, deed)
    yield from by_method(c, deed)
    yield from by_type(c, deed)


def taken(c, deed, whole):
    """The same form, as it must be, or from anywhere where that is right; and it is done."""
    before = whole.look()
    if deed.pattern in OPEN:
        page = deed.send(c, {"List-Unsubscribe": "One-Click"}, cookies={}, Origin="https://mail.example", Sec_Fetch_Site="cross-site")
    elif deed.pattern in TOKEN:
        page = deed.send(c, Origin="null", Sec_Fetch_Site="same-origin")
    else:
        page = deed.send(c, Sec_Fetch_Site="same-origin")
    assert page.status < 400 and whole.look() != before, f"{deed.path}: {page.status}, what is tried would not be done anyway"


def try_route(c, whole, rows, route):
    """How many attempts were refused."""
    deed, count = deed_of(c, rows, route), 0
    todo = list(attempts(c, deed))  # the sessions that they take are made before we look
    settle(c)
    before = whole.look()
    for name, statuses, send in todo:
        page = send()
        assert page.status in statuses, f"{route}, {name}: {page.status}"
        assert whole.look() is before or whole.look() == before, \
            f"{route}, {name}: {page.status}, and changed {[table for table in before if before[table] != whole.look()[table]]}"
        gone = {key: value for key, value in deed.browser.cookies.items() if key == "s" and value != deed.cookies.get("s")}
        assert not gone, f"{route}, {name}: signed in"
        count += 1
    taken(c, deed, whole)
    return count


def read_all(c, routes):
    """Each address that is read, of each kind of thing: for the heads alone."""
    wanted = paths(c, routes)
    for role in ("anonymous", "member", "administrator"):
        for path in wanted:
            for method in ("GET", "HEAD"):
                page = c.ask(role, method, path)
            if page.headers.get("ETag"):
                assert c.browsers[role].request("GET", path, headers={"If-None-Match": page.headers["ETag"]}).status == 304, path
    return len(wanted)


def run(stage):
    rows = read_table()
    with mail.Sink() as sink, stage.site(relay=sink.url, http_proxy="127.0.0.1", site_accent="1f4e79", **cast.SETTINGS) as site, \
            heads.watched(secure=False) as watch:
        c = cast.Cast(site, sink)
        routes = site.run("show", "routes").stdout.splitlines()
        posts = [route for route in routes if route.startswith("POST ")]
        assert len(posts) > 20 and {f"POST {pattern}" for pattern in OPEN | TOKEN} <= set(posts), posts
        whole, count = Whole(site), 0
        for route in posts:
            count += try_route(c, whole, rows, route)
        read = read_all(c, [re.sub("^GET ", "", route) for route in routes if route.startswith("GET ")])
        assert {200, 303, 304, 400, 403, 404, 405} <= watch.statuses, watch.statuses
        assert site.log_text().count(" down=") == 0, "a process died"
        print(f"  {count} forms to {len(posts)} addresses refused; {watch.count} heads, {read} addresses read")
