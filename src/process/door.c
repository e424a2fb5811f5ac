/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/door.c: the open acts of one worker: a small table of slots. */
#include "process/door.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"

struct open_act {
	uint64_t id; /* 0: free */
	door_fn *fn; /* NULL: cancelled, the answer is awaited all the same */
	void *arg;
	struct buf message; /* to send it again */
	int fd;             /* duplicate, or -1 */
	bool again;         /* it was sent again already, or cannot be */
};

struct doorway {
	struct worker *worker;
	uint64_t next;
	int count;
	struct open_act open[DOOR_OPEN_MAX];
};

struct doorway *
door_new(struct worker *worker)
{
	struct doorway *door = x_calloc(1, sizeof *door);

	door->worker = worker;
	return door;
}

static void
slot_clear(struct doorway *door, struct open_act *act)
{
	file_close(&act->fd);
	buf_free(&act->message);
	memset(act, 0, sizeof *act);
	door->count--;
}

void
door_free(struct doorway **slot)
{
	struct doorway *door = *slot;

	if (door == NULL)
		return;
	for (int i = 0; i < DOOR_OPEN_MAX; i++)
		if (door->open[i].id != 0)
			slot_clear(door, &door->open[i]);
	free(door);
	*slot = NULL;
}

void
door_write(struct buf *message, uint32_t incarnation, uint64_t id, const struct door_request *request)
{
	frame_begin(message, request->ask ? MESSAGE_ASK : MESSAGE_ACT, incarnation, id);
	fields_add_text(message, request->ask ? "ask" : "act", request->name);
	if (request->key.len > 0)
		fields_add(message, "key", request->key);
	if (request->session.len > 0)
		fields_add(message, "session", request->session);
	if (request->as != 0)
		fields_add_int(message, "as", request->as);
	if (request->trace != NULL)
		fields_add_text(message, "trace", request->trace);
	fields_add(message, "input", request->input);
}

uint64_t
door_send(struct doorway *door, const struct door_request *request, door_fn *fn, void *arg)
{
	struct open_act *act = NULL;

	for (int i = 0; i < DOOR_OPEN_MAX && act == NULL; i++)
		if (door->open[i].id == 0)
			act = &door->open[i];
	if (act == NULL) {
		log_warn("door open=%d act=%s refused=temporary", door->count, request->name);
		return 0;
	}
	door->count++;
	act->id = ++door->next;
	act->fn = fn;
	act->arg = arg;
	act->fd = request->fd < 0 ? -1 : fcntl(request->fd, F_DUPFD_CLOEXEC, 3);
	act->again = request->fd >= 0 && act->fd < 0; /* there is no descriptor left to keep it by */
	buf_init(&act->message, MESSAGE_MAX);
	door_write(&act->message, door->worker->incarnation, act->id, request);
	worker_send(door->worker, buf_span(&act->message), request->fd);
	return act->id;
}

static struct open_act *
find_open(struct doorway *door, uint64_t id)
{
	for (int i = 0; i < DOOR_OPEN_MAX; i++)
		if (id != 0 && door->open[i].id == id)
			return &door->open[i];
	return NULL;
}

void
door_cancel(struct doorway *door, uint64_t number)
{
	struct open_act *act = find_open(door, number);

	if (act != NULL)
		act->fn = NULL;
}

void
door_read_answer(const struct frame *frame, struct door_answer *answer)
{
	struct span outcome = fields_get(&frame->fields, "outcome");

	memset(answer, 0, sizeof *answer);
	answer->ok = span_is(outcome, "ok");
	if (answer->ok && fields_read(&answer->output, fields_get(&frame->fields, "output")))
		return;
	struct span text = span_first(fields_get(&frame->fields, "text"), sizeof answer->err.text - 1);
	answer->ok = false;
	answer->err.kind = err_kind_find(outcome);
	if (text.len > 0)
		memcpy(answer->err.text, text.data, text.len);
}

static void
answer_slot(struct doorway *door, struct open_act *act, const struct door_answer *answer)
{
	door_fn *fn = act->fn;
	void *arg = act->arg;

	slot_clear(door, act); /* first: fn may send the next one */
	if (fn != NULL)
		fn(answer, arg);
}

void
door_message(struct doorway *door, const struct frame *frame)
{
	struct open_act *act = find_open(door, frame->id);
	struct door_answer answer;

	if (frame->kind != MESSAGE_ANSWER || act == NULL)
		return;
	door_read_answer(frame, &answer);
	answer_slot(door, act, &answer);
}

void
door_clerk_up(struct doorway *door)
{
	struct door_answer late = { 0 };

	err_set(&late.err, ERR_TEMPORARY, "the service is restarting, please try again");
	for (int i = 0; i < DOOR_OPEN_MAX; i++) {
		struct open_act *act = &door->open[i];
		if (act->id == 0)
			continue;
		if (act->again) {
			answer_slot(door, act, &late);
			continue;
		}
		act->again = true;
		worker_send(door->worker, buf_span(&act->message), act->fd);
	}
}

int
door_open_count(const struct doorway *door)
{
	return door->count;
}
