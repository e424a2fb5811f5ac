/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/i18n.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "text/mo.h"

static const char *const codes[LANG_COUNT] = { "fr", "en" };

/* What was loaded before stays: texts taken from it may still be in use. */
struct loaded {
	struct mo *mo[LANG_COUNT];
	struct loaded *older;
};

static struct loaded *loaded;

static bool
load_one(struct mo **mo, const char *folder, const char *code, struct err *err)
{
	struct arena *arena = arena_new();
	struct buf file = { 0 };
	bool ok;

	ok = file_read(arena_printf(arena, "%s/%s.mo", folder, code), MO_SIZE_MAX, &file, err) &&
	     (mo_open(mo, buf_span(&file), err) || err_in(err, "%s.mo", code));
	buf_free(&file);
	arena_free(&arena);
	return ok;
}

bool
i18n_load(const char *folder, struct err *err)
{
	struct loaded *fresh = x_calloc(1, sizeof(*fresh));

	for (int lang = 0; lang < LANG_COUNT; lang++) {
		if (load_one(&fresh->mo[lang], folder, codes[lang], err))
			continue;
		while (lang-- > 0)
			mo_free(&fresh->mo[lang]);
		free(fresh);
		return false;
	}
	fresh->older = loaded;
	loaded = fresh;
	return true;
}

const char *
lang_code(enum lang lang)
{
	return codes[lang];
}

enum lang
lang_find(struct span code, enum lang fallback)
{
	for (int lang = 0; lang < LANG_COUNT; lang++) {
		if (span_starts_nocase(code, codes[lang]) &&
		    (code.len == 2 || code.data[2] == '-' || code.data[2] == '_'))
			return (enum lang)lang;
	}
	return fallback;
}

/* Weight in thousandths (RFC 9110 §12.4.2): "fr;q=0.8". */
static int
accept_weight(struct span params)
{
	struct span item;
	int weight = 0, unit = 1000;

	while (span_next(&params, ';', &item)) {
		item = span_trim(item);
		if (!span_starts_nocase(item, "q="))
			continue;
		item = span_from(item, 2);
		for (size_t i = 0; i < item.len && i < 5 && unit > 0; i++) {
			if (item.data[i] == '.')
				continue;
			if (!ascii_is_digit(item.data[i]))
				return 0;
			weight += (item.data[i] - '0') * unit;
			unit /= 10;
		}
		return weight > 1000 ? 1000 : weight;
	}
	return 1000;
}

enum lang
lang_accept(struct span field, enum lang fallback)
{
	enum lang best = fallback;
	int best_weight = 0;
	struct span item;

	for (int i = 0; i < 16 && span_next(&field, ',', &item); i++) {
		size_t end = span_find(item, ';');
		struct span code = span_trim(span_first(item, end));
		int weight = accept_weight(span_from(item, end + 1));
		enum lang lang = lang_find(code, LANG_COUNT);

		if (span_is(code, "*"))
			lang = fallback;
		if (lang == LANG_COUNT || weight <= best_weight)
			continue;
		best = lang;
		best_weight = weight;
	}
	return best;
}

const char *
tr(enum lang lang, const char *id)
{
	const char *text = loaded != NULL ? mo_find(loaded->mo[lang], id) : NULL;

	return text != NULL ? text : id;
}

/* The form for n; its %d still stands in it. */
static const char *
plural_form(enum lang lang, const char *id, const char *id_plural, int64_t n)
{
	uint64_t count = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
	const char *text = loaded != NULL ? mo_find_plural(loaded->mo[lang], id, count) : NULL;

	if (text != NULL)
		return text;
	return n == 1 ? id : id_plural;
}

const char *
trn_count(struct arena *arena, enum lang lang, const char *id, const char *id_plural, int64_t n)
{
	struct span text = span_of(plural_form(lang, id, id_plural, n));
	size_t at = span_find_text(text, "%d");

	if (at == text.len)
		return text.data;
	return arena_printf(arena, SPAN_FORMAT "%s" SPAN_FORMAT, SPAN_ARGS(span_first(text, at)),
	    i18n_number(arena, lang, n), SPAN_ARGS(span_from(text, at + 2)));
}
