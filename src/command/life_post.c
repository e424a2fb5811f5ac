/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* command/life_post.c: preau show post NUMBER: how it came, what was decided, who was sent it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command/life.h"
#include "store/db.h"
#include "store/forum.h"
#include "store/inbox.h"
#include "store/journal.h"
#include "store/outbox.h"
#include "store/post.h"

static bool
print_head(struct life *life, const struct post *post, struct err *err)
{
	struct forum forum;

	if (!forum_find(life->db, life->arena, post->forum, &forum, err))
		return false;
	life_number("post", post->id);
	life_field("state", post->state);
	life_field("hold", post->hold);
	life_field("forum", forum.slug);
	life_number("thread", post->thread);
	life_number("parent", post->parent);
	life_field("awaits", post->awaits);
	life_field("subject", post->subject);
	life_number("author", post->author);
	life_field("name", post->author_shown);
	life_field("organisation", post->organisation_shown);
	life_field("door", post->door);
	life_field("proof", post->proof);
	life_time("sent", post->sent);
	life_time("date", post->date);
	life_field("message_id", post->message_id);
	life_field("alias", post->alias);
	life_time("decided", post->decided);
	life_number("decided_by", post->decided_by);
	life_field("why", post->why);
	return true;
}

static bool
print_mails(struct life *life, int64_t post, struct err *err)
{
	struct inbox *mails;
	size_t count;

	if (!inbox_list_post(life->db, life->arena, post, LIFE_ROWS, &mails, &count, err))
		return false;
	life_inbox(mails, count);
	return true;
}

static bool
print_journal(struct life *life, int64_t post, struct err *err)
{
	const char *object = arena_printf(life->arena, "post %" PRId64, post);
	struct journal *entries;
	size_t count;

	if (!journal_list_object(life->db, life->arena, object, LIFE_ROWS, &entries, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		life_row("journal", entries[i].id);
		life_row_time("date", entries[i].date);
		life_row_field("act", entries[i].act);
		life_row_number("actor", entries[i].actor);
		life_row_field("door", entries[i].door);
		life_row_field("outcome", entries[i].outcome);
		life_row_field(
		    "text", arena_strndup(life->arena, entries[i].text.data, entries[i].text.len));
		life_row_end();
	}
	return true;
}

/* A big forum has thousands: by pages, of which none is kept in memory after it was said. */
static bool
print_deliveries(struct life *life, int64_t post, struct err *err)
{
	static const char *const states[] = { "due", "sent", "failed", "cancelled", "aside" };
	int64_t counts[sizeof(states) / sizeof(states[0])] = { 0 }, after = 0, all = 0;
	struct arena *page = arena_new();
	struct outbox *rows;
	size_t count = LIFE_ROWS;
	bool good = true;

	while (good && count == LIFE_ROWS) {
		arena_reset(page);
		good = outbox_list_post(life->db, page, post, after, LIFE_ROWS, &rows, &count, err);
		if (!good)
			break;
		life_outbox(rows, count);
		for (size_t i = 0; i < count; i++) {
			after = rows[i].person;
			all++;
			for (size_t s = 0; s < sizeof(states) / sizeof(states[0]); s++)
				counts[s] += strcmp(rows[i].state, states[s]) == 0;
		}
	}
	arena_free(&page);
	if (!good)
		return false;
	life_row("deliveries", all);
	for (size_t s = 0; s < sizeof(states) / sizeof(states[0]); s++)
		life_row_number(states[s], counts[s]);
	life_row_end();
	return true;
}

int
life_post(struct command *command)
{
	struct life life = { 0 };
	struct post post;
	struct err err = { 0 };
	int64_t id;
	bool good;

	if (command->count != 2 || !span_int(span_of(command->words[1]), 1, INT64_MAX, &id)) {
		fprintf(stderr, "preau: show post takes the number of a post, as in /p/12\n");
		return EXIT_MISUSED;
	}
	if (!command_settings(command))
		return EXIT_SETTINGS;
	good = life_open(&life, command, &err);
	if (good && !post_find_head(life.db, life.arena, id, &post, &err)) {
		good = false;
		if (err.kind == ERR_NOT_FOUND)
			err_set(&err, ERR_NOT_FOUND, "There is no post %" PRId64 ".", id);
	}
	good = good && print_head(&life, &post, &err) && print_mails(&life, id, &err) &&
	       print_journal(&life, id, &err) && print_deliveries(&life, id, &err);
	life_close(&life);
	return good ? 0 : command_fail(&err);
}
