# SPDX-License-Identifier: AGPL-3.0-or-later
"""A disk that fills while the house is at work: nothing is lost, nothing is half done.

The data folder lies on a disk of its own, 96 MiB. It is filled to the last octet, then a little
room is given at a time, while mails of three sizes come by SMTP and LMTP, posts are written on
the web, copies go out into a folder of that disk, and a backup is made there. A backup is whole or is
none. Every answer is yes or try again; what was answered yes is in the book once, now and after
a kill; pages are served all the while, and the form gives back what was typed. Where only the write-ahead
log has room left, posts are taken, and none is lost because the book cannot grow. Then there is room
again: what was put off comes again and is there once, every copy has left; the book and every blob are sound.

DISK_FULL_SEED, DISK_FULL_MORE (1, 0): so many levels more, drawn between nothing and 2 MiB.
"""
import contextlib
import json
import os
import random
import shutil
import signal
import smtplib
import sqlite3
import subprocess

from tests.flow import mail
from tests.flow.site import DOMAIN, Refused, wait_for
from tests.flow.web import Browser

DISK = 96 << 20
ROOM = (0, 4096, 20 << 10, 60 << 10, 150 << 10, 400 << 10, 1 << 20)   # octets left free, one after the other
SIZES = (300, 5000, 150_000)                                          # the last is a blob
SEED = int(os.environ.get("DISK_FULL_SEED", "1"))
MORE = int(os.environ.get("DISK_FULL_MORE", "0"))
LONG = 60_000                                                         # octets of a post
LONG_POSTS, AT_ONCE = 200, 5                                          # nobody may write more in half a minute
WAL_WIDE = 7 << 20                                                    # a checkpoint is due long before
WORD = "Une ligne parmi bien d'autres, que personne ne lira deux fois.\n"


class Letter:
    def __init__(self, number, size):
        self.subject = f"Lettre {number} de {size} octets"
        text = WORD * max(1, size // len(WORD))
        self.octets = mail.write("Anne <anne@ville.example>", f"voirie@{DOMAIN}", self.subject, text).as_bytes()
        self.answers = []

    def send(self, site, lmtp):
        """True: accepted. Anything but yes or try again is a fault."""
        try:
            mail.send(site.ports["lmtp" if lmtp else "smtp"], "anne@ville.example", [f"voirie@{DOMAIN}"],
                      self.octets, lmtp=lmtp)
            self.answers.append(250)
        except smtplib.SMTPRecipientsRefused as no:
            self.answers += [code for code, _ in no.recipients.values()]
        except smtplib.SMTPResponseException as no:
            self.answers.append(no.smtp_code)
        except smtplib.SMTPServerDisconnected:
            self.answers.append(421)
        assert self.answers[-1] == 250 or 400 <= self.answers[-1] < 500, (self.subject, self.answers)
        return self.answers[-1] == 250


class Ballast:
    """Takes what is free but for so many octets."""

    def __init__(self, folder):
        self.path = folder / "ballast"

    def leave(self, room):
        with open(self.path, "ab", buffering=0) as file:
            for step in (1 << 20, 4096, 1):
                try:
                    while True:
                        file.write(b"\0" * step)
                except OSError:
                    pass
        if room:
            os.truncate(self.path, max(0, self.path.stat().st_size - room))

    def drop(self):
        self.path.unlink(missing_ok=True)


def visit(site, browser):
    for path in ("/", "/f/voirie", "/t/1"):
        page = browser.get(path)
        assert page.status == 200, (path, page.status)


def write(site, browser, number):
    """On the web: published, or the form again with the text in it."""
    subject, text = f"Page {number}", f"Ce que j'ai écrit, numéro {number}."
    page = browser.get("/f/voirie/new")
    assert page.status == 200, page.status
    page = browser.submit(page, "/new", ("send", "1"), subject=subject, text=text)
    if page.status == 503:
        assert text in page.html.replace("&#39;", "'").replace("&#x27;", "'"), page.html[:2000]
        return None
    assert page.status == 200 and text in page.text, (page.status, page.text[:300])
    return subject


def titles(site):
    rows = site.rows("SELECT subject FROM post WHERE state = 'published'")
    return [row[0] for row in rows]


def levels():
    dice = random.Random(SEED)
    return [*ROOM, *[int(2 ** dice.uniform(0, 21)) for _ in range(MORE)]]


def back_up(site):
    """True: there is one, and it is whole. Where there is no room, nothing is left that looks like one."""
    folder = site.data / "copy"
    done = site.run("backup", folder)
    if done.returncode == 0:
        checked = site.run("check", folder)
        assert checked.returncode == 0, checked
    else:
        assert done.returncode in (1, 75) and done.stderr, done
        assert not (folder / "preau.db").exists(), sorted(folder.iterdir())
    shutil.rmtree(folder, ignore_errors=True)
    return done.returncode == 0


def campaign(site, ballast):
    """What was said yes to, the letters that were put off, how many backups there were."""
    browser = Browser(site, "fr").sign_in(site, site.person("Marie Dupont", "marie@ville.example"))
    yes, later, number, backups = set(), [], 0, 0
    for room in levels():
        ballast.leave(room)
        for size in SIZES:
            for lmtp in (False, True):
                letter = Letter(number, size)
                number += 1
                if letter.send(site, lmtp):
                    yes.add(letter.subject)
                else:
                    later.append(letter)
        visit(site, browser)
        written = write(site, browser, number)
        number += 1
        if written:
            yes.add(written)
        backups += back_up(site)
    return yes, later, backups


def generation(site):
    """Another one each time the WAL is begun anew (its header has other salts)."""
    with open(site.data / "preau.db-wal", "rb") as file:
        return file.read(24)[16:]


def wal_size(site):
    return os.path.getsize(site.data / "preau.db-wal")


def widen_wal(site, write):
    """It is not begun anew as long as somebody reads."""
    with contextlib.closing(sqlite3.connect(f"file:{site.data}/preau.db?mode=ro", uri=True)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM post").fetchall()
        while wal_size(site) < WAL_WIDE:
            assert write()


def write_long(site, dice, writer, subject):
    """By console. True: it is there."""
    try:
        site.act("post.add", "--as", writer, forum="voirie", subject=subject,
                 source=dice.randbytes(LONG // 2).hex(" ", 5)[:LONG])
        return True
    except Refused as no:
        assert no.status == 75, no
        return False


def checkpoint(site, ballast):
    """The WAL keeps the room that it once had: posts go on, until a checkpoint finds none in the book."""
    dice = random.Random(SEED)
    ballast.drop()
    writers = [site.person(f"Bavarde {at}", f"b{at}@ville.example") for at in range(LONG_POSTS // AT_ONCE)]
    before, within = set(), set()

    def write(into):
        at = len(before) + len(within)
        there = write_long(site, dice, writers[at // AT_ONCE], f"Longue {at}")
        into |= {f"Longue {at}"} if there else set()
        return there

    first = None
    while generation(site) == first or wal_size(site) < WAL_WIDE:
        if wal_size(site) < WAL_WIDE:
            widen_wal(site, lambda: write(before))
            first = generation(site)
        assert write(before)
    ballast.leave(0)
    mark = len(site.log_text())
    while write(within):
        pass
    assert "event=checkpoint_failed" in site.log_text()[mark:], "no checkpoint met the full disk"
    visit(site, Browser(site, "fr"))
    return before, within


def kill(site):
    """The clerk dies while the disk is full, and another takes over what it left."""
    before = site.pids()["clerk.0"]
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: site.pids().get("clerk.0", before) != before)
    wait_for(lambda: site.run("ask", "outbox.list").returncode == 0, 30, 0.2)


def judge(site, yes):
    found = titles(site)
    assert len(found) == len(set(found)), sorted(title for title in found if found.count(title) > 1)
    assert yes <= set(found), yes - set(found)


def cannot_start(site, ballast):
    """A start that fails for want of room says that it may go well later: systemd tries again."""
    ballast.leave(0)
    done = subprocess.run([site.preau, "serve", "--config", site.config], capture_output=True, text=True, env=site.env, timeout=60)
    assert done.returncode == 75, (done.returncode, done.stdout[-2000:], done.stderr[-2000:])
    ballast.drop()


def run(stage):
    if os.geteuid() != 0:
        raise stage.Skip("only root may mount a disk")
    site = stage.site(limit_mails=0, limit_posts=0)
    site.data.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "none", site.data],
                      capture_output=True).returncode != 0:
        shutil.rmtree(site.folder)
        raise stage.Skip("no disk of our own can be mounted here")
    try:
        with site:
            site.act("forum.create", slug="voirie", name="Voirie")
            site.subscribe("voirie", site.person("Anne Petit", "anne@ville.example"))
            assert Letter("d'avant", 300).send(site, False)
            site.wait_inbox()
            ballast = Ballast(site.data)
            yes, later, backups = campaign(site, ballast)
            assert later, "the disk was never full"
            assert yes, "it never had room"
            before, within = checkpoint(site, ballast)
            yes |= before | within
            kill(site)
            visit(site, Browser(site, "fr"))
            ballast.drop()
            site.wait_inbox(60)
            judge(site, yes)
            assert back_up(site)
            for letter in later:
                assert letter.send(site, False), letter.answers
            site.wait_inbox(60)
            judge(site, yes | {letter.subject for letter in later})
            put_off = sum(answer != 250 for letter in later for answer in letter.answers)
            wait_for(lambda: site.one("SELECT count(*) FROM outbox WHERE state <> 'sent'") == 0, 90, 0.2)
            figures = {"levels": len(levels()), "taken": len(yes), "put_off": put_off, "backups": backups, "long": len(within),
                       "copies": site.one("SELECT count(*) FROM outbox")}
            print(f"disk full: figures {json.dumps(figures)}: all there, all sent")
            done = site.run("check")
            assert done.returncode == 0, done
            assert site.one("SELECT count(*) FROM inbox WHERE state = 'aside'") == 0
            assert site.stop() == 0
            cannot_start(site, ballast)
            done = site.run("check")
            assert done.returncode == 0, done
    finally:
        site.stop()
        subprocess.run(["umount", site.data], check=True)
    shutil.rmtree(site.folder)
