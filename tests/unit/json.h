/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* tests/unit/json.h: reads the JSON of conformance suites. For our own test data
 * only: it trusts what it reads and ends the test where that is not JSON. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

enum json_kind { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_TEXT, JSON_LIST, JSON_OBJECT };

struct json {
	enum json_kind kind;
	const char *name;         /* within an object */
	const char *text;         /* JSON_TEXT decoded, JSON_NUMBER as written */
	struct json *first, *next; /* what it holds; what stands beside it */
};

struct json *
json_read(struct arena *arena, const char *path);

/* The value of that name in an object, or NULL. */
const struct json *
json_get(const struct json *object, const char *name);

/* The text of that name in an object, or NULL. */
const char *
json_get_text(const struct json *object, const char *name);
