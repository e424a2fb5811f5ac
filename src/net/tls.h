/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* net/tls.h: TLS 1.2 and 1.3, the only file that sees libssl.
 *
 * A struct tls is a set of keys and rules; sessions keep their own reference, so
 * it may be replaced or freed while connections last. Clients verify the chain
 * and the name, always: there is no way to ask for less. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct tls;
struct tls_session;

/* A server: certificate chain (leaf first) and key as PEM. alpn: the one protocol
 * spoken ("http/1.1"), or NULL to ignore what the client offers. */
struct tls *
tls_server_new(struct span chain, struct span key, const char *alpn, struct err *err);

/* New keys for later sessions; where they are not sound the old ones stay. */
bool
tls_server_swap(struct tls *tls, struct span chain, struct span key, struct err *err);

/* When the first certificate of a chain ends. INVALID: it is none. */
bool
tls_chain_ends(struct span chain, int64_t *seconds, struct err *err);

/* A client: the system's trust, and the certificates of ca_file where given. */
struct tls *
tls_client_new(const char *ca_file, struct err *err);

void
tls_free(struct tls **tls);

/* --- for net/conn.c, and for whoever drives a socket of his own --- */

enum tls_result {
	TLS_OK,         /* done, or octets moved */
	TLS_WANT_READ,  /* again when the socket can be read */
	TLS_WANT_WRITE, /* again when the socket can be written */
	TLS_ENDED,      /* the peer said that it ends */
	TLS_BROKEN      /* handshake refused, alert, or cut without a word */
};

struct tls_session *
tls_accept(struct tls *tls, int fd);

/* host: the name (or numeric address) that the certificate must bear. */
struct tls_session *
tls_connect(struct tls *tls, int fd, const char *host);

enum tls_result
tls_handshake(struct tls_session *session);

/* *len: room before, octets read after TLS_OK. */
enum tls_result
tls_read(struct tls_session *session, void *out, size_t *len);

/* After WANT_* the same octets must be offered again, at the same or a longer length. */
enum tls_result
tls_write(struct tls_session *session, const void *data, size_t len, size_t *written);

/* Octets already decrypted that the socket will not announce. */
bool
tls_pending(const struct tls_session *session);

/* Says that we end; does not wait for an answer. */
void
tls_end(struct tls_session *session);

void
tls_session_free(struct tls_session **session);

/* "TLSv1.3 TLS_AES_256_GCM_SHA384". */
void
tls_describe(const struct tls_session *session, char out[80]);

/* Why it broke, for the log: "certificate verify failed (self-signed certificate)". */
const char *
tls_reason(const struct tls_session *session);
