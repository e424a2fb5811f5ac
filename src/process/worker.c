/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/worker.c: from the START message to the end of the loop. */
#include "config.h"

#include "process/worker.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "base/token.h"
#include "mail/mail_token.h"
#include "process/role.h"
#include "process/worker_walls.h"
#include "process/sandbox.h"

enum { CONTROL_FD = 3, START_WAIT_MS = 10000, DRAIN_MS = 30000, BEAT_MS = 1000 };

int
worker_fd(const struct worker *worker, const char *name, int number)
{
	struct span field, value;
	size_t at = 0;

	while (fields_next(&worker->start, &at, &field, &value)) {
		struct fields fd;
		if (!span_is(field, "fd") || !fields_read(&fd, value))
			continue;
		if (span_is(fields_get(&fd, "name"), name) && number-- == 0)
			return (int)fields_int(&fd, "fd", -1);
	}
	return -1;
}

bool
worker_key(const struct worker *worker, const char *name, uint8_t key[32])
{
	char field[32];
	struct span value;

	snprintf(field, sizeof field, "key.%s", name);
	value = fields_get(&worker->start, field);
	if (value.len != KEY_SIZE)
		return false;
	memcpy(key, value.data, KEY_SIZE);
	return true;
}

/* A key's id is drawn from the key itself, so that it stays the same when the current
 * key becomes the old one. */
static void
set_token_key(const struct worker *worker, const char *name, bool current, struct mail_keys *keys)
{
	uint8_t key[KEY_SIZE];

	if (worker_key(worker, name, key))
		mail_keys_set(keys, key[0] % MAIL_KEY_IDS, key, current);
	token_wipe(key, sizeof(key));
}

void
worker_token_keys(const struct worker *worker, struct mail_keys *keys)
{
	set_token_key(worker, "token.old", false, keys);
	set_token_key(worker, "token", true, keys);
}

void
worker_send(struct worker *worker, struct span message, int fd)
{
	channel_send(worker->channel, message, fd);
}

void
worker_exit(struct worker *worker)
{
	loop_stop(worker->loop);
}

static void
on_message(struct channel *channel, const struct frame *frame, int *fd, void *arg)
{
	struct worker *worker = arg;

	(void)channel;
	if (frame->incarnation != worker->incarnation && frame->kind != MESSAGE_HINT)
		return; /* meant for an earlier life of this worker */
	if (worker->ops->message != NULL)
		worker->ops->message(worker, frame, fd);
}

/* The supervisor holds both ends: this means that it is gone or that we are out of step. */
static void
on_closed(struct channel *channel, void *arg)
{
	(void)channel;
	(void)arg;
	log_warn("worker channel=closed exit=1");
	_exit(1);
}

static bool
read_settings(struct worker *worker, const struct fields *fields, struct err *err)
{
	struct arena *arena = arena_new();
	struct settings settings;
	const char *file = fields_text(fields, "settings.file", arena);

	if (!settings_read(arena, fields_get(fields, "settings"), file, &settings, err)) {
		arena_free(&arena);
		return false;
	}
	worker->tls_chain = arena_span(arena, fields_get(fields, "tls.chain"));
	worker->tls_key = arena_span(arena, fields_get(fields, "tls.key"));
	arena_free(&worker->settings_arena);
	worker->settings_arena = arena;
	worker->settings = settings;
	return true;
}

static void
on_reload(struct worker *worker, const struct frame *frame)
{
	struct err err = { 0 };

	if (!read_settings(worker, &frame->fields, &err) ||
	    (worker->ops->reload != NULL && !worker->ops->reload(worker, &err)))
		log_error("worker reload=refused why=\"%s\"", err.text);
	else
		log_info("worker reload=done");
}

static void
on_drain_over(void *arg)
{
	log_warn("worker drain=late");
	worker_exit(arg);
}

static void
on_stop(struct worker *worker)
{
	if (worker->draining)
		return;
	worker->draining = true;
	loop_timer_set(worker->drain_timer, DRAIN_MS);
	if (worker->ops->drain != NULL)
		worker->ops->drain(worker);
	else
		worker_exit(worker);
}

static void
on_worker_up(struct worker *worker, const struct frame *frame)
{
	struct arena *arena = arena_new();

	if (worker->ops->worker_up != NULL)
		worker->ops->worker_up(worker, fields_text(&frame->fields, "role", arena),
		    (int)fields_int(&frame->fields, "index", 0),
		    (uint32_t)fields_int(&frame->fields, "incarnation", 0),
		    fields_int(&frame->fields, "killed", 0) != 0 ? WORKER_KILLED
		    : fields_int(&frame->fields, "died", 0) != 0 ? WORKER_DIED
		                                                 : WORKER_ENDED);
	arena_free(&arena);
}

static void
on_control(struct channel *channel, const struct frame *frame, int *fd, void *arg)
{
	struct worker *worker = arg;

	(void)channel;
	(void)fd;
	switch (frame->kind) {
	case MESSAGE_RELOAD:
		on_reload(worker, frame);
		break;
	case MESSAGE_STOP:
		on_stop(worker);
		break;
	case MESSAGE_CLERK_UP:
		if (worker->ops->clerk_up != NULL)
			worker->ops->clerk_up(worker);
		break;
	case MESSAGE_WORKER_UP:
		on_worker_up(worker, frame);
		break;
	default:
		log_warn("worker control=unknown kind=%u", (unsigned)frame->kind);
	}
}

/* Roles share uids: without this a broken one could read the memory of its neighbour, where
 * the keys are, by ptrace or /proc. The leak checker of the sanitizers works that way. */
static bool
close_memory(void)
{
#ifdef PREAU_SANITIZERS
	return true;
#else
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
#endif
}

/* The descriptors were inherited without close-on-exec so that they survive our own
 * exec; from here on nobody else may inherit them. */
static void
harden(const struct role *role)
{
	struct rlimit none = { 0, 0 };
	struct err err = { 0 };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0 ||
	    !close_memory())
		die("worker cannot be hardened");
	if (!sandbox_confine((role->flags & ROLE_CALLS) != 0, (role->flags & ROLE_OWNER) != 0, &err))
		die("worker cannot be hardened: %s", err.text);
	close(STDIN_FILENO);
}

/* A request takes some hundred KiB and gives them back: to be had from the kernel each time,
 * page by page, would cost more than all that is done with them. */
static void
keep_memory(void)
{
#ifdef __GLIBC__
	(void)mallopt(M_MMAP_THRESHOLD, 1024 * 1024);
	(void)mallopt(M_TRIM_THRESHOLD, 4 * 1024 * 1024);
#endif
}

static bool
take_start(struct worker *worker, struct buf *message, struct err *err)
{
	struct frame frame;
	int passed;

	if (!packet_receive(CONTROL_FD, message, &passed, START_WAIT_MS))
		return err_set(err, ERR_BROKEN,
		    "no supervisor on descriptor 3 (this command is started by preau serve)");
	file_close(&passed);
	if (!frame_read(&frame, buf_span(message)) || frame.kind != MESSAGE_START)
		return err_set(err, ERR_BROKEN, "the first message is not START");
	worker->start = frame.fields;
	worker->incarnation = frame.incarnation;
	worker->index = (int)fields_int(&frame.fields, "index", 0);
	worker->after_death = fields_int(&frame.fields, "after.death", 0) != 0;
	return read_settings(worker, &worker->start, err);
}

static void
tell_supervisor(struct worker *worker, enum message_kind kind)
{
	struct buf message = { 0 };

	frame_begin(&message, (uint16_t)kind, worker->incarnation, 0);
	channel_send(worker->control, buf_span(&message), -1);
	buf_free(&message);
}

static void
on_beat(void *arg)
{
	tell_supervisor(arg, MESSAGE_BEAT);
}

static bool
begin(struct worker *worker, const struct role *role, struct buf *message, struct err *err)
{
	uint8_t key[KEY_SIZE];
	int fd;

	if (!take_start(worker, message, err))
		return false;
	log_open(arena_printf(worker->arena, "%s.%d", worker->role, worker->index),
	    (enum log_level)worker->settings.log_level);
	if (worker_key(worker, "log", key))
		log_key(key);
	worker->loop = loop_new();
	worker->drain_timer = loop_timer_new(worker->loop, on_drain_over, worker);
	worker->beat_timer = loop_timer_new(worker->loop, on_beat, worker);
	worker->control = channel_new(worker->loop, CONTROL_FD, on_control, on_closed, worker);
	fd = worker_fd(worker, "channel", 0);
	if (fd >= 0)
		worker->channel = channel_new(worker->loop, fd, on_message, on_closed, worker);
	return worker_walls(worker, role, err) && worker->ops->start(worker, err);
}

static void
finish(struct worker *worker)
{
	if (worker->ops->stop != NULL && worker->state != NULL)
		worker->ops->stop(worker);
	channel_free(&worker->channel);
	channel_free(&worker->control);
	if (worker->drain_timer != NULL)
		loop_timer_free(&worker->drain_timer);
	if (worker->beat_timer != NULL)
		loop_timer_free(&worker->beat_timer);
	if (worker->loop != NULL)
		loop_free(&worker->loop);
	arena_free(&worker->settings_arena);
	arena_free(&worker->arena);
}

int
worker_main(const char *name)
{
	struct worker worker = { .role = name, .arena = arena_new() };
	const struct role *role = role_find(name);
	struct buf message = { 0 };
	struct err err = { 0 };
	int status = 0;

	log_open(name, LOG_LEVEL_INFO);
	if (role == NULL) {
		fprintf(stderr, "preau: there is no role %s\n", name);
		arena_free(&worker.arena);
		return EXIT_SETTINGS;
	}
	worker.ops = role->ops;
	keep_memory();
	harden(role);
	buf_init(&message, MESSAGE_MAX);
	if (begin(&worker, role, &message, &err)) {
		tell_supervisor(&worker, MESSAGE_READY);
		loop_timer_repeat(worker.beat_timer, BEAT_MS);
		loop_run(worker.loop);
	} else {
		log_error("worker start=failed why=\"%s\"", err.text);
		status = settings_exit(&err);
	}
	finish(&worker);
	token_wipe(message.data, message.len);
	buf_free(&message);
	return status;
}
