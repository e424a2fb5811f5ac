/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/author.h"

#include <string.h>

#include "base/utf8.h"
#include "mail/address.h"
#include "text/i18n.h"

enum { NAME_MAX_CODES = 80 };

_Static_assert(sizeof(((struct author *)0)->folded) > ADDRESS_MAX, "a folded address fits");

/* An address in a name would show it to everybody: what holds one is no name. */
static const char *
name_of(struct clerk *clerk, struct arena *arena, struct span name)
{
	name = utf8_first(utf8_line(arena, name), NAME_MAX_CODES);
	if (name.len == 0 || span_find(name, '@') < name.len)
		return tr(lang_find(span_of(clerk->settings->site_locale), LANG_FR),
		    TR("a participant"));
	return arena_strndup(arena, name.data, name.len);
}

static bool
make_stranger(struct clerk *clerk, struct arena *arena, const struct parsed *parsed,
    struct author *author, struct err *err)
{
	struct person *person = &author->person;

	*person = (struct person){
		.state = "stranger",
		.name_shown = name_of(clerk, arena, parsed->from_name),
		.locale = clerk->settings->site_locale,
		.password = "",
		.created = clerk->now,
	};
	if (!person_add(clerk->db, person, &person->id, err))
		return false;
	return author->folded[0] == '\0' ||
	    person_address_add(clerk->db, person->id, parsed->from_address, span_of(author->folded),
		0, clerk->now, &author->address, err);
}

bool
author_find(struct clerk *clerk, struct arena *arena, const struct parsed *parsed,
    struct author *author, struct err *err)
{
	struct person_address address;
	struct err ignored;

	memset(author, 0, sizeof(*author));
	if (!address_fold_text(parsed->from_address, author->folded, &ignored)) {
		author->folded[0] = '\0';
		return make_stranger(clerk, arena, parsed, author, err);
	}
	if (person_find_address(clerk->db, arena, span_of(author->folded), &author->person,
		&address, err)) {
		author->address = address.id;
		author->verified = address.verified != 0;
		author->unproved_ok = address.unproved_ok;
		return true;
	}
	if (!err_forgive(err, ERR_NOT_FOUND))
		return false;
	return make_stranger(clerk, arena, parsed, author, err);
}

bool
author_is_known(const struct author *author)
{
	return author->verified && strcmp(author->person.state, "active") == 0;
}
