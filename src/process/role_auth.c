/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/role_auth.c: Argon2id with the pepper, and nothing else.
 *
 * A hash costs 45 ms: it would hold up any loop, so it has a process of its own. The
 * pepper is known here alone: a stolen book opens nothing. Parameters: the reliability
 * study §5.9 (OWASP: m = 19 MiB, t = 2, p = 1). */
#include <argon2.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/token.h"
#include "process/role.h"
#include "process/sandbox.h"

enum {
	COST_PASSES = 2,
	COST_KIB = 19456,
	LANES = 1,
	SALT_SIZE = 16,
	TAG_SIZE = 32,
	PHC_ROOM = 160,
	MEMORY = 256 * 1024 * 1024 /* octets of address space: a hash, and the libraries */
};

struct auth {
	uint8_t pepper[KEY_SIZE];
};

/* What is hashed is HMAC(pepper, password): of fixed length, useless without the pepper. */
static void
pepper(const struct auth *auth, struct span password, uint8_t out[SHA256_SIZE])
{
	token_hmac(auth->pepper, password, out);
}

static void
do_hash(const struct auth *auth, struct span password, struct buf *answer)
{
	uint8_t peppered[SHA256_SIZE], salt[SALT_SIZE];
	char phc[PHC_ROOM];

	pepper(auth, password, peppered);
	token_random(salt, sizeof salt);
	if (argon2id_hash_encoded(COST_PASSES, COST_KIB, LANES, peppered, sizeof peppered, salt,
	        sizeof salt, TAG_SIZE, phc, sizeof phc) != ARGON2_OK)
		die("argon2: no memory for a hash");
	fields_add_text(answer, "phc", phc);
	token_wipe(peppered, sizeof peppered);
}

static void
do_verify(const struct auth *auth, struct span password, const char *phc, struct buf *answer)
{
	uint8_t peppered[SHA256_SIZE];
	int got;

	pepper(auth, password, peppered);
	got = argon2id_verify(phc, peppered, sizeof peppered);
	fields_add_int(answer, "match", got == ARGON2_OK);
	token_wipe(peppered, sizeof peppered);
}

/* Once, so that what the libraries load or open lazily is there before the walls close. */
static void
warm_up(const struct auth *auth)
{
	struct buf answer = { 0 };

	do_hash(auth, SPAN("specimen"), &answer);
	buf_free(&answer);
}

/* As many as are asked for, in their order. */
static void
hash_all(const struct auth *auth, const struct fields *asked, struct buf *answer)
{
	struct span name, value;
	size_t at = 0;

	while (fields_next(asked, &at, &name, &value))
		if (span_is(name, "password"))
			do_hash(auth, value, answer);
}

static void
auth_message(struct worker *worker, const struct frame *frame, int *fd)
{
	struct auth *auth = worker->state;
	struct buf answer = { 0 };
	char phc[PHC_ROOM] = "";
	struct span stored = fields_get(&frame->fields, "phc");
	struct span job = fields_get(&frame->fields, "job");

	(void)fd;
	if (frame->kind != MESSAGE_JOB)
		return;
	frame_begin(&answer, MESSAGE_RESULT, worker->incarnation, frame->id);
	if (span_is(job, "hash")) {
		hash_all(auth, &frame->fields, &answer);
	} else if (span_is(job, "verify") && stored.len < sizeof phc) {
		memcpy(phc, stored.data, stored.len);
		do_verify(auth, fields_get(&frame->fields, "password"), phc, &answer);
	} else {
		fields_add_text(&answer, "failed", "auth knows no such job");
	}
	worker_send(worker, buf_span(&answer), -1);
	buf_free(&answer);
}

static bool
auth_start(struct worker *worker, struct err *err)
{
	struct auth *auth = x_calloc(1, sizeof *auth);

	worker->state = auth;
	if (!worker_key(worker, "pepper", auth->pepper))
		return err_set(err, ERR_BROKEN, "auth was given no pepper");
	warm_up(auth);
	return sandbox_close(MEMORY, err);
}

static void
auth_stop(struct worker *worker)
{
	token_wipe(worker->state, sizeof(struct auth));
	free(worker->state);
}

const struct role_ops role_auth_ops = {
	.start = auth_start,
	.message = auth_message,
	.stop = auth_stop,
};
