/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/pages.h: the page functions, as the table of routes names them. Each stands in
 * the file page_X.c after the first word of its name; page_roll_* in page_rolls.c, page_password_* in
 * page_account.c. */
#pragma once

#include "web/request.h"

enum { THREAD_WHOLE = 500 }; /* posts of a discussion on one page; longer ones go by pages */

page_fn page_home_show;
page_fn page_forum_show, page_forum_waits, page_forum_subscribe;
page_fn page_thread_show;
page_fn page_post_show, page_post_find;
page_fn page_write_new, page_write_new_send, page_write_reply, page_write_reply_send;
page_fn page_login_show, page_login_ask, page_login_code, page_login_logout;
page_fn page_forgot_show, page_forgot_ask;
page_fn page_register_show, page_register_ask, page_register_code;
page_fn page_account_show, page_account_set, page_account_session;
page_fn page_password_show, page_password_set;
page_fn page_decide_post, page_decide_thread;
page_fn page_house_journal, page_house_all, page_house_members, page_house_member_set;
page_fn page_settings_new, page_settings_create, page_settings_show, page_settings_save;
page_fn page_search_show;
page_fn page_feed_forum, page_feed_thread, page_feed_sitemap, page_feed_sitemap_part,
    page_feed_robots;
page_fn page_archive_forum, page_archive_thread;
page_fn page_rolls_show, page_rolls_create;
page_fn page_roll_show, page_roll_issue, page_roll_revoke;
page_fn page_confirm_show, page_confirm_send;
page_fn page_moderate_show, page_moderate_forum, page_moderate_decide, page_moderate_bulk;
page_fn page_unsubscribe_show, page_unsubscribe_send;
page_fn page_file_attachment, page_file_static, page_file_accent;
page_fn page_health_show, page_metrics_show;

/* The field next of the form or the address at hand, where it is a page of ours; else "". */
const char *
page_login_next(struct request *req);

/* Signed in by an act: the cookie, and the way to `next` (NULL or "": the home page). */
bool
page_login_enter(struct request *req, struct reply *reply, const struct site_answer *answer,
    const char *next);

/* The same for registration.confirm: where nothing was asked for first, to one's account. */
bool
page_register_enter(struct request *req, struct reply *reply, const struct site_answer *answer);

/* The page of a refusal; cannot fail: a line of text where the theme does. */
void
page_error_show(struct request *req, struct reply *reply, const struct err *err);
