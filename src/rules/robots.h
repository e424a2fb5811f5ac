/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/robots.h: mail that no person wrote: the decision table of study §4.8.
 *
 * Pure: from the facts of the parsed head and the envelope to what becomes of the
 * mail. First match wins. Nothing here is ever answered: an answer to a machine is
 * how loops begin. */
#pragma once

#include <stdbool.h>

#include "mail/parsed.h"

enum robot_action {
	ROBOT_NONE,   /* a person, as far as one can see */
	ROBOT_DROP,   /* kept and counted, never posted */
	ROBOT_HOLD,   /* waits for a moderator with the word as its reason */
	ROBOT_BOUNCE, /* a delivery report or a complaint: for rules/bounce.c */
};

struct robot {
	enum robot_action action;
	const char *word; /* of the inbox outcome, the counter or the hold: "dropped-auto", "robot" */
};

struct robot_facts {
	const struct parsed *parsed;
	bool null_sender;        /* envelope sender <> */
	const char *mail_domain; /* ours, lower case */
};

struct robot
robot_judge(const struct robot_facts *facts);
