# SPDX-License-Identifier: AGPL-3.0-or-later
"""What must be known to nobody stands nowhere.

A word that occurs nowhere else is put into everything that people and machines send: passwords, identifiers,
links and codes of mails, cookies, proofs of forms, tokens in paths and questions, names, addresses, what is
searched for, bodies and heads of posts and mails, words of SMTP and of HTTP that are none, by all doors,
taken and refused, while processes die of it. The log of all processes is as talkative as it can be,
and holds none of them; no address of a person, no name and no subject either.

In the book, the data folder and a backup, octet for octet, stands no password, identifier, session, link,
code or proof, used or not: hashes alone (study §5.10). The keys of the house are in their file and nowhere else:
not in the log, the book, a command line or an environment. No process may leave a core file, and none that dies of a signal does.

Erasure is not built; its half of the test waits for it.
"""
import base64
import os
import pathlib
import re
import secrets
import signal
import smtplib
import socket
import urllib.parse

from tests.flow import mail
from tests.flow.site import DOMAIN, Refused, wait_for
from tests.flow.story_smtp_in import Wire
from tests.flow.web import Browser, multipart

FORUM = f"voirie@{DOMAIN}"


class Canaries:
    """Words by kind. `kept`: what may lie in the book as it is (texts, addresses); of the rest nothing."""

    def __init__(self):
        self.words, self.kept = {}, set()

    def add(self, kind, word, kept=False):
        assert len(word) >= 8, (kind, word)
        self.words[word] = kind
        if kept:
            self.kept.add(word)
        return word

    def new(self, kind, kept=False):
        return self.add(kind, "kz" + secrets.token_hex(8), kept)

    def found_in(self, octets, also_kept=True):
        """Kinds of what stands there, however it is written."""
        flat = octets.lower()
        return sorted({kind for word, kind in self.words.items() if also_kept or word not in self.kept
                       for form in self.forms(word) if form in flat})

    @staticmethod
    def forms(word):
        octets = word.encode()
        bare = word.replace("-", "").encode()
        return {form.lower() for form in (octets, bare, urllib.parse.quote(word).encode(), octets.hex().encode(),
                                          base64.b64encode(octets).rstrip(b"="), base64.urlsafe_b64encode(octets).rstrip(b"="))}


# ---- the web ----

def proofs(canaries, page):
    """What a page of ours gives out: it is secret too."""
    for form in page.forms:
        for name, value in form.fields:
            if name in ("csrf", "key") and value:
                canaries.add("proof", value)
    return page


def cookies(canaries, browser):
    for value in browser.cookies.values():
        canaries.add("cookie", value)
    return browser


def sign_in(site, canaries, person):
    url = site.act("session.link", person=person)["url"]
    canaries.add("link", url.rsplit("/", 1)[1])
    browser = Browser(site)
    browser.submit(proofs(canaries, browser.get(url)), "/ok/")
    return cookies(canaries, browser)


def passwords(site, sink, canaries):
    """Taken, refused, forgotten."""
    first, second = (f"lampe rideau {canaries.new('password')}" for _ in range(2))
    lise = site.person("Lise " + canaries.new("name", kept=True), canaries.new("address", kept=True) + "@ville.example", password=first)
    address = site.one("SELECT address FROM address WHERE person = ?", lise)
    for typed in (canaries.new("password"), first):
        browser = cookies(canaries, Browser(site))
        browser.submit(proofs(canaries, browser.get("/login")), "/login", address=address, password=typed)
        cookies(canaries, browser)
    page = proofs(canaries, browser.get("/account/password"))
    for typed in (canaries.new("password")[:11], "é" * 600 + canaries.new("password"), second):  # too short, too long, good
        browser.submit(page, "/account/password", password=typed)
    cookies(canaries, browser)
    browser = Browser(site)
    browser.submit(browser.get("/forgot"), "/forgot", address=address)
    link = wait_for(lambda: next((m.group(1) for a in sink.to(address) for m in [re.search(r"(/ok/\S+)", a.text())] if m), None))
    canaries.add("link", link[4:])
    for method in ("GET", "HEAD", "PUT"):
        browser.request(method, link)
    browser.request("GET", link + "?" + canaries.new("query"))
    browser.submit(browser.get(link), "/ok/")
    assert browser.get(link, follow=False).status == 404
    cookies(canaries, browser)
    return lise, address


def identifiers(site, sink, canaries):
    path = site.folder / "sheet"
    roll = site.act("roll.create", name="Habitants")["roll"]
    assert site.run("issue", roll, "4", path).returncode == 0
    codes = [canaries.add("identifier", code) for code in re.findall(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", path.read_text())]
    path.unlink()
    browser, name = Browser(site), canaries.new("name", kept=True)
    address = canaries.new("address", kept=True) + "@ville.example"
    page = proofs(canaries, browser.get("/register"))
    wrong = ("1" if codes[0][0] != "1" else "2") + codes[0][1:]
    for typed in (wrong, codes[0] + "A", f"{codes[1]}\0{codes[2]}", codes[0].lower().replace("-", " ")):
        page = browser.submit(page, "/register", identifier=typed, name=name, address=address)
    text = wait_for(lambda: sink.to(address))[-1].text()
    canaries.add("link", re.search(r"/ok/(\S+)", text).group(1))
    code = canaries.add("code", re.search(r"\b(\d{8})\b", text).group(1))
    for typed in ("12345678", code):
        page = browser.submit(page, "/register/code", address=address, code=typed)
    assert name in browser.get("/account").text
    cookies(canaries, browser)
    browser.get(f"/register?identifier={codes[3]}&next=/{canaries.new('query')}")


def links(site, sink, canaries, lise, address):
    """Asked for, looked at, pressed, too late, and by the code."""
    site.act("person.set", person=lise, locale="fr")
    browser = Browser(site)
    page = browser.submit(browser.get("/login"), "/login", address=address)
    text = wait_for(lambda: [a for a in sink.to(address) if re.search(r"\b\d{8}\b", a.text())])[-1].text()
    canaries.add("link", re.search(r"/ok/(\S+)", text).group(1))
    code = canaries.add("code", re.search(r"\b(\d{8})\b", text).group(1))
    browser.submit(page, "/login/code", address=address, code=code)
    cookies(canaries, browser)
    waits = canaries.add("link", site.act("session.link", person=lise)["url"].rsplit("/", 1)[1])  # never used
    assert browser.get(f"/ok/{waits}").status == 200
    return browser


def requests(site, canaries, browser):
    """Found or not, sound or not: whatever is asked for says a word."""
    new = canaries.new
    for path in (f"/{new('path')}", f"/ok/{new('token')}aaaaaaaa", f"/u/{new('token')}aaaaaaaa", f"/a/{new('token')}aaaaaaaa/{new('path')}", f"/m/{new('path')}@x",
                 f"/f/{new('path')}", f"/t/1-{new('path')}", f"/search?q={new('search')}", f"/search?q=%zz{new('search')}", f"/login?next=/{new('query')}",
                 f"/?{new('query')}=%ff", f"/static/{new('path')}/x", f"/healthz?{new('query')}", f"/metrics?token={new('token')}"):
        for method in ("GET", "HEAD", "POST", "DELETE"):
            page = browser.request(method, path, headers={
                "Referer": f"https://{new('field')}/", "User-Agent": new("field"), "X-Forwarded-For": new("field"), "Authorization": f"Bearer {new('field')}"})
            assert page.status < 500, (method, path, page.status)
    proof = dict(browser.get("/account").form("/logout").fields)["csrf"]
    for fields in ({"csrf": new("proof")}, {"csrf": proof, new("field"): new("field")}, {"csrf": proof, "subject": new("subject", kept=True), "text": new("body", kept=True), "send": "1"},
                   {"csrf": proof, "subject": "", "text": new("body"), "send": "1"}, {"csrf": proof, "text": new("body"), "preview": "1"},
                   {"csrf": proof, "subject": new("subject"), "text": "é" * 70000 + new("body"), "send": "1"}):
        browser.post("/f/voirie/new", fields)
        browser.request("POST", "/f/voirie/new", urllib.parse.urlencode(fields), {"Content-Type": f"text/{new('field')}"})
        body, kind = multipart(list(fields.items()), [("file", new("file", kept=True), "text/plain", new("body", kept=True).encode())])
        browser.request("POST", "/f/voirie/new", body, {"Content-Type": kind})
        browser.request("POST", "/f/voirie/new", body, {"Content-Type": f"multipart/form-data; boundary={new('field')}"})
    for octets in (f"GET /{new('path')} HTTP/9.9\r\n\r\n", f"{new('field')} / HTTP/1.1\r\n\r\n", f"GET / HTTP/1.1\r\nHost: {new('field')}\r\n\r\n",
                   f"GET / HTTP/1.1\r\nHost: forum.ville.example\r\nCookie: s={new('cookie')}; {new('cookie')}\r\nX{new('field')} : x\r\n\r\n",
                   f"POST /login HTTP/1.1\r\nHost: forum.ville.example\r\nContent-Length: 5{new('field')}\r\n\r\n", f"\x16\x03\x01{new('field')}\r\n\r\n",
                   "GET /" + new("path") + "a" * 5000, f"POST /login HTTP/1.1\r\nHost: forum.ville.example\r\nContent-Length: 900\r\n\r\n{new('body')}"):
        with socket.create_connection(site.ports["http"], timeout=20) as wire:
            wire.sendall(octets.encode("latin-1"))
            wire.shutdown(socket.SHUT_WR)
            while wire.recv(65536):
                pass


# ---- mail ----

def letters(site, sink, canaries, address):
    """To all kinds of addresses, by members, strangers and machines."""
    new = canaries.new
    site.act("subscription.set", forum="voirie", address=address, mode="each")
    mail.send(site.ports["smtp"], address, [FORUM], mail.write(f"{new('name', kept=True)} <{address}>", FORUM, new("subject", kept=True), new("body", kept=True) + "\n"))
    site.wait_inbox()
    copy = wait_for(lambda: [a for a in sink.to(address) if a.mail["List-Id"]])[-1]
    reply, author = (copy.mail[name].addresses[0].addr_spec for name in ("Reply-To", "From"))
    leave = re.search(r"/u/([^>]+)>", str(copy.mail["List-Unsubscribe"])).group(1)
    for kind, word in (("reply", reply.split("+r.")[1]), ("author", author[2:]), ("bounce", copy.sender[2:]), ("leave", leave)):
        canaries.add(f"{kind} token", word.split("@")[0], kept=True)  # what comes to them is kept as it came
    for sender in (address, new("address", kept=True) + "@ailleurs.example"):
        for to in (FORUM, reply, author, copy.sender, f"voirie+u.{leave}@{DOMAIN}", f"voirie+m.{new('token', kept=True)}aaaaaaaa@{DOMAIN}", f"ok.{new('token', kept=True)}aaaaaaaa@{DOMAIN}",
                   f"b.{new('token', kept=True)}aaaaaaaa@{DOMAIN}", f"{new('address', kept=True)}@{DOMAIN}", f"voirie+abonner@{DOMAIN}", f"postmaster@{DOMAIN}",
                   f"{new('address', kept=True)}@{new('address', kept=True)}.example"):
            letter = mail.write(f"\"{new('name', kept=True)}\" <{sender}>", to, new("subject", kept=True), new("body", kept=True) + "\n",
                                X_Field=new("field", kept=True), In_Reply_To=f"<{new('field', kept=True)}@x>", Authentication_Results=f"{new('field', kept=True)}; spf=fail")
            try:
                mail.send(site.ports["smtp"], sender, [to], letter)
            except smtplib.SMTPException:
                pass
    broken = f"From: {new('address', kept=True)}@@x\r\nSubject: =?x?Q?{new('subject', kept=True)}?=\r\nContent-Type: multipart/mixed; boundary=\"{new('field', kept=True)}\"\r\n\r\n{new('body', kept=True)}\r\n"
    mail.send(site.ports["smtp"], address, [FORUM], broken.encode())
    site.wait_inbox()
    browser = Browser(site)
    browser.submit(browser.get(f"/u/{leave}"), "/u/")


def dialogues(site, canaries):
    new = canaries.new
    plain = base64.b64encode(f"\0{new('address')}\0{new('password')}".encode()).decode()
    for lines in (f"EHLO {new('field')}", f"{new('field')} x", f"AUTH PLAIN {canaries.add('password', plain)}", f"VRFY {new('address')}", f"MAIL FROM:<{new('address')}>",
                  f"MAIL FROM:<{new('address')}@x.example> {new('field').upper()}=1", f"EHLO x\r\nMAIL FROM:<{new('address')}@x.example>\r\nRCPT TO:<{new('address')}@{DOMAIN}>",
                  f"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<{FORUM}>\r\nDATA\r\nSubject: {new('subject')}\r\n\r\n{new('body')}\nbare\r\n.", "X" * 3000 + new("field")):
        wire = Wire(site.ports["smtp"])
        wire.say(lines.encode() + b"\r\nQUIT\r\n")
        wire.socket.shutdown(socket.SHUT_WR)
        while wire.file.readline(1000):
            pass
        wire.close()


def refused_mail(site, sink, canaries, lise):
    """What the relay is told may hold whatever its target says."""
    address, word = site.one("SELECT address FROM address WHERE person = ?", lise), canaries.new("answer", kept=True)
    sink.refuse[address] = f"550 5.1.1 {word} <{address}> is unknown"
    browser = Browser(site)
    browser.submit(browser.get("/forgot"), "/forgot", address=address)
    wait_for(lambda: site.one("SELECT count(*) FROM outbox WHERE state = 'failed' AND answer LIKE ?", f"%{word}%"))


# ---- the console, and deaths ----

def console(site, canaries):
    new = canaries.new
    for words in (("person.create", {"name": new("name"), "address": "x"}), ("person.create", {new("field"): new("field")}), (new("field"), {}),
                  ("post.add", {"forum": new("path"), "source": new("body"), "subject": new("subject")}), ("session.open", {"token": new("token")}),
                  ("session.open", {"address": new("address") + "@x.example", "password": new("password")}), ("session.link", {"address": new("address") + "@x.example"})):
        try:
            site.act(words[0], **words[1])
        except Refused:
            continue
        raise AssertionError(f"{words} was done")
    for verb in ("show", "replay"):
        site.run(verb, "person" if verb == "show" else "inbox", new("address"))


def core_off(site):
    everybody = dict(site.pids(), serve=site.process.pid)
    for name, pid in everybody.items():
        limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
        assert re.search(r"^Max core file size +0 +0 ", limits, re.M), f"{name} may leave a core file"
    return everybody


def die(site):
    """Each role of them by a signal that leaves a core, where one may be left; all come back."""
    before = {name: pid for name, pid in site.pids().items()}
    for pid in before.values():
        os.kill(pid, signal.SIGABRT)
    wait_for(lambda: set(site.pids()) == set(before) and not set(site.pids().values()) & set(before.values()), 60)
    left = [path for path in site.folder.rglob("*") if re.fullmatch(r"(vg)?core(\..*)?", path.name)]
    assert not left, left


# ---- looking ----

def files(folder, but=()):
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and not any(path == other or other in path.parents for other in but):
            yield path, path.read_bytes()


def keys_of(site):
    found = set()
    for line in (site.data / "keys").read_text().splitlines():
        found.add(line.split()[1])
    assert len(found) >= 3 and all(len(key) >= 32 for key in found), "the keys file is another one now"
    return found


def has_key(octets, keys):
    return any(form in octets for key in keys for form in (key.encode(), key.upper().encode(), bytes.fromhex(key), base64.b64encode(bytes.fromhex(key))))


def look_everywhere(site, canaries, backup, everybody):
    keys, count = keys_of(site), 0
    for word, kind in canaries.words.items():  # the look is not blind, however a word is written
        assert kind in canaries.found_in(b"said=" + word.upper().encode()) and kind in canaries.found_in(base64.b64encode(word.encode())), word
    for path, octets in files(site.folder, but=(site.data, backup)):
        found = canaries.found_in(octets)
        assert not found, f"{path.name} says: {found}: {where(octets, canaries)}"
        assert not has_key(octets, keys), f"{path.name} says a key"
        count += 1
    for folder in (site.data, backup):
        assert canaries.found_in((folder / "preau.db").read_bytes() + wal(folder)), "the look is blind: texts are in the book"
        for path, octets in files(folder):
            found = canaries.found_in(octets, also_kept=False)
            assert not found, f"{path} holds: {found}"
            assert path.name == "keys" or not has_key(octets, keys), f"{path} holds a key"
            count += 1
    for name, pid in everybody.items():
        for part in ("cmdline", "environ"):
            try:
                octets = pathlib.Path(f"/proc/{pid}/{part}").read_bytes()
            except PermissionError:
                continue  # to us as well as to anybody else
            assert not canaries.found_in(octets) and not has_key(octets, keys), f"{part} of {name}"
    return count


def wal(folder):
    path = folder / "preau.db-wal"
    return path.read_bytes() if path.exists() else b""


def where(octets, canaries):
    for line in octets.splitlines():
        if canaries.found_in(line):
            return line[:300]
    return b""


def run(stage):
    canaries = Canaries()
    with mail.Sink() as sink, stage.site(relay=sink.url, log_level="debug", http_proxy="127.0.0.1", limit_posts=0) as site:
        site.act("forum.create", slug="voirie", name="Voirie")
        site.person("Modératrice", "moderatrice@ville.example", administrator=1)
        everybody = core_off(site)
        lise, address = passwords(site, sink, canaries)
        identifiers(site, sink, canaries)
        browser = links(site, sink, canaries, lise, address)
        requests(site, canaries, browser)
        letters(site, sink, canaries, address)
        dialogues(site, canaries)
        console(site, canaries)
        refused_mail(site, sink, canaries, lise)
        moderators = [a for a in sink.to("moderatrice@ville.example") if "+m." in str(a.mail["Reply-To"])]
        assert moderators, "nothing waits for the moderator"
        for arrival in moderators:
            canaries.add("moderation token", re.search(r"\+m\.([^@]+)@", str(arrival.mail["Reply-To"])).group(1))
        die(site)
        everybody |= core_off(site)
        backup = site.folder / "backup"
        done = site.run("backup", backup)
        assert done.returncode == 0, done
        assert b"debug" in site.log.read_bytes() and b"web request=" in site.log.read_bytes()
        count = look_everywhere(site, canaries, backup, core_off(site))
        print(f"  {len(canaries.words)} words of {len(set(canaries.words.values()))} kinds, {count} files")
