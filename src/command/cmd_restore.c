/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* command/cmd_restore.c: preau restore FOLDER: nobody serves meanwhile, since the data folder
 * must be empty or not there. */
#include <inttypes.h>
#include <stdio.h>

#include "command/command.h"
#include "process/house.h"
#include "store/backup.h"

int
cmd_restore(struct command *command)
{
	const char *folder = command->words[0];
	struct restore_owner owner = { 0 };
	struct folder_counts counts;
	struct house house;
	struct err err = { 0 };
	bool good;
	int status;

	if (!house_read(&house, command->file, &err) || !house_users(&house, &err)) {
		status = command_fail(&err);
		arena_free(&house.arena);
		return status == EXIT_AGAIN ? status : EXIT_SETTINGS;
	}
	if (house.as_root)
		owner = (struct restore_owner){ true, house.owner, house.read_group };
	good = restore_make(folder, house.settings.data, &owner, &counts, &err);
	if (good)
		printf("%s: restored from %s, sound, book of %" PRId64 " octets, %" PRId64
		       " blobs\n",
		    house.settings.data, folder, counts.octets, counts.blobs);
	status = good ? 0 : command_fail(&err);
	arena_free(&house.arena);
	return status;
}
