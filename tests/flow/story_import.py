# SPDX-License-Identifier: AGPL-3.0-or-later
"""An old archive becomes part of a forum.

An mbox file is read in: threads as they were, dates as they were, the people as strangers with
nobody's address shown. Nothing is sent to anybody. Read again it adds nothing; broken messages
are named and the others go on. A reply that comes by mail afterwards finds its old thread. It works with
the server running, and without.
"""
import email.utils
import os
import signal
import subprocess

from tests.flow import mail
from tests.flow.site import DOMAIN, wait_for
from tests.flow.web import Browser

DAY = 86400
BEGIN = 1400000000  # May 2014


def message(number, subject, parent=None, body="Bonjour.\n"):
    m = mail.write(f"Personne {number} <p{number}@vieux.example>", "liste@vieux.example", subject, body,
                   Date=email.utils.formatdate(BEGIN + number * DAY), Message_ID=f"<old-{number}@vieux.example>")
    if parent is not None:
        m["In-Reply-To"] = m["References"] = f"<old-{parent}@vieux.example>"
    return m.as_bytes().replace(b"\r\n", b"\n")


def mbox(messages):
    out = b""
    for octets in messages:
        quoted = b"".join((b">" + line if line.lstrip(b">").startswith(b"From ") else line) for line in octets.splitlines(True))
        out += b"From liste@vieux.example Thu May 15 00:00:00 2014\n" + quoted + b"\n"
    return out


def run(stage):
    with mail.Sink() as sink, stage.site(relay=sink.url) as site:
        site.act("forum.create", slug="voirie", name="Voirie", appears="always_read")
        anne = site.person("Anne Morel", "anne@ville.example")
        site.subscribe("voirie", anne)
        # The answer stands before its question; a line looks like a new message; robots and lists are welcome here.
        archive = site.folder / "archive.mbox"
        archive.write_bytes(mbox([
            message(2, "Re: Le lavoir", 1, "Oui.\n\nFrom here it is far.\n"), message(1, "Le lavoir", None, "On le restaure ?\n"),
            message(3, "Re: Le lavoir", 2), message(4, "Un autre sujet"),
            message(5, "Bulletin").replace(b"Subject:", b"Precedence: bulk\nList-Id: <vieux.example>\nSubject:"),
            message(6, "Gros", None, "Une ligne assez longue pour compter.\n" * 5000)]))
        done = site.run("import", "voirie", str(archive))
        assert done.returncode == 0 and "read=6 added=6 known=0 failed=0" in done.stdout, (done.stdout, done.stderr)
        check(site)
        again = site.run("import", "voirie", str(archive))
        assert again.returncode == 0 and "added=0 known=6" in again.stdout, again.stdout
        check(site)
        site.stop()
        alone = site.run("import", "voirie", str(archive))
        assert alone.returncode == 0 and "added=0 known=6" in alone.stdout, (alone.stdout, alone.stderr)
        site.start()
        check(site)
        assert site.one("SELECT count(*) FROM outbox") == 0 and sink.count() == 0, "an import sent mail"
        for words in (["nowhere", str(archive)], ["voirie", str(site.folder / "none.mbox")]):
            assert site.run("import", *words).returncode != 0, words
        assert site.run("act", "--as", str(anne), "import.add", "forum=voirie", f"raw=@{archive}").returncode == 1
        cut_off(site)
        # Afterwards life goes on in the old thread.
        site.act("forum.set", slug="voirie", appears="at_once")
        m = mail.write("Anne Morel <anne@ville.example>", f"voirie@{DOMAIN}", "Re: Le lavoir", "Il est restauré.\n",
                       In_Reply_To="<old-3@vieux.example>")
        mail.send(site.ports["smtp"], "anne@ville.example", [f"voirie@{DOMAIN}"], m)
        wait_for(lambda: sink.count() == 1)
        assert "Il est restauré." in Browser(site).get(thread(site)).text


def cut_off(site):
    """A long import is killed half way, and its clerk too; run again it takes what is missing,
    nothing twice. What is no mbox file is refused with a sentence; a strange one is understood."""
    site.act("forum.create", slug="longue", name="Longue")
    path = site.folder / "longue.mbox"
    path.write_bytes(mbox([message(1000 + n, f"Sujet {n}", body=f"Texte {n}.\n" * 20) for n in range(1500)]))
    child = subprocess.Popen([site.preau, "import", "--config", str(site.config), "longue", str(path)],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    count = "SELECT count(*) FROM post p JOIN forum f ON f.id = p.forum WHERE f.slug = 'longue'"
    wait_for(lambda: site.one(count) > 100)
    child.kill()
    child.wait()
    some = site.one(count)
    assert some < 1500, "it was not cut off"
    other = subprocess.Popen([site.preau, "import", "--config", str(site.config), "longue", str(path)],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: site.one(count) > some + 100)
    os.kill(site.pids()["clerk.0"], signal.SIGKILL)
    out, trouble = other.communicate(timeout=60)
    assert other.returncode == 0 and "read=1500" in out and "failed=0" in out, (out, trouble)
    assert site.one(count) == 1500 and site.one(count.replace("count(*)", "count(DISTINCT message_id)")) == 1500
    for name, octets, sentence in (("leer", b"", ""), ("texte", b"Bonjour\n\nFrom x\n", "no mbox file")):
        bad = site.folder / f"{name}.mbox"
        bad.write_bytes(octets)
        done = site.run("import", "longue", bad)
        assert sentence in done.stderr and (done.returncode == 0) == (sentence == ""), done
    done = site.run("import", "longue", str(site.folder))
    assert done.returncode == 75 and "cannot be read" in done.stderr, done
    endless = site.folder / "endless.mbox"
    with open(endless, "wb") as file:
        file.write(b"From a Thu Jan  1 00:00:00 1970\nFrom: <z@vieux.example>\n\n")
        file.truncate(500 << 20)   # one line, of zeros, larger than any message
    with open(site.folder / "endless.err", "w+") as said:
        child = subprocess.Popen([site.preau, "import", "--config", str(site.config), "longue", str(endless)],
                                 stdout=subprocess.DEVNULL, stderr=said)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        assert child.returncode == 1 and "message 1 (line 1): it is too large" in said.read(), child.returncode
    assert usage.ru_maxrss < 300 << 10, "a line without an end was held whole"
    unquoted = site.folder / "unquoted.mbox"
    unquoted.write_bytes(b"From a Thu Jan  1 00:00:00 1970\nFrom: <z@vieux.example>\nMessage-ID: <unquoted@vieux.example>\n"
                         b"Subject: Loin\n\nOui.\n\nFrom here it is far.\n")
    assert "read=1 added=1" in site.run("import", "longue", str(unquoted)).stdout
    crlf = site.folder / "crlf.mbox"
    crlf.write_bytes(b"From a Thu Jan  1 00:00:00 1970\r\nFrom: <z@vieux.example>\r\nMessage-ID: <crlf@vieux.example>\r\n"
                     b"Subject: CRLF\r\n\r\nSans fin de ligne")
    assert "added=1" in site.run("import", "longue", crlf).stdout
    assert site.one("SELECT text FROM post WHERE message_id = 'crlf@vieux.example'").strip() == "Sans fin de ligne"


def thread(site):
    return f"/t/{site.one('SELECT thread FROM post WHERE message_id = ?', 'old-1@vieux.example')}"


def check(site):
    rows = site.rows("SELECT message_id, date, state, door FROM post ORDER BY date")
    assert [row[0] for row in rows] == [f"old-{n}@vieux.example" for n in range(1, 7)], rows
    assert [row[1] for row in rows] == [BEGIN + n * DAY for n in range(1, 7)], rows
    assert {row[2:] for row in rows} == {("published", "import")}, rows
    parents = site.rows("SELECT p.message_id, q.message_id FROM post p JOIN post q ON q.id = p.parent ORDER BY p.date")
    assert parents == [("old-2@vieux.example", "old-1@vieux.example"), ("old-3@vieux.example", "old-2@vieux.example")], parents
    assert site.one("SELECT count(DISTINCT thread) FROM post") == 4
    page = Browser(site).get(thread(site))
    assert page.status == 200 and "From here it is far." in page.text and "2014" in page.text, page.text[:600]
    assert "@vieux.example" not in page.text
    assert {row[0] for row in site.rows("SELECT state FROM person WHERE id IN (SELECT author FROM post)")} == {"stranger"}
