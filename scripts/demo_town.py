# SPDX-License-Identifier: AGPL-3.0-or-later
"""The demo town read from scripts/town/ (its README says how the files are written), and the
attachments its people send: drawn here, so that no picture need be kept."""
import math
import pathlib
import random
import re
import struct
import textwrap
import zlib
from dataclasses import dataclass, field

TOWN = pathlib.Path(__file__).resolve().parent / "town"

FORUMS = [
    ("voirie", "Voirie et déplacements", "Cadre de vie", "Rues, trottoirs, éclairage, vélo, stationnement."),
    ("ecologie", "Écologie et jardins", "Cadre de vie", "L'Orne, les haies, le compost, l'énergie, les déchets."),
    ("culture", "Culture et fêtes", "Vivre ensemble", "Concerts, médiathèque, fête de la Saint-Aubin, histoire locale."),
    ("jeunesse", "Jeunesse et écoles", "Vivre ensemble", "Écoles, cantine, maison des jeunes, sport, vacances."),
    ("entraide", "Entraide", "Vivre ensemble", "Prêts, coups de main, objets perdus et trouvés, voisinage."),
    ("vie-associative", "Vie associative", "Associations", "Salles, subventions, matériel, échanges entre bureaux."),
]

HEAD = re.compile(r"^-- (?:stranger: (?P<name>[^<]+?) <(?P<address>[^>]+)>|(?P<key>[a-z]+))"
                  r" @(?P<day>\d+) (?P<hour>\d\d):(?P<minute>\d\d)(?: > (?P<parent>\d+))?(?: \+ (?P<file>\S+))?$")


@dataclass
class Person:
    key: str
    name: str
    address: str
    forums: list


@dataclass
class Post:
    author: Person
    days: int     # before now
    minutes: int  # of that day
    parent: int   # number of the post answered, or 0
    file: str     # name of its attachment, or ""
    held: bool    # its author is not registered
    lines: list = field(default_factory=list)

    @property
    def text(self):
        return "\n".join(self.lines).strip("\n") + "\n"


@dataclass
class Conversation:
    forum: str
    subject: str
    posts: list = field(default_factory=list)


def people():
    found = {}
    for line in (TOWN / "people.txt").read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        key, name, address, forums, _ = (part.strip() for part in line.split("|"))
        chosen = [slug for slug, *_ in FORUMS] if forums == "all" else forums.split()
        found[key] = Person(key, name, address, chosen)
    return found


def conversations(forum, cast):
    """All of a forum; ValueError with file and line where one is not written as it must be."""
    found = []
    path = TOWN / f"{forum}.txt"
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("== "):
            found.append(Conversation(forum, line[3:].strip()))
            continue
        head = HEAD.match(line)
        if head:
            if not found or (head["key"] and head["key"] not in cast):
                raise ValueError(f"{path}:{number}: {line}")
            author = cast[head["key"]] if head["key"] else Person("", head["name"], head["address"], [])
            parent = int(head["parent"] or 0)
            if parent > len(found[-1].posts):
                raise ValueError(f"{path}:{number}: answers a post that is not there")
            found[-1].posts.append(Post(author, int(head["day"]), int(head["hour"]) * 60 + int(head["minute"]),
                                        parent, head["file"] or "", False))
        elif line == "!! held":
            found[-1].posts[-1].held = True
        elif found and found[-1].posts:
            found[-1].posts[-1].lines.append(line)
        elif line.strip():
            raise ValueError(f"{path}:{number}: text before any post")
    return found


def attachment(name, text=""):
    """(octets, main type, subtype, file name): a sheet that says what the post says, or a picture."""
    if name.endswith(".pdf"):
        return sheet(name, text), "application", "pdf", name
    return (plan if name.endswith(".png") else picture)(name), "image", "png", re.sub(r"\.(jpe?g|png)$", ".png", name)


def sheet(name, text):
    """One page of PDF: a head, a title, the text of the post it came with."""
    title = name.removesuffix(".pdf").replace("-", " ").capitalize()
    lines = [line for paragraph in text.splitlines() for line in (textwrap.wrap(paragraph, 88) or [""])][:44]

    def show(line):
        return "(" + re.sub(r"([()\\])", r"\\\1", line.replace("’", "'").replace("œ", "oe")) + ") Tj"

    words = ["BT /F 10 Tf 60 790 Td 0.35 g", show("Saint-Aubin-sur-Orne"), "ET", "0.35 G 60 780 m 535 780 l S",
             "BT /B 20 Tf 60 735 Td 0 g", show(title), "ET", "BT /F 11 Tf 15 TL 60 700 Td"]
    words += [f"{show(line)} T*" for line in lines] + ["ET"]
    stream = "\n".join(words).encode("cp1252", "replace")
    font = "/Type/Font/Subtype/Type1/Encoding/WinAnsiEncoding/BaseFont"
    parts = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
             b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R/B 6 0 R>>>>>>",
             b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream), f"<<{font}/Helvetica>>".encode(),
             f"<<{font}/Helvetica-Bold>>".encode()]
    out, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    start = len(out)
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    out += f"xref\n0 {len(parts) + 1}\n0000000000 65535 f \n{table}trailer<</Size {len(parts) + 1}/Root 1 0 R>>\n".encode()
    return out + f"startxref\n{start}\n%%EOF\n".encode()


def ridge(dice, width, height, rough):
    """A line of hills: the height at each place across, some waves laid over each other."""
    waves = [(dice.uniform(0.5, 3.5) * 2 ** n, dice.uniform(0, 6.3), rough / 2 ** n) for n in range(4)]
    return [height + sum(size * math.sin(beat * x / width * 6.3 + begin) for beat, begin, size in waves) for x in range(width)]


def picture(name, width=480, height=320):
    """A landscape of the river Orne in colours drawn from the name; old ones are sepia."""
    dice = random.Random(name)
    sun = (dice.randrange(60, width - 60), dice.randrange(40, 110), dice.randrange(14, 26))
    hills = [(ridge(dice, width, 120 + 45 * n, 26 - 5 * n), (int(120 - 26 * n + dice.randrange(20)), int(150 - 18 * n), int(130 - 34 * n)))
             for n in range(4)]
    old = "1908" in name
    rows = []
    for y in range(height):
        row = bytearray([0])
        for x in range(width):
            near = (x - sun[0]) ** 2 + (y - sun[1]) ** 2
            glow = 90 * math.exp(-near / 9000)
            colour = (150 + y // 4 + glow, 185 + y // 5 + glow, 225 + glow / 3) if near > sun[2] ** 2 else (255, 250, 225)
            for line, ground in hills:
                if y > line[x]:
                    shade = (y - line[x]) * 0.18
                    colour = (ground[0] - shade, ground[1] - shade, ground[2] - shade)
            grain = ((x * 2654435761 ^ y * 40503) >> 7) % 7 - 3
            red, green, blue = (max(0, min(255, int(c) + grain)) for c in colour)
            if old:
                grey = (red * 3 + green * 6 + blue) // 10
                red, green, blue = min(255, grey + 28), min(255, grey + 8), max(0, grey - 22)
            row += bytes((red, green, blue))
        rows.append(bytes(row))

    return png(rows, width, height)


def plan(name, width=480, height=320):
    """A plan on squared paper, drawn from the name: an outline, rooms, and what leads there."""
    dice = random.Random(name)
    ink = {}

    def line(x1, y1, x2, y2, thick=2):
        for step in range(max(abs(x2 - x1), abs(y2 - y1)) + 1):
            part = step / max(abs(x2 - x1), abs(y2 - y1), 1)
            for at in range(thick):
                for beside in range(thick):
                    ink[int(x1 + (x2 - x1) * part) + at, int(y1 + (y2 - y1) * part) + beside] = (38, 58, 92)

    def frame(x1, y1, x2, y2, thick=2):
        for ends in ((x1, y1, x2, y1), (x2, y1, x2, y2), (x2, y2, x1, y2), (x1, y2, x1, y1)):
            line(*ends, thick)

    left, right, top, floor = dice.randrange(70, 110), dice.randrange(350, 410), dice.randrange(110, 140), 250
    frame(left, top, right, floor, 3)
    ridge_at = ((left + right) // 2, top - dice.randrange(40, 70))
    line(left - 18, top, *ridge_at, 3)
    line(*ridge_at, right + 18, top, 3)
    for wall in sorted(dice.sample(range(left + 50, right - 40, 34), 3)):
        line(wall, top, wall, floor)
        frame(wall + 8, top + 30, wall + 24, top + 58, 1)
    line(30, floor + 2, width - 30, floor + 2)
    for ends in (left, right):
        line(ends, floor + 18, ends, floor + 30, 1)
    line(left, floor + 24, right, floor + 24, 1)
    rows = []
    for y in range(height):
        row = bytearray([0])
        for x in range(width):
            row += bytes(ink.get((x, y), (226, 232, 238) if x % 20 == 0 or y % 20 == 0 else (251, 250, 244)))
        rows.append(bytes(row))
    return png(rows, width, height)


def png(rows, width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(b"".join(rows), 6)) + chunk(b"IEND", b""))
