/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/i18n.h: the languages of the house: texts, plurals, dates, numbers.
 *
 * Texts are written in English in the source and looked up in catalogues, read
 * by our own reader of GNU .mo files: no locale of the system is needed and any
 * number of languages work at once. A text without translation is shown as it
 * is. Catalogues are loaded once per process and live as long as it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "text/view.h"

enum lang { LANG_FR, LANG_EN, LANG_COUNT };

/* Marks a text of a table for the catalogues; tr() is called where it is shown. */
#define TR(text) text

/* Loads FOLDER/fr.mo and FOLDER/en.mo; may be called again (reload): texts
 * answered before stay valid. Errors: NOT_FOUND, INVALID (not a sound catalogue);
 * the catalogues in use then stay. */
bool
i18n_load(const char *folder, struct err *err);

/* "fr", "en". */
const char *
lang_code(enum lang lang);

/* "fr", "fr-FR", "EN_us" ...; fallback where unknown. */
enum lang
lang_find(struct span code, enum lang fallback);

/* Best of an Accept-Language field (RFC 9110 §12.5.4), at most 16 entries read. */
enum lang
lang_accept(struct span field, enum lang fallback);

/* The translation, or id itself. Never NULL. */
const char *
tr(enum lang lang, const char *id);

/* "1 234 messages": the form for n, its %d replaced by the number as people write it:
 * trn_count(arena, lang, "%d message", "%d messages", n). */
const char *
trn_count(struct arena *arena, enum lang lang, const char *id, const char *id_plural, int64_t n);

enum date_form {
	DATE_FULL,  /* mardi 3 mars 2026 à 18 h 05 | Tuesday 3 March 2026, 18:05 */
	DATE_DAY,   /* mardi 3 mars 2026 | Tuesday 3 March 2026 */
	DATE_SHORT, /* 3 mars 2026, 18 h 05 | 3 Mar 2026, 18:05 */
	DATE_BRIEF  /* 3 mars 2026 | 3 Mar 2026 */
};

/* Seconds since 1970 UTC, shown in a named zone ("Europe/Paris"). */
const char *
i18n_date(
    struct arena *arena, enum lang lang, int64_t seconds, const char *zone, enum date_form form);

/* A sub-view of shape "date": full, day, short, brief, iso (for <time datetime>). */
void
i18n_date_view(struct view *view, const char *name, struct arena *arena, enum lang lang,
    int64_t seconds, const char *zone);

/* 12345 -> "12 345" (narrow no-break space) or "12,345". */
const char *
i18n_number(struct arena *arena, enum lang lang, int64_t n);

/* 1234567 -> "1,2 Mo" or "1.2 MB". */
const char *
i18n_size(struct arena *arena, enum lang lang, int64_t octets);
