/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Expected trouble. Sentences are cut between code points, since they end in
 * pages and mails, and are first made aside, since words often quote err->text. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const kind_names[ERR_KINDS] = {
	[ERR_NONE] = "none",
	[ERR_INVALID] = "invalid",
	[ERR_DENIED] = "denied",
	[ERR_NOT_FOUND] = "not-found",
	[ERR_CONFLICT] = "conflict",
	[ERR_TOO_MUCH] = "too-much",
	[ERR_TEMPORARY] = "temporary",
	[ERR_BROKEN] = "broken",
};

static void
err_copy(struct err *err, const char *text)
{
	size_t len = strlen(text);

	if (len >= sizeof(err->text)) {
		len = sizeof(err->text) - 1;
		while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
	}
	memcpy(err->text, text, len);
	err->text[len] = '\0';
}

bool
err_set(struct err *err, enum err_kind kind, const char *format, ...)
{
	char text[2 * sizeof(err->text)];
	va_list args;

	if (err == NULL)
		return false;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	err->kind = kind;
	err_copy(err, text);
	return false;
}

bool
err_in(struct err *err, const char *format, ...)
{
	char words[sizeof(err->text)], text[2 * sizeof(err->text) + 2];
	va_list args;

	if (err == NULL)
		return false;
	va_start(args, format);
	(void)vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	(void)snprintf(text, sizeof(text), "%s: %s", words, err->text);
	err_copy(err, text);
	return false;
}

void
err_clear(struct err *err)
{
	*err = (struct err){ .kind = ERR_NONE };
}

bool
err_forgive(struct err *err, enum err_kind kind)
{
	if (err->kind != kind)
		return false;
	err_clear(err);
	return true;
}

const char *
err_kind_name(enum err_kind kind)
{
	return kind_names[kind < ERR_KINDS ? kind : ERR_BROKEN];
}

enum err_kind
err_kind_find(struct span name)
{
	for (unsigned kind = 0; kind < ERR_KINDS; kind++)
		if (span_is(name, kind_names[kind]))
			return (enum err_kind)kind;
	return ERR_BROKEN;
}
