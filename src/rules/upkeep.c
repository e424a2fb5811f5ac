/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/upkeep.h"

#include <stddef.h>
#include <string.h>

#include "rules/delivery.h"
#include "store/house.h"
#include "store/identifier.h"
#include "store/inbox.h"
#include "store/outbox.h"
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

/* What is kept as long as preau.conf says. */
static const struct {
	bool (*clean)(struct db *, int64_t before, struct err *);
	size_t setting; /* offset in struct settings, seconds */
	int turns;	/* slices of 1 000 rows, 500 mails, in one go */
} kept[] = {
	{ outbox_clean, offsetof(struct settings, keep_deliveries), 10 },
	{ notice_clean, offsetof(struct settings, keep_deliveries), 5 },
	{ bounce_clean, offsetof(struct settings, keep_bounces), 2 },
	{ inbox_clean, offsetof(struct settings, keep_mails), 2 },
};

static int64_t
seconds(const struct settings *settings, size_t setting)
{
	int64_t value;

	memcpy(&value, (const char *)settings + setting, sizeof(value));
	return value;
}

static bool
clean_kept(struct clerk *clerk, struct err *err)
{
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		int64_t before = clerk->now - seconds(clerk->settings, kept[i].setting);

		for (int turn = 0; turn < kept[i].turns; turn++)
			if (!kept[i].clean(clerk->db, before, err))
				return false;
	}
	return true;
}

bool
upkeep_clean(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	(void)outcome;
	if (!delivery_clock_back(clerk, fields_int(&act->input, "back", 0), err))
		return false;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int turn = 0; turn < rows[i].turns; turn++)
			if (!rows[i].clean(clerk->db, clerk->now - rows[i].age, err))
				return false;
	return clean_kept(clerk, err);
}
