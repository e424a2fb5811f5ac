# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/demo.py: makes the demo site where it is not there yet, serves it until Ctrl-C.

Called by scripts/start. Everything enters as it would in real life: forums and people by
`preau act`, posts by SMTP on the port that is printed.
"""
import argparse
import email.message
import email.policy
import email.utils
import os
import pathlib
import re
import shutil
import signal
import smtplib
import socket
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from demo_town import FORUMS, attachment, conversations, people  # noqa: E402

DOMAIN = "forums.saint-aubin.example"
MODERATOR = "denise"
OFFICIAL = "claire"
OFFICIAL_ANSWERS = [
    ("Arrêt de car de la gare : pas d'abri, pas de banc",
     "Bonjour à toutes et à tous,\n\nMerci pour ce comptage : il part aujourd'hui à la région avec le dessin d'Inès.\n\n"
     "Ce que la commune peut décider seule :\n\n- **un banc** provisoire sera posé avant le 15 décembre ;\n"
     "- l'éclairage de l'arrêt restera allumé jusqu'à 8 h 15 les jours de classe.\n\n"
     "Pour l'abri lui-même, la réponse de la région est attendue fin janvier ; je la mettrai ici, quelle qu'elle soit.\n\n"
     "Claire Vasseur, services techniques"),
    ("Niveau de l'Orne : on surveille cette semaine",
     "Bonjour,\n\nLes batardeaux du chemin des Basses-Terres sont contrôlés et le local des pompes est ouvert. "
     "En cas de montée dans la nuit, l'astreinte passe prévenir les huit maisons concernées ; personne n'a besoin de veiller.\n\n"
     "Claire Vasseur, services techniques"),
]
ADMINISTRATOR = "administration@mairie.example"
RECENT_DAYS = 0  # posts of these days come by mail: they are shown with the time of their arrival


def moment(post):
    """Seconds since 1970, UTC: so many days before today, at that time; never in the future."""
    today = time.time() // 86400 * 86400
    return min(today - post.days * 86400 + post.minutes * 60, time.time())


def is_recent(post):
    return post.held or post.days <= RECENT_DAYS


def with_port(address):
    """Port 0 is one that is free just now: the address is written into site.url before anybody listens."""
    host, port = address.rsplit(":", 1)
    if port != "0":
        return address
    with socket.create_server((host, 0)) as free:
        return f"{host}:{free.getsockname()[1]}"


class Demo:
    def __init__(self, options):
        self.preau = str(pathlib.Path(options.preau).resolve())
        self.share = str(pathlib.Path(options.preau).resolve().parent / "share")
        self.site = pathlib.Path(options.site)
        self.http, self.smtp = with_port(options.http), with_port(options.smtp)
        self.people, self.number_of = people(), {}
        self.config, self.log = self.site / "preau.conf", self.site / "log"
        self.server = None

    # ---- the server ----

    def write_config(self):
        self.site.mkdir(mode=0o755, exist_ok=True)
        lines = {
            "site.name": "Forums de Saint-Aubin",
            "site.about": "Associations, habitants et mairie en parlent ici, en public.",
            "site.url": f"http://{self.http}",
            "data": self.site / "data", "share": self.share, "mail.domain": DOMAIN,
            "mail.trust": "local", "listen.http": self.http, "listen.smtp": self.smtp,
            "relay.to": f"dir:{self.site / 'outgoing'}", "web.workers": "2",
        }
        if os.geteuid() == 0:
            lines.update(self.users())
        self.config.write_text("# The settings of the demo site; see preau.conf(5).\n" +
                               "".join(f"{name} = {value}\n" for name, value in lines.items()))

    def users(self):
        """Started as root, the roles need two users. Where Debian's package has not made them,
        numbers that nobody has do as well."""
        return {"user.owner": "64031", "user.doors": "64032", "group.read": "64033"}

    def make_outgoing(self):
        folder = self.site / "outgoing"
        folder.mkdir(mode=0o755, exist_ok=True)
        if os.geteuid() == 0:
            os.chown(folder, 64032, 64033)

    def start(self):
        log = open(self.log, "ab")
        read, write = os.pipe()
        self.server = subprocess.Popen(
            [self.preau, "serve", "--config", str(self.config), "--ready-fd", str(write)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[write], start_new_session=True)
        os.close(write)
        ready = os.read(read, 1)
        os.close(read)
        if ready != b"r":
            self.server.wait()
            sys.exit("the server did not start:\n" + self.log.read_text(errors="replace")[-2000:])
        for line in (self.site / "data/run/listen").read_text().splitlines():
            name, address = line.split()
            if name == "http":
                self.http = address
            if name == "smtp":
                self.smtp = address

    def stop(self):
        self.server.send_signal(signal.SIGTERM)
        self.server.wait()

    def act(self, name, /, *options, **fields):
        words = [f"{field}={value}" for field, value in fields.items()]
        done = subprocess.run([self.preau, "act", "--config", str(self.config), *map(str, options), name, *words],
                              capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{name} {' '.join(words)}: {done.stderr}")
        return dict(line.split("=", 1) for line in done.stdout.splitlines())

    # ---- the town ----

    def make_town(self):
        for slug, name, theme, description in FORUMS:
            self.act("forum.create", slug=slug, name=name, theme=theme, description=description)
        for person in self.people.values():
            number = self.act("person.create", name=person.name, address=person.address, verified=1, trusted=1)["person"]
            self.number_of[person.key] = number
            for slug in person.forums:
                self.act("subscription.set", forum=slug, person=number, mode="each")
                if person.key == MODERATOR:
                    self.act("mandate.set", person=number, forum=slug, role="moderator")

    def speak_officially(self):
        """The technical services answer under their mandate, as they would on the web."""
        claire = self.number_of[OFFICIAL]
        hall = self.act("organisation.create", name="Mairie de Saint-Aubin-sur-Orne", kind="townhall")["organisation"]
        self.act("mandate.set", person=claire, organisation="Mairie de Saint-Aubin-sur-Orne", role="speaker")
        for subject, text in OFFICIAL_ANSWERS:
            parent = self.row("SELECT p.id FROM post p JOIN thread t ON t.id = p.thread WHERE t.title = ? AND p.state ="
                              " 'published' ORDER BY p.date DESC, p.id DESC LIMIT 1", subject)
            self.act("post.add", "--as", claire, parent=parent, source=text, speaker=hall)

    def row(self, sql, *values):
        import sqlite3
        book = sqlite3.connect(f"file:{self.site}/data/preau.db?mode=ro", uri=True, timeout=5)
        try:
            return book.execute(sql, values).fetchone()[0]
        finally:
            book.close()

    def make_roll(self):
        """Twelve identifiers as on letters; the file of a real town goes to the printer and away."""
        self.act("person.create", name="Administration du site", address=ADMINISTRATOR, verified=1, administrator=1)
        roll = self.act("roll.create", name="Habitants de Saint-Aubin", source="Mairie de Saint-Aubin-sur-Orne",
                        purpose="Écrire dans les forums de la ville.")["roll"]
        done = subprocess.run([self.preau, "issue", "--config", str(self.config), roll, "12",
                               str(self.site / "identifiants.txt")], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"issue: {done.stderr}")

    def tell(self):
        """Older posts are imported, as a town does that had a list before; the latest ones come by
        mail and go out to every subscriber, and strangers' wait for the moderator."""
        mails = [mail for slug, *_ in FORUMS for mail in self.mails(slug)]
        for slug, *_ in FORUMS:
            self.import_mails(slug, [m for m in mails if m[0] == slug and not is_recent(m[1])])
        host, port = self.smtp.rsplit(":", 1)
        with smtplib.SMTP(host, int(port), "demo.example", timeout=60) as client:
            for slug, post, mail in sorted((m for m in mails if is_recent(m[1])), key=lambda m: moment(m[1])):
                self.send(client, post.author.address, slug, mail)

    def mails(self, slug):
        """(forum, post, mail) of each post of a forum."""
        found = []
        for number, conversation in enumerate(conversations(slug, self.people)):
            ids = [f"<demo.{slug}.{number}.{place}@courriel.example>" for place in range(len(conversation.posts))]
            for place, post in enumerate(conversation.posts):
                found.append((slug, post, self.mail(conversation, post, ids, place)))
        return found

    def mail(self, conversation, post, ids, place):
        mail = email.message.EmailMessage(policy=email.policy.SMTP)
        subject = conversation.subject if place == 0 else "Re: " + conversation.subject.removeprefix("TR: ")
        mail["From"] = email.utils.formataddr((post.author.name, post.author.address))
        mail["To"] = f"{conversation.forum}@{DOMAIN}"
        mail["Subject"] = subject
        mail["Date"] = email.utils.formatdate(moment(post), localtime=False)
        mail["Message-ID"] = ids[place]
        if post.parent:
            mail["In-Reply-To"] = ids[post.parent - 1]
            mail["References"] = " ".join(dict.fromkeys([ids[0], ids[post.parent - 1]]))
        mail.set_content(post.text)
        if post.file:
            octets, main, kind, name = attachment(post.file, post.text)
            mail.add_attachment(octets, maintype=main, subtype=kind, filename=name)
        return mail

    def import_mails(self, forum, mails):
        mbox = self.site / f"{forum}.mbox"
        with open(mbox, "wb") as file:
            for _, post, mail in mails:
                octets = mail.as_bytes().replace(b"\r\n", b"\n")
                file.write(f"From {post.author.address} Thu Jan  1 00:00:00 1970\n".encode())
                file.write(re.sub(rb"^(>*From )", rb">\1", octets, flags=re.M) + b"\n")
        done = subprocess.run([self.preau, "import", "--config", str(self.config), forum, str(mbox)],
                              capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"import {forum}: {done.stdout}{done.stderr}")
        mbox.unlink()

    def send(self, client, sender, forum, mail):
        client.send_message(mail, sender, [f"{forum}@{DOMAIN}"])
        if client.sock is None:
            client.connect(*self.smtp.rsplit(":", 1))

    def wait_for_mail(self):
        """Every mail understood: the inbox has nothing new."""
        for _ in range(600):
            if self.rows("SELECT count(*) FROM inbox WHERE state = 'new'")[0][0] == 0:
                return
            time.sleep(0.05)
        print("some mail is still being read", file=sys.stderr)

    def rows(self, sql):
        book = sqlite3.connect(f"file:{self.site}/data/preau.db?mode=ro", uri=True, timeout=5)
        try:
            return book.execute(sql).fetchall()
        finally:
            book.close()

    def tell_people(self):
        moderator = self.people[MODERATOR]
        link = self.act("session.link", address=moderator.address, life=86400)["url"]
        admin = self.act("session.link", address=ADMINISTRATOR, life=86400)["url"]
        unused = {row[0] for row in self.rows("SELECT selector FROM identifier WHERE state = 'issued'")}
        lines = (self.site / "identifiants.txt").read_text().split()
        identifier = next((line for line in lines if line[:4] in unused), "(all are used: print others on the page Listes et identifiants)")
        print(f"""
Préau serves the demo site.

  Pages            http://{self.http}
  A forum by mail  vie-associative@{DOMAIN}, SMTP on {self.smtp}
  Mails sent       {self.site / 'outgoing'} (one .eml a copy)
  The log          {self.log}

  Sign in as the moderator, {moderator.name} (the link works once, until tomorrow):
  {link}

  As the administrator, who prints identifiers and looks after people:
  {admin}

  As a newcomer: http://{self.http}/register with the identifier {identifier}
  (others in {self.site / 'identifiants.txt'}); the mail with your link is in the folder above.

Ctrl-C ends it; scripts/start serves the same site again, --reset makes it anew.
""", flush=True)


def main():
    parser = argparse.ArgumentParser()
    for name in ("preau", "site", "http", "smtp"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--once", action="store_true", help="make, serve, print, end: for tests")
    demo = Demo(parser.parse_args())
    new = not (demo.site / "made").exists()
    if new:
        shutil.rmtree(demo.site, ignore_errors=True)
    demo.write_config()
    demo.make_outgoing()
    try:
        demo.start()
        if new:
            print("making the demo site ...", flush=True)
            demo.make_town()
            demo.make_roll()
            demo.tell()
            demo.wait_for_mail()
            demo.speak_officially()
            (demo.site / "made").touch()
        demo.tell_people()
        if "--once" not in sys.argv:
            demo.server.wait()
            sys.exit("the server ended; see " + str(demo.log))
    except KeyboardInterrupt:
        print("\ndraining ...")
    finally:
        if demo.server is not None and demo.server.poll() is None:
            demo.stop()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    main()
