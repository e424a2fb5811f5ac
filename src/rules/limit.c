/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/limit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/token.h"
#include "mail/address.h"
#include "store/house.h"
#include "text/i18n.h"

typedef bool limit_fn(struct clerk *, const char *name, const char *subject, struct err *);

enum by { BY_ACTOR, BY_ADDRESS, BY_PEER, BY_ALL };

/* clang-format off */
static const struct {
	const char *name;   /* of the limit */
	const char *window; /* of this row: the name of its counter */
	int64_t seconds;
	int64_t most;       /* 0: a setting says */
	size_t setting;     /* offset in struct settings, where most is 0 */
	enum by by;         /* whose count, where an act is asked for */
} rows[] = {
	{ "POST_USER",      "POST_USER.30s",     30,    5,  0, BY_ACTOR },
	{ "POST_USER",      "POST_USER.1h",      3600,  0,  offsetof(struct settings, limit_posts), BY_ACTOR },
	{ "POST_MAIL",      "POST_MAIL.1h",      3600,  0,  offsetof(struct settings, limit_mails), BY_ACTOR },
	{ "LOGIN_ACCT",     "LOGIN_ACCT.1min",   60,    5,  0, BY_ADDRESS },
	{ "LOGIN_ACCT",     "LOGIN_ACCT.1d",     86400, 25, 0, BY_ADDRESS },
	{ "LOGIN_IP",       "LOGIN_IP.10min",    600,   30, 0, BY_PEER },
	{ "LOGIN_GLOBAL",   "LOGIN_GLOBAL.10min", 600,  600, 0, BY_ALL },
	{ "CONFIRM_ACCT",   "CONFIRM_ACCT.1min", 60,    5,  0, BY_ADDRESS },
	{ "CONFIRM_ACCT",   "CONFIRM_ACCT.1d",   86400, 25, 0, BY_ADDRESS },
	{ "PASSWORD_USER",  "PASSWORD_USER.1h",  3600,  10, 0, BY_ACTOR },
	{ "LOGIN_MAIL",     "LOGIN_MAIL.1min",   60,    1,  0, BY_ADDRESS },
	{ "LOGIN_MAIL",     "LOGIN_MAIL.1d",     86400, 5,  0, BY_ADDRESS },
	{ "FORGOT_MAIL",    "FORGOT_MAIL.1h",    3600,  3,  0, BY_ADDRESS },
	{ "FORGOT_MAIL",    "FORGOT_MAIL.1d",    86400, 5,  0, BY_ADDRESS },
	{ "FORGOT_IP",      "FORGOT_IP.1h",      3600,  10, 0, BY_PEER },
	{ "REGISTER_TRY",   "REGISTER_TRY.10min", 600,  60, 0, BY_PEER }, /* each costs a hash, a good one too */
	{ "REGISTER_IDENT", "REGISTER_IDENT.1d", 86400, 10, 0, BY_ACTOR }, /* mails of one identifier */
	{ "REGISTER_MAIL",  "REGISTER_MAIL.1d",  86400, 1,  0, BY_ADDRESS }, /* whoever it belongs to: it proved nothing yet */
	{ "REGISTER_MAIL",  "REGISTER_MAIL.7d",  604800, 3, 0, BY_ADDRESS },
	/* On the day when the letters come, half a town has its addresses in three domains; whoever asks
	 * for a mail shows an identifier, and each has its limit above. */
	{ "REGISTER_DOMAIN", "REGISTER_DOMAIN.1h", 3600, 300,  0, BY_ADDRESS },
	{ "REGISTER_ALL",   "REGISTER_ALL.1h",   3600,   1000, 0, BY_ALL },
	{ "IDENT_IP",       "IDENT_IP.1h",       3600,  10, 0, BY_PEER }, /* failures */
	{ "IDENT_GLOBAL",   "IDENT_GLOBAL.1h",   3600,  60, 0, BY_ALL }, /* likewise */
	{ "JOIN_HINT",      "JOIN_HINT.1y",      31536000, 1, 0, BY_ACTOR },
	{ "JOIN_HINT_ALL",  "JOIN_HINT_ALL.1h",  3600,  60, 0, BY_ALL },
	{ "CONFIRM_AUTHOR", "CONFIRM_AUTHOR.1d", 86400, 3,  0, BY_ACTOR },
	{ "PRIVATE_USER",   "PRIVATE_USER.1d",   86400, 20, 0, BY_ACTOR },
	{ "NOTICE_AUTHOR",  "NOTICE_AUTHOR.1d",  86400, 10, 0, BY_ACTOR },
	{ "MOD_NOTICE",     "MOD_NOTICE.1h",     3600,  60, 0, BY_ACTOR },
	{ "WORD_AGAIN",     "WORD_AGAIN.1d",     86400, 10, 0, BY_ACTOR },
	{ "SUBSCRIBE_USER", "SUBSCRIBE_USER.1h", 3600,  60, 0, BY_ACTOR },
};
/* clang-format on */

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static int64_t
most_of(const struct settings *settings, size_t row)
{
	int64_t most = rows[row].most;

	if (most == 0)
		memcpy(&most, (const char *)settings + rows[row].setting, sizeof(most));
	return most;
}

bool
limit_row(const struct settings *settings, size_t at, struct limit_row *out)
{
	static const char *const by[] = {
		[BY_ACTOR] = "actor",
		[BY_ADDRESS] = "address",
		[BY_PEER] = "peer",
		[BY_ALL] = "all",
	};

	if (at >= ROWS)
		return false;
	*out = (struct limit_row){
		.name = rows[at].name,
		.window = rows[at].window,
		.seconds = rows[at].seconds,
		.most = most_of(settings, at),
		.by = by[rows[at].by],
	};
	return true;
}

/* Rows of a limit stand together. A name that has none is a mistake of ours. */
static size_t
first_row(const char *name)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(rows[i].name, name) == 0)
			return i;
	die("no such limit: %s", name);
}

static bool
is_row_of(size_t row, const char *name)
{
	return row < ROWS && strcmp(rows[row].name, name) == 0;
}

static bool
over(struct err *err)
{
	return err_set(err, ERR_TOO_MUCH, TR("too often: please try again later"));
}

bool
limit_check(struct clerk *clerk, const char *name, const char *subject, struct err *err)
{
	int64_t count, most;

	for (size_t i = first_row(name); *subject && is_row_of(i, name); i++) {
		most = most_of(clerk->settings, i);
		if (!rate_count(clerk->db, rows[i].window, subject, clerk->now, rows[i].seconds,
			&count, err))
			return false;
		if (most != 0 && count >= most)
			return over(err);
	}
	return true;
}

bool
limit_count(struct clerk *clerk, const char *name, const char *subject, struct err *err)
{
	if (limit_take(clerk, name, subject, err))
		return true;
	return err_forgive(err, ERR_TOO_MUCH);
}

bool
limit_take(struct clerk *clerk, const char *name, const char *subject, struct err *err)
{
	int64_t count, most;

	for (size_t i = first_row(name); *subject && is_row_of(i, name); i++) {
		most = most_of(clerk->settings, i);
		if (most == 0)
			continue;
		if (!rate_take(clerk->db, rows[i].window, subject, clerk->now, rows[i].seconds,
			&count, err))
			return false;
		if (count > most)
			return over(err);
	}
	return true;
}

void
limit_subject_address(struct span folded, char out[33])
{
	uint8_t hash[SHA256_SIZE];

	token_sha256(folded, hash);
	token_hex(hash, 16, out);
}

/* ---- of an act ---- */

/* Whose count; "" where that is not known. */
static const char *
subject_of(const struct act *act, enum by by)
{
	char folded[ADDRESS_MAX + 1], *hash;
	struct err ignored;

	switch (by) {
	case BY_ACTOR:
		return arena_printf(act->arena, "%" PRId64, act->actor);
	case BY_ADDRESS:
		if (!address_fold_text(fields_get(&act->input, "address"), folded, &ignored))
			return "";
		hash = arena_alloc(act->arena, 33);
		limit_subject_address(span_of(folded), hash);
		return hash;
	case BY_PEER:
		return fields_text(&act->input, "peer", act->arena);
	case BY_ALL:
		break;
	}
	return "all";
}

/* A token needs no counting: it has 130 bits. */
static bool
each_limit(struct clerk *clerk, const struct act *act, limit_fn *limit, struct err *err)
{
	struct span rest = span_of(act->kind->limit ? act->kind->limit : ""), word;
	const char *name;

	if (act->door == DOOR_HOUSE || act->door == DOOR_CONSOLE ||
	    fields_get(&act->input, "token").len > 0)
		return true;
	while (span_next(&rest, ' ', &word)) {
		name = arena_strndup(act->arena, word.data, word.len);
		if (!limit(clerk, name, subject_of(act, rows[first_row(name)].by), err))
			return false;
	}
	return true;
}

bool
limit_check_act(struct clerk *clerk, const struct act *act, struct err *err)
{
	return each_limit(clerk, act, limit_check, err);
}

bool
limit_take_act(struct clerk *clerk, const struct act *act, struct err *err)
{
	return each_limit(clerk, act, limit_take, err);
}
