# SPDX-License-Identifier: AGPL-3.0-or-later
"""A copy that is whole, taken while the house is busy.

Refusals first: a folder that is not empty, a file, a blob with a flipped byte, a disk without
room. None leaves anything with the name of a backup, nor does a backup that is killed. Then a
backup is taken while mails come in by four doors: what was acknowledged before it began is in
it, it lies where the next house starts from it, and the old links and keys hold there.
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


def give(site, target):
    """What the README says: copied into an empty data folder, given to its user."""
    shutil.copytree(target, site.data)
    if os.geteuid() == 0:
        for path in [site.data, site.data / "preau.db", *(site.data / "blobs").rglob("*")]:
            os.chown(path, int(site.OWNER), int(site.READ))


def restored(stage, before, target):
    site = stage.site(limit_mails=0)
    give(site, target)
    with site:
        site.wait_inbox(60)
        subjects = {row[0] for row in site.rows("SELECT title FROM thread")}
        assert set(before) <= subjects, set(before) - subjects
        post(site, 0, "Après")
        site.wait_inbox()
        assert site.one("SELECT count(*) FROM thread WHERE title = 'Après'") == 1


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
        restored(stage, before, target)
        site.stop()
        done = site.run("backup", place / "cold")
        assert done.returncode == 0, done
        judge(before, pathlib.Path(place / "cold"))
