/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "rules/settings.h"

/* A hundred octets. */
#define SENTENCE "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"

/* clang-format off */
static const struct {
	const char *name, *text, *want; /* want: the sentence, NULL = read */
} cases[] = {
	{ "nothing said", "", NULL },
	{ "comments and empty lines", "# one\n\n   # two\n", NULL },
	{ "no name", "hello\n", "preau.conf:1: expected name = value" },
	{ "unknown name on line 3", "\n\nnope = 1\n", "preau.conf:3: unknown setting nope" },
	{ "said twice", "theme = a\n\ntheme = b\n", "preau.conf:3: theme was already said on line 1" },
	{ "a comment behind a value", "theme = plain # ours\n", NULL },
	{ "a # within a value", "site.name = Ville#1\n", NULL },
	{ "no such word", "mail.trust = everybody\n", "preau.conf:1: mail.trust must be one of: results local" },
	{ "not a number", "web.workers = many\n", "preau.conf:1: web.workers must be a number from 0 to 16" },
	{ "too many", "web.workers = 17\n", "preau.conf:1: web.workers must be a number from 0 to 16" },
	{ "negative", "web.workers = -1\n", "preau.conf:1: web.workers must be a number from 0 to 16" },
	{ "more than any integer", "web.workers = 99999999999999999999\n", "preau.conf:1: web.workers must be a number from 0 to 16" },
	{ "unknown unit", "relay.retry = 5 weeks\n", "preau.conf:1: relay.retry must be a number from 1 to 14400" },
	{ "neither yes nor no", "listen.tls = perhaps\n", "preau.conf:1: listen.tls must be yes or no" },
	{ "TLS without a certificate", "\nlisten.tls = yes\n", "preau.conf:2: listen.tls needs tls.certificate" },
	{ "certificate without a key", "tls.certificate = a.pem\n", "preau.conf:1: tls.certificate needs tls.key" },
	{ "url with a slash at its end", "site.url = https://a.example/\n", "preau.conf:1: site.url is not sound: base of every link, without a slash at its end" },
	{ "url of another scheme", "site.url = ftp://a.example\n", "preau.conf:1: site.url is not sound: base of every link, without a slash at its end" },
	{ "url without host", "site.url = https://\n", "preau.conf:1: site.url is not sound: base of every link, without a slash at its end" },
	{ "domain with a blank", "mail.domain = a b\n", "preau.conf:1: mail.domain is not sound: domain of the forums' addresses" },
	{ "domain with an at sign", "mail.domain = a@b\n", "preau.conf:1: mail.domain is not sound: domain of the forums' addresses" },
	{ "more than a sentence", "site.about = " SENTENCE SENTENCE SENTENCE ".\n", "preau.conf:1: site.about must have 0 to 300 octets" },
	{ "an accent", "site.accent = 0A5C2F\n", NULL },
	{ "an accent too pale to be read", "site.accent = ffcc00\n", "preau.conf:1: site.accent is not sound: accent colour of the pages, six hex digits without #; dark enough to be read on white" },
	{ "no colour", "site.accent = bleu\n", "preau.conf:1: site.accent is not sound: accent colour of the pages, six hex digits without #; dark enough to be read on white" },
	{ "no domain", "mail.domain =\n", "preau.conf:1: mail.domain must have 1 to 200 octets" },
	{ "relay without port", "relay.to = smtp://host\n", "preau.conf:1: relay.to is not sound: where mail goes: smtp://HOST:PORT, lmtp://HOST:PORT, lmtp:/PATH or dir:FOLDER" },
	{ "relay into a folder", "relay.to = dir:mail-out\n", NULL },
	{ "relay with TLS", "relay.to = smtp://[::1]:2526?tls=require\n", NULL },
	{ "relay with a typing mistake", "relay.to = smtp://a:25?tls=requir\n", "preau.conf:1: relay.to is not sound: where mail goes: smtp://HOST:PORT, lmtp://HOST:PORT, lmtp:/PATH or dir:FOLDER" },
	{ "relay to a socket", "relay.to = lmtp:/run/lmtp\n", NULL },
	{ "a control character", "site.name = a\x01" "b\n", "preau.conf:1: site.name is not sound: name of the site, as it signs" },
	{ "not UTF-8", "site.name = a\xff\n", "preau.conf:1: site.name is not sound: name of the site, as it signs" },
	{ "believing who is local, on loopback", "mail.trust = local\nlisten.smtp = 127.0.0.1:25 [::1]:25\nlisten.lmtp = unix:/run/lmtp\nlisten.http = 0.0.0.0:80\n", NULL },
	{ "believing who is local, open to others", "mail.trust = local\nlisten.smtp = 127.0.0.1:25 0.0.0.0:25\n", "preau.conf:1: mail.trust = local is for trials on one machine: 0.0.0.0:25 takes mail from others" },
	{ "the same by LMTP", "listen.lmtp = [::]:24\nmail.trust = local\n", "preau.conf:2: mail.trust = local is for trials on one machine: [::]:24 takes mail from others" },
	{ "open to others, believing results", "listen.smtp = 0.0.0.0:25\n", NULL },
	{ "kept for a month", "keep.mails = 30d\nkeep.bounces = 36500d\n", NULL },
	{ "kept no longer than links in mails", "keep.deliveries = 29d\n", "preau.conf:1: keep.deliveries must be a number from 2592000 to 3153600000" },
	{ "CRLF ends lines too", "theme = plain\r\nweb.workers = 2\r\n", NULL },
};
/* clang-format on */

static void
test_sentences(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *arena = arena_new();
		struct settings settings;
		struct err err = { 0 };
		bool ok = settings_read(arena, span_of(cases[i].text), "preau.conf", &settings, &err);

		if (cases[i].want) {
			assert_false(ok);
			assert_string_equal(err.text, cases[i].want);
		} else if (!ok) {
			fail_msg("%s: %s", cases[i].name, err.text);
		}
		arena_free(&arena);
	}
}

static void
test_values(void **state)
{
	struct arena *arena = arena_new();
	struct settings settings;
	struct err err = { 0 };

	(void)state;
	assert_true(settings_read(arena,
	    SPAN("site.name = Forums de Ville # ours\nmail.trust = local\nrelay.retry = 2min\n"
		 "mail.size=1MiB\nmail.domain = forum.ville.example\nlog.level = debug\n"
		 "relay.life = 3d\nsite.locale = en\nweb.workers = 3\nsite.about = Tous en parlent.\n"
		 "site.accent = 7a1f3d"),
	    "x", &settings, &err));
	assert_string_equal(settings.site_name, "Forums de Ville");
	assert_string_equal(settings.site_about, "Tous en parlent.");
	assert_string_equal(settings.site_accent, "7a1f3d");
	assert_int_equal(settings.mail_trust, MAIL_TRUST_LOCAL);
	assert_int_equal(settings.relay_retry, 120);
	assert_int_equal(settings.relay_life, 3 * 86400);
	assert_int_equal(settings.mail_size, 1 << 20);
	assert_int_equal(settings.log_level, LOG_LEVEL_DEBUG);
	assert_string_equal(settings.site_locale, "en");
	assert_int_equal(settings.web_workers, 3);
	assert_string_equal(settings.relay_name, "forum.ville.example");
	assert_int_equal(settings.http_connections, 1000);
	assert_false(settings.listen_tls);
	arena_free(&arena);
}

/* What is printed reads back as the same settings: names, types and words agree. */
static void
test_print_reads_back(void **state)
{
	struct arena *arena = arena_new();
	struct settings first, second;
	struct buf one = { 0 }, two = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_true(settings_read(arena,
	    SPAN("listen.tls = yes\ntls.certificate = /a\ntls.key = /b\nmail.trust = local\n"), "x",
	    &first, &err));
	settings_print(&first, &one);
	if (!settings_read(arena, buf_span(&one), "x", &second, &err))
		fail_msg("%s", err.text);
	settings_print(&second, &two);
	assert_string_equal(buf_text(&one), buf_text(&two));
	buf_free(&one);
	buf_free(&two);
	arena_free(&arena);
}

static void
test_wait_start(void **state)
{
	struct arena *arena = arena_new();
	struct settings before, now;
	struct buf names = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_true(settings_read(arena, SPAN("site.name = A\nlisten.http = 127.0.0.1:1\n"), "x",
	    &before, &err));
	assert_true(settings_read(arena, SPAN("site.name = B\nlisten.http = 127.0.0.1:1\n"), "x",
	    &now, &err));
	settings_wait_start(&before, &now, &names);
	assert_string_equal(buf_text(&names), "");
	assert_true(settings_read(arena, SPAN("listen.http = 127.0.0.1:2\nweb.workers = 3\n"), "x",
	    &now, &err));
	settings_wait_start(&before, &now, &names);
	assert_string_equal(buf_text(&names), "listen.http web.workers");
	buf_free(&names);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sentences),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_print_reads_back),
		cmocka_unit_test(test_wait_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
