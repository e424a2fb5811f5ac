# SPDX-License-Identifier: AGPL-3.0-or-later
"""People of every standing and things of every kind, in one site: for stories that try all of
them with all of them (the matrix of permissions, the promise that reading changes nothing).

    with mail.Sink() as sink, stage.site(relay=sink.url, **cast.SETTINGS) as site:
        c = cast.Cast(site, sink)
        c.ask("member", "GET", "/f/conseil")

A thing that an attempt has used up is made anew when it is asked for again: c.post("held").
"""
import re
import sqlite3

from tests.flow import mail
from tests.flow.site import DOMAIN, wait_for
from tests.flow.web import Browser, multipart

ROLES = ("anonymous", "unconfirmed", "stranger", "roll", "member", "writer", "animator", "moderator",
         "elsewhere", "administrator", "suspended", "left", "thief")

# object: slug, name, axes. The words of its posts are "mot" + slug; its name stands nowhere else.
FORUMS = {
    "open": ("place", "Nomplace", {}),
    "registered": ("registre", "Nomregistre", {"who_reads": "registered"}),
    "members": ("conseil", "Nomconseil", {"who_reads": "members"}),
    "closed": ("ancien", "Nomancien", {}),
    "roll": ("liste", "Nomliste", {"who_writes": "roll"}),
    "read-first": ("relu", "Nomrelu", {"appears": "always_read"}),
    "elsewhere": ("ailleurs", "Nomailleurs", {"who_reads": "members"}),
}
SLUGS = {key: value[0] for key, value in FORUMS.items()} | {"absent": "nulle-part"}
WORDS = {key: f"mot{slug}" for key, (slug, _, _) in FORUMS.items()} | {"held": "motattente", "hidden": "motcache"}
ABSENT = 999999

SETTINGS = {"limit_mails": 0, "limit_posts": 0, "mail_trust": "results", "mail_authserv": "mx.ville.example"}

# Written whatever becomes of an attempt: that it was made. Outcomes that move mail on are not its own.
TRACES = {"rate", "counter", "act_key", "public_version", "setting", "job"}
COLUMNS = {"outbox": "id, post, notice, person", "session": "id, person, hash, created",
           "token": "id, hash, purpose, person, object, used", "registration": "id, hash, identifier, person, name, used",
           "identifier": "id, roll, selector, state, person",
           "journal": None, "journal_text": None}


def address(role):
    return f"{role}@ville.example"


class Book:
    """The content of the book at a moment, without what trying leaves."""

    def __init__(self, site):
        self.db = sqlite3.connect(f"file:{site.data}/preau.db?mode=ro", uri=True, timeout=10, isolation_level=None)
        self.tables = [name for (name,) in self.db.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'search%' AND name NOT LIKE 'sqlite%'")]
        self.tables = [name for name in self.tables if name not in TRACES]
        self.version, self.kept = None, None

    def look(self):
        """{table: set of rows}; the same object again where nothing was committed meanwhile."""
        version = self.db.execute("PRAGMA data_version").fetchone()[0]
        if version != self.version:
            self.version, self.kept = version, {name: self.rows(name) for name in self.tables}
        return self.kept

    def rows(self, table):
        columns = COLUMNS.get(table, "*")
        if columns is None:  # a refusal may be told to the journal; that something was done may not
            if table != "journal":
                return set()
            return set(self.db.execute("SELECT id, act, actor, object FROM journal WHERE outcome = 'done'"))
        return set(self.db.execute(f"SELECT {columns} FROM {table}"))

    def close(self):
        self.db.close()


def changes(before, after, but=()):
    """[(table, row)] that are only in one of them."""
    if before is after:
        return []
    return [(table, row) for table in before if table not in but for row in before[table] ^ after[table]]


class Cast:
    def __init__(self, site, sink):
        self.site, self.sink = site, sink
        self.people, self.browsers, self.tokens, self.made, self.threads = {}, {}, {}, {}, {}
        self.book, self.count, self.outside = Book(site), 0, ("anonymous", "unconfirmed")
        self.forums()
        self.fixtures()
        self.roles()
        self.things()
        self.suspend()

    # ---- making ----

    def forums(self):
        for slug, name, axes in FORUMS.values():
            self.site.act("forum.create", slug=slug, name=name, **axes)

    def fixtures(self):
        """Whoever is not tried: the author of the things, and who receives them."""
        self.author = self.site.person("Camille Auteur", address("auteur"))
        self.reader = self.site.person("Lise Abonnee", address("abonnee"))
        for slug in (value[0] for value in FORUMS.values()):
            self.site.act("mandate.set", person=self.author, forum=slug, role="writer")
        for slug in ("place", "conseil"):
            self.site.subscribe(slug, self.reader)

    def roles(self):
        site = self.site
        for role in ROLES[2:]:
            if role == "roll":
                continue
            more = {"administrator": 1} if role == "administrator" else {}
            self.people[role] = site.person(f"Personne {role}", address(role), **more)
        for role in ("writer", "animator", "moderator"):
            for slug in (value[0] for key, value in FORUMS.items() if key != "elsewhere"):
                site.act("mandate.set", person=self.people[role], forum=slug, role=role)
                if role == "moderator":
                    site.act("mandate.set", person=self.people["thief"], forum=slug, role=role)
        site.act("mandate.set", person=self.people["elsewhere"], forum="ailleurs", role="moderator")
        for role in ("member", "left", "thief"):
            site.subscribe("conseil", self.people[role])
        site.act("subscription.set", "--as", self.people["left"], forum="conseil", mode="none")
        self.roll = int(site.act("roll.create", name="Habitants", source="Mairie")["roll"])
        self.codes = self.issue(6)
        self.register("roll", self.codes.pop(), confirm=True)
        self.register("unconfirmed", self.codes.pop(), confirm=False)
        for role in ROLES:
            self.browsers.setdefault(role, Browser(site))
            if role not in ("anonymous", "unconfirmed", "roll"):
                self.browsers[role].sign_in(site, self.people[role])

    def issue(self, count):
        path = self.site.folder / f"codes-{len(list(self.site.folder.glob('codes-*')))}"
        done = self.site.run("issue", self.roll, count, path)
        assert done.returncode == 0, done
        codes = re.findall(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b", path.read_text())
        assert len(codes) == count, path.read_text()
        return codes

    def register(self, role, code, confirm):
        browser = self.browsers[role] = Browser(self.site)
        page = browser.submit(browser.get("/register"), "/register", identifier=code, name=f"Personne {role}",
                              address=address(role))
        assert page.status == 200, page.text
        wait_for(lambda: self.sink.to(address(role)))
        if confirm:
            link = re.search(r"http://\S+(/ok/\S+)", self.sink.to(address(role))[-1].text()).group(1)
            browser.submit(browser.get(link), "/ok/")
        self.people[role] = self.site.one("SELECT person FROM address WHERE address = ?", address(role))
        state = self.site.one("SELECT state FROM person WHERE id = ?", self.people[role])
        assert state == ("active" if confirm else "stranger"), (role, state)

    def things(self):
        for key in FORUMS:
            self.post(key)
        for key in ("held", "hidden"):
            self.post(key)
        self.site.act("forum.set", slug="ancien", who_writes="nobody")
        for role in ROLES[2:]:
            self.post("own", role)

    def suspend(self):
        """Two who may not come in any more: one whose browser forgets what it is told to, and one
        who kept the cookie and the proof of a form."""
        self.csrf("thief")
        self.kept = dict(self.browsers["thief"].cookies)
        for role in ("suspended", "thief"):
            self.site.act("person.set", person=self.people[role], state="suspended")
        self.outside = ("anonymous", "unconfirmed", "suspended")

    # ---- things ----

    def add(self, person, slug, word):
        """A post; its thread where it has one."""
        self.count += 1
        done = self.site.act("post.add", "--as", person, forum=slug, subject=f"Sujet {word} {self.count}",
                             source=f"Texte commun, {word}.")
        return int(done["post"]), int(done.get("thread") or 0)

    def post(self, thing, role=None):
        """The id of a post of that kind, as it should be."""
        if thing == "absent":
            return ABSENT
        if thing == "own" and role in ("anonymous", "unconfirmed"):
            thing = "open"  # they have none: what they try is somebody else's
        key = (thing, role) if thing == "own" else thing
        want = thing if thing in ("held", "hidden") else "published"
        post = self.made.get(key)
        if post and self.site.one("SELECT state FROM post WHERE id = ?", post) == want:
            return post
        if thing == "own":
            post, thread = self.add(self.people[role], "place", WORDS["open"])
        elif thing == "held":
            post, thread = self.add(self.author, "relu", WORDS["held"])
        elif thing == "hidden":
            post, thread = self.add(self.author, "place", WORDS["hidden"])
            self.site.act("post.hide", post=post, why="Motif de retrait.")
        else:
            post, thread = self.add(self.author, SLUGS[thing], WORDS[thing])
            if thing == "read-first":
                self.site.act("post.approve", post=post)
                thread = self.site.one("SELECT thread FROM post WHERE id = ?", post)
        self.made[key], self.threads[key] = post, thread
        return post

    def retire(self):
        """What was to be read by few and was let out by an attempt is taken down: else its words
        would be seen where they are looked for."""
        for thing in ("held", "hidden"):
            post = self.made.get(thing)
            if post and self.site.one("SELECT state FROM post WHERE id = ?", post) == "published":
                self.site.act("post.hide", post=post)

    def thread(self, thing, role=None):
        if thing == "absent":
            return ABSENT
        post = self.post(thing, role)
        return self.site.one("SELECT thread FROM post WHERE id = ?", post) or ABSENT

    def message_id(self, thing, role=None):
        if thing == "absent":
            return "personne@nulle-part.example"
        return self.site.one("SELECT message_id FROM post WHERE id = ?", self.post(thing, role))

    def attachment(self, thing):
        """/a/TOKEN/name of a file that a mail of the author brought."""
        if thing == "absent":
            return "/a/abcdefghijklmnopqrstuvwxyz/plan.pdf"
        if ("file", thing) not in self.made:
            slug = {"held": "relu", "hidden": "place"}.get(thing) or SLUGS[thing]
            letter = mail.write(f"Camille <{address('auteur')}>", f"{slug}@{DOMAIN}", f"Fichier {thing}", f"Texte {WORDS[thing]}.\n")
            letter.add_attachment(f"contenu {WORDS[thing]}".encode(), maintype="application", subtype="pdf", filename="plan.pdf")
            self.send("auteur", [f"{slug}@{DOMAIN}"], letter)
            post, public = self.site.rows("SELECT post, public FROM attachment ORDER BY id DESC LIMIT 1")[0]
            if thing == "hidden":
                self.site.act("post.hide", post=post)
            self.made["file", thing] = f"/a/{public}/plan.pdf"
        return self.made["file", thing]

    def login_link(self, person):
        """The path of a link that signs somebody in."""
        return re.search(r"/ok/\S+", self.site.act("session.link", person=person)["url"]).group(0)

    # ---- speaking ----

    def csrf(self, role):
        """A proof of forms that is this visitor's own; the thief's is the one that was copied."""
        if role not in self.tokens or role in self.outside:
            path, form = ("/login", "/login") if role in self.outside else ("/account", "/logout")
            self.tokens[role] = dict(self.browsers[role].get(path).form(form).fields)["csrf"]
        return self.tokens[role]

    def ask(self, role, method, path, fields=None, browser=None, headers=None, form="urlencoded"):
        """The answer, redirects not followed."""
        browser = browser or self.browsers[role]
        if role == "thief":
            browser.cookies = dict(self.kept)
        if method != "POST":
            return browser.request(method, path, headers=headers)
        fields = {"csrf": self.csrf(role)} | (fields or {})
        if form == "multipart":
            body, kind = multipart(list(fields.items()), [])
            return browser.request("POST", path, body, {"Content-Type": kind})
        return browser.post(path, fields, follow=False, headers=headers)

    def signed(self, role):
        """A session more, to be ended or changed; for whoever cannot have one, what they have."""
        if role == "thief" or role in self.outside:
            return self.browsers[role], self.csrf(role)
        browser = Browser(self.site).sign_in(self.site, self.people[role])
        return browser, dict(browser.get("/account").form("/logout").fields)["csrf"]

    def letter(self, role, to, subject="Sujet", text="Bonjour.\n", proved=True, **headers):
        """A mail as the MX hands it on; proved: with its verdict."""
        if proved:
            headers["Authentication-Results"] = "mx.ville.example; dmarc=pass header.from=ville.example"
        return mail.write(f"Personne {role} <{address(role)}>", to, subject, text, **headers)

    def send(self, role, recipients, letter):
        """The new rows of the inbox: [(outcome, post, note)]; '550' where it was refused at once."""
        if "Authentication-Results" not in letter and role == "auteur":
            letter["Authentication-Results"] = "mx.ville.example; dmarc=pass header.from=ville.example"
        last = self.site.one("SELECT coalesce(max(id), 0) FROM inbox")
        try:
            mail.send(self.site.ports["lmtp"], address(role), recipients, letter, lmtp=True)
        except mail.smtplib.SMTPRecipientsRefused as refused:
            return [(str(list(refused.recipients.values())[0][0]), None, "")]
        except mail.smtplib.SMTPDataError as refused:
            return [(str(refused.smtp_code), None, "")]
        wait_for(lambda: not self.site.one("SELECT count(*) FROM inbox WHERE state = 'new'"), pause=0.005)
        return self.site.rows("SELECT outcome, post, note FROM inbox WHERE id > ?", last)

    def arrived(self, who, part):
        """The latest mail to somebody that holds `part` anywhere, decoded where it is text."""
        def look():
            for arrival in reversed(self.sink.to(address(who))):
                if part in arrival.text() or part in str(arrival.mail["Subject"]):
                    return arrival
            return None
        return wait_for(look)
