/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* command/cmd_backup.c: preau backup FOLDER: the console is held open all the while, so that a
 * clerk is there, the running server's or one of our own: readers come after it. */
#include <inttypes.h>
#include <stdio.h>

#include "command/command.h"
#include "process/console.h"
#include "store/backup.h"

int
cmd_backup(struct command *command)
{
	const char *target = command->words[0];
	struct console *console = NULL;
	struct folder_counts backup = { 0 };
	struct err err = { 0 };
	bool good;

	if (!command_settings(command))
		return EXIT_SETTINGS;
	good = console_open(&command->settings, command->file, &console, &err) &&
	       backup_make(command->settings.data, target, &backup, &err);
	console_close(&console);
	if (!good)
		return command_fail(&err);
	printf("%s: sound, book of %" PRId64 " octets, %" PRId64 " blobs\n", target, backup.octets,
	    backup.blobs);
	return 0;
}
