/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/act_may.h"

#include <string.h>

#include "rules/signup.h"
#include "rules/standing.h"
#include "store/post.h"
#include "store/thread.h"
#include "text/i18n.h"

bool
may_administrator(struct clerk *clerk, const struct act *act, struct err *err)
{
	(void)clerk;
	return act->administrator || err_set(err, ERR_DENIED, "only an administrator may do this");
}

bool
may_signed_in(struct clerk *clerk, const struct act *act, struct err *err)
{
	(void)clerk;
	return act->actor != 0 || err_set(err, ERR_DENIED, TR("please sign in first"));
}

bool
may_signed_in_lately(struct clerk *clerk, const struct act *act, struct err *err)
{
	if (!may_signed_in(clerk, act, err))
		return false;
	return clerk->now - act->entered < SIGNUP_LATELY_MINUTES * 60 ||
	    err_set(err, ERR_DENIED, TR("you signed in too long ago for this: please sign in anew"));
}

bool
may_visit(struct clerk *clerk, const struct act *act, struct err *err)
{
	(void)clerk;
	return act->door == DOOR_WEB || act->administrator ||
	       err_set(err, ERR_DENIED, "nobody signs in through this door");
}

bool
may_house(struct clerk *clerk, const struct act *act, struct err *err)
{
	(void)clerk;
	return act->door == DOOR_HOUSE || act->administrator ||
	       err_set(err, ERR_DENIED, "only an administrator may do this");
}

bool
may_alarm(struct clerk *clerk, const struct act *act, struct err *err)
{
	return act->door == DOOR_CHECKER || may_house(clerk, act, err);
}

bool
may_report(struct clerk *clerk, const struct act *act, struct err *err)
{
	return act->door == DOOR_WEB || act->door == DOOR_RELAY || may_house(clerk, act, err);
}

bool
may_relay(struct clerk *clerk, const struct act *act, struct err *err)
{
	(void)clerk;
	return act->door == DOOR_RELAY || err_set(err, ERR_DENIED, "only the relay may say this");
}

bool
may_deliver(struct clerk *clerk, const struct act *act, struct err *err)
{
	(void)clerk;
	return act->door == DOOR_MAIL || act->administrator ||
	       err_set(err, ERR_DENIED, "mail does not come through this door");
}

bool
may_oneself(struct clerk *clerk, const struct act *act, struct err *err)
{
	int64_t person = fields_int(&act->input, "person", act->actor);

	(void)clerk;
	if (act->administrator)
		return true;
	if (act->actor == 0)
		return err_set(err, ERR_DENIED, TR("please sign in first"));
	if (person != act->actor || fields_get(&act->input, "address").len > 0)
		return err_set(err, ERR_DENIED, "only an administrator may do this for another");
	return true;
}

/* What is not there and what may not be seen read alike, to the last letter. */
static bool
not_there(struct err *err, const char *no)
{
	return err->kind == ERR_NOT_FOUND && err_set(err, ERR_NOT_FOUND, "%s", no);
}

/* What the actor may not read is not there. */
static bool
must_see(struct clerk *clerk, const struct act *act, const struct forum *forum,
    struct standing *standing, struct err *err)
{
	struct axes axes = standing_axes(forum);
	struct person person;

	if (!standing_find(
		clerk->db, act->arena, clerk->now, act->actor, forum, &person, standing, err))
		return false;
	return permission_read(standing, &axes) ||
	       err_set(err, ERR_NOT_FOUND, TR("there is no such forum"));
}

/* The forum of a post that everybody in it may read. */
static bool
forum_of_published(
    struct clerk *clerk, const struct act *act, int64_t post, struct forum *forum, struct err *err)
{
	struct post head;

	if (!post_find_head(clerk->db, act->arena, post, &head, err) ||
	    !forum_find(clerk->db, act->arena, head.forum, forum, err))
		return false;
	return strcmp(head.state, "published") == 0 || err_set(err, ERR_NOT_FOUND, "held");
}

bool
act_forum(struct clerk *clerk, const struct act *act, struct forum *forum, struct err *err)
{
	int64_t parent = fields_int(&act->input, "parent", 0);
	struct span slug = fields_get(&act->input, "forum");
	struct standing standing;

	if (parent == 0)
		return (forum_find_slug(clerk->db, act->arena, slug, forum, err) &&
			   must_see(clerk, act, forum, &standing, err)) ||
		       not_there(err, TR("there is no such forum"));
	return (forum_of_published(clerk, act, parent, forum, err) &&
		   must_see(clerk, act, forum, &standing, err)) ||
	       not_there(err, TR("the message that is answered is not there"));
}

bool
may_write_in_forum(struct clerk *clerk, const struct act *act, struct err *err)
{
	struct standing standing;
	struct person person;
	struct forum forum;
	struct axes axes;

	if (act->actor == 0)
		return may_signed_in(clerk, act, err);
	if (!act_forum(clerk, act, &forum, err) || !standing_find(clerk->db, act->arena, clerk->now,
						       act->actor, &forum, &person, &standing, err))
		return false;
	axes = standing_axes(&forum);
	return permission_write(&standing, &axes, err);
}

static bool
moderates(struct clerk *clerk, const struct act *act, int64_t forum, struct err *err)
{
	struct standing standing;
	struct person person;
	struct forum row;

	return forum_find(clerk->db, act->arena, forum, &row, err) &&
	       standing_find(
		   clerk->db, act->arena, clerk->now, act->actor, &row, &person, &standing, err) &&
	       (permission_moderate(&standing) || err_set(err, ERR_NOT_FOUND, "not a moderator"));
}

/* Whether it is there at all is not for everybody to know. */
bool
may_moderate_forum(struct clerk *clerk, const struct act *act, struct err *err)
{
	struct post head;

	if (act->actor == 0 && act->administrator)
		return true;
	if (act->actor == 0)
		return may_signed_in(clerk, act, err);
	return (post_find_head(
		    clerk->db, act->arena, fields_int(&act->input, "post", 0), &head, err) &&
		   moderates(clerk, act, head.forum, err)) ||
	       not_there(err, TR("there is no such message"));
}

/* Whose it is, the act itself asks: of a message that may be read. */
bool
may_withdraw(struct clerk *clerk, const struct act *act, struct err *err)
{
	int64_t post = fields_int(&act->input, "post", 0);
	struct standing standing;
	struct forum forum;
	struct post head;

	if (act->actor == 0)
		return may_signed_in(clerk, act, err);
	return (post_find_head(clerk->db, act->arena, post, &head, err) &&
		   (head.author == act->actor ||
		       (forum_of_published(clerk, act, post, &forum, err) &&
			   must_see(clerk, act, &forum, &standing, err)))) ||
	       not_there(err, TR("there is no such message"));
}

bool
may_moderate_thread(struct clerk *clerk, const struct act *act, struct err *err)
{
	struct thread thread;

	if (act->actor == 0 && act->administrator)
		return true;
	if (act->actor == 0)
		return may_signed_in(clerk, act, err);
	return (thread_find_head(
		    clerk->db, act->arena, fields_int(&act->input, "thread", 0), &thread, err) &&
		   moderates(clerk, act, thread.forum, err)) ||
	       not_there(err, TR("there is no such discussion"));
}
