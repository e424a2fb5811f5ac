/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mail/message_head.h: header fields as we write them: ASCII, folded, and closed to
 * injection, since every octet goes through field_write(). Inside message_write.c's
 * module. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "mail/message_write.h"

/* "Name: value" CRLF. value is one line of ASCII, folded at its blanks so that lines stay
 * within 76 octets where it has any; controls in it become blanks. Nothing is written
 * for an empty value. */
void
field_write(struct buf *out, const char *name, struct span value);

/* A value of people's text: as it is where it is short-worded ASCII, else as encoded
 * words (RFC 2047). */
void
field_write_text(struct buf *out, const char *name, struct span value);

/* All fields above the MIME ones. */
bool
message_head_write(struct buf *out, const struct outgoing *outgoing, struct err *err);
