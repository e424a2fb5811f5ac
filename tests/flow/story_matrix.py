# SPDX-License-Identifier: AGPL-3.0-or-later
"""The matrix of permissions: who × what × on what, each really tried.

matrix.tsv holds, for every address of the site, every act, every question and every kind of mail
address, what becomes of it for each of thirteen kinds of people, and why; matrix_rules.py says the
rules of the design a second time, and the cells must follow from them. The program prints its tables
(preau show routes, acts, asks, addresses): a row of theirs without expectation fails this story,
as does an expectation without a row, and a line taken out of the file is noticed. Each cell is
tried: by HTTP with the session and the form's proof of that person, by the console in their
name, by mail from their address. What is refused leaves the book as it was, and no line in the
journal that it was done; what is "404" reads as if the thing did not exist; no answer to anybody
holds a word of what they may not read.

Cells: a status of HTTP; "done" (the answer is good and the book changed); "login" (led to
/login); "answered" (a question); a kind of refusal of the console; what became of a mail, or
550 at the door; "-": cannot be tried there (the console has no nobody; not built).
"""
import itertools
import pathlib
import re

from tests.flow import cast, mail, matrix_rules
from tests.flow.cast import ABSENT, ROLES, SLUGS, WORDS, address, changes
from tests.flow.site import DOMAIN, wait_for
from tests.flow.web import Browser

ONCE = True

TABLE = pathlib.Path(__file__).parent / "matrix.tsv"
HEADS = ["what", "object", *ROLES, "because"]
REFUSED = re.compile(r"[45]\d\d$|login$|denied$|not-found$|invalid$|refused$|kept$|conflict$|dropped")

# What each may read, in words of the things; whatever an answer is, it holds no word of the others.
EVERYBODY = {"open", "closed", "roll", "read-first"}
READS = {role: set(EVERYBODY) for role in ROLES}
for _role in set(ROLES) - {"anonymous", "unconfirmed", "suspended", "thief"}:
    READS[_role].add("registered")
for _role in ("member", "left", "writer", "animator", "moderator", "administrator"):
    READS[_role].add("members")
for _role in ("elsewhere", "administrator"):
    READS[_role].add("elsewhere")
for _role in ("moderator", "administrator"):
    READS[_role] |= {"held", "hidden"}


# ---- the file and the tables ----

def read_table():
    rows = []
    for number, line in enumerate(TABLE.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        cells = line.split("\t")
        if cells == HEADS:
            continue
        assert len(cells) == len(HEADS) and all(cells), f"{TABLE.name}:{number}: {len(cells)} cells, or an empty one"
        rows.append(dict(zip(HEADS, cells)))
    return rows


def built(site):
    """What the program says that it can do: {"POST /login", "act post.add", "ask preview", "mail forum" ...}"""
    def shown(table):
        done = site.run("show", table)
        assert done.returncode == 0, done
        return [line for line in done.stdout.splitlines() if line and not line.startswith(" ")]
    return set(shown("routes")) | {f"act {name}" for name in shown("acts")} | {f"ask {name}" for name in shown("asks")} | \
        {f"mail {name}" for name in shown("addresses")}


def faults_of(rows, names):
    """What is built without an expectation, and what is expected without being built."""
    expected = {row["what"] for row in rows if not row["what"].startswith("not built: ")}
    absent = {row["what"].removeprefix("not built: ") for row in rows if row["what"].startswith("not built: ")}
    return sorted([f"{name}: no expectation" for name in names - expected] +
                  [f"{name}: expected, not there" for name in expected - names] +
                  [f"{name}: is built now" for name in names if any(re.match(word, name) for word in absent)])


def check_table(rows, names):
    assert len(names) > 110, len(names)
    assert faults_of(rows, names) == [], faults_of(rows, names)
    for name in names:  # planted: each row taken out, and each act and address more, is noticed
        assert faults_of([row for row in rows if row["what"] != name], names) == [f"{name}: no expectation"], name
    assert faults_of(rows, names | {"POST /new/thing"}) == ["POST /new/thing: no expectation"]
    assert faults_of(rows, names - {"act post.add"}) == ["act post.add: expected, not there"]
    assert faults_of(rows, names | {"act person.erase"}) != []
    assert matrix_rules.faults_of(rows) == [], matrix_rules.faults_of(rows)
    assert {row["because"] for row in rows} >= set(matrix_rules.RULES), "a rule that no row names"
    for row in (row for row in rows if row["because"] in matrix_rules.RULES):  # planted: a wrong cell
        assert matrix_rules.faults_of([dict(row, thief="published")]) != [], row
    keys = [(row["what"], row["object"]) for row in rows]
    assert len(keys) == len(set(keys)), "a line twice"


# ---- addresses ----

def path_of(c, pattern, thing, role):
    if pattern.startswith(("/f/", "/moderate/:slug", "/admin/forums/:slug")):
        return pattern.replace(":slug", SLUGS[thing])
    if pattern.startswith("/t/"):
        return re.sub(":thread|:id", str(c.thread(thing, role)), pattern)
    if pattern.startswith(("/p/", "/moderate/:id")):
        return pattern.replace(":id", str(c.post(thing, role)))
    if pattern.startswith("/m/"):
        return "/m/" + c.message_id(thing, role)
    if pattern.startswith("/a/"):
        return c.attachment(thing)
    if pattern.startswith("/static/"):
        return re.search(r"/static/[^\"']+", c.browsers["anonymous"].get("/").html).group(0)
    if pattern.startswith("/accent/"):
        return "/accent/1f4e79.css"
    if pattern.startswith("/admin/rolls/"):
        return pattern.replace(":id", str(c.roll if thing != "absent" else ABSENT))
    if pattern == "/ok/:token":
        return "/ok/" + "a" * 26 if thing == "absent" else c.login_link(c.reader)
    if pattern == "/u/:token":
        if thing == "absent":
            return "/u/" + "a" * 26
        c.site.subscribe("place", c.reader)
        return leave_path(c)
    return pattern.replace(":id", "1") if pattern.startswith("/sitemap/") else pattern


def leave_path(c):
    copy = next(a for a in c.sink.to(address("abonnee")) if a.mail["List-Unsubscribe"] and "(Nomplace)" in str(a.mail["From"]))
    return re.search(r"<http://[^/]+(/u/[^>]+)>", str(copy.mail["List-Unsubscribe"])).group(1)


def new_name(c, kind="n"):
    c.count += 1
    return f"{kind}{c.count}"


def new_person(c, **more):
    name = new_name(c, "nouveau")
    return c.site.person(f"Nouveau {name}", f"{name}@ville.example", **more), f"{name}@ville.example"


def code_of(c, who):
    return re.search(r"\b(\d{8})\b", wait_for(lambda: c.sink.to(who))[-1].text()).group(1)


def elsewhere(c):
    """One machine more behind the proxy: limits by origin are not what is tried here."""
    c.count += 1
    return {"X-Forwarded-For": f"192.0.{c.count // 250}.{c.count % 250 + 1}"}


def ask_for_link(c, path, **fields):
    browser = Browser(c.site)
    page = browser.get(path)
    browser.post(path, dict(page.form(path).fields, **fields), headers=elsewhere(c))


def login_fields(c, thing):
    if thing == "password":
        if "password" not in c.made:
            c.made["password"] = new_person(c, password="une phrase assez longue 42")
        return {"address": c.made["password"][1], "password": "une phrase assez longue 42"}
    return {"address": "personne@nulle-part.example" if thing == "unknown" else new_person(c)[1]}


def code_fields(c, thing):
    _, who = new_person(c)
    ask_for_link(c, "/login", address=who)
    return {"address": who, "code": code_of(c, who) if thing == "right" else "00000000"}


def register_fields(c, thing):
    name = new_name(c, "inscrit")
    return {"identifier": c.issue(1)[0] if thing == "right" else "0000-0000-0000", "name": name, "address": f"{name}@ville.example"}


def register_code_fields(c, thing):
    fields = register_fields(c, "right")
    ask_for_link(c, "/register", **fields)
    return {"address": fields["address"], "code": code_of(c, fields["address"]) if thing == "right" else "00000000"}


def session_of(c, person):
    Browser(c.site).sign_in(c.site, person)
    return c.site.one("SELECT max(id) FROM session WHERE person = ?", person)


def session_fields(c, thing, role):
    whose = c.people[role] if thing == "own" and role in c.people and role not in ("unconfirmed", "suspended", "thief") else c.author
    return {"number": session_of(c, whose)}


def member_fields(c, thing, role):
    if thing == "dismiss":
        return {"mandate": new_mandate(c), "decision": thing}
    return {"person": new_person(c, trusted=1 if thing == "untrust" else 0)[0], "decision": thing}


# pattern: fields(c, thing, word, role); "word" is what stands behind the thing's colon.
FORMS = {
    "/f/:slug/new": lambda c, t, w, r: {"subject": "Sujet", "text": new_name(c, "Bonjour "), "send": "1"},
    "/f/:slug/subscription": lambda c, t, w, r: {"mode": other_mode(c, t, r)},
    "/p/:id/reply": lambda c, t, w, r: {"text": new_name(c, "Bonjour "), "send": "1"},
    "/p/:id/decide": lambda c, t, w, r: {"decision": w},
    "/t/:id/decide": lambda c, t, w, r: {"decision": w},
    "/login": lambda c, t, w, r: login_fields(c, t),
    "/login/code": lambda c, t, w, r: code_fields(c, t),
    "/logout": lambda c, t, w, r: {},
    "/forgot": lambda c, t, w, r: {"address": new_person(c)[1] if t == "known" else "personne@nulle-part.example"},
    "/register": lambda c, t, w, r: register_fields(c, t),
    "/register/code": lambda c, t, w, r: register_code_fields(c, t),
    "/account": lambda c, t, w, r: {"name": new_name(c, "Personne "), "locale": "fr"},
    "/account/session": lambda c, t, w, r: session_fields(c, t, r),
    "/account/password": lambda c, t, w, r: {"password": "une phrase assez longue 42"},
    "/admin/rolls": lambda c, t, w, r: {"name": new_name(c, "liste")},
    "/admin/rolls/:id/issue": lambda c, t, w, r: {"count": "1"},
    "/admin/rolls/:id/revoke": lambda c, t, w, r: {"number": c.issue(1) and c.site.one("SELECT max(id) FROM identifier")},
    "/ok/:token": lambda c, t, w, r: {},
    "/u/:token": lambda c, t, w, r: {},
    "/moderate/:id": lambda c, t, w, r: {"decision": w},
    "/moderate": lambda c, t, w, r: {"decision": "approve", "post": c.post(t, r)},
    "/moderate/:slug/members": lambda c, t, w, r: member_fields(c, w, r),
    "/admin/forums/new": lambda c, t, w, r: {"slug": new_name(c, "f"), "name": "Forum"},
    "/admin/forums/:slug": lambda c, t, w, r: {"slug": SLUGS[t], "name": new_name(c, "Nomplace "), "who_writes": "registered", "appears": "at_once",
                                               "who_reads": "everyone", "strangers": "hold", "reply_to": "forum", "position": "0"},
}
CHANGES_ONE = {"/logout", "/account/password"}  # tried in a session that is made for it


def masked(page):
    text = re.sub(rb'(name="(?:csrf|key|next)" value="|next=)[^"]*', rb"\1", page.body)
    return re.sub(rb"/(f|t|p|m|a|moderate|admin|ok|u)/[^\"\s?]*|\d+", b"#", text)


def check_words(page, role, what):
    text = page.body.decode(errors="replace").lower()
    seen = {thing for thing, word in WORDS.items() if word in text}
    assert seen <= READS[role], f"{role} reads {seen - READS[role]} by {what}"
    names = {thing for thing in cast.FORUMS if f"nom{SLUGS[thing]}" in text}
    assert names <= READS[role], f"{role} reads the name of {names - READS[role]} by {what}"
    return seen


def status_of(page):
    where = page.headers.get("Location") or ""
    return "login" if page.status == 303 and "/login" in where else str(page.status)


def try_get(c, row, role):
    pattern, thing = row["what"].removeprefix("GET "), row["object"]
    path = path_of(c, pattern, thing, role)
    if pattern == "/search":
        path += "?q=commun"
    if pattern == "/m/:name" or "%" in path:
        path = path.replace("<", "").replace(">", "")
    before = c.book.look()
    page = c.ask(role, "GET", path)
    check_words(page, role, f"GET {path}")
    assert changes(before, c.book.look(), but=("session",)) == [], f"GET {path} as {role} changed the book"
    if page.status == 404 and ":" in pattern and thing not in {"-", "absent", *READS[role]}:
        absent = c.ask(role, "GET", path_of(c, pattern, "absent", role))
        assert absent.status == 404 and masked(absent) == masked(page), f"{path}: {role} can tell it from what is not there"
    return status_of(page)


def try_post(c, row, role):
    pattern, (thing, _, word) = row["what"].removeprefix("POST "), row["object"].partition(":")
    browser, proof = (c.signed(role) if pattern in CHANGES_ONE else (c.browsers[role], c.csrf(role)))
    fields = FORMS[pattern](c, thing, word, role)
    path = path_of(c, pattern, thing, role)
    if pattern in ("/login", "/login/code", "/register", "/register/code", "/ok/:token"):
        browser, kept = Browser(c.site), browser  # what signs somebody in must not sign out who tries
        browser.cookies = dict(c.kept if role == "thief" else kept.cookies)
    quiet(c)
    before = c.book.look()
    page = c.ask(role, "POST", path, {"csrf": proof, **fields}, browser=browser, headers=elsewhere(c))
    after = c.book.look()
    check_words(page, role, f"POST {path}")
    changed = changes(before, after)
    if page.status == 404 and ":" in pattern and thing not in {"absent", *READS[role]} and pattern != "/ok/:token":
        absent = c.ask(role, "POST", path_of(c, pattern, "absent", role), {"csrf": proof, **fields}, browser=browser, headers=elsewhere(c))
        assert absent.status == 404 and masked(absent) == masked(page), f"{path} {fields}: {role} can tell it from what is not there"
    if pattern == "/account/password" and page.status == 303 and role in c.people and changed:
        c.browsers[role] = Browser(c.site).sign_in(c.site, c.people[role])
        c.tokens.pop(role, None)
    restore(c, pattern, thing, role)
    return verdict(status_of(page), changed, row, role, page.status < 400)


def restore(c, pattern, thing, role):
    if pattern == "/t/:id/decide" and thing != "absent":
        c.site.act("thread.set", thread=c.thread(thing, role), closed=0, pinned=0)
    if pattern == "/f/:slug/subscription":
        unsubscribe(c, role)
    c.retire()


def unsubscribe(c, role):
    """A subscription is a membership: whoever won none by it is told apart by the next attempt."""
    for thing, ours in (("members", "conseil"), ("elsewhere", "ailleurs")):
        if role in c.people and thing not in READS[role]:
            assert not c.site.one("SELECT count(*) FROM subscription s JOIN forum f ON f.id = s.forum WHERE f.slug = ? AND person = ?",
                                  ours, c.people[role]) or role == "thief", f"{role} made a member of {ours}"


def verdict(answer, changed, row, role, good):
    if good and changed:
        return "done" if answer != "login" else f"login, but changed {changed[:3]}"
    if changed:
        raise AssertionError(f"{row['what']} {row['object']} as {role}: {answer}, and yet {changed[:3]}")
    return answer


def quiet(c):
    """What earlier attempts set going is over."""
    wait_for(lambda: not c.site.one("SELECT count(*) FROM inbox WHERE state = 'new'"), pause=0.002)


# ---- acts and questions, by the console in somebody's name ----

def new_mandate(c):
    person, _ = new_person(c)
    return int(c.site.act("mandate.set", person=person, forum="place", role="writer")["mandate"])


def person_fields(c, thing, role):
    whose = {"person": new_person(c)[0]} if thing.startswith("other") or role == "administrator" else {}
    what = thing.partition(" ")[2] or "name"
    return whose | {"name": {"name": new_name(c, "Nom ")}, "state": {"state": "suspended"}, "trusted": {"trusted": 1},
                    "administrator": {"administrator": 1}}[what]


def other_mode(c, thing, role):
    """What is not chosen yet, so that choosing it changes something."""
    mode = c.site.one("SELECT mode FROM subscription s JOIN forum f ON f.id = s.forum WHERE f.slug = ? AND person = ?",
                      SLUGS[thing], c.people.get(role))
    return "topics" if mode == "each" else "each"


def subscription_fields(c, thing, role):
    if thing == "other":
        return {"forum": "place", "mode": "each", "person": new_person(c)[0]}
    more = {"person": new_person(c)[0]} if role == "administrator" else {}
    mode = other_mode(c, thing, role)
    return {"forum": SLUGS[thing], "mode": mode} | more


def issue_fields(c, thing, role):
    return {"roll": c.roll, "line": "0000000000"}


def letter_file(c):
    path = c.site.folder / "lettre.eml"
    path.write_bytes(c.letter("stranger", f"place@{DOMAIN}", new_name(c, "Import ")).as_bytes())
    return path


POST = lambda c, t, r: {"post": c.post(t, r)}
ACTS = {
    "forum.create": lambda c, t, r: {"slug": new_name(c, "f"), "name": "Forum"},
    "forum.set": lambda c, t, r: {"slug": SLUGS[t], "description": new_name(c, "Dit ")},
    "person.create": lambda c, t, r: {"name": "Nom", "address": new_name(c, "p") + "@ville.example"},
    "person.set": person_fields,
    "mandate.set": lambda c, t, r: {"person": new_person(c)[0], "forum": "place", "role": "moderator"},
    "mandate.end": lambda c, t, r: {"mandate": new_mandate(c)},
    "organisation.create": lambda c, t, r: {"name": new_name(c, "Association "), "kind": "association"},
    "subscription.set": subscription_fields,
    "subscription.leave": lambda c, t, r: {"token": path_of(c, "/u/:token", t, r)[3:]},
    "subscription.remove": lambda c, t, r: {"forum": SLUGS[t], "person": new_person(c)[0]},
    "session.ask": lambda c, t, r: {"address": new_person(c)[1], "peer": "192.0.2.7"},
    "session.open": lambda c, t, r: {"token": c.login_link(c.reader)[4:]},
    "session.close": lambda c, t, r: {"session": "A" * 43},
    "session.seen": lambda c, t, r: {"session": "A" * 43},
    "session.link": lambda c, t, r: {"person": c.reader},
    "session.revoke": lambda c, t, r: {"number": session_of(c, c.author)},
    "password.set": lambda c, t, r: {"password": "une phrase assez longue 42"},
    "roll.create": lambda c, t, r: {"name": new_name(c, "liste")},
    "roll.change": lambda c, t, r: {"roll": c.roll, "purpose": new_name(c, "but ")},
    "roll.issue": issue_fields,
    "roll.revoke": lambda c, t, r: {"number": c.issue(1) and c.site.one("SELECT max(id) FROM identifier")},
    "person.register": lambda c, t, r: {"identifier": c.issue(1)[0], "name": "Nom", "address": new_name(c, "p") + "@ville.example", "locale": "fr"},
    "registration.confirm": lambda c, t, r: {"token": "a" * 26},
    "post.add": lambda c, t, r: ({"parent": c.post(t[6:], r)} if t.startswith("reply ") else {"forum": SLUGS[t], "subject": "Sujet"}) |
                                {"source": new_name(c, "Bonjour ")},
    "post.approve": POST, "post.refuse": POST, "post.discard": POST, "post.hide": POST, "post.restore": POST, "post.withdraw": POST,
    "thread.set": lambda c, t, r: {"thread": c.thread(t, r), "pinned": 1},
    "post.confirm": lambda c, t, r: {"token": "a" * 26},
    "mail.receive": lambda c, t, r: {"recipient": "place", "from": "x@ville.example", "peer": "192.0.2.7", "door": "console", "raw": f"@{letter_file(c)}"},
    "mail.process": lambda c, t, r: {"inbox": ABSENT}, "mail.died": lambda c, t, r: {"inbox": ABSENT},
    "mail.aside": lambda c, t, r: {"inbox": ABSENT}, "mail.replay": lambda c, t, r: {"inbox": ABSENT},
    "delivery.report": lambda c, t, r: {}, "delivery.start": lambda c, t, r: {"id": c.site.one("SELECT max(id) FROM outbox")},
    "delivery.replay": lambda c, t, r: {"outbox": ABSENT},
    "house.clean": lambda c, t, r: {},
    "house.alarm": lambda c, t, r: {"why": "Une alerte."}, "house.damage": lambda c, t, r: {"times": 1},
    "house.check": lambda c, t, r: {}, "house.checked": lambda c, t, r: {},
    "import.add": lambda c, t, r: {"forum": SLUGS[t], "raw": f"@{letter_file(c)}"},
}
ASKS = {
    "address.known": lambda c, t, r: {"recipient": SLUGS[t]},
    "preview": lambda c, t, r: {"source": "Bonjour"},
    "inbox.list": lambda c, t, r: {}, "outbox.list": lambda c, t, r: {},
    "archive.read": lambda c, t, r: {"forum": SLUGS[t]},
    "house.ping": lambda c, t, r: {},
}
ABSENT_ACT = {"post": ABSENT, "thread": ABSENT, "forum": SLUGS["absent"], "parent": ABSENT}


def speak(c, verb, name, role, fields):
    who = [] if role == "administrator" else ["--as", str(c.people[role])]
    return c.site.run(verb, *who, name, *[f"{key}={value}" for key, value in fields.items()])


def try_console(c, row, role):
    if role == "anonymous" or row[role] == "-":
        return "-"
    verb, name = row["what"].split(" ")
    fields = (ACTS if verb == "act" else ASKS)[name](c, row["object"], role)
    quiet(c)
    before = c.book.look()
    done = speak(c, verb, name, role, fields)
    changed = changes(before, c.book.look(), but=("inbox", "raw") if name == "mail.receive" and role == "administrator" else ())
    kind = "answered" if verb == "ask" else "done" if changed or name in ("mail.receive", "session.close") else "nothing"
    answer = kind if done.returncode == 0 else done.stderr.split(": ")[1]
    if answer == "not-found" and row["object"] not in {"-", "absent", "own", "other", *READS[role]}:
        nothing = speak(c, verb, name, role, {key: ABSENT_ACT.get(key, value) for key, value in fields.items()})
        assert nothing.stderr == done.stderr, f"{row['what']} {row['object']}: {role} can tell: {done.stderr}{nothing.stderr}"
    if name == "mail.receive":
        quiet(c)
    if name == "subscription.set":
        unsubscribe(c, role)
    c.retire()
    return verdict(answer, changed, row, role, done.returncode == 0)


# ---- mail ----

def copy_for_reader(c, word):
    return c.arrived("abonnee", word)


def recipient_of(c, kind, thing, role):
    """Local part that a mail goes to, and its text."""
    if kind in ("forum", "unknown"):
        return SLUGS[thing], "Bonjour.\n"
    if kind == "reply":  # of a copy that came to somebody else
        c.post(thing)
        return local_of(copy_for_reader(c, WORDS[thing]).mail["Reply-To"]), "Bonjour.\n"
    if kind == "author":
        c.post(thing)
        return local_of(copy_for_reader(c, WORDS[thing]).mail["From"]), "Bonjour.\n"
    if kind == "bounce":
        return copy_for_reader(c, WORDS["open"]).sender.split("@")[0], "Bonjour.\n"
    if kind == "moderate":
        post = c.post("held")
        subject = c.site.one("SELECT subject FROM post WHERE id = ?", post)
        return local_of(c.arrived("moderator", subject).mail["Reply-To"]), {"ok": "ok\n", "non": "non : hors sujet\n", "jeter": "jeter\n", "rien": "Merci.\n"}[thing]
    if kind == "unsubscribe":
        return "place+u." + path_of(c, "/u/:token", thing, role)[3:], "Bonjour.\n"
    if kind == "confirm":
        return "ok." + "a" * 26, "oui\n"
    if kind == "postmaster":
        return "postmaster", "Bonjour.\n"
    word = {"subscribe": "abonner", "unsubscribe": "desabonner", "help": "aide", "owners": "responsables", "pause": "pause"}[kind.removeprefix("word ")]
    return f"{SLUGS[thing]}+{word}", "Bonjour.\n"


def local_of(field):
    return field.addresses[0].username


def try_mail(c, row, role):
    kind, (thing, _, how) = row["what"].removeprefix("mail "), row["object"].partition(":")
    if kind == "word":  # its words have rows of their own
        kind = "word subscribe"
    local, text = recipient_of(c, kind, thing, role)
    if kind == "unknown":
        local += "+rien"
    if kind in ("word subscribe", "word unsubscribe"):
        set_row(c, role, thing, kind)
    quiet(c)
    before = c.book.look()
    letter = c.letter(role, f"{local}@{DOMAIN}", new_name(c, "Sujet "), text, proved=how != "unproved")
    (outcome, post, _), = c.send(role, [f"{local}@{DOMAIN}"], letter)
    changed = changes(before, c.book.look(), but=("inbox", "raw", "person", "address"))
    if outcome == "held":
        outcome += " " + c.site.one("SELECT hold FROM post WHERE id = ?", post)
    if kind == "word subscribe":
        unsubscribe(c, role)
    c.retire()
    if changed and REFUSED.match(outcome):
        raise AssertionError(f"{row['what']} {row['object']} from {role}: {outcome}, and yet {changed[:3]}")
    return outcome


def set_row(c, role, thing, kind):
    """Where they may, what the word changes is otherwise before it."""
    if role in c.people and thing in READS[role] and thing != "absent":
        mode = "each" if kind == "word unsubscribe" else "topics"
        c.site.act("subscription.set", forum=SLUGS[thing], person=c.people[role], mode=mode)


# ---- all of it ----

def attempt(c, row, role):
    what = row["what"]
    if what.startswith("not built: "):
        return "-"
    if what.startswith("GET "):
        return try_get(c, row, role)
    if what.startswith("POST "):
        return try_post(c, row, role)
    return try_mail(c, row, role) if what.startswith("mail ") else try_console(c, row, role)


def found_of(c, row, role):
    try:
        return attempt(c, row, role)
    except AssertionError as fault:
        return f"FAULT {fault}"


def try_all(c, rows):
    """Whoever writes too fast is told to wait: the limit is not what is tried here, so those cells
    come again at the end, when their time is over."""
    faults, count, later = [], 0, []
    for row, role in itertools.product(rows, ROLES):
        found = found_of(c, row, role)
        count += row[role] != "-"
        if found in ("429", "too-much"):
            later.append((row, role))
        elif row[role] != found:
            faults.append((row["what"], row["object"], role, row[role], found))
    for row, role in later:
        found = wait_for(lambda row=row, role=role: (lambda word: word not in ("429", "too-much") and word)(found_of(c, row, role)), 90, 1)
        if row[role] != found:
            faults.append((row["what"], row["object"], role, row[role], found))
    return faults, count


def run(stage):
    rows = read_table()
    settings = dict(cast.SETTINGS, http_proxy="127.0.0.1")
    with mail.Sink() as sink, stage.site(relay=sink.url, **settings) as site:
        check_table(rows, built(site))
        c = cast.Cast(site, sink)
        faults, count = try_all(c, rows)
        assert not faults, f"{len(faults)} of {count} cells:\n" + "\n".join("\t".join(fault) for fault in faults)
        planted = dict(next(row for row in rows if row["what"] == "act post.hide"), stranger="done")
        assert [fault[2] for fault in try_all(c, [planted])[0]] == ["stranger"], "a wrong expectation is not noticed"
        assert site.log_text().count(" down=") == 0, "a process died"
        print(f"  {count} cells of {len(rows)} rows × {len(ROLES)} roles")
