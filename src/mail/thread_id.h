/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mail/thread_id.h: the names by which messages find their threads.
 *
 * Message-IDs are compared exactly, after thread_id_clean(). Subjects never
 * merge threads; the base subject is for sorting, titles and suggestions. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

enum {
	THREAD_ID_MAX = 250 /* octets, without brackets */
};

/* Without brackets, blanks and controls inside removed; the empty span where
 * what is left is no id (empty, longer than THREAD_ID_MAX). Borrowed from the
 * input where nothing had to be removed. */
struct span
thread_id_clean(struct arena *arena, struct span id);

/* Could it stand in our own Message-ID field unchanged: left@right of printable
 * ASCII without blanks and brackets (RFC 5322 §3.6.4, in its tolerant form)? */
bool
thread_id_is_sound(struct span id);

struct thread_subject {
	struct span base; /* line, without prefixes, tags and "(fwd)"; may be empty */
	bool is_reply;
	bool is_forward; /* the outermost prefix is a forward's */
};

/* Reply and forward prefixes of RFC 5256 §2.1 and of the languages met (Re, RE :,
 * Aw, Sv, TR, Fwd, WG ...; with counters and any blank before the colon). `tag` is
 * the forum's own "[Voirie]" without brackets, stripped wherever it stands; empty
 * for none. Ambiguous ones (Ref, Réf, Rép, R, I) count only where has_parent says
 * that the mail answers something. The subject is UTF-8, decoded. */
struct thread_subject
thread_subject_read(struct arena *arena, struct span subject, struct span tag, bool has_parent);

/* "Réponse automatique : ...", "Absence du bureau", "Out of Office: ..." */
bool
thread_subject_is_absence(struct span subject);
