/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/clerk_peer.c: queues of works. */
#include "process/clerk_peer.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/file.h"

void
work_queue_init(struct work_queue *queue)
{
	queue->head = NULL;
	queue->tail = &queue->head;
	queue->count = 0;
}

void
work_push(struct work_queue *queue, struct work *work)
{
	work->next = NULL;
	*queue->tail = work;
	queue->tail = &work->next;
	queue->count++;
}

void
work_push_front(struct work_queue *queue, struct work *work)
{
	work->next = queue->head;
	if (queue->head == NULL)
		queue->tail = &work->next;
	queue->head = work;
	queue->count++;
}

struct work *
work_pop(struct work_queue *queue)
{
	struct work *work = queue->head;

	if (work == NULL)
		return NULL;
	queue->head = work->next;
	if (queue->head == NULL)
		queue->tail = &queue->head;
	queue->count--;
	work->next = NULL;
	return work;
}

struct work *
work_take_job(struct work_queue *queue, uint64_t job_id)
{
	for (struct work **at = &queue->head; *at != NULL; at = &(*at)->next) {
		struct work *work = *at;
		if (work->job_id != job_id)
			continue;
		*at = work->next;
		if (work->next == NULL)
			queue->tail = at;
		queue->count--;
		work->next = NULL;
		return work;
	}
	return NULL;
}

struct work *
work_new(enum work_kind kind, struct peer *peer)
{
	struct work *work = x_calloc(1, sizeof *work);

	work->kind = kind;
	work->peer = peer;
	work->arena = arena_new();
	work->act.arena = work->arena;
	work->act.fd = work->job_fd = -1;
	work->act.hashed = "";
	work->act.trace = "";
	work->act.door = DOOR_HOUSE;
	if (peer != NULL)
		peer->open++;
	return work;
}

void
work_free(struct work **slot)
{
	struct work *work = *slot;

	if (work == NULL)
		return;
	*slot = NULL;
	if (work->peer != NULL)
		work->peer->open--;
	file_close(&work->act.fd);
	file_close(&work->job_fd);
	buf_free(&work->outcome.output);
	arena_free(&work->arena);
	free(work);
}
