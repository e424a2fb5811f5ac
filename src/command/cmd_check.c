/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* command/cmd_check.c: preau check: what would keep serve from starting, and what is not sound
 * in the data folder, said without starting anything. A house that closed itself to writing is
 * opened again by the next start after a check that found nothing. */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "command/command.h"
#include "store/readonly.h"
#include "store/sound.h"
#include "text/theme.h"

static bool
check_theme(const struct settings *settings)
{
	struct theme *theme = NULL;
	struct err err = { 0 };

	if (!theme_open_share(&theme, settings->share, settings->theme, &err)) {
		command_fail(&err);
		return false;
	}
	theme_free(&theme);
	return true;
}

static void
print_sound(const char *folder, const struct sound *sound)
{
	printf("%s: sound, %" PRId64 " journal entries, %" PRId64 " messages, %" PRId64 " blobs",
	    folder, sound->entries, sound->messages, sound->blobs);
	if (sound->nameless > 0)
		printf(" and %" PRId64 " files that nothing names", sound->nameless);
	printf("\n");
}

/* In data/read-only, where readonly_lift() wants to see it at the next start. */
static int
note_checked(const char *folder)
{
	struct readonly readonly;
	struct err err = { 0 };

	if (!readonly_read(folder, &readonly, &err))
		return err_forgive(&err, ERR_NOT_FOUND) ? 0 : command_fail(&err);
	readonly.checked = clock_now();
	if (!readonly_write(folder, &readonly, &err))
		return command_fail(&err);
	printf("%s: was made read-only (%s); it is written again once the server is restarted\n",
	    folder, readonly.why);
	return 0;
}

/* may_be_new: that there is no book yet is no fault. */
static int
check_folder(const char *folder, bool may_be_new)
{
	struct sound sound = { 0 };
	struct err err = { 0 };
	int status = 0;

	if (!sound_folder(folder, &sound, &err)) {
		if (may_be_new && err_forgive(&err, ERR_NOT_FOUND))
			printf("%s: no book yet, serve makes it\n", folder);
		else
			status = command_fail(&err);
	} else if (sound.faults > 0) {
		(void)fwrite(buf_text(&sound.lines), 1, sound.lines.len, stderr);
		fprintf(stderr, "preau: %s: %" PRId64 " faults\n", folder, sound.faults);
		status = EXIT_REFUSED;
	} else {
		print_sound(folder, &sound);
		status = note_checked(folder);
	}
	sound_free(&sound);
	return status;
}

int
cmd_check(struct command *command)
{
	const struct settings *settings = &command->settings;

	if (command->count > 0)
		return check_folder(command->words[0], false);
	if (!command_settings(command) || !check_theme(settings))
		return EXIT_SETTINGS;
	printf("%s: sound\n", command->file);
	return check_folder(settings->data, true);
}
