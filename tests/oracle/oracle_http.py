# SPDX-License-Identifier: AGPL-3.0-or-later
"""Requests, their targets and the addresses of links read twice: by us and by Node.

Whatever we take as a request, Node's strict parser takes, too, and both agree on method, target,
fields, body and where it ends; of a target on the parts of the path and the fields of the query;
of a link that we let be followed on where it leads. That we refuse more is counted, and right.
"""
import base64
import html
import json
import random
import re
import subprocess
import urllib.parse

from tests.flow.story_corpora import DATA
from tests.flow.story_http_framing import hostile
from tests.oracle.say import Account

# (what, class): why we read it otherwise.
KNOWN = {}

SIGNS = [b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b"\0", b"\x0b", b"\x7f", b"\xe9", b",", b";", b"0", b"5", b"a", b"chunked", b"%2e", b"%", b"?", b"&", b"=",
         b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Connection: close\r\n", b"Connection: keep-alive\r\n", b"Host: a\r\n", b"X: y\r\n", b"\r\n\r\n",
         b"Expect: 100-continue\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.0", b"HTTP/1.1", b"1\r\na\r\n0\r\n\r\n", b"/", b"//", b"\\", b"#", b"*", b"\""]
GOOD = [
    b"GET / HTTP/1.1\r\nHost: forum.ville.example\r\n\r\n",
    b"GET /t/12-rue?page=2&lang=fr HTTP/1.1\r\nHost: forum.ville.example\r\nCookie: __Host-s=abc; a=b\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n",
    b"HEAD /robots.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"POST /login HTTP/1.1\r\nHost: forum.ville.example\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 11\r\n\r\nname=a&b=%C3",
    b"POST /login HTTP/1.1\r\nHost: forum.ville.example\r\nTransfer-Encoding: chunked\r\n\r\n5;x=\"y\"\r\nname=\r\n3\r\na&b\r\n0\r\nT: v\r\n\r\n",
    b"POST /login HTTP/1.1\r\nHost: forum.ville.example\r\nExpect: 100-continue\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
]
SCHEMES = ["http://", "https://", "mailto:", "HTTPS://", "javascript:", "java\tscript:", "data:", "//", "/", "http:", "https:/", "http:///", "ftp://", "https:\\\\", " https://", "http://a@",
           "https://user:pw@", "\u0001https://", "https://%61.example", "https://[::1]", "https://a.example:99999", "vbscript:"]
HOSTS = ["ville.example", "a.example:80", "bank.example@evil.example", "evil.example\\@bank.example", "127.1", "0x7f.1", "a..b", "é.example", "a%2eb", "a b", "", ".", "a_b.example", "xn--a",
         "[::1]", "a.example#@b", "a.example?@b", "a\u3002example", "ａ.example", "mairie@ville.example", "a:b@c"]
TAILS = ["", "/", "/plan?a=b&c=d#e", "/../..", "/%2e%2e/x", "/\"><script>", "/a'b", "/\u202egpj.exe", "/a\nb", "/`", "/{}|^", "/é", "?q", "#f", ":80/", "@x"]


class Node:
    def __init__(self):
        self.process = subprocess.Popen(["node", str(DATA.parent / "oracle" / "node.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, kind, octets):
        question = json.dumps({"kind": kind, "octets": base64.b64encode(octets).decode()})
        self.process.stdin.write(question.encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"node died of {octets[:500]!r}"
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        assert self.process.wait() == 0


def mutated(dice, base):
    octets = bytearray(dice.choice(base))
    if dice.random() < .2:
        octets += dice.choice(base)
    for _ in range(dice.choice([1, 1, 1, 2, 3])):
        at = dice.choice([found.start() for found in re.finditer(rb"[\r\n :/;,=]|\Z", bytes(octets))]) if dice.random() < .7 else dice.randrange(len(octets) + 1)
        how = dice.randrange(4)
        if how == 0:
            octets[at:at] = dice.choice(SIGNS)
        elif how == 1:
            del octets[at:at + dice.choice([1, 1, 2, 5])]
        elif how == 2:
            octets[at:at + 1] = dice.choice(SIGNS)
        else:
            octets[at:at + 1] = bytes([dice.randrange(256)])
    return bytes(octets)


def same_request(ours, theirs):
    """What differs, or None."""
    for name in ("method", "target", "minor"):
        if ours[name] != theirs[name]:
            return name
    if ours["fields"] != [[name, value.strip(" \t")] for name, value in theirs["fields"]]:
        return "fields"
    if ours["complete"] and (not theirs["complete"] or ours["body"] != theirs["body"]):
        return "body"
    return None


def compare_requests(node, account, name, octets, ours):
    """Node tells of a body that something wrong follows at once as cut: then it is asked again, up to
    where we say that the request ends."""
    theirs = node.ask("http", octets)
    account.asked += 1
    for at, one in enumerate(ours["requests"]):
        if at >= len(theirs["requests"]):
            return account.differs(("refused by Node", name), f"{one['method']} {one['target']!r}: {theirs['bad']}")
        other = theirs["requests"][at]
        if one["complete"] and not other["complete"] and theirs["bad"]:
            again = node.ask("http", octets[:one["end"]])["requests"]
            other = again[at] if len(again) > at else other
        different = same_request(one, other)
        if different:
            return account.differs((different, name), f"{one!r}, Node {other!r}")
        if other["complete"] and not one["complete"] and not ours["bad"]:
            return account.differs(("end", name), f"we wait for more of {one['method']} {one['target']!r}")
        account.count("requests alike")
    if ours["bad"] and len(theirs["requests"]) > len(ours["requests"]):
        account.count("refused by us alone")
    elif ours["bad"] and theirs["bad"]:
        account.count("refused by both")
    return None


def requests(say, node, seed, amount):
    account = Account("requests", KNOWN)
    base = GOOD + [base64.b64decode(one["bytes_b64"]) for one in json.loads((DATA / "http" / "llhttp-requests.json").read_text())]
    base += [octets + GOOD[0] for _, octets in hostile() if len(octets) < 4000]
    cases = [(f"corpus {at}", octets) for at, octets in enumerate(base)]
    for number in range(amount):
        cases.append((f"{number} of seed {seed}", mutated(random.Random(f"{seed}/{number}"), GOOD if number % 2 else base)))
    for name, octets in cases:
        compare_requests(node, account, name, octets, say.ask("http", octets))
    return account


def decoded(text):
    return text.encode("latin-1").decode("utf-8", "replace")


def targets(say, node, seed, amount):
    """Only what the reader of heads takes: a browser has made the rest another address."""
    account = Account("targets", KNOWN)
    pieces = ["/", "a", "t", "12-rue", "%C3%A9", "%20", "+", "%2B", "%2F", "%25", ".", "..", "%2e", "%2E%2e", "%00", "%C0%AF", "%ff", "%", "%4", "\\", "?", "&", "=", ";", "'", "\"", "|", "{",
              "~", "//", ":", "@", "a=b", "&&", "%26", "%3d", "[]", "#", "*", "\u00e9"]
    for number in range(amount):
        dice = random.Random(f"{seed}/target/{number}")
        target = ("/" + "".join(dice.choice(pieces) for _ in range(dice.randint(0, 10)))).encode("latin-1")
        head = say.ask("http", b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n")
        if head["bad"]:
            account.count("refused by us")
            continue
        ours, theirs = say.ask("target", target), node.ask("target", target)
        account.asked += 1
        if b"\\" in target.partition(b"?")[0]:
            account.count("with a \\, which no browser sends")
            continue
        if "path" in ours and [decoded(part) for part in ours["path"]] != theirs.get("path"):
            account.differs(("path", f"{number} of seed {seed}"), f"{target!r}: {ours['path']}, Node {theirs}")
        if "query" in ours and [[decoded(part) for part in pair] for pair in ours["query"]] != theirs.get("query"):
            account.differs(("query", f"{number} of seed {seed}"), f"{target!r}: {ours['query']}, Node {theirs}")
    return account


def compare_url(say, node, account, key, text):
    ours = say.ask("url", text.encode())
    if not ours["ok"]:
        account.count("not followed by us")
        return
    account.asked += 1
    href = html.unescape(ours["href"])
    theirs = node.ask("url", href.encode())
    if "bad" in theirs:
        account.count("that lead nowhere")
    elif theirs.get("protocol") not in ("http:", "https:", "mailto:"):
        account.differs(("protocol", key), f"{text!r} as {href!r}: {theirs}")
    elif theirs["username"] or theirs["password"]:
        account.differs(("user", key), f"{text!r} as {href!r}: {theirs}")
    elif theirs["protocol"] != "mailto:":
        shown = urllib.parse.unquote(re.match(r"(?i)https?://([^/?#]*)", href).group(1)).lower()
        shown = shown.removesuffix(":443" if theirs["protocol"] == "https:" else ":80").removesuffix(":")
        if re.fullmatch(r"[\d.]+(:\d+)?", theirs["host"]):
            account.count("to a number, however it is written")
        elif shown.isascii() and shown != theirs["host"]:
            account.differs(("host", key), f"{text!r} as {href!r} leads to {theirs['host']!r}")


def urls(say, node, seed, amount):
    account = Account("links", KNOWN)
    for number in range(4 * amount):
        dice = random.Random(f"{seed}/url/{number}")
        text = dice.choice(SCHEMES) + dice.choice(HOSTS) + dice.choice(TAILS)
        if dice.random() < .3:
            at = dice.randrange(len(text) + 1)
            text = text[:at] + dice.choice(["\t", "\n", "\\", "@", ":", "/", "%00", "\u200b", "\u00ad", "%", " "]) + text[at:]
        compare_url(say, node, account, f"{number} of seed {seed}", text)
    return account


def run(say, seed, amount):
    node = Node()
    accounts = [requests(say, node, seed, amount), targets(say, node, seed, amount), urls(say, node, seed, amount)]
    node.close()
    return accounts
