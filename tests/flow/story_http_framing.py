# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a request ends, nobody disagrees.

Over eighty requests whose length, lines or target two readers could read in two ways, each with
another request hidden behind it: direct, each is refused and the connection closed, with one
answer; through nginx and through haproxy the house answers exactly as many requests as the proxy
says that it passed on, and the next visitor gets the page that he asked for.
"""
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading

from tests.flow.site import wait_for

ONCE = True

HOST = b"Host: forum.ville.example\r\n"
HIDDEN = b"GET /hidden-%d HTTP/1.1\r\n" + HOST + b"\r\n"
CHUNK = b"0\r\n\r\n"


def post(*lines, body=b""):
    return b"POST /login HTTP/1.1\r\n" + HOST + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


def get(*lines, line=b"GET /robots.txt HTTP/1.1", host=HOST):
    return line + b"\r\n" + host + b"".join(one + b"\r\n" for one in lines) + b"\r\n"


def hostile():
    """[(name, octets before the hidden request)]"""
    cases = []
    lengths = [b"+5", b"-1", b"0x5", b"5,5", b"5, 6", b"5 5", b"", b" ", b"5;q=1", b"5.0", b"1e1", b"\x0b5", b"\xc2\xa05", b"5\x00", b"00000000000000000000005x",
               b"18446744073709551616", b"99999999999999999999", b"five", b"'5'"]
    cases += [(f"length {value!r}", post(b"Content-Length: " + value)) for value in lengths]
    cases += [("two lengths", post(b"Content-Length: 0", b"Content-Length: 60")), ("two lengths, other way", post(b"Content-Length: 60", b"Content-Length: 0")),
              ("CL.TE", post(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=CHUNK)),
              ("TE.CL", post(b"Transfer-Encoding: chunked", b"Content-Length: 5", body=CHUNK))]
    codings = [b"xchunked", b"chunked, identity", b"identity, chunked", b"identity", b"gzip", b"gzip, chunked", b"chunked, chunked", b"\x0bchunked", b"chunked\x00",
               b"\"chunked\"", b"chunked;q=1", b"chunk", b"", b",chunked", b"chunked,", b"\xc2\xa0chunked", b"cow", b"chunked\x0c", b"[chunked]"]
    cases += [(f"coding {value!r}", post(b"Transfer-Encoding: " + value, body=CHUNK)) for value in codings]
    cases += [("two codings", post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity", body=CHUNK)),
              ("coding, blank before colon", post(b"Transfer-Encoding : chunked", body=CHUNK)), ("length, blank before colon", post(b"Content-Length : 5")),
              ("coding, tab before colon", post(b"Transfer-Encoding\t: chunked", body=CHUNK)), ("coding folded", post(b"Transfer-Encoding:\r\n chunked", body=CHUNK)),
              ("length folded", post(b"Content-Length:\r\n 5")), ("field folded", get(b"X: a\r\n b")), ("coding behind CR", post(b"X: y\rTransfer-Encoding: chunked", body=CHUNK)),
              ("coding behind LF", post(b"Content-Length: 5", b"X: y\nTransfer-Encoding: chunked", body=CHUNK)),
              ("coding in HTTP/1.0", post(b"Transfer-Encoding: chunked", body=CHUNK).replace(b"HTTP/1.1", b"HTTP/1.0"))]
    chunked = b"Transfer-Encoding: chunked"
    sizes = [b"0x0", b"+0", b"-0", b" 0", b"0 ;", b"zz", b"", b"ffffffffffffffff1", b"0\x00", b"0\x0b", b"g", b"1_0", b"10000000000000000"]
    cases += [(f"chunk size {size!r}", post(chunked, body=size + b"\r\n\r\n")) for size in sizes]
    cases += [("chunk ended by LF", post(chunked, body=b"1\na\n0\n\n")), ("chunk size ended by CR", post(chunked, body=b"1\ra\r\n0\r\n\r\n")),
              ("chunk longer than said", post(chunked, body=b"1\r\nab\r\n0\r\n\r\n")), ("chunk without its end", post(chunked, body=b"1\r\na0\r\n\r\n")),
              ("trailer folded", post(chunked, body=b"0\r\nX: a\r\n b\r\n\r\n")), ("LF in an extension", post(chunked, body=b"0;a\nb\r\n\r\n"))]
    cases += [("bare LF lines", get().replace(b"\r\n", b"\n")), ("bare LF, one line", b"GET /robots.txt HTTP/1.1\n" + HOST + b"\r\n"), ("bare CR lines", get().replace(b"\r\n", b"\r") + b"\r\n\r\n"),
              ("blank before a field", get(host=b" " + HOST)), ("blank before the method", get(line=b" GET /robots.txt HTTP/1.1")),
              ("two blanks", get(line=b"GET  /robots.txt HTTP/1.1")), ("tab between", get(line=b"GET\t/robots.txt\tHTTP/1.1")), ("blank in target", get(line=b"GET /robots .txt HTTP/1.1")),
              ("NUL in a value", get(b"X: a\x00b")), ("NUL in a name", get(b"X\x00: a")), ("NUL in target", get(line=b"GET /robots.txt\x00 HTTP/1.1")),
              ("name of nothing", get(b": a")), ("line without colon", get(b"nothing")), ("blank in a name", get(b"X Y: a")), ("bracket in a name", get(b"X(: a")),
              ("8 bits in a name", get(b"X\xe9: a")), ("DEL in a value", get(b"X: \x7f")),
              ("no host", get(host=b"")), ("two hosts", get(HOST.strip())), ("two hosts that differ", get(b"Host: other.example")), ("host of another", get(host=b"Host: other.example\r\n")),
              ("host with a path", get(host=b"Host: forum.ville.example/x\r\n")), ("host with user", get(host=b"Host: a@forum.ville.example\r\n")), ("host empty", get(host=b"Host:\r\n")),
              ("absolute target of another", get(line=b"GET http://other.example/ HTTP/1.1")), ("target without slash", get(line=b"GET robots.txt HTTP/1.1")),
              ("target star", get(line=b"GET * HTTP/1.1")), ("CONNECT", get(line=b"CONNECT other.example:443 HTTP/1.1")), ("TRACE", get(line=b"TRACE / HTTP/1.1")),
              ("OPTIONS star", get(line=b"OPTIONS * HTTP/1.1")), ("small letters", get(line=b"get /robots.txt HTTP/1.1")), ("HTTP/0.9", b"GET /robots.txt\r\n"),
              ("HTTP/1.10", get(line=b"GET /robots.txt HTTP/1.10")), ("HTTP/2.0", get(line=b"GET /robots.txt HTTP/2.0")), ("http/1.1", get(line=b"GET /robots.txt http/1.1")),
              ("HTTP 1.1", get(line=b"GET /robots.txt HTTP 1.1")), ("preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
              ("head too long", get(b"X: " + b"a" * 70000)), ("fields too many", get(*[b"X: y"] * 2000)), ("target too long", get(line=b"GET /" + b"a" * 70000 + b" HTTP/1.1"))]
    return cases


def speak(address, octets, quiet=0.4):
    """(what is heard, whether the other side closed): until it closes or has long been silent."""
    heard = b""
    with socket.create_connection(address, timeout=20) as wire:
        try:
            wire.sendall(octets)
            wire.settimeout(quiet)
            while True:
                part = wire.recv(65536)
                if not part:
                    return heard, True
                heard += part
        except (ConnectionResetError, BrokenPipeError):
            return heard, True
        except socket.timeout:
            return heard, False


def answers(heard):
    return [int(code) for code in re.findall(rb"HTTP/1\.[01] (\d{3}) ", heard)]


def direct(site, cases):
    """One refusal, then the end; nothing for what was hidden behind."""
    faults = []
    for at, (name, octets) in enumerate(cases):
        heard, closed = speak(site.ports["http"], octets + HIDDEN % at, quiet=5)
        found = answers(heard)
        # The name of another site is a question well put: answered, and so is what follows it.
        well_put = name == "host of another"
        good = found == [421, 404] if well_put else len(found) == 1 and 400 <= found[0] < 506 and closed
        if not good:
            faults.append((name, found, closed))
    assert not faults, f"{len(faults)} of {len(cases)}: {faults}"


class Tap:
    """Between a proxy and the house: hands octets on, counts the answers of the house."""

    def __init__(self, target):
        self.target, self.answered, self.asked, self.lock = target, [], b"", threading.Lock()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                wire, _ = self.server.accept()
            except OSError:
                return
            house = socket.create_connection(self.target)
            threading.Thread(target=self.pump, args=(wire, house, False), daemon=True).start()
            threading.Thread(target=self.pump, args=(house, wire, True), daemon=True).start()

    def pump(self, source, sink, counts):
        try:
            while part := source.recv(65536):
                with self.lock:
                    if counts:
                        self.answered += answers(part)
                    else:
                        self.asked += part
                sink.sendall(part)
        except OSError:
            pass
        for wire in (source, sink):
            try:
                wire.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.server.close()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Proxy:
    """nginx or haproxy, from its package, on a free port; passed() is how many it says it passed on."""

    def __init__(self, kind, folder, target):
        self.kind, self.folder, self.port, self.target, self.lines = kind, folder, free_port(), target, []
        config = folder / f"{kind}.conf"
        if kind == "nginx":
            config.write_text(self.nginx())
            words = ["nginx", "-c", str(config), "-e", str(folder / "nginx.error"), "-g", "daemon off;"]
        else:
            self.log = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.log.bind(("127.0.0.1", 0))
            threading.Thread(target=self.listen, daemon=True).start()
            config.write_text(self.haproxy())
            words = ["haproxy", "-db", "-f", str(config)]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=open(folder / f"{kind}.err", "wb"))
        wait_for(self.is_up)

    def nginx(self):
        f = self.folder
        user = "user root;" if not os.geteuid() else ""
        paths = "".join(f"{name}_temp_path {f}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        return (f"{user} worker_processes 1; pid {f}/nginx.pid; events {{ worker_connections 200; }} http {{ {paths}"
                f" log_format c '$upstream_status'; access_log {f}/nginx.log c;"
                f" upstream house {{ server 127.0.0.1:{self.target}; keepalive 4; }}"
                f" server {{ listen 127.0.0.1:{self.port}; location / {{ proxy_pass http://house; proxy_http_version 1.1;"
                " proxy_set_header Connection ''; proxy_set_header Host $http_host; proxy_next_upstream off; } } }\n")

    def haproxy(self):
        return (f"global\n log 127.0.0.1:{self.log.getsockname()[1]} local0\ndefaults\n mode http\n log global\n"
                " timeout connect 5s\n timeout client 20s\n timeout server 20s\n retries 0\n log-format \"passed=%s\"\n"
                f"frontend f\n bind 127.0.0.1:{self.port}\n default_backend house\nbackend house\n http-reuse always\n"
                f" server s1 127.0.0.1:{self.target}\n")

    def listen(self):
        while True:
            try:
                self.lines.append(self.log.recv(4096))
            except OSError:
                return

    def is_up(self):
        assert self.process.poll() is None, (self.folder / f"{self.kind}.err").read_text()
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def passed(self):
        if self.kind == "nginx":
            return sum(line not in ("", "-") for line in (self.folder / "nginx.log").read_text().splitlines())
        return sum(b"passed=s1" in line for line in self.lines)

    def close(self):
        self.process.terminate()
        self.process.wait(20)
        if self.kind == "haproxy":
            self.log.close()


def through(site, kind, cases, folder):
    tap = Tap(site.ports["http"])
    proxy = Proxy(kind, folder, tap.port)
    try:
        for at, (name, octets) in enumerate(cases):
            heard, _ = speak(("127.0.0.1", proxy.port), octets + HIDDEN % at, quiet=0.25)
            assert 500 not in answers(heard), (kind, name, answers(heard))
            after, _ = speak(("127.0.0.1", proxy.port), get(b"Connection: close"), quiet=10)
            assert answers(after) == [200] and b"Sitemap:" in after, (kind, name, after[:200])

            def is_even():
                return proxy.passed() == len(tap.answered)
            try:
                wait_for(is_even, seconds=5, pause=0.01)
            except AssertionError:
                raise AssertionError(f"{kind}, {name}: {proxy.passed()} passed on, {len(tap.answered)} answered")
        assert len(tap.answered) >= len(cases), "the tap saw nothing"
        print(f"  {kind}: {len(cases)} cases, {proxy.passed()} requests passed on, {len(tap.answered)} answered")
    finally:
        proxy.close()
        tap.close()


def run(stage):
    cases = hostile()
    assert len(cases) >= 80 and len({name for name, _ in cases}) == len(cases), len(cases)
    with stage.site() as site:
        pids = site.pids()
        direct(site, cases)
        print(f"  direct: {len(cases)} cases")
        for kind in ("nginx", "haproxy"):
            if shutil.which(kind) is None:
                raise stage.Skip(f"{kind} is not installed: scripts/setup installs it")
            folder = pathlib.Path(tempfile.mkdtemp(prefix=f"preau-{kind}-"))
            through(site, kind, cases, folder)
            shutil.rmtree(folder)
        assert site.pids() == pids, "a process died"
