/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* command/cmd_check.c: preau check: what would keep serve from starting, said without it. */
#include <stdio.h>

#include "command/command.h"
#include "text/theme.h"

int
cmd_check(struct command *command)
{
	const struct settings *settings = &command->settings;
	struct theme *theme = NULL;
	struct err err = { 0 };

	if (!command_settings(command))
		return EXIT_SETTINGS;
	if (!theme_open_share(&theme, settings->share, settings->theme, &err)) {
		command_fail(&err);
		return EXIT_SETTINGS;
	}
	theme_free(&theme);
	printf("%s: sound\n", command->file);
	return 0;
}
