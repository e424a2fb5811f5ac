# SPDX-License-Identifier: AGPL-3.0-or-later
"""What Python's email reads in the message that test_message_write.c wrote."""
import email
import email.policy
import sys

TOKEN_REPLY, TOKEN_LEAVE = "r" * 26, "u" * 26

with open(sys.argv[1], "rb") as file:
    raw = file.read()
message = email.message_from_bytes(raw, policy=email.policy.default)


def check(got, want):
    if got != want:
        sys.exit(f"got {got!r}, want {want!r}")


for part in message.walk():
    check(part.defects, [])
check(message["from"].addresses[0].display_name, 'Élodie "Lo" Dupont (Voirie)')
check(message["from"].addresses[0].addr_spec, "a.abcdefghijklmnopqrstuvwxyz@forum.ville.example")
check(message["reply-to"].addresses[0].addr_spec, f"voirie+r.{TOKEN_REPLY}@forum.ville.example")
check(message["subject"], "Re: Réunion publique à propos du plan de circulation, de la rue Haute"
      " à la place de l'Église")
check(message["date"].datetime.isoformat(), "2026-03-02T18:00:00+01:00")
check(message["list-unsubscribe"].strip(), f"<https://forum.ville.example/u/{TOKEN_LEAVE}>,"
      f" <mailto:voirie+u.{TOKEN_LEAVE}@forum.ville.example>")
check(message["list-unsubscribe-post"], "List-Unsubscribe=One-Click")
references = message["references"].split()
check((len(references), references[0], references[-1]),
      (20, "<id0.abcdefghijklmn@example.org>", "<id29.abcdefghijklmn@example.org>"))
check(message.get_content_type(), "multipart/alternative")
text, html = message.get_body(("plain",)).get_content(), message.get_body(("html",)).get_content()
check(text.replace("\r\n", "\n"), "Bonjour,\n\nFrom là-bas, une très longue ligne qui dépasse largement les"
      " soixante-seize octets permis.  \n.\nFrom ici\n\tfin = fin\n\n-- \nNe plus recevoir :\n"
      f"https://forum.ville.example/u/{TOKEN_LEAVE}\n")
check(f'<a href="https://forum.ville.example/u/{TOKEN_LEAVE}">Ne plus recevoir</a>' in html, True)
check(max(len(line) for line in raw.split(b"\r\n")) <= 78, True)
