# SPDX-License-Identifier: AGPL-3.0-or-later
"""Clients that keep accounts of what they were told.

Every letter carries a nonce. Before its octets leave, "sent" is in the journal; when the
250 or the redirect came, "acked" is, on the disk, before the client believes it. A mail client
tries again as an MTA does, the same octets under the same Message-ID; a person on the web sends
the same form again. What a client was never told is written down too: it may be there or not.
"""
import email.policy
import email.utils
import http.client
import json
import os
import queue
import smtplib
import sqlite3
import threading
import time
import traceback
import urllib.parse
from email.message import EmailMessage

from tests.flow.site import DOMAIN, Refused
from tests.flow.web import Browser, multipart

TRIES_MOST = 400
EX_TEMPFAIL = 75
CLIENT_WAIT = 40  # seconds for any reply


class Journal:
    """One JSON object a line, on the disk when write() returns."""

    def __init__(self, path):
        self.path, self.lock = path, threading.Lock()
        self.file = open(path, "w", encoding="utf-8")

    def write(self, **what):
        with self.lock:
            self.file.write(json.dumps(dict(what, t=time.time())) + "\n")
            self.file.flush()
            os.fsync(self.file.fileno())

    def close(self):
        self.file.close()


def read_journal(path, torn=False):
    """torn: it is written just now, its last line may be half."""
    with open(path, encoding="utf-8") as file:
        lines = file.readlines()
    return [json.loads(line) for line in lines if line.endswith("\n") or not torn]


class Letter:
    """Something to be said once in each of its forums."""

    def __init__(self, nonce, door, author, forums):
        self.nonce, self.door, self.author, self.forums = nonce, door, author, forums
        self.subject, self.lines = "", []   # what must stand in the book, line by line
        self.answers = None                 # the letter it answers
        self.file = None                    # (name, type, octets) that comes with it
        self.stranger = False               # is held, on no page, in no mail
        self.approve = False                # until a moderator lets it through
        self.impatient = False              # gives up where it is not told
        self.uncertain = False              # its octets left, no answer came
        self.message_id, self.octets = "", b""
        self.post = None                    # as the web answered

    @property
    def text(self):
        return "\n".join(self.lines) + "\n"


def write_octets(letter, person):
    """The mail, once for all of its tries."""
    mail = EmailMessage(policy=email.policy.SMTP)
    mail["From"] = f"{person.name} <{person.address}>"
    mail["To"] = ", ".join(f"{forum}@{DOMAIN}" for forum in letter.forums)
    mail["Subject"] = letter.subject
    mail["Date"] = email.utils.formatdate()
    letter.message_id = f"{letter.nonce[:20]}@client.ville.example"
    mail["Message-ID"] = f"<{letter.message_id}>"
    if letter.answers is not None:
        mail["In-Reply-To"] = mail["References"] = f"<{letter.answers.message_id}>"
    mail.set_content(letter.text)
    if letter.file is not None:
        name, kind, octets = letter.file
        mail.add_attachment(octets, *kind.split("/"), filename=name)
    letter.octets = mail.as_bytes()


class Desk:
    """What all clients share: the journal, what is open, what went wrong."""

    def __init__(self, site, people, journal):
        self.site, self.people, self.journal = site, people, journal
        self.lock = threading.Lock()
        self.console = threading.Lock()  # held while the house itself is down
        self.open = {"mail": 0, "web": 0, "sign-in": 0, "approval": 0}
        self.most = dict(self.open)
        self.complaints, self.counts = [], {}
        self.mails, self.drafts = queue.Queue(), queue.Queue()
        self.posts = queue.Queue()       # leave to send a draft
        self.left = 0                    # letters not yet settled
        self.over = threading.Event()
        self.dark = False                # the disk is dead: even reading fails

    def count(self, what, more=1):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + more

    def complain(self, text):
        with self.lock:
            self.complaints.append(text)

    def give(self, letters):
        with self.lock:
            self.left += len(letters)
        for letter in letters:
            (self.posts if letter.door == "web" else self.mails).put(letter)

    def settle(self, letter, how, **more):
        """The last word of a client about a letter."""
        self.journal.write(e=how, nonce=letter.nonce, **more)
        self.count(f"{letter.door}.{how}")
        with self.lock:
            self.left -= 1

    def opened(self, what):
        return _Open(self, what)

    def act(self, name, **fields):
        """By console, as long as it takes; not while the whole house is down."""
        for _ in range(TRIES_MOST):
            try:
                with self.console:
                    return self.site.act(name, **fields)
            except Refused as no:
                if no.status != EX_TEMPFAIL:
                    raise
                self.count("console.again")
            time.sleep(0.1)
        raise AssertionError(f"{name}: the console is answered no more")


class _Open:
    """An answer is owed as long as this lasts."""

    def __init__(self, desk, what):
        self.desk, self.what = desk, what

    def __enter__(self):
        with self.desk.lock:
            self.desk.open[self.what] += 1
            self.desk.most[self.what] = max(self.desk.most[self.what], self.desk.open[self.what])

    def __exit__(self, *trouble):
        with self.desk.lock:
            self.desk.open[self.what] -= 1


class Worker(threading.Thread):
    """A client with a life of its own; what it did not foresee is a complaint."""

    def __init__(self, desk, dice):
        super().__init__(daemon=True)
        self.desk, self.dice = desk, dice

    def run(self):
        try:
            self.live()
        except Exception as trouble:  # a dead client must not look like a quiet one
            where = traceback.extract_tb(trouble.__traceback__)[-1]
            self.desk.complain(f"{type(self).__name__}: {trouble!r} in {where.name}(), line {where.lineno}")

    def pause(self, most=0.6):
        time.sleep(self.dice.uniform(0.05, most))


# ---- mail ----

class MailClient(Worker):
    """A mail server that hands on, by SMTP or LMTP, one or some letters a dialogue."""

    def live(self):
        while not self.desk.over.is_set():
            letters = self.take()
            for _ in range(TRIES_MOST):
                if not letters:
                    break
                letters = self.dialogue(letters)
                if letters:
                    self.pause()
            for letter in letters:
                self.desk.settle(letter, "refused", why="in vain")

    def take(self):
        try:
            letters = [self.desk.mails.get(timeout=0.1)]
        except queue.Empty:
            return []
        while letters[0].door == "smtp" and len(letters) < 4 and self.dice.random() < 0.3:
            try:
                letters.append(self.desk.mails.get_nowait())
            except queue.Empty:
                break
        return letters

    def dialogue(self, letters):
        """The letters that are to be tried again."""
        lmtp = letters[0].door == "lmtp"
        host, port = self.desk.site.ports["lmtp" if lmtp else "smtp"]
        later, client = list(letters), None
        try:
            client = (smtplib.LMTP if lmtp else smtplib.SMTP)(
                host, port, "client.ville.example", timeout=CLIENT_WAIT)
            client.ehlo_or_helo_if_needed()
            for letter in letters:
                if self.transaction(client, letter):
                    later.remove(letter)
            client.quit()
        except (smtplib.SMTPException, OSError) as trouble:
            self.desk.count("mail.cut")
            if isinstance(trouble, TimeoutError):
                self.desk.complain(f"an SMTP client waited {CLIENT_WAIT} s in vain")
            if client is not None:
                client.close()
            for letter in [letter for letter in later if letter.impatient and letter.uncertain]:
                self.desk.settle(letter, "gave-up")
                later.remove(letter)
        return later

    def transaction(self, client, letter):
        """True: settled."""
        letter.uncertain = False
        sender = self.desk.people[letter.author].address
        options = ["BODY=8BITMIME"] if any(octet > 127 for octet in letter.octets) else []
        replies = [client.mail(sender, options)]
        replies += [client.rcpt(f"{forum}@{DOMAIN}") for forum in letter.forums]
        if all(code // 100 == 2 for code, _ in replies):
            letter.uncertain = True
            self.desk.journal.write(e="sent", nonce=letter.nonce)
            with self.desk.opened("mail"):
                replies = [client.data(letter.octets)]
                if replies[0][0] == 250:
                    self.desk.settle(letter, "acked")
                    return True
        letter.uncertain = False
        code, text = max(replies)
        if code // 100 == 5:
            self.desk.settle(letter, "refused", why=f"{code} {text.decode(errors='replace')}")
            return True
        self.desk.count(f"mail.{code}")
        if code != 421:
            client.rset()
        return False


# ---- the web ----

class Cut(Exception):
    """No answer, or one that says: later."""


class Person(Worker):
    """Somebody with a browser: signs in by a link, writes, sends the same form until told."""

    def live(self):
        """The form is filled beforehand: posts of a wave leave together."""
        while True:
            letter = self.wait(self.desk.drafts)
            if letter is None:
                return
            while letter.answers is not None and letter.answers.post is None:
                if self.desk.over.wait(0.1):
                    return
            browser = self.keep_at(self.sign_in, letter)
            path, fields, kind = self.keep_at(self.fill, letter, browser)
            if self.wait(self.desk.posts) is None:
                return
            self.desk.journal.write(e="sent", nonce=letter.nonce)
            target = self.keep_at(self.send, letter, browser, path, fields, kind)
            if target:
                self.keep_at(self.look, letter, browser, target)

    def wait(self, what):
        while not self.desk.over.is_set():
            try:
                return what.get(timeout=0.1)
            except queue.Empty:
                continue
        return None

    def keep_at(self, step, *more):
        for _ in range(TRIES_MOST):
            try:
                return step(*more)
            except Cut:
                self.desk.count("web.again")
                self.pause()
        raise AssertionError(f"{step.__name__}: tried {TRIES_MOST} times")

    def ask(self, browser, method, path, body=None, headers=None):
        browser.address = self.desk.site.ports["http"]
        try:
            page = browser.request(method, path, body, headers)
        except (http.client.HTTPException, OSError) as trouble:
            raise Cut(repr(trouble)) from trouble
        if page.status in (429, 503) or (self.desk.dark and page.status == 500):
            raise Cut(str(page.status))
        return page

    def sign_in(self, letter):
        """A link is good for one time: after a cut there must be a new one."""
        person = self.desk.people[letter.author]
        url = self.desk.act("session.link", person=person.number)["url"]
        browser = Browser(self.desk.site)
        page = self.ask(browser, "GET", url)
        if page.status != 200:
            raise AssertionError(f"a fresh link answers {page.status}")
        done = self.ask(browser, "POST", url, form_body(page.form("/ok/").fields), FORM)
        if done.status == 404:
            raise Cut("the link was used, and nobody told us")
        assert done.status == 303, done.status
        return browser

    def fill(self, letter, browser):
        """The form as it will be sent, every time alike."""
        part, path = "/new", f"/f/{letter.forums[0]}/new"
        if letter.answers is not None:
            part, path = "/reply", f"/p/{letter.answers.post}/reply"
        page = self.ask(browser, "GET", path)
        if page.status != 200:
            raise AssertionError(f"{path} answers {page.status}: a session was lost, or a post")
        form = page.form(part)
        fields = [(name, {"text": letter.text, "subject": letter.subject}.get(name, value))
                  for name, value in form.fields] + [("send", "1")]
        if form.kind != "multipart/form-data":
            return form.action, form_body(fields), FORM
        files = [("file", *letter.file)] if letter.file else []
        body, kind = multipart(fields, files)
        return form.action, body, {"Content-Type": kind}

    def send(self, letter, browser, path, body, kind):
        with self.desk.opened("web"):
            done = self.ask(browser, "POST", path, body, kind)
            if done.status == 303 and "#p" in done.headers["Location"]:
                letter.post = int(done.headers["Location"].rpartition("#p")[2])
                self.desk.settle(letter, "acked", post=letter.post)
                return done.headers["Location"]
        self.desk.settle(letter, "refused", why=f"{done.status} {done.headers['Location']} {done.text[:300]}")
        return None

    def look(self, letter, browser, target):
        """Whoever was told "published" sees it at once, whichever worker shows it."""
        page = self.ask(browser, "GET", target.partition("#")[0])
        if page.status != 200 or letter.nonce not in page.html:
            self.desk.complain(f"post {letter.post} was acknowledged, its page ({page.status}) has it not")


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def form_body(fields):
    return urllib.parse.urlencode(fields)


class Guest(Person):
    """Signs in by a password again and again: what auth is for."""

    def __init__(self, desk, dice, numbers, ring):
        super().__init__(desk, dice)
        self.numbers, self.ring = numbers, ring

    def live(self):
        for at in range(10 ** 6):
            if self.desk.over.is_set():
                return
            self.keep_at(self.enter, self.desk.people[self.numbers[at % len(self.numbers)]])
            self.desk.count("sign-in.done")
            self.ring.wait(1.2)
            self.ring.clear()

    def enter(self, person):
        browser = Browser(self.desk.site)
        page = self.ask(browser, "GET", "/login")
        fields = [(name, {"address": person.address, "password": person.password}.get(name, value))
                  for name, value in page.form("/login").fields]
        with self.desk.opened("sign-in"):
            done = self.ask(browser, "POST", page.form("/login").action, form_body(fields), FORM)
        if done.status != 303:
            raise AssertionError(f"the right password is answered {done.status}: {done.text[:200]}")


class Visitor(Person):
    """Reads all the while; what he is shown must be whole."""

    def __init__(self, desk, dice, nonces):
        super().__init__(desk, dice)
        self.nonces = nonces

    def live(self):
        while not self.desk.over.is_set():
            path = self.dice.choice(["/", *self.desk.site.forums, *[f"/t/{n}" for n in range(1, 40)]])
            try:
                page = self.ask(Browser(self.desk.site), "GET", path)
                while page.status in (301, 302, 303):
                    page = self.ask(Browser(self.desk.site), "GET", page.headers["Location"])
            except Cut:
                self.desk.count("visit.cut")
                continue
            self.desk.count(f"visit.{page.status}")
            if page.status not in (200, 404):
                self.desk.complain(f"{path} answers {page.status} to a visitor")
            if path.startswith("/t/"):
                for nonce in set(self.nonces.findall(page.html)):
                    if page.html.count(nonce) > 1:
                        self.desk.complain(f"{path} shows nonce-{nonce} twice")
            self.pause(0.15)


class Latecomer(Worker):
    """People who subscribe while it rains. Between `before` and `after` nobody knows which
    posts still reach them."""

    def __init__(self, desk, dice, people, pause):
        super().__init__(desk, dice)
        self.late, self.wait = people, pause

    def live(self):
        for person in self.late:
            if self.desk.over.wait(self.wait):
                return
            for forum in person.forums:
                before = time.time()
                self.desk.act("subscription.set", forum=forum, person=person.number, mode="each")
                person.since[forum] = (before, time.time())


class Moderator(Worker):
    """Lets some of what is held through, by console, and writes down what is done."""

    def __init__(self, desk, dice, letters, nonces):
        super().__init__(desk, dice)
        self.held = {letter.nonce: letter for letter in letters if letter.approve}
        self.nonces = nonces

    def live(self):
        while self.held and not self.desk.over.wait(0.2):
            try:
                waiting = self.desk.site.rows("SELECT id, source FROM post WHERE state = 'held'")
            except sqlite3.Error:  # the book is being recovered just now
                continue
            for post, source in waiting:
                nonce = next(iter(self.nonces.findall(source)), None)
                if nonce in self.held:
                    self.approve(post, self.held.pop(nonce))

    def approve(self, post, letter):
        with self.desk.opened("approval"):
            self.desk.act("post.approve", post=post)
            self.desk.journal.write(e="approved", nonce=letter.nonce)
        self.desk.count("approved")
