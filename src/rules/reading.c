/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/reading.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/token.h"
#include "mail/mail_token.h"
#include "rules/reading_work.h"
#include "store/house.h"
#include "store/readonly.h"
#include "store/registration.h"
#include "store/session.h"
#include "store/token_row.h"

enum { WAITING_MOST = 1000 };

/* ---- the book ---- */

struct reading_book *
reading_book_open(const struct settings *settings, struct err *err)
{
	struct reading_book *book;
	struct db *db;

	if (!db_open_reader(settings->data, &db, err))
		return NULL;
	book = x_calloc(1, sizeof(*book));
	book->db = db;
	book->settings = settings;
	return book;
}

void
reading_book_close(struct reading_book **book)
{
	if (*book == NULL)
		return;
	db_close(&(*book)->db);
	free(*book);
	*book = NULL;
}

bool
reading_book_changed(struct reading_book *book)
{
	return db_changed(book->db);
}

bool
reading_public_version(struct reading_book *book, int64_t *version, struct err *err)
{
	return public_version_read(book->db, version, err);
}

int64_t
reading_book_damage(const struct reading_book *book)
{
	return db_damage_count(book->db);
}

bool
reading_book_closed(const struct reading_book *book)
{
	return readonly_is(book->settings->data);
}

/* ---- the viewer ---- */

static bool
find_viewer(struct reading *reading, struct span secret, struct err *err)
{
	uint8_t hash[SHA256_SIZE];
	struct session session;

	if (secret.len == 0)
		return true;
	token_sha256(secret, hash);
	if (!session_find(reading->db, reading->arena, hash, reading->now, &session,
		&reading->person, err)) {
		reading->person = (struct person){ 0 };
		return err_forgive(err, ERR_NOT_FOUND);
	}
	if (strcmp(reading->person.state, "active") != 0) {
		reading->person = (struct person){ 0 };
		return true;
	}
	reading->session = session.id;
	reading->entered = session.created;
	reading->viewer.seen_stale = reading->now - session.seen >= SESSION_SEEN_EVERY;
	return mandate_list_person(reading->db, reading->arena, reading->person.id, reading->now,
	    &reading->mandates, &reading->mandate_count, err);
}

static bool
is_moderator(const struct reading *reading)
{
	for (size_t i = 0; i < reading->mandate_count; i++)
		if (strcmp(reading->mandates[i].role, "moderator") == 0)
			return true;
	return reading->person.administrator;
}

static bool
count_waiting(struct reading *reading, struct err *err)
{
	struct forum *forums;
	int64_t one;
	size_t count;

	if (!reading_moderated(reading, &forums, &count, err))
		return false;
	for (size_t i = 0; i < count && reading->viewer.waiting < WAITING_MOST; i++) {
		if (!post_count_held(reading->db, forums[i].id, &one, err))
			return false;
		reading->viewer.waiting += one;
	}
	return true;
}

static bool
fill_viewer(struct reading *reading, struct err *err)
{
	struct viewer *viewer = &reading->viewer;

	viewer->name = "";
	viewer->locale = "";
	if (reading->person.id == 0)
		return true;
	viewer->person = reading->person.id;
	viewer->name = reading->person.name_shown;
	viewer->locale = reading->person.locale;
	viewer->administrator = reading->person.administrator;
	viewer->moderates = is_moderator(reading);
	return !viewer->moderates || count_waiting(reading, err);
}

bool
reading_begin(struct reading_book *book, struct arena *arena, struct span session,
    struct reading **out, struct err *err)
{
	struct reading *reading = arena_alloc(arena, sizeof(*reading));

	*out = NULL;
	reading->db = book->db;
	reading->settings = book->settings;
	reading->arena = arena;
	reading->now = clock_now();
	if (!db_read_begin(book->db, err))
		return false;
	if (!find_viewer(reading, session, err) || !fill_viewer(reading, err)) {
		db_read_end(book->db);
		return false;
	}
	*out = reading;
	return true;
}

void
reading_end(struct reading **reading)
{
	if (*reading == NULL)
		return;
	db_read_end((*reading)->db);
	*reading = NULL;
}

const struct viewer *
reading_viewer(const struct reading *reading)
{
	return &reading->viewer;
}

/* ---- tokens ---- */

static const char *
forum_of_token(struct reading *reading, const struct token_row *row, const char **slug)
{
	struct forum forum;
	struct post post;
	struct err err;

	*slug = "";
	if (strcmp(row->purpose, "author") != 0 && strcmp(row->purpose, "moderate") != 0)
		return "";
	if (!post_find_head(reading->db, reading->arena, row->object, &post, &err) ||
	    !forum_find(reading->db, reading->arena, post.forum, &forum, &err))
		return "";
	*slug = forum.slug;
	return forum.name;
}

/* No row at all: a derived one, for all that can be known here. */
static bool
find_registration(struct reading *reading, const uint8_t hash[SHA256_SIZE],
    struct token_view *view, struct err *err)
{
	struct registration row;

	err_clear(err);
	if (!registration_find(reading->db, reading->arena, hash, &row, err)) {
		return err_forgive(err, ERR_NOT_FOUND);
	}
	view->purpose = "register";
	view->spent = row.used != 0 || row.expires <= reading->now;
	return true;
}

bool
reading_token(struct reading *reading, struct span token, struct token_view *view, struct err *err)
{
	char folded[MAIL_TOKEN_ROOM];
	uint8_t hash[SHA256_SIZE];
	struct token_row row;

	*view = (struct token_view){ .purpose = "unsubscribe", .forum_name = "", .forum_slug = "" };
	if (!mail_token_fold(token, folded))
		return err_set(err, ERR_NOT_FOUND, "this link is not known");
	token_sha256(span_of(folded), hash);
	if (!token_row_find(reading->db, reading->arena, hash, &row, err)) {
		if (err->kind != ERR_NOT_FOUND)
			return false;
		return find_registration(reading, hash, view, err);
	}
	view->purpose = row.purpose;
	view->spent = row.used != 0 || row.expires <= reading->now;
	view->forum_name = forum_of_token(reading, &row, &view->forum_slug);
	return true;
}

void
reading_csrf(struct span secret, const char *purpose, char out[44])
{
	uint8_t key[SHA256_SIZE], mac[SHA256_SIZE];
	struct buf text = { 0 };

	token_sha256(secret, key);
	buf_printf(&text, "csrf %s", purpose);
	token_hmac(key, buf_span(&text), mac);
	token_base64url(mac, sizeof(mac), out);
	token_wipe(key, sizeof(key));
	buf_free(&text);
}

bool
reading_must_administer(const struct reading *reading, struct err *err)
{
	return reading->viewer.administrator || err_set(err, ERR_NOT_FOUND, "no such address");
}
