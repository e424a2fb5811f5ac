# SPDX-License-Identifier: AGPL-3.0-or-later
"""A wrong setting or theme keeps the server from starting, and says where.

Each mistake is answered with the file and the line, by `preau check` and by `preau serve`
alike, with the status for wrong settings; nothing is left running and nothing was made. A
running server that is told to read a wrong file again goes on with what it had.
"""
import re
import shutil
import subprocess

from tests.flow.site import wait_for
from tests.flow.web import Browser

EXIT_SETTINGS = 78

# name, the line that is wrong (it stands on line 3), words of the answer
MISTAKES = [
    ("an unknown name", "site.nmae = X", "unknown setting"),
    ("no value", "site.name", "expected name = value"),
    ("said twice", "site.url = http://b.example", "already said on line 2"),
    ("not a number", "relay.connections = many", "must be a number"),
    ("too much", "relay.connections = 100000", "must be a number from"),
    ("not a word of the list", "site.locale = de", "must be one of: "),
    ("yes and no", "listen.tls = perhaps", "must be yes or no"),
    ("an address that is none", "relay.to = gopher://x", "relay.to"),
    ("a domain that is none", "mail.domain = -a..b", "mail.domain"),
    ("a key without its certificate", "tls.key = /tmp/none.pem", "tls.key needs tls.certificate"),
    ("octets", "site.name = \udcff\udcfe", ""),
    ("a very long line", "site.name = " + "x" * 20000, ""),
]


def check_mistakes(site):
    head = f"data = {site.data}\nsite.url = http://a.example\n"
    for name, line, words in MISTAKES:
        site.config.write_text(head + line + "\nweb.workers = 1\n", errors="surrogateescape")
        for verb in ("check", "serve"):
            done = subprocess.run([site.preau, verb, "--config", str(site.config)], capture_output=True,
                                  timeout=30, env=site.env)
            said = (done.stderr + done.stdout).decode(errors="replace")
            assert done.returncode == EXIT_SETTINGS, (name, verb, done.returncode, said)
            assert f"{site.config}:3:" in said, (name, verb, said)
            assert words in said, (name, verb, said)
        assert not site.data.exists(), f"{name}: {site.data} was made"
    site.config.unlink()
    done = subprocess.run([site.preau, "serve", "--config", str(site.config)], capture_output=True, timeout=30, env=site.env)
    assert done.returncode == EXIT_SETTINGS and str(site.config).encode() in done.stderr + done.stdout, done


# file of the theme, what is written into it, words of the answer
THEMES = [
    ("page/home.html", "<p>\n{{#forums}}\n", "home.html:"),
    ("page/home.html", "<p>\n\n{{no_such_name}}\n", "home.html:3"),
    ("page/home.html", "{{{site.name}}}\n", "home.html:1"),
    ("page/home.html", "{{>part/none}}\n", "home.html:1"),
    ("page/home.html", "{{/forums}}\n", "home.html:1"),
    ("mail/post.txt", "Subject: x\n\n{{#post}}\n", "post.txt"),
]


def check_themes(stage, site):
    share = site.folder / "share"
    shutil.copytree(stage.share, share)
    share.chmod(0o755)
    site.settings.update({"share": str(share), "theme": "own"})
    site.write_config()
    for name, text, where in THEMES:
        own = share / "themes" / "own"
        shutil.rmtree(own, ignore_errors=True)
        (own / name).parent.mkdir(parents=True)
        (own / name).write_text(text)
        for verb in ("check", "serve"):
            done = subprocess.run([site.preau, verb, "--config", str(site.config)], capture_output=True, timeout=30, env=site.env)
            said = (done.stderr + done.stdout).decode(errors="replace")
            assert done.returncode == EXIT_SETTINGS, (name, text, verb, done.returncode, said)
            assert where in said, (name, text, verb, said)
    shutil.rmtree(share / "themes" / "own")
    site.settings.update({"theme": "default"})


def check_reload(site):
    site.start()
    try:
        Browser(site).get("/")
        good = site.config.read_text()
        site.config.write_text(good + "site.nmae = X\n")
        mark = site.reload()
        wait_for(lambda: "reload=refused" in site.log_text()[mark:])
        assert re.search(re.escape(str(site.config)) + r":\d+: ", site.log_text()[mark:]), site.log_text()[mark:]
        assert Browser(site).get("/").status == 200
        site.config.write_text(good.replace("Forums de Ville", "Forums du Bourg"))
        mark = site.reload()
        wait_for(lambda: "Forums du Bourg" in Browser(site).get("/").text)
        assert "reload=partly" not in site.log_text()
        site.config.write_text(good.replace("web.workers = 2", "web.workers = 3") + "http.connections = 500\n")
        mark = site.reload()
        wait_for(lambda: 'reload=partly settings="http.connections web.workers"' in site.log_text()[mark:])
    finally:
        site.stop()


def check_many(stage):
    """As many web workers as may be said leave no other process out."""
    with stage.site(web_workers=16) as site:
        roles = [name.split(".")[0] for name in site.pids()]
        assert roles.count("web") == 16, roles
        assert set(roles) == {"clerk", "parser", "auth", "web", "intake", "relay", "checker"}, roles
        assert Browser(site).get("/").status == 200


def run(stage):
    site = stage.site()
    try:
        check_mistakes(site)
        check_themes(stage, site)
        check_reload(site)
    finally:
        shutil.rmtree(site.folder, ignore_errors=True)
    check_many(stage)
