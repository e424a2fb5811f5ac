/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/archive.h"

#include <time.h>

#include "rules/act_may.h"
#include "rules/delivery.h"
#include "store/forum.h"
#include "store/post.h"

enum {
	POSTS_A_PIECE = 100,
	OCTETS_A_PIECE = 128 * 1024 /* then a piece ends: so much waits for each slow reader */
};

/* "From " and the date as asctime() has it, UTC. */
static void
write_separator(const struct outgoing *message, struct buf *out)
{
	time_t date = (time_t)message->date;
	char text[40];
	struct tm parts;

	gmtime_r(&date, &parts);
	(void)strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Y", &parts);
	buf_printf(out, "From " SPAN_FORMAT " %s\n", SPAN_ARGS(message->from_address), text);
}

/* mboxrd: what begins with "From ", behind any number of ">", gets one more. */
static void
write_line(struct span line, struct buf *out)
{
	size_t marks = 0;

	while (marks < line.len && line.data[marks] == '>')
		marks++;
	if (span_starts(span_from(line, marks), "From "))
		buf_add_char(out, '>');
	buf_add_span(out, line);
	buf_add_char(out, '\n');
}

static void
write_lines(struct span octets, struct buf *out)
{
	while (octets.len > 0) {
		size_t len = span_find(octets, '\n');
		struct span line = span_first(octets, len);
		if (span_ends(line, "\r"))
			line.len--;
		write_line(line, out);
		octets = span_from(octets, len + 1);
	}
	buf_add_char(out, '\n');
}

static bool
write_post(struct clerk *clerk, int64_t post, struct buf *out, struct err *err)
{
	struct arena *arena = arena_new();
	struct buf message = { 0 };
	struct outgoing outgoing;
	bool done = delivery_archived(clerk, arena, post, &outgoing, err) &&
		    message_write(arena, &outgoing, &message, err);

	if (done) {
		write_separator(&outgoing, out);
		write_lines(buf_span(&message), out);
	}
	buf_free(&message);
	arena_free(&arena);
	return done;
}

static bool
list_posts(struct clerk *clerk, const struct act *act, int64_t forum, struct post **posts,
    size_t *count, struct err *err)
{
	int64_t after = fields_int(&act->input, "after", 0);
	int64_t thread = fields_int(&act->input, "thread", 0);

	if (thread == 0)
		return post_list_forum(
		    clerk->db, act->arena, forum, after, POSTS_A_PIECE, posts, count, err);
	return post_list_thread_ids(
	    clerk->db, act->arena, forum, thread, after, POSTS_A_PIECE, posts, count, err);
}

bool
archive_read(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	int64_t next = 0;
	struct buf octets = { 0 };
	struct post *posts;
	struct forum forum;
	size_t count, i;
	bool done = true;

	if (!act_forum(clerk, act, &forum, err) ||
	    !list_posts(clerk, act, forum.id, &posts, &count, err))
		return false;
	buf_init(&octets, 2 * MESSAGE_MAX);
	for (i = 0; done && i < count && octets.len < OCTETS_A_PIECE; i++)
		done = write_post(clerk, posts[i].id, &octets, err);
	if (done && (i < count || count == POSTS_A_PIECE))
		next = posts[i - 1].id;
	if (done) {
		fields_add(&outcome->output, "octets", buf_span(&octets));
		fields_add_int(&outcome->output, "next", next);
	}
	buf_free(&octets);
	return done;
}
