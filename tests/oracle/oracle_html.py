# SPDX-License-Identifier: AGPL-3.0-or-later
"""Our HTML as browsers read it: the standard's own tree builder (html5lib) on what we wrote.

Posts rendered from Markdown and from HTML mail stand in a page; the standard finds nothing to
mend in them, sees no element or attribute but ours, the text that we meant, and the page around as
it was. What the clerk's wall (html_check.h) lets through, whoever wrote it, stays within its place.
"""
import html
import json
import random
import re
import warnings

import html5lib

from tests.flow.story_corpora import DATA
from tests.oracle.say import Account

KNOWN = {}
BEFORE, AFTER = "<!DOCTYPE html><title>t</title><body><ul><li><div><div id=in>", "</div><p id=after>x</p></div></li></ul>"
MAY = {"p": (), "br": (), "hr": (), "blockquote": (), "pre": (), "code": (), "em": (), "strong": (), "del": (), "ul": (), "ol": ("start",), "li": (), "summary": (),
       "h3": (), "h4": (), "h5": (), "h6": (), "a": ("href", "rel"), "details": ("class",)}
SOUP = ["<p>", "</p>", "<div>", "</div>", "<ul>", "<li>", "</ul>", "<ol start=3>", "</ol>", "<table>", "<tr>", "<td>", "</table>", "<b>", "</b>", "<i>", "<a href='https://a.example/?a&b'>", "<a>",
        "</a>", "<a href=javascript:x>", "<blockquote type=cite>", "</blockquote>", "<pre>\n", "</pre>", "<h1>", "</h2>", "<br>", "<hr>", "<script>x</script>", "<style>p{}</style>", "<svg><p>", "<math>", "<!-- x -->",
        "<textarea>", "<select><option>", "<img alt='x' src=y>", "&lt;", "&amp;amp;", "&#0;", "&nbsp;", "&", "<", ">", "\"", "\0", "a", "é", " ", "\n", "mailto:a@b.example", "https://a.example/x_(y)",
        "<div class=gmail_quote>", "<form><input>", "<template>", "<noscript>", "<p title=\"</p><script>\">", "</body>", "<plaintext>", "<title>", "<frameset>"]
MARKS = ["# ", "- ", "1. ", "> ", "    ", "```\n", "*", "**", "_", "`", "[", "](https://a.example)", "](javascript:x)", "![", "<b>", "<", ">", "&amp;", "&", "\n", "\n\n", "a", "é", "  \n", "\\", "---\n", "~~",
         "https://a.example/b", "a@b.example", "\t", "7) ", "<!--", "\0", "\"", "](<x y>)", "[a]: https://a.example\n"]
PIECES = [f"<{tag}>" for tag in MAY if tag not in ("a", "details")] + [f"</{tag}>" for tag in MAY if tag not in ("br", "hr")] + [
    '<a href="https://a.example/" rel="nofollow ugc noopener">', '<details class="quote">', '<ol start="3">', "x", "\n", "&lt;", "&amp;"]


def tree(octets_of_page):
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return parser.parse(octets_of_page), parser.errors


def place(page):
    """The element that holds the post, and whether the page around is as it was."""
    parents = {child: parent for parent in page.iter() for child in parent}
    inside = next(one for one in page.iter() if one.get("id") == "in")
    after = next((one for one in page.iter() if one.get("id") == "after"), None)
    return inside, after is not None and parents[after] is parents[inside] and list(parents[inside]) == [inside, after]


def text_of(fragment):
    """What the markup leaves, read as we wrote it; the first line end of <pre> is the browser's."""
    return html.unescape(re.sub(r"<[^>]*>", "", fragment.replace("<pre>\n", "<pre>")))


def strangers(inside):
    for one in inside.iter():
        if one is inside:
            continue
        if one.tag not in MAY or set(one.attrib) - set(MAY[one.tag]):
            yield f"<{one.tag} {dict(one.attrib)}>"
        elif one.tag == "a" and not re.match(r"(?i)(https?://|mailto:)", one.get("href", "")):
            yield f"a link to {one.get('href')!r}"


def check_written(account, key, fragment, wall):
    account.asked += 1
    if not wall:
        account.differs(("wall", key), f"the clerk would refuse {fragment[:300]!r}")
    page, errors = tree(BEFORE + fragment + AFTER)
    inside, around = place(page)
    strange = list(strangers(inside))
    if errors:
        account.differs(("mended", key), f"{errors[:3]} in {fragment[:300]!r}")
    elif strange or not around:
        account.differs(("strange", key), f"{strange or 'the page around'} in {fragment[:300]!r}")
    elif "".join(inside.itertext()) != text_of(fragment):
        account.differs(("text", key), f"{fragment[:300]!r}")


def check_wall(account, key, fragment):
    """Whoever wrote it: it may be mended, but nothing leaves its place."""
    account.asked += 1
    page, _ = tree(BEFORE + fragment + AFTER)
    inside, around = place(page)
    strange = list(strangers(inside))
    if strange or not around:
        account.differs(("wall", key), f"{strange or 'the page around'}: {fragment[:300]!r}")


def rendered(say, seed, amount):
    account = Account("posts in a browser", KNOWN)
    payloads = [one["payload"] for one in json.loads((DATA / "html" / "dompurify-payloads.json").read_text())]
    payloads += json.loads((DATA / "html" / "blns.json").read_text())
    cases = [(kind, f"payload {at}", text) for at, text in enumerate(payloads) for kind in ("html", "markdown")]
    cases += [("markdown", f"spec {one['number']}", one["markdown"]) for one in json.loads((DATA / "markdown" / "commonmark-spec-0.30.0.json").read_text())]
    for number in range(amount):
        dice = random.Random(f"{seed}/post/{number}")
        kind, pieces = dice.choice([("html", SOUP), ("markdown", MARKS)])
        cases.append((kind, f"{number} of seed {seed}", "".join(dice.choice(pieces) for _ in range(dice.randint(1, 30)))))
    for kind, name, text in cases:
        answer = say.ask(kind, text.encode("utf-8", "replace"))
        check_written(account, f"{kind} {name}", answer["html"], answer["wall"])
    return account


def wall(say, seed, amount):
    """Our own tags in any order, closed as the wall wants it."""
    account = Account("the clerk's wall", KNOWN)
    for number in range(amount):
        dice = random.Random(f"{seed}/wall/{number}")
        fragment, opened = "", []
        for _ in range(dice.randint(1, 12)):
            piece = dice.choice(PIECES)
            name = re.match(r"</?([a-z0-9]+)", piece)
            if name is None or name.group(1) in ("br", "hr"):
                fragment += piece
            elif not piece.startswith("</"):
                fragment, opened = fragment + piece, [*opened, name.group(1)]
            elif opened:
                fragment += f"</{opened.pop()}>"
        fragment += "".join(f"</{name}>" for name in reversed(opened))
        if say.ask("wall", fragment.encode())["wall"]:
            check_wall(account, f"{number} of seed {seed}", fragment)
        else:
            account.count("refused")
    return account


def run(say, seed, amount):
    return [rendered(say, seed, amount), wall(say, seed, amount)]
