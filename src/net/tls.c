/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/token.h"
#include "net/resolve.h"
#include "net/tls.h"

enum { PEM_MAX = 1024 * 1024, ALPN_MAX = 32 };

struct tls {
	SSL_CTX *context;
	size_t references;                /* the owner and every session */
	unsigned char alpn[ALPN_MAX + 1]; /* wire form: length, name; length 0 = none */
};

struct tls_session {
	SSL *ssl;
	struct tls *tls; /* on_alpn() reads it during the handshake */
	char reason[160];
};

/* Forward secrecy and authenticated encryption only; TLS 1.3 has nothing else. */
static const char tls12_ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!eNULL";

static bool
library_failed(struct err *err, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	err_set(err, ERR_INVALID, "%s: %s", what, reason != NULL ? reason : "not usable");
	ERR_clear_error();
	return false;
}

static SSL_CTX *
context_new(const SSL_METHOD *method)
{
	SSL_CTX *context = SSL_CTX_new(method);

	if (context == NULL || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(context, tls12_ciphers) != 1)
		die("TLS cannot be set up");
	SSL_CTX_set_options(context,
	    SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	/* the output queue may move between two tries of one write */
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	return context;
}

/* A key behind a password is refused rather than asked for at a terminal. */
static int
no_password(char *out, int room, int writing, void *arg)
{
	(void)out;
	(void)room;
	(void)writing;
	(void)arg;
	return 0;
}

static BIO *
bio_of(struct span pem)
{
	BIO *bio = BIO_new_mem_buf(pem.data, pem.len > PEM_MAX ? 0 : (int)pem.len);

	if (bio == NULL)
		die("no memory for TLS");
	return bio;
}

static bool
use_chain(SSL_CTX *context, struct span chain, struct err *err)
{
	BIO *bio = bio_of(chain);
	X509 *leaf = PEM_read_bio_X509(bio, NULL, no_password, NULL), *more;
	bool ok = leaf != NULL && SSL_CTX_use_certificate(context, leaf) == 1;

	while (ok && (more = PEM_read_bio_X509(bio, NULL, no_password, NULL)) != NULL) {
		ok = SSL_CTX_add0_chain_cert(context, more) == 1;
		if (!ok)
			X509_free(more);
	}
	X509_free(leaf);
	BIO_free(bio);
	if (!ok)
		return library_failed(err, "the certificate chain cannot be read");
	ERR_clear_error(); /* the end of the PEM text counts as an error there */
	return true;
}

static bool
use_key(SSL_CTX *context, struct span key, struct err *err)
{
	BIO *bio = bio_of(key);
	EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	bool ok = pkey != NULL && SSL_CTX_use_PrivateKey(context, pkey) == 1 &&
		  SSL_CTX_check_private_key(context) == 1;

	EVP_PKEY_free(pkey);
	BIO_free(bio);
	return ok || library_failed(err, "the key cannot be read, or is not the certificate's");
}

/* A client that offers protocols and not ours is refused (RFC 7301 §3.2). */
static int
on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
    unsigned in_len, void *arg)
{
	const struct tls *tls = arg;
	unsigned at = 0;

	(void)ssl;
	while (at < in_len && at + 1U + in[at] <= in_len) {
		if (in[at] == tls->alpn[0] && memcmp(in + at + 1, tls->alpn + 1, in[at]) == 0) {
			*out = in + at + 1;
			*out_len = in[at];
			return SSL_TLSEXT_ERR_OK;
		}
		at += 1U + in[at];
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static SSL_CTX *
server_context(struct tls *tls, struct span chain, struct span key, struct err *err)
{
	SSL_CTX *context = context_new(TLS_server_method());
	static const unsigned char session_id[] = "preau";

	SSL_CTX_set_session_id_context(context, session_id, sizeof(session_id) - 1);
	if (tls->alpn[0] > 0)
		SSL_CTX_set_alpn_select_cb(context, on_alpn, tls);
	if (use_chain(context, chain, err) && use_key(context, key, err))
		return context;
	SSL_CTX_free(context);
	return NULL;
}

struct tls *
tls_server_new(struct span chain, struct span key, const char *alpn, struct err *err)
{
	struct tls *tls = x_calloc(1, sizeof(*tls));
	size_t len = alpn != NULL ? strlen(alpn) : 0;

	if (len > ALPN_MAX)
		die("a protocol name of %zu octets", len);
	tls->references = 1;
	tls->alpn[0] = (unsigned char)len;
	if (len > 0)
		memcpy(tls->alpn + 1, alpn, len);
	tls->context = server_context(tls, chain, key, err);
	if (tls->context == NULL)
		tls_free(&tls);
	return tls;
}

bool
tls_server_swap(struct tls *tls, struct span chain, struct span key, struct err *err)
{
	SSL_CTX *context = server_context(tls, chain, key, err);

	if (context == NULL)
		return false;
	SSL_CTX_free(tls->context);
	tls->context = context;
	return true;
}

bool
tls_chain_ends(struct span chain, int64_t *seconds, struct err *err)
{
	BIO *bio = bio_of(chain);
	X509 *leaf = PEM_read_bio_X509(bio, NULL, no_password, NULL);
	struct tm date;
	bool ok = leaf != NULL && ASN1_TIME_to_tm(X509_get0_notAfter(leaf), &date) == 1;

	if (ok)
		*seconds = (int64_t)timegm(&date);
	X509_free(leaf);
	BIO_free(bio);
	return ok || library_failed(err, "the certificate chain cannot be read");
}

struct tls *
tls_client_new(const char *ca_file, struct err *err)
{
	struct tls *tls = x_calloc(1, sizeof(*tls));

	tls->references = 1;
	tls->context = context_new(TLS_client_method());
	SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, NULL);
	if (SSL_CTX_set_default_verify_paths(tls->context) != 1)
		ERR_clear_error(); /* a machine without trust store: ca_file may be enough */
	if (ca_file == NULL || SSL_CTX_load_verify_file(tls->context, ca_file) == 1)
		return tls;
	library_failed(err, "the file of trusted certificates cannot be read");
	tls_free(&tls);
	return NULL;
}

void
tls_free(struct tls **tls)
{
	struct tls *gone = *tls;

	*tls = NULL;
	if (gone == NULL || --gone->references > 0)
		return;
	SSL_CTX_free(gone->context);
	free(gone);
}

static struct tls_session *
session_new(struct tls *tls, int fd)
{
	struct tls_session *session = x_calloc(1, sizeof(*session));

	session->tls = tls;
	tls->references++;
	session->ssl = SSL_new(tls->context);
	if (session->ssl == NULL || SSL_set_fd(session->ssl, fd) != 1)
		die("no memory for TLS");
	return session;
}

struct tls_session *
tls_accept(struct tls *tls, int fd)
{
	struct tls_session *session = session_new(tls, fd);

	SSL_set_accept_state(session->ssl);
	return session;
}

/* A name that cannot be set would leave the check undone: the handshake must then fail,
 * and it does, since an empty set of names is replaced by one that nobody bears. */
struct tls_session *
tls_connect(struct tls *tls, int fd, const char *host)
{
	struct tls_session *session = session_new(tls, fd);
	struct net_address numeric;
	char name[256]; /* not longer than a name of the DNS */
	bool ok;

	snprintf(name, sizeof(name), "%s", host);
	SSL_set_connect_state(session->ssl);
	SSL_set_hostflags(session->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (net_address_read_host(span_of(host), &numeric))
		ok = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session->ssl), host) == 1;
	else
		ok = host[0] != '\0' && SSL_set1_host(session->ssl, host) == 1 &&
		     SSL_set_tlsext_host_name(session->ssl, name) == 1;
	if (!ok && SSL_set1_host(session->ssl, "name.invalid") != 1)
		die("no memory for TLS");
	return session;
}

static void
keep_reason(struct tls_session *session)
{
	long verify = SSL_get_verify_result(session->ssl);
	unsigned long code = ERR_peek_error();
	const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;

	if (verify != X509_V_OK)
		snprintf(session->reason, sizeof(session->reason), "certificate refused: %s",
		    X509_verify_cert_error_string(verify));
	else
		snprintf(session->reason, sizeof(session->reason), "%s",
		    reason != NULL ? reason : "cut without a word");
	ERR_clear_error();
}

static enum tls_result
result_of(struct tls_session *session, int returned)
{
	switch (SSL_get_error(session->ssl, returned)) {
	case SSL_ERROR_WANT_READ:
		return TLS_WANT_READ;
	case SSL_ERROR_WANT_WRITE:
		return TLS_WANT_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_ENDED;
	default:
		keep_reason(session);
		return TLS_BROKEN;
	}
}

enum tls_result
tls_handshake(struct tls_session *session)
{
	int returned;

	ERR_clear_error();
	returned = SSL_do_handshake(session->ssl);
	return returned == 1 ? TLS_OK : result_of(session, returned);
}

enum tls_result
tls_read(struct tls_session *session, void *out, size_t *len)
{
	int returned;

	ERR_clear_error();
	returned = SSL_read_ex(session->ssl, out, *len, len);
	return returned == 1 ? TLS_OK : result_of(session, returned);
}

enum tls_result
tls_write(struct tls_session *session, const void *data, size_t len, size_t *written)
{
	int returned;

	*written = 0;
	ERR_clear_error();
	returned = SSL_write_ex(session->ssl, data, len, written);
	return returned == 1 ? TLS_OK : result_of(session, returned);
}

bool
tls_pending(const struct tls_session *session)
{
	return SSL_has_pending(session->ssl) == 1;
}

void
tls_end(struct tls_session *session)
{
	ERR_clear_error();
	if (SSL_is_init_finished(session->ssl))
		SSL_shutdown(session->ssl);
	ERR_clear_error();
}

void
tls_session_free(struct tls_session **session)
{
	if (*session == NULL)
		return;
	SSL_free((*session)->ssl);
	tls_free(&(*session)->tls);
	free(*session);
	*session = NULL;
}

void
tls_describe(const struct tls_session *session, char out[80])
{
	snprintf(out, 80, "%.20s %.50s", SSL_get_version(session->ssl),
	    SSL_get_cipher_name(session->ssl));
}

const char *
tls_reason(const struct tls_session *session)
{
	return session->reason;
}
