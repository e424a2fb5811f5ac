/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/page_register.c: claiming the personal identifier of a letter.
 *
 * Whether an address is known is told to nobody: the same page follows whatever it was. */
#include <string.h>

#include "base/token.h"
#include "rules/identifier.h"
#include "rules/registration.h"
#include "rules/words.h"
#include "web/login.h"
#include "web/pages.h"
#include "web/url.h"


enum wrong { WRONG_NOTHING, WRONG_IDENTIFIER, WRONG_NAME, WRONG_ADDRESS };

static bool
show_register(struct request *req, struct reply *reply, bool sent, enum wrong wrong,
    const char *error, struct err *err)
{
	struct view *page = reply->view;

	view_text(page, "title", tr(req->lang, TR("Register")));
	(void)view_url(page, "action", url_own(req, "/register"));
	(void)view_url(page, "code_action", url_own(req, "/register/code"));
	view_text(page, "identifier", form_line(req, "identifier"));
	view_text(page, "name", form_line(req, "name"));
	view_text(page, "address", form_line(req, "address"));
	view_text(page, "next", page_login_next(req));
	view_text(page, "error", error);
	view_flag(page, "bad_identifier", wrong == WRONG_IDENTIFIER);
	view_flag(page, "bad_name", wrong == WRONG_NAME);
	view_flag(page, "bad_address", wrong == WRONG_ADDRESS);
	view_flag(page, "sent", sent);
	view_int(page, "hours", REGISTRATION_HOURS);
	view_text(page, "csrf", login_csrf(req, reply));
	return reply_page(req, reply, "register", err);
}

static bool
refuse(struct request *req, struct reply *reply, bool sent, enum wrong wrong, const struct err *why,
    struct err *err)
{
	reply->status = http_status_of(why->kind);
	return show_register(req, reply, sent, wrong, request_sentence(req, why), err);
}

/* GET /register */
bool
page_register_show(struct request *req, struct reply *reply, struct err *err)
{
	return show_register(req, reply, false, WRONG_NOTHING, "", err);
}

/* What can be seen without asking anybody: the form is shown again, with what was typed. */
static enum wrong
find_wrong(struct request *req, struct err *why)
{
	char symbols[IDENTIFIER_LEN + 1];

	if (!identifier_read(span_of(form_line(req, "identifier")), symbols, why))
		return WRONG_IDENTIFIER;
	if (form_line(req, "name")[0] == '\0') {
		err_set(why, ERR_INVALID, TR("Please say under which name you will write."));
		return WRONG_NAME;
	}
	if (!words_check_name(form_line(req, "name"), why))
		return WRONG_NAME;
	if (strchr(form_line(req, "address"), '@') == NULL) {
		err_set(why, ERR_INVALID, TR("Please type your e-mail address."));
		return WRONG_ADDRESS;
	}
	return WRONG_NOTHING;
}

static bool
on_asked(
    struct request *req, const struct site_answer *answer, struct reply *reply, struct err *err)
{
	if (answer->ok)
		return show_register(req, reply, true, WRONG_NOTHING, "", err);
	return refuse(req, reply, false,
	    answer->err.kind == ERR_INVALID    ? WRONG_ADDRESS
	    : answer->err.kind == ERR_TOO_MUCH ? WRONG_NOTHING
					       : WRONG_IDENTIFIER,
	    &answer->err, err);
}

/* POST /register */
bool
page_register_ask(struct request *req, struct reply *reply, struct err *err)
{
	static const char *const names[] = { "identifier", "name", "address", NULL };
	struct site_act act = { .name = "person.register", .fd = -1 };
	struct buf input = { 0 };
	struct err why = { 0 };
	enum wrong wrong;

	if (!form_check_token(req, &why))
		return refuse(req, reply, false, WRONG_NOTHING, &why, err);
	wrong = find_wrong(req, &why);
	if (wrong != WRONG_NOTHING)
		return refuse(req, reply, false, wrong, &why, err);
	buf_add_span(&input, form_input(req, names));
	fields_add_text(&input, "locale", lang_code(req->lang));
	fields_add_text(&input, "next", page_login_next(req));
	fields_add_text(&input, "peer", request_peer(req));
	act.input = arena_span(req->arena, buf_span(&input));
	token_wipe(input.data, input.len);
	buf_free(&input);
	return request_act(req, reply, &act, on_asked, err);
}

bool
page_register_enter(struct request *req, struct reply *reply, const struct site_answer *answer)
{
	const char *next = fields_text(&answer->output, "next", req->arena);
	bool registered = fields_has(&answer->output, "registered");

	if (registered && *next == '\0')
		next = url_with(req, url_own(req, "/account"), "done", "registered");
	return page_login_enter(req, reply, answer, next);
}

static bool
on_confirmed(
    struct request *req, const struct site_answer *answer, struct reply *reply, struct err *err)
{
	if (!answer->ok)
		return refuse(req, reply, true, WRONG_NOTHING, &answer->err, err);
	return page_register_enter(req, reply, answer);
}

/* POST /register/code */
bool
page_register_code(struct request *req, struct reply *reply, struct err *err)
{
	static const char *const names[] = { "address", "code", NULL };
	struct site_act act = { .name = "registration.confirm", .fd = -1 };
	struct err why = { 0 };

	if (!form_check_token(req, &why))
		return refuse(req, reply, true, WRONG_NOTHING, &why, err);
	act.input = form_input(req, names);
	return request_act(req, reply, &act, on_confirmed, err);
}
