# SPDX-License-Identifier: AGPL-3.0-or-later
"""Mails read three times: by us, by Python's email, by GMime.

Real mails: where the two others agree, we agree, but for the rows below. Mails that we write
ourselves (mail_write.py): we read what was meant, whatever the others do.
"""
import random
import re

from tests.flow.story_corpora import DATA, messages
from tests.oracle import mail_write, opinions
from tests.oracle.say import Account

# (field, file): why we read it otherwise.
BACKSLASH = "mailers write the backslashes of a path as they are: no sign is lost"
KNOWN = {
    ("date", "mime/ruby-mail/plain_emails/raw_email_bad_time.eml"): "the year 3609 is no date",
    ("date", "mime/ruby-mail/rfc2822/example04.eml"): "before 1970",
    ("date", "mime/ruby-mail/rfc2822/example10.eml"): "before 1970",
    ("date", "bounces/sisimai-set-of-emails/arf-11.eml"): "JST is nine hours before Greenwich, they take it for Greenwich",
    ("date", "bounces/sisimai-set-of-emails/arf-12.eml"): "JST, too",
    ("message_id", "mime/ruby-mail/plain_emails/raw_email_double_at_in_header.eml"): "an id is kept whole as it came, whatever is in it",
    ("message_id", "bounces/sisimai-set-of-emails/arf-17.eml"): "without brackets and @ it is no id",
    ("parts", "mime/cpython-test_email/msg_37.txt"): "between two boundaries there is an empty part",
    ("parts", "mime/stalwart-mail-parser/legacy/035.eml"): BACKSLASH,
    ("parts", "mime/stalwart-mail-parser/legacy/039.eml"): BACKSLASH,
    ("parts", "mime/stalwart-mail-parser/legacy/048.eml"): "x-uuencode is not undone: the file stays as it was sent",
    ("parts", "bounces/sisimai-set-of-emails/lhost-gmail-19.eml"): "blanks at the end of a quoted-printable line go (RFC 2045 6.7)",
    ("text", "mime/apache-mime4j/missing-inner-boundary.msg"): "a text in a multipart without parts is shown",
    ("text", "mime/cpython-test_email/msg_15.txt"): "one boundary for two levels: all that follows is shown",
    ("text", "bounces/sisimai-set-of-emails/lhost-sendmail-14.eml"): "format=flowed is undone: a quoted line that was broken is one",
}


def folded(text):
    return " ".join((text or "").replace("\u00a0", " ").split())


def as_compared(field, value):
    if value is None:
        return None
    if field in ("subject", "text"):
        return folded(value)[:3000]
    if field == "from":
        return value.lower()
    if field == "references":
        return value[-20:]
    if field == "parts":
        return [(one["type"], one["name"], one["sha256"]) for one in value]
    return value


def agree(field, a, b):
    """None says of a part that it was not opened: it fits any."""
    if field != "parts":
        return a == b
    return len(a) == len(b) and all(x[:2] == y[:2] and (x[2] == y[2] or None in (x[2], y[2])) for x, y in zip(a, b))


def texts_of(opinion):
    return sum(part["type"].startswith("text/") and part["type"] != "text/html" for part in opinion["parts"] or [])


def compare_file(say, account, path):
    octets, where = path.read_bytes(), str(path.relative_to(DATA))
    ours, python, gmime = say.ask("mail", octets), opinions.python_opinion(octets), opinions.gmime_opinion(octets)
    for field in opinions.FIELDS:
        if field == "text" and ours["format"] != "text":
            continue  # HTML alone: we read it, they do not
        we, first, second = (as_compared(field, opinion[field]) for opinion in (ours, python, gmime))
        if first is None or second is None:
            account.count("without two opinions")
            continue
        account.asked += 1
        if not agree(field, first, second):
            account.count("on which the others disagree")
        elif field == "text" and texts_of(python) > 1:
            account.count("with more texts, which we show all")
            if not we.startswith(first):
                account.differs((field, where), f"{we!r} does not begin with {first!r}")
        elif not agree(field, we, first):
            account.differs((field, where), f"{we!r}, they {first!r}")


def compare_written(say, account, seed, number):
    octets, truth = mail_write.mail(random.Random(f"{seed}/{number}"))
    ours = say.ask("mail", octets)
    theirs = {"python": opinions.python_opinion(octets), "gmime": opinions.gmime_opinion(octets)}
    for field, meant in truth.items():
        account.asked += 1
        want = as_compared(field, meant)
        for name, opinion in theirs.items():
            value = as_compared(field, opinion[field])
            account.count(f"not read so by {name}", int(value is None or not agree(field, value, want)))
        we = as_compared(field, ours[field])
        if not agree(field, we, want):
            account.differs((field, f"mail {number} of seed {seed}"), f"{we!r}, meant {want!r}")


# ---- the same mail, written otherwise ----

def fields_of(head):
    """Fields with the lines that continue them."""
    fields = []
    for line in head.split(b"\n"):
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1] += b"\n" + line
        else:
            fields.append(line)
    return fields


def rewritten(dice, octets):
    """Other line ends, other letters in names, fields in another order but for those of one name."""
    head, gap, body = octets.partition(b"\n\n")
    fields = fields_of(head)
    if not all(re.match(rb"[!-9;-~]+:", field) for field in fields):
        return octets, False
    names, by_name = [field.partition(b":")[0].lower() for field in fields], {}
    for name, field in zip(names, fields):
        by_name.setdefault(name, []).append(field)
    dice.shuffle(names)
    fields = [by_name[name].pop(0) for name in names]
    spelt = dice.choice([bytes.lower, bytes.upper, bytes])
    fields = [spelt(field.partition(b":")[0]) + b":" + field.partition(b":")[2] for field in fields]
    octets = b"\n".join(fields) + gap + body
    to_crlf = dice.random() < .5
    return octets.replace(b"\n", b"\r\n") if to_crlf else octets, to_crlf


def compare_rewritten(say, account, path, seed, number):
    """Ours with ours: what is meant has not changed."""
    octets = path.read_bytes().replace(b"\r\n", b"\n")
    other, ends = rewritten(random.Random(f"{seed}/rewritten/{number}"), octets)
    first, second = say.ask("mail", octets), say.ask("mail", other)
    account.asked += 1
    for field in first:
        a, b = first[field], second[field]
        if field == "parts" and ends:
            a, b = ([(one["type"], one["name"]) for one in parts] for parts in (a, b))
        if a != b:
            account.differs((field, f"{path.relative_to(DATA)}, mail {number} of seed {seed}"), f"{a!r:.500}, then {b!r:.500}")


def run(say, seed, amount):
    """amount: mails written, and mails rewritten."""
    real = Account("real mails", KNOWN)
    for path in messages():
        compare_file(say, real, path)
    written = Account("written mails", {})
    for number in range(amount):
        compare_written(say, written, seed, number)
    again, files = Account("rewritten mails", {}), messages()
    for number in range(amount):
        compare_rewritten(say, again, files[number % len(files)], seed, number)
    return [real, written, again]
