/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Addresses: what may stand in an envelope, how it is compared, written, named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "mail/address.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define X10 "xxxxxxxxxx"
#define X63 X10 X10 X10 X10 X10 X10 "xxx"
#define X64 X63 "x"

/* want: local|domain, or NULL where it must be refused. */
static const struct {
	const char *text;
	unsigned flags;
	const char *want;
} parses[] = {
	{ "a@example.org", 0, "a|example.org" },
	{ "Marie.Dupont+voirie@Example.ORG", 0, "Marie.Dupont+voirie|Example.ORG" },
	{ "!#$%&'*+-/=?^_`{|}~@x", 0, "!#$%&'*+-/=?^_`{|}~|x" },
	{ "\"joe q@x\"@example.org", 0, "joe q@x|example.org" },
	{ "\"a\\\"b\\\\c\"@example.org", 0, "a\"b\\c|example.org" },
	{ X64 "@x.y", 0, X64 "|x.y" },
	{ "a@" X63 ".fr", 0, "a|" X63 ".fr" },
	{ "a@[192.0.2.1]", 0, "a|[192.0.2.1]" },
	{ "a@[IPv6:2001:db8::1]", 0, "a|[IPv6:2001:db8::1]" },
	{ "éric@exemple.fr", ADDRESS_UTF8, "éric|exemple.fr" },
	{ "marie@mairie-de-orléans.fr", ADDRESS_UTF8, "marie|mairie-de-orléans.fr" },
	{ "postmaster", ADDRESS_NO_DOMAIN, "postmaster|" },
	{ "éric@exemple.fr", 0, NULL },
	{ "a@exemplé.fr", 0, NULL },
	{ "postmaster", 0, NULL },
	{ "", ADDRESS_NO_DOMAIN, NULL },
	{ "@example.org", 0, NULL },
	{ "a@", 0, NULL },
	{ "a@@b", 0, NULL },
	{ "a@b@c", 0, NULL },
	{ ".a@b", 0, NULL },
	{ "a.@b", 0, NULL },
	{ "a..b@c", 0, NULL },
	{ "a b@c", 0, NULL },
	{ "a(c)@b", 0, NULL },
	{ "<a@b>", 0, NULL },
	{ "a,b@c", 0, NULL },
	{ "\"\"@b", 0, NULL },
	{ "\"a@b", 0, NULL },
	{ "\"a\\\"@b", 0, NULL },
	{ "\"a\"b@c", 0, NULL },
	{ "\"a\r\nDATA\"@b", 0, NULL },
	{ "a\r\n@b", 0, NULL },
	{ "a@b\r\nRCPT TO:<c@d>", 0, NULL },
	{ "a@b\n", 0, NULL },
	{ "a@b.", 0, NULL },
	{ "a@.b", 0, NULL },
	{ "a@b..c", 0, NULL },
	{ "a@-b.c", 0, NULL },
	{ "a@b-.c", 0, NULL },
	{ "a@b_c", 0, NULL },
	{ "a@b c", 0, NULL },
	{ "a@" X64 ".fr", 0, NULL },
	{ X64 "x@x.y", 0, NULL },
	{ "a@" X63 "." X63 "." X63 "." X63 ".fr", 0, NULL },
	{ "a@[192.0.2.256]", 0, NULL },
	{ "a@[192.0.2.1", 0, NULL },
	{ "a@[]", 0, NULL },
	{ "a@[IPv6:zz]", 0, NULL },
	{ "a@[x:y]", 0, NULL },
	{ "a\x80@b", ADDRESS_UTF8, NULL },
	{ "a\xc0\xaf@b", ADDRESS_UTF8, NULL },
	{ "a\xc2\x85@b", ADDRESS_UTF8, NULL },
	{ "a\xe2\x80\xa8@b", ADDRESS_UTF8, NULL },
	{ "a\x7f@b", 0, NULL },
};

static void
test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(parses); i++) {
		struct mail_address address;
		struct err err = { 0 };
		char got[ADDRESS_MAX + 2];
		bool ok = address_parse(span_of(parses[i].text), parses[i].flags, &address, &err);

		if (ok != (parses[i].want != NULL))
			fail_msg("%s: %s", parses[i].text, ok ? "taken" : "refused");
		if (!ok) {
			assert_int_equal(err.kind, ERR_INVALID);
			continue;
		}
		(void)snprintf(got, sizeof(got), "%s|%s", address.local, address.domain);
		assert_string_equal(got, parses[i].want);
	}
}

static void
test_nul_is_refused(void **state)
{
	struct mail_address address;
	struct err err;

	(void)state;
	assert_false(address_parse(SPAN("a\0b@c"), 0, &address, &err));
	assert_false(address_parse(SPAN("a@c\0.d"), 0, &address, &err));
	assert_false(address_parse(SPAN("\"a\0\"@c"), 0, &address, &err));
	assert_false(address_parse(SPAN("a@[192.0.2.1\0]"), 0, &address, &err));
	assert_false(address_is_safe(SPAN("a\0")));
}

static const struct {
	const char *text, *want, *rest; /* want: as written; NULL refused */
} paths[] = {
	{ "<>", "", "" },
	{ "<a@b> SIZE=3", "a@b", " SIZE=3" },
	{ "<\"x>y\"@b>z", "\"x>y\"@b", "z" },
	{ "<\"x\\\">y\"@b>", "\"x\\\">y\"@b", "" },
	{ "<@h1,@h2:a@example.org>", "a@example.org", "" },
	{ "<@h1:a@b@c>", NULL, NULL },
	{ "<@h1,h2:a@b>", NULL, NULL },
	{ "<@h1>", NULL, NULL },
	{ "<@:a@b>", NULL, NULL },
	{ "a@b", NULL, NULL },
	{ "<a@b", NULL, NULL },
	{ "", NULL, NULL },
	{ "<", NULL, NULL },
	{ "<\"a@b>", NULL, NULL },
	{ "< a@b>", NULL, NULL },
	{ "<<a@b>>", NULL, NULL },
};

static void
test_path(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct span rest = span_of(paths[i].text);
		struct mail_address address;
		struct buf written = { 0 };
		struct err err;
		bool ok = address_parse_path(&rest, 0, &address, &err);

		if (ok != (paths[i].want != NULL))
			fail_msg("%s: %s", paths[i].text, ok ? "taken" : "refused");
		if (!ok)
			continue;
		address_write(&address, &written);
		assert_string_equal(buf_text(&written), paths[i].want);
		assert_true(span_is(rest, paths[i].rest));
		assert_int_equal(address.local[0] == '\0' && address.domain[0] == '\0', paths[i].want[0] == '\0');
		buf_free(&written);
	}
}

static const struct {
	const char *text, *want;
} folds[] = {
	{ "Marie@EXAMPLE.org", "marie@example.org" },
	{ "É@Exemple.fr", "É@exemple.fr" },
	{ "a@Mairie-Orléans.FR", "a@xn--mairie-orlans-khb.fr" },
	{ "a@mairie-orle\xcc\x81"
	  "ans.fr",
	    "a@xn--mairie-orlans-khb.fr" },
	{ "a@straße.de", "a@xn--strae-oqa.de" },
	{ "\"Joe Q\"@B", "\"joe q\"@b" },
	{ "\"joe\"@b", "joe@b" },
	{ "  a@b ", "a@b" },
	{ "a@[IPv6:2001:DB8::1]", "a@[ipv6:2001:db8::1]" },
};

static void
test_fold(void **state)
{
	char out[ADDRESS_MAX + 1];
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT(folds); i++) {
		assert_true(address_fold_text(span_of(folds[i].text), out, &err));
		assert_string_equal(out, folds[i].want);
	}
	assert_false(address_fold_text(SPAN("a@\xef\xbf\xbe.fr"), out, &err));
	assert_true(address_fold_domain("Example.org.", out));
	assert_string_equal(out, "example.org");
}

static const struct {
	const char *name, *want;
} names[] = {
	{ "Marie Dupont (Voirie)", "\"Marie Dupont (Voirie)\" <a.t@forum.fr>" },
	{ "Dupont, \"Marie\" \\", "\"Dupont, \\\"Marie\\\" \\\\\" <a.t@forum.fr>" },
	{ "Hélène Béchu", "=?UTF-8?Q?H=C3=A9l=C3=A8ne_B=C3=A9chu?= <a.t@forum.fr>" },
	{ "", "<a.t@forum.fr>" },
	{ " \t ", "<a.t@forum.fr>" },
	{ "marie@exemple.fr", "\"marie\" <a.t@forum.fr>" },
	{ "Marie (marie@exemple.fr) D", "\"Marie (marie D\" <a.t@forum.fr>" },
	{ "@exemple.fr", "<a.t@forum.fr>" },
	{ "A\r\nBcc: x", "\"A Bcc: x\" <a.t@forum.fr>" },
	{ "A\r\n\r\nbody", "\"A body\" <a.t@forum.fr>" },
	{ "A\xc2\x85"
	  "B",
	    "\"A B\" <a.t@forum.fr>" },
	{ "A\xe2\x80\xae"
	  "B",
	    "\"AB\" <a.t@forum.fr>" },
	{ "=?UTF-8?Q?=0D=0ABcc:_x?=",
	    "=?UTF-8?Q?=3D=3FUTF-8=3FQ=3F=3D0D=3D0ABcc=3A=5Fx=3F=3D?= <a.t@forum.fr>" },
	{ "bad \xff octet", "=?UTF-8?Q?bad_=EF=BF=BD_octet?= <a.t@forum.fr>" },
};

static void
test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct buf out = { 0 };

		address_write_mailbox(span_of(names[i].name), SPAN("a.t@forum.fr"), &out);
		assert_string_equal(buf_text(&out), names[i].want);
		buf_free(&out);
	}
}

/* Whatever the name: one line of printable ASCII, encoded-words of 75 octets at most. */
static void
test_hostile_names(void **state)
{
	static const char *const pieces[] = { "é", "\r", "\n", "\r\n", "\0x", "\"", "\\", "a b",
		"@", "\xf0\x9f\x8e\x89", "\xff", "?=", "=?", "\xc2\x85", "\xe2\x80\xa8", "\x7f",
		"<", ">", "zzzzzzzzzzzzzzzz" };
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct buf name = { 0 }, out = { 0 };
		struct span rest, word;

		for (int n = 0; n < 1 + round % 90; n++) {
			seed = seed * 1664525 + 1013904223;
			buf_add_text(&name, pieces[(seed >> 16) % COUNT(pieces)]);
		}
		address_write_phrase(buf_span(&name), &out);
		rest = buf_span(&out);
		for (size_t i = 0; i < out.len; i++)
			assert_in_range((unsigned char)out.data[i], ' ', '~');
		assert_null(memchr(buf_text(&out), '@', out.len));
		if (span_starts(rest, "=?")) {
			while (span_next(&rest, ' ', &word)) {
				assert_true(word.len <= 75 && span_starts(word, "=?UTF-8?Q?"));
				assert_true(span_ends(word, "?="));
			}
		} else {
			assert_true(out.len == 0 || (rest.data[0] == '"' && span_ends(rest, "\"")));
			assert_int_equal(span_find_text(rest, "=?"), rest.len);
		}
		buf_free(&name);
		buf_free(&out);
	}
}

static void
test_detail(void **state)
{
	struct span base, detail;

	(void)state;
	address_split_detail(SPAN("voirie+r.abc+d"), '+', &base, &detail);
	assert_true(span_is(base, "voirie") && span_is(detail, "r.abc+d"));
	address_split_detail(SPAN("voirie"), '+', &base, &detail);
	assert_true(span_is(base, "voirie") && detail.data == NULL);
	address_split_detail(SPAN("voirie+"), '+', &base, &detail);
	assert_true(span_is(base, "voirie") && detail.data != NULL && detail.len == 0);
	address_split_detail(SPAN("+x"), '+', &base, &detail);
	assert_true(span_is(base, "+x") && detail.data == NULL);
	address_split_detail(SPAN(""), '+', &base, &detail);
	assert_true(base.len == 0 && detail.data == NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_nul_is_refused),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_detail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
