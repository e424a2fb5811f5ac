/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/supervisor.c: the life of the children.
 *
 * Order of starting: the clerk; when it is ready, everybody else. Order of ending:
 * the doors drain, then parser and auth, then the clerk, which has the last word in
 * the book. A child that dies is started again at once; one that dies again and
 * again waits longer each time. */
#include "process/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "process/channel.h"
#include "process/handed.h"
#include "process/house.h"
#include "process/notify.h"
#include "process/role.h"
#include "process/spawn.h"

enum {
	CHILDREN_MAX = WEB_WORKERS_MAX + 8, /* seven others: see role.c */
	CHANNEL_BUFFER = 1024 * 1024, /* octets asked of the kernel for each direction */
	LONG_LIFE_MS = 5000,          /* a death after that is not "again" */
	FIRST_BACKOFF_MS = 100,
	LAST_BACKOFF_MS = 10000,
	WATCH_MS = 1000,
	LOOKS_MAX = 12,              /* without a beat, then a web worker is replaced */
	STOP_MS = 40000
};

struct child {
	struct supervisor *supervisor;
	const struct role *role;
	int index;
	pid_t pid; /* 0: not running */
	uint32_t incarnation;
	bool ready, stopping;
	bool died;                 /* its last life ended badly */
	bool suspect;              /* and not by a SIGKILL from outside: what it held may be poison */
	int deaths;                /* in a row, each after a short life */
	int64_t started;           /* ticks */
	int looks;                 /* of the watch, since it was last heard */
	struct channel *control;
	struct loop_timer *again;
	int clerk_end, worker_end; /* of its channel; -1 for the clerk */
};

struct supervisor {
	struct loop *loop;
	struct house house;
	const struct supervisor_options *options;
	struct child children[CHILDREN_MAX];
	int count;
	uint32_t incarnations;
	bool stopping, told_ready;
	int status;
	struct loop_timer *watch_timer, *stop_timer;
};

static void
child_start(struct child *child);
static void
stop_next(struct supervisor *s);

static struct child *
clerk_of(struct supervisor *s)
{
	return &s->children[0];
}

static bool
is_clerk(const struct child *child)
{
	return child == clerk_of(child->supervisor);
}

static void
tell(struct child *child, enum message_kind kind, const struct buf *fields)
{
	struct buf message = { 0 };

	if (child->control == NULL)
		return;
	frame_begin(&message, (uint16_t)kind, child->incarnation, 0);
	if (fields != NULL)
		buf_add_span(&message, buf_span(fields));
	channel_send(child->control, buf_span(&message), -1);
	buf_free(&message);
}

/* ---- starting ---- */

struct handing {
	int fds[SPAWN_FDS_MAX];
	int count;
	struct buf fields;
};

/* One more descriptor for the child, and its line in START. */
static void
hand(struct handing *h, const char *name, int fd, const struct child *of)
{
	struct buf entry = { 0 };

	if (h->count == SPAWN_FDS_MAX)
		die("too many descriptors to hand down");
	fields_add_text(&entry, "name", name);
	fields_add_int(&entry, "fd", SPAWN_FIRST_FD + h->count);
	if (of != NULL) {
		fields_add_text(&entry, "role", of->role->name);
		fields_add_int(&entry, "index", of->index);
		fields_add_int(&entry, "incarnation", of->incarnation);
	}
	fields_add(&h->fields, "fd", buf_span(&entry));
	h->fds[h->count++] = fd;
	buf_free(&entry);
}

static void
hand_keys(struct handing *h, const struct child *child)
{
	struct span rest = span_of(child->role->keys), name;
	char field[32];

	while (span_next(&rest, ' ', &name)) {
		const uint8_t *key = house_key(&child->supervisor->house, name);
		if (key == NULL)
			continue;
		snprintf(field, sizeof field, "key." SPAN_FORMAT, SPAN_ARGS(name));
		fields_add(&h->fields, field, span_make(key, KEY_SIZE));
	}
}

static bool
wants(const struct child *child, const char *name)
{
	struct span rest = span_of(child->role->listens), word;
	bool spools = (child->role->flags & ROLE_SPOOLS) != 0;

	if (spools && span_starts(span_of(name), "spool."))
		return strcmp(name + strlen("spool."), child->role->name) == 0;
	if (is_clerk(child) && strcmp(name, "lock") == 0)
		return true;
	while (span_next(&rest, ' ', &word))
		if (span_is(word, name))
			return true;
	return false;
}

static void
hand_descriptors(struct handing *h, const struct child *child)
{
	struct supervisor *s = child->supervisor;

	if (child->worker_end >= 0)
		hand(h, "channel", child->worker_end, NULL);
	for (int i = 0; is_clerk(child) && i < s->count; i++)
		if (s->children[i].clerk_end >= 0)
			hand(h, "worker", s->children[i].clerk_end, &s->children[i]);
	for (int i = 0; i < s->house.open_count; i++) {
		const struct house_listener *open = &s->house.open[i];
		if (wants(child, open->name))
			hand(h, strncmp(open->name, "spool.", 6) == 0 ? "spool" : open->name,
			    open->fd, NULL);
	}
}

/* Settings, and for the doors that speak TLS certificate and key. */
static void
add_settings(const struct child *child, struct buf *out)
{
	const struct house *house = &child->supervisor->house;

	fields_add_text(out, "settings.file", house->file);
	fields_add(out, "settings", house->text);
	if (strstr(child->role->listens, "listen.") == NULL || house->tls_chain.len == 0)
		return;
	fields_add(out, "tls.chain", house->tls_chain);
	fields_add(out, "tls.key", house->tls_key);
}

static void
write_start(struct child *child, struct handing *h, struct buf *message)
{
	frame_begin(message, MESSAGE_START, child->incarnation, 0);
	fields_add_int(message, "index", child->index);
	fields_add_int(message, "after.death", child->suspect);
	add_settings(child, message);
	hand_keys(h, child);
	buf_add_span(message, buf_span(&h->fields));
}

static void
on_clerk_ready(struct supervisor *s)
{
	for (int i = 1; i < s->count; i++) {
		struct child *child = &s->children[i];
		if (child->pid == 0 && !loop_timer_is_set(child->again))
			child_start(child);
		else if ((child->role->flags & ROLE_DOOR) != 0)
			tell(child, MESSAGE_CLERK_UP, NULL);
	}
}

static void
say_ready(struct supervisor *s)
{
	for (int i = 0; i < s->count; i++)
		if (!s->children[i].ready)
			return;
	if (s->told_ready)
		return;
	s->told_ready = true;
	for (int i = 0; i < s->house.open_count; i++)
		if (s->house.open[i].address[0] != '\0')
			log_info("serve %s=%s", s->house.open[i].name, s->house.open[i].address);
	log_info("serve ready=yes site=%s", s->house.settings.site_url);
	notify_say("READY=1");
	if (s->options->ready_fd >= 0 && write(s->options->ready_fd, "r", 1) != 1)
		log_warn("serve ready_fd=closed");
}

static void
on_control(struct channel *channel, const struct frame *frame, int *fd, void *arg)
{
	struct child *child = arg;
	struct supervisor *s = child->supervisor;

	(void)channel;
	(void)fd;
	if (frame->incarnation != child->incarnation)
		return;
	child->looks = 0;
	if (frame->kind != MESSAGE_READY || child->ready)
		return;
	child->ready = true;
	log_info("serve up=%s.%d pid=%d incarnation=%u", child->role->name, child->index,
	    (int)child->pid, (unsigned)child->incarnation);
	if (is_clerk(child))
		on_clerk_ready(s);
	say_ready(s);
}

/* The clerk learns of every new life: jobs of the one before are its to send again. */
static void
tell_clerk(struct child *child)
{
	struct buf fields = { 0 };

	fields_add_text(&fields, "role", child->role->name);
	fields_add_int(&fields, "index", child->index);
	fields_add_int(&fields, "incarnation", child->incarnation);
	fields_add_int(&fields, "died", child->died);
	fields_add_int(&fields, "killed", child->died && !child->suspect);
	tell(clerk_of(child->supervisor), MESSAGE_WORKER_UP, &fields);
	buf_free(&fields);
}

static void
child_start(struct child *child)
{
	struct supervisor *s = child->supervisor;
	struct handing h = { 0 };
	struct buf message = { 0 };
	struct err err = { 0 };
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		die("socketpair: %s", strerror(errno));
	child->incarnation = ++s->incarnations;
	child->ready = child->stopping = false;
	child->looks = 0;
	child->started = clock_ticks_ms();
	h.fds[h.count++] = pair[1];
	hand_descriptors(&h, child);
	buf_init(&message, MESSAGE_MAX);
	write_start(child, &h, &message);
	if (!spawn(&s->house, child->role, h.fds, h.count, &child->pid, &err)) {
		log_error("serve start=%s.%d why=\"%s\"", child->role->name, child->index, err.text);
		loop_timer_set(child->again, LAST_BACKOFF_MS);
		child->pid = 0;
		close(pair[0]);
		goto out;
	}
	child->control = channel_new(s->loop, pair[0], on_control, NULL, child);
	channel_send(child->control, buf_span(&message), -1);
	if (!is_clerk(child))
		tell_clerk(child);
out:
	close(pair[1]);
	token_wipe(message.data, message.len);
	token_wipe(h.fields.data, h.fields.len);
	buf_free(&message);
	buf_free(&h.fields);
}

static void
on_again(void *arg)
{
	struct child *child = arg;

	/* Readers wait for the clerk; it starts them when it is ready. */
	if (child->supervisor->stopping || child->pid != 0)
		return;
	if (is_clerk(child) || clerk_of(child->supervisor)->ready)
		child_start(child);
}

/* ---- dying ---- */

static void
start_again(struct child *child)
{
	int64_t wait = 0;

	child->deaths = clock_ticks_ms() - child->started > LONG_LIFE_MS ? 0 : child->deaths + 1;
	if (child->deaths > 1)
		wait = FIRST_BACKOFF_MS << (child->deaths - 2 > 6 ? 6 : child->deaths - 2);
	if (wait > LAST_BACKOFF_MS)
		wait = LAST_BACKOFF_MS;
	loop_timer_set(child->again, wait);
}

static void
on_death(struct child *child, int status)
{
	struct supervisor *s = child->supervisor;
	bool not_spawned = WIFEXITED(status) && WEXITSTATUS(status) == SPAWN_FAILED;
	bool may_again = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_AGAIN;
	bool could_not_start = not_spawned || may_again ||
	    (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SETTINGS);

	if (WIFSIGNALED(status))
		log_warn("serve down=%s.%d pid=%d signal=%d", child->role->name, child->index,
		    (int)child->pid, WTERMSIG(status));
	else
		log_info("serve down=%s.%d pid=%d exit=%d", child->role->name, child->index,
		    (int)child->pid, WEXITSTATUS(status));
	if (not_spawned)
		log_error("serve start=%s.%d why=\"its user cannot run this program: look at the "
		          "permissions of its folders and of the system's\"",
		    child->role->name, child->index);
	channel_free(&child->control);
	child->pid = 0;
	child->died = !child->stopping;
	child->suspect = child->died && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	child->ready = false;
	if (s->stopping) {
		stop_next(s);
	} else if (could_not_start && !s->told_ready) {
		s->status = may_again ? EXIT_AGAIN : EXIT_SETTINGS;
		s->stopping = true;
		stop_next(s);
	} else {
		start_again(child);
	}
}

static void
on_sigchld(int number, void *arg)
{
	struct supervisor *s = arg;
	int status;
	pid_t pid;

	(void)number;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (int i = 0; i < s->count; i++)
			if (s->children[i].pid == pid)
				on_death(&s->children[i], status);
}

/* A web worker caught in one read holds the checkpoint back: it is replaced. Looks are counted,
 * not seconds: a machine that stood still as a whole is nobody's fault. */
static void
on_watch(void *arg)
{
	struct supervisor *s = arg;

	for (int i = 0; i < s->count; i++) {
		struct child *child = &s->children[i];
		if (child->pid == 0 || !child->ready || strcmp(child->role->name, "web") != 0 ||
		    ++child->looks < LOOKS_MAX)
			continue;
		log_error("serve stuck=%s.%d pid=%d", child->role->name, child->index,
		    (int)child->pid);
		kill(child->pid, SIGKILL);
		child->looks = 0;
	}
}

/* ---- ending ---- */

static int
stop_rank(const struct child *child)
{
	return is_clerk(child) ? 2 : (child->role->flags & ROLE_DOOR) != 0 ? 0 : 1;
}

/* The lowest rank that is still alive is asked to drain; none: the loop ends. */
static void
stop_next(struct supervisor *s)
{
	int rank = 3;

	for (int i = 0; i < s->count; i++)
		if (s->children[i].pid != 0 && stop_rank(&s->children[i]) < rank)
			rank = stop_rank(&s->children[i]);
	if (rank == 3) {
		loop_stop(s->loop);
		return;
	}
	for (int i = 0; i < s->count; i++) {
		struct child *child = &s->children[i];
		if (child->pid == 0 || stop_rank(child) != rank || child->stopping)
			continue;
		child->stopping = true;
		tell(child, MESSAGE_STOP, NULL);
	}
}

static void
on_stop_late(void *arg)
{
	struct supervisor *s = arg;

	for (int i = 0; i < s->count; i++)
		if (s->children[i].pid != 0) {
			log_warn("serve drain=late pid=%d", (int)s->children[i].pid);
			kill(s->children[i].pid, SIGKILL);
		}
}

static void
on_sigterm(int number, void *arg)
{
	struct supervisor *s = arg;

	if (s->stopping)
		return;
	log_info("serve stop=asked signal=%d", number);
	notify_say("STOPPING=1");
	s->stopping = true;
	loop_timer_set(s->stop_timer, STOP_MS);
	stop_next(s);
}

static void
on_sighup(int number, void *arg)
{
	struct supervisor *s = arg;
	struct buf fields = { 0 };
	struct err err = { 0 };

	(void)number;
	notify_reloading();
	if (!house_reread(&s->house, &err)) {
		log_error("serve reload=refused why=\"%s\"", err.text);
		notify_say("READY=1\nSTATUS=The new settings are wrong, the old ones stay: see the log.");
		return;
	}
	buf_init(&fields, MESSAGE_MAX);
	for (int i = 0; i < s->count; i++) {
		buf_clear(&fields);
		add_settings(&s->children[i], &fields);
		tell(&s->children[i], MESSAGE_RELOAD, &fields);
	}
	token_wipe(fields.data, fields.room);
	buf_free(&fields);
	log_info("serve reload=told");
	notify_say("READY=1\nSTATUS=");
}

/* ---- all of it ---- */

static void
child_add(struct supervisor *s, const struct role *role, int index)
{
	struct child *child = &s->children[s->count++];
	int pair[2], room = CHANNEL_BUFFER;

	child->supervisor = s;
	child->role = role;
	child->index = index;
	child->clerk_end = child->worker_end = -1;
	child->again = loop_timer_new(s->loop, on_again, child);
	if (s->count == 1)
		return;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
		die("socketpair: %s", strerror(errno));
	for (int i = 0; i < 2; i++) /* a smaller buffer is only slower */
		(void)setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	child->clerk_end = pair[0];
	child->worker_end = pair[1];
}

static bool
has_open(const struct supervisor *s, const char *name)
{
	for (int i = 0; i < s->house.open_count; i++)
		if (strcmp(s->house.open[i].name, name) == 0)
			return true;
	return false;
}

static bool
is_wanted(const struct supervisor *s, const struct role *role)
{
	if ((role->flags & ROLE_DOOR) == 0)
		return true;
	if (s->options->console_only)
		return false;
	if (strcmp(role->name, "web") == 0)
		return has_open(s, "listen.http");
	if (strcmp(role->name, "intake") == 0)
		return has_open(s, "listen.smtp") || has_open(s, "listen.lmtp");
	return true;
}

static void
run(struct supervisor *s)
{
	struct loop_signal *signals[4];

	for (const struct role *role = roles; role->name != NULL; role++)
		for (int i = 0; is_wanted(s, role) && i < role_count(role, &s->house.settings); i++) {
			if (s->count == CHILDREN_MAX)
				die("there are more processes than places");
			child_add(s, role, i);
		}
	signals[0] = loop_signal_new(s->loop, SIGCHLD, on_sigchld, s);
	signals[1] = loop_signal_new(s->loop, SIGTERM, on_sigterm, s);
	signals[2] = loop_signal_new(s->loop, SIGINT, on_sigterm, s);
	signals[3] = loop_signal_new(s->loop, SIGHUP, on_sighup, s);
	s->watch_timer = loop_timer_new(s->loop, on_watch, s);
	s->stop_timer = loop_timer_new(s->loop, on_stop_late, s);
	loop_timer_repeat(s->watch_timer, WATCH_MS);
	child_start(clerk_of(s));
	loop_run(s->loop);
	for (int i = 0; i < 4; i++)
		loop_signal_free(&signals[i]);
	loop_timer_free(&s->watch_timer);
	loop_timer_free(&s->stop_timer);
	for (int i = 0; i < s->count; i++) {
		channel_free(&s->children[i].control);
		loop_timer_free(&s->children[i].again);
		file_close(&s->children[i].clerk_end);
		file_close(&s->children[i].worker_end);
	}
}

int
supervisor_run(const struct supervisor_options *options)
{
	struct supervisor *s = x_calloc(1, sizeof *s);
	struct err err = { 0 };
	int status;

	s->options = options;
	log_open("serve", LOG_LEVEL_INFO);
	if (!options->console_only)
		notify_open();
	if ((!options->console_only && !handed_take(&err)) ||
	    !house_read(&s->house, options->file, &err) ||
	    !house_open(&s->house, !options->console_only, &err)) {
		fprintf(stderr, "preau: %s\n", err.text);
		if (s->house.arena != NULL)
			arena_free(&s->house.arena); /* what lies in run/ may be of another server */
		free(s);
		return settings_exit(&err);
	}
	log_open("serve", (enum log_level)s->house.settings.log_level);
	log_key(house_key(&s->house, span_of("log")));
	s->loop = loop_new();
	run(s);
	loop_free(&s->loop);
	house_close(&s->house);
	log_info("serve stop=done");
	status = s->status;
	free(s);
	return status;
}
