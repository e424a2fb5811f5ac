/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/mail_view.h"

#include <inttypes.h>
#include <string.h>

#include "store/attachment.h"
#include "text/theme.h"

const char *
mail_url_forum(struct clerk *clerk, struct arena *arena, const char *slug)
{
	return arena_printf(arena, "%s/f/%s", clerk->settings->site_url, slug);
}

const char *
mail_url_post(struct clerk *clerk, struct arena *arena, int64_t post)
{
	return arena_printf(arena, "%s/p/%" PRId64, clerk->settings->site_url, post);
}

const char *
mail_url_thread(struct clerk *clerk, struct arena *arena, int64_t thread, const char *title)
{
	const char *slug = words_slug(arena, span_of(title));

	return arena_printf(arena, "%s/t/%" PRId64 "%s%s", clerk->settings->site_url, thread,
	    *slug ? "-" : "", slug);
}

const char *
mail_address_of(struct clerk *clerk, struct arena *arena, const char *local)
{
	return arena_printf(arena, "%s@%s", local, clerk->settings->mail_domain);
}

struct view *
mail_view_new(struct clerk *clerk, struct arena *arena, enum lang lang, const struct forum *forum)
{
	struct view *view = view_new(arena), *site = view_sub(view, "site"), *sub;

	view_text(site, "name", clerk->settings->site_name);
	view_text(site, "about", clerk->settings->site_about);
	(void)view_url(site, "url", clerk->settings->site_url);
	view_text(view, "lang", lang_code(lang));
	if (!forum)
		return view;
	sub = view_sub(view, "forum");
	view_text(sub, "name", forum->name);
	view_text(sub, "description", forum->description);
	view_text(sub, "theme", forum->theme);
	view_text(sub, "address", mail_address_of(clerk, arena, forum->slug));
	(void)view_url(sub, "url", mail_url_forum(clerk, arena, forum->slug));
	return view;
}

/* Everything but unreserved letters (RFC 3986 §2.3) is percent-encoded. */
static const char *
url_segment(struct arena *arena, const char *text)
{
	static const char hex[] = "0123456789ABCDEF";
	char *out = arena_alloc(arena, strlen(text) * 3 + 1), *to = out;

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (ascii_is_alpha(*text) || ascii_is_digit(*text) || strchr("-._~", *text)) {
			*to++ = *text;
			continue;
		}
		*to++ = '%';
		*to++ = hex[c >> 4];
		*to++ = hex[c & 15];
	}
	return out;
}

static const char *
url_attachment(struct clerk *clerk, struct arena *arena, const struct attachment *row)
{
	return arena_printf(arena, "%s/a/%s/%s", clerk->settings->site_url, row->public_id,
	    url_segment(arena, row->name));
}

bool
mail_view_links(struct clerk *clerk, struct arena *arena, enum lang lang, int64_t post,
    struct outgoing *out, struct err *err)
{
	struct message_attachment *links;
	struct attachment *rows;
	size_t count;

	if (!attachment_list_post(clerk->db, arena, post, &rows, &count, err))
		return false;
	links = arena_array(arena, count, sizeof(*links));
	for (size_t i = 0; i < count; i++)
		links[i] = (struct message_attachment){ span_of(rows[i].name),
			(size_t)rows[i].size, span_of(url_attachment(clerk, arena, &rows[i])) };
	out->attachments = links;
	out->attachment_count = count;
	out->attachment_word = span_of(tr(lang, TR("Attachment")));
	return true;
}

static bool
add_attachments(struct clerk *clerk, struct arena *arena, enum lang lang, struct view *view,
    int64_t post, struct err *err)
{
	struct view_list *list = view_list(view, "attachments");
	struct attachment *rows;
	struct view *one;
	size_t count;

	if (!attachment_list_post(clerk->db, arena, post, &rows, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		one = view_list_add(list);
		view_text(one, "name", rows[i].name);
		view_text(one, "type", rows[i].type);
		view_text(one, "size", i18n_size(arena, lang, rows[i].size));
		(void)view_url(one, "url", url_attachment(clerk, arena, &rows[i]));
		view_flag(one, "image", false);
	}
	return true;
}

bool
mail_view_post(struct clerk *clerk, struct arena *arena, enum lang lang, struct view *view,
    const struct post *post, struct err *err)
{
	struct view *sub = view_sub(view, "post");

	view_int(sub, "id", post->id);
	(void)view_url(sub, "url", mail_url_post(clerk, arena, post->id));
	view_text(sub, "author", post->author_shown);
	view_text(sub, "organisation", post->organisation_shown);
	view_text(sub, "capacity", words_capacity(lang, post->capacity));
	view_flag(sub, "official", strcmp(post->capacity, "townhall") == 0);
	i18n_date_view(sub, "date", arena, lang, post->date, clerk->settings->site_zone);
	view_text(sub, "subject", post->subject);
	view_html(sub, "body", (struct html){ post->html });
	view_span(sub, "text", post->text);
	view_flag(sub, "by_mail", strcmp(post->door, "mail") == 0);
	view_text(sub, "why", post->why);
	return add_attachments(clerk, arena, lang, sub, post->id, err);
}

bool
mail_view_render(struct clerk *clerk, struct arena *arena, enum lang lang, const char *template,
    const struct view *view, struct outgoing *out, struct err *err)
{
	struct theme_mail mail = { 0 };
	bool ok;

	ok = theme_mail(clerk->theme, lang, template, view, &mail, err);
	if (ok) {
		out->subject = arena_span(arena, buf_span(&mail.subject));
		out->text = arena_span(arena, buf_span(&mail.text));
		out->html.octets = arena_span(arena, buf_span(&mail.html));
		out->footer_text = arena_span(arena, buf_span(&mail.footer_text));
		out->footer_html.octets = arena_span(arena, buf_span(&mail.footer_html));
	}
	theme_mail_free(&mail);
	return ok;
}
