/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/form.h: what people send with POST, and the proof that they meant to.
 *
 * A form proves itself twice: by a token that only a page of ours could have put
 * there, keyed by the secret of the sender's own cookie, and by what the browser
 * says of its origin. Values come out clean: valid UTF-8, no control characters. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "net/http_parse.h"
#include "net/multipart.h"

struct request;

struct form {
	bool is_multipart;
	struct http_form fields;
	struct multipart parts;
};

/* Urlencoded or multipart, by Content-Type; any other is INVALID, except with an empty
 * body. */
bool
form_read(struct request *req, struct err *err);

bool
form_has(const struct request *req, const char *name);

/* Octets as sent; data NULL where absent. */
struct span
form_raw(const struct request *req, const char *name);

/* One line, cleaned and trimmed; "" where absent. */
const char *
form_line(struct request *req, const char *name);

/* Lines ended by LF, cleaned, without blank lines at the end. */
struct span
form_text(struct request *req, const char *name);

/* The fields of an act, each the line of that name in the form; `names` ends with NULL. The
 * span lives with the request. */
struct span
form_input(struct request *req, const char *const *names);

/* The nonce of the form where it is one, else a new one: the key of its act. */
const char *
form_key(struct request *req);

/* Does the browser say that the form comes from elsewhere? DENIED. */
bool
form_check_origin(const struct request *req, struct err *err);

/* Is the token ours and this visitor's? DENIED. */
bool
form_check_token(struct request *req, struct err *err);

/* An own path that one may be sent to: "/..." but not "//". */
bool
form_is_own_path(struct span path);
