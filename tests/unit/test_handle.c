/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The web door on a real socket, a real book and the real theme. Only the clerk is not
 * there: what is sent to it is looked at, and answered by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/token.h"
#include "book.h"
#include "net/listen.h"
#include "net_client.h"
#include "store/session.h"
#include "store/thread.h"
#include "web/handle.h"
#include "web/request.h"
#include "web/site.h"

#define SECRET "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define DEAD "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA"
#define NONCE "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCA"
#define HOST "Host: a.example\r\n"
#define SIGNED "Cookie: s=" SECRET "\r\n"

struct fixture {
	struct db *db;
	struct arena *arena;
	struct loop *loop;
	struct settings settings;
	struct site site;
	struct theme *theme;
	struct http_server *server;
	int fd;
	char address[NET_ADDRESS_TEXT];
	int64_t forum, person;
	/* what was sent to the clerk */
	bool busy; /* it takes nothing */
	int sent;
	char act[40], key[50];
	struct buf input;
	site_answer_fn *fn;
	void *arg;
};

static bool
on_send(void *door, const struct site_act *act, site_answer_fn *fn, void *arg)
{
	struct fixture *f = door;

	f->sent++;
	if (f->busy)
		return false;
	snprintf(f->act, sizeof(f->act), "%s", act->name);
	snprintf(f->key, sizeof(f->key), SPAN_FORMAT, SPAN_ARGS(act->key));
	buf_clear(&f->input);
	buf_add_span(&f->input, act->input);
	f->fn = fn;
	f->arg = arg;
	return true;
}

static void
answer(struct fixture *f, const struct site_answer *answer)
{
	site_answer_fn *fn = f->fn;

	assert_non_null(fn);
	f->fn = NULL;
	fn(answer, f->arg);
}

static void
add_post(struct fixture *f, const char *state, int64_t thread, const char *html)
{
	struct post post = book_post(f->forum, f->person, state, thread);
	struct err err = { 0 };

	post.html = span_of(html);
	book_ok(db_begin(f->db, &err), &err);
	book_ok(post_add(f->db, &post, &post.id, &err), &err);
	book_ok(thread == 0 || thread_recount(f->db, thread, &err), &err);
	book_ok(db_commit(f->db, &err), &err);
}

static int64_t
add_thread(struct fixture *f, const char *title)
{
	struct err err = { 0 };
	int64_t id;

	book_ok(thread_add(f->db, f->forum, span_of(title), BOOK_NOW, &id, &err), &err);
	return id;
}

static void
add_session(struct fixture *f)
{
	uint8_t hash[SHA256_SIZE];
	struct err err = { 0 };
	int64_t id, now = clock_now();

	token_sha256(SPAN(SECRET), hash);
	book_ok(session_add(f->db, f->person, hash, now, now + 86400, &id, &err), &err);
}

static void
open_site(struct fixture *f)
{
	struct buf text = { 0 };
	struct err err = { 0 };

	buf_printf(
	    &text, "site.url = http://a.example\nsite.locale = en\ndata = %s\n", book_folder);
	book_ok(settings_read(f->arena, buf_span(&text), "test", &f->settings, &err), &err);
	buf_free(&text);
	book_ok(theme_open(&f->theme, PREAU_SOURCE "/themes", "default", &err), &err);
	f->site = (struct site){
		.loop = f->loop,
		.settings = &f->settings,
		.theme = f->theme,
		.book = reading_book_open(&f->settings, &err),
		.cache = cache_new(1000000),
		.send = on_send,
		.door = f,
		.name = "t",
	};
	book_ok(f->site.book != NULL, &err);
	site_open(&f->site);
	loop_on_turn(f->loop, site_turn, &f->site);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct http_options options;
	struct err err = { 0 };

	if (f == NULL || book_setup(state) != 0)
		return 1;
	f->db = *state;
	*state = f;
	f->arena = arena_new();
	f->loop = loop_new();
	f->forum = book_forum(f->db, "voirie");
	f->person = book_person(f->db, "Marie", "marie@a.example");
	add_session(f);
	open_site(f);
	http_options_default(&options);
	options.body_max = handle_body_max;
	options.spool = book_folder;
	f->server = http_server_new(f->loop, &options, handle_request, &f->site);
	book_ok(listen_open("127.0.0.1:0", &f->fd, &err), &err);
	http_server_listen(f->server, f->fd);
	return listen_name(f->fd, f->address) ? 0 : 1;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	http_server_free(&f->server);
	close(f->fd);
	cache_free(&f->site.cache);
	site_close(&f->site);
	reading_book_close(&f->site.book);
	theme_free(&f->theme);
	loop_free(&f->loop);
	buf_free(&f->input);
	arena_free(&f->arena);
	*state = f->db;
	free(f);
	return book_teardown(state);
}

/* The whole answer to one request, in the arena; fields: whole lines. */
static const char *
ask(struct fixture *f, const char *method, const char *path, const char *fields, const char *body)
{
	struct client client;
	const char *text;

	client_open(&client, f->loop, f->address);
	client_send_text(&client,
	    arena_printf(f->arena,
		"%s %s HTTP/1.1\r\n" HOST "Connection: close\r\n%sContent-Length: %zu\r\n\r\n%s",
		method, path, fields, strlen(body), body));
	assert_true(client_wait_end(&client));
	text = arena_strndup(f->arena, client.in.data, client.in.len);
	client_close(&client);
	return text;
}

static const char *
get(struct fixture *f, const char *path, const char *fields)
{
	return ask(f, "GET", path, fields, "");
}

static bool
has(const char *page, const char *text)
{
	return strstr(page, text) != NULL;
}

/* ---- kept pages ---- */

static void
test_kept(void **state)
{
	struct fixture *f = *state;
	const char *first, *again;

	first = get(f, "/f/voirie", "");
	assert_true(has(first, "HTTP/1.1 200 OK\r\n"));
	assert_int_equal(cache_count(f->site.cache), 1);
	again = get(f, "/f/voirie", "");
	assert_string_equal(strstr(first, "\r\n\r\n"), strstr(again, "\r\n\r\n"));
	assert_int_equal(cache_count(f->site.cache), 1);
	add_post(f, "published", add_thread(f, "Trottoir"), "<p>text</p>");
	assert_true(has(get(f, "/f/voirie", ""), "Trottoir"));
	assert_false(has(first, "Trottoir"));
}

/* What is asked beside the address does not fill the cache; what the page depends on
 * keeps pages apart. */
static void
test_keys(void **state)
{
	struct fixture *f = *state;

	(void)get(f, "/", "");
	assert_int_equal(cache_count(f->site.cache), 1);
	for (int i = 0; i < 20; i++)
		(void)get(f, arena_printf(f->arena, "/?utm=%d&x=y", i), "");
	assert_int_equal(cache_count(f->site.cache), 1);
	assert_true(has(get(f, "/?lang=fr&z=1", ""), "<html lang=\"fr\">"));
	assert_true(has(get(f, "/?z=2&lang=fr", ""), "<html lang=\"fr\">"));
	assert_int_equal(cache_count(f->site.cache), 2);
	assert_true(has(get(f, "/", "Accept-Language: fr\r\n"), "<html lang=\"fr\">"));
	assert_int_equal(cache_count(f->site.cache), 3);
	assert_true(has(get(f, "/", "Accept-Language: en\r\n"), "<html lang=\"en\">"));
	assert_int_equal(cache_count(f->site.cache), 3);
	(void)ask(f, "HEAD", "/", "", "");
	assert_int_equal(cache_count(f->site.cache), 3);
}

static void
test_not_kept(void **state)
{
	static const char *const paths[] = { "/nothing", "/login", "/metrics", "/f/nothing", "/p/1",
		"/m/x@y", "/f/voirie/", "/t/99" };
	struct fixture *f = *state;
	const char *page;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		(void)get(f, paths[i], "");
	assert_int_equal(cache_count(f->site.cache), 0);
	page = get(f, "/", SIGNED);
	assert_true(has(page, "Marie"));
	assert_true(has(page, "Cache-Control: private, no-store\r\n"));
	page = get(f, "/", "Cookie: s=" DEAD "\r\n");
	assert_true(has(page, "Set-Cookie: s=; "));
	assert_int_equal(cache_count(f->site.cache), 0);
	assert_false(has(get(f, "/", ""), "Marie"));
	assert_true(has(get(f, "/", SIGNED), "Marie"));
	assert_int_equal(cache_count(f->site.cache), 1);
}

static void
test_held_is_nowhere(void **state)
{
	static const char *const paths[] = { "/", "/f/voirie", "/t/1-trottoir" };
	struct fixture *f = *state;
	int64_t thread = add_thread(f, "Trottoir");
	int held;

	add_post(f, "published", thread, "<p>to be seen</p>");
	(void)get(f, "/t/1-trottoir", "");
	add_post(f, "held", 0, "<p>to be held</p>");
	held = (int)book_number(f->db, "SELECT max(id) FROM post");
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		assert_true(has(get(f, paths[i], ""), "HTTP/1.1 200 OK\r\n"));
		assert_false(has(get(f, paths[i], SIGNED), "to be held"));
		assert_false(has(get(f, paths[i], ""), "to be held"));
	}
	assert_true(has(get(f, "/t/1-trottoir", ""), "<p>to be seen</p>"));
	assert_true(has(get(f, arena_printf(f->arena, "/p/%d", held), SIGNED), "HTTP/1.1 404 "));
}

/* The address after "Location: " or after that mark in a page. */
static const char *
after(struct fixture *f, const char *page, const char *mark)
{
	const char *at = strstr(page, mark);
	struct span rest = span_of(at != NULL ? at + strlen(mark) : "");
	struct span url = span_first(rest, strcspn(rest.data != NULL ? rest.data : "", "\"\r#"));

	assert_true(url.len > 0);
	return arena_strndup(f->arena, url.data, url.len);
}

static int
count(const char *page, const char *text)
{
	int found = 0;

	for (; (page = strstr(page, text)) != NULL; page += strlen(text))
		found++;
	return found;
}

/* Whole up to 500 posts, then in pages that miss nothing and show nothing twice; every
 * permalink leads to a page that has its post. */
static void
test_long_thread(void **state)
{
	static const int numbers[] = { 1, 2, 500, 501, 502, 1003 };
	struct fixture *f = *state;
	int64_t thread = add_thread(f, "Long");
	const char *page, *url = "/t/1-long";
	int shown = 0, pages = 0;

	for (int i = 1; i <= 1003; i++)
		add_post(f, "published", thread, arena_printf(f->arena, "<p>number %d.</p>", i));
	for (; url[0] != '\0';
	     url = has(page, "rel=\"next\"") ? after(f, page, "rel=\"next\" href=\"") : "") {
		page = get(f, url, SIGNED);
		assert_true(has(page, "HTTP/1.1 200 OK\r\n"));
		shown += count(page, "<p>number ");
		assert_int_equal(has(page, "<textarea"), !has(page, "rel=\"next\""));
		pages++;
	}
	assert_int_equal(shown, 1003);
	assert_int_equal(pages, 3);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		page = get(f, arena_printf(f->arena, "/p/%d", numbers[i]), "");
		page = get(f, after(f, page, "Location: "), "");
		assert_true(has(page, arena_printf(f->arena, "id=\"p%d\"", numbers[i])));
		assert_true(has(page, arena_printf(f->arena, "<p>number %d.</p>", numbers[i])));
	}
	assert_true(has(get(f, "/t/1-long?after=nonsense", ""), "<p>number 1.</p>"));
	assert_true(has(get(f, "/t/1-long?after=99999999999.1", ""), "HTTP/1.1 200 OK\r\n"));
}

/* ---- acts ---- */

static const char *
form(struct fixture *f, const char *fields)
{
	char csrf[44];

	reading_csrf(SPAN(SECRET), "form", csrf);
	return arena_printf(f->arena, "csrf=%s&key=" NONCE "&%s", csrf, fields);
}

#define FORM SIGNED "Content-Type: application/x-www-form-urlencoded\r\n"

/* Sends a form and turns until the act has come; the answer is still to be given. */
static void
post_open(struct fixture *f, struct client *client, const char *path, const char *body)
{
	int before = f->sent;

	client_open(client, f->loop, f->address);
	client_send_text(client, arena_printf(f->arena,
				     "POST %s HTTP/1.1\r\n" HOST FORM
				     "Connection: close\r\nContent-Length: %zu\r\n\r\n%s",
				     path, strlen(body), body));
	for (int i = 0; i < 200 && f->sent == before; i++)
		client_wait(client, 10);
	assert_int_equal(f->sent, before + 1);
}

static void
test_post(void **state)
{
	struct site_answer ok = { .ok = true };
	struct fixture *f = *state;
	struct buf output = { 0 };
	struct fields input;
	struct client client;

	post_open(
	    f, &client, "/f/voirie/new", form(f, "subject=+Un+%0D%0Asujet+&text=a%0D%0Ab%0D%0A"));
	assert_string_equal(f->act, "post.add");
	assert_string_equal(f->key, NONCE);
	assert_true(fields_read(&input, buf_span(&f->input)));
	assert_true(span_is(fields_get(&input, "forum"), "voirie"));
	assert_true(span_is(fields_get(&input, "subject"), "Un sujet"));
	assert_true(span_is(fields_get(&input, "source"), "a\nb"));
	fields_add_text(&output, "state", "published");
	fields_add_int(&output, "thread", 7);
	fields_add_int(&output, "post", 9);
	fields_add_text(&output, "slug", "un-sujet");
	assert_true(fields_read(&ok.output, buf_span(&output)));
	answer(f, &ok);
	assert_true(client_wait_end(&client));
	assert_true(span_starts(buf_span(&client.in), "HTTP/1.1 303 "));
	assert_true(has(buf_text(&client.in), "Location: /t/7-un-sujet#p9\r\n"));
	client_close(&client);
	buf_free(&output);
}

/* Refused, or not even taken: the text stands in the form again, the status says so. */
static void
test_text_stays(void **state)
{
	struct site_answer no = { .ok = false };
	struct fixture *f = *state;
	struct client client;
	const char *page;

	err_set(&no.err, ERR_DENIED, "you may not write in this forum");
	post_open(f, &client, "/f/voirie/new", form(f, "subject=S&text=precious+%3Cwords%3E"));
	answer(f, &no);
	assert_true(client_wait_end(&client));
	assert_true(span_starts(buf_span(&client.in), "HTTP/1.1 403 "));
	assert_true(has(buf_text(&client.in), "precious &lt;words&gt;</textarea>"));
	assert_true(has(buf_text(&client.in), "You may not write in this forum."));
	assert_true(has(buf_text(&client.in), NONCE));
	client_close(&client);
	f->busy = true;
	page = ask(f, "POST", "/f/voirie/new", FORM, form(f, "subject=S&text=precious+words"));
	assert_true(has(page, "HTTP/1.1 503 "));
	assert_true(has(page, "precious words</textarea>"));
}

/* The answer comes when nobody is there any more, or the book has gone on. */
static void
test_late_answer(void **state)
{
	struct site_answer no = { .ok = false };
	struct fixture *f = *state;
	struct client client;

	err_set(&no.err, ERR_TOO_MUCH, "too often");
	post_open(f, &client, "/f/voirie/new", form(f, "subject=S&text=T"));
	client_close(&client);
	for (int i = 0; i < 5; i++)
		loop_turn(f->loop, false);
	answer(f, &no);
	post_open(f, &client, "/f/voirie/new", form(f, "subject=S&text=T"));
	book_do(f->db, "UPDATE forum SET who_reads = 'members', slug = 'gone'");
	answer(f, &no);
	assert_true(client_wait_end(&client));
	assert_true(span_starts(buf_span(&client.in), "HTTP/1.1 404 "));
	client_close(&client);
}

static void
test_visit_is_noted(void **state)
{
	struct fixture *f = *state;

	(void)get(f, "/", SIGNED);
	assert_int_equal(f->sent, 0);
	book_do(f->db, "UPDATE session SET seen = seen - 7200");
	assert_true(has(get(f, "/", SIGNED), "Set-Cookie: s=" SECRET "; "));
	assert_int_equal(f->sent, 1);
	assert_string_equal(f->act, "session.seen");
	assert_null(f->fn);
	f->busy = true;
	assert_true(has(get(f, "/", SIGNED), "HTTP/1.1 200 OK\r\n"));
	assert_true(has(get(f, "/", ""), "HTTP/1.1 200 OK\r\n"));
	assert_int_equal(f->sent, 2);
}

/* Big bodies are for who is signed in, where files are taken. */
static void
test_bodies(void **state)
{
	static const struct {
		const char *path, *fields;
		bool taken;
	} cases[] = {
		{ "/f/voirie/new", SIGNED, true },
		{ "/f/voirie/new", "", false },
		{ "/f/voirie/new", "Cookie: s=short\r\n", false },
		{ "/login", SIGNED, false },
		{ "/nothing", SIGNED, false },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct client client;
		client_open(&client, f->loop, f->address);
		client_send_text(
		    &client, arena_printf(f->arena,
				 "POST %s HTTP/1.1\r\n" HOST
				 "%sContent-Type: multipart/form-data; boundary=b\r\n"
				 "Expect: 100-continue\r\nContent-Length: 1000000\r\n\r\n",
				 cases[i].path, cases[i].fields));
		assert_true(client_wait_text(&client, "\r\n\r\n"));
		if (!span_starts(
			buf_span(&client.in), cases[i].taken ? "HTTP/1.1 100 " : "HTTP/1.1 413 "))
			fail_msg("%zu: %s", i, buf_text(&client.in));
		client_close(&client);
	}
}

/* ---- for machines ---- */

static const struct site_answer yes = { .ok = true };

static void
begin(struct fixture *f, struct client *client, const char *path)
{
	client_open(client, f->loop, f->address);
	client_send_text(client,
	    arena_printf(f->arena, "GET %s HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", path));
}

static void
wait_sent(struct fixture *f, int sent)
{
	while (f->sent < sent)
		assert_true(loop_turn(f->loop, true));
}

static void
end(struct client *client, const char *head, const char *body)
{
	assert_true(client_wait_end(client));
	assert_true(has(buf_text(&client->in), head));
	assert_true(has(buf_text(&client->in), body));
	client_close(client);
}

/* One question at the clerk, whoever asks; its answer is everybody's, for a second. */
static void
test_health(void **state)
{
	struct fixture *f = *state;
	struct client clients[3];

	for (size_t i = 0; i < 3; i++)
		begin(f, &clients[i], "/healthz");
	wait_sent(f, 1);
	while (f->site.pulse.waiting == NULL || f->site.pulse.waiting->state == NULL ||
	       ((struct request *)f->site.pulse.waiting->state)->state == NULL)
		assert_true(loop_turn(f->loop, true));
	assert_string_equal(f->act, "house.ping");
	answer(f, &yes);
	for (size_t i = 0; i < 3; i++)
		end(&clients[i], "HTTP/1.1 200 OK\r\n", "\r\n\r\nok\n");
	assert_true(has(get(f, "/healthz", ""), "\r\n\r\nok\n"));
	assert_int_equal(f->sent, 1);
	assert_int_equal(cache_count(f->site.cache), 0);
}

/* A clerk that says nothing is waited for once, and asked once, until it is back. */
static void
test_health_late(void **state)
{
	struct fixture *f = *state;
	struct client client;

	begin(f, &client, "/healthz");
	end(&client, "HTTP/1.1 503 ", "\r\n\r\nclerk: no answer\n");
	assert_true(has(get(f, "/healthz", SIGNED), "\r\n\r\nclerk: no answer\n"));
	assert_int_equal(f->sent, 1);
	answer(f, &yes);
	assert_true(has(get(f, "/healthz", ""), "\r\n\r\nok\n"));
	assert_int_equal(f->sent, 1);
}

static void
test_health_refused(void **state)
{
	struct site_answer no = { .ok = false };
	struct fixture *f = *state;
	struct client client;

	f->busy = true;
	assert_true(has(get(f, "/healthz", ""), "HTTP/1.1 503 "));
	f->busy = false;
	begin(f, &client, "/healthz");
	wait_sent(f, 2);
	err_set(&no.err, ERR_TEMPORARY, "the book cannot be written just now");
	answer(f, &no);
	end(&client, "HTTP/1.1 503 ", "\r\n\r\nclerk: the book cannot be written just now\n");
	assert_false(f->site.pulse.asked);
}

static void
test_metrics(void **state)
{
	struct fixture *f = *state;

	book_do(f->db, "INSERT INTO counter VALUES ('a\"b\\c\nd', 7)");
	add_post(f, "withdrawn", 0, "");
	assert_true(has(get(f, "/metrics", ""), "\npreau_posts{state=\"withdrawn\"} 1\n"));
	assert_true(has(get(f, "/metrics", ""), "\npreau_people_registered 1\n"));
	assert_true(
	    has(get(f, "/metrics", ""), "\npreau_events_total{event=\"a\\\"b\\\\c\\nd\"} 7\n"));
	assert_true(has(get(f, "/metrics", "Via: x\r\n"), "HTTP/1.1 404 "));
	assert_int_equal(f->sent, 0);
	assert_int_equal(cache_count(f->site.cache), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(test_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(test_held_is_nowhere, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_thread, setup, teardown),
		cmocka_unit_test_setup_teardown(test_post, setup, teardown),
		cmocka_unit_test_setup_teardown(test_text_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(test_late_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_visit_is_noted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bodies, setup, teardown),
		cmocka_unit_test_setup_teardown(test_health, setup, teardown),
		cmocka_unit_test_setup_teardown(test_health_late, setup, teardown),
		cmocka_unit_test_setup_teardown(test_health_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_metrics, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
