/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/role_intake.c: listens for mail servers, and counts them. */
#include "process/role_intake.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/tls.h"

enum { MINUTE_MS = 60 * 1000 };

/* ---- SMTP_CONN_IP ---- */

/* Somebody we count nothing of: our own MTA beside us, and whatever is on loopback where
 * the administrator says that this is a demo, a LAN or a test. */
static bool
is_trusted(const struct intake *intake, const struct net_address *address, bool lmtp)
{
	if (lmtp || net_address_is_unix(address))
		return true;
	return net_address_is_loopback(address) &&
	       intake->worker->settings.mail_trust == MAIL_TRUST_LOCAL;
}

static struct intake_peer *
peer_find(struct intake *intake, const struct net_address *address)
{
	struct intake_peer *peer;
	char key[9];
	size_t len = net_address_key(address, key);

	peer = map_get(intake->peers, span_make(key, len));
	if (peer == NULL) {
		peer = x_calloc(1, sizeof(*peer));
		memcpy(peer->key, key, len);
		peer->key_len = len;
		(void)map_set(intake->peers, span_make(key, len), peer);
	}
	return peer;
}

static bool
peer_may(struct intake_peer *peer)
{
	int64_t now = clock_ticks_ms();

	if (now - peer->window >= MINUTE_MS) {
		peer->window = now;
		peer->begun = 0;
	}
	peer->begun++;
	return peer->open < INTAKE_PEER_OPEN && peer->begun <= INTAKE_PEER_MINUTE;
}

/* Forgets who is gone for a minute. A walk may not change the map, so one list of keys
 * at a time. */
static void
on_sweep(void *arg)
{
	struct intake *intake = arg;
	struct intake_peer *gone[64];
	int64_t now = clock_ticks_ms();
	size_t at, count;

	do {
		struct span key;
		void *value;

		at = count = 0;
		while (count < 64 && map_next(intake->peers, &at, &key, &value)) {
			struct intake_peer *peer = value;

			if (peer->open == 0 && now - peer->window >= MINUTE_MS)
				gone[count++] = peer;
		}
		for (size_t i = 0; i < count; i++) {
			(void)map_remove(intake->peers, span_make(gone[i]->key, gone[i]->key_len));
			free(gone[i]);
		}
	} while (count == 64);
}

/* ---- connections ---- */

static void
pause_listeners(struct intake *intake, bool pause)
{
	if (intake->paused == pause)
		return;
	intake->paused = pause;
	for (int i = 0; i < intake->listener_count; i++) {
		if (pause)
			listen_pause(intake->listeners[i].listener);
		else
			listen_resume(intake->listeners[i].listener);
	}
}

static void
refuse(int fd)
{
	static const char words[] = "421 4.7.0 Too many connections from your address\r\n";

	(void)!send(fd, words, sizeof(words) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

static void
on_accept(int fd, const struct net_address *address, void *arg)
{
	struct intake_listener *listener = arg;
	struct intake *intake = listener->intake;
	bool trusted = is_trusted(intake, address, listener->lmtp);
	struct intake_peer *peer = trusted ? NULL : peer_find(intake, address);

	if (peer != NULL && !peer_may(peer)) {
		refuse(fd);
		return;
	}
	if (peer != NULL)
		peer->open++;
	intake->session_count++;
	intake_session_open(intake, fd, listener->lmtp, trusted, peer);
	if (intake->session_count >= INTAKE_SESSIONS_MAX)
		pause_listeners(intake, true);
}

void
intake_session_gone(struct intake *intake, struct intake_peer *peer)
{
	if (peer != NULL)
		peer->open--;
	intake->session_count--;
	if (intake->draining) {
		if (intake->session_count == 0)
			worker_exit(intake->worker);
	} else if (intake->paused) {
		pause_listeners(intake, false);
	}
}

/* ---- the role ---- */

static void
listen_all(struct intake *intake, const char *name, bool lmtp)
{
	int fd;

	for (int i = 0; intake->listener_count < INTAKE_LISTENERS_MAX &&
			(fd = worker_fd(intake->worker, name, i)) >= 0;
	     i++) {
		struct intake_listener *listener = &intake->listeners[intake->listener_count++];

		listener->intake = intake;
		listener->lmtp = lmtp;
		listener->listener = listen_accept(intake->worker->loop, fd,
		    "421 4.3.2 Too busy just now; try again\r\n", on_accept, listener);
	}
}

/* The supervisor reads the files, which the doors' user may not. */
static bool
open_tls(struct intake *intake, struct tls **tls, struct err *err)
{
	const struct worker *worker = intake->worker;

	*tls = NULL;
	if (worker->tls_chain.len == 0)
		return true;
	*tls = tls_server_new(worker->tls_chain, worker->tls_key, NULL, err);
	return *tls != NULL;
}

static bool
intake_reload(struct worker *worker, struct err *err)
{
	struct intake *intake = worker->state;
	struct tls *tls;

	if (!address_fold_domain(worker->settings.mail_domain, intake->domain))
		return err_set(err, ERR_INVALID, "mail.domain is no domain");
	intake->domains[0] = intake->domain;
	if (!open_tls(intake, &tls, err))
		return false;
	tls_free(&intake->tls);
	intake->tls = tls;
	return true;
}

static bool
intake_start(struct worker *worker, struct err *err)
{
	struct intake *intake = x_calloc(1, sizeof(*intake));

	worker->state = intake;
	intake->worker = worker;
	intake->door = door_new(worker);
	intake->peers = map_new();
	intake->spool = worker_fd(worker, "spool", 0);
	if (!intake_reload(worker, err))
		return false;
	intake->sweep = loop_timer_new(worker->loop, on_sweep, intake);
	loop_timer_repeat(intake->sweep, MINUTE_MS);
	listen_all(intake, "listen.smtp", false);
	listen_all(intake, "listen.lmtp", true);
	return true;
}

static void
intake_message(struct worker *worker, const struct frame *frame, int *fd)
{
	struct intake *intake = worker->state;

	(void)fd;
	door_message(intake->door, frame);
	intake_session_next(intake); /* also where nobody waits for this answer any more */
}

static void
intake_clerk_up(struct worker *worker)
{
	struct intake *intake = worker->state;

	door_clerk_up(intake->door);
	intake_session_next(intake);
}

static void
intake_drain(struct worker *worker)
{
	struct intake *intake = worker->state;
	struct intake_session *next;

	intake->draining = true;
	for (int i = 0; i < intake->listener_count; i++)
		listen_close(&intake->listeners[i].listener);
	intake->listener_count = 0;
	for (struct intake_session *session = intake->sessions; session != NULL; session = next) {
		next = session->next;
		intake_session_drain(session);
	}
	if (intake->session_count == 0)
		worker_exit(worker);
}

static void
free_peers(struct intake *intake)
{
	struct span key;
	size_t at = 0;
	void *value;

	while (map_next(intake->peers, &at, &key, &value))
		free(value);
	map_free(&intake->peers);
}

static void
intake_stop(struct worker *worker)
{
	struct intake *intake = worker->state;

	for (int i = 0; i < intake->listener_count; i++)
		listen_close(&intake->listeners[i].listener);
	while (intake->sessions != NULL) {
		conn_close(&intake->sessions->conn);
		intake_session_free(intake->sessions);
	}
	if (intake->sweep != NULL)
		loop_timer_free(&intake->sweep);
	free_peers(intake);
	tls_free(&intake->tls);
	door_free(&intake->door);
	free(intake);
}

const struct role_ops role_intake_ops = {
	.start = intake_start,
	.message = intake_message,
	.reload = intake_reload,
	.clerk_up = intake_clerk_up,
	.drain = intake_drain,
	.stop = intake_stop,
};
