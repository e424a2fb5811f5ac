# SPDX-License-Identifier: AGPL-3.0-or-later
"""What stands in the head of every answer of the web door: the exact fields, and the flags of cookies.

`watched(secure)` looks at each answer that a Browser gets meanwhile, whatever it was asked for:

    with heads.watched(secure=False) as watch:
        ...
    assert {200, 303, 404} <= watch.statuses
"""
import contextlib
import re

from tests.flow.web import Browser

# Reliability study §5.7; DESIGN §6 wants Strict-Transport-Security where the address of the site is https.
PAGE = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
        "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'; "
        "require-trusted-types-for 'script'")
FILE = "default-src 'none'; sandbox"
ALWAYS = {
    "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"}
SECURE = "max-age=63072000; includeSubDomains"
PRIVATE, PUBLIC, FOR_EVER = "private, no-store", "public, max-age=60", "public, max-age=31536000, immutable"
MORE = {"Date", "Content-Length", "Transfer-Encoding", "Content-Type", "ETag", "Connection", "Set-Cookie", "Location", "Vary", "Allow",
        "Retry-After", "Clear-Site-Data", "Content-Disposition", "Cache-Control", "Content-Security-Policy", "Referrer-Policy",
        "Strict-Transport-Security"}
COOKIE = {  # https or not: __Host- is refused by browsers where the page is not secure
    True: re.compile(r"__Host-[sp]=[A-Za-z0-9_-]{0,43}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=\d+"),
    False: re.compile(r"[sp]=[A-Za-z0-9_-]{0,43}; Path=/; HttpOnly; SameSite=Lax; Max-Age=\d+")}


def want(path, status, signed, secure):
    """{field: value, or the values it may have} of an answer; path None: no request that was understood."""
    path = (path or "").split("?")[0]
    good = status in (200, 304)
    file, static = good and (path.startswith("/a/") or path.endswith("/mbox")), good and path.startswith(("/static/", "/accent/"))
    fields = dict(ALWAYS)
    fields["Content-Security-Policy"] = FILE if file else PAGE
    fields["Referrer-Policy"] = "no-referrer" if re.match(r"/(ok|u)/[A-Za-z0-9_-]{8,64}$", path) else "same-origin"
    fields["Strict-Transport-Security"] = SECURE if secure else None
    fields["Cache-Control"] = FOR_EVER if static else PRIVATE if signed or not (good or status == 301) else (PRIVATE, PUBLIC)
    if status == 405:  # said by the reader of HTTP, to whom no address is known: a line of text, without a link
        fields["Referrer-Policy"] = ("same-origin", "no-referrer")
    return fields


def faults_of(headers, body, path, status, signed, secure):
    """What is not as it must be; []."""
    faults, names = [], headers.keys()
    for name, value in want(path, status, signed, secure).items():
        given = headers.get_all(name)
        if given != (None if value is None else [value]) and not (isinstance(value, tuple) and given and given[0] in value and len(given) == 1):
            faults.append(f"{name}: {given}, not {value}")
    faults += [f"{name} is there" for name in names if name not in MORE and name not in ALWAYS]
    faults += [f"{name} twice" for name in set(names) if name != "Set-Cookie" and len(headers.get_all(name)) != 1]
    faults += [f"cookie {line}" for line in headers.get_all("Set-Cookie") or [] if not COOKIE[secure].fullmatch(line)]
    kind = headers.get("Content-Type")
    if body and (kind is None or (kind.startswith("text/") and not kind.endswith("; charset=utf-8"))):
        faults.append(f"Content-Type: {kind}")
    if headers.get("Cache-Control") == PUBLIC and status == 200 and not headers.get("ETag"):
        faults.append("public, and no ETag")
    if headers.get("Cache-Control", "").startswith("public"):
        if headers.get("Set-Cookie"):
            faults.append("kept by all, and sets a cookie")
        if headers.get("Cache-Control") == PUBLIC and "Cookie" not in (headers.get("Vary") or ""):
            faults.append("kept by all, and does not vary by cookie")
    if status in (429, 503) and not (headers.get("Retry-After") or "").isdigit():
        faults.append("no Retry-After")
    if status == 405 and not headers.get("Allow"):
        faults.append("no Allow")
    return faults


class Watch:
    def __init__(self):
        self.count, self.faults, self.statuses, self.cookies = 0, [], set(), 0

    def look(self, headers, body, what, path, status, signed, secure):
        self.count += 1
        self.statuses.add(status)
        self.cookies += len(headers.get_all("Set-Cookie") or [])
        self.faults += [f"{status} {what}: {fault}" for fault in faults_of(headers, body, path, status, signed, secure)]


def is_signed(cookies, answer):
    """Did whoever asked say who they are? A session that is over is none, and is told so."""
    dropped = any("Max-Age=0" in line and line.partition("=")[0].endswith("s") for line in answer.get_all("Set-Cookie") or [])
    return any(name in ("s", "__Host-s") for name in cookies) and not dropped


@contextlib.contextmanager
def watched(secure):
    watch, kept = Watch(), Browser.request

    def request(self, method, path, body=None, headers=None, cookies=True):
        sent = dict(self.cookies) if cookies else {}
        page = kept(self, method, path, body, headers, cookies)
        where = re.sub(r"^https?://[^/]*", "", path).split("#")[0]
        watch.look(page.headers, page.body, f"{method} {where}", where, page.status, is_signed(sent, page.headers), secure)
        return page

    Browser.request = request
    try:
        yield watch
        assert not watch.faults, f"{len(watch.faults)} of {watch.count} answers:\n" + "\n".join(watch.faults[:20])
    finally:
        Browser.request = kept
