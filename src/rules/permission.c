/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/permission.h"
#include "text/i18n.h"

#include <string.h>

static int
word_of(const char *word, const char *const *words, int count)
{
	for (int i = 0; i < count; i++)
		if (strcmp(word, words[i]) == 0)
			return i;
	return -1;
}

struct axes
axes_of(const char *who_writes, const char *appears, const char *who_reads, const char *strangers,
    bool emergency)
{
	static const char *const writes[] = { "everyone", "registered", "roll", "mandated",
		"nobody" };
	static const char *const shows[] = { "at_once", "first_read", "always_read",
		"read_unless_roll" };
	static const char *const reads[] = { "everyone", "registered", "members" };
	int w = word_of(who_writes, writes, 5), a = word_of(appears, shows, 4);
	int r = word_of(who_reads, reads, 3);

	return (struct axes){
		.who_writes = w < 0 ? WRITES_NOBODY : (enum who_writes)w,
		.appears = a < 0 ? APPEARS_ALWAYS_READ : (enum appears)a,
		.who_reads = r < 0 ? READS_MEMBERS : (enum who_reads)r,
		.refuses_strangers = strcmp(strangers, "refuse") == 0,
		.emergency = emergency,
	};
}

static bool
has_mandate(const struct standing *standing)
{
	return standing->moderator || standing->animator || standing->writer;
}

bool
permission_read(const struct standing *standing, const struct axes *axes)
{
	if (axes->who_reads == READS_EVERYONE)
		return true;
	if (!standing->active)
		return false;
	if (axes->who_reads == READS_REGISTERED)
		return true;
	return standing->administrator || has_mandate(standing) || standing->subscribed;
}

/* A mandate over the forum opens every axis but nobody's; who cannot read a forum
 * does not write in it either. */
static bool
may_write(const struct standing *standing, const struct axes *axes)
{
	switch (axes->who_writes) {
	case WRITES_EVERYONE:
		return true;
	case WRITES_REGISTERED:
		return standing->active;
	case WRITES_ROLL:
		return standing->active && (standing->on_roll || has_mandate(standing));
	case WRITES_MANDATED:
		return standing->active && (standing->speaker || has_mandate(standing));
	case WRITES_NOBODY:
		return false;
	}
	return false;
}

bool
permission_write(const struct standing *standing, const struct axes *axes, struct err *err)
{
	if (axes->who_writes == WRITES_NOBODY)
		return err_set(err, ERR_DENIED, TR("this forum is closed: nobody writes in it any more"));
	if (!standing->barred && may_write(standing, axes) && permission_read(standing, axes))
		return true;
	/* A barred person reads the sentence of a stranger: the ban is nobody else's business. */
	return err_set(err, ERR_DENIED, TR("you may not write in this forum"));
}

bool
permission_moderate(const struct standing *standing)
{
	return standing->active && (standing->administrator || standing->moderator);
}

bool
permission_subscribe(const struct standing *standing, const struct axes *axes)
{
	return standing->active && permission_read(standing, axes);
}

/* Whoever may approve the posts of others need not wait for somebody to read theirs,
 * the emergency brake excepted: it is there for accounts in wrong hands too. */
const char *
permission_hold(const struct standing *standing, const struct axes *axes)
{
	if (axes->emergency)
		return "emergency";
	if (permission_moderate(standing) || standing->animator)
		return "";
	switch (axes->appears) {
	case APPEARS_AT_ONCE:
		return "";
	case APPEARS_FIRST_READ:
		return standing->trusted || standing->was_read ? "" : "first";
	case APPEARS_ALWAYS_READ:
		return "always";
	case APPEARS_UNLESS_ROLL:
		return standing->on_roll ? "" : "always";
	}
	return "always";
}
