# SPDX-License-Identifier: AGPL-3.0-or-later
"""The web door: signing in by link and password, writing, previewing, files, permalinks, the
queue, receiving mail or not; and what is refused: forms from elsewhere, other people's pages.

What is typed is never lost; a form sent twice is one post; a page that is kept never
shows an older book.
"""
import http.client
import os
import re
import unittest

from tests.flow.site import wait_for
from tests.flow.web import Browser

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40
BASE = {
    "Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy",
    "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Permissions-Policy", "Cache-Control",
}


class WebStory(unittest.TestCase):
    site = None

    @classmethod
    def setUpClass(cls):
        site = cls.site
        site.act("forum.create", slug="voirie", name="Voirie", theme="Cadre de vie")
        site.act("forum.create", slug="ecoles", name="Écoles", appears="always_read")
        site.act("forum.create", slug="conseil", name="Conseil", who_reads="members", who_writes="mandated")
        cls.paul = site.person("Paul Lenoir", "paul@ville.example")
        cls.awa = site.person("Awa Diop", "awa@ville.example")
        site.act("mandate.set", person=cls.awa, forum="ecoles", role="moderator")
        cls.count = 0

    def setUp(self):
        """A new Marie each time: nobody may write more than a few posts in half a minute."""
        WebStory.count += 1
        self.address = f"marie{self.count}@ville.example"
        self.marie = self.site.person("Marie Dupont", self.address)

    def browser(self, person=None, language="fr"):
        browser = Browser(self.site, language)
        return browser.sign_in(self.site, person) if person else browser

    def write(self, browser, forum, subject, text, **more):
        page = browser.get(f"/f/{forum}/new")
        return browser.submit(page, "/new", ("send", "1"), subject=subject, text=text, **more)

    # ---- signing in and out ----

    def test_link_and_sign_out(self):
        browser = self.browser(self.marie)
        page = browser.get("/")
        self.assertIn("Marie Dupont", page.text)
        self.assertEqual(page.headers["Cache-Control"], "private, no-store")
        old = dict(browser.cookies)
        page = browser.submit(page, "/logout")
        self.assertEqual([form for form in page.forms if "logout" in form.action], [])
        browser.cookies = old
        page = browser.get("/")
        self.assertEqual([form for form in page.forms if "logout" in form.action], [])

    def test_link_twice(self):
        url = self.site.act("session.link", person=self.marie)["url"]
        first, second = self.browser(), self.browser()
        pages = [first.get(url), second.get(url)]
        for browser, page in zip((first, second), pages):
            self.assertEqual(page.status, 200)
            self.assertEqual(page.headers["Referrer-Policy"], "no-referrer")
        self.assertIn("Marie", first.submit(pages[0], "/ok/").text)
        self.assertEqual(second.submit(pages[1], "/ok/").status, 404)
        self.assertEqual(self.browser().get(url).status, 404)

    def test_password(self):
        words = "correct cheval pile agrafe"
        self.site.person("Zoé Petit", "zoe@ville.example", password=words)
        browser = self.browser()
        page = browser.get("/login?next=/f/voirie")
        wrong = browser.submit(page, "/login", address="zoe@ville.example", password="wrong horse battery")
        self.assertEqual(wrong.status, 403)
        self.assertIn("zoe@ville.example", wrong.html)
        page = browser.submit(wrong, "/login", address="zoe@ville.example", password=words)
        self.assertIn("Zoé Petit", page.text)
        self.assertIn("<h1>Voirie</h1>", page.html)

    def test_nobody_learns_who_has_an_account(self):
        pages = []
        for address in (self.address, "nobody@ville.example"):
            browser = self.browser()
            page = browser.submit(browser.get("/login"), "/login", address=address)
            self.assertEqual(page.status, 200)
            html = page.html.replace(address, "ADDRESS")
            pages.append(re.sub(r'name="(csrf|key)" value="[^"]*"', "", html))
        self.assertEqual(*pages)

    def test_next_stays_in_the_house(self):
        for path in ("//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:1"):
            browser = self.browser(self.marie)
            page = browser.get("/login?next=" + path.replace(":", "%3A"), follow=False)
            self.assertEqual((page.status, page.headers["Location"]), (303, "/"))

    # ---- writing ----

    def test_new_thread_and_reply(self):
        marie, paul = self.browser(self.marie), self.browser(self.paul)
        page = self.write(marie, "voirie", "Trottoir rue Haute", "Il est **abîmé**.\r\n\r\n<b>vraiment</b>")
        self.assertEqual(page.status, 200)
        self.assertRegex(page.path, r"^/t/\d+-trottoir-rue-haute$")
        self.assertIn("<strong>abîmé</strong>", page.html)
        self.assertNotIn("<b>vraiment", page.html)
        page = paul.submit(paul.get(page.path), "/reply", ("send", "1"), text="Je confirme.")
        self.assertIn("Je confirme.", page.text)
        self.assertIn("Paul Lenoir", page.text)
        for browser in (self.browser(), self.browser(language="en")):
            seen = browser.get(page.path)
            self.assertIn("Je confirme.", seen.text)

    def test_sent_twice_is_one_post(self):
        marie = self.browser(self.marie)
        page = marie.get("/f/voirie/new")
        done = [marie.submit(page, "/new", ("send", "1"), subject="Deux fois", text="Une fois") for _ in range(3)]
        self.assertEqual(len({page.path for page in done}), 1)
        self.assertEqual(self.site.one("SELECT count(*) FROM post WHERE subject = 'Deux fois'"), 1)

    def test_preview_changes_nothing(self):
        marie = self.browser(self.marie)
        before = self.site.one("SELECT count(*) FROM post")
        page = marie.get("/f/voirie/new")
        key = dict(page.form("/new").fields)["key"]
        page = marie.submit(page, "/new", ("preview", "1"), subject="Essai", text="Du *texte*\n<script>alert(1)</script>")
        self.assertIn("<em>texte</em>", page.html)
        self.assertNotIn("<script>alert", page.html)
        fields = dict(page.form("/new").fields)
        self.assertEqual((fields["subject"], fields["key"]), ("Essai", key))
        self.assertEqual(fields["text"].replace("\r\n", "\n"), "Du *texte*\n<script>alert(1)</script>")
        self.assertEqual(self.site.one("SELECT count(*) FROM post"), before)

    def test_nothing_typed_is_lost(self):
        text = "Une longue réponse <que> l'on \"garde\" & relit"
        marie = self.browser(self.marie)
        page = marie.get("/f/voirie/new")
        refused = marie.submit(page, "/new", ("send", "1"), subject=" ", text=text)
        self.assertEqual(refused.status, 400)
        self.assertEqual(dict(refused.form("/new").fields)["text"], text)
        marie.submit(page, "/logout")
        refused = marie.submit(page, "/new", ("send", "1"), subject="Sujet", text=text)
        self.assertEqual(refused.status, 403)
        fields = dict(refused.form("/new").fields)
        self.assertEqual((fields["subject"], fields["text"]), ("Sujet", text))
        marie.sign_in(self.site, self.marie)
        again = marie.submit(refused, "/new", ("send", "1"))
        self.assertEqual(again.status, 403)
        done = marie.submit(again, "/new", ("send", "1"))
        self.assertEqual(done.status, 200)
        self.assertIn("Une longue réponse <que> l'on", done.text)

    def test_attachments(self):
        marie = self.browser(self.marie)
        big = os.urandom(300 * 1024)
        page = self.write(marie, "voirie", "Plan joint", "Voir le plan.", files=[
            ("file", "plan é.png", "text/html", PNG), ("file", "gros.html", "text/html", big)])
        links = [link for link in page.reader.links if link.startswith("/a/")]
        self.assertEqual(len(links), 2)
        image, other = (self.browser().get(link) for link in links)
        self.assertEqual((image.headers["Content-Type"], image.body), ("image/png", PNG))
        self.assertTrue(image.headers["Content-Disposition"].startswith("inline; "))
        self.assertEqual((other.headers["Content-Type"], other.body), ("application/octet-stream", big))
        self.assertTrue(other.headers["Content-Disposition"].startswith('attachment; filename="gros.html"'))
        for page in (image, other):
            self.assertEqual(page.headers["Content-Security-Policy"], "default-src 'none'; sandbox")
            self.assertEqual(page.headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(page.headers["Cache-Control"], "public, max-age=60")
        gone = self.browser(self.marie)
        cookies = dict(gone.cookies)
        gone.submit(gone.get("/account"), "/logout")
        gone.cookies = cookies  # a session that is over
        page = gone.get(links[0])
        self.assertIn("Max-Age=0", page.headers["Set-Cookie"])
        self.assertEqual(page.headers["Cache-Control"], "private, no-store")

    def test_too_large(self):
        marie = self.browser(self.marie)
        page = self.write(marie, "voirie", "Trop", "Mon texte", files=[("file", "x.bin", "x/y", b"0" * (11 << 20))])
        self.assertIn(page.status, (413, 429))
        self.assertEqual(dict(page.form("/new").fields)["text"], "Mon texte")

    # ---- permalinks ----

    def test_permalinks(self):
        done = self.write(self.browser(self.marie), "voirie", "Un lien durable", "texte", follow=False)
        thread, post = re.fullmatch(r"/t/(\d+)-un-lien-durable#p(\d+)", done.headers["Location"]).groups()
        message = self.site.one("SELECT message_id FROM post WHERE id = ?", int(post))
        anybody = self.browser()
        for path in (f"/p/{post}", f"/m/{message}", f"/m/%3C{message}%3E"):
            found = anybody.get(path, follow=False)
            self.assertEqual((found.status, found.headers["Location"]), (302, f"/t/{thread}-un-lien-durable#p{post}"))
        for slug in ("", "-", "-autre", "-un-lien-durable-"):
            found = anybody.get(f"/t/{thread}{slug}", follow=False)
            self.assertEqual((found.status, found.headers["Location"]), (301, f"/t/{thread}-un-lien-durable"))
        self.assertEqual(anybody.get("/p/999999").status, 404)
        self.assertEqual(anybody.get("/f/voirie/", follow=False).headers["Location"], "/f/voirie")
        self.assertEqual(anybody.get("//voirie/").status, 404)

    # ---- what waits ----

    def test_queue(self):
        marie, awa = self.browser(self.marie), self.browser(self.awa)
        page = self.write(marie, "ecoles", "Cantine <i>", "Le menu https://evil.example/a?b=1&c=2")
        self.assertEqual(page.path, "/f/ecoles/waits")
        for anybody in (self.browser(), marie):
            self.assertNotIn("Cantine", anybody.get("/f/ecoles").text + anybody.get("/").text)
            post = self.site.one("SELECT max(id) FROM post WHERE state = 'held'")
            self.assertEqual(anybody.get(f"/p/{post}").status, 404)
        self.assertEqual(marie.get("/moderate").status, 404)
        self.assertEqual(marie.get("/moderate/ecoles").status, 404)
        queue = awa.get("/moderate/ecoles")
        self.assertIn("Cantine <i>", queue.text)
        self.assertIn("https://evil.example/a?b=1&c=2", queue.text)
        action = f"/moderate/{post}"
        self.assertEqual(marie.post(action, {"csrf": "x", "decision": "approve"}).status, 403)
        self.assertEqual(awa.submit(queue, action, ("decision", "perhaps")).status, 400)
        done = awa.submit(queue, action, ("decision", "approve"))
        self.assertEqual(done.path, "/moderate?done=approve")
        self.assertIn("Cantine <i>", self.browser().get("/f/ecoles").text)
        again = awa.submit(queue, action, ("decision", "refuse"))
        self.assertEqual(again.path, "/moderate?done=before")
        self.assertEqual(self.site.one("SELECT state FROM post WHERE id = ?", post), "published")

    # ---- what is refused ----

    def counts(self):
        return [self.site.one(f"SELECT count(*) FROM {table}") for table in
                ("post", "journal", "subscription", "notice", "outbox", "session")]

    def test_forms_from_elsewhere(self):
        marie = self.browser(self.marie)
        page = marie.get("/f/voirie/new")
        csrf = dict(page.form("/new").fields)["csrf"]
        other = dict(self.browser(self.paul).get("/f/voirie/new").form("/new").fields)["csrf"]
        before = self.counts()
        good = {"subject": "X", "text": "Y", "key": "", "csrf": csrf}
        routes = [("/f/voirie/new", good), ("/p/1/reply", good), ("/f/voirie/subscription", {"mode": "each", "csrf": csrf}),
                  ("/logout", {"csrf": csrf}), ("/moderate/1", {"decision": "approve", "csrf": csrf}),
                  ("/login", {"address": self.address, "csrf": csrf}),
                  ("/login/code", {"address": self.address, "code": "1", "csrf": csrf})]
        for path, fields in routes:
            tries = {
                "no token": ({**fields, "csrf": ""}, {}),
                "wrong token": ({**fields, "csrf": "A" * 43}, {}),
                "another's": ({**fields, "csrf": other}, {}),
                "origin": (fields, {"Origin": "https://evil.example"}),
                "null": (fields, {"Origin": "null"}),
                "cross": (fields, {"Sec-Fetch-Site": "cross-site"}),
                "none": (fields, {"Sec-Fetch-Site": "none"}),
            }
            for name, (values, headers) in tries.items():
                done = marie.post(path, values, headers=headers)
                self.assertIn(done.status, (403, 404), (path, name))
            done = marie.request("POST", path, "{}", {"Content-Type": "text/plain"})
            self.assertEqual(done.status, 400, path)
            self.assertIn(marie.get(path + "?csrf=" + csrf, follow=False).status, (200, 303, 404, 405), path)
        self.assertEqual(self.counts(), before)

    def test_statuses(self):
        anybody = self.browser()
        for method, path, headers, status in (
                ("GET", "/nothing", {}, 404), ("POST", "/", {}, 405), ("GET", "/logout", {}, 405),
                ("GET", "/", {"Host": "evil.example"}, 421), ("GET", "/f/conseil", {}, 404),
                ("GET", "/t/99999999999999999999", {}, 404), ("GET", "/a/" + "a" * 26 + "/x", {}, 404),
                ("GET", "/ok/" + "a" * 26, {}, 404), ("GET", "/%zz", {}, 400), ("GET", "/healthz", {}, 200),
                ("GET", "/healthz", {"Host": "localhost"}, 200), ("GET", "/?lang=xx", {}, 200)):
            page = anybody.request(method, path, headers=headers)
            self.assertEqual(page.status, status, path)
            self.assertEqual(BASE - set(page.headers.keys()), set(), path)
            self.assertNotIn("Server", page.headers)
        self.assertEqual(anybody.request("POST", "/").headers["Allow"], "GET, HEAD")

    def test_signed_in_only(self):
        anybody = self.browser()
        for path in ("/f/voirie/new", "/moderate", "/p/1/reply"):
            page = anybody.get(path, follow=False)
            self.assertEqual((page.status, page.headers["Location"]), (303, "/login?next=" + path.replace("/", "%2F")))

    # ---- pages kept ----

    def test_head_and_etag(self):
        anybody = self.browser()
        page, head = anybody.get("/"), anybody.request("HEAD", "/")
        self.assertEqual((head.status, head.body), (200, b""))
        self.assertEqual(head.headers["Content-Length"], str(len(page.body)))
        again = anybody.request("GET", "/", headers={"If-None-Match": page.headers["ETag"]})
        self.assertEqual((again.status, again.body), (304, b""))
        self.assertEqual(again.headers["Cache-Control"], "public, max-age=60")

    def test_languages(self):
        french, english = self.browser(), self.browser(language="en-GB,en;q=0.9")
        self.assertIn('<html lang="fr">', french.get("/").html)
        self.assertIn('<html lang="en">', english.get("/").html)
        page = french.get("/?lang=en")
        self.assertIn('<html lang="en">', page.html)
        self.assertIn("/f/voirie?lang=en", page.reader.links)
        self.assertNotIn("Set-Cookie", page.headers)

    def test_kept_page_follows_the_book(self):
        anybody, marie = self.browser(), self.browser(self.marie)
        for i in range(5):
            anybody.get("/f/voirie")
            self.write(marie, "voirie", f"Nouveau numéro {i}", "texte")
            self.assertIn(f"Nouveau numéro {i}", anybody.get("/f/voirie").text)

    # ---- receiving mail ----

    def test_subscription(self):
        marie = self.browser(self.marie)
        sql = "SELECT mode FROM subscription WHERE person = ? AND forum = 1"
        page = marie.submit(marie.get("/f/voirie"), "/subscription", ("mode", "each"))
        self.assertEqual(self.site.one(sql, self.marie), "each")
        page = marie.submit(page, "/subscription", ("mode", "none"))
        self.assertIn(self.site.one(sql, self.marie), ("none", None))

    def test_unsubscribe(self):
        self.site.subscribe("voirie", self.paul)
        folder = self.site.data / "outgoing"
        seen = set(folder.glob("*.eml"))
        self.write(self.browser(self.marie), "voirie", "Un envoi", "texte")

        def copy():
            for path in set(folder.glob("*.eml")) - seen:
                text = path.read_text(errors="replace")
                found = re.search(r"List-Unsubscribe:\s*<[^>]*(/u/[a-z2-7]+)>", text)
                if found and "paul@" in text:
                    return found.group(1)
            return None

        link = wait_for(copy)
        sql = "SELECT mode FROM subscription WHERE person = ? AND forum = 1"
        page = self.browser().get(link)
        self.assertEqual((page.status, page.headers["Referrer-Policy"]), (200, "no-referrer"))
        self.assertEqual(self.site.one(sql, self.paul), "each")
        connection = http.client.HTTPConnection(*self.site.ports["http"], timeout=20)
        connection.request("POST", link, "List-Unsubscribe=One-Click",
                           {"Host": "forum.ville.example", "Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual(connection.getresponse().status, 200)
        connection.close()
        self.assertEqual(self.site.one(sql, self.paul), "none")
        self.site.subscribe("voirie", self.paul)
        page = self.browser().submit(page, "/u/")
        self.assertEqual(page.status, 200)
        self.assertEqual(self.site.one(sql, self.paul), "none")
        self.assertEqual(self.browser().post("/u/" + "a" * 26, {}).status, 404)



def run(stage):
    with stage.site() as WebStory.site:
        result = unittest.TextTestRunner().run(unittest.defaultTestLoader.loadTestsFromTestCase(WebStory))
        assert result.wasSuccessful(), f"{len(result.failures)} failures, {len(result.errors)} errors"
