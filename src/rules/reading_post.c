/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Posts, their tree and their attachments, as the viewer may see them. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "mail/decode.h"
#include "mail/thread_id.h"
#include "rules/reading_work.h"
#include "store/attachment.h"
#include "store/raw.h"

enum {
	TREE_MOST = 20000, /* posts of a thread whose places in the tree are looked at */
	DEPTH_MOST = 100   /* of a reply; deeper ones stand there too */
};

/* ---- one post ---- */

/* "Re: Voirie" under "Voirie" says nothing new; only what is left without prefixes is
 * compared, and only where the cheap look does not settle it. */
static bool
is_other_subject(struct reading *reading, const char *subject, const char *title)
{
	struct thread_subject read;

	if (span_ends(span_of(subject), title) || !*subject)
		return false;
	read = thread_subject_read(reading->arena, span_of(subject), (struct span){ 0 }, true);
	return !span_equal(utf8_fold(reading->arena, read.base),
	    utf8_fold(reading->arena, span_of(title)));
}

void
reading_fill_post(struct reading *reading, const struct post *post, const char *title,
    struct post_view *view)
{
	bool shown = strcmp(post->state, "hidden") != 0 && strcmp(post->state, "withdrawn") != 0;

	*view = (struct post_view){
		.id = post->id,
		.thread = post->thread,
		.parent = post->parent,
		.author = post->author,
		.author_shown = post->author_shown,
		.organisation_shown = post->organisation_shown,
		.capacity = post->capacity,
		.parent_author = post->parent_author,
		.date = post->date,
		.subject = post->subject,
		.message_id = post->message_id,
		.state = post->state,
		.why = shown ? "" : post->why,
		.html = { shown ? post->html : (struct span){ 0 } },
		.text = shown ? post->text : (struct span){ 0 },
		.subject_changed = shown && title && is_other_subject(reading, post->subject, title),
	};
}

static void
fill_attachment(const struct attachment *row, struct attachment_view *view)
{
	*view = (struct attachment_view){ row->public_id, row->name, row->type, row->size };
}

bool
reading_fill_attachments(struct reading *reading, struct post_view *view, struct err *err)
{
	struct attachment *rows;
	size_t count;

	if (!attachment_list_post(reading->db, reading->arena, view->id, &rows, &count, err))
		return false;
	view->attachments = arena_array(reading->arena, count, sizeof(*view->attachments));
	view->attachment_count = count;
	for (size_t i = 0; i < count; i++)
		fill_attachment(&rows[i], &view->attachments[i]);
	return true;
}

/* ---- the tree ---- */

struct node {
	int64_t id, parent;
	int depth; /* -1: not known yet */
};

static int
by_id(const void *a, const void *b)
{
	const struct node *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static struct node *
node_find(struct node *nodes, size_t count, int64_t id)
{
	const struct node key = { .id = id };

	return count > 0 ? bsearch(&key, nodes, count, sizeof(*nodes), by_id) : NULL;
}

/* Climbs to an ancestor whose depth is known, and fills in on the way back: each node is
 * climbed over once, whatever the order. A circle (which nobody can make, but who
 * knows) ends at its own beginning. */
static int
node_depth(struct node *nodes, size_t count, struct node *node, struct node **path)
{
	size_t length = 0;
	int depth = -1;

	while (node && node->depth < 0 && length < count) {
		path[length++] = node;
		node->depth = 0; /* seen: ends a circle */
		node = node->parent != 0 ? node_find(nodes, count, node->parent) : NULL;
	}
	if (node)
		depth = node->depth;
	while (length > 0) {
		if (depth < DEPTH_MOST)
			depth++;
		path[--length]->depth = depth;
	}
	return depth;
}

static bool
load_tree(struct reading *reading, int64_t thread, bool whole, const struct post *posts,
    size_t count, struct node **nodes, size_t *node_count, struct err *err)
{
	struct post *tree;

	*node_count = count;
	if (!whole) {
		if (!post_list_tree(reading->db, reading->arena, thread, TREE_MOST, &tree,
			node_count, err))
			return false;
		posts = tree;
	}
	*nodes = arena_array(reading->arena, *node_count, sizeof(**nodes));
	for (size_t i = 0; i < *node_count; i++)
		(*nodes)[i] = (struct node){ posts[i].id, posts[i].parent, -1 };
	if (*node_count > 0)
		qsort(*nodes, *node_count, sizeof(**nodes), by_id);
	return true;
}

static bool
fill_depths(struct reading *reading, int64_t thread, bool whole, const struct post *posts,
    size_t count, struct post_view *views, struct err *err)
{
	struct node *nodes, **path, *node;
	size_t total;

	if (!load_tree(reading, thread, whole, posts, count, &nodes, &total, err))
		return false;
	path = arena_array(reading->arena, total, sizeof(struct node *));
	for (size_t i = 0; i < count; i++) {
		node = node_find(nodes, total, views[i].id);
		if (!node)
			continue;
		views[i].depth = node->depth >= 0 ? node->depth :
						    node_depth(nodes, total, node, path);
	}
	return true;
}

/* ---- posts of a thread ---- */

static bool
find_thread(struct reading *reading, int64_t id, struct err *err)
{
	struct standing standing;
	struct forum forum;

	if (reading->thread.id == id)
		return true;
	return thread_find_head(reading->db, reading->arena, id, &reading->thread, err) &&
	    reading_may_forum(reading, reading->thread.forum, &forum, &standing, err);
}

/* The rows come in the order of the posts: one walk over both. */
static void
share_out(struct reading *reading, const struct attachment *rows, size_t row_count,
    struct post_view *views, size_t count)
{
	struct attachment_view *all = arena_array(reading->arena, row_count, sizeof(*all));
	size_t row = 0;

	for (size_t i = 0; i < row_count; i++)
		fill_attachment(&rows[i], &all[i]);
	for (size_t i = 0; i < count && row < row_count; i++) {
		views[i].attachments = all + row;
		while (row < row_count && rows[row].post == views[i].id) {
			views[i].attachment_count++;
			row++;
		}
	}
}

bool
reading_posts(struct reading *reading, int64_t thread, int64_t after_date, int64_t after_id,
    size_t room, struct post_view **out, size_t *count, struct err *err)
{
	struct attachment *rows;
	struct post *posts;
	size_t row_count;
	bool whole;

	*count = 0;
	if (!find_thread(reading, thread, err)) {
		reading->thread = (struct thread){ 0 };
		return false;
	}
	if (!post_list_thread(reading->db, reading->arena, thread, after_date, after_id, room,
		&posts, count, err))
		return false;
	*out = arena_array(reading->arena, *count, sizeof(**out));
	for (size_t i = 0; i < *count; i++)
		reading_fill_post(reading, &posts[i], reading->thread.title, &(*out)[i]);
	if (*count == 0)
		return true;
	if (!attachment_list_thread(reading->db, reading->arena, thread, after_date, after_id,
		posts[*count - 1].date, posts[*count - 1].id, &rows, &row_count, err))
		return false;
	share_out(reading, rows, row_count, *out, *count);
	whole = after_date == 0 && after_id == 0 && *count < room;
	return fill_depths(reading, thread, whole, posts, *count, *out, err);
}

/* ---- a post alone ---- */

static bool
not_there(struct err *err)
{
	return err_set(err, ERR_NOT_FOUND, "there is no such message");
}

static bool
show_post(struct reading *reading, const struct post *post, struct post_view *view,
    struct err *err)
{
	if (strcmp(post->state, "held") == 0 || strcmp(post->state, "refused") == 0)
		return not_there(err);
	if (!find_thread(reading, post->thread, err)) {
		reading->thread = (struct thread){ 0 };
		return err->kind == ERR_NOT_FOUND ? not_there(err) : false;
	}
	reading_fill_post(reading, post, reading->thread.title, view);
	return strcmp(post->state, "published") != 0 ||
	    reading_fill_attachments(reading, view, err);
}

bool
reading_post(struct reading *reading, int64_t id, struct post_view *view, struct err *err)
{
	struct post post;

	return post_find(reading->db, reading->arena, id, &post, err) &&
	    show_post(reading, &post, view, err);
}

bool
reading_post_by_message_id(struct reading *reading, struct span message_id, struct post_view *view,
    struct err *err)
{
	struct post *posts;
	size_t count;

	if (!post_list_message(reading->db, reading->arena, message_id, 0, &posts, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(posts[i].state, "published") != 0)
			continue;
		if (reading_post(reading, posts[i].id, view, err))
			return true;
		if (err->kind != ERR_NOT_FOUND)
			return false;
	}
	return not_there(err);
}

/* ---- attachments ---- */

/* Of a published post, for who may read it; of a held one, for who may decide. */
static bool
may_see_post(struct reading *reading, const struct post *post, bool *may, struct err *err)
{
	struct standing standing;
	struct forum forum;

	*may = false;
	if (!reading_may_forum(reading, post->forum, &forum, &standing, err)) {
		return err_forgive(err, ERR_NOT_FOUND);
	}
	*may = strcmp(post->state, "published") == 0 ||
	    (strcmp(post->state, "held") == 0 && permission_moderate(&standing));
	return true;
}

static void
decode(const char *encoding, struct span octets, struct buf *out)
{
	if (strcmp(encoding, "base64") == 0)
		decode_base64(octets, out);
	else if (strcmp(encoding, "qp") == 0)
		decode_qp(octets, false, out);
	else
		buf_add_span(out, octets);
}

bool
reading_attachment(struct reading *reading, struct span public_id, struct attachment_data *data,
    struct err *err)
{
	struct attachment row;
	struct post post;
	struct span octets;
	bool may;

	*data = (struct attachment_data){ 0 };
	if (!attachment_find(reading->db, reading->arena, public_id, &row, err) ||
	    !post_find_head(reading->db, reading->arena, row.post, &post, err) ||
	    !may_see_post(reading, &post, &may, err))
		return false;
	if (!may)
		return err_set(err, ERR_NOT_FOUND, "there is no such attachment");
	if (!raw_read(reading->db, reading->arena, row.raw, row.offset, row.length, &octets, err))
		return false;
	fill_attachment(&row, &data->view);
	decode(row.encoding, octets, &data->octets);
	return true;
}
