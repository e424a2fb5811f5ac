/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/forum_admin.h"

#include <stddef.h>
#include <string.h>

#include "base/utf8.h"
#include "store/forum.h"
#include "text/i18n.h"

/* clang-format off */
static const struct {
	const char *field;
	size_t offset;
	const char *fallback;
} texts[] = {
	{ "name",        offsetof(struct forum, name),        "" },
	{ "description", offsetof(struct forum, description), "" },
	{ "theme",       offsetof(struct forum, theme),       "" },
	{ "who_writes",  offsetof(struct forum, who_writes),  "registered" },
	{ "appears",     offsetof(struct forum, appears),     "at_once" },
	{ "who_reads",   offsetof(struct forum, who_reads),   "everyone" },
	{ "strangers",   offsetof(struct forum, strangers),   "hold" },
	{ "reply_to",    offsetof(struct forum, reply_to),    "forum" },
};

/* Words that the mail door understands otherwise: no forum may be called so. */
static const char *const reserved[] = { "postmaster", "abuse", "noreply", "no-reply", "mailer-daemon",
	"a", "b", "ok", "root", "webmaster", "hostmaster" };
/* clang-format on */

static void
put_text(struct forum *forum, size_t offset, const char *text)
{
	memcpy((char *)forum + offset, &text, sizeof(text));
}

/* What is given replaces; "" too, where it was given (an empty description). */
static void
take_fields(const struct act *act, struct forum *forum)
{
	struct span value;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (!fields_has(&act->input, texts[i].field))
			continue;
		value = utf8_line(act->arena, fields_get(&act->input, texts[i].field));
		if (value.len > 0 || !*texts[i].fallback)
			put_text(forum, texts[i].offset,
			    arena_strndup(act->arena, value.data, value.len));
	}
	if (fields_has(&act->input, "emergency"))
		forum->emergency = act_flag(act, "emergency");
	forum->position = fields_int(&act->input, "position", forum->position);
}

static bool
check_slug(struct span slug, struct err *err)
{
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (span_is(slug, reserved[i]))
			return err_set(err, ERR_CONFLICT,
			    TR("This short name is reserved: please choose another one."));
	return true;
}

static bool
answer(struct outcome *outcome, const struct forum *forum)
{
	fields_add_int(&outcome->output, "forum", forum->id);
	fields_add_text(&outcome->output, "slug", forum->slug);
	outcome_about(outcome, "forum", forum->id, forum->id);
	return true;
}

bool
forum_admin_create(struct clerk *clerk, const struct act *act, struct outcome *outcome,
    struct err *err)
{
	struct forum forum = { .created = clerk->now };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		put_text(&forum, texts[i].offset, texts[i].fallback);
	forum.slug = fields_text(&act->input, "slug", act->arena);
	take_fields(act, &forum);
	if (!check_slug(span_of(forum.slug), err))
		return false;
	if (!*forum.name)
		return err_set(err, ERR_INVALID, "name is missing");
	if (forum_add(clerk->db, &forum, &forum.id, err))
		return answer(outcome, &forum);
	if (err->kind == ERR_CONFLICT)
		(void)err_set(err, ERR_CONFLICT,
		    TR("A forum has this short name already: please choose another one."));
	return false;
}

bool
forum_admin_set(struct clerk *clerk, const struct act *act, struct outcome *outcome,
    struct err *err)
{
	struct forum forum;

	if (!forum_find_slug(clerk->db, act->arena, fields_get(&act->input, "slug"), &forum, err))
		return false;
	take_fields(act, &forum);
	if (!*forum.name)
		return err_set(err, ERR_INVALID, "name is missing");
	return forum_set(clerk->db, &forum, err) && answer(outcome, &forum);
}
