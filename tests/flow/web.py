# SPDX-License-Identifier: AGPL-3.0-or-later
"""A browser without a screen for stories: cookies, forms as they stand in the page, redirects."""
import html.parser
import http.client
import urllib.parse
import uuid


class Form:
    def __init__(self, action, method, kind):
        self.action, self.method, self.kind = action, method, kind
        self.fields = []  # (name, value) as the page has them
        self.buttons = []  # (name, value)


class _Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.forms, self.links, self.words, self._form, self._area, self._select = [], [], [], None, None, None
        self.ids, self.skip = set(), 0

    def handle_starttag(self, tag, attributes):
        a = dict(attributes)
        if "id" in a:
            self.ids.add(a["id"])
        if tag in ("script", "style"):
            self.skip += 1
        if tag == "a" and "href" in a:
            self.links.append(a["href"])
        if tag == "form":
            self._form = Form(a.get("action", ""), a.get("method", "get").lower(), a.get("enctype", ""))
            self.forms.append(self._form)
        elif self._form is None:
            return
        elif tag == "input" and a.get("name"):
            kind = a.get("type", "text")
            if kind in ("submit", "image"):
                self._form.buttons.append((a["name"], a.get("value", "")))
            elif kind not in ("checkbox", "radio", "file") or "checked" in a:
                if kind != "file":
                    self._form.fields.append((a["name"], a.get("value", "")))
        elif tag == "button" and a.get("name"):
            self._form.buttons.append((a["name"], a.get("value", "")))
        elif tag == "textarea" and a.get("name"):
            self._area = [a["name"], ""]
        elif tag == "select" and a.get("name"):
            self._select = [a["name"], None]
        elif tag == "option" and self._select is not None:
            if self._select[1] is None or "selected" in a:
                self._select[1] = a.get("value", "")

    def handle_endtag(self, tag):
        if tag in ("script", "style"):
            self.skip -= 1
        if tag == "form":
            self._form = None
        elif tag == "textarea" and self._area is not None:
            self._form.fields.append((self._area[0], self._area[1].removeprefix("\n")))
            self._area = None
        elif tag == "select" and self._select is not None:
            self._form.fields.append((self._select[0], self._select[1] or ""))
            self._select = None

    def handle_data(self, data):
        if self._area is not None:
            self._area[1] += data
        elif not self.skip:
            self.words.append(data)


class Page:
    def __init__(self, status, headers, body, path):
        self.status, self.headers, self.body, self.path = status, headers, body, path
        self._reader = None

    @property
    def html(self):
        return self.body.decode("utf-8")

    @property
    def reader(self):
        if self._reader is None:
            self._reader = _Reader()
            self._reader.feed(self.html)
        return self._reader

    @property
    def text(self):
        return " ".join(" ".join(self.reader.words).split())

    @property
    def forms(self):
        return self.reader.forms

    def form(self, part):
        """The form whose action holds `part`."""
        for form in self.forms:
            if part in form.action:
                return form
        raise AssertionError(f"{self.path} has no form to {part}: {[f.action for f in self.forms]}")


class Browser:
    def __init__(self, site, language="fr"):
        self.address, self.host = site.ports["http"], urllib.parse.urlsplit(site.settings["site.url"]).netloc
        self.origin = site.settings["site.url"]
        self.cookies, self.language = {}, language

    def connect(self):
        return http.client.HTTPConnection(*self.address, timeout=30)

    def request(self, method, path, body=None, headers=None, cookies=True):
        if path.startswith("http"):
            parts = urllib.parse.urlsplit(path)
            path = parts.path + (f"?{parts.query}" if parts.query else "")
        path = path.split("#")[0]
        send = {"Host": self.host, "Accept-Language": self.language}
        if cookies and self.cookies:
            send["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if method == "POST":
            send["Origin"] = self.origin
        send.update(headers or {})
        connection = self.connect()
        try:
            connection.request(method, path.split("#")[0], body, {k: v for k, v in send.items() if v is not None})
            reply = connection.getresponse()
            page = Page(reply.status, reply.headers, reply.read(), path)
        finally:
            connection.close()
        for line in page.headers.get_all("Set-Cookie") or []:
            name, _, rest = line.partition("=")
            value = rest.split(";")[0]
            if value == "" or "max-age=0" in rest.lower():
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return page

    def get(self, path, follow=True, **more):
        page = self.request("GET", path, **more)
        for _ in range(5):
            if not follow or page.status not in (301, 302, 303, 307, 308):
                break
            page = self.request("GET", urllib.parse.urljoin(path, page.headers["Location"]))
        return page

    def post(self, path, fields, follow=True, headers=None, **more):
        body = urllib.parse.urlencode(fields)
        headers = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        page = self.request("POST", path, body, headers, **more)
        if follow and page.status in (302, 303):
            return self.get(urllib.parse.urljoin(path, page.headers["Location"]))
        return page

    def submit(self, page, part, button=None, files=None, follow=True, **values):
        """Fills the form of the page whose action holds `part`, as a person would."""
        form = page.form(part)
        fields = [(name, values.pop(name, value)) for name, value in form.fields]
        fields += list(values.items())
        if button is not None:
            fields.append(button)
        action = urllib.parse.urljoin(page.path, form.action or page.path)
        if form.kind != "multipart/form-data":
            return self.post(action, fields, follow=follow)
        body, kind = multipart(fields, files or [])
        reply = self.request("POST", action, body, {"Content-Type": kind})
        if follow and reply.status in (302, 303):
            return self.get(urllib.parse.urljoin(action, reply.headers["Location"]))
        return reply

    def sign_in(self, site, person):
        """By the link that an administrator may draw."""
        url = site.act("session.link", person=person)["url"]
        page = self.get(url)
        done = self.submit(page, "/ok/")
        assert done.status == 200, (done.status, done.text)
        return self


def multipart(fields, files):
    mark = uuid.uuid4().hex
    out = []
    for name, value in fields:
        out.append(f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
    for name, filename, kind, octets in files:
        out.append(f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
                   f"Content-Type: {kind}\r\n\r\n".encode() + octets + b"\r\n")
    out.append(f"--{mark}--\r\n".encode())
    return b"".join(out), f"multipart/form-data; boundary={mark}"
