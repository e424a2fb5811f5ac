/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* command/cmd_check.c: preau check: what would keep serve from starting, said without it. */
#include <stdio.h>

#include "command/command.h"
#include "text/i18n.h"
#include "text/theme.h"

int
cmd_check(struct command *command)
{
	const struct settings *settings = &command->settings;
	struct theme *theme = NULL;
	struct err err = { 0 };
	const char *themes;

	if (!command_settings(command))
		return EXIT_SETTINGS;
	themes = arena_printf(command->arena, "%s/themes", settings->share);
	if (!i18n_load(arena_printf(command->arena, "%s/locale", settings->share), &err) ||
	    !theme_open(&theme, themes, settings->theme, &err)) {
		command_fail(&err);
		return EXIT_SETTINGS;
	}
	theme_free(&theme);
	printf("%s: sound\n", command->file);
	return 0;
}
