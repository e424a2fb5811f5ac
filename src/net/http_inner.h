/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* net/http_inner.h: the server (http.c), its dialogues (http_dialogue.c), bodies
 * (http_body.c) and replies (http_reply.c).
 *
 * A dialogue is one connection. It has at most one request at a time: while that is
 * with the handler, what comes next waits in the input of the connection. */
#pragma once

#include "base/map.h"
#include "net/conn.h"
#include "net/http.h"
#include "net/listen.h"

enum {
	LISTENERS_MAX = 8,
	FIRST_REQUEST_MS = 500,      /* of a new connection, once the server is to end */
	REQUESTS_AT_ONCE = 8,        /* of one connection in a turn, pipelined */
	OUTPUT_ENOUGH = 256 * 1024,  /* octets waiting, before the next request is looked at */
	REPLY_TOTAL_MS = 20 * 60000, /* however steadily the peer reads */
	REPLY_BIG = 256 * 1024,      /* octets of a body that count against reply_memory */
	DATE_LINE = 48
};

enum http_dialogue_state {
	DIALOGUE_IDLE,     /* nothing of a request is there */
	DIALOGUE_HEAD,     /* a part of its head */
	DIALOGUE_BODY,     /* its body is coming */
	DIALOGUE_ANSWERING /* it is with the handler */
};

/* What an address has open. */
struct http_client {
	size_t count;
	size_t key_len;
	char key[9];
};

struct http_dialogue {
	struct http_server *server;
	struct conn *conn;
	struct http_dialogue *next, **prev;
	struct http_work *work;     /* the current request, or one to be used again */
	struct http_client *client; /* NULL: not counted by address */
	struct loop_task task;      /* more requests in the input */
	struct http_scan scan;
	enum http_dialogue_state state;
	bool heard;   /* a request has come */
	bool busy;    /* requests are being looked at: a reply needs not start that */
	bool ended;   /* the peer sends no more */
	bool sending; /* a reply, or what is there of it, has not wholly left */
	bool finishing;
	size_t owed;        /* octets of big bodies that may still wait here */
	uint64_t sent_mark; /* octets sent when the pace was last looked at */
	int64_t sending_since;
};

/* A request and what the server knows of it. */
struct http_work {
	struct http_request request; /* first: the handler has its address */
	struct http_server *server;
	struct http_dialogue *dialogue; /* NULL: the peer has gone */
	struct buf body;                /* in memory */
	size_t body_max;
	size_t body_len; /* octets come in */
	struct http_chunked chunked;
	bool handed; /* the handler has it */
	bool chunked_reply;      /* pieces have their lengths before them */
	http_piece_fn *piece_fn; /* the reply comes in pieces; NULL else */
	void *piece_arg;
	bool piece_due; /* the handler waits for piece_fn */
};

struct http_server {
	struct loop *loop;
	struct http_options options;
	http_fn *fn;
	void *arg;
	struct listener *listeners[LISTENERS_MAX];
	size_t listener_count;
	struct http_dialogue *dialogues;
	struct map *clients; /* by net_address_key() */
	struct http_counts counts;
	size_t owed; /* the sum of what the dialogues owe */
	struct buf scratch; /* the head of a reply */
	struct buf sorry;   /* said to who is turned away */
	int64_t date_at;
	char date[DATE_LINE]; /* "Date: ... CRLF" */
	size_t date_len;
	bool paused, draining, freed;
	loop_fn *drained;
	void *drained_arg;
	struct loop_task drained_task;
};

/* --- http_body.c --- */

/* A request for the dialogue, made or used again. */
struct http_work *
http_work_of(struct http_dialogue *dialogue);

/* Drops arena, body and spool file; keeps the memory for the next. */
void
http_work_reset(struct http_work *work);

void
http_work_free(struct http_work **work);

/* 0, or the status to refuse the body with before it is read. */
int
http_body_begin(struct http_work *work);

/* Eats input. DONE: request.body is whole. */
enum http_progress
http_body_read(struct http_work *work, struct conn *conn, int *status);

/* --- http_dialogue.c --- */

/* Takes over a connected socket. client: what its address has open, or NULL. */
void
http_dialogue_open(struct http_server *server, int fd, struct http_client *client);

/* At once, whatever is under way. */
void
http_dialogue_close(struct http_dialogue *dialogue);

/* The server is to end: closed where it is between two requests; where the first may be on its way,
 * it has a moment to come. */
void
http_dialogue_drain(struct http_dialogue *dialogue);

/* After a piece of a reply was queued. */
void
http_dialogue_said(struct http_dialogue *dialogue);

/* After a reply was queued: what becomes of the dialogue. */
void
http_dialogue_replied(struct http_dialogue *dialogue, bool keep);

/* --- http.c --- */

/* One of those whose word on where a request comes from is taken? */
bool
http_server_is_proxy(const struct http_server *server, const struct net_address *peer);

/* A dialogue is gone. The server may be gone afterwards. */
void
http_server_left(struct http_server *server, struct http_client *client);

/* Calls whoever waits for the end of everything. */
void
http_server_check_drained(struct http_server *server);
