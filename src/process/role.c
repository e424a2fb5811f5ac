/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/role.c: who works in this house, and what each is given. */
#include "process/role.h"

#include <string.h>
#include <unistd.h>

/* clang-format off */
const struct role roles[] = {
	/* name      flags                                 n  keys                      listens                    ops               what it does */
	{ "clerk",   ROLE_OWNER,                           1, "token token.old seal log", "console",                &role_clerk_ops,  "the one writer of the book" },
	{ "parser",  0,                                    2, "",                       "",                        &role_parser_ops, "mail and Markdown to safe HTML, in a sandbox" },
	{ "auth",    0,                                    1, "pepper",                 "",                        &role_auth_ops,   "password hashes" },
	{ "web",     ROLE_READS | ROLE_DOOR | ROLE_SPOOLS, 0, "log",                    "listen.http",             &role_web_ops,    "pages" },
	{ "intake",  ROLE_DOOR | ROLE_SPOOLS,              1, "log",                    "listen.smtp listen.lmtp", &role_intake_ops, "mail in" },
	{ "relay",   ROLE_READS | ROLE_DOOR | ROLE_CALLS,  1, "token token.old log",    "",                        &role_relay_ops,  "mail out" },
	{ "checker", ROLE_READS | ROLE_DOOR,               1, "log",                    "",                        &role_checker_ops, "a look each night at all that is kept" },
	{ NULL, 0, 0, NULL, NULL, NULL, NULL },
};
/* clang-format on */

const struct role *
role_find(const char *name)
{
	for (const struct role *role = roles; role->name != NULL; role++)
		if (strcmp(role->name, name) == 0)
			return role;
	return NULL;
}

int
role_count(const struct role *role, const struct settings *settings)
{
	long cores;

	if (role->count > 0)
		return role->count;
	if (settings->web_workers > 0)
		return (int)settings->web_workers;
	cores = sysconf(_SC_NPROCESSORS_ONLN);
	return cores < 1 ? 1 : cores > 8 ? 8 : (int)cores;
}
