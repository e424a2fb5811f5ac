/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Requests as memory, and their bodies: in memory, or in the spool. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "net/http_inner.h"

enum { KEEP_BODY = 16 * 1024 /* octets of memory kept for the next body */ };

struct http_work *
http_work_of(struct http_dialogue *dialogue)
{
	struct http_work *work = dialogue->work;

	if (work != NULL)
		return work;
	work = x_calloc(1, sizeof(*work));
	work->request.arena = arena_new();
	work->request.body_fd = -1;
	work->server = dialogue->server;
	work->dialogue = dialogue;
	dialogue->work = work;
	return work;
}

static void
drop_spool(struct http_request *request)
{
	if (request->body_fd < 0)
		return;
	if (request->body.len > 0) {
		/* mapped: the only memory that a span of ours may be written through */
		union {
			const char *data;
			void *map;
		} body = { .data = request->body.data };

		munmap(body.map, request->body.len);
	}
	file_close(&request->body_fd);
	unlink(request->body_path);
}

void
http_work_reset(struct http_work *work)
{
	struct http_request *request = &work->request;

	drop_spool(request);
	if (work->body.room > KEEP_BODY)
		buf_free(&work->body);
	else
		buf_clear(&work->body);
	request->body = (struct span){ 0 };
	request->body_path = NULL;
	request->user = NULL;
	work->body_len = 0;
	work->chunked = (struct http_chunked){ 0 };
	work->handed = false;
	work->chunked_reply = false;
	work->piece_fn = NULL;
	work->piece_due = false;
	arena_reset(request->arena);
}

void
http_work_free(struct http_work **work)
{
	if (*work == NULL)
		return;
	http_work_reset(*work);
	buf_free(&(*work)->body);
	arena_free(&(*work)->request.arena);
	free(*work);
	*work = NULL;
}

static bool
is_upload(const struct http_head *head)
{
	struct span type = http_head_get(head, "Content-Type");

	return span_starts_nocase(type, "multipart/form-data");
}

static size_t
allowed(const struct http_work *work)
{
	const struct http_options *options = &work->server->options;
	size_t max = options->body_memory;

	if (options->body_max != NULL)
		max = options->body_max(&work->request, work->server->arg);
	else if (is_upload(&work->request.head))
		max = options->upload_max;
	return options->spool == NULL && max > options->body_memory ? options->body_memory : max;
}

static bool
open_spool(struct http_work *work)
{
	struct http_request *request = &work->request;
	char *path = arena_printf(request->arena, "%s/http-XXXXXX", work->server->options.spool);

	request->body_fd = mkostemp(path, O_CLOEXEC);
	if (request->body_fd < 0) {
		log_error("event=http.spool request=%llu reason=%s",
		    (unsigned long long)request->id, strerror(errno));
		return false;
	}
	request->body_path = path;
	return true;
}

int
http_body_begin(struct http_work *work)
{
	const struct http_head *head = &work->request.head;

	work->body_max = allowed(work);
	if (head->content_length > (int64_t)work->body_max)
		return 413;
	if (head->content_length > (int64_t)work->server->options.body_memory && !open_spool(work))
		return 503;
	return 0;
}

static bool
write_spool(struct http_work *work, struct span data)
{
	struct err err;

	if (file_write_fd(work->request.body_fd, data, &err))
		return true;
	log_error("event=http.spool request=%llu reason=%s", (unsigned long long)work->request.id,
	    err.text);
	return false;
}

/* 0, or the status to refuse with. */
static int
add_body(struct http_work *work, struct span data)
{
	struct http_request *request = &work->request;

	if (data.len > work->body_max - work->body_len)
		return 413;
	work->body_len += data.len;
	if (request->body_fd < 0 && work->body_len > work->server->options.body_memory) {
		if (!open_spool(work) || !write_spool(work, buf_span(&work->body)))
			return 503;
		buf_free(&work->body);
	}
	if (request->body_fd >= 0)
		return write_spool(work, data) ? 0 : 503;
	buf_add_span(&work->body, data);
	return 0;
}

static int
finish_body(struct http_work *work)
{
	struct http_request *request = &work->request;
	void *map;

	if (request->body_fd < 0) {
		request->body = buf_span(&work->body);
		return 0;
	}
	map = mmap(NULL, work->body_len, PROT_READ, MAP_PRIVATE, request->body_fd, 0);
	if (map == MAP_FAILED)
		return 503;
	request->body = span_make(map, work->body_len);
	return 0;
}

static enum http_progress
read_length(struct http_work *work, struct conn *conn, int *status)
{
	size_t left = (size_t)work->request.head.content_length - work->body_len;
	struct span data = span_first(conn_input(conn), left);

	*status = add_body(work, data);
	if (*status != 0)
		return HTTP_BAD;
	conn_consume(conn, data.len);
	return data.len == left ? HTTP_DONE : HTTP_MORE;
}

static enum http_progress
read_chunked(struct http_work *work, struct conn *conn, int *status)
{
	enum http_progress progress;
	struct span data;
	size_t used;

	do {
		progress = http_chunked_read(&work->chunked, conn_input(conn), &used, &data);
		*status = progress == HTTP_BAD ? 400 : add_body(work, data);
		if (*status != 0)
			return HTTP_BAD;
		conn_consume(conn, used);
	} while (progress == HTTP_MORE && used > 0);
	return progress;
}

enum http_progress
http_body_read(struct http_work *work, struct conn *conn, int *status)
{
	enum http_progress progress = work->request.head.chunked ? read_chunked(work, conn, status)
								 : read_length(work, conn, status);

	if (progress == HTTP_DONE)
		*status = finish_body(work);
	return *status != 0 ? HTTP_BAD : progress;
}
