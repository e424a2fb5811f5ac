# SPDX-License-Identifier: AGPL-3.0-or-later
"""The judge compares three accounts: what clients were told, what the book holds, what arrived.

It believes files alone: the clients' journal, the sink's journal, the book (read-only), the
supervisor's log; and pages as any visitor gets them. Each check is one sentence that is true or
has findings against it.
"""
import collections
import datetime
import hashlib
import os
import re
import sqlite3
import time

from tests.fault.accountant import read_journal
from tests.fault.killer import FLIGHT
from tests.flow.web import Browser

NONCE = re.compile(r"nonce-([0-9a-f]{32})")
ARTICLE = re.compile(r'<article class="post[^>]* id="p(\d+)"')
TROUBLE = re.compile(r"^\S+Z error |.*Sanitizer|.*runtime error")
LAST_WORD = re.compile(r" error clerk\.0 clerk channel=\S+ closed$")
SENDER, LETTERS = re.compile(r"b\.([a-z2-7]{10})[a-z2-7]{16}@"), "abcdefghijklmnopqrstuvwxyz234567"
SEARCH_KEY = "(date / 86400 << 29 | id)"   # of a post: src/store/search.h
JOINS_AN_HOUR = 60         # mails to strangers: src/rules/limit.c
DUPLICATES_MOST = 64       # a kill: what the relay has in dialogue or not yet recorded
CLOCK = 0.5                # seconds: our clocks are one, their reading is not
WAL_MOST = 64 << 20
QUIET_WAIT = 60            # seconds without any move


def wait_quiet(site):
    """Nothing new in the inbox, nothing due in the outbox; false where nothing moves any more."""
    last, since = None, time.monotonic()
    while True:
        now = site.rows("SELECT (SELECT count(*) FROM inbox WHERE state = 'new'),"
                        " (SELECT count(*) FROM outbox WHERE state = 'due')")[0]
        if now == (0, 0):
            return True
        if now != last:
            last, since = now, time.monotonic()
        if time.monotonic() - since > QUIET_WAIT:
            return False
        time.sleep(0.1)


def row_of(sender):
    """The outbox row that an envelope sender b.TOKEN@… names (mail/mail_token.h); 0: none."""
    found = SENDER.match(sender or "")
    number = 0
    for letter in found.group(1) if found else "":
        number = number << 5 | LETTERS.index(letter)
    return number & (1 << 44) - 1


def time_of(line):
    """Of a line of the log, in whole seconds; 0 where it tells none."""
    try:
        return datetime.datetime.fromisoformat(line[:20].replace("Z", "+00:00")).timestamp()
    except ValueError:
        return 0


class Judge:
    def __init__(self, story):
        self.story, self.site = story, story.site
        self.letters = {letter.nonce: letter for letter in story.letters}
        self.told = collections.defaultdict(list)   # nonce: what its client wrote down
        for line in read_journal(story.desk.journal.path):
            self.told[line["nonce"]].append(line)
        self.took, self.troubles = [], []
        for line in read_journal(story.sink_journal):
            {"took": self.took, "trouble": self.troubles}.get(line["e"], []).append(line)
        self.checks, self.figures = [], {}
        self.read_book()

    # ---- reading ----

    def read_book(self):
        site = self.site
        self.forums = dict(site.rows("SELECT id, slug FROM forum"))
        self.posts = {}                             # id: row
        self.of_nonce = collections.defaultdict(list)
        for row in site.rows("SELECT p.id, p.forum, p.thread, p.parent, p.state, p.message_id, p.alias, p.source,"
                             " p.author, p.door FROM post AS p"):
            post = Post(*row)
            post.forum = self.forums[post.forum]
            self.posts[post.id] = post
            for nonce in set(NONCE.findall(post.source)):
                self.of_nonce[nonce].append(post)
        self.authors = dict(site.rows("SELECT person, folded FROM address"))
        self.notices = site.rows("SELECT o.id, a.folded, o.state, o.answer, n.message_id, n.template, n.post"
                                 " FROM outbox AS o JOIN address AS a ON a.id = o.address"
                                 " JOIN notice AS n ON n.id = o.notice")
        self.outbox = site.rows("SELECT o.id, o.post, o.person, a.folded, o.state, o.attempts, o.created, o.answer"
                                " FROM outbox AS o JOIN address AS a ON a.id = o.address WHERE o.post IS NOT NULL")

    def outcome(self, nonce):
        found = [line["e"] for line in self.told[nonce] if line["e"] in ("acked", "gave-up", "refused")]
        return found[0] if found else "open"

    def check(self, name, findings):
        findings = list(findings)
        self.checks.append((name, findings))

    # ---- the checks ----

    def judge(self):
        self.check("every letter was told something", (
            f"nonce-{nonce}: {self.outcome(nonce)} {self.told[nonce][-1:]}" for nonce in self.letters
            if self.outcome(nonce) in ("open", "refused")))
        self.check("what was acknowledged is one post in each of its forums, published or held as it must be",
                   self.find_lost())
        self.check("nothing is there twice, nor anything that nobody wrote", self.find_twice())
        self.check("each post has the text, the author, the place and the file it was sent with", self.find_changed())
        self.check("each post is once on the page of its thread", self.find_pages())
        self.check("one outbox row for each post and subscriber of that instant", self.find_rows())
        self.check("each row has an end that the sink explains", self.find_ends())
        self.check("each row sent has a copy at the sink", self.find_missed())
        self.check("a copy comes twice with the same Message-ID, by a cut or a kill, 64 a kill at most",
                   self.find_duplicates())
        self.check("nothing else arrived at the sink", self.find_strange())
        self.check("as many mails came in as have an outcome", self.find_unbalanced())
        self.check("the book is sound", self.find_unsound())
        self.check("nobody died but by our hand", self.find_deaths())
        self.check("the log names nobody and tells nothing", self.find_secrets())
        self.check("every kill hit a house at work, every role was hit", self.find_idle_kills())
        self.check("clients have nothing to complain of", self.story.desk.complaints)
        return self.checks

    def find_lost(self):
        for nonce, letter in self.letters.items():
            if self.outcome(nonce) != "acked":
                continue
            for forum in letter.forums:
                found = [post for post in self.of_nonce[nonce] if post.forum == forum]
                if len(found) != 1 or found[0].state not in self.states_of(nonce, letter):
                    yield (f"nonce-{nonce} ({letter.door}, {forum}) was acknowledged; posts: "
                           f"{[(post.id, post.state) for post in found]}")
            if letter.post is not None and [post.id for post in self.of_nonce[nonce]] != [letter.post]:
                yield f"nonce-{nonce}: the answer said post {letter.post}, it is {self.of_nonce[nonce]}"

    def states_of(self, nonce, letter):
        """What a post may be: a stranger's is held until the moderator was told "done"."""
        if not letter.stranger or any(line["e"] == "approved" for line in self.told[nonce]):
            return ("published",)
        return ("held", "published") if letter.approve else ("held",)

    def find_twice(self):
        known = set()
        for nonce, posts in self.of_nonce.items():
            known.update(post.id for post in posts)
            if nonce not in self.letters:
                yield f"nonce-{nonce} was never given"
            for forum, count in collections.Counter(post.forum for post in posts).items():
                if count > 1:
                    yield f"nonce-{nonce} is {count} posts in {forum}"
        for post in self.posts.values():
            if post.id not in known:
                yield f"post {post.id} has no nonce"
        ids = collections.Counter((post.forum, post.message_id) for post in self.posts.values())
        for (forum, message_id), count in ids.items():
            if count > 1:
                yield f"{count} posts of {forum} have the Message-ID {message_id}"

    def find_changed(self):
        for nonce, letter in self.letters.items():
            for post in self.of_nonce[nonce]:
                yield from (f"post {post.id}: {what}" for what in self.compare(letter, post))

    def compare(self, letter, post):
        if post.source.replace("\r\n", "\n").strip("\n").split("\n") != letter.lines:
            yield f"its text is not what was sent: {post.source[:80]!r}"
        author = self.story.people[letter.author]
        if self.authors.get(post.author) != author.address:
            yield f"its author is {self.authors.get(post.author)}, not {author.address}"
        if letter.door != "web" and post.message_id != letter.message_id:
            yield f"its Message-ID is {post.message_id}"
        if post.state != "published":
            if post.thread is not None:
                yield f"it is {post.state} and has a thread"
        elif letter.answers is not None:
            parents = [parent for parent in self.of_nonce[letter.answers.nonce] if parent.forum == post.forum]
            if parents and post.parent != parents[0].id:
                yield f"it stands under {post.parent}, not under {parents[0].id}"
            if parents and post.thread != parents[0].thread:
                yield f"its thread is {post.thread}, its parent's {parents[0].thread}"
        files = self.site.rows("SELECT name, size, public FROM attachment WHERE post = ?", post.id)
        want = [(letter.file[0], len(letter.file[2]))] if letter.file else []
        if [row[:2] for row in files] != want:
            yield f"its files are {files}, not {want}"
        for name, _, public in files:
            page = Browser(self.site).get(f"/a/{public}/{name}")
            if post.state != "published":
                good = page.status == 404
            else:
                good = page.status == 200 and page.body == letter.file[2]
            if not good:
                yield f"its file {name} comes back otherwise ({page.status}, {len(page.body)} octets)"

    def find_pages(self):
        """Every thread as a visitor reads it: each article once, with its nonce in it."""
        seen = collections.Counter()
        for (thread,) in self.site.rows("SELECT id FROM thread WHERE state <> 'merged'"):
            path = f"/t/{thread}"
            while path:
                page = Browser(self.site).get(path)
                if page.status != 200:
                    yield f"{path} answers {page.status}"
                    break
                parts = ARTICLE.split(page.html)
                for number, text in zip(parts[1::2], parts[2::2]):
                    seen[int(number)] += 1
                    post = self.posts.get(int(number))
                    nonces = NONCE.findall(text.partition("</article>")[0])
                    want = NONCE.findall(post.source) if post else []
                    if nonces != want:
                        yield f"{path} shows post {number} with {nonces}, not {want}"
                path = next(iter(re.findall(r'rel="next" href="([^"]+)"', page.html)), None)
        for post in self.posts.values():
            if seen[post.id] != (post.state == "published"):
                yield f"post {post.id} ({post.state}) is {seen[post.id]} times on pages"

    # ---- out ----

    def find_rows(self):
        rows = collections.Counter((post, person) for _, post, person, *_ in self.outbox)
        for (post, person), count in rows.items():
            if count > 1:
                yield f"post {post} has {count} rows for person {person}"
        created = {}
        for _, post, _, _, _, _, at, _ in self.outbox:
            created[post] = at
        for post in self.posts.values():
            at = created.get(post.id, 0)
            if post.state != "published":
                if at:
                    yield f"post {post.id} is {post.state} and has rows"
                continue
            for person in self.story.people.values():
                has, must, may = (post.id, person.number) in rows, *person.receives(post.forum, at)
                if must and not has:
                    yield f"post {post.id} has no row for {person.address}"
                elif has and not may:
                    yield f"post {post.id} has a row for {person.address}, who was no subscriber"

    def find_ends(self):
        refused = {row_of(line["sender"]) or line["to"] for line in self.troubles if line["how"][0] == "5"}
        states = collections.Counter()
        for number, address, state, answer, *_ in self.notices:
            if state != "sent" and (state != "failed" or address not in refused or answer[:1] != "5"):
                yield f"row {number} (a notice, {address}) is {state}: {answer!r}"
        for number, post, _, address, state, attempts, _, answer in self.outbox:
            states[state] += 1
            if state == "failed" and (number not in refused or answer[:1] != "5"):
                yield f"row {number} (post {post}, {address}) failed with {answer!r}, the sink knows not why"
            elif state not in ("sent", "failed"):
                yield f"row {number} (post {post}, {address}) is {state} after {attempts} attempts: {answer!r}"
        self.figures.update(rows=len(self.outbox), states=dict(states))

    def deliveries(self):
        """{row: its copies, in time}, by their envelope sender: every row has one of its own.
        Notices have none; their Message-ID tells."""
        notices = {(row[4], row[1]): row[0] for row in self.notices}
        found = collections.defaultdict(list)
        for line in sorted(self.took, key=lambda line: line["t"]):
            found[row_of(line["sender"]) or notices.get((line["id"], line["to"]), 0)].append(line)
        return found

    def find_missed(self):
        came = self.deliveries()
        for number, post, _, address, state, *_ in self.outbox:
            if state == "sent" and number not in came:
                yield f"row {number} (post {post}, {address}) is sent, but no copy arrived"
        for number, address, state, _, _, template, _ in self.notices:
            if state == "sent" and number not in came:
                yield f"row {number} (notice {template}, {address}) is sent, but no copy arrived"

    def find_duplicates(self):
        """Each further copy follows a cut that the sink made, or a kill that lies between."""
        per_kill, by_cut = collections.Counter(), 0
        for lines in self.deliveries().values():
            for first, again in zip(lines, lines[1:]):
                kill = self.kill_between(first["t"], again["t"])
                if first["id"] != again["id"]:
                    yield f"{again['to']} got {first['id']} again as {again['id']}"
                elif not first["told"]:
                    by_cut += 1
                elif kill is not None:
                    per_kill[kill] += 1
                else:
                    yield (f"{again['to']} got {again['id']} again after {again['t'] - first['t']:.1f} s, "
                           "and nothing explains it")
        for kill, count in per_kill.items():
            if count > DUPLICATES_MOST:
                yield f"kill {kill} ({self.story.killer.kills[kill]['victim']}) made {count} duplicates"
        self.figures.update(copies=len(self.took), duplicates_by_cut=by_cut,
                            duplicates_by_kill=sum(per_kill.values()),
                            most_by_one_kill=max(per_kill.values(), default=0))

    def kill_between(self, first, again):
        for at, kill in enumerate(self.story.killer.kills):
            if first - CLOCK <= kill["t"] <= again and kill["victim"].startswith(("relay", "clerk", "all")):
                return at
        return None

    def find_strange(self):
        """Each copy is of a row, to its address, of its post, and has what a copy must have."""
        rows = {row[0]: (row[3], self.posts[row[1]]) for row in self.outbox}
        notices = {(row[4], row[1]) for row in self.notices}
        for line in self.took:
            number = row_of(line["sender"])
            address, post = rows.get(number, (None, None))
            if not line["sender"] and (line["id"], line["to"]) in notices:
                continue
            if post is None:
                yield f"a mail to {line['to']} from {line['sender']} is no delivery of ours"
            elif (line["to"], line["id"]) != (address, post.message_id) or line["nonce"] not in post.source:
                yield (f"row {number} (post {post.id}, {address}) came to {line['to']} as {line['id']} "
                       f"with nonce {line['nonce']!r}")
            if line.get("missing"):
                yield f"a copy of {line['id']} to {line['to']} lacks {line['missing']}"
        yield from self.find_strange_notices()

    def find_strange_notices(self):
        """A stranger hears once how to join, while the house has not told too many within the hour, and once
        that his mail was let through."""
        told = collections.Counter((post, template, address) for _, address, _, _, _, template, post in self.notices)
        joins = sum(count for (_, template, _), count in told.items() if template == "join")
        for nonce, letter in self.letters.items():
            address = self.story.people[letter.author].address
            for post in self.of_nonce[nonce] if letter.stranger else ():
                count = told.pop((post.id, "join", address), 0)
                if count > 1 or (count == 0 and joins < JOINS_AN_HOUR):
                    yield f"{address} was told {count} times how to join, for post {post.id}"
                count = told.pop((post.id, "approved", address), 0)
                if count != (post.state == "published"):
                    yield f"{address} was told {count} times that post {post.id} appears, it is {post.state}"
        for post, template, address in told:
            yield f"{address} was sent {template} about post {post}, for no reason"

    # ---- in ----

    def find_unbalanced(self):
        rows = self.site.rows("SELECT i.id, i.recipient, i.state, i.outcome, i.post, i.tries, p.forum, p.message_id"
                              " FROM inbox AS i LEFT JOIN post AS p ON p.id = i.post")
        outcomes, came, published = collections.Counter(), collections.Counter(), collections.Counter()
        reports = {sender.partition("@")[0]: sender for sender in self.story.reports}
        came_back = collections.Counter()
        for number, recipient, state, outcome, post, tries, forum, message_id in rows:
            outcomes[outcome] += 1
            if recipient in reports and (state, outcome, post) == ("done", "bounce", None):
                came_back[reports[recipient]] += 1
            elif state != "done" or outcome not in ("published", "merged", "held"):
                yield f"inbox row {number} is {state}, outcome {outcome!r}, after {tries} deaths"
            elif self.forums.get(forum) != recipient:
                yield f"inbox row {number} to {recipient} led to post {post} of {forum}"
            else:
                came[message_id, recipient] += 1
                published[message_id, recipient] += outcome in ("published", "held")
        self.figures["inbox"] = dict(outcomes)
        for letter in self.letters.values():
            for forum in letter.forums if letter.door != "web" else ():
                sent = sum(line["e"] == "sent" for line in self.told[letter.nonce])
                acked = self.outcome(letter.nonce) == "acked"
                key = letter.message_id, forum
                if not acked <= came[key] <= sent or published[key] != (came[key] > 0):
                    yield (f"{letter.message_id} to {forum}: sent {sent} times, acknowledged {int(acked)}, "
                           f"taken in {came[key]}, published {published[key]}")
        yield from self.find_forgotten_reports(came_back)
        counters = dict(self.site.rows("SELECT name, value FROM counter WHERE name LIKE 'mail.%'"))
        aside = counters.pop("mail.aside", 0)
        if aside != self.story.replayed["inbox"]:
            yield f"{aside} mails were set aside, {self.story.replayed['inbox']} given back"
        counted = {f"mail.{outcome}": count for outcome, count in outcomes.items()}
        if counters != counted:
            yield f"counters say {counters}, rows {counted}"

    def find_forgotten_reports(self, came_back):
        """Each report was taken at last: it came in, and its row knows."""
        bounced = {row for row, in self.site.rows("SELECT id FROM outbox WHERE bounced IS NOT NULL AND state = 'sent'")}
        for sender, sent in self.story.reports.items():
            if not 1 <= came_back[sender] <= sent:
                yield f"a report to {sender} was sent {sent} times and came in {came_back[sender]} times"
            if row_of(sender) not in bounced:
                yield f"a report to {sender} was taken, its row {row_of(sender)} knows of none"
        if len(bounced) > len(self.story.reports):
            yield f"{len(bounced)} rows have come back, {len(self.story.reports)} were reported"

    # ---- the house ----

    def find_damage(self):
        """What `preau check` has to say, where it has something."""
        done = self.site.run("check")
        return [done.stdout[-1000:] + done.stderr[-1000:]] if done.returncode else []

    def find_unsound(self):
        book = sqlite3.connect(":memory:")
        source = sqlite3.connect(f"file:{self.site.data}/preau.db?mode=ro", uri=True, timeout=10)
        source.backup(book)
        source.close()
        for sql, want in (("PRAGMA integrity_check", [("ok",)]), ("PRAGMA foreign_key_check", []),
                          ("INSERT INTO search (search, rank) VALUES ('integrity-check', 0)", []),
                          ("SELECT t.id FROM thread AS t WHERE t.state <> 'merged' AND t.posts <> (SELECT count(*)"
                           " FROM post AS p WHERE p.thread = t.id AND p.state = 'published')", []),
                          ("SELECT id FROM post WHERE state = 'published' AND (thread IS NULL OR"
                           f" {SEARCH_KEY} NOT IN (SELECT id FROM search_docsize))", []),
                          ("SELECT id FROM search_docsize WHERE id NOT IN"
                           f" (SELECT {SEARCH_KEY} FROM post WHERE state = 'published')", []),
                          ("SELECT id FROM inbox WHERE state = 'aside'", []),
                          ("SELECT id FROM outbox WHERE state = 'aside'", [])):
            try:
                found = book.execute(sql).fetchall()
            except sqlite3.Error as trouble:
                found = [str(trouble)]
            if found != want:
                yield f"{sql}: {found[:5]}"
        posts = len([letter for letter in self.letters.values() if letter.post])
        keys = book.execute("SELECT count(*) FROM journal WHERE act = 'post.add' AND outcome = 'done'").fetchone()[0]
        if keys not in (0, posts):
            yield f"{posts} posts were written on the web, the journal has {keys}"
        blobs = {row[0].hex() for row in book.execute("SELECT hash FROM raw WHERE octets IS NULL")}
        book.close()
        yield from self.find_blobs(blobs)

    def find_blobs(self, wanted):
        here = set()
        for entry in os.scandir(self.site.data / "blobs"):
            if entry.is_file():
                here.add(entry.name)
                with open(entry.path, "rb") as file:
                    if hashlib.sha256(file.read()).hexdigest() != entry.name:
                        yield f"blob {entry.name} does not hold what its name says"
        if wanted - here:
            yield f"rows without a file: {sorted(wanted - here)}"
        self.figures["blobs"] = len(wanted)
        self.figures["orphan_blobs"] = len(here - wanted)
        wal = self.site.data / "preau.db-wal"
        if wal.exists() and wal.stat().st_size > WAL_MOST:
            yield f"the WAL has {wal.stat().st_size} octets"

    def find_deaths(self):
        killer = self.story.killer
        for name, pid, by_signal, status in killer.log.look().downs:
            if not killer.explains(pid, by_signal, status):
                yield f"{name} (pid {pid}) died: signal {by_signal}, exit {status}"
        for pid, status in killer.orphans.items():
            if os.WIFSIGNALED(status) and not (pid in killer.killed and os.WTERMSIG(status) == 9):
                yield f"orphan {pid} died of signal {os.WTERMSIG(status)}"
        for line in self.site.log_text().splitlines():
            if TROUBLE.match(line) and not self.is_last_word(line):
                yield f"the log says: {line[:300]}"

    def find_secrets(self):
        """Bodies, subjects, addresses, passwords: none of them is the log's business."""
        secrets = {person.address for person in self.story.people.values()}
        secrets |= {person.password for person in self.story.people.values() if person.password}
        pattern = re.compile("|".join(re.escape(text) for text in secrets) + "|nonce-|Bonjour|/ok/[A-Za-z0-9]{20}")
        for line in self.site.log_text().splitlines():
            if pattern.search(line):
                yield line[:300]

    def is_last_word(self, line):
        """A clerk whose supervisor was killed says that its channels closed, and ends."""
        if not LAST_WORD.search(line):
            return False
        at = time_of(line)
        return any(kill["victim"] in ("all: supervisor", "all: everybody") and -1 <= at - kill["t"] <= 5
                   for kill in self.story.killer.kills)

    def find_idle_kills(self):
        killer = self.story.killer
        for at, kill in enumerate(killer.kills):
            if "again" not in kill and not any(kill["work"][name] for name in FLIGHT):
                yield f"kill {at} ({kill['victim']}): nothing was in flight"
        hit = collections.Counter(kill["victim"] for kill in killer.kills)
        for name in killer.roles if self.story.every_role else ():
            if not hit[name]:
                yield f"{name} was never hit alone"
        self.figures["kills"] = sum("again" not in kill for kill in killer.kills)
        self.figures["kills_in_hand"] = sum(kill["in_hand"] and "again" not in kill for kill in killer.kills)
        self.figures["kills_of_all"] = sum(kill["victim"].startswith("all") for kill in killer.kills)


class Post:
    def __init__(self, id, forum, thread, parent, state, message_id, alias, source, author, door):
        self.id, self.forum, self.thread, self.parent, self.state = id, forum, thread, parent, state
        self.message_id, self.alias, self.source, self.author, self.door = message_id, alias, source, author, door

    def __repr__(self):
        return f"post {self.id}"
