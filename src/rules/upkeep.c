/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/upkeep.h"

#include "store/house.h"
#include "store/identifier.h"
#include "store/registration.h"
#include "store/session.h"
#include "store/token_row.h"

enum { DAY = 86400 };

/* Links are remembered for a month after their end, so that their page can say that they
 * are over rather than that they never were; keys as long as a form may come again. */
/* clang-format off */
static const struct {
	bool (*clean)(struct db *, int64_t before, struct err *);
	int64_t age;   /* seconds kept after their end, or their beginning */
	int turns;     /* slices of 1 000 rows in one go */
} rows[] = {
	{ session_clean,      0,        2 },
	{ token_row_clean,    30 * DAY, 5 },
	{ registration_clean, 30 * DAY, 5 },
	{ identifier_clean,   0,        2 },
	{ act_key_clean,      30 * DAY, 20 },
	{ rate_clean,         2 * DAY,  5 },
};
/* clang-format on */

bool
upkeep_clean(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	(void)act;
	(void)outcome;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int turn = 0; turn < rows[i].turns; turn++)
			if (!rows[i].clean(clerk->db, clerk->now - rows[i].age, err))
				return false;
	return true;
}
