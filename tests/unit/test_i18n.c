/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Languages, dates, numbers; catalogues and plural expressions, sound and hostile.
 * Catalogues are taken from ./locale. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "text/i18n.h"
#include "text/mo.h"
#include "text/plural.h"

#define NBSP "\xc2\xa0"
#define NNBSP "\xe2\x80\xaf"
#define ZONE "Europe/Paris"

static void
test_dates(void **state)
{
	static const struct {
		int64_t seconds;
		enum date_form form;
		const char *fr, *en;
	} cases[] = {
		{ 1772557500, DATE_FULL, "mardi 3" NBSP "mars 2026 à 18" NBSP "h" NBSP "05",
		    "Tuesday 3" NBSP "March 2026, 18:05" },
		{ 1772557500, DATE_DAY, "mardi 3" NBSP "mars 2026", "Tuesday 3" NBSP "March 2026" },
		{ 1772557500, DATE_SHORT, "3" NBSP "mars 2026, 18" NBSP "h" NBSP "05",
		    "3" NBSP "Mar 2026, 18:05" },
		{ 1772557500, DATE_BRIEF, "3" NBSP "mars 2026", "3" NBSP "Mar 2026" },
		{ 1785538800, DATE_FULL, "samedi 1er" NBSP "août 2026 à 1" NBSP "h",
		    "Saturday 1" NBSP "August 2026, 01:00" }, /* summer time */
		{ 0, DATE_SHORT, "1er" NBSP "janv. 1970, 1" NBSP "h", "1" NBSP "Jan 1970, 01:00" },
		{ -86400, DATE_BRIEF, "31" NBSP "déc. 1969", "31" NBSP "Dec 1969" },
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(i18n_date(arena, LANG_FR, cases[i].seconds, ZONE, cases[i].form),
		    cases[i].fr);
		assert_string_equal(i18n_date(arena, LANG_EN, cases[i].seconds, ZONE, cases[i].form),
		    cases[i].en);
	}
	arena_free(&arena);
}

static const char *
text_of(struct arena *arena, const struct view *view, const char *name)
{
	const struct view_value *value = view_find(view, span_of(name), view_hash(span_of(name)));

	return arena_strndup(arena, value->text.data, value->text.len);
}

static void
test_date_view(void **state)
{
	struct arena *arena = arena_new();
	struct view *view = view_new(arena), *date;

	(void)state;
	i18n_date_view(view, "date", arena, LANG_FR, 1772557500, ZONE);
	date = view_find(view, SPAN("date"), view_hash(SPAN("date")))->sub;
	assert_string_equal(text_of(arena, date, "full"), "mardi 3" NBSP "mars 2026 à 18" NBSP "h" NBSP "05");
	assert_string_equal(text_of(arena, date, "day"), "mardi 3" NBSP "mars 2026");
	assert_string_equal(text_of(arena, date, "short"), "3" NBSP "mars 2026, 18" NBSP "h" NBSP "05");
	assert_string_equal(text_of(arena, date, "brief"), "3" NBSP "mars 2026");
	assert_string_equal(text_of(arena, date, "iso"), "2026-03-03T17:05:00Z");
	arena_free(&arena);
}

static void
test_numbers(void **state)
{
	static const struct {
		int64_t n;
		const char *fr, *en, *size_fr, *size_en;
	} cases[] = {
		{ 0, "0", "0", "0" NBSP "octets", "0" NBSP "bytes" },
		{ 999, "999", "999", "999" NBSP "octets", "999" NBSP "bytes" },
		{ 1000, "1" NNBSP "000", "1,000", "1" NBSP "ko", "1" NBSP "kB" },
		{ 1234567, "1" NNBSP "234" NNBSP "567", "1,234,567", "1,2" NBSP "Mo", "1.2" NBSP "MB" },
		{ 12345, "12" NNBSP "345", "12,345", "12" NBSP "ko", "12" NBSP "kB" },
		{ 999600, "999" NNBSP "600", "999,600", "1" NBSP "Mo", "1" NBSP "MB" },
		{ -1234, "-1" NNBSP "234", "-1,234", "0" NBSP "octets", "0" NBSP "bytes" },
		{ INT64_MIN, "-9" NNBSP "223" NNBSP "372" NNBSP "036" NNBSP "854" NNBSP "775" NNBSP "808",
		    "-9,223,372,036,854,775,808", "0" NBSP "octets", "0" NBSP "bytes" },
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(i18n_number(arena, LANG_FR, cases[i].n), cases[i].fr);
		assert_string_equal(i18n_number(arena, LANG_EN, cases[i].n), cases[i].en);
		assert_string_equal(i18n_size(arena, LANG_FR, cases[i].n), cases[i].size_fr);
		assert_string_equal(i18n_size(arena, LANG_EN, cases[i].n), cases[i].size_en);
	}
	assert_non_null(i18n_size(arena, LANG_FR, INT64_MAX));
	arena_free(&arena);
}

static void
test_languages(void **state)
{
	static const struct {
		const char *field;
		enum lang want;
	} cases[] = {
		{ "", LANG_FR },
		{ "en", LANG_EN },
		{ "en-GB,en;q=0.9", LANG_EN },
		{ "fr-FR,fr;q=0.9,en;q=0.8", LANG_FR },
		{ "de, en;q=0.5, fr;q=0.4", LANG_EN },
		{ "de, en;q=0.3, fr;q=0.4", LANG_FR },
		{ "en;q=0, fr;q=0.1", LANG_FR },
		{ "en;q=0", LANG_FR },
		{ "*", LANG_FR },
		{ "english", LANG_FR },
		{ "en;q=1.000, fr", LANG_EN },
		{ "en;q=99999999999999999999, fr", LANG_EN },
		{ "en;q=x, fr", LANG_FR },
		{ ";;;,,,;q=", LANG_FR },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (lang_accept(span_of(cases[i].field), LANG_FR) != cases[i].want)
			fail_msg("%s", cases[i].field);
	}
	assert_int_equal(lang_find(SPAN("EN_us"), LANG_FR), LANG_EN);
	assert_int_equal(lang_find(SPAN("f"), LANG_EN), LANG_EN);
	assert_string_equal(lang_code(LANG_FR), "fr");
}

static void
test_texts(void **state)
{
	struct arena *arena = arena_new();
	struct err err = { 0 };

	(void)state;
	assert_false(i18n_load("/nonexistent", &err));
	assert_string_equal(tr(LANG_FR, "Publish"), "Publish");
	if (!i18n_load("locale", &err))
		fail_msg("%s", err.text);
	assert_string_equal(tr(LANG_FR, "Publish"), "Publier");
	assert_string_equal(tr(LANG_EN, "Publish"), "Publish");
	assert_string_equal(tr(LANG_FR, "not in any catalogue"), "not in any catalogue");
	assert_string_equal(tr(LANG_FR, ""), "");
	assert_string_equal(trn_count(arena, LANG_FR, "%d message", "%d messages", 0), "0 message");
	assert_string_equal(trn_count(arena, LANG_FR, "%d message", "%d messages", 1), "1 message");
	assert_string_equal(trn_count(arena, LANG_FR, "%d message", "%d messages", 1500),
	    "1" NNBSP "500 messages");
	assert_string_equal(trn_count(arena, LANG_EN, "%d message", "%d messages", 0), "0 messages");
	assert_string_equal(trn_count(arena, LANG_EN, "%d message", "%d messages", -1), "-1 messages");
	assert_true(i18n_load("locale", &err)); /* again, as on reload */
	arena_free(&arena);
}

/* ---- plural expressions ---- */

static void
test_plurals(void **state)
{
	static const struct {
		const char *text;
		int forms; /* 0: refused */
		unsigned int want[4]; /* for 0, 1, 2, 11 */
	} cases[] = {
		{ "nplurals=2; plural=(n > 1);", 2, { 0, 0, 1, 1 } },
		{ "nplurals=2; plural=n != 1;", 2, { 1, 0, 1, 1 } },
		{ "nplurals=1; plural=0", 1, { 0, 0, 0, 0 } },
		{ "nplurals=3; plural=n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || "
		  "n%100>=20) ? 1 : 2;", 3, { 2, 0, 1, 2 } },
		{ "nplurals=2; plural=!n;", 2, { 1, 0, 0, 0 } },
		{ "nplurals=2; plural=!!n;", 2, { 0, 1, 1, 1 } },
		{ "nplurals=2; plural=n-n*2/2+(n>=2)*1;", 2, { 0, 0, 1, 1 } },
		{ "nplurals=2; plural=n;", 0, { 0 } },
		{ "nplurals=2; plural=1/n;", 0, { 0 } },
		{ "nplurals=2; plural=n%0;", 0, { 0 } },
		{ "nplurals=2; plural=(n;", 0, { 0 } },
		{ "nplurals=2; plural=n>1 x;", 0, { 0 } },
		{ "nplurals=2; plural=n?1;", 0, { 0 } },
		{ "nplurals=2; plural=99999999999999999999999;", 0, { 0 } },
		{ "nplurals=2; plural=;", 0, { 0 } },
		{ "nplurals=7; plural=0;", 0, { 0 } },
		{ "nplurals=0; plural=0;", 0, { 0 } },
		{ "nplurals=x; plural=0;", 0, { 0 } },
		{ "plural=0;", 0, { 0 } },
		{ "", 0, { 0 } },
		{ "nplurals=2; plural=((((((((((((((((((((((((0))))))))))))))))))))))));", 0, { 0 } },
	};
	static const uint64_t ns[] = { 0, 1, 2, 11 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plural plural;
		struct err err = { 0 };
		bool ok = plural_read(&plural, span_of(cases[i].text), &err);

		if (ok != (cases[i].forms > 0))
			fail_msg("%s: %s", cases[i].text, err.text);
		for (int n = 0; ok && n < 4; n++)
			assert_int_equal(plural_form(&plural, ns[n]), cases[i].want[n]);
	}
}

/* ---- catalogues ---- */

static void
put_u32(struct buf *out, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		buf_add_char(out, (char)(unsigned char)(value >> (8 * i)));
}

#define HEAD "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=n>1;\n"

/* A catalogue of the header and two texts. */
static void
build(struct buf *out, const char *id1, const char *id2, const char *text2)
{
	const struct span texts[] = { SPAN(""), span_of(id1), span_of(id2), SPAN(HEAD), SPAN("un"),
		span_of(text2) };
	uint32_t offset = 28 + 6 * 8;
	static const uint32_t head[] = { 0x950412de, 0, 3, 28, 28 + 24, 0, 0 };

	for (size_t i = 0; i < 7; i++)
		put_u32(out, head[i]);
	for (size_t i = 0; i < 6; i++) {
		put_u32(out, (uint32_t)texts[i].len);
		put_u32(out, offset);
		offset += (uint32_t)texts[i].len + 1;
	}
	for (size_t i = 0; i < 6; i++) {
		buf_add_span(out, texts[i]);
		buf_add_char(out, '\0');
	}
}

static void
test_catalogue(void **state)
{
	struct buf data = { 0 };
	struct err err = { 0 };
	struct mo *mo;

	(void)state;
	build(&data, "one", "two", "deux");
	assert_true(mo_open(&mo, buf_span(&data), &err));
	assert_int_equal(mo_count(mo), 2);
	assert_string_equal(mo_find(mo, "one"), "un");
	assert_string_equal(mo_find(mo, "two"), "deux");
	assert_null(mo_find(mo, "three"));
	assert_null(mo_find(mo, ""));
	assert_null(mo_find_plural(mo, "two", 5)); /* has no second form */
	assert_string_equal(mo_find_plural(mo, "two", 1), "deux");
	mo_free(&mo);
	/* Cut anywhere, it is refused and nothing beyond is read. */
	for (size_t len = 0; len < data.len; len++) {
		struct buf cut = { 0 };

		buf_add(&cut, data.data, len);
		assert_false(mo_open(&mo, buf_span(&cut), &err));
		assert_null(mo);
		buf_free(&cut);
	}
	/* Each octet of head and tables changed: refused or harmless. */
	for (size_t i = 0; i < 76 * 3; i++) {
		static const char values[] = { 0, 1, (char)0xff };
		char old = data.data[i / 3];

		data.data[i / 3] = values[i % 3];
		if (mo_open(&mo, buf_span(&data), &err))
			mo_find_plural(mo, "two", i);
		mo_free(&mo);
		data.data[i / 3] = old;
	}
	buf_free(&data);
}

static void
test_bad_catalogues(void **state)
{
	static const struct {
		const char *id1, *id2, *text2;
	} cases[] = {
		{ "two", "one", "x" },        /* not in order */
		{ "one", "one", "x" },        /* twice */
		{ "one", "two", "\xff\xfe" }, /* not UTF-8 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf data = { 0 };
		struct err err = { 0 };
		struct mo *mo;

		build(&data, cases[i].id1, cases[i].id2, cases[i].text2);
		assert_false(mo_open(&mo, buf_span(&data), &err));
		assert_int_equal(err.kind, ERR_INVALID);
		buf_free(&data);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_date_view),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_languages),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_plurals),
		cmocka_unit_test(test_catalogue),
		cmocka_unit_test(test_bad_catalogues),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
