# SPDX-License-Identifier: AGPL-3.0-or-later
"""What Python's email package and GMime read in a mail, in the words of oracle_say.c.

Each field is None where the parser has no opinion: it raised, or it says of itself that it gave up.
Messages within a message are leaves: their parts are not ours to open.
"""
import datetime
import email
import email.policy
import hashlib
import re

import gi

gi.require_version("GMime", "3.0")
from gi.repository import GMime  # noqa: E402

GMime.init()
FIELDS = ("subject", "from", "date", "message_id", "references", "parts", "text")


def asked(function, *arguments):
    """Python's package raises what it likes where a mail is broken: then it has no opinion."""
    try:
        return function(*arguments)
    except Exception:  # pylint: disable=broad-except
        return None


def spoken(function, *arguments):
    """GMime may answer what is no UTF-8: no opinion either."""
    try:
        return function(*arguments)
    except UnicodeDecodeError:
        return None


def part(kind, name, octets):
    return {"type": kind.lower(), "name": name or "", "size": len(octets), "sha256": hashlib.sha256(octets).hexdigest()}


# ---- Python ----

def python_parts(message):
    if message.get_content_maintype() == "multipart" and message.is_multipart():
        return [leaf for inner in message.iter_parts() for leaf in python_parts(inner)]
    if message.is_multipart():  # message/rfc822
        return [{"type": message.get_content_type(), "name": message.get_filename() or "", "size": None, "sha256": None}]
    return [part(message.get_content_type(), message.get_filename(), message.get_payload(decode=True) or b"")]


def python_text(message):
    body = message.get_body(("plain",))
    return None if body is None else body.get_content()


def python_date(message):
    value = message["date"]
    if value is None or value.datetime is None:
        return 0
    when = value.datetime
    return int(when.timestamp() if when.tzinfo else when.replace(tzinfo=datetime.timezone.utc).timestamp())


def python_opinion(octets):
    message = email.message_from_bytes(octets, policy=email.policy.default)
    first = lambda name: message.get_all(name)[0]  # noqa: E731
    return {
        "subject": asked(lambda: str(message["subject"] or "")),
        "from": asked(lambda: next((a.addr_spec for a in first("from").addresses if "@" in a.addr_spec), "")) if message["from"] is not None else "",
        "date": asked(python_date, message),
        "message_id": asked(lambda: str(message["message-id"] or "").strip().removeprefix("<").removesuffix(">")),
        "references": asked(lambda: re.findall(r"<([^<>\s]+)>", str(message["references"] or ""))),
        "parts": asked(python_parts, message),
        "text": asked(python_text, message),
    }


# ---- GMime ----

def gmime_octets(leaf):
    stream, content = GMime.StreamMem.new(), leaf.get_content()
    if content is None:
        return b""
    content.write_to_stream(stream)
    return bytes(stream.get_byte_array() or b"")


def gmime_parts(leaf):
    if isinstance(leaf, GMime.Multipart):
        return [inner for at in range(leaf.get_count()) for inner in gmime_parts(leaf.get_part(at))]
    kind = leaf.get_content_type().get_mime_type().lower()
    if isinstance(leaf, GMime.Part):
        return [part(kind, leaf.get_filename(), gmime_octets(leaf))]
    how = leaf.get_content_disposition()
    name = (how and how.get_parameter("filename")) or leaf.get_content_type().get_parameter("name") or ""
    return [{"type": kind, "name": name, "size": None, "sha256": None}]


def gmime_from(message):
    boxes = message.get_from()
    for at in range(boxes.length()):
        box = boxes.get_address(at)
        if isinstance(box, GMime.InternetAddressMailbox) and "@" in (box.get_addr() or ""):
            return box.get_addr()
    return ""


def gmime_references(message):
    value = message.get_header("References")
    if not value:
        return []
    ids = GMime.References.parse(None, value)
    return [ids.get_message_id(at) for at in range(ids.length())]


def gmime_text_of(leaf):
    """The first text/plain that is no attachment."""
    if isinstance(leaf, GMime.Multipart):
        for at in range(leaf.get_count()):
            text = gmime_text_of(leaf.get_part(at))
            if text is not None:
                return text
        return None
    if not isinstance(leaf, GMime.TextPart) or not leaf.get_content_type().is_type("text", "plain"):
        return None
    return None if leaf.is_attachment() else leaf.get_text()


def gmime_opinion(octets):
    stream = GMime.StreamMem.new_with_buffer(octets)
    message = GMime.Parser.new_with_stream(stream).construct_message(None)
    if message is None:
        return dict.fromkeys(FIELDS)
    date, whole = message.get_date(), message.get_mime_part()
    return {
        "subject": spoken(lambda: message.get_subject() or ""),
        "from": spoken(gmime_from, message),
        "date": date.to_unix() if date is not None else 0,
        "message_id": spoken(lambda: message.get_message_id() or ""),
        "references": spoken(gmime_references, message),
        "parts": spoken(gmime_parts, whole) if whole is not None else None,
        "text": spoken(gmime_text_of, whole) if whole is not None else None,
    }
