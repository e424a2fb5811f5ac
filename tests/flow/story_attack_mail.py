# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hostile mail, end to end.

Whatever stands in the fields of a member's mail, what goes out and what is shown has the fields
and tags of any other mail: no header, no recipient, no script comes of a name, subject, id or
file name. A forged sender is published by no trick of its head, and nobody is mailed for it
but the member whose name it bears. A held mail and its files are nowhere. Tokens that others
got hold of, and people who are suspended, do nothing; tokens that a mail cites are shown to
nobody.
"""
import base64
import html.parser
import re

from tests.flow import mail
from tests.flow.site import DOMAIN, wait_for
from tests.flow.web import Browser

FORUM = f"voirie@{DOMAIN}"
ANNE, BRUNO, DENISE = "anne@ville.example", "bruno@poste.example", "denise@mairie.example"
RESULTS = "mx.ville.example"


def b64(text):
    return "=?utf-8?B?" + base64.b64encode(text.encode("utf-8", "surrogateescape")).decode() + "?="


EVIL = {
    "an encoded CRLF": b64("a\r\nBcc: victim@evil.example\r\nX-Evil: 1"),
    "an encoded LF": b64("a\nX-Evil: 1\n\nbody"),
    "an encoded CR": b64("a\rX-Evil: 1"),
    "an encoded NUL": b64("a\0X-Evil: 1"),
    "NEL": b64("a\u0085X-Evil: 1"),
    "line separators": b64("a\u2028X-Evil: 1\u2029X-Evil: 2"),
    "quoted-printable": "=?utf-8?Q?a=0D=0AX-Evil:_1?=",
    "an encoded word in an encoded word": b64("=?utf-8?Q?a=0D=0AX-Evil:_1?="),
    "UTF-7": "=?utf-7?Q?a+AA0ACg-X-Evil: 1?=",
    "UTF-16": "=?utf-16?B?" + base64.b64encode("a\r\nX-Evil: 1".encode("utf-16")).decode() + "?=",
    "ten kilobytes": "é" * 40 + "x" * 10000,
    "one word of ten kilobytes": b64("w" * 10000),
    "bidi": b64("a\u202etxt.exe\u2066b"),
    "tags": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "an attribute": "\" onmouseover=\"alert(1)\" x='y",
    "an entity": "&lt;script&gt;&#60;b&#62;",
    "a template": "{{#t}}{{{x}}}{{/t}} {{>part}} {{csrf}}",
    "an address": "Anne <victim@evil.example>, x",
    "a format": "%s%n%d %p",
    "SQL": "'); DROP TABLE post; --",
    "a slot": "a" * 26,
}

# What a page and a mail may be made of; the page's own tags are those of the theme.
BODY = {"p", "br", "a", "b", "i", "em", "strong", "code", "pre", "blockquote", "ul", "ol", "li", "h3", "h4", "h5", "h6",
        "hr", "details", "summary", "div", "span", "del", "table", "thead", "tbody", "tr", "th", "td", "sup", "sub", "u", "s",
        "h1", "h2", "cite", "q"}
HEAD = {"html", "head", "body", "meta", "link", "title", "script", "header", "nav", "main", "footer", "form", "input",
        "button", "label", "textarea", "select", "option", "article", "section", "aside", "time", "small", "svg", "use",
        "path", "bdi", "dl", "dt", "dd", "fieldset", "legend", "img", "abbr", "address", "noscript", "output", "figure"}


class Tags(html.parser.HTMLParser):
    """Everything that could run, load or lead astray."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.bad, self.depth = [], 0

    def handle_starttag(self, tag, attributes):
        if tag not in BODY | HEAD:
            self.bad.append(tag)
        if tag == "script" and not (dict(attributes).get("src") or "").startswith("/static/"):
            self.bad.append("script")
        for name, value in attributes:
            value = (value or "").strip().lower()
            if name.startswith("on") or name in ("style", "srcdoc", "formaction", "background", "http-equiv"):
                self.bad.append(f"{tag} {name}")
            if name in ("href", "src", "action") and not re.match(r"(https?:|mailto:|/|#|\?|$)", value):
                self.bad.append(f"{tag} {name}={value}")
            if name == "src" and value.startswith(("http", "//")):
                self.bad.append(f"{tag} loads {value}")


def check_html(text, what):
    tags = Tags()
    tags.feed(text)
    tags.close()
    assert not tags.bad, f"{what}: {tags.bad[:5]}"


def run(stage):
    with mail.Sink() as sink, stage.site(relay=sink.url, mail_trust="local", limit_mails="1000", log_level="debug") as site:
        people = open_forum(site)
        fields(site, sink)
        bodies(site, sink)
        cited(site, sink)
        held_is_nowhere(site, sink, people)
        suspended(site, sink, people)
        log_tells_nothing(site, sink)
        assert not sink.faults, sink.faults
    with mail.Sink() as sink, stage.site(relay=sink.url, mail_trust="results", mail_authserv=RESULTS) as site:
        people = open_forum(site)
        forged(site, sink)
        commands(site, sink, people)
        log_tells_nothing(site, sink)


def open_forum(site):
    site.act("forum.create", slug="voirie", name="Voirie")
    site.act("forum.create", slug="culture", name="Culture")
    people = {a: site.person(a.split("@")[0].title(), a) for a in (ANNE, BRUNO, DENISE, "gilles@mairie.example")}
    site.subscribe("voirie", people[BRUNO])
    site.act("mandate.set", person=people[DENISE], forum="voirie", role="moderator")
    site.act("mandate.set", person=people["gilles@mairie.example"], forum="culture", role="moderator")
    return people


def raw(head, body=b"Bonjour.\r\n"):
    lines = [f"{name}: {value}" for name, value in head]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body


def head_of(number, **more):
    head = {"From": f"Anne <{ANNE}>", "To": FORUM, "Subject": f"Essai {number}",
            "Message-ID": f"<evil{number}@client.example>", "Date": "Mon, 02 Mar 2026 18:00:00 +0100"}
    head.update({name.replace("_", "-"): value for name, value in more.items()})
    return [(name, value) for name, value in head.items() if value is not None]


def names_of(octets):
    head = octets.split(b"\r\n\r\n")[0]
    for line in head.split(b"\r\n"):
        assert len(line) <= 998 and b"\r" not in line and b"\n" not in line and b"\0" not in line, line
        assert all(c < 128 for c in line), line
    return sorted(line.split(b":")[0].lower() for line in head.split(b"\r\n") if line[:1] not in b" \t")


def settled(site):
    site.wait_inbox()
    wait_for(lambda: site.one("SELECT count(*) FROM outbox WHERE state = 'due'") == 0)


def fields(site, sink):
    """Each kind of evil in each field that reaches a header, a page or a file name."""
    mail.send(site.ports["smtp"], ANNE, [FORUM], raw(head_of("témoin")))
    settled(site)
    plain = names_of(sink.to(BRUNO)[-1].octets)
    sent = []
    for number, (what, evil) in enumerate(EVIL.items()):
        folded = evil if len(evil) < 900 else "\r\n ".join(evil[i:i + 900] for i in range(0, len(evil), 900))
        attachment = (f'--b\r\nContent-Type: text/plain\r\n\r\nBonjour.\r\n--b\r\nContent-Type: text/html; name="{folded}"\r\n'
                      f'Content-Disposition: attachment; filename="{folded}"\r\n\r\n<script>alert(1)</script>\r\n--b--\r\n').encode()
        for field, head, body in (
                ("Subject", head_of(f"{number}s", Subject=folded), b"Bonjour.\r\n"),
                ("name", head_of(f"{number}n", From=f'{folded} <stranger{number}@ville.example>'), b"Bonjour.\r\n"),
                ("Message-ID", head_of(f"{number}i", Message_ID=f"<{evil[:300]}@x>"), b"Bonjour.\r\n"),
                ("References", head_of(f"{number}r", References=f"<{folded}> <a@b> <{evil[:200]}@x>", In_Reply_To=folded), b"Bonjour.\r\n"),
                ("To", head_of(f"{number}t", To=folded + f" <{FORUM}>", Cc=folded, Reply_To=folded), b"Bonjour.\r\n"),
                ("file", head_of(f"{number}f", MIME_Version="1.0", Content_Type="multipart/mixed; boundary=b"), attachment)):
            mail.send(site.ports["smtp"], ANNE, [FORUM], raw(head, body))
            sent.append((what, field))
    site.wait_inbox()
    for post, in site.rows("SELECT id FROM post WHERE state = 'held'"):
        site.act("post.approve", post=post)
    settled(site)
    assert site.one("SELECT count(*) FROM inbox WHERE state = 'aside'") == 0
    posts = site.one("SELECT count(*) FROM post WHERE state = 'published'")
    assert posts == len(sent) + 1, (posts, len(sent))
    assert site.one("SELECT count(*) FROM outbox WHERE state = 'failed'") == 0
    copies = [a for a in sink.to(BRUNO) if a.mail["List-Id"]]
    assert len(copies) == posts, (len(copies), posts)
    optional = {b"in-reply-to", b"references"}
    for arrival in sink.arrivals:
        names = names_of(arrival.octets)
        assert len(names) == len(set(names)), names
        if arrival.mail["List-Id"]:
            assert set(names) - optional == set(plain) - optional, set(names) ^ set(plain)
        assert b"bcc" not in names and b"x-evil" not in names
        assert arrival.recipient in (ANNE, BRUNO, DENISE) or arrival.recipient.startswith("stranger"), arrival.recipient
        check_html(arrival.text("html"), arrival.mail["Subject"])
        assert "victim@" not in str(arrival.mail["From"]), arrival.mail["From"]
    pages(site)


def pages(site):
    moderator = Browser(site).sign_in(site, site.one("SELECT person FROM address WHERE address = ?", DENISE))
    reader, seen = Browser(site), 0
    for path in ["/", "/f/voirie", "/moderate"] + [f"/t/{t}" for t, in site.rows("SELECT id FROM thread WHERE posts > 0")]:
        page = (moderator if path == "/moderate" else reader).get(path)
        assert page.status == 200, (path, page.status)
        check_html(page.html, path)
        for link in page.reader.links:
            if not link.startswith("/a/"):
                continue
            seen += 1
            file = reader.get(link)
            line = file.headers["Content-Disposition"]
            assert file.status == 200 and line.startswith("attachment; filename=") and "sandbox" in file.headers["Content-Security-Policy"], (link, line)
            assert file.headers["Content-Type"] == "application/octet-stream" and file.headers["X-Content-Type-Options"] == "nosniff"
            assert file.headers["X-Evil"] is None and file.headers.get_all("Content-Type") == ["application/octet-stream"]
    assert seen >= len(EVIL), seen


BODIES = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "<a href='javascript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>", "<a href='java\tscript:alert(1)'>x</a>", "<a href='data:text/html,x'>x</a>",
    "<math><mi//xlink:href='data:x'>", "<iframe srcdoc='<script>alert(1)</script>'></iframe>", "<style>@import 'http://evil'</style>",
    "<p style='background:url(http://evil)'>x", "<table background='http://evil'><tr><td>x", "<form action='http://evil'><input name=csrf>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>", "<svg><style><img src=x onerror=alert(1)>", "<!--><script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]>", "<textarea></textarea><script>alert(1)</script>", "<base href='http://evil'>", "<b <script>alert(1)//",
    "<a href=' \x01javascript:alert(1)'>x</a>", "<template><script>alert(1)</script></template>", "<a href=\"http://x/'onmouseover='alert(1)\">x</a>",
    "<details open ontoggle=alert(1)>", "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>", "\x00<scr\x00ipt>alert(1)</script>",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-", "<a href='//evil.example'>x</a>", "<a href='vbscript:x'>x</a>", "<a href='mailto:a?bcc=b'>x</a>",
    "http://x\"onmouseover=alert(1)//", "http://x/<script>", "<http://x/'\"><img src=x onerror=alert(1)>>", "javascript:alert(1)", "&lt;script&gt;alert(1)",
    "> <script>alert(1)</script>", "-- \r\n<script>alert(1)</script>", "[x](javascript:alert(1)) ![x](data:x) <javascript:alert(1)>",
]


def bodies(site, sink):
    """The same texts as plain mail, as HTML mail and as Markdown."""
    before = len(sink.to(BRUNO))
    for number, text in enumerate(BODIES):
        for kind in ("plain", "html", "html; charset=utf-7", "markdown"):
            body = text.encode() + b"\r\n"
            mail.send(site.ports["smtp"], ANNE, [FORUM],
                      raw(head_of(f"{number}{kind[-1]}{len(kind)}", MIME_Version="1.0", Content_Type=f"text/{kind}"), body))
    site.wait_inbox()
    for post, in site.rows("SELECT id FROM post WHERE state = 'held'"):
        site.act("post.approve", post=post)
    settled(site)
    for html_, in site.rows("SELECT html FROM post"):
        check_html(html_ if isinstance(html_, str) else bytes(html_ or b"").decode(), "a post")
    for arrival in sink.to(BRUNO)[before:]:
        check_html(arrival.text("html"), str(arrival.mail["Subject"]))
    for thread, in site.rows("SELECT id FROM thread WHERE posts > 0"):
        check_html(Browser(site).get(f"/t/{thread}").html, f"/t/{thread}")


def cited(site, sink):
    """Who answers may cite the addresses of his copy in ways that no program folds."""
    copy = sink.to(BRUNO)[-1].mail
    reply, author = (copy[name].addresses[0].addr_spec for name in ("Reply-To", "From"))
    leave = re.search(r"<(http[^>]*)>", copy["List-Unsubscribe"]).group(1)
    tokens = re.findall(r"[a-z2-7]{26}", f"{reply} {leave} {author}")
    assert len(tokens) == 3, tokens
    html_ = f"<p>D'accord.</p><p><b>Pour</b> <a href='mailto:{reply}'>{reply}</a> {author.upper()} <a href='{leave}'>ici</a></p>"
    mail.send(site.ports["smtp"], BRUNO, [reply], raw(
        [("From", BRUNO), ("Subject", f"Re: {reply}"), ("Message-ID", "<c1@x.example>"), ("Content-Type", "text/html")], html_.encode()))
    mail.send(site.ports["smtp"], BRUNO, [reply], raw(
        [("From", BRUNO), ("Subject", "Pour"), ("Message-ID", "<c2@x.example>")], f"Mon adresse est {reply}, je pars par {leave}\r\n".encode()))
    mail.send(site.ports["smtp"], BRUNO, [author], raw([("From", BRUNO), ("Subject", "Pour vous"), ("Message-ID", "<c3@x.example>")],
                                                       f"Mon adresse est {reply}, je pars par {leave}\r\n".encode()))
    settled(site)
    shown = [str(row) for row in site.rows("SELECT subject, html, text, source FROM post WHERE message_id IN ('c1@x.example', '<c1@x.example>', "
                                           "'c2@x.example', '<c2@x.example>')")]
    assert len(shown) == 2, shown
    private = next(a for a in reversed(sink.to(ANNE)) if "Pour vous" in str(a.mail["Subject"]))
    for thread, in site.rows("SELECT id FROM thread WHERE posts > 0"):
        shown += [Browser(site).get(f"/t/{thread}{part}").html for part in ("", "/feed")]
    for text in shown + [private.text()] + [Browser(site).get("/f/voirie").html]:
        assert not any(token in text.lower() for token in tokens[:2]), text
    assert "x" * 26 in private.text(), private.text()


def held_is_nowhere(site, sink, people):
    head = [("From", "Eva <eva@ailleurs.example>"), ("To", FORUM), ("Subject", "Secret"), ("Message-ID", "<secret@x.example>"),
            ("MIME-Version", "1.0"), ("Content-Type", "multipart/mixed; boundary=b")]
    body = (b"--b\r\nContent-Type: text/plain\r\n\r\nMot de passe: chouette.\r\n--b\r\nContent-Type: image/png\r\n"
            b"Content-Disposition: attachment; filename=plan.png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--\r\n")
    before = {path: Browser(site).get(path).body for path in ("/", "/f/voirie", "/f/culture")}
    sent = sink.count()
    mail.send(site.ports["smtp"], "eva@ailleurs.example", [FORUM], raw(head, body))
    settled(site)
    post, = site.rows("SELECT id FROM post WHERE subject = 'Secret' AND state = 'held'")[0]
    file, = site.rows("SELECT public FROM attachment WHERE post = ?", post)[0]
    etag = f'"{file}"'
    paths = [f"/a/{file}/plan.png", f"/p/{post}", f"/p/{post}/reply", "/m/secret@x.example", "/m/%3Csecret@x.example%3E"]
    others = {"nobody": Browser(site), "a member": Browser(site).sign_in(site, people[ANNE]),
              "a moderator elsewhere": Browser(site).sign_in(site, people["gilles@mairie.example"])}
    absent = Browser(site).get("/p/999999").body
    for who, browser in others.items():
        for path in paths:
            for method in ("GET", "HEAD"):
                page = browser.request(method, path, headers={"If-None-Match": etag})
                assert page.status in (404, 303), (who, method, path, page.status)
                assert b"chouette" not in page.body and page.headers["ETag"] is None, (who, path)
                if who == "nobody" and method == "GET" and path.startswith("/p/") and page.status == 404:
                    assert page.body == absent.replace(b"999999", str(post).encode()), path
        for path in ("/", "/f/voirie", "/f/voirie/waits", "/moderate", "/moderate/voirie"):
            assert "chouette" not in browser.get(path).html and "Secret" not in browser.get(path).html, (who, path)
    for path, octets in before.items():
        assert Browser(site).get(path).body == octets, path
    assert {a.recipient for a in sink.arrivals[sent:]} <= {DENISE, "eva@ailleurs.example"}
    # Its own moderator may see the file; who may not decide here decides nothing, whatever is posted.
    denise = Browser(site).sign_in(site, people[DENISE])
    assert denise.get(f"/a/{file}/plan.png").status == 200
    form = denise.get("/moderate").form(f"/moderate/{post}")
    for who, browser in others.items():
        own = browser.get("/f/voirie")
        csrf = next((v for f in own.forms for n, v in f.fields if n == "csrf"), dict(form.fields)["csrf"])
        page = browser.post(form.action, [("csrf", csrf), ("key", dict(form.fields)["key"]), ("decision", "approve")])
        assert page.status in (403, 404), (who, page.status)
        assert site.one("SELECT state FROM post WHERE id = ?", post) == "held", who
    assert denise.post(form.action, form.fields + [("decision", "refuse")]).status == 200
    assert site.one("SELECT state FROM post WHERE id = ?", post) == "refused"
    for browser in [*others.values(), denise]:
        for path in paths:
            assert browser.get(path, follow=False).status in (404, 303), path


def suspended(site, sink, people):
    """By no door: not by the session there was, not by mail, not by the tokens of copies."""
    browser = Browser(site).sign_in(site, people[BRUNO])
    link = site.act("session.link", person=people[BRUNO])["url"]
    copy = sink.to(BRUNO)[-1].mail
    form = browser.get("/f/voirie/new").form("/new")
    author = copy["From"].addresses[0].addr_spec
    site.act("person.set", person=people[BRUNO], state="suspended")
    posts = site.one("SELECT count(*) FROM post")
    page = browser.post(form.action, form.fields + [("subject", "x"), ("text", "x"), ("send", "1")])
    assert page.status == 403, page.status
    late = Browser(site)
    assert late.get(link).status == 404, "a link from before opens"
    assert not any(name.endswith("s") for name in late.cookies), late.cookies
    for to in (FORUM, copy["Reply-To"].addresses[0].addr_spec, author, f"voirie+abonner@{DOMAIN}"):
        mail.send(site.ports["smtp"], BRUNO, [to], raw([("From", f"Bruno <{BRUNO}>"), ("To", to), ("Subject", "Encore"), ("Message-ID", f"<{to}.x>")]))
    sent = sink.count()
    settled(site)
    assert site.one("SELECT count(*) FROM post") == posts and sink.count() == sent
    assert site.rows("SELECT DISTINCT outcome FROM inbox ORDER BY id DESC LIMIT 1") == [("refused",)]


def log_tells_nothing(site, sink):
    """No address, no token, no word of a message, even where everything is logged."""
    log = site.log_text()
    secrets = {ANNE, BRUNO, DENISE, "evil.example", "ailleurs.example", "Bonjour", "chouette", "X-Evil"}
    for arrival in sink.arrivals:
        secrets.update(re.findall(rb"[a-z2-7]{26}", arrival.octets))
    for secret in {s.decode() if isinstance(s, bytes) else s for s in secrets}:
        line = next((line for line in log.splitlines() if secret in line), None)
        assert line is None or secret == "a" * 26, line


FORGED = {
    "nothing": [],
    "results of another server": [("Authentication-Results", "mx.evil.example; dmarc=pass")],
    "results below a foreign field": [("Authentication-Results", "mx.evil.example; spf=none"), ("Authentication-Results", f"{RESULTS}; dmarc=pass")],
    "results below our own none": [("Authentication-Results", f"{RESULTS}; dkim=none; dmarc=none"), ("Authentication-Results", f"{RESULTS}; dmarc=pass")],
    "our server said fail": [("Authentication-Results", f"{RESULTS}; dmarc=fail"), ("Authentication-Results", f"{RESULTS}; dmarc=pass")],
    "DKIM of another": [("Authentication-Results", f"{RESULTS}; dkim=pass header.d=evil.example")],
    "DKIM of the suffix": [("Authentication-Results", f"{RESULTS}; dkim=pass header.d=example")],
    "SPF alone": [("Authentication-Results", f"{RESULTS}; spf=pass smtp.mailfrom={ANNE}")],
    "a pass in a string": [("Authentication-Results", f'{RESULTS}; spf=pass smtp.mailfrom="; dmarc=pass"@evil.example')],
    "a pass in a comment": [("Authentication-Results", f"{RESULTS}; spf=none (x; dmarc=pass)")],
    "a sender that is not the author": [("Sender", ANNE), ("Reply-To", ANNE)],
}


def send_all(site, mails):
    """Many, as one server sends them: a few dozen a connection."""
    for at in range(0, len(mails), 40):
        with mail.smtplib.SMTP(*site.ports["smtp"], "evil.example", timeout=30) as client:
            for octets in mails[at:at + 40]:
                client.sendmail("eve@evil.example", [FORUM], octets)


def forged(site, sink):
    mails = []
    froms = {"": f"Anne <{ANNE}>", "two mailboxes": f"Anne <{ANNE}>, eve@evil.example", "a group": f"Anne: {ANNE};",
             "a name that is an address": f'"{ANNE}" <eve@evil.example>', "a comment": f"{ANNE} (x)", "a route": f"<@evil.example:{ANNE}>"}
    for number, (what, fields_) in enumerate(FORGED.items()):
        for way, sender in froms.items():
            head = fields_ + [("From", sender), ("To", FORUM), ("Subject", f"Faux {number}"), ("Message-ID", f"<f{number}.{len(way)}@x.example>")]
            mails.append(raw(head))
            two = fields_ + [("From", "eve@evil.example"), ("From", f"Anne <{ANNE}>"), ("Subject", "Faux"), ("Message-ID", f"<g{number}.{len(way)}@x.example>")]
            mails.append(raw(two))
    send_all(site, mails)
    settled(site)
    assert site.one("SELECT count(*) FROM post WHERE state = 'published'") == 0, site.rows("SELECT id, subject, proof FROM post WHERE state = 'published'")
    # Eve hears of the one that she proved to be her own.
    assert {a.recipient for a in sink.arrivals} <= {ANNE, DENISE, "eve@evil.example"}, {a.recipient for a in sink.arrivals}
    assert len(sink.to("eve@evil.example")) == 1
    assert len(sink.to(ANNE)) <= 3, "a forger can bomb a member"
    # The true one is published.
    mail.send(site.ports["smtp"], ANNE, [FORUM], raw([("Authentication-Results", f"{RESULTS}; dkim=pass header.d=ville.example; dmarc=pass")]
                                                     + head_of("vrai")))
    settled(site)
    assert site.one("SELECT count(*) FROM post WHERE state = 'published'") == 1


def commands(site, sink, people):
    """The reply and moderation addresses of others, with their name forged."""
    copy = next(a for a in sink.to(BRUNO) if a.mail["List-Id"]).mail
    reply = copy["Reply-To"].addresses[0].addr_spec
    published = site.one("SELECT count(*) FROM post WHERE state = 'published'")
    held, = site.rows("SELECT id FROM post WHERE state = 'held' ORDER BY id DESC LIMIT 1")[0]
    mail.send(site.ports["smtp"], "eve@evil.example", [reply], raw(head_of("volé")))  # Bruno's address, Anne's name
    mail.send(site.ports["smtp"], "eve@evil.example", [FORUM], raw([("From", "eve@evil.example"), ("Subject", "Attente"), ("Message-ID", "<w@x>")]))
    settled(site)
    assert site.one("SELECT count(*) FROM post WHERE state = 'published'") == published
    notice = wait_for(lambda: next((a.mail for a in reversed(sink.to(DENISE)) if "+m." in str(a.mail["Reply-To"])), None))
    moderate = notice["Reply-To"].addresses[0].addr_spec
    token = re.search(r"\+m\.([a-z2-7]{26})@", moderate).group(1)
    wrong = moderate.replace(token, token[1:] + ("a" if token[0] != "a" else "b"))
    # Denise says "it was me": her posts need no verdict any more. Her decisions do.
    mail.send(site.ports["smtp"], DENISE, [FORUM], raw([("From", DENISE), ("Subject", "Je suis Denise"), ("Message-ID", "<d1@x>")]))
    asked = wait_for(lambda: next((a for a in sink.to(DENISE) if "/ok/" in a.text() and "+m." not in str(a.mail["Reply-To"])), None))
    browser = Browser(site)
    browser.submit(browser.get(re.search(r"http://\S+/ok/\w+", asked.text()).group(0)), "/ok/")
    settled(site)
    assert site.one("SELECT state FROM post WHERE subject = 'Je suis Denise'") == "published"
    state = site.rows("SELECT id, state FROM post ORDER BY id")
    for to, sender in ((moderate, DENISE), (moderate, ANNE), (moderate, "gilles@mairie.example"), (moderate, "eve@evil.example")):
        mail.send(site.ports["smtp"], sender, [to], raw([("From", sender), ("Subject", "Re"), ("Message-ID", f"<{sender}.m>")], b"OK\r\n"))
    try:
        mail.send(site.ports["smtp"], DENISE, [wrong], raw([("From", DENISE), ("Subject", "Re")], b"OK\r\n"))
        raise AssertionError("an address that is not there was taken")
    except mail.smtplib.SMTPRecipientsRefused:
        pass
    settled(site)
    assert site.rows("SELECT id, state FROM post ORDER BY id") == state
    mail.send(site.ports["smtp"], DENISE, [moderate], raw([("Authentication-Results", f"{RESULTS}; dmarc=pass"), ("From", DENISE), ("Subject", "Re"),
                                                          ("Message-ID", "<ok@x>")], b"Non : hors sujet\r\n"))
    settled(site)
    assert site.rows("SELECT id, state FROM post ORDER BY id") != state
