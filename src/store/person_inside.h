/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/person_inside.h: the columns of a person and their fields, for person.c and
 * person_address.c. */
#pragma once

#include "store/db.h"
#include "store/person.h"

#define PERSON_COLUMNS                                                                   \
	"p.id, p.state, p.name_shown, p.locale, p.password, p.administrator, p.trusted," \
	" (SELECT max(coalesce(r.expires, 9223372036854775807)) FROM identifier AS i"    \
	"    JOIN roll AS r ON r.id = i.roll"                                            \
	"   WHERE i.person = p.id AND i.state = 'claimed'),"                             \
	" p.created"

/* `at`: "person." where the person is a part of the type; else nothing. */
/* clang-format off */
#define PERSON_FIELDS(type, at) \
	DB_FIELD(INT, type, at id), \
	DB_FIELD(TEXT, type, at state), \
	DB_FIELD(TEXT, type, at name_shown), \
	DB_FIELD(TEXT, type, at locale), \
	DB_FIELD(TEXT, type, at password), \
	DB_FIELD(BOOL, type, at administrator), \
	DB_FIELD(BOOL, type, at trusted), \
	DB_FIELD(INT, type, at roll_until), \
	DB_FIELD(INT, type, at created)
/* clang-format on */
