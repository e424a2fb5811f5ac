/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "store/readonly.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "store/folder_copy.h"

enum { TEXT_MAX = 4096 };

static bool
find(const char *folder, char path[PATH_MAX], struct err *err)
{
	return folder_path(path, folder, "read-only", err);
}

bool
readonly_is(const char *folder)
{
	char path[PATH_MAX];

	return find(folder, path, &(struct err){ 0 }) && file_exists(path);
}

/* "since 1700000000", "why ...", "told", "final", "checked 1700000000". */
static void
read_line(struct span line, struct readonly *readonly)
{
	struct span word, rest = line;

	span_next(&rest, ' ', &word);
	if (span_is(word, "since"))
		(void)span_int(rest, 0, INT64_MAX, &readonly->since);
	else if (span_is(word, "why"))
		(void)snprintf(readonly->why, sizeof(readonly->why), SPAN_FORMAT, SPAN_ARGS(rest));
	else if (span_is(word, "told"))
		readonly->told = true;
	else if (span_is(word, "final"))
		readonly->final = true;
	else if (span_is(word, "checked"))
		(void)span_int(rest, 0, INT64_MAX, &readonly->checked);
}

bool
readonly_read(const char *folder, struct readonly *readonly, struct err *err)
{
	struct buf text = { 0 };
	struct span rest, line;
	char path[PATH_MAX];

	*readonly = (struct readonly){ 0 };
	if (!find(folder, path, err))
		return false;
	if (!file_read(path, TEXT_MAX, &text, err)) {
		if (err->kind == ERR_NOT_FOUND)
			return false;
		err_clear(err);
		readonly->final = true;
	}
	rest = buf_span(&text);
	while (span_next_line(&rest, &line))
		read_line(line, readonly);
	buf_free(&text);
	return true;
}

bool
readonly_write(const char *folder, const struct readonly *readonly, struct err *err)
{
	struct buf text = { 0 };
	char path[PATH_MAX];
	bool done = find(folder, path, err);

	buf_printf(&text, "since %" PRId64 "\nwhy ", readonly->since);
	for (const char *c = readonly->why; *c != '\0'; c++)
		buf_add_char(&text, *c == '\n' ? ' ' : *c);
	buf_add_text(&text, readonly->told ? "\ntold\n" : "\n");
	if (readonly->final)
		buf_add_text(&text, "final\n");
	if (readonly->checked != 0)
		buf_printf(&text, "checked %" PRId64 "\n", readonly->checked);
	done = done && file_write(path, buf_span(&text), 0640, err);
	buf_free(&text);
	return done;
}

bool
readonly_lift(const char *folder, struct err *err)
{
	struct readonly readonly;
	char path[PATH_MAX];

	if (!readonly_read(folder, &readonly, err))
		return err_forgive(err, ERR_NOT_FOUND);
	if (readonly.checked == 0) {
		log_error("event=read_only since=%" PRId64 " why=%s", readonly.since,
		    log_text(span_of(readonly.why)));
		return true;
	}
	if (!find(folder, path, err))
		return false;
	if (unlink(path) != 0)
		return err_set(err, ERR_BROKEN, "%s: %s", path, strerror(errno));
	log_info("event=read_only_over checked=%" PRId64, readonly.checked);
	return file_sync_folder(folder, err);
}
