# SPDX-License-Identifier: AGPL-3.0-or-later
"""A copy that is whole, taken while the house is busy; and the way back.

Refusals first: a folder that is not empty, a file, a blob with a flipped byte, a disk without
room. None leaves anything with the name of a backup, nor does a backup that is killed. Then a
backup is taken while mails come in by four doors: what was acknowledged before it began is in
it, and it is some instant of the house: each table that only grows has what the house has, up to
one row. It is restored to where the next house starts from it, and the old links and keys hold there.
"""
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import threading

from tests.flow import mail
from tests.flow.site import DOMAIN, wait_for

SENDERS = 4


def book(folder):
    return sqlite3.connect(f"file:{folder}/preau.db?mode=ro&immutable=1", uri=True)


def left(folder):
    return sorted(path.name for path in folder.iterdir())


def post(site, who, subject, body="Bonjour.\n"):
    letter = mail.write(f"Anne <anne{who}@ville.example>", f"voirie@{DOMAIN}", subject, body)
    mail.send(site.ports["smtp"], f"anne{who}@ville.example", [f"voirie@{DOMAIN}"], letter)


def refusals(site, place):
    full = place / "full"
    full.mkdir()
    (full / "old").write_text("old")
    done = site.run("backup", full)
    assert done.returncode == 1 and "not empty" in done.stderr, done
    done = site.run("backup", full / "old")
    assert done.returncode == 1, done
    assert left(full) == ["old"] and left(place) == ["full"], left(place)
    done = site.run("backup", place / "none" / "here")
    assert done.returncode != 0 and left(place) == ["full"], done
    blob = next(path for path in (site.data / "blobs").iterdir() if path.is_file())
    octets = bytearray(blob.read_bytes())
    octets[1000] ^= 1
    flip(blob, octets)
    done = site.run("backup", place / "flipped")
    assert done.returncode == 1 and blob.name in done.stderr and left(place) == ["full"], done
    octets[1000] ^= 1
    flip(blob, octets)
    blob.rename(place / "away")
    done = site.run("backup", place / "missing")
    (place / "away").rename(blob)
    assert done.returncode == 1 and "not there" in done.stderr and left(place) == ["full"], done


def flip(path, octets):
    with open(path, "r+b") as file:
        file.write(octets)


def full_disk(site, place):
    """A disk of one page more than nothing: only root may mount one."""
    disk = place / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk],
                                           capture_output=True).returncode != 0:
        print("backup: no disk of our own could be mounted: a full one is not shown")
    else:
        try:
            done = site.run("backup", disk / "copy")
            assert done.returncode == 75 and "no room" in done.stderr, done
            assert left(disk) == [], left(disk)
        finally:
            subprocess.run(["umount", disk], check=True)
    disk.rmdir()


def killed(site, place):
    """Killed as soon as it has begun to write."""
    target = place / "killed"
    copy = subprocess.Popen([site.preau, "backup", "--config", site.config, target], stdout=subprocess.DEVNULL)
    wait_for(lambda: list(place.glob("killed*")), pause=0.0005)
    copy.send_signal(signal.SIGKILL)
    if copy.wait() == -signal.SIGKILL and not target.exists():
        assert all(name.endswith(".partial") for name in left(place) if name.startswith("killed")), left(place)
    else:
        print("backup: it was quicker than the signal")
    for path in place.glob("killed*"):
        shutil.rmtree(path)


def under_load(site, place):
    """Subjects that were acknowledged before it began; the folder."""
    stop, known, trouble = threading.Event(), [], []

    def sender(who):
        at = 0
        try:
            while not stop.is_set():
                post(site, who, f"Lettre {who} {at}")
                known.append(f"Lettre {who} {at}")
                at += 1
        except Exception as error:  # told by the story, not by a thread
            trouble.append(error)

    threads = [threading.Thread(target=sender, args=(who,)) for who in range(SENDERS)]
    for thread in threads:
        thread.start()
    wait_for(lambda: len(known) > 40 or trouble)
    before = list(known)
    target = place / "copy"
    target.mkdir()  # an empty one is as good as none
    done = site.run("backup", target)
    after = list(known)
    stop.set()
    for thread in threads:
        thread.join()
    assert not trouble, trouble
    assert done.returncode == 0 and "sound" in done.stdout, done
    print(f"backup: {len(before)} mails before, {len(after) - len(before)} while it was made")
    return before, target


def judge(before, target):
    with book(target) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert not copy.execute("PRAGMA foreign_key_check").fetchall()
        files = {row[0].hex() for row in copy.execute("SELECT hash FROM raw WHERE octets IS NULL")}
        received = copy.execute("SELECT count(*) FROM inbox").fetchone()[0]
    assert files and files == set(left(target / "blobs")), (files, left(target / "blobs"))
    assert received >= len(before), (received, len(before))
    assert (target / "keys").stat().st_mode & 0o777 == 0o600
    assert target.stat().st_mode & 0o777 == 0o700
    assert left(target)[:1] == ["blobs"] and "keys" in left(target), left(target)


def instant(site, target):
    """The copy is what the house was at one moment: nothing of an act without the rest of it."""
    with book(target) as copy:
        for table, columns in (("journal", "id, hex(chain)"), ("post", "id, message_id, source"),
                               ("inbox", "id, recipient, mail_from"), ("outbox", "id, post, person")):
            rows = copy.execute(f"SELECT {columns} FROM {table} ORDER BY id").fetchall()
            last = rows[-1][0] if rows else 0
            assert rows == site.rows(f"SELECT {columns} FROM {table} WHERE id <= ? ORDER BY id", last), table
        assert rows, "nothing was on its way"
        # a post, its deliveries and the end of its mail are one fact
        for sql in ("SELECT count(*) FROM post AS p WHERE p.state = 'published' AND (SELECT count(*) FROM outbox AS o"
                    " WHERE o.post = p.id) <> (SELECT count(*) FROM subscription)",
                    "SELECT count(*) FROM post AS p WHERE NOT EXISTS (SELECT 1 FROM inbox AS i WHERE i.post = p.id)",
                    "SELECT count(*) FROM inbox WHERE state = 'done' AND post IS NULL"):
            assert copy.execute(sql).fetchone() == (0,), sql


def restore_refusals(stage, target):
    """Each leaves the data folder as it was: not there."""
    site = stage.site(limit_mails=0)
    site.write_config()
    place = site.folder / "bad"

    def refused(how, said, status=1):
        done = site.run("restore", place)
        assert done.returncode == status and said in done.stderr, (how, done)
        assert not site.data.exists(), how
        assert not list(site.folder.glob("data*")), left(site.folder)

    refused("no such folder", "no book")
    place.mkdir()
    refused("an empty folder", "no book")
    for how, said, harm in (
            ("no keys", "keys", lambda: (place / "keys").unlink()),
            ("no blob", "not there", lambda: next((place / "blobs").iterdir()).unlink()),
            ("a blob cut short", "damaged", lambda: os.truncate(next((place / "blobs").iterdir()), 1000)),
            ("a book cut short", "", lambda: os.truncate(place / "preau.db", 40960)),
            ("no book at all", "", lambda: (place / "preau.db").write_bytes(b"Bonjour\n" * 2000)),
            ("a changed message", "damaged", lambda: change(place, "UPDATE raw SET octets = x'00' WHERE id = 3")),
            ("a changed journal", "journal", lambda: change(place, "UPDATE journal SET actor = 77 WHERE id = 2")),
            ("a newer book", "version", lambda: change(place, "PRAGMA user_version = 999"))):
        shutil.rmtree(place)
        shutil.copytree(target, place)
        harm()
        refused(how, said)
    site.data.mkdir()
    (site.data / "mine").write_text("mine")
    done = site.run("restore", target)
    assert done.returncode == 1 and "not empty" in done.stderr and left(site.data) == ["mine"], done
    shutil.rmtree(site.folder)


def change(folder, sql):
    with sqlite3.connect(folder / "preau.db") as copy:
        copy.execute(sql)
    copy.close()


def restored(stage, before, target):
    site = stage.site(limit_mails=0)
    site.write_config()
    site.data.mkdir()  # as a package makes it
    kept = {path: path.read_bytes() for path in target.rglob("*") if path.is_file()}
    done = site.run("restore", target)
    assert done.returncode == 0 and "restored" in done.stdout, done
    assert kept == {path: path.read_bytes() for path in target.rglob("*") if path.is_file()}
    assert not {path.stat().st_ino for path in kept} & {path.stat().st_ino for path in site.data.rglob("*")}
    done = site.run("restore", target)
    assert done.returncode == 1 and "not empty" in done.stderr, done
    with site:
        site.wait_inbox(60)
        subjects = {row[0] for row in site.rows("SELECT title FROM thread")}
        assert set(before) <= subjects, set(before) - subjects
        post(site, 0, "Après")
        site.wait_inbox()
        assert site.one("SELECT count(*) FROM thread WHERE title = 'Après'") == 1
        checked(site)
        site.stop()
        checked(site)


def checked(site):
    """The book as it lies there, whether somebody serves it or not."""
    done = site.run("check")
    assert done.returncode == 0 and f"{site.data}: sound" in done.stdout, done
    blob = next(path for path in (site.data / "blobs").iterdir() if path.is_file())
    octets = bytearray(blob.read_bytes())
    octets[1000] ^= 1
    flip(blob, octets)
    done = site.run("check")
    assert done.returncode == 1 and blob.name in done.stderr and "1 faults" in done.stderr, done
    octets[1000] ^= 1
    flip(blob, octets)
    assert site.run("check").returncode == 0


def run(stage):
    with stage.site(limit_mails=0) as site:
        place = site.folder / "backups"
        place.mkdir()
        site.act("forum.create", slug="voirie", name="Voirie")
        for who in range(SENDERS):
            site.subscribe("voirie", site.person(f"Anne {who}", f"anne{who}@ville.example"))
        post(site, 0, "Un long courrier", "Une ligne parmi bien d'autres.\n" * 4000)
        wait_for(lambda: any(path.is_file() for path in (site.data / "blobs").iterdir()))
        site.wait_inbox()
        refusals(site, place)
        full_disk(site, place)
        killed(site, place)
        before, target = under_load(site, place)
        judge(before, target)
        site.wait_inbox(60)
        instant(site, target)
        done = site.run("check", target)
        assert done.returncode == 0 and "sound" in done.stdout, done
        restore_refusals(stage, target)
        restored(stage, before, target)
        site.stop()
        done = site.run("backup", place / "cold")
        assert done.returncode == 0, done
        judge(before, pathlib.Path(place / "cold"))
