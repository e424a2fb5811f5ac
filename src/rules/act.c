/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/act.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/token.h"
#include "rules/limit.h"
#include "store/db.h"
#include "store/house.h"
#include "store/journal.h"
#include "store/raw.h"
#include "store/session.h"

static const char *
door_name(enum door door)
{
	switch (door) {
	case DOOR_WEB:
		return "web";
	case DOOR_MAIL:
		return "mail";
	case DOOR_CONSOLE:
		return "console";
	case DOOR_RELAY:
		return "relay";
	case DOOR_CHECKER:
		return "checker";
	case DOOR_HOUSE:
		return "house";
	}
	return "house";
}

const struct act_kind *
act_kind_find(struct span name)
{
	for (const struct act_kind *kind = act_kinds; kind->name; kind++)
		if (span_is(name, kind->name))
			return kind;
	return NULL;
}

void
outcome_about(struct outcome *outcome, const char *noun, int64_t id, int64_t forum)
{
	(void)snprintf(outcome->object, sizeof(outcome->object), "%s %" PRId64, noun, id);
	outcome->forum = forum;
}

bool
act_find_actor(struct clerk *clerk, struct act *act, struct span session, struct err *err)
{
	uint8_t hash[SHA256_SIZE];
	struct session row;
	struct person person;

	act->actor = act->entered = 0;
	act->administrator = false;
	if (session.len == 0)
		return true;
	token_sha256(session, hash);
	if (!session_find(clerk->db, act->arena, hash, clerk->now, &row, &person, err)) {
		return err_forgive(err, ERR_NOT_FOUND);
	}
	if (strcmp(person.state, "active") != 0)
		return true;
	act->actor = person.id;
	act->entered = row.created;
	act->administrator = person.administrator;
	return true;
}

bool
act_set_actor(struct clerk *clerk, struct act *act, int64_t id, struct err *err)
{
	struct person person;

	act->actor = 0;
	if (!person_find(clerk->db, act->arena, id, &person, err))
		return err->kind == ERR_NOT_FOUND &&
		    err_set(err, ERR_NOT_FOUND, "there is no such active person");
	if (strcmp(person.state, "active") != 0)
		return err_set(err, ERR_NOT_FOUND, "there is no such active person");
	act->actor = id;
	return true;
}

bool
act_may(struct clerk *clerk, const struct act *act, struct err *err)
{
	if (!act_check_fields(act->kind->fields, &act->input, err))
		return false;
	return (!act->kind->may || act->kind->may(clerk, act, err)) &&
	       limit_check_act(clerk, act, err);
}

/* ---- the key ---- */

/* A key is only good for the same act of the same actor: nobody reads another's outcome
 * by guessing a key. */
static void
key_hash(const struct act *act, uint8_t hash[SHA256_SIZE])
{
	struct buf text = { 0 };

	buf_printf(&text, "%s %" PRId64 " ", act->kind->name, act->actor);
	buf_add_span(&text, act->key);
	token_sha256(buf_span(&text), hash);
	buf_free(&text);
}

static bool
has_key(const struct act *act)
{
	return (act->kind->needs & NEEDS_KEY) && act->key.len > 0;
}

/* True with *seen where this very act was done before: its outcome is in *outcome. */
static bool
key_seen(struct clerk *clerk, const struct act *act, struct outcome *outcome, bool *seen,
    struct err *err)
{
	uint8_t hash[SHA256_SIZE];
	struct span first;

	*seen = false;
	if (!has_key(act))
		return true;
	key_hash(act, hash);
	if (!act_key_find(clerk->db, act->arena, hash, &first, err)) {
		return err_forgive(err, ERR_NOT_FOUND);
	}
	buf_add_span(&outcome->output, first);
	*seen = true;
	return true;
}

static bool
key_keep(struct clerk *clerk, const struct act *act, const struct outcome *outcome, struct err *err)
{
	uint8_t hash[SHA256_SIZE];

	if (!has_key(act))
		return true;
	key_hash(act, hash);
	return act_key_add(clerk->db, hash, buf_span(&outcome->output), clerk->now, err);
}

/* ---- the journal ---- */

static bool
journal_keep(struct clerk *clerk, const struct act *act, const struct outcome *outcome,
    const char *how, struct err *err)
{
	struct journal entry = {
		.date = clerk->now,
		.act = act->kind->name,
		.actor = act->actor,
		.door = door_name(act->door),
		.object = outcome->object,
		.forum = outcome->forum,
		.outcome = how,
		.text = outcome->text,
	};

	return journal_add(clerk->db, &entry, NULL, err);
}

/* What a refused act leaves: the hook of its kind and, for acts that decide something, a
 * line of the journal. Its own trouble must not hide why the act was refused. */
static void
leave_traces(struct clerk *clerk, const struct act *act, const struct outcome *outcome,
    const struct err *why)
{
	struct err err = { 0 };
	bool ok = true;

	if (!db_in_transaction(clerk->db))
		return;
	if (act->kind->failed)
		ok = act->kind->failed(clerk, act, &err);
	if (ok && (act->kind->needs & NEEDS_JOURNAL) && why->kind != ERR_TEMPORARY)
		ok = journal_keep(clerk, act, outcome, err_kind_name(why->kind), &err);
	if (!ok)
		log_error("event=act-trace act=%s trace=%s error=\"%s\"", act->kind->name,
		    log_text(span_of(act->trace)), err.text);
}

static bool
do_act(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	if (act->kind->may && !act->kind->may(clerk, act, err))
		return false;
	if (!act->kind->run(clerk, act, outcome, err))
		return false;
	if ((act->kind->needs & NEEDS_JOURNAL) && !journal_keep(clerk, act, outcome, "done", err))
		return false;
	return key_keep(clerk, act, outcome, err);
}

bool
act_begin(struct clerk *clerk, struct err *err)
{
	if (!db_begin(clerk->db, err))
		return false;
	indexing_open(clerk);
	return true;
}

bool
act_commit(struct clerk *clerk, struct err *err)
{
	if (indexing_write(clerk, err))
		return db_commit(clerk->db, err);
	db_rollback(clerk->db);
	return false;
}

bool
act_run(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	size_t indexed = indexing_count(clerk);
	bool seen;

	if (!act_check_fields(act->kind->fields, &act->input, err))
		return false;
	if (!key_seen(clerk, act, outcome, &seen, err))
		return false;
	if (seen)
		return true;
	if (!limit_take_act(clerk, act, err) || !db_savepoint(clerk->db, err))
		return false;
	if (do_act(clerk, act, outcome, err))
		return db_release(clerk->db, err);
	buf_clear(&outcome->output);
	indexing_cut(clerk, indexed);
	db_undo(clerk->db);
	leave_traces(clerk, act, outcome, err);
	return false;
}

const struct ask_kind *
ask_kind_find(struct span name)
{
	for (const struct ask_kind *kind = ask_kinds; kind->name; kind++)
		if (span_is(name, kind->name))
			return kind;
	return NULL;
}

bool
ask_may(struct clerk *clerk, const struct ask_kind *kind, const struct act *act, struct err *err)
{
	return act_check_fields(kind->fields, &act->input, err) &&
	    (!kind->may || kind->may(clerk, act, err));
}

bool
ask_run(struct clerk *clerk, const struct ask_kind *kind, const struct act *act,
    struct outcome *outcome, struct err *err)
{
	return ask_may(clerk, kind, act, err) && kind->run(clerk, act, outcome, err);
}

bool
act_keep_raw(struct clerk *clerk, const struct act *act, int64_t *raw, struct err *err)
{
	int64_t size = fields_int(&act->input, "size", -1);
	struct span octets;

	/* The mail door bounds what it takes; one that was taken over would not, and all wait
	 * while the clerk copies. */
	if (act->fd >= 0 && act->door == DOOR_MAIL && size > clerk->settings->mail_size)
		return err_set(err, ERR_INVALID, "the mail is larger than is taken");
	if (act->fd >= 0)
		return raw_add_fd(clerk->db, act->fd, size, raw, err);
	octets = fields_get(&act->input, "raw");
	if (octets.data == NULL) /* what is not there is no empty mail */
		return err_set(err, ERR_TEMPORARY, "the octets did not come along");
	return raw_add(clerk->db, octets, raw, err);
}
