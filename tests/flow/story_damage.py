# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a disk has altered is not served.

One damaged file: its page says so, in French and in English, the log names it, /metrics counts
it; all else goes on. The look at everything then finds it: from that moment nothing is written.
The web says so and keeps what was typed, mail is put off by 451, the console refuses, /healthz and
the pages of administrators tell it, and a mail about it leaves; what is sound is still read. It
stays so when the clerk is killed and when the server is started again, until what was damaged is
mended, preau check has seen that all is sound, and the server is started once more. A book that
SQLite refuses to write closes the house likewise; of the turn in which it refused nobody is told yes.

Then one bit is flipped, at offsets drawn by a seed, of the book or of a file beside it, each time in
a fresh copy. Where that hits a message or an attachment, whoever reads it is refused, and the look
finds it; where it hits what holds the book together, a query fails or the look finds it. Whatever
is answered shows no message and no file otherwise than it was written.
DAMAGE_COUNT=200 DAMAGE_SEED=7: how often, and where.
"""
import hashlib
import os
import random
import re
import shutil
import signal
import smtplib
import sqlite3
import threading
import time

from tests.flow import mail
from tests.flow.site import DOMAIN, Refused, wait_for
from tests.flow.web import Browser

MARK = re.compile(r"Message (\d+) : ([0-9a-f]{64})")
READ_FR = "Ce qui est conservé ici a été abîmé"
READ_EN = "What is kept here was damaged"
WRITE_FR = "Rien ne peut être écrit ici pour le moment"
NOTICE_FR = "Des données de ce site sont abîmées"
FILES = {"petit.bin": 5000, "moyen.bin": 40_000, "grand.bin": 150_000, "enorme.bin": 600_000}
REFUSED = 60
POST = "html, text, source, subject, author_shown, organisation_shown, capacity"


def octets_of(name):
    return random.Random(name).randbytes(FILES[name])


def mark(number):
    return f"Message {number} : {hashlib.sha256(str(number).encode()).hexdigest()}"


def send(site, number, name=None):
    letter = mail.write("Anne Petit <anne@ville.example>", f"voirie@{DOMAIN}", f"Lettre {number}", mark(number) + "\n")
    if name:
        letter.add_attachment(octets_of(name), maintype="application", subtype="octet-stream", filename=name)
    mail.send(site.ports["smtp"], "anne@ville.example", [f"voirie@{DOMAIN}"], letter)


def fill(site):
    site.act("forum.create", slug="voirie", name="Voirie")
    site.act("person.create", name="Odile Chef", address="odile@ville.example", verified=1, administrator=1)
    site.person("Anne Petit", "anne@ville.example")
    for number, name in enumerate([None, *FILES, None, None]):
        send(site, number, name)
    site.wait_inbox()
    assert site.one("SELECT count(*) FROM post WHERE state = 'published'") == len(FILES) + 3
    assert site.one("SELECT count(*) FROM raw WHERE octets IS NULL") == 2, "both kinds are to be tried"


def checkpoint(site):
    """All of the book into its file: else damage to it may be hidden by the WAL."""
    book = sqlite3.connect(site.data / "preau.db")
    assert book.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    book.close()


def files_of(site):
    return {f"/a/{public}/{name}": octets_of(name) for public, name in site.rows("SELECT public, name FROM attachment")}


def flip(path, offset, bit=0):
    with open(path, "r+b") as file:
        file.seek(offset)
        octet = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([octet ^ 1 << bit]))


def health(site):
    answer = Browser(site).request("GET", "/healthz")
    return answer.status, answer.body.decode().strip()


def metric(site, name):
    text = Browser(site).request("GET", "/metrics").body.decode()
    found = re.search(rf"^{re.escape(name)} (\d+)$", text, re.M)
    return int(found.group(1)) if found else 0


def blob_of(site, name):
    """The file in which the attachment of that name lies."""
    hash_ = site.one("SELECT hex(r.hash) FROM raw AS r JOIN attachment AS a ON a.raw = r.id WHERE a.name = ?", name)
    return site.data / "blobs" / hash_.lower()


# ---- one file, from the first reader to the last word ----

def read_refused(site, url, others):
    for language, sentence in (("fr", READ_FR), ("en", READ_EN)):
        answer = Browser(site, language).get(url)
        assert answer.status == 500 and sentence in answer.text, (answer.status, answer.text[:300])
    assert re.search(r"event=damaged raw=\d+", site.log_text())
    wait_for(lambda: metric(site, 'preau_events_total{event="damage.read"}') >= 2)
    for other, octets in others.items():
        assert other == url or Browser(site).get(other).body == octets


def is_closed(site, draft):
    """Nothing is written, all is said, and what is sound is read."""
    for _ in range(6):  # both workers
        assert health(site) == (503, "read-only: data is damaged, see the log"), health(site)
    assert metric(site, "preau_read_only") == 1
    for lmtp in (False, True):
        try:
            mail.send(site.ports["lmtp" if lmtp else "smtp"], "anne@ville.example", [f"voirie@{DOMAIN}"],
                      mail.write("Anne <anne@ville.example>", f"voirie@{DOMAIN}", "Trop tard", "Bonjour.\n"), lmtp=lmtp)
            raise AssertionError("a mail was accepted")
        except smtplib.SMTPDataError as no:
            assert no.smtp_code == 451, no
        except smtplib.SMTPRecipientsRefused as no:
            assert {code for code, _ in no.recipients.values()} == {451}, no
    try:
        site.act("forum.create", slug="autre", name="Autre")
        raise AssertionError("a forum was made")
    except Refused as no:
        assert "Nothing can be written" in str(no), no
    browser, page = draft
    page = browser.submit(page, "/new", ("send", "1"), subject="Un trou", text="Devant la mairie.")
    assert page.status == 503 and WRITE_FR in page.text and "Devant la mairie." in page.html, (page.status, page.text)
    assert NOTICE_FR not in page.text, "Anne is no administrator"
    assert Browser(site).get("/f/voirie").status == 200
    assert site.ask("inbox.list", state="done") is not None


def start_again(site, browser):
    site.stop()
    site.start()
    browser.address = site.ports["http"]


def told(site):
    """The administrators have a mail, which left although nothing else may be written."""
    def look():
        letters = [path.read_text(errors="replace") for path in (site.data / "outgoing").glob("*.eml")]
        return [text for text in letters if "odile@ville.example" in text and "Alarme" in text]
    letters = wait_for(look)
    assert len(letters) == 1, len(letters)
    wait_for(lambda: site.one("SELECT count(*) FROM outbox WHERE state = 'due'") == 0)


def one_file(stage):
    with stage.site() as site:
        fill(site)
        anne, odile = (site.one("SELECT id FROM person WHERE name_shown = ?", name) for name in ("Anne Petit", "Odile Chef"))
        browser, chief = Browser(site).sign_in(site, anne), Browser(site).sign_in(site, odile)
        draft = browser, browser.get("/f/voirie/new")
        files = files_of(site)
        url = next(url for url in files if url.endswith("grand.bin"))
        flip(blob_of(site, "grand.bin"), 77_777)
        read_refused(site, url, files)
        assert metric(site, "preau_read_only") == 0
        send(site, 90)  # nothing else knows of it yet
        site.wait_inbox()
        site.act("house.check")
        wait_for(lambda: "checker sound=no" in site.log_text())
        wait_for(lambda: (site.data / "read-only").exists())
        is_closed(site, draft)
        told(site)
        assert NOTICE_FR in chief.get("/").text and NOTICE_FR not in browser.get("/").text
        clerk = site.pids()["clerk.0"]
        os.kill(clerk, 9)
        wait_for(lambda: site.pids().get("clerk.0", clerk) != clerk)
        wait_for(lambda: site.run("ask", "outbox.list").returncode == 0)
        is_closed(site, draft)
        assert site.run("check").returncode == 1
        start_again(site, browser)
        is_closed(site, draft)
        flip(blob_of(site, "grand.bin"), 77_777)
        done = site.run("check")
        assert done.returncode == 0 and "was made read-only" in done.stdout, done
        is_closed(site, draft)  # not before the next start
        start_again(site, browser)
        assert not (site.data / "read-only").exists()
        wait_for(lambda: health(site) == (200, "ok"))
        assert Browser(site).get(url).body == files[url]
        send(site, 91)
        site.wait_inbox()
        page = browser.submit(draft[1], "/new", ("send", "1"), subject="Un trou", text="Devant la mairie.")
        assert page.status == 200 and "Devant la mairie." in page.text
        assert site.one("SELECT count(*) FROM post WHERE state = 'published'") == len(FILES) + 6
        site.act("house.check")
        wait_for(lambda: "checker sound=yes" in site.log_text())
        wait_for(lambda: site.one("SELECT next FROM job WHERE name = 'check'"))
        damaged_in_hand(site)


def damaged_in_hand(site):
    """A mail that waits to be read and is damaged meanwhile is set aside; the one behind it is not kept waiting."""
    parser = site.pids()["parser.0"]
    os.kill(parser, 19)
    send(site, 92, "grand.bin")
    name = wait_for(lambda: site.one("SELECT lower(hex(r.hash)) FROM raw AS r JOIN inbox AS i ON i.raw = r.id WHERE i.state = 'new'"))
    clerk = site.pids()["clerk.0"]
    flip(site.data / "blobs" / name, 100_000)
    os.kill(clerk, 9)
    os.kill(parser, 9)
    send_again = lambda: site.run("ask", "outbox.list").returncode == 0 and site.pids().get("parser.0", parser) != parser
    wait_for(send_again)
    send(site, 93)
    site.wait_inbox()
    assert site.one("SELECT count(*) FROM inbox WHERE state = 'aside'") == 1
    assert site.one("SELECT count(*) FROM post WHERE subject = 'Lettre 93'") == 1


def broken_book(stage):
    """The file of the book is overwritten under a running server."""
    with stage.site() as site:
        fill(site)
        site.stop()
        checkpoint(site)
        site.start()
        size = (site.data / "preau.db").stat().st_size
        with open(site.data / "preau.db", "r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * (size - 4096))
        for _ in range(3):
            try:
                mail.send(site.ports["smtp"], "anne@ville.example", [f"voirie@{DOMAIN}"],
                          mail.write("Anne <anne@ville.example>", f"voirie@{DOMAIN}", "Encore", "Bonjour.\n"))
                raise AssertionError("a mail was accepted into a book that is none")
            except smtplib.SMTPResponseException as no:
                assert 400 <= no.smtp_code < 500, no
            except smtplib.SMTPRecipientsRefused as no:
                assert all(400 <= code < 500 for code, _ in no.recipients.values()), no
        wait_for(lambda: (site.data / "read-only").exists())
        assert "event=read_only why=" in site.log_text()
        assert health(site)[0] == 503
        assert Browser(site).get("/t/1").status >= 500


def one_turn(stage):
    """While the clerk is held people sign in, and the relay reports refusals, more than fit in one act; where they go there
    is damage. All of it is one turn: at the second refusal of the book nothing of it is kept, and nobody may be told yes."""
    people = [f"p{at}@ville.example" for at in range(REFUSED)]
    with mail.Sink() as sink, stage.site(relay=sink.url) as site:
        fill(site)
        persons = [site.person(address.partition("@")[0], address) for address in people]
        for person in persons:
            site.subscribe("voirie", person)
        sink.refuse.update({address: "550 5.1.1 no such user" for address in people})
        doors = [Door(site, person) for person in persons[:4]]
        relay, clerk = site.pids()["relay.0"], site.pids()["clerk.0"]
        os.kill(relay, signal.SIGSTOP)
        send(site, 95)
        site.wait_inbox()
        wait_for(lambda: site.one("SELECT count(*) FROM outbox WHERE state = 'due'") == len(people))
        checkpoint(site)
        root, size = site.one("SELECT rootpage FROM sqlite_schema WHERE name = 'bounce_outbox'"), site.one("PRAGMA page_size")
        for bit in range(3):  # its first page says then that it is none of an index
            flip(site.data / "preau.db", (root - 1) * size, bit)
        before = site.one("SELECT count(*) FROM session")
        os.kill(clerk, signal.SIGSTOP)
        for door in doors:
            door.start()
        os.kill(relay, signal.SIGCONT)
        wait_for(lambda: len(sink.refused) >= len(people))
        time.sleep(0.5)  # what the clerk is to read lies before it
        os.kill(clerk, signal.SIGCONT)
        for door in doors:
            door.join(60)
        told = [door.status for door in doors]
        wait_for(lambda: "event=read_only final=yes" in site.log_text())
        assert set(told) <= {303, 503}, told
        assert site.one("SELECT count(*) FROM session") - before == told.count(303), told
        site.process.kill()  # the relay would wait for half a minute to tell what nobody writes down


class Door(threading.Thread):
    """Somebody at the last step of a sign-in by link."""

    def __init__(self, site, person):
        super().__init__(daemon=True)
        url = site.act("session.link", person=person)["url"]
        self.browser, self.status = Browser(site), None
        self.page = self.browser.get(url)
        assert self.page.status == 200

    def run(self):
        self.status = self.browser.submit(self.page, "/ok/", follow=False).status


# ---- one bit, anywhere ----

def rows_of(path):
    """What the book says: of messages and files, and of all the rest; None: it cannot be read whole."""
    book = sqlite3.connect(f"file:{path}?immutable=1", uri=True)
    book.text_factory = bytes
    try:
        tables = [row[0].decode() for row in book.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 ORDER BY name")]
        messages = book.execute(f"SELECT id, {POST} FROM post ORDER BY id").fetchall(), \
            book.execute("SELECT * FROM raw ORDER BY id").fetchall()
        rest = {table: book.execute(f"SELECT * FROM \"{table}\"").fetchall() for table in tables}
        sound = book.execute("PRAGMA integrity_check").fetchall() == [(b"ok",)]
        return messages, rest, sound
    except (sqlite3.Error, UnicodeDecodeError):
        return None
    finally:
        book.close()


def kind_of(site, target, whole):
    """What a flip did, by looking from outside."""
    if target.parent.name == "blobs":
        return "message"
    now = rows_of(site.data / "preau.db")
    if now is None or not now[2]:
        return "structure"
    if now[0] != whole[0]:
        return "message"
    return "nothing" if now[1] == whole[1] else "other value"


def visit(site, pages, files):
    """How many pages or files were refused. What was answered is as it was written."""
    refused = 0
    for path in pages:
        answer = Browser(site).get(path)
        refused += answer.status >= 400
        if answer.status == 200:
            for number, sign in MARK.findall(answer.text):
                assert mark(number) == f"Message {number} : {sign}", (path, number)
    for path, octets in files.items():
        answer = Browser(site).get(path)
        refused += answer.status >= 400
        assert answer.status >= 400 or answer.body == octets, path
    return refused


def whole_pages(site, pages):
    return {path: MARK.findall(Browser(site).get(path).text) for path in pages}


def one_bit(stage, model, draw, whole, pages, files):
    """(kind, by whom it was found)."""
    site = stage.site()
    shutil.copytree(model, site.data, copy_function=copy_owned)
    os.chmod(site.data, 0o2750)
    places = [path for path in [site.data / "preau.db", *sorted((site.data / "blobs").iterdir())] if path.is_file()]
    target = places[0] if draw.random() < 0.7 else draw.choice(places[1:])
    offset, bit = draw.randrange(target.stat().st_size), draw.randrange(8)
    where = f"{target.name} at {offset}, bit {bit}"
    flip(target, offset, bit)
    kind = kind_of(site, target, whole)
    found = set()
    try:
        try:
            site.start()
        except AssertionError:
            found.add("start")
        else:
            if visit(site, pages, files):
                found.add("query")
            try:
                site.act("house.check")
                wait_for(lambda: "checker sound=" in site.log_text() or "checker told" in site.log_text())
            except Refused:
                found.add("query")
            if "checker sound=no" in site.log_text() or "event=book_broken" in site.log_text():
                found.add("check")
            if kind == "message":
                assert {"query", "check"} <= found or "start" in found, (where, found)
        assert kind not in ("message", "structure") or found, (where, kind)
        if kind == "nothing":
            assert not found, (where, found)
    finally:
        site.stop()
    shutil.rmtree(site.folder)
    return kind, "+".join(sorted(found)) or "nobody"


def copy_owned(source, target):
    shutil.copy2(source, target)
    facts = os.stat(source)
    if os.geteuid() == 0:
        os.chown(target, facts.st_uid, facts.st_gid)


def many_bits(stage):
    count, seed = int(os.environ.get("DAMAGE_COUNT", "12")), int(os.environ.get("DAMAGE_SEED", "1"))
    draw, tally = random.Random(seed), {}
    with stage.site() as site:
        fill(site)
        files = files_of(site)
        pages = ["/", "/f/voirie", "/f/voirie/feed", "/search?q=Message"]
        pages += [f"/t/{row[0]}" for row in site.rows("SELECT id FROM thread")]
        shown = whole_pages(site, pages)
        assert sum(len(marks) > 0 for marks in shown.values()) > len(FILES), shown
        site.stop()
        checkpoint(site)
        shutil.rmtree(site.data / "run")
        whole = rows_of(site.data / "preau.db")
        assert whole is not None and whole[2]
        for _ in range(count):
            result = one_bit(stage, site.data, draw, whole, pages, files)
            tally[result] = tally.get(result, 0) + 1
        site.start()
    print("damage:", ", ".join(f"{kind} found by {by}: {n}" for (kind, by), n in sorted(tally.items())))


def run(stage):
    one_file(stage)
    broken_book(stage)
    one_turn(stage)
    many_bits(stage)
