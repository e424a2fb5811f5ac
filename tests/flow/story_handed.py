# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sockets that a service manager holds are taken over, and outlive the server.

By the protocol of sd_listen_fds: what connects before the server is there waits and is answered; the
server is ended and started again while a client asks on and on, and no connection is refused. The
sockets take the place of the addresses in the settings, several of one name if need be, also one of
the file system; a door that was handed none has its own. No role inherits the words of the
environment. What was meant for another process is left alone; a name that is none of ours, and what is
no listening socket, is told and keeps the server from starting.
"""
import http.client
import os
import socket
import subprocess
import sys
import threading

from tests.flow import mail
from tests.flow.site import DOMAIN, wait_for
from tests.flow.web import Browser

LAUNCHER = """
import os, sys
fds, names, whose, words = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
high = [os.dup2(int(fd), 100 + i) for i, fd in enumerate(fds.split(","))]
for i, fd in enumerate(high):
    os.dup2(fd, 3 + i)
    os.close(fd)
os.environ.update(LISTEN_FDS=str(len(high)), LISTEN_FDNAMES=names, LISTEN_PID=whose if whose != "me" else str(os.getpid()))
os.execv(words[0], words)
"""


def launch(site, sockets, names, whose="me"):
    """The process of a server that was handed these sockets by these names."""
    site.write_config()
    numbers = [one.fileno() for one in sockets]
    with open(site.log, "ab") as log:
        return subprocess.Popen([sys.executable, "-c", LAUNCHER, ",".join(map(str, numbers)), names, whose, site.preau,
                                 "serve", "--config", str(site.config)], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                env=site.env, cwd=site.folder, pass_fds=numbers)


def start(site, sockets, names, whose="me"):
    before = site.log_text().count("serve ready=yes") if site.log.exists() else 0
    site.process = launch(site, sockets, names, whose)

    def is_ready():
        assert site.process.poll() is None, site.log_text()
        return site.log_text().count("serve ready=yes") > before

    wait_for(is_ready, 30)
    site.ports = site.read_ports()


def fails(site, sockets, names, sentence):
    mark = len(site.log_text())
    assert launch(site, sockets, names).wait(30) == 78
    assert sentence in site.log_text()[mark:], site.log_text()[mark:]


def listener(address=("127.0.0.1", 0), family=socket.AF_INET):
    one = socket.socket(family, socket.SOCK_STREAM)
    one.bind(address)
    one.listen(64)
    return one


def ask(address, host):
    """A status, by a connection of its own."""
    client = http.client.HTTPConnection(*address, timeout=60)
    try:
        client.request("GET", "/", headers={"Host": host, "Connection": "close"})
        return client.getresponse().status
    finally:
        client.close()


def asking(web, host, over, answers):
    while not over.is_set():
        try:
            answers.append(ask(web.getsockname(), host))
        except (http.client.HTTPException, OSError) as trouble:
            answers.append(trouble)


def environment(site):
    if os.geteuid() != 0:
        return  # nobody else may look
    for role, pid in site.pids().items():
        assert b"LISTEN_" not in open(f"/proc/{pid}/environ", "rb").read(), role


def through_file(site, path, host):
    """The second socket of the web, which lies in the file system."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        client.connect(path)
        client.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        assert client.recv(4096).startswith(b"HTTP/1.1 200 ")


def lives(stage, site, web, door, file):
    first = []
    early = threading.Thread(target=lambda: first.append(ask(web.getsockname(), "forum.ville.example")))
    early.start()  # nobody is there yet: it waits
    start(site, [web, door, file], "http:smtp:http")
    early.join(60)
    assert first == [200], first
    assert site.ports["lmtp"][1] != 0
    site.act("forum.create", slug="voirie", name="Voirie")
    site.person("Anne", "anne@ville.example")
    environment(site)
    through_file(site, file.getsockname(), "forum.ville.example")
    over, answers = threading.Event(), []
    client = threading.Thread(target=asking, args=(web, "forum.ville.example", over, answers))
    client.start()
    for number in range(3):
        mail.send(door.getsockname(), "anne@ville.example", [f"voirie@{DOMAIN}"],
                  mail.write("Anne <anne@ville.example>", f"voirie@{DOMAIN}", f"Lettre {number}", "Bonjour.\n"))
        assert site.stop() == 0
        start(site, [web, door, file], "http:smtp:http")
    site.wait_inbox()
    over.set()
    client.join(90)
    assert set(answers) == {200}, [answer for answer in answers if answer != 200][:3]
    assert site.one("SELECT count(*) FROM post WHERE state = 'published'") == 3
    print(f"handed: {len(answers)} requests over 3 restarts, none refused")
    site.stop()


def refusals(stage, site, web):
    """What was handed wrongly is told; what is another's is left alone."""
    fails(site, [web], "imap", "it must be http, smtp or lmtp")
    fails(site, [web], "", "it must be http, smtp or lmtp")
    with socket.socket(socket.AF_INET) as idle:
        fails(site, [idle], "http", "no stream socket that listens")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as packets:
        packets.bind(("127.0.0.1", 0))
        fails(site, [packets], "http", "no stream socket that listens")
    start(site, [web], "http", whose="1")
    assert site.ports["http"] != web.getsockname()
    assert Browser(site).get("/").status == 200
    site.stop()


def run(stage):
    site = stage.site(web_workers=2)
    path = str(site.folder / "web.sock")
    with listener() as web, listener() as door, listener(path, socket.AF_UNIX) as file:
        os.chmod(path, 0o666)
        site.settings["listen.http"] = site.settings["listen.smtp"] = "127.0.0.1:1"  # not to be opened
        try:
            lives(stage, site, web, door, file)
            site.settings["listen.http"] = site.settings["listen.smtp"] = "127.0.0.1:0"
            refusals(stage, site, web)
        except BaseException:
            print(site.log_tail())
            raise
        finally:
            site.stop()
