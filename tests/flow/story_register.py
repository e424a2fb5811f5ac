# SPDX-License-Identifier: AGPL-3.0-or-later
"""The door: from a printed sheet to a published reply.

The administrator makes a roll and prints a sheet; the book holds no code of it. A newcomer reads a
discussion, registers with the identifier of the sheet, answers the mail, and replies: six
screens. Wrong, used and revoked identifiers get one answer, mistyped ones another; an address
that has an account is told from a new one by nothing that anybody else can see. A forgotten
password, a changed one and an ended session shut out every other device at once. A stranger is
told once how to join, where the mail proves its author.
"""
import contextlib
import re
import sqlite3
import stat

from tests.flow import mail
from tests.flow.site import wait_for
from tests.flow.web import Browser

CODE = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\b")
SHOWN = "K7QM-4TXW-9HRC"  # the specimen that pages show


def signed(site, **who):
    browser = Browser(site)
    browser.submit(browser.get(site.act("session.link", **who)["url"]), "/ok/")
    return browser


def codes_of(page):
    return [code for code in CODE.findall(page.html) if code != SHOWN]


def is_in(browser, name):
    return name in browser.get("/").text


def wrong_by_one(code):
    return ("B" if code[0] == "A" else "A") + code[1:]


def print_sheet(site, admin):
    page = admin.submit(admin.get("/admin/rolls"), "/admin/rolls", name="Habitants", source="Mairie")
    assert page.status == 200 and "Habitants" in page.text, page.text
    sheet = admin.submit(page, "/issue", count="6")
    codes = codes_of(sheet)
    assert sheet.status == 200 and len(set(codes)) == 6, (sheet.status, codes)
    assert "no-store" in sheet.headers["Cache-Control"]
    dump = b"".join((site.data / name).read_bytes() for name in ("preau.db", "preau.db-wal"))
    assert not any(form.encode() in dump for code in codes for form in (code, code.replace("-", "")))
    assert not any(code in site.log_text() for code in codes)
    return codes


def newcomer(site, sink, code):
    """Screens: thread, register, mail sent, link, (button) thread, published reply."""
    browser, screens = Browser(site), 0
    thread = browser.get("/t/1")
    screens += 1
    assert "Pour participer, vous devez vous enregistrer au préalable" in thread.text
    register = browser.get(next(link for link in thread.reader.links if link.startswith("/register")))
    screens += 1
    typed = code.lower().replace("-", " ")
    sent = browser.submit(register, "/register", identifier=typed, name="Jeanne Petit", address="jeanne@ville.example")
    screens += 1
    assert sent.status == 200 and "jeanne@ville.example" in sent.text
    assert site.one("SELECT count(*) FROM person WHERE name_shown = 'Jeanne Petit' AND state = 'active'") == 0
    wait_for(lambda: sink.to("jeanne@ville.example"))
    text = sink.to("jeanne@ville.example")[-1].text()
    assert code not in text and code.replace("-", "") not in text
    button = browser.get(re.search(r"http://\S+(/ok/\S+)", text).group(1))
    screens += 1
    back = browser.submit(button, "/ok/")
    screens += 1
    assert back.path.startswith("/t/1"), back.path
    done = browser.submit(back, "/reply", text="Bonjour à tous, je viens de m'inscrire.")
    screens += 1
    assert "je viens de m'inscrire" in Browser(site).get("/t/1").text, done.text
    assert screens <= 7
    return browser


def by_code(site, sink, code):
    browser = Browser(site)
    sent = browser.submit(browser.get("/register"), "/register", identifier=code, name="Émile", address="emile@ville.example")
    wait_for(lambda: sink.to("emile@ville.example"))
    typed = re.search(r"\b(\d{8})\b", sink.to("emile@ville.example")[-1].text()).group(1)
    wrong = browser.submit(sent, "/register/code", code="00000000" if typed != "00000000" else "00000001")
    assert wrong.status == 403 and not is_in(browser, "Émile")
    browser.submit(wrong, "/register/code", code=typed)
    assert is_in(browser, "Émile")
    return browser


def refusals(site, codes, used, revoked):
    answers = {}
    unknown = "0000-0000-0000"
    for name, identifier in (("unknown", unknown), ("used", used), ("revoked", revoked)):
        browser = Browser(site)
        page = browser.submit(browser.get("/register"), "/register", identifier=identifier, name="Ève", address="eve@ailleurs.example")
        assert page.status == 403, (name, page.status)
        answers[name] = page.text.replace(identifier, "")
    assert len(set(answers.values())) == 1, answers
    for typed in (wrong_by_one(codes[3]), "", "1234", codes[3] + "A", "<script>alert(1)</script>", "é" * 12):
        browser = Browser(site)
        page = browser.submit(browser.get("/register"), "/register", identifier=typed, name="Ève", address="eve@ailleurs.example")
        assert page.status == 400 and "aria-invalid" in page.html, (typed, page.status)
        assert "<script>alert" not in page.html
    assert site.one("SELECT count(*) FROM notice WHERE template = 'register'") == 2
    assert site.one("SELECT max(count) FROM rate WHERE name = 'IDENT_GLOBAL.1h'") == 3


def nobody_learns(site, sink, codes):
    """Marie has an account, Zoé has none: page for page the same, a mail each."""
    pages = []
    for code, address in ((codes[3], "marie@ville.example"), (codes[4], "zoe@ville.example")):
        browser = Browser(site)
        page = browser.submit(browser.get("/register"), "/register", identifier=code, name="Quelqu'un", address=address)
        wait_for(lambda address=address: sink.to(address))
        text = re.sub(r'name="(csrf|key)" value="[^"]*"', "", page.html).replace(address, "@")
        pages.append((page.status, text))
        assert len(sink.to(address)) == 1 and str(sink.to(address)[0].mail["Subject"]) == "Votre enregistrement\u00a0: encore une étape"
    assert pages[0] == pages[1]


def left_open(site, browser):
    """A session of twenty minutes offers a link in the place of the form, and takes no form kept from before."""
    kept = browser.get("/account/password")
    before = site.one("SELECT password FROM person WHERE name_shown = 'Jeanne Petit'")
    with contextlib.closing(sqlite3.connect(site.data / "preau.db", timeout=10)) as book, book:
        book.execute("UPDATE session SET created = created - 1200")
    stale = browser.get("/account/password")
    assert "password" not in dict(stale.form("/forgot").fields) and not any(f.action == "/account/password" for f in stale.forms)
    refused = browser.submit(kept, "/account/password", password="une autre phrase longue")
    assert refused.status == 403 and "reconnectez-vous" in refused.text
    assert site.one("SELECT password FROM person WHERE name_shown = 'Jeanne Petit'") == before
    assert "lien" in browser.submit(stale, "/forgot").text


def suspended(site, admin, emile):
    """The letter was in wrong hands: one button ends the line and the account made with it."""
    page = admin.get("/admin/rolls/1")
    number = site.one("SELECT id FROM identifier WHERE person = (SELECT id FROM person WHERE name_shown = 'Émile')")
    form = next(f for f in page.forms if dict(f.fields).get("number") == str(number))
    assert ("suspend", "1") in form.buttons
    admin.post("/admin/rolls/1/revoke", dict(form.fields, suspend="1"))
    for _ in range(6):  # whichever worker answers
        assert not is_in(emile, "Émile")
    # A form of the members page that lost its person acts on nobody.
    csrf = dict(admin.get("/account").form("/logout").fields)["csrf"]
    for person in ({}, {"person": ""}, {"person": "0"}, {"person": "x"}):
        assert admin.post("/moderate/voirie/members", dict(person, csrf=csrf, decision="suspend")).status == 400
    assert is_in(admin, "Admin") and site.one("SELECT count(*) FROM person WHERE state = 'suspended'") == 1


def passwords(site, sink, browser):
    page = browser.get("/account/password")
    refused = browser.submit(page, "/account/password", password="123456789012")
    assert refused.status == 400 and "trop facile" in refused.text
    other = signed(site, address="jeanne@ville.example")
    assert is_in(other, "Jeanne Petit")
    browser.submit(page, "/account/password", password="cheval pile agrafe correct")
    wait_for(lambda: any("a été changé" in str(m.mail["Subject"]) and "/forgot" in m.text() for m in sink.to("jeanne@ville.example")))
    assert is_in(browser, "Jeanne Petit") and not is_in(other, "Jeanne Petit")
    at_home = Browser(site)
    at_home.submit(at_home.get("/login"), "/login", address="jeanne@ville.example", password="cheval pile agrafe correct")
    assert is_in(at_home, "Jeanne Petit")
    account = browser.get("/account")
    number = site.one("SELECT max(id) FROM session")
    assert dict(account.form("/account/session").fields)["number"] == str(number)
    browser.submit(account, "/account/session")
    for _ in range(6):  # whichever worker answers
        assert not is_in(at_home, "Jeanne Petit") and is_in(browser, "Jeanne Petit")
    left_open(site, browser)
    lost = Browser(site)
    lost.submit(lost.get("/forgot"), "/forgot", address="jeanne@ville.example")
    wait_for(lambda: "lien" in str(sink.to("jeanne@ville.example")[-1].mail["Subject"]))
    link = re.search(r"http://\S+(/ok/\S+)", sink.to("jeanne@ville.example")[-1].text()).group(1)
    page = lost.submit(lost.get(link), "/ok/")
    assert page.path.startswith("/account/password") and not is_in(browser, "Jeanne Petit")


def memberships(site, browser):
    page = browser.get("/account")
    browser.submit(page, "/f/voirie/subscription", mode="topics")
    assert site.rows("SELECT mode FROM subscription ORDER BY since DESC LIMIT 1") == [("topics",)]
    naughty = "<b>Jeanne</b> & \"Petit\" 𝄞"
    page = browser.submit(browser.get("/account"), "/account", name=naughty, locale="en")
    assert page.status == 200 and naughty in page.text and "<b>Jeanne" not in page.html and "My account" in page.text


def stranger(site, sink):
    for at in range(2):
        mail.send(site.ports["smtp"], "eve@ailleurs.example", ["voirie@forum.ville.example"],
                  mail.write("Ève <eve@ailleurs.example>", "voirie@forum.ville.example", f"Une question {at}", "Bonjour ?"))
        site.wait_inbox()
    wait_for(lambda: sink.to("eve@ailleurs.example"))
    wait_for(lambda: site.one("SELECT count(*) FROM outbox WHERE state = 'due'") == 0)
    mails = sink.to("eve@ailleurs.example")
    assert len(mails) == 1 and "/register" in mails[0].text(), [str(m.mail["Subject"]) for m in mails]
    assert mails[0].mail["Auto-Submitted"] == "auto-replied"


def console(site):
    path = site.folder / "identifiants.txt"
    done = site.run("issue", "1", "45", path)
    assert done.returncode == 0 and "issued=45" in done.stdout, done
    codes = path.read_text().split()
    assert len(set(codes)) == 45 and all(CODE.fullmatch(code) for code in codes)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert site.run("issue", "1", "45", path).returncode == 1, "an old sheet is written over"
    assert site.run("issue", "99", "1", site.folder / "x").returncode == 1


def only_administrators(site, browser):
    for path in ("/admin/rolls", "/admin/rolls/1"):
        assert browser.get(path).status == 404 and Browser(site).get(path).path.startswith("/login")
    csrf = dict(browser.get("/account").form("/logout").fields)["csrf"]
    assert browser.post("/admin/rolls/1/issue", {"csrf": csrf, "count": "1"}).status == 404
    before = site.rows("SELECT id, state FROM identifier")
    assert browser.post("/admin/rolls/1/revoke", {"csrf": csrf, "number": "4"}).status == 403
    assert site.rows("SELECT id, state FROM identifier") == before


def run(stage):
    with mail.Sink() as sink, stage.site(relay=sink.url) as site:
        site.act("forum.create", slug="voirie", name="Voirie")
        site.person("Marie", "marie@ville.example")
        site.person("Admin", "admin@ville.example", administrator=1)
        mail.send(site.ports["smtp"], "marie@ville.example", ["voirie@forum.ville.example"],
                  mail.write("Marie <marie@ville.example>", "voirie@forum.ville.example", "Trottoirs", "Qui a vu ?"))
        site.wait_inbox()
        admin = signed(site, address="admin@ville.example")
        codes = print_sheet(site, admin)
        jeanne = newcomer(site, sink, codes[0])
        emile = by_code(site, sink, codes[1])
        page = admin.get("/admin/rolls/1")
        form = next(f for f in page.forms if dict(f.fields).get("number") == "3")
        admin.post("/admin/rolls/1/revoke", dict(form.fields))
        refusals(site, codes, codes[0], codes[2])
        nobody_learns(site, sink, codes)
        memberships(site, jeanne)
        only_administrators(site, jeanne)
        jeanne.submit(jeanne.get("/account"), "/account", name="Jeanne Petit", locale="fr")
        passwords(site, sink, jeanne)
        suspended(site, admin, emile)
        stranger(site, sink)
        console(site)
