/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* base/log.h: one line, one event, key=value, on stderr.
 *
 * Never a body, token, identifier, password or full address. Values that come
 * from outside go through log_text(), which escapes everything but printable
 * ASCII and cuts at 200 octets. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Name of the process in each line ("web.0"); level above which lines go unsaid. */
void
log_open(const char *name, enum log_level level);

/* Key of log_address(); all zero until then. The same in every process of a run, so
 * that their lines can be put side by side. */
void
log_key(const uint8_t key[32]);

void
log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void
log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void
log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void
log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* An outside value made safe for a line: one of eight rotating static buffers. */
const char *
log_text(struct span s);

/* An address as "h-0123456789abcdef@domain": a keyed hash, so that lines of one
 * address can be found without showing it. Rotating static buffers as above. */
const char *
log_address(struct span address);

/* A Message-ID as "m-0123456789abcdef", the same in every process: by it the lines of one
 * message are found, from the door to its copies. "none" where there is none. */
const char *
log_message(struct span id);
