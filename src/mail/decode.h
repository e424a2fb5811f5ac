/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mail/decode.h: Content-Transfer-Encodings undone, tolerant and linear. */
#pragma once

#include <stdbool.h>

#include "base/str.h"

/* base64 as it comes: junk is skipped, an end without padding is kept. After
 * padding it goes on only with a run that is base64 to its end again (two
 * encoded texts joined), not with a footer that a list has put there. */
void
decode_base64(struct span in, struct buf *out);

/* Quoted-printable: a broken "=" stays as it is typed; soft breaks and blanks at
 * line ends go. underscore_is_blank is the Q encoding of RFC 2047. */
void
decode_qp(struct span in, bool underscore_is_blank, struct buf *out);
