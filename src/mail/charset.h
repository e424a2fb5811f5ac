/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mail/charset.h: octets in some charset made UTF-8.
 *
 * A name from a mail never reaches iconv: it is looked up in a table of aliases
 * and only the table's own name is opened, once, kept for the life of the
 * process. The parser opens all of them before its sandbox closes, since glibc
 * loads them from files. Nothing fails: what cannot be converted is U+FFFD, an
 * unknown charset is guessed. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

/* Opens every charset of the table; for the parser, before seccomp. */
void
charset_prepare(void);

/* Is the name in the table (any case, quotes and blanks around are ignored)? */
bool
charset_is_known(struct span name);

/* UTF-8 without NUL. The empty or an unknown name: UTF-8 if the octets are valid
 * UTF-8, else windows-1252. At most max octets come out, cut between characters. */
struct span
charset_decode(struct arena *arena, struct span name, struct span octets, size_t max);

/* Appends without cutting at more than out's cap. */
void
charset_append(struct buf *out, struct span name, struct span octets);
