/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/plural.h"

#include <string.h>

enum { PROVEN_UP_TO = 1000 };

struct evaluation {
	struct span rest;
	uint64_t n;
	unsigned int depth;
	bool bad;
};

struct operator
{
	const char *sign;
	int level; /* binds tighter the higher */
};

/* Longer signs first where one begins like another. */
/* clang-format off */
static const struct operator operators[] = {
	{ "||", 1 }, { "&&", 2 }, { "==", 3 }, { "!=", 3 }, { "<=", 4 }, { ">=", 4 },
	{ "<", 4 },  { ">", 4 },  { "+", 5 },  { "-", 5 },  { "*", 6 },  { "/", 6 },
	{ "%", 6 },
};
/* clang-format on */

static uint64_t
read_choice(struct evaluation *e);

static void
skip(struct evaluation *e)
{
	while (e->rest.len > 0 && ascii_is_space(e->rest.data[0]))
		e->rest = span_from(e->rest, 1);
}

static bool
take(struct evaluation *e, const char *sign)
{
	skip(e);
	if (!span_starts(e->rest, sign))
		return false;
	e->rest = span_from(e->rest, strlen(sign));
	return true;
}

static uint64_t
read_number(struct evaluation *e)
{
	uint64_t value = 0;

	if (e->rest.len == 0 || !ascii_is_digit(e->rest.data[0]))
		e->bad = true;
	while (e->rest.len > 0 && ascii_is_digit(e->rest.data[0]) && !e->bad) {
		value = value * 10 + (uint64_t)(e->rest.data[0] - '0');
		e->bad = value > 1000000000;
		e->rest = span_from(e->rest, 1);
	}
	return value;
}

static uint64_t
read_primary(struct evaluation *e)
{
	uint64_t value;
	unsigned int negations = 0;

	while (!span_starts(e->rest, "!=") && take(e, "!"))
		negations++;
	if (take(e, "n")) {
		value = e->n;
	} else if (take(e, "(")) {
		value = read_choice(e);
		if (!take(e, ")"))
			e->bad = true;
	} else {
		value = read_number(e);
	}
	if (negations == 0)
		return value;
	return negations % 2 == 1 ? value == 0 : value != 0;
}

static const struct operator* next_operator(struct evaluation *e, int level)
{
	skip(e);
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		if (!span_starts(e->rest, operators[i].sign))
			continue;
		return operators[i].level >= level ? &operators[i] : NULL;
	}
	return NULL;
}

static uint64_t
apply(struct evaluation *e, const char *sign, uint64_t a, uint64_t b)
{
	if ((sign[0] == '/' || sign[0] == '%') && b == 0) {
		e->bad = true;
		return 0;
	}
	switch (sign[0]) {
	case '|':
		return a != 0 || b != 0;
	case '&':
		return a != 0 && b != 0;
	case '=':
		return a == b;
	case '!':
		return a != b;
	case '<':
		return sign[1] == '=' ? a <= b : a < b;
	case '>':
		return sign[1] == '=' ? a >= b : a > b;
	case '+':
		return a + b;
	case '-':
		return a - b;
	case '*':
		return a * b;
	case '/':
		return a / b;
	default:
		return a % b;
	}
}

/* Levels are six: the recursion is not the input's. */
static uint64_t
read_binary(struct evaluation *e, int level)
{
	uint64_t left = read_primary(e);
	const struct operator* op;

	while (!e->bad && (op = next_operator(e, level)) != NULL) {
		e->rest = span_from(e->rest, strlen(op->sign));
		left = apply(e, op->sign, left, read_binary(e, op->level + 1));
	}
	return left;
}

static uint64_t
read_choice(struct evaluation *e)
{
	uint64_t value, yes, no;

	if (++e->depth > PLURAL_DEPTH_MAX)
		e->bad = true;
	if (e->bad)
		return 0;
	value = read_binary(e, 1);
	if (!e->bad && take(e, "?")) {
		yes = read_choice(e);
		if (!take(e, ":"))
			e->bad = true;
		no = read_choice(e);
		value = value != 0 ? yes : no;
	}
	e->depth--;
	return value;
}

static bool
evaluate(const struct plural *plural, uint64_t n, uint64_t *form)
{
	struct evaluation e = { .rest = plural->expression, .n = n };

	*form = read_choice(&e);
	skip(&e);
	return !e.bad && e.rest.len == 0 && *form < plural->forms;
}

unsigned int
plural_form(const struct plural *plural, uint64_t n)
{
	uint64_t form;

	return evaluate(plural, n, &form) ? (unsigned int)form : 0;
}

bool
plural_read(struct plural *plural, struct span text, struct err *err)
{
	struct span item, name;
	int64_t forms = 0;
	uint64_t form;

	*plural = (struct plural){ 0 };
	while (span_next(&text, ';', &item)) {
		item = span_trim(item);
		name = span_trim(span_first(item, span_find(item, '=')));
		item = span_trim(span_from(item, span_find(item, '=') + 1));
		if (span_is(name, "nplurals") && !span_int(item, 1, PLURAL_FORMS_MAX, &forms))
			return err_set(err, ERR_INVALID, "nplurals is not a number from 1 to %d",
			    PLURAL_FORMS_MAX);
		if (span_is(name, "plural"))
			plural->expression = item;
	}
	plural->forms = (unsigned int)forms;
	if (forms == 0 || plural->expression.len == 0 || plural->expression.len > PLURAL_LENGTH_MAX)
		return err_set(err, ERR_INVALID, "the catalogue does not say its plural forms");
	for (uint64_t n = 0; n <= PROVEN_UP_TO; n++) {
		if (!evaluate(plural, n, &form))
			return err_set(err, ERR_INVALID, "the plural expression is not sound");
	}
	return true;
}
