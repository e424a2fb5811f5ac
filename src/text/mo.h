/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/mo.h: a reader of GNU message catalogues (.mo, gettext manual §10.3).
 *
 * Everything is checked when the catalogue is opened: magic, offsets, order of
 * the texts, UTF-8, and the plural expression of its header. Bytes may be
 * hostile. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum { MO_SIZE_MAX = 4 * 1024 * 1024 };

struct mo;

/* Copies data. INVALID with a sentence. */
bool
mo_open(struct mo **mo, struct span data, struct err *err);

void
mo_free(struct mo **mo);

/* The translation, or NULL where there is none or it is empty. */
const char *
mo_find(const struct mo *mo, const char *id);

/* The form for n of a text with plurals, or NULL. */
const char *
mo_find_plural(const struct mo *mo, const char *id, uint64_t n);

/* Texts in it, the header not counted. */
size_t
mo_count(const struct mo *mo);
