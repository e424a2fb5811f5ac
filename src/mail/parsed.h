/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mail/parsed.h: what the parser made of a message, as plain data.
 *
 * The parser process fills a struct parsed and sends it as frame fields; the
 * clerk reads it back with parsed_read(), which believes nothing: counts,
 * lengths, enums, UTF-8 and every extent are checked, so that what comes out
 * is sound even where the parser was taken over. Only `html` cannot be checked
 * there: it is what the parser rendered.
 *
 * All text is valid UTF-8 without NUL; the fields called "line" hold no line
 * end nor other control character. Message-IDs stand without angle brackets.
 * An empty span means "none". Spans live in the arena given. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/frame.h"
#include "base/str.h"
#include "base/token.h"
#include "text/escape.h"

enum {
	PARSED_LINE_MAX = 1000,          /* octets of a subject, name or other line */
	PARSED_ID_MAX = 250,             /* octets of a Message-ID, without brackets */
	PARSED_ADDRESS_MAX = 254,        /* octets of an addr-spec */
	PARSED_REFERENCES_MAX = 20,      /* the last ones of References */
	PARSED_ADDRESSES_MAX = 200,      /* of To and Cc together */
	PARSED_RESULTS_MAX = 10,         /* Authentication-Results fields */
	PARSED_RESULT_MAX = 4000,        /* octets of one */
	PARSED_ATTACHMENTS_MAX = 200,    /* parts that are not the text */
	PARSED_RECIPIENTS_MAX = 100,     /* of a delivery report */
	PARSED_TEXT_MAX = 1024 * 1024,   /* octets of source and of own */
	PARSED_HTML_MAX = 2 * 1024 * 1024 /* octets of html */
};

enum parsed_kind {
	PARSED_MAIL,     /* a message as it came by mail or import */
	PARSED_MARKDOWN, /* the source of a post written on the web: only the body is filled */
	PARSED_KINDS
};

enum parsed_format {
	PARSED_FORMAT_TEXT,     /* source is plain text (format=flowed already undone) */
	PARSED_FORMAT_HTML,     /* there was HTML only: source is the text read out of it */
	PARSED_FORMAT_MARKDOWN, /* source is Markdown */
	PARSED_FORMATS
};

/* Auto-Submitted (RFC 3834) and its forerunners; see study §4.8. */
enum parsed_auto {
	PARSED_AUTO_NONE,      /* a person, as far as the head says */
	PARSED_AUTO_GENERATED, /* Auto-Submitted: auto-generated (or another value than no/auto-replied) */
	PARSED_AUTO_REPLIED,   /* auto-replied; X-Autoreply, X-Autorespond, Precedence: auto_reply,
	                          Content-Identifier: Auto-replied */
	PARSED_AUTOS
};

enum parsed_precedence {
	PARSED_PRECEDENCE_NONE,
	PARSED_PRECEDENCE_LIST,
	PARSED_PRECEDENCE_BULK,
	PARSED_PRECEDENCE_JUNK,
	PARSED_PRECEDENCE_OTHER, /* anything else that was written */
	PARSED_PRECEDENCES
};

enum parsed_report {
	PARSED_REPORT_NONE,
	PARSED_REPORT_DELIVERY,    /* a delivery status notification, of whatever style */
	PARSED_REPORT_DISPOSITION, /* "your message was read" (RFC 8098): dropped */
	PARSED_REPORT_FEEDBACK,    /* a complaint (RFC 5965) */
	PARSED_REPORTS
};

enum parsed_action { /* RFC 3464 §2.3.3 */
	PARSED_ACTION_NONE, /* the report did not say */
	PARSED_ACTION_FAILED,
	PARSED_ACTION_DELAYED,
	PARSED_ACTION_DELIVERED,
	PARSED_ACTION_RELAYED,
	PARSED_ACTION_EXPANDED,
	PARSED_ACTIONS
};

enum parsed_encoding { /* how the octets of an extent must be undone */
	PARSED_ENCODING_NONE, /* 7bit, 8bit, binary: as they lie */
	PARSED_ENCODING_BASE64,
	PARSED_ENCODING_QP,
	PARSED_ENCODINGS
};

struct span_list {
	struct span *items;
	size_t count;
};

/* A part that is not the text of the post: an extent of the raw message. */
struct parsed_attachment {
	struct span name;              /* line, no path; never empty ("message.eml", "piece-1.pdf") */
	struct span type;              /* lower-case media type, "application/pdf" */
	struct span content_id;        /* without brackets */
	size_t offset, length;         /* octets within the raw message */
	enum parsed_encoding encoding; /* of that extent */
	size_t size;                   /* octets once decoded */
	bool is_inline;                /* shown in the body by the author (cid: or disposition inline) */
};

/* One recipient of a delivery report. */
struct parsed_recipient {
	struct span original;      /* address as first given (Original-Recipient), may be empty */
	struct span final;         /* address that failed (Final-Recipient) */
	enum parsed_action action;
	struct span status;        /* "5.1.1", or empty */
	struct span diagnostic;    /* line */
};

struct parsed {
	enum parsed_kind kind;
	struct span over_limit; /* why it was not taken apart ("too many parts"), in English; then the
	                           text is empty and attachments[0] is the whole message: hold it */

	/* Head */
	struct span subject;       /* line, decoded; empty if none */
	struct span base_subject;  /* line, without reply and forward prefixes (mail/thread_id.h) */
	bool is_reply;             /* a reply prefix stood before it ("Re:", "RE :") */
	bool is_forward;           /* a forward prefix stood before it ("TR :", "Fwd:") */
	struct span from_name;     /* line, decoded; may be empty */
	struct span from_address;  /* addr-spec of the first mailbox of the first From, or empty */
	size_t from_count;         /* mailboxes in all From fields: 1 is right */
	size_t subject_count;      /* Subject fields: <= 1 is right */
	int64_t date;              /* seconds UTC, 0 where missing or unreadable */
	struct span message_id;    /* empty if missing, malformed or longer than PARSED_ID_MAX */
	struct span_list in_reply_to; /* ids; never an e-mail address typed by hand */
	struct span_list references;  /* ids, oldest first, at most the last 20 */
	struct span_list to_cc;       /* addr-specs of To and Cc (and Resent-To/Cc), lower-case domain */
	size_t recipients;            /* how many there were, listed or not */

	/* Signals for study §4.8: facts only, rules/intake.c decides */
	enum parsed_auto auto_submitted;
	enum parsed_precedence precedence;
	struct span list_id;          /* between the brackets of List-Id, lower case */
	struct span_list list_post;   /* addr-specs of List-Post */
	struct span_list x_loop;      /* values of X-Loop, trimmed, lower case */
	bool is_spam;                 /* X-Spam-Flag: YES or X-Spam-Status: Yes */
	bool is_reaction;             /* RFC 9078 or a client's emoji reaction: no post */
	bool is_robot;                /* From is mailer-daemon, postmaster, no-reply, listserv... */
	bool looks_absent;            /* subject of an absence note ("Réponse automatique", "Out of office") */
	bool odd_signature;           /* a DKIM-Signature names its signer oddly (mail/signature.h) */
	bool is_encrypted;            /* multipart/encrypted or S/MIME enveloped: text is a stub */
	bool is_signed;               /* multipart/signed or opaque S/MIME */
	bool no_archive;              /* X-No-Archive, or X-Archive: no */
	struct span_list authentication_results; /* values, topmost first */

	/* Body */
	enum parsed_format format;
	struct span source;                /* the text whole, as kept; lines end in LF */
	struct span own;                   /* plain text without quotes and signature, for copies, search */
	struct html html;                  /* rendered, quotes and signature folded */
	bool is_cut;                       /* text was longer than PARSED_TEXT_MAX */
	uint8_t body_hash[SHA256_SIZE];    /* of the decoded text (blanks folded) and attachments */
	struct parsed_attachment *attachments;
	size_t attachment_count;

	/* Reports */
	enum parsed_report report;
	struct parsed_recipient *report_recipients;
	size_t report_recipient_count;
	struct span report_message_id;     /* of the message reported on, where it says */
	struct span feedback_type;         /* "abuse", "fraud" ... */
};

/* Appends the fields to out (no frame_begin: put it where it belongs). */
void
parsed_write(const struct parsed *parsed, struct buf *out);

/* Reads fields back, checking everything; raw_size bounds the extents (0 for Markdown). INVALID
 * with the name of the field that is wrong; then *parsed must not be used. */
bool
parsed_read(struct arena *arena, const struct fields *fields, size_t raw_size,
    struct parsed *parsed, struct err *err);

/* "failed", "delayed" ... and back (NONE for an unknown word). */
const char *
parsed_action_name(enum parsed_action action);

enum parsed_action
parsed_action_find(struct span name);
