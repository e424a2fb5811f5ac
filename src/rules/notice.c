/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/notice.h"

#include <inttypes.h>
#include <string.h>

#include "base/token.h"
#include "rules/mail_view.h"
#include "rules/posting.h"
#include "store/forum.h"
#include "store/person.h"
#include "store/post.h"

/* ---- the seal ---- */

static const char about[] = "notice";

static void
seal_key(const struct mail_keys *keys, unsigned id, uint8_t key[KEY_SIZE])
{
	token_derive(keys->key[id].key, "notice-input", key);
}

void
notice_seal(const struct mail_keys *keys, struct span plain, struct buf *sealed)
{
	uint8_t key[KEY_SIZE];

	seal_key(keys, keys->current, key);
	token_seal(key, span_of(about), plain, sealed);
	token_wipe(key, sizeof(key));
}

bool
notice_unseal(const struct mail_keys *keys, struct arena *arena, struct span sealed,
    struct fields *input, struct err *err)
{
	struct buf plain = { 0 };
	uint8_t key[KEY_SIZE];
	bool ok = false;

	for (unsigned id = 0; !ok && id < MAIL_KEY_IDS; id++) {
		if (!keys->key[id].live)
			continue;
		buf_clear(&plain);
		seal_key(keys, id, key);
		ok = token_unseal(key, span_of(about), sealed, &plain);
	}
	ok = ok && fields_read(input, arena_span(arena, buf_span(&plain)));
	token_wipe(key, sizeof(key));
	buf_free(&plain);
	return ok || err_set(err, ERR_BROKEN, "a notice cannot be unsealed");
}

/* ---- what it says ---- */

struct notice_work {
	struct clerk *clerk;
	struct arena *arena;
	enum lang lang;
	struct fields input;
	const struct forum *forum; /* or NULL */
	const struct post *post;   /* or NULL */
	struct view *view;
	struct outgoing *out;
};

static const char *
input_text(struct notice_work *work, const char *name)
{
	return fields_text(&work->input, name, work->arena);
}

static bool
need_post(struct notice_work *work, struct err *err)
{
	if (!work->post)
		return err_set(err, ERR_BROKEN, "the notice names no post");
	return mail_view_post(work->clerk, work->arena, work->lang, work->view, work->post, err);
}

static void
put_link(struct notice_work *work)
{
	(void)view_url(work->view, "link",
	    arena_printf(work->arena, "%s/ok/%s", work->clerk->settings->site_url,
		input_text(work, "token")));
}

static const char *
standing_text(struct notice_work *work, int64_t published, int64_t refused)
{
	if (published == 0 && refused == 0)
		return tr(work->lang, TR("first message here"));
	if (refused == 0)
		return trn_count(work->arena, work->lang, "%d message published",
		    "%d messages published", published);
	return trn_count(work->arena, work->lang, "%d message refused before",
	    "%d messages refused before", refused);
}

static bool
fill_held_author(struct notice_work *work, struct err *err)
{
	if (!need_post(work, err))
		return false;
	view_text(work->view, "reason", tr(work->lang, words_hold_reason(work->post->hold)));
	return true;
}

static bool
fill_held_moderator(struct notice_work *work, struct err *err)
{
	struct db *db = work->clerk->db;
	int64_t published, refused;
	const char *undone;

	if (!fill_held_author(work, err) ||
	    !post_count_author(db, work->post->author, 0, "published", 1000, &published, err) ||
	    !post_count_author(db, work->post->author, 0, "refused", 1000, &refused, err))
		return false;
	view_text(work->view, "standing", standing_text(work, published, refused));
	undone = input_text(work, "undone");
	view_text(work->view, "undone", *undone ? tr(work->lang, undone) : "");
	(void)view_url(work->view, "queue_url",
	    arena_printf(work->arena, "%s/moderate", work->clerk->settings->site_url));
	return true;
}

static bool
fill_approved(struct notice_work *work, struct err *err)
{
	return need_post(work, err);
}

static bool
fill_refused(struct notice_work *work, struct err *err)
{
	if (!need_post(work, err))
		return false;
	view_text(work->view, "why", work->post->why);
	return true;
}

static bool
fill_decided(struct notice_work *work, struct err *err)
{
	const char *decision = input_text(work, "decision");
	struct person by;

	if (!need_post(work, err))
		return false;
	if (person_find(work->clerk->db, work->arena, fields_int(&work->input, "by", 0), &by, err))
		view_text(work->view, "by", by.name_shown);
	else if (err->kind == ERR_NOT_FOUND)
		view_text(work->view, "by", tr(work->lang, TR("the administrator")));
	else
		return false;
	err_clear(err);
	view_flag(work->view, "approved", strcmp(decision, "approved") == 0);
	view_flag(work->view, "refused", strcmp(decision, "approved") != 0);
	view_text(work->view, "why", input_text(work, "why"));
	return true;
}

static bool
fill_login(struct notice_work *work, struct err *err)
{
	(void)err;
	put_link(work);
	view_text(work->view, "code", input_text(work, "code"));
	view_text(work->view, "minutes", input_text(work, "minutes"));
	return true;
}

static bool
fill_register(struct notice_work *work, struct err *err)
{
	(void)err;
	put_link(work);
	view_text(work->view, "name", input_text(work, "name"));
	view_text(work->view, "code", input_text(work, "code"));
	view_text(work->view, "hours", input_text(work, "hours"));
	return true;
}

static bool
fill_join(struct notice_work *work, struct err *err)
{
	if (!need_post(work, err))
		return false;
	(void)view_url(work->view, "register_url",
	    arena_printf(work->arena, "%s/register", work->clerk->settings->site_url));
	return true;
}

static bool
fill_confirm(struct notice_work *work, struct err *err)
{
	(void)err;
	put_link(work);
	view_text(work->view, "text", input_text(work, "text"));
	return true;
}

static bool
fill_unsubscribed(struct notice_work *work, struct err *err)
{
	if (!work->forum)
		return err_set(err, ERR_BROKEN, "the notice names no forum");
	(void)view_url(work->view, "undo_url",
	    mail_url_forum(work->clerk, work->arena, work->forum->slug));
	return true;
}

static bool
fill_password(struct notice_work *work, struct err *err)
{
	(void)err;
	(void)view_url(work->view, "forgot_url",
	    arena_printf(work->arena, "%s/forgot", work->clerk->settings->site_url));
	return true;
}

static bool
fill_was_it_you(struct notice_work *work, struct err *err)
{
	put_link(work);
	return need_post(work, err);
}

/* A private answer comes from the author address of who writes it, so that it can be
 * answered the same way, and nobody's address is shown to anybody. */
static bool
fill_private(struct notice_work *work, struct err *err)
{
	int64_t author = fields_int(&work->input, "author", 0);
	char token[MAIL_TOKEN_ROOM];

	if (!mail_token_make_one(&work->clerk->token_keys, MAIL_PURPOSE_AUTHOR, (uint64_t)author,
		token))
		return err_set(err, ERR_BROKEN, "no address can be made for that author");
	view_text(work->view, "author", input_text(work, "name"));
	view_text(work->view, "subject", input_text(work, "subject"));
	view_text(work->view, "text", input_text(work, "text"));
	work->out->from_name = span_of(input_text(work, "name"));
	work->out->from_address = span_of(mail_address_of(work->clerk, work->arena,
	    arena_printf(work->arena, "a.%s", token)));
	return true;
}

static bool
fill_owners(struct notice_work *work, struct err *err)
{
	(void)err;
	view_text(work->view, "author", input_text(work, "name"));
	view_text(work->view, "from_address", input_text(work, "address"));
	view_flag(work->view, "proved", fields_int(&work->input, "proved", 0) != 0);
	view_text(work->view, "subject", input_text(work, "subject"));
	view_text(work->view, "text", input_text(work, "text"));
	work->out->reply_address = span_of(input_text(work, "address"));
	return true;
}

static bool
fill_alarm(struct notice_work *work, struct err *err)
{
	(void)err;
	view_text(work->view, "why", input_text(work, "why"));
	return true;
}

/* clang-format off */
static const struct notice_kind {
	const char *template;
	const char *automatic; /* Auto-Submitted; "" where a person wrote it */
	bool (*fill)(struct notice_work *, struct err *);
} kinds[] = {
	{ "held-author",    "auto-replied",   fill_held_author },
	{ "held-moderator", "auto-generated", fill_held_moderator },
	{ "approved",       "auto-replied",   fill_approved },
	{ "refused",        "auto-replied",   fill_refused },
	{ "hidden",         "auto-replied",   fill_refused },
	{ "decided",        "auto-generated", fill_decided },
	{ "login",          "auto-generated", fill_login },
	{ "reset",          "auto-generated", fill_login },
	{ "password",       "auto-generated", fill_password },
	{ "register",       "auto-generated", fill_register },
	{ "join",           "auto-replied",   fill_join },
	{ "confirm",        "auto-generated", fill_confirm },
	{ "unsubscribed",   "auto-replied",   fill_unsubscribed },
	{ "was-it-you",     "auto-replied",   fill_was_it_you },
	{ "private",        "",               fill_private },
	{ "owners",         "auto-generated", fill_owners },
	{ "alarm",          "auto-generated", fill_alarm },
};
/* clang-format on */

static const struct notice_kind *
kind_find(const char *template)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].template, template) == 0)
			return &kinds[i];
	return NULL;
}

/* ---- the message ---- */

static bool
load_about(struct clerk *clerk, struct arena *arena, const struct notice *notice,
    struct notice_work *work, struct err *err)
{
	struct forum *forum = arena_alloc(arena, sizeof(*forum));
	struct post *post = arena_alloc(arena, sizeof(*post));

	if (notice->forum != 0) {
		if (!forum_find(clerk->db, arena, notice->forum, forum, err))
			return false;
		work->forum = forum;
	}
	if (notice->post != 0) {
		if (!post_find(clerk->db, arena, notice->post, post, err))
			return false;
		work->post = post;
	}
	return notice_unseal(&clerk->token_keys, arena, notice->input, &work->input, err);
}

/* Service mails come from another address than posts: from those who answer for the
 * forum, or from the postmaster. */
static void
fill_head(struct clerk *clerk, struct arena *arena, const struct notice *notice,
    const struct notice_work *work, const char *address, struct outgoing *out)
{
	const char *local = "postmaster";

	if (work->forum)
		local = arena_printf(arena, "%s+responsables", work->forum->slug);
	out->from_name = span_of(work->forum ? work->forum->name : clerk->settings->site_name);
	out->from_address = span_of(mail_address_of(clerk, arena, local));
	out->to_address = span_of(address);
	out->message_id = span_of(notice->message_id);
	out->in_reply_to = span_of(notice->answers);
	if (*notice->answers) {
		out->references = &out->in_reply_to;
		out->reference_count = 1;
	}
	out->date = notice->created;
	out->zone = clerk->settings->site_zone;
	out->language = lang_code(work->lang);
}

bool
notice_outgoing(struct clerk *clerk, struct arena *arena, const struct notice *notice,
    const char *address, const char *locale, struct outgoing *out, struct err *err)
{
	struct notice_work work = { .clerk = clerk, .arena = arena, .out = out };
	const struct notice_kind *kind = kind_find(notice->template);
	struct span reply;

	if (!kind)
		return err_set(err, ERR_BROKEN, "unknown notice %s", notice->template);
	*out = (struct outgoing){ 0 };
	work.lang = lang_find(span_of(locale), LANG_FR);
	if (!load_about(clerk, arena, notice, &work, err))
		return false;
	work.view = mail_view_new(clerk, arena, work.lang, work.forum);
	fill_head(clerk, arena, notice, &work, address, out);
	if (!kind->fill(&work, err))
		return false;
	out->auto_submitted = kind->automatic;
	reply = fields_get(&work.input, "reply_to");
	if (reply.len > 0)
		out->reply_address = span_of(mail_address_of(clerk, arena,
		    arena_strndup(arena, reply.data, reply.len)));
	return mail_view_render(clerk, arena, work.lang, notice->template, work.view, out, err);
}
