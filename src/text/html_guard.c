/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/html_guard.h"

/* Octets of a quoted value that begins at i, with its quotes; to the end of the
 * source where it is not closed. */
static size_t
quoted_len(struct span s, size_t i)
{
	size_t end = i + 1 + span_find(span_from(s, i + 1), s.data[i]);

	return end < s.len ? end + 1 - i : s.len - i;
}

/* Does the tag that begins at `at` have at most HTML_ATTRIBUTES? */
static bool
tag_ok(struct span s, size_t at)
{
	unsigned count = 0;
	bool apart = false; /* an attribute may begin here */
	bool value = false; /* after "=" */

	for (size_t i = at + 1; i < s.len && s.data[i] != '>'; i++) {
		char c = s.data[i];

		if ((c == '"' || c == '\'') && value) {
			i += quoted_len(s, i) - 1;
			apart = true;
			value = false;
		} else if (ascii_is_space(c)) {
			apart = true;
		} else if (c == '=') {
			value = true;
			apart = false;
		} else {
			count += apart && !value;
			apart = false;
			value = false;
		}
		if (count > HTML_ATTRIBUTES)
			return false;
	}
	return true;
}

bool
html_guard_ok(struct span source)
{
	for (size_t i = 0; i + 1 < source.len; i++)
		if (source.data[i] == '<' && ascii_is_alpha(source.data[i + 1]) &&
		    !tag_ok(source, i))
			return false;
	return true;
}
