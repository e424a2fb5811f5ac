/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/threading.h"

#include <inttypes.h>
#include <string.h>

#include "base/token.h"
#include "mail/thread_id.h"
#include "store/post.h"
#include "store/reference.h"
#include "store/thread.h"

enum {
	THREADS_MAX = THREADING_CHAIN_MAX + 2, /* that one post can unite */
	CLIMB_MAX = 200,                       /* ancestors looked at for a circle */
	AWAITING_MAX = 200                     /* posts that may find a nearer parent */
};

/* One id of the chain and what the book knows of it. */
struct link {
	struct span id;
	struct reference known; /* thread 0: never heard of */
};

struct chain {
	struct link links[THREADING_CHAIN_MAX]; /* root first */
	size_t count;
	int64_t threads[THREADS_MAX]; /* distinct ones: that of the nearest link first */
	size_t thread_count;
};

/* ---- the chain of a mail ---- */

static bool
chain_has(struct span *ids, size_t count, struct span id)
{
	for (size_t i = 0; i < count; i++)
		if (span_equal(ids[i], id))
			return true;
	return false;
}

static void
chain_put(struct span *ids, size_t *count, size_t room, struct span id, struct span own)
{
	if (*count < room && thread_id_is_sound(id) && !span_equal(id, own) &&
	    !chain_has(ids, *count, id))
		ids[(*count)++] = id;
}

const char *
threading_chain(struct arena *arena, const struct parsed *parsed)
{
	struct span ids[THREADING_CHAIN_MAX], replies[THREADING_CHAIN_MAX];
	size_t count = 0, reply_count = 0;
	struct buf text = { 0 };
	char *out;

	for (size_t i = 0; i < parsed->in_reply_to.count && i < 5; i++)
		chain_put(replies, &reply_count, 5, parsed->in_reply_to.items[i], parsed->message_id);
	for (size_t i = 0; i < parsed->references.count; i++)
		if (!chain_has(replies, reply_count, parsed->references.items[i]))
			chain_put(ids, &count, THREADING_CHAIN_MAX - 5, parsed->references.items[i],
			    parsed->message_id);
	for (size_t i = reply_count; i > 0; i--)
		ids[count++] = replies[i - 1];
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(&text, ' ');
		buf_add_span(&text, ids[i]);
	}
	out = arena_strndup(arena, buf_text(&text), text.len);
	buf_free(&text);
	return out;
}

struct span
threading_message_id(struct clerk *clerk, struct arena *arena, const struct parsed *parsed)
{
	uint8_t hash[SHA256_SIZE];
	char letters[BASE32_26 + 1];
	struct buf text = { 0 };

	if (thread_id_is_sound(parsed->message_id))
		return parsed->message_id;
	buf_printf(&text, "%" PRId64 " ", parsed->date);
	buf_add_span(&text, parsed->from_address);
	buf_add_char(&text, '\n');
	buf_add_span(&text, parsed->subject);
	buf_add_char(&text, '\n');
	buf_add(&text, parsed->body_hash, sizeof(parsed->body_hash));
	token_sha256(buf_span(&text), hash);
	buf_free(&text);
	token_base32_bits(hash, 130, letters);
	return span_of(arena_printf(arena, "h.%s@%s", letters, clerk->settings->mail_domain));
}

/* ---- what the book knows of it ---- */

static void
note_thread(struct chain *chain, int64_t thread)
{
	for (size_t i = 0; i < chain->thread_count; i++)
		if (chain->threads[i] == thread)
			return;
	if (thread != 0)
		chain->threads[chain->thread_count++] = thread;
}

static bool
look_up(struct clerk *clerk, int64_t forum, struct span id, struct reference *known,
    struct err *err)
{
	*known = (struct reference){ 0 };
	if (reference_find(clerk->db, forum, id, known, err))
		return true;
	return err_forgive(err, ERR_NOT_FOUND);
}

static bool
read_chain(struct clerk *clerk, const struct threading_post *post, struct chain *chain,
    struct err *err)
{
	struct span rest = span_of(post->chain), id;
	struct link *link;
	size_t total = 0, skip;

	while (span_next(&rest, ' ', &id))
		total++;
	skip = total > THREADING_CHAIN_MAX ? total - THREADING_CHAIN_MAX : 0;
	rest = span_of(post->chain);
	for (size_t i = 0; span_next(&rest, ' ', &id); i++) {
		if (i < skip || span_equal(id, post->message_id))
			continue;
		link = &chain->links[chain->count++];
		link->id = id;
		if (!look_up(clerk, post->forum, id, &link->known, err))
			return false;
	}
	for (size_t i = chain->count; i > 0; i--)
		note_thread(chain, chain->links[i - 1].known.thread);
	return true;
}

/* ---- the parent ---- */

/* Would the candidate, or what it hangs on, hang on this very post once it is here? Only
 * a post that was named before it came can close such a circle. */
static bool
makes_circle(struct clerk *clerk, struct arena *arena, int64_t candidate, struct span message_id,
    bool *circle, struct err *err)
{
	struct post head;

	*circle = false;
	for (int i = 0; candidate != 0; i++) {
		if (!post_find_head(clerk->db, arena, candidate, &head, err))
			return false;
		if (i == CLIMB_MAX || span_is(message_id, head.awaits)) {
			*circle = true;
			return true;
		}
		candidate = head.parent;
	}
	return true;
}

/* Is the link a post of the thread that this one goes to? Where the chain knows of one thread
 * only there is nothing to ask. */
static bool
is_of_thread(struct clerk *clerk, struct arena *arena, const struct chain *chain,
    const struct link *link, int64_t thread, bool *is, struct err *err)
{
	struct post head;

	*is = link->known.post != 0;
	if (!*is || chain->thread_count < 2)
		return true;
	if (!post_find_head(clerk->db, arena, link->known.post, &head, err))
		return false;
	*is = head.thread == thread;
	return true;
}

/* The nearest of the chain that is here, from its end. What stands at the end and is not
 * here is awaited. */
static bool
choose_parent(struct clerk *clerk, struct arena *arena, const struct threading_post *post,
    const struct chain *chain, struct placement *placement, struct err *err)
{
	const struct link *link;
	bool circle = false, here;

	for (size_t i = chain->count; i > 0 && placement->parent == 0; i--) {
		link = &chain->links[i - 1];
		if (!is_of_thread(clerk, arena, chain, link, placement->thread, &here, err))
			return false;
		if (!here)
			continue;
		if (placement->was_ghost &&
		    !makes_circle(clerk, arena, link->known.post, post->message_id, &circle, err))
			return false;
		if (!circle)
			placement->parent = link->known.post;
	}
	if (chain->count > 0 && chain->links[chain->count - 1].known.post == 0)
		placement->awaits = chain->links[chain->count - 1].id;
	return true;
}

/* ---- the thread ---- */

/* A parent known for certain: its thread is the thread, the chain says nothing more. */
static bool
follow_parent(struct clerk *clerk, struct arena *arena, const struct threading_post *post,
    struct chain *chain, struct err *err)
{
	struct post head;

	if (!post_find_head(clerk->db, arena, post->parent, &head, err))
		return false;
	if (head.thread == 0 || head.forum != post->forum)
		return err_set(err, ERR_NOT_FOUND, "the message that is answered is not there");
	note_thread(chain, head.thread);
	return true;
}

/* All threads that the post has to do with; *own: what is known of its own id. */
static bool
read_threads(struct clerk *clerk, struct arena *arena, const struct threading_post *post,
    struct chain *chain, struct reference *own, struct err *err)
{
	*chain = (struct chain){ 0 };
	if (!look_up(clerk, post->forum, post->message_id, own, err) ||
	    !(post->parent != 0 ? follow_parent(clerk, arena, post, chain, err) :
				  read_chain(clerk, post, chain, err)))
		return false;
	note_thread(chain, own->thread);
	return true;
}

/* A thread that waits to be continued upwards: all that begins it answers something. */
static bool
waits(struct clerk *clerk, const struct thread *thread, bool *is, struct err *err)
{
	bool opened;

	if (!thread_is_opened(clerk->db, thread->id, &opened, err))
		return false;
	*is = !opened;
	return true;
}

/* Makes the two one where they may be: *into is where the posts are afterwards. Ids are given
 * in order of creation: of two that wait the older takes the other in. */
static bool
unite_two(struct clerk *clerk, struct arena *arena, int64_t *into, int64_t with,
    struct placement *placement, struct err *err)
{
	struct thread a, b;
	bool a_waits, b_waits;
	int64_t from = with;

	if (!thread_find_head(clerk->db, arena, *into, &a, err) ||
	    !thread_find_head(clerk->db, arena, with, &b, err))
		return false;
	if (strcmp(a.state, "open") != 0 || strcmp(b.state, "open") != 0)
		return true;
	if (!waits(clerk, &a, &a_waits, err) || !waits(clerk, &b, &b_waits, err))
		return false;
	if (!a_waits && !b_waits)
		return true;
	if (!b_waits || (a_waits && b.id < a.id)) {
		from = *into;
		*into = with;
	}
	placement->merged = true;
	return thread_merge(clerk->db, from, *into, err);
}

static bool
unite(struct clerk *clerk, struct arena *arena, struct chain *chain, struct placement *placement,
    struct err *err)
{
	placement->thread = chain->threads[0];
	for (size_t i = 1; i < chain->thread_count; i++)
		if (!unite_two(clerk, arena, &placement->thread, chain->threads[i], placement, err))
			return false;
	return true;
}

static bool
remember_chain(struct clerk *clerk, const struct threading_post *post, const struct chain *chain,
    int64_t thread, struct err *err)
{
	for (size_t i = 0; i < chain->count; i++)
		if (chain->links[i].known.thread == 0 &&
		    !reference_set(clerk->db, post->forum, chain->links[i].id, thread, 0, err))
			return false;
	return true;
}

bool
threading_find(struct clerk *clerk, struct arena *arena, const struct threading_post *post,
    int64_t *thread, struct err *err)
{
	struct reference own;
	struct chain chain;

	if (!read_threads(clerk, arena, post, &chain, &own, err))
		return false;
	*thread = chain.thread_count > 0 ? chain.threads[0] : 0;
	return true;
}

bool
threading_place(struct clerk *clerk, struct arena *arena, const struct threading_post *post,
    struct placement *placement, struct err *err)
{
	struct chain chain;
	struct reference own;

	*placement = (struct placement){ .parent = post->parent };
	if (!read_threads(clerk, arena, post, &chain, &own, err))
		return false;
	placement->was_ghost = own.thread != 0 && own.post == 0;
	placement->opens = chain.thread_count == 0;
	if (!(placement->opens ? thread_add(clerk->db, post->forum, post->title, post->date,
				     &placement->thread, err) :
				 unite(clerk, arena, &chain, placement, err)))
		return false;
	return choose_parent(clerk, arena, post, &chain, placement, err) &&
	    remember_chain(clerk, post, &chain, placement->thread, err);
}

/* ---- once the post is here ---- */

/* How far from the end of a chain an id stands; the chain's length where it does not. */
static size_t
distance(const char *chain, struct span id, size_t *length)
{
	struct span rest = span_of(chain), one;
	size_t place = SIZE_MAX, i = 0;

	for (; span_next(&rest, ' ', &one); i++)
		if (span_equal(one, id))
			place = i;
	*length = i;
	return place == SIZE_MAX ? i : i - 1 - place;
}

/* A post that waits for a ghost hangs on an ancestor; this one may be nearer. */
static bool
move_nearer(struct clerk *clerk, struct arena *arena, const struct threading_post *post,
    const struct post *waiting, int64_t id, struct err *err)
{
	size_t length, mine = distance(waiting->chain, post->message_id, &length), theirs = length;
	struct post head, up;
	int64_t climb = id;

	if (mine == length || waiting->id == id)
		return true;
	if (waiting->parent != 0) {
		if (!post_find_head(clerk->db, arena, waiting->parent, &head, err))
			return false;
		theirs = distance(waiting->chain, span_of(head.message_id), &length);
	}
	if (theirs <= mine)
		return true;
	for (int i = 0; climb != 0; i++) {
		if (i == CLIMB_MAX || climb == waiting->id)
			return true; /* would close a circle */
		if (!post_find_head(clerk->db, arena, climb, &up, err))
			return false;
		climb = up.parent;
	}
	return post_set_parent(clerk->db, waiting->id, id, err);
}

static bool
settle_waiting(struct clerk *clerk, struct arena *arena, const struct threading_post *post,
    int64_t thread, int64_t id, struct err *err)
{
	struct post *waiting;
	size_t count;

	if (!post_list_awaiting(clerk->db, arena, thread, AWAITING_MAX, &waiting, &count, err))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!move_nearer(clerk, arena, post, &waiting[i], id, err))
			return false;
	return true;
}

/* The title is that of the first post by date, whichever came first. */
static bool
settle_title(struct clerk *clerk, struct arena *arena, int64_t thread, int64_t id, bool merged,
    struct err *err)
{
	struct thread_subject subject;
	struct thread row;
	struct post first;

	if (!thread_find_head(clerk->db, arena, thread, &row, err))
		return false;
	if (row.first == 0 || (!merged && row.first != id))
		return true;
	if (!post_find_head(clerk->db, arena, row.first, &first, err))
		return false;
	subject = thread_subject_read(arena, span_of(first.subject), (struct span){ 0 }, true);
	if (subject.base.len == 0)
		return true;
	return thread_set_title(clerk->db, thread, subject.base, err);
}

bool
threading_settle(struct clerk *clerk, struct arena *arena, const struct threading_post *post,
    const struct placement *placement, int64_t id, struct err *err)
{
	int64_t filled;
	bool backdated;

	if (!reference_set(clerk->db, post->forum, post->message_id, placement->thread, id, err))
		return false;
	if (placement->was_ghost &&
	    (!post_fill(clerk->db, placement->thread, post->message_id, id, &filled, err) ||
		!settle_waiting(clerk, arena, post, placement->thread, id, err)))
		return false;
	if (placement->merged && !thread_recount(clerk->db, placement->thread, err))
		return false;
	if (!placement->merged && !thread_posted(clerk->db, placement->thread, post->date, err))
		return false;
	backdated = !placement->opens && post->date < clerk->now;
	return (!backdated && !placement->merged) ||
	    settle_title(clerk, arena, placement->thread, id, placement->merged, err);
}
