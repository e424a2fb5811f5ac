# SPDX-License-Identifier: AGPL-3.0-or-later
"""Mail in and out for stories: a client that says what was answered, and a sink.

The sink is a real SMTP server on a free port of 127.0.0.1: it offers PIPELINING, keeps what
arrived, and misbehaves where a story tells it to.
"""
import email
import email.policy
import json
import os
import smtplib
import socket
import socketserver
import threading
import time
from email.message import EmailMessage


def send(port, sender, recipients, message, lmtp=False):
    """Sends one mail; smtplib's exceptions are the answers that say no."""
    octets = message.as_bytes() if isinstance(message, EmailMessage) else message
    kind = smtplib.LMTP if lmtp else smtplib.SMTP
    client = kind(port[0], port[1], "client.ville.example", timeout=30)
    try:
        return client.sendmail(sender, recipients, octets,
                               mail_options=["BODY=8BITMIME"] if any(o > 127 for o in octets) else [])
    finally:
        try:
            client.quit()
        except smtplib.SMTPException:
            client.close()


def write(sender, to, subject, text, **headers):
    """A plain mail as a mail client writes it."""
    mail = EmailMessage(policy=email.policy.SMTP)
    mail["From"] = sender
    mail["To"] = to
    mail["Subject"] = subject
    mail["Date"] = email.utils.formatdate(localtime=False)
    mail["Message-ID"] = email.utils.make_msgid(domain="client.ville.example")
    for name, value in headers.items():
        name = name.replace("_", "-")
        del mail[name]
        if value is not None:
            mail[name] = value
    mail.set_content(text)
    return mail


class Arrival:
    """One copy as it arrived."""

    def __init__(self, sender, recipient, octets):
        self.sender, self.recipient, self.octets = sender, recipient, octets
        self.at = time.time()
        self._mail = None

    @property
    def mail(self):
        if self._mail is None:
            self._mail = email.message_from_bytes(self.octets, policy=email.policy.default)
        return self._mail

    def text(self, kind="plain"):
        body = self.mail.get_body((kind,))
        return body.get_content() if body else ""


class Trouble:
    """What the sink does instead of its duty. verb: connect, mail, rcpt, data, dot; how: a
    reply such as "451 4.3.0 later", "silence" (until cut), "cut"; chance: 0..1 by choose()."""

    def __init__(self, verb, how, choose=lambda: True):
        self.verb, self.how, self.choose = verb, how, choose


class _Session(socketserver.StreamRequestHandler):
    timeout = 120

    def reply(self, text):
        self.wfile.write(text.encode() + b"\r\n")
        # What is pipelined is answered together, as RFC 2920 allows.
        self.wfile.flush()

    def trouble(self, verb, recipient=None):
        for trouble in self.server.sink.troubles:
            if trouble.verb == verb and trouble.choose():
                self.server.sink.note({"trouble": verb, "how": trouble.how, "to": recipient})
                return trouble.how
        return None

    def misbehave(self, how):
        """True: the session is over."""
        if how == "cut":
            return True
        if how == "silence":
            time.sleep(self.server.sink.silence)
            return True
        self.reply(how)
        return False

    def handle(self):
        sink = self.server.sink
        with sink.lock:
            sink.open_now += 1
            sink.open_most = max(sink.open_most, sink.open_now)
        try:
            self.talk(sink)
        except (ConnectionError, TimeoutError, socket.timeout, ValueError):
            pass
        finally:
            with sink.lock:
                sink.open_now -= 1

    def talk(self, sink):
        how = self.trouble("connect")
        if how and self.misbehave(how):
            return
        self.reply("220 sink.ville.example ESMTP")
        sender, recipients = None, []
        while True:
            line = self.rfile.readline(4096)
            if not line:
                return
            word = line[:4].upper()
            if word == b"EHLO":
                self.reply("250-sink.ville.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
                           "250-SIZE 20000000\r\n250 ENHANCEDSTATUSCODES")
            elif word == b"HELO":
                self.reply("250 sink.ville.example")
            elif word == b"MAIL":
                how = self.trouble("mail")
                if how:
                    if self.misbehave(how):
                        return
                    continue
                sender, recipients = line[line.index(b"<") + 1:line.index(b">")].decode(), []
                self.reply("250 2.1.0 ok")
            elif word == b"RCPT":
                to = line[line.index(b"<") + 1:line.index(b">")].decode()
                how = self.trouble("rcpt", to)
                if how:
                    if self.misbehave(how):
                        return
                    continue
                if sender is None:
                    self.reply("503 5.5.1 MAIL first")
                    continue
                refusal = sink.refuse.get(to)
                if refusal:
                    self.reply(refusal)
                    sink.refused.append(to)
                    continue
                recipients.append(to)
                self.reply("250 2.1.5 ok")
            elif word == b"DATA":
                how = self.trouble("data")
                if how:
                    if self.misbehave(how):
                        return
                    continue
                if not recipients:
                    self.reply("503 5.5.1 RCPT first")
                    continue
                self.reply("354 go on")
                octets = self.read_data()
                how = self.trouble("dot", recipients[0])
                if how == "cut-after":  # taken, but the sender will never know
                    sink.keep(sender, recipients, octets)
                    return
                if how:
                    if self.misbehave(how):
                        return
                    sender, recipients = None, []
                    continue
                sink.keep(sender, recipients, octets)
                self.reply("250 2.0.0 kept")
                sender, recipients = None, []
            elif word == b"RSET":
                sender, recipients = None, []
                self.reply("250 2.0.0 ok")
            elif word == b"NOOP":
                self.reply("250 2.0.0 ok")
            elif word == b"QUIT":
                self.reply("221 2.0.0 bye")
                return
            else:
                self.reply("500 5.5.2 what?")

    def read_data(self):
        lines = []
        while True:
            line = self.rfile.readline(100000)
            if not line:
                raise ConnectionError("cut in DATA")
            if line == b".\r\n":
                return b"".join(lines)
            if not line.endswith(b"\r\n"):
                self.server.sink.faults.append("bare LF in what was sent")
            lines.append(line[1:] if line.startswith(b".") else line)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64


class Sink:
    """The world outside: keeps what arrives. `refuse`: address → reply at RCPT; `refused`: who was."""

    def __init__(self, journal=None):
        self.lock = threading.Lock()
        self.arrivals, self.faults, self.troubles, self.refuse, self.refused = [], [], [], {}, []
        self.open_now = self.open_most = 0
        self.silence = 3.0
        self.journal = open(journal, "a", encoding="utf-8") if journal else None
        self.server = _Server(("127.0.0.1", 0), _Session)
        self.server.sink = self
        self.port = self.server.server_address[1]
        self.url = f"smtp://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def note(self, what):
        if self.journal:
            with self.lock:
                self.journal.write(json.dumps(dict(what, at=time.time())) + "\n")
                self.journal.flush()
                os.fsync(self.journal.fileno())

    def keep(self, sender, recipients, octets):
        with self.lock:
            for recipient in recipients:
                self.arrivals.append(Arrival(sender, recipient, octets))

    def to(self, address):
        with self.lock:
            return [a for a in self.arrivals if a.recipient.lower() == address.lower()]

    def count(self):
        with self.lock:
            return len(self.arrivals)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        if self.journal:
            self.journal.close()

    def __enter__(self):
        return self

    def __exit__(self, *trouble):
        self.close()
