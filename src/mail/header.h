/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mail/header.h: our own reading of message heads, tolerant and bounded.
 *
 * Used by intake, which may not touch a library that crashes, and by the
 * parser. Real heads are broken: a malformed line does not end the head, a
 * first line of an mbox ("From ...") is stripped, lines may end in CRLF, LF or
 * CR, NULs are dropped, 8-bit octets are taken as UTF-8 or else windows-1252.
 * No function fails on its input, none recurses, all are linear. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

enum {
	HEADER_SIZE_MAX = 256 * 1024, /* octets of a head */
	HEADER_FIELDS_MAX = 1000,     /* fields of a head */
	HEADER_FIELD_MAX = 64 * 1024, /* octets of one field, unfolded */
	HEADER_PARAMS_MAX = 32,       /* parameters of one field */
	HEADER_WORDS_MAX = 200,       /* encoded words read in one value; later ones stay as typed */
	HEADER_IDS_MAX = 200,         /* Message-IDs read in one value */
	HEADER_MAILBOXES_MAX = 200    /* mailboxes read in one value */
};

struct header_field {
	struct span name;  /* as written, without the colon */
	struct span value; /* unfolded, NULs dropped, trimmed; still encoded */
};

struct header {
	struct header_field *fields; /* in order */
	size_t count;
	size_t start;           /* offset where the first field begins (after an mbox line) */
	size_t body;            /* offset of the first octet after the empty line */
	bool has_end;           /* there was an empty line */
	size_t malformed;       /* lines that were no field and no continuation */
	const char *over_limit; /* why the rest was not read, or NULL */
};

/* Splits the head off raw. Values are copied into the arena where they had to be
 * unfolded, else borrowed from raw. */
void
header_split(struct arena *arena, struct span raw, struct header *header);

/* Offset of the body alone: what header_split() would find, without copying. */
size_t
header_length(struct span raw);

/* The n-th (from 0) field of that name, any case; false where there is none. */
bool
header_find(const struct header *header, const char *name, size_t n, struct span *value);

/* First value of that name, or the empty span. */
struct span
header_get(const struct header *header, const char *name);

size_t
header_count(const struct header *header, const char *name);

/* Unstructured text as people read it: RFC 2047 decoded (also split characters,
 * missing blanks, unknown charsets), valid UTF-8, one line, at most max octets. */
struct span
header_text(struct arena *arena, struct span value, size_t max);

struct header_mailbox {
	struct span name;    /* line, decoded; may be empty */
	struct span address; /* addr-spec, domain in lower case; always has an @ */
};

struct header_mailboxes {
	struct header_mailbox *items;
	size_t count; /* listed, at most HEADER_MAILBOXES_MAX */
	size_t total; /* seen */
};

/* RFC 5322 address lists as they are written: groups, comments, encoded names,
 * `Bad, Name <a@x>`. What has no addr-spec is left out. Appends to list. */
void
header_mailboxes(struct arena *arena, struct span value, struct header_mailboxes *list);

/* Is it an addr-spec we could write to: one @ outside quotes, no blank, no
 * control character, no angle bracket, at most 254 octets. */
bool
header_is_address(struct span address);

struct header_ids {
	struct span *items; /* without brackets */
	size_t count;
};

/* Message-IDs of In-Reply-To and References: brackets missing, blanks inside,
 * run together, other words between. An e-mail address typed by hand in
 * In-Reply-To ("Your message to <a@b>") cannot be told from an id: it finds no
 * parent, which is harmless. At most HEADER_IDS_MAX, the last ones. */
void
header_ids(struct arena *arena, struct span value, struct header_ids *ids);

/* RFC 5322 dates and what else is met (no weekday, two-digit years, named zones,
 * ISO 8601, asctime). False where unreadable or outside 1970-2199. */
bool
header_date(struct span value, int64_t *seconds);

struct header_param {
	struct span name;  /* lower case, without RFC 2231 marks */
	struct span value; /* decoded (RFC 2231, RFC 2047), UTF-8 */
};

/* Content-Type, Content-Disposition: a first word and parameters. */
struct header_value {
	struct span word; /* lower case, blanks and comments removed: "text/plain", "attachment" */
	struct header_param *params;
	size_t count;
};

void
header_value(struct arena *arena, struct span value, struct header_value *out);

/* First parameter of that name, or the empty span. */
struct span
header_param(const struct header_value *value, const char *name);

/* What intake sends along with `mail.receive`. */
struct header_front {
	struct span from_name;      /* line */
	struct span from_address;   /* addr-spec of the first mailbox of From, or empty */
	size_t from_count;          /* mailboxes in all From fields */
	struct span subject;        /* line, decoded */
	struct span message_id;     /* without brackets, or empty */
	struct span in_reply_to;    /* first id, or empty */
	struct span auto_submitted; /* first word, lower case: "auto-replied"; empty if none */
	bool is_report;             /* Content-Type: multipart/report, or a null sender's kin */
	bool is_robot;              /* From is mailer-daemon, postmaster, no-reply ... */
	const char *over_limit;     /* the head goes over a limit, or NULL */
};

/* raw may be only the beginning of the message, as long as it holds the head. */
void
header_front(struct arena *arena, struct span raw, struct header_front *front);

/* Does the local part belong to a robot (study §4.8)? */
bool
header_is_robot(struct span address);
