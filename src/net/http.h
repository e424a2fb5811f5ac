/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* net/http.h: the HTTP/1.1 server: bounds, deadlines, one way to answer.
 *
 * The handler gets a whole request (head and body, within limits) and answers it by
 * exactly one http_reply(), at once or later, or in pieces (http_reply_start). Until then the request and its arena
 * live, even if the peer has gone: a late answer is then dropped. Requests of one
 * connection are handled one after the other, so answers keep their order.
 *
 * Every refusal of the parser closes the connection. HEAD and 304 never carry a body,
 * whoever asks. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "net/http_parse.h"
#include "net/loop.h"
#include "net/resolve.h"
#include "net/tls.h"

struct http_server;
struct http_blob;

struct http_request {
	struct http_head head; /* slices in the arena */
	struct arena *arena;   /* dropped after the reply */
	struct span body;      /* in memory, or mapped from the spool file */
	int body_fd;           /* the spool file, or -1; closed after the reply */
	const char *body_path; /* its name, removed after the reply; NULL where in memory */
	const char *peer;      /* numeric address, or what a trusted proxy says; "unix" */
	bool secure;           /* TLS here */
	uint64_t id;           /* of the request, for the log; unique in the process */
	void *user;            /* the handler's own, NULL at first */
};

typedef void http_fn(struct http_request *request, void *arg);

/* Octets of body allowed to this request, asked once the head is read and before 100
 * Continue; over it the answer is 413. Above body_memory the body goes to the spool. */
typedef size_t http_body_fn(const struct http_request *request, void *arg);

/* http_options_default() gives the limits of the house; change what must differ. */
struct http_options {
	struct tls *tls;          /* NULL: plain; not owned */
	const char *spool;        /* folder for big bodies; NULL: over body_memory is 413 */
	http_body_fn *body_max;   /* NULL: body_memory for forms, upload_max for multipart */
	struct span error_fields; /* prebuilt lines of every reply made here (security headers);
	                           * not owned, must outlive the server */
	size_t body_memory;       /* 64 KiB */
	size_t upload_max;        /* 12 MiB */
	size_t connections;       /* 1000 at once; accepting pauses beyond */
	size_t connections_ip;    /* 32 of one IPv4 or IPv6 /64 */
	bool limit_loopback;      /* false: loopback and unix are not counted by address */
	int64_t head_ms;          /* 10 s, from the first octet to the whole head; TLS likewise */
	int64_t body_ms;          /* 120 s at most; less for small bodies (500 octets/s) */
	int64_t idle_ms;          /* 15 s between requests */
	int64_t reply_ms;         /* 10 s: the peer must take reply_rate octets/s meanwhile */
	int64_t reply_rate;       /* 500 octets/s */
	size_t reply_memory;      /* 64 MiB of big bodies on their way at once; 503 beyond */
	bool trust_unix;          /* X-Forwarded-For of unix peers is believed */
	const struct net_address *proxies; /* and of these; not owned */
	size_t proxy_count;
};

void
http_options_default(struct http_options *options);

struct http_server *
http_server_new(struct loop *loop, const struct http_options *options, http_fn *fn, void *arg);

/* Accepts on an open listening socket, which stays the caller's. At most 8. */
void
http_server_listen(struct http_server *server, int fd);

/* Stops accepting, closes idle connections (a new one has half a second for its first request), answers the rest with Connection: close, then
 * calls done once nothing is open and nothing unanswered. */
void
http_server_drain(struct http_server *server, loop_fn *done, void *arg);

/* Closes everything now. Requests still unanswered stay valid until they are. */
void
http_server_free(struct http_server **server);

/* Octets shared by a cache and the connections that send them. */
struct http_blob *
http_blob_new(struct span data); /* copies; one reference */

struct http_blob *
http_blob_take(struct buf *data); /* takes the memory of the buffer, which is left empty */

struct http_blob *
http_blob_keep(struct http_blob *blob); /* one more reference */

void
http_blob_drop(struct http_blob **blob); /* one less; NULL is allowed */

struct span
http_blob_span(const struct http_blob *blob);

struct http_reply {
	int status;             /* 200 ... */
	const char *type;       /* Content-Type, or NULL */
	struct span fields;     /* prebuilt lines, "Name: value CRLF" each (http_field_add) */
	struct span fields_too; /* more of them: cookies; Allow, where the status is 405 */
	struct span etag;       /* with its quotes; 200 becomes 304 where the client has it */
	struct span body;       /* copied; or */
	struct http_blob *blob; /* shared: a reference is taken, the caller keeps his */
	bool close;             /* and end the connection */
};

/* The request is gone after this call. */
void
http_reply(struct http_request *request, const struct http_reply *reply);

/* Called when what was said so far has left, so that no more than a piece waits in memory; or
 * when the peer has gone: then the next piece, or the end, is what frees the request. */
typedef void http_piece_fn(struct http_request *request, void *arg);

/* A reply whose length is not known yet: `reply` has its head and first piece; the rest comes
 * in pieces (chunked, or up to the end of the connection for HTTP/1.0). False: it is done and
 * the request is gone, since there is nobody to say the rest to (HEAD; the peer has left). */
bool
http_reply_start(struct http_request *request, const struct http_reply *reply, http_piece_fn *fn,
    void *arg);

/* Not empty. False: the peer has left and the request is gone. */
bool
http_reply_piece(struct http_request *request, struct span piece);

/* Not whole: the connection is cut, so that nobody takes a part for the whole. The request is
 * gone after this call. */
void
http_reply_end(struct http_request *request, bool whole);

/* A line of text, for machines and for refusals before there is a page. */
void
http_reply_text(struct http_request *request, int status, const char *text);

/* The status of a refusal: INVALID 400, DENIED 403, NOT_FOUND 404 ... */
int
http_status_of(enum err_kind kind);

/* "Not Found". */
const char *
http_status_text(int status);

struct http_counts {
	uint64_t accepted;    /* connections */
	uint64_t refused;     /* connections over the limit of one address */
	uint64_t requests;    /* given to the handler */
	uint64_t bad;         /* refused by the parser */
	uint64_t timeouts;    /* connections that were too slow */
	uint64_t dropped;     /* replies whose peer had gone */
	size_t open;          /* connections now */
	size_t unanswered;    /* requests now with the handler */
	uint64_t octets_sent; /* of closed connections and replies */
};

void
http_server_count(const struct http_server *server, struct http_counts *out);
