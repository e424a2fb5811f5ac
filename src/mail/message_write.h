/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mail/message_write.h: the messages we send, built once and patched for each
 * recipient.
 *
 * A template holds the whole message with slots of exactly 26 letters where a
 * recipient's tokens go; patching is a copy and a few memcpy, so that ten
 * thousand copies cost ten thousand copies. Lines end in CRLF and are at most
 * 998 octets (we aim at 76), all is 7-bit, and no value given can begin a field
 * of its own: controls and line ends in values become blanks. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "text/escape.h"

enum {
	MESSAGE_TOKEN = 26,         /* letters of a slot, [a-z2-7] */
	MESSAGE_REFERENCES_MAX = 20 /* ids written: the root and the last ones */
};

/* Which token a slot takes. */
enum message_slot {
	MESSAGE_REPLY,       /* Reply-To: voirie+r.TOKEN@ */
	MESSAGE_UNSUBSCRIBE, /* List-Unsubscribe and the link of the footer */
	MESSAGE_SLOTS
};

/* The 26 letters to write in a text, URL or address given where the token of that
 * slot goes: drawn at random once per process, so that no text from outside can
 * hold them. They pass any escaping unchanged. */
struct span
message_slot(enum message_slot slot);

struct message_attachment {
	struct span name; /* UTF-8 */
	size_t size;      /* octets */
	struct span url;  /* https://... */
};

/* What is asked. Texts are UTF-8; addresses are ours or checked (mail/address.h). */
struct outgoing {
	/* From, To, Reply-To: phrase and addr-spec; an empty reply_to: no field. */
	struct span from_name, from_address;
	struct span to_name, to_address;
	struct span reply_name, reply_address; /* may hold a slot */
	struct span subject;
	struct span message_id;  /* without brackets */
	struct span in_reply_to; /* id or empty */
	const struct span *references; /* ids, oldest first */
	size_t reference_count;
	int64_t date;
	const char *zone; /* "Europe/Paris" */

	/* Of a post: all List-* are left out where list_id is empty. */
	struct span list_name;        /* phrase of List-Id */
	struct span list_id;          /* voirie.forum.ville.example */
	struct span list_post;        /* addr-spec; empty: "NO" (announcements) */
	struct span list_help;        /* URL */
	struct span list_subscribe;   /* URL */
	struct span list_owner;       /* addr-spec */
	struct span list_archive;     /* URL */
	struct span archived_at;      /* URL of the post */
	struct span unsubscribe_url;  /* holds a slot: https://.../u/SLOT; exactly one https */
	struct span unsubscribe_mail; /* addr-spec, holds a slot: voirie+u.SLOT@... */

	/* Of a notice: "auto-generated" or "auto-replied"; empty on what people wrote. */
	const char *auto_submitted;

	/* Body: text/plain, and text/html where html is not empty. The footer stands
	 * after "-- " in the text and below a rule in the HTML. All may hold slots. */
	struct span text;
	struct html html;        /* a fragment: the document around it is written here */
	struct span footer_text;
	struct html footer_html;
	const char *language;    /* "fr", "en": the lang attribute and Content-Language */
	const struct message_attachment *attachments; /* listed as links under the text */
	size_t attachment_count;
	struct span attachment_word; /* "Pièce jointe" */
};

struct message_hole {
	enum message_slot slot;
	size_t offset;
};

struct message_template {
	struct span octets; /* the whole message, CRLF, slots filled with 'a' */
	struct message_hole *holes;
	size_t hole_count;
};

/* INVALID with a sentence where an address, id or URL cannot stand in a header.
 * Everything is taken from the arena; the template borrows nothing else. */
bool
message_template_build(struct arena *arena, const struct outgoing *outgoing,
    struct message_template *template, struct err *err);

struct message_tokens {
	struct span slot[MESSAGE_SLOTS]; /* 26 letters each; empty: not used by this template */
};

/* Appends the message for one recipient. INVALID where a slot of the template has no token of
 * 26 letters of [a-z2-7]. */
bool
message_template_patch(const struct message_template *template,
    const struct message_tokens *tokens, struct buf *out, struct err *err);

/* Build and copy at once, for a message that has no slots (notices, tests). */
bool
message_write(struct arena *arena, const struct outgoing *outgoing, struct buf *out,
    struct err *err);

/* A fresh Message-ID without brackets: PREFIX.RANDOM@domain. */
struct span
message_id_new(struct arena *arena, const char *prefix, struct span domain);

/* Could message_id_new() have made it for this domain? People of the same domain have other ones. */
bool
message_id_is_ours(struct span id, struct span domain);
