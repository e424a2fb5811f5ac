/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/robots.h"

#include <string.h>

#include "mail/message_write.h"

/* Ours is the domain itself and what stands under it ("voirie.forum.ville.example"). */
static bool
is_ours(struct span name, const char *domain)
{
	size_t len = strlen(domain);

	if (name.len < len || !span_equal_nocase(span_from(name, name.len - len), span_of(domain)))
		return false;
	return name.len == len || name.data[name.len - len - 1] == '.' ||
	    name.data[name.len - len - 1] == '@';
}

static bool
any_ours(const struct span_list *list, const char *domain)
{
	for (size_t i = 0; i < list->count; i++)
		if (is_ours(list->items[i], domain))
			return true;
	return false;
}

static bool
is_loop(const struct robot_facts *facts)
{
	const struct parsed *parsed = facts->parsed;

	return is_ours(parsed->list_id, facts->mail_domain) ||
	    message_id_is_ours(parsed->message_id, span_of(facts->mail_domain)) ||
	    any_ours(&parsed->list_post, facts->mail_domain) ||
	    any_ours(&parsed->x_loop, facts->mail_domain);
}

static bool
is_read_receipt(const struct robot_facts *facts)
{
	return facts->parsed->report == PARSED_REPORT_DISPOSITION;
}

static bool
is_report(const struct robot_facts *facts)
{
	return facts->parsed->report != PARSED_REPORT_NONE;
}

static bool
has_null_sender(const struct robot_facts *facts)
{
	return facts->null_sender;
}

static bool
is_auto_replied(const struct robot_facts *facts)
{
	return facts->parsed->auto_submitted == PARSED_AUTO_REPLIED;
}

static bool
is_robot_address(const struct robot_facts *facts)
{
	return facts->parsed->is_robot;
}

static bool
is_reaction(const struct robot_facts *facts)
{
	return facts->parsed->is_reaction;
}

static bool
is_foreign_list(const struct robot_facts *facts)
{
	return facts->parsed->list_id.len > 0;
}

static bool
is_generated(const struct robot_facts *facts)
{
	return facts->parsed->auto_submitted == PARSED_AUTO_GENERATED;
}

static bool
is_bulk(const struct robot_facts *facts)
{
	return facts->parsed->precedence == PARSED_PRECEDENCE_BULK ||
	    facts->parsed->precedence == PARSED_PRECEDENCE_JUNK ||
	    facts->parsed->precedence == PARSED_PRECEDENCE_LIST;
}

static bool
looks_absent(const struct robot_facts *facts)
{
	return facts->parsed->looks_absent;
}

static bool
is_spam(const struct robot_facts *facts)
{
	return facts->parsed->is_spam;
}

/* clang-format off */
static const struct {
	bool (*is)(const struct robot_facts *);
	struct robot robot;
} rows[] = {
	/* Reports first: what a mailer sends back to us may well name our own list. */
	{ is_read_receipt,  { ROBOT_DROP,   "dropped-receipt" } },
	{ is_report,        { ROBOT_BOUNCE, "bounce" } },
	{ has_null_sender,  { ROBOT_DROP,   "dropped-null" } },
	{ is_loop,          { ROBOT_DROP,   "dropped-loop" } },
	{ is_auto_replied,  { ROBOT_DROP,   "dropped-auto" } },
	{ is_robot_address, { ROBOT_DROP,   "dropped-robot" } },
	{ is_reaction,      { ROBOT_DROP,   "dropped-reaction" } },
	{ is_foreign_list,  { ROBOT_HOLD,   "list" } },
	{ is_generated,     { ROBOT_HOLD,   "robot" } },
	{ is_bulk,          { ROBOT_HOLD,   "robot" } },
	{ looks_absent,     { ROBOT_HOLD,   "absence" } },
	{ is_spam,          { ROBOT_HOLD,   "spam" } },
};
/* clang-format on */

struct robot
robot_judge(const struct robot_facts *facts)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].is(facts))
			return rows[i].robot;
	return (struct robot){ ROBOT_NONE, "" };
}
