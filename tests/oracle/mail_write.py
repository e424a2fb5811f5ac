# SPDX-License-Identifier: AGPL-3.0-or-later
"""Mails as the standards allow and hardly anybody writes them, with what they mean.

mail(dice) gives (octets, truth): encoded words split anywhere between characters, parameters in
pieces, comments, old zones, boundaries of every sign, parts within parts, each encoding written in
many ways. Nothing here is broken: who reads it otherwise reads it wrong.
"""
import base64
import datetime
import hashlib

WORDS = ["Réunion", "rue", "Haute", "Église", "l'été", "œuvre", "naïve", "Straße", "Ελλάδα", "Москва", "日本語", "مرحبا", "🎉", "a=b", "50%", "x_y",
         "(sic)", "\"non\"", "\\", "1,5", "a;b", "a:b", "<b>", "é", "À", "?=", "=?", "Voirie", "mars", "2026", "-", "&", "ﬁn", "e\u0301"]
ASCII = ["plan", "rue", "a", "b.c", "x-y", "2026", "Voirie"]
CHARSETS = ["utf-8", "UTF-8", "iso-8859-1", "ISO-8859-15", "windows-1252", "koi8-r", "iso-2022-jp", "gb18030", "us-ascii"]  # not Big5: each has another table of it
ZONES = [("+0000", 0), ("GMT", 0), ("UT", 0), ("-0000", 0), ("+0200", 7200), ("-0330", -12600), ("+1400", 50400), ("EST", -18000),
         ("PDT", -25200), ("+0530 (IST)", 19800), ("+0100 (a (nested\\) comment))", 3600)]
TOKEN = "abcdefghijklmnopqrstuvwxyz0123456789"
BOUNDARY = TOKEN + "'()+_,-./:=?"


def words(dice, least=1, most=8, of=None):
    return " ".join(dice.choice(of or WORDS) for _ in range(dice.randint(least, most)))


def token(dice, least=1, most=12):
    return "".join(dice.choice(TOKEN) for _ in range(dice.randint(least, most)))


def fold(dice):
    return dice.choice([" ", "\r\n ", "\r\n\t", "\r\n  "])


def charset_for(dice, text):
    fits = []
    for name in CHARSETS:
        try:
            if text.encode(name).decode(name) == text:
                fits.append(name)
        except UnicodeError:
            pass
    return dice.choice(fits)


def q_word(dice, octets):
    """Of RFC 2047; only what may stand anywhere is left as it is."""
    out = ""
    for octet in octets:
        sign = chr(octet)
        if sign in TOKEN or sign in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" and dice.random() < .95:
            out += sign
        elif sign == " " and dice.random() < .8:
            out += "_"
        else:
            out += f"={octet:02X}"
    return out


def encoded_words(dice, text):
    """The text as encoded words, cut between characters; each charset stands by itself."""
    pieces, rest = [], text
    while rest:
        size = dice.randint(1, 9)
        piece, rest = rest[:size], rest[size:]
        charset = charset_for(dice, piece)
        if charset.startswith("iso-2022") and dice.random() < .5:
            charset = "utf-8"
        octets = piece.encode(charset)
        if dice.random() < .5:
            body = dice.choice("Bb") + "?" + base64.b64encode(octets).decode()
        else:
            body = dice.choice("Qq") + "?" + q_word(dice, octets)
        language = "*fr" if dice.random() < .1 else ""
        pieces.append(f"=?{charset}{language}?{body}?=")
    return "".join(piece + (fold(dice) if at + 1 < len(pieces) else "") for at, piece in enumerate(pieces))


def subject(dice):
    if dice.random() < .3:
        text = words(dice, of=ASCII)
        return text.replace(" ", fold(dice)) if dice.random() < .5 else text, text
    text = words(dice)
    before = token(dice) if dice.random() < .3 else ""
    if before:
        return before + fold(dice) + encoded_words(dice, text), before + " " + text
    return encoded_words(dice, text), text


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def mailbox(dice):
    """(as written, address)"""
    address = f"{token(dice)}{dice.choice(['', '.' + token(dice), '+' + token(dice)])}@{token(dice)}.example"
    how = dice.randrange(7)
    if how == 0:
        return address, address
    if how == 1:
        return f"{quoted(words(dice, of=ASCII + [',', ';', '<x@y>', '@', chr(34), '(']))}{fold(dice)}<{address}>", address
    if how == 2:
        return f"{encoded_words(dice, words(dice, 1, 3))}{fold(dice)}<{address}>", address
    if how == 3:
        return f"{address} ({token(dice)} \\) {token(dice)})", address
    if how == 4:
        return f"(before){fold(dice)}{token(dice)} {token(dice)} <{address}> (after (it))", address
    if how == 5:
        return f"<{address}>", address
    return f"{token(dice)}:{fold(dice)}{token(dice)} <{address}>;", address


def date(dice):
    zone, offset = dice.choice(ZONES)
    when = datetime.datetime(dice.randint(1971, 2098), dice.randint(1, 12), dice.randint(1, 28), dice.randint(0, 23), dice.randint(0, 59))
    second = dice.randint(0, 59) if dice.random() < .8 else None
    day = dice.choice([f"{when.day}", f"{when.day:02d}"])
    text = f"{day}{fold(dice)}{when:%b %Y}{fold(dice)}{when:%H:%M}" + (f":{second:02d}" if second is not None else "") + " " + zone
    if dice.random() < .7:
        text = f"{when:%a}, {text}"
    return text, int(when.replace(tzinfo=datetime.timezone.utc).timestamp()) + (second or 0) - offset


def message_id(dice):
    return f"{token(dice)}.{token(dice)}{dice.choice(['$', '=', '_', '-', ''])}{token(dice)}@{token(dice)}.example"


# ---- parts ----

def base64_lines(dice, octets):
    text, size = base64.b64encode(octets), dice.choice([4, 60, 72, 76])
    return b"\r\n".join(text[at:at + size] for at in range(0, len(text), size)) + b"\r\n"


def qp_lines(dice, octets, is_text):
    """Quoted-printable by hand: what may be encoded sometimes is, and lines are cut where they like."""
    out, column, at = b"", 0, 0
    while at < len(octets):
        if is_text and octets[at:at + 2] == b"\r\n":
            out, column, at = out + b"\r\n", 0, at + 2
            continue
        octet = octets[at:at + 1]
        next_ends = at + 1 == len(octets) or octets[at + 1:at + 3] == b"\r\n"
        plain = b"!" <= octet <= b"~" and octet != b"=" or octet in b" \t" and not next_ends
        sign = octet if plain and dice.random() < .9 else b"=%02X" % octet[0]
        if column + len(sign) > 75 or dice.random() < .02:
            out, column = out + b"=\r\n", 0
        out, column, at = out + sign, column + len(sign), at + 1
    return out


def parameter(dice, name, text):
    """In one of the ways of RFC 2045, 2231 and, for what is not ASCII, 2047 as people do."""
    is_ascii = text.isascii()
    how = dice.randrange(4)
    if how == 0 and is_ascii and all(sign in TOKEN + ".-_" for sign in text):
        return f"{name}={text}"
    if how <= 1 and is_ascii:
        return f"{name}={quoted(text)}"
    charset = "utf-8" if dice.random() < .6 else charset_for(dice, text)
    if charset.startswith("iso-2022"):
        charset = "utf-8"
    octets = text.encode(charset)
    escaped = ["%%%02X" % octet if chr(octet) not in TOKEN else chr(octet) for octet in octets]
    if how == 2 or len(escaped) < 4:
        return f"{name}*={charset}'{dice.choice(['', 'fr'])}'{''.join(escaped)}"
    cut = dice.randrange(1, len(escaped))
    return f"{name}*0*={charset}''{''.join(escaped[:cut])};{fold(dice)}{name}*1*={''.join(escaped[cut:])}"


def file_name(dice):
    return token(dice) + dice.choice([" ", "é", "-", "日本", "'", ",", ";", "€"]) + token(dice) + dice.choice([".pdf", ".txt", ".jpeg"])


def spelt(dice, name):
    return dice.choice([name, name.lower(), name.upper()])


def content(dice, octets, is_text):
    """(fields, body)"""
    ways = ["base64", "quoted-printable"]
    lines = octets.split(b"\r\n")
    if is_text and all(len(line) < 900 for line in lines) and b"\r" not in b"".join(lines) and b"\n" not in b"".join(lines):
        ways += ["7bit"] if octets.isascii() and b"\0" not in octets else ["8bit"] if b"\0" not in octets else []
    way = dice.choice(ways)
    body = {"base64": base64_lines, "quoted-printable": lambda d, o: qp_lines(d, o, is_text)}.get(way, lambda d, o: o)(dice, octets)
    return [f"{spelt(dice, 'Content-Transfer-Encoding')}: {spelt(dice, way)}"], body


def part(kind, name, octets):
    return {"type": kind, "name": name, "size": len(octets), "sha256": hashlib.sha256(octets).hexdigest()}


def text_leaf(dice, truth):
    text = "\r\n".join(words(dice, 0, 12) for _ in range(dice.randint(1, 6))).strip() or "x"
    charset = charset_for(dice, text)
    if charset in ("iso-2022-jp", "us-ascii") or dice.random() < .4:
        charset = "utf-8"
    octets = text.encode(charset)
    more, body = content(dice, octets, True)
    truth["text"] = text
    value = dice.choice([charset, f'"{charset}"'])
    comment = " (texte)" if dice.random() < .1 else ""
    return [f"{spelt(dice, 'Content-Type')}: {spelt(dice, 'text/plain')};{fold(dice)}charset={value}{comment}", *more], body, [part("text/plain", "", octets)]


def file_leaf(dice):
    kind = dice.choice(["application/pdf", "image/png", "application/octet-stream", "text/csv", "application/x-foo+xml"])
    octets = dice.randbytes(dice.randint(0, 300)) if dice.random() < .7 else dice.choice([b"", b"a", b"\r\n", b"--x\r\n--\r\n", b"From here\r\n.\r\n"])
    more, body = content(dice, octets, False)
    name = file_name(dice)
    fields = [f"{spelt(dice, 'Content-Type')}: {kind}",
              f"{spelt(dice, 'Content-Disposition')}:{fold(dice)}{spelt(dice, 'attachment')};{fold(dice)}{parameter(dice, 'filename', name)}", *more]
    dice.shuffle(fields)
    return fields, body, [part(kind, name, octets)]


def multipart(dice, leaves, depth):
    """(fields, body, parts in order) of the leaves, some of them deeper."""
    boundary = (token(dice, 1, 3) + "".join(dice.choice(BOUNDARY) for _ in range(dice.randint(0, 50)))).rstrip(" ") + token(dice, 1, 2)
    body, parts = b"", []
    if dice.random() < .3:
        body += b"This is a message in MIME format.\r\n--\r\n--not" + boundary.encode() + b"\r\n"
    while leaves:
        if depth < 4 and len(leaves) > 1 and dice.random() < .3:
            size = dice.randint(1, len(leaves))
            fields, inner, below = multipart(dice, leaves[:size], depth + 1)
            leaves = leaves[size:]
        else:
            (fields, inner, below), leaves = leaves[0], leaves[1:]
        blanks = dice.choice(["", "", " ", "\t"])
        body += f"--{boundary}{blanks}\r\n".encode() + "\r\n".join(fields).encode() + b"\r\n\r\n" + inner + b"\r\n"
        parts += below
    body += f"--{boundary}--".encode() + dice.choice([b"\r\n", b"", b"\r\nepilogue\r\n--" + boundary[:1].encode() + b"\r\n"])
    plain = all(sign in TOKEN for sign in boundary)
    value = boundary if plain and dice.random() < .5 else f'"{boundary}"'
    kind = dice.choice(["mixed", "mixed", "related", "x-unknown"])
    return [f"{spelt(dice, 'Content-Type')}: multipart/{spelt(dice, kind)};{fold(dice)}boundary={value}"], body, parts


def mail(dice):
    truth = {}
    written_subject, truth["subject"] = subject(dice)
    written_from, truth["from"] = mailbox(dice)
    written_date, truth["date"] = date(dice)
    truth["message_id"] = message_id(dice)
    truth["references"] = [message_id(dice) for _ in range(dice.randint(0, 15))]
    head = [f"{spelt(dice, 'Subject')}:{fold(dice)}{written_subject}", f"{spelt(dice, 'From')}: {written_from}",
            f"{spelt(dice, 'Date')}: {written_date}", f"{spelt(dice, 'Message-ID')}:{fold(dice)}<{truth['message_id']}>", "To: voirie@forum.ville.example"]
    if truth["references"]:
        head.append("References: " + "".join(f"<{one}>" + fold(dice) for one in truth["references"]).rstrip())
    leaves = [text_leaf(dice, truth)] + [file_leaf(dice) for _ in range(dice.randint(0, 4))]
    fields, body, truth["parts"] = leaves[0] if len(leaves) == 1 and dice.random() < .7 else multipart(dice, leaves, 0)
    head += fields + ["MIME-Version: 1.0"]
    dice.shuffle(head)
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body, truth
