# SPDX-License-Identifier: AGPL-3.0-or-later
"""The demo town read from scripts/town/ (its README says how the files are written), and the
attachments its people send: drawn here, so that no picture need be kept."""
import pathlib
import re
import struct
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


def attachment(name):
    """(octets, main type, subtype, file name): a sheet or a picture with nothing much on it."""
    if name.endswith(".pdf"):
        return sheet(name), "application", "pdf", name
    return picture(name), "image", "png", re.sub(r"\.(jpe?g|png)$", ".png", name)


def sheet(name):
    title = re.sub(r"[^A-Za-z0-9 ]", " ", name.removesuffix(".pdf"))
    text = f"BT /F 20 Tf 50 760 Td ({title}) Tj ET"
    parts = ["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
             "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
             f"<</Length {len(text)}>>stream\n{text}\nendstream", "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    out, places = "%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(out))
        out += f"{number} 0 obj{part}endobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    out += f"xref\n0 {len(parts) + 1}\n0000000000 65535 f \n{table}trailer<</Size {len(parts) + 1}/Root 1 0 R>>\n"
    return (out + f"startxref\n{out.index('xref')}\n%%EOF\n").encode("ascii")


def picture(name, width=320, height=210):
    """Sky, hills and ground in colours drawn from the name."""
    tint = zlib.crc32(name.encode())
    sky, ground = (170 + tint % 50, 200 + tint % 40, 235), (90 + tint % 60, 120 + tint // 7 % 50, 70)
    rows = []
    for y in range(height):
        row = bytearray([0])
        for x in range(width):
            hill = height // 2 + (x * (7 + tint % 5) // 20 + tint) % 120 // 5 - abs(x - width // 2) // 7
            colour = sky if y < hill else ground
            row += bytes(min(255, c + (y * 40 // height)) for c in colour)
        rows.append(bytes(row))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(b"".join(rows), 9)) + chunk(b"IEND", b""))
