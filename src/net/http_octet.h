/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* net/http_octet.h: the small words of HTTP, shared by its readers. */
#pragma once

#include <stdbool.h>

#include "base/str.h"

/* RFC 9110 §5.6.2, at least one octet. */
bool
http_is_token(struct span s);

/* No control but HTAB. */
bool
http_is_value(struct span s);

/* The octet written as %XX at s.data[at], or -1. */
int
http_percent(struct span s, size_t at);

/* Without SP and HTAB at both ends. */
struct span
http_trim(struct span s);
