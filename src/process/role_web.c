/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/role_web.c: the web door: sockets, book, theme and clerk put in web/'s hands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "net/http.h"
#include "process/door.h"
#include "process/role.h"
#include "text/theme.h"
#include "web/handle.h"
#include "web/site.h"

enum { PROXIES_MAX = 16, LISTENERS_MAX = 8 };

/* Who waits for the answer of an open act. */
struct waiting {
	site_answer_fn *fn; /* NULL: free */
	void *arg;
};

struct web {
	struct worker *worker;
	struct doorway *door;
	struct http_server *server;
	struct tls *tls;
	struct theme *theme;
	struct site site;
	struct waiting waiting[DOOR_OPEN_MAX];
	struct net_address proxies[PROXIES_MAX];
	size_t proxy_count;
	char name[16];
	char spool[32];
	char *error_fields; /* of the replies that net/ makes by itself */
};

/* ---- acts ---- */

static void
on_answer(const struct door_answer *answer, void *arg)
{
	struct waiting *slot = arg, waiting = *slot;
	struct site_answer out = { .ok = answer->ok, .err = answer->err, .output = answer->output };

	memset(slot, 0, sizeof(*slot)); /* first: what follows may send the next one */
	waiting.fn(&out, waiting.arg);
}

static struct waiting *
free_slot(struct web *web)
{
	for (int i = 0; i < DOOR_OPEN_MAX; i++)
		if (web->waiting[i].fn == NULL)
			return &web->waiting[i];
	return NULL;
}

static bool
send_act(void *arg, const struct site_act *act, site_answer_fn *fn, void *user)
{
	struct web *web = arg;
	struct waiting *slot = fn != NULL ? free_slot(web) : NULL;
	struct door_request request = {
		.name = act->name,
		.ask = act->ask,
		.key = act->key,
		.session = act->session,
		.trace = act->trace,
		.input = act->input,
		.fd = act->fd,
	};

	if (fn != NULL && slot == NULL)
		return false;
	if (door_send(web->door, &request, fn != NULL ? on_answer : NULL, slot) == 0)
		return false;
	if (slot != NULL)
		*slot = (struct waiting){ fn, user };
	return true;
}

/* ---- settings ---- */

static bool
read_proxies(struct web *web, struct err *err)
{
	struct span rest = span_of(web->worker->settings.http_proxy), item;
	size_t count = 0;

	while (span_next(&rest, ' ', &item)) {
		if (item.len == 0)
			continue;
		if (count == PROXIES_MAX || !net_address_read_host(item, &web->proxies[count]))
			return err_set(err, ERR_INVALID, "http.proxy: %s", log_text(item));
		count++;
	}
	web->proxy_count = count;
	return true;
}

/* Connections that last keep their keys; new ones get the new. */
static bool
open_tls(struct web *web, struct err *err)
{
	const struct worker *worker = web->worker;

	if (!worker->settings.listen_tls)
		return true;
	if (worker->tls_chain.len == 0)
		return err_set(err, ERR_INVALID, "listen.tls needs tls.certificate and tls.key");
	if (web->tls != NULL)
		return tls_server_swap(web->tls, worker->tls_chain, worker->tls_key, err);
	web->tls = tls_server_new(worker->tls_chain, worker->tls_key, "http/1.1", err);
	return web->tls != NULL;
}

/* Nothing of the running site is touched before everything new is proven. */
static bool
web_reload(struct worker *worker, struct err *err)
{
	const struct settings *settings = &worker->settings;
	struct web *web = worker->state;
	struct theme *theme = NULL;

	if (!theme_open_share(&theme, settings->share, settings->theme, err) ||
	    !open_tls(web, err)) {
		theme_free(&theme);
		site_open(&web->site); /* the settings are new all the same */
		return false;
	}
	theme_free(&web->theme);
	web->theme = theme;
	web->site.theme = theme;
	site_open(&web->site);
	return true;
}

/* ---- the role ---- */

static void
open_server(struct web *web)
{
	const struct settings *settings = &web->worker->settings;
	struct http_options options;
	int fd, spool = worker_fd(web->worker, "spool", 0);

	http_options_default(&options);
	options.tls = web->tls;
	if (spool >= 0) {
		(void)snprintf(web->spool, sizeof(web->spool), "/proc/self/fd/%d", spool);
		options.spool = web->spool;
	}
	options.body_max = handle_body_max;
	options.connections = (size_t)settings->http_connections;
	options.connections_ip = (size_t)settings->http_address_connections;
	options.limit_loopback = settings->mail_trust != MAIL_TRUST_LOCAL;
	options.trust_unix = true;
	options.proxies = web->proxies;
	options.proxy_count = web->proxy_count;
	web->error_fields = x_strdup(buf_text(&web->site.heads[HEAD_PRIVATE]));
	options.error_fields = span_of(web->error_fields);
	web->server = http_server_new(web->worker->loop, &options, handle_request, &web->site);
	for (int i = 0; i < LISTENERS_MAX && (fd = worker_fd(web->worker, "listen.http", i)) >= 0;
	     i++)
		http_server_listen(web->server, fd);
}

static void
open_site(struct web *web)
{
	struct site *site = &web->site;

	(void)snprintf(web->name, sizeof(web->name), "w%d", web->worker->index);
	site->loop = web->worker->loop;
	site->settings = &web->worker->settings;
	site->theme = web->theme;
	site->cache = cache_new((size_t)web->worker->settings.cache_size);
	site->send = send_act;
	site->door = web;
	site->name = web->name;
	site_open(site);
	loop_on_turn(web->worker->loop, site_turn, site);
}

static bool
web_start(struct worker *worker, struct err *err)
{
	const struct settings *settings = &worker->settings;
	struct web *web = x_calloc(1, sizeof(*web));

	worker->state = web;
	web->worker = worker;
	web->door = door_new(worker);
	if (!read_proxies(web, err) ||
	    !theme_open_share(&web->theme, settings->share, settings->theme, err) ||
	    !open_tls(web, err))
		return false;
	web->site.book = reading_book_open(settings, err);
	if (web->site.book == NULL)
		return false;
	open_site(web);
	open_server(web);
	return true;
}

static void
web_message(struct worker *worker, const struct frame *frame, int *fd)
{
	struct web *web = worker->state;

	(void)fd;
	door_message(web->door, frame);
}

static void
web_clerk_up(struct worker *worker)
{
	struct web *web = worker->state;

	door_clerk_up(web->door);
}

static void
on_drained(void *arg)
{
	struct web *web = arg;

	worker_exit(web->worker);
}

static void
web_drain(struct worker *worker)
{
	struct web *web = worker->state;

	http_server_drain(web->server, on_drained, web);
}

/* Whoever still waits is told to come back; their requests end by that. */
static void
give_up_waiting(struct web *web)
{
	struct site_answer late = { .ok = false };

	err_set(&late.err, ERR_TEMPORARY, "this worker ends");
	for (int i = 0; i < DOOR_OPEN_MAX; i++) {
		struct waiting waiting = web->waiting[i];
		memset(&web->waiting[i], 0, sizeof(waiting));
		if (waiting.fn != NULL)
			waiting.fn(&late, waiting.arg);
	}
}

static void
web_stop(struct worker *worker)
{
	struct web *web = worker->state;

	give_up_waiting(web);
	if (web->server != NULL)
		http_server_free(&web->server);
	door_free(&web->door);
	cache_free(&web->site.cache);
	site_close(&web->site);
	if (web->site.book != NULL)
		reading_book_close(&web->site.book);
	theme_free(&web->theme);
	tls_free(&web->tls);
	free(web->error_fields);
	free(web);
}

const struct role_ops role_web_ops = {
	.start = web_start,
	.message = web_message,
	.reload = web_reload,
	.clerk_up = web_clerk_up,
	.drain = web_drain,
	.stop = web_stop,
};
