/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/settings.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "mail/address.h"
#include "text/colour.h"

#ifndef PREAU_DATADIR
#define PREAU_DATADIR "/usr/share/preau"
#endif

enum setting_type {
	SETTING_TEXT,    /* one line of UTF-8; min and max are octets */
	SETTING_PATH,    /* likewise; a file or folder, whether it is there is seen later */
	SETTING_DOMAIN,  /* a host name; empty only where min is 0 */
	SETTING_URL,     /* http:// or https:// and a host, no slash at the end */
	SETTING_COLOUR,  /* six hex digits that can be read on white, or empty */
	SETTING_RELAY,   /* where outgoing mail goes */
	SETTING_WORD,    /* one of `words`; the value is its place among them */
	SETTING_NAMED,   /* one of `words`, kept as text */
	SETTING_INT,     /* min and max are bounds */
	SETTING_SECONDS, /* digits, then nothing, s, min, h or d */
	SETTING_SIZE,    /* digits, then nothing, KiB or MiB */
	SETTING_FLAG     /* yes or no */
};

struct setting {
	const char *name;
	enum setting_type type;
	size_t offset; /* of the field in struct settings */
	const char *fallback;
	int64_t min, max;
	const char *words;
	const char *text; /* for people: preau show settings, preau.conf(5) */
	bool at_start;    /* read when the server starts: a reload leaves it as it was */
};

#define AT(field) offsetof(struct settings, field)

/* clang-format off */
static const struct setting rows[] = {
	/* name                    type             where                         default                  min  max            words */
	{ "site.name",             SETTING_TEXT,    AT(site_name),                "Préau",                 1,   100,           NULL,
	  "name of the site, as it signs", false },
	{ "site.about",            SETTING_TEXT,    AT(site_about),               "",                      0,   300,           NULL,
	  "a sentence under the title of the home page", false },
	{ "site.accent",           SETTING_COLOUR,  AT(site_accent),              "",                      0,   6,             NULL,
	  "accent colour of the pages, six hex digits without #; dark enough to be read on white", false },
	{ "site.url",              SETTING_URL,     AT(site_url),                 "http://127.0.0.1:8080", 1,   200,           NULL,
	  "base of every link, without a slash at its end", false },
	{ "site.locale",           SETTING_NAMED,   AT(site_locale),              "fr",                    0,   0,             "fr en",
	  "language of people who said nothing", false },
	{ "site.zone",             SETTING_TEXT,    AT(site_zone),                "Europe/Paris",          1,   60,            NULL,
	  "time zone of the dates shown", false },
	{ "theme",                 SETTING_TEXT,    AT(theme),                    "default",               1,   60,            NULL,
	  "folder under themes/", false },
	{ "data",                  SETTING_PATH,    AT(data),                     "/var/lib/preau",        1,   1000,          NULL,
	  "folder of the book, the blobs and the spool", false },
	{ "share",                 SETTING_PATH,    AT(share),                    PREAU_DATADIR,           1,   1000,          NULL,
	  "folder of themes and catalogues", false },
	{ "mail.domain",           SETTING_DOMAIN,  AT(mail_domain),              "localhost",             1,   200,           NULL,
	  "domain of the forums' addresses", false },
	{ "mail.trust",            SETTING_WORD,    AT(mail_trust),               "results",               0,   0,             "results local",
	  "what proves an author: results of mail.authserv, or local peers as well", false },
	{ "mail.authserv",         SETTING_TEXT,    AT(mail_authserv),            "",                      0,   200,           NULL,
	  "authserv-id whose Authentication-Results are believed", false },
	{ "mail.size",             SETTING_SIZE,    AT(mail_size),                "10MiB",                 4096, 64 << 20,     NULL,
	  "octets of the largest mail taken", false },
	{ "listen.http",           SETTING_TEXT,    AT(listen_http),              "127.0.0.1:8080",        0,   500,           NULL,
	  "addresses of the web door; empty: closed", true },
	{ "listen.smtp",           SETTING_TEXT,    AT(listen_smtp),              "",                      0,   500,           NULL,
	  "addresses of the SMTP door", true },
	{ "listen.lmtp",           SETTING_TEXT,    AT(listen_lmtp),              "",                      0,   500,           NULL,
	  "addresses of the LMTP door", true },
	{ "listen.tls",            SETTING_FLAG,    AT(listen_tls),               "no",                    0,   0,             NULL,
	  "the web door speaks TLS itself", true },
	{ "tls.certificate",       SETTING_PATH,    AT(tls_certificate),          "",                      0,   1000,          NULL,
	  "PEM file of the certificate and its chain", false },
	{ "tls.key",               SETTING_PATH,    AT(tls_key),                  "",                      0,   1000,          NULL,
	  "PEM file of its key", false },
	{ "http.proxy",            SETTING_TEXT,    AT(http_proxy),               "",                      0,   500,           NULL,
	  "addresses of proxies whose X-Forwarded-For is believed", true },
	{ "http.connections",      SETTING_INT,     AT(http_connections),         "1000",                  1,   100000,        NULL,
	  "connections of a web worker, at most", true },
	{ "http.address_connections", SETTING_INT,  AT(http_address_connections), "32",                    1,   100000,        NULL,
	  "connections of one address to a web worker, at most", true },
	{ "cache.size",            SETTING_SIZE,    AT(cache_size),               "32MiB",                 0,   INT64_C(1) << 32, NULL,
	  "octets of finished pages kept by a web worker; 0 keeps none", false },
	{ "relay.to",              SETTING_RELAY,   AT(relay_to),                 "smtp://127.0.0.1:25",   1,   1000,          NULL,
	  "where mail goes: smtp://HOST:PORT, lmtp://HOST:PORT, lmtp:/PATH or dir:FOLDER", false },
	{ "relay.name",            SETTING_DOMAIN,  AT(relay_name),               "",                      0,   200,           NULL,
	  "our name in EHLO; mail.domain unless said", false },
	{ "relay.connections",     SETTING_INT,     AT(relay_connections),        "4",                     1,   64,            NULL,
	  "connections to the relay at once", false },
	{ "relay.patience",        SETTING_SECONDS, AT(relay_patience),           "5min",                  1,   600,           NULL,
	  "longest wait for any reply of the relay", false },
	{ "relay.retry",           SETTING_SECONDS, AT(relay_retry),              "5min",                  1,   4 * 3600,      NULL,
	  "wait before the first retry; it doubles up to four hours", false },
	{ "relay.life",            SETTING_SECONDS, AT(relay_life),               "5d",                    60,  30 * 86400,    NULL,
	  "age at which a delivery is given up", false },
	{ "limit.posts",           SETTING_INT,     AT(limit_posts),              "20",                    0,   1000000,       NULL,
	  "posts an hour that a person writes on the web; 0: none by the hour; never more than 5 in 30 seconds", false },
	{ "limit.mails",           SETTING_INT,     AT(limit_mails),              "30",                    0,   1000000,       NULL,
	  "posts an hour that a person sends by mail, more are held; 0: no limit", false },
	{ "keep.deliveries",       SETTING_SECONDS, AT(keep_deliveries),          "90d",                   30 * 86400, INT64_C(36500) * 86400, NULL,
	  "how long it is known what was sent to whom, once it has an end; 30d at least", false },
	{ "keep.bounces",          SETTING_SECONDS, AT(keep_bounces),             "90d",                   30 * 86400, INT64_C(36500) * 86400, NULL,
	  "how long a report that a mail did not arrive is known; 30d at least", false },
	{ "keep.mails",            SETTING_SECONDS, AT(keep_mails),               "90d",                   30 * 86400, INT64_C(36500) * 86400, NULL,
	  "how long it is known which mails came, and what they said where they became no post; 30d at least", false },
	{ "web.workers",           SETTING_INT,     AT(web_workers),              "0",                     0,   WEB_WORKERS_MAX, NULL,
	  "web processes; 0: as many as cores, at most 8", true },
	{ "user.owner",            SETTING_TEXT,    AT(user_owner),               "preau",                 1,   60,            NULL,
	  "user of the clerk and of what it keeps, where started as root", true },
	{ "user.doors",            SETTING_TEXT,    AT(user_doors),               "preau-doors",           1,   60,            NULL,
	  "user of the doors, where started as root", true },
	{ "group.read",            SETTING_TEXT,    AT(group_read),               "preau-read",            1,   60,            NULL,
	  "group that may read the book", true },
	{ "log.level",             SETTING_WORD,    AT(log_level),                "info",                  0,   0,             "error warn info debug",
	  "lines of lesser weight go unsaid", false },
};
/* clang-format on */

enum { ROWS = sizeof(rows) / sizeof(rows[0]), LINE_MAX_OCTETS = 4096 };

_Static_assert((int)MAIL_TRUST_RESULTS == 0 && (int)MAIL_TRUST_LOCAL == 1, "order of words");
_Static_assert(LOG_LEVEL_ERROR == 0 && LOG_LEVEL_DEBUG == 3, "order of words");

static void
put_text(struct settings *settings, const struct setting *row, const char *text)
{
	memcpy((char *)settings + row->offset, &text, sizeof(text));
}

static void
put_int(struct settings *settings, const struct setting *row, int64_t value)
{
	memcpy((char *)settings + row->offset, &value, sizeof(value));
}

static void
put_flag(struct settings *settings, const struct setting *row, bool value)
{
	memcpy((char *)settings + row->offset, &value, sizeof(value));
}

/* Place of a word among words parted by blanks; -1: not among them. */
static int64_t
word_place(const char *words, struct span value)
{
	struct span rest = span_of(words), word;
	int64_t place = 0;

	while (span_next(&rest, ' ', &word)) {
		if (span_equal(word, value))
			return place;
		place++;
	}
	return -1;
}

static bool
is_domain(struct span value)
{
	char name[ADDRESS_DOMAIN_MAX + 1], folded[ADDRESS_DOMAIN_MAX + 1];

	if (value.len == 0 || value.len > ADDRESS_DOMAIN_MAX || value.data[0] == '.' ||
	    value.data[0] == '-')
		return false;
	for (size_t i = 0; i < value.len; i++) {
		char c = value.data[i];

		if (!ascii_is_alpha(c) && !ascii_is_digit(c) && c != '.' && c != '-')
			return false;
	}
	memcpy(name, value.data, value.len);
	name[value.len] = '\0';
	return address_fold_domain(name, folded);
}

/* HOST, HOST:PORT or [IPv6]:PORT, nothing else. */
static bool
is_host_port(struct span value, bool port_needed)
{
	size_t colon;
	int64_t port;

	if (value.len == 0)
		return false;
	for (size_t i = 0; i < value.len; i++) {
		char c = value.data[i];

		if (!ascii_is_alpha(c) && !ascii_is_digit(c) && !strchr(".-:[]", c))
			return false;
	}
	colon = value.len;
	for (size_t i = value.len; i > 0 && value.data[i - 1] != ']'; i--)
		if (value.data[i - 1] == ':') {
			colon = i - 1;
			break;
		}
	if (colon == 0)
		return false;
	if (colon == value.len)
		return !port_needed;
	return span_int(span_from(value, colon + 1), 1, 65535, &port);
}

static bool
is_url(struct span value)
{
	size_t skip = span_starts(value, "https://") ? 8 : span_starts(value, "http://") ? 7 : 0;
	struct span host;

	if (skip == 0 || span_ends(value, "/"))
		return false;
	host = span_from(value, skip);
	host = span_first(host, span_find(host, '/'));
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.data[i] <= ' ' || strchr("\"'<>\\?#", value.data[i]))
			return false;
	return is_host_port(host, false);
}

static bool
is_relay(struct span value)
{
	size_t question;

	if (span_starts(value, "dir:"))
		return value.len > 4;
	if (span_starts(value, "lmtp:/") && !span_starts(value, "lmtp://"))
		return value.len > 6;
	if (!span_starts(value, "smtp://") && !span_starts(value, "lmtp://"))
		return false;
	value = span_from(value, 7);
	question = span_find(value, '?');
	if (question < value.len && !span_is(span_from(value, question), "?tls=require"))
		return false;
	return is_host_port(span_first(value, question), true);
}

/* Digits and a unit of the list "s:1 min:60 ...". */
static bool
read_units(struct span value, const char *units, int64_t *out)
{
	struct span rest = span_of(units), item, unit;
	size_t digits = 0, colon;
	int64_t scale, number;

	while (digits < value.len && ascii_is_digit(value.data[digits]))
		digits++;
	unit = span_from(value, digits);
	if (!span_int(span_first(value, digits), 0, INT64_C(1) << 40, &number))
		return false;
	*out = number;
	if (unit.len == 0)
		return true;
	while (span_next(&rest, ' ', &item)) {
		colon = span_find(item, ':');
		if (!span_equal(span_first(item, colon), unit) ||
		    !span_int(span_from(item, colon + 1), 1, 1 << 20, &scale))
			continue;
		*out = number * scale;
		return true;
	}
	return false;
}

static bool
set_number(struct settings *settings, const struct setting *row, struct span value, struct err *err)
{
	int64_t number = 0;
	bool ok;

	if (row->type == SETTING_SECONDS)
		ok = read_units(value, "s:1 min:60 h:3600 d:86400", &number);
	else if (row->type == SETTING_SIZE)
		ok = read_units(value, "KiB:1024 MiB:1048576", &number);
	else
		ok = span_int(value, 0, INT64_MAX, &number);
	if (!ok || number < row->min || number > row->max)
		return err_set(err, ERR_INVALID,
		    "%s must be a number from %" PRId64 " to %" PRId64, row->name, row->min,
		    row->max);
	put_int(settings, row, number);
	return true;
}

static bool
set_text(struct arena *arena, struct settings *settings, const struct setting *row,
    struct span value, struct err *err)
{
	bool ok = utf8_is_line(value);
	struct colour colour;

	if ((int64_t)value.len < row->min || (int64_t)value.len > row->max)
		return err_set(err, ERR_INVALID, "%s must have %" PRId64 " to %" PRId64 " octets",
		    row->name, row->min, row->max);
	if (row->type == SETTING_DOMAIN)
		ok = value.len == 0 || is_domain(value);
	else if (row->type == SETTING_URL)
		ok = ok && is_url(value);
	else if (row->type == SETTING_RELAY)
		ok = ok && is_relay(value);
	else if (row->type == SETTING_COLOUR)
		ok = value.len == 0 || (colour_read(value, &colour) && colour_is_legible(colour));
	if (!ok)
		return err_set(err, ERR_INVALID, "%s is not sound: %s", row->name, row->text);
	put_text(settings, row, arena_strndup(arena, value.data, value.len));
	return true;
}

static bool
set_word(struct arena *arena, struct settings *settings, const struct setting *row,
    struct span value, struct err *err)
{
	int64_t place = word_place(row->words, value);

	if (place < 0)
		return err_set(err, ERR_INVALID, "%s must be one of: %s", row->name, row->words);
	if (row->type == SETTING_NAMED)
		put_text(settings, row, arena_strndup(arena, value.data, value.len));
	else
		put_int(settings, row, place);
	return true;
}

static bool
set_row(struct arena *arena, struct settings *settings, const struct setting *row,
    struct span value, struct err *err)
{
	switch (row->type) {
	case SETTING_TEXT:
	case SETTING_PATH:
	case SETTING_DOMAIN:
	case SETTING_URL:
	case SETTING_RELAY:
	case SETTING_COLOUR:
		return set_text(arena, settings, row, value, err);
	case SETTING_WORD:
	case SETTING_NAMED:
		return set_word(arena, settings, row, value, err);
	case SETTING_INT:
	case SETTING_SECONDS:
	case SETTING_SIZE:
		return set_number(settings, row, value, err);
	case SETTING_FLAG:
		if (!span_is(value, "yes") && !span_is(value, "no"))
			return err_set(err, ERR_INVALID, "%s must be yes or no", row->name);
		put_flag(settings, row, span_is(value, "yes"));
		return true;
	}
	return err_set(err, ERR_BROKEN, "%s has no type", row->name);
}

static const struct setting *
row_find(struct span name)
{
	for (size_t i = 0; i < ROWS; i++)
		if (span_is(name, rows[i].name))
			return &rows[i];
	return NULL;
}

/* A comment begins the line or follows a blank or the =, so that a value may hold a #
 * but not begin with one. */
static struct span
without_comment(struct span line)
{
	for (size_t i = 0; i < line.len; i++)
		if (line.data[i] == '#' &&
		    (i == 0 || ascii_is_space(line.data[i - 1]) || line.data[i - 1] == '='))
			return span_trim(span_first(line, i));
	return span_trim(line);
}

static bool
read_line(struct arena *arena, struct span line, size_t number, size_t said[ROWS],
    struct settings *settings, struct err *err)
{
	const struct setting *row;
	struct span name;
	size_t equal;

	if (line.len > LINE_MAX_OCTETS)
		return err_set(err, ERR_INVALID, "the line is too long");
	line = without_comment(line);
	if (line.len == 0)
		return true;
	equal = span_find(line, '=');
	if (equal == line.len)
		return err_set(err, ERR_INVALID, "expected name = value");
	name = span_trim(span_first(line, equal));
	row = row_find(name);
	if (!row)
		return err_set(err, ERR_INVALID, "unknown setting %s", log_text(name));
	if (said[row - rows])
		return err_set(err, ERR_INVALID, "%s was already said on line %zu", row->name,
		    said[row - rows]);
	said[row - rows] = number;
	return set_row(arena, settings, row, span_trim(span_from(line, equal + 1)), err);
}

static size_t
line_of(const size_t said[ROWS], const char *name)
{
	return said[row_find(span_of(name)) - rows];
}

static bool
is_beside(struct span address)
{
	return span_starts(address, "127.") || span_starts(address, "[::1]:") ||
	    span_starts(address, "unix:");
}

/* mail.trust = local is for trials: a mail server beside us that hands on what the world
 * sends is a local peer too, and everybody's From would be believed. A door that is open
 * to more than this machine says that the trial is over. */
static bool
check_trust(const char *file, size_t line, const struct settings *settings, struct err *err)
{
	const char *doors[] = { settings->listen_smtp, settings->listen_lmtp };
	struct span rest, word;

	if (settings->mail_trust != MAIL_TRUST_LOCAL)
		return true;
	for (size_t i = 0; i < sizeof(doors) / sizeof(doors[0]); i++) {
		rest = span_of(doors[i]);
		while (span_next(&rest, ' ', &word))
			if (word.len > 0 && !is_beside(word))
				return err_set(err, ERR_INVALID,
				    "%s:%zu: mail.trust = local is for trials on one machine: " SPAN_FORMAT
				    " takes mail from others", file, line, SPAN_ARGS(word));
	}
	return true;
}

/* What only makes sense together; the sentence names the line of the one that asks. */
static bool
check_together(const char *file, const size_t said[ROWS], struct settings *settings,
    struct err *err)
{
	if (settings->listen_tls && !*settings->tls_certificate)
		return err_set(err, ERR_INVALID, "%s:%zu: listen.tls needs tls.certificate", file,
		    line_of(said, "listen.tls"));
	if (*settings->tls_certificate && !*settings->tls_key)
		return err_set(err, ERR_INVALID, "%s:%zu: tls.certificate needs tls.key", file,
		    line_of(said, "tls.certificate"));
	if (*settings->tls_key && !*settings->tls_certificate)
		return err_set(err, ERR_INVALID, "%s:%zu: tls.key needs tls.certificate", file,
		    line_of(said, "tls.key"));
	if (!*settings->relay_name)
		settings->relay_name = settings->mail_domain;
	return check_trust(file, line_of(said, "mail.trust"), settings, err);
}

bool
settings_read(struct arena *arena, struct span text, const char *file, struct settings *settings,
    struct err *err)
{
	size_t said[ROWS] = { 0 }, number = 0;
	struct span line;

	memset(settings, 0, sizeof(*settings));
	for (size_t i = 0; i < ROWS; i++)
		if (!set_row(arena, settings, &rows[i], span_of(rows[i].fallback), err))
			return err_in(err, "default");
	while (span_next_line(&text, &line)) {
		number++;
		if (!read_line(arena, line, number, said, settings, err))
			return err_in(err, "%s:%zu", file, number);
	}
	return check_together(file, said, settings, err);
}

static struct span
nth_word(const char *words, int64_t place)
{
	struct span rest = span_of(words), word = { 0 };

	while (span_next(&rest, ' ', &word) && place > 0)
		place--;
	return word;
}

static void
print_value(const struct settings *settings, const struct setting *row, struct buf *out)
{
	const char *from = (const char *)settings + row->offset;
	const char *text;
	int64_t number;
	bool flag;

	switch (row->type) {
	case SETTING_TEXT:
	case SETTING_PATH:
	case SETTING_DOMAIN:
	case SETTING_URL:
	case SETTING_RELAY:
	case SETTING_COLOUR:
	case SETTING_NAMED:
		memcpy(&text, from, sizeof(text));
		buf_add_text(out, text);
		return;
	case SETTING_INT:
	case SETTING_SECONDS:
	case SETTING_SIZE:
		memcpy(&number, from, sizeof(number));
		buf_printf(out, "%" PRId64, number);
		return;
	case SETTING_WORD:
		memcpy(&number, from, sizeof(number));
		buf_add_span(out, nth_word(row->words, number));
		return;
	case SETTING_FLAG:
		memcpy(&flag, from, sizeof(flag));
		buf_add_text(out, flag ? "yes" : "no");
		return;
	}
}

void
settings_print(const struct settings *settings, struct buf *out)
{
	for (size_t i = 0; i < ROWS; i++) {
		buf_printf(out, "%s = ", rows[i].name);
		print_value(settings, &rows[i], out);
		buf_printf(out, "  # %s%s\n", rows[i].text,
		    rows[i].at_start ? "; read when the server starts" : "");
	}
}

void
settings_wait_start(const struct settings *before, const struct settings *now, struct buf *names)
{
	struct buf old = { 0 }, new = { 0 };

	for (size_t i = 0; i < ROWS; i++) {
		buf_clear(&old);
		buf_clear(&new);
		print_value(before, &rows[i], &old);
		print_value(now, &rows[i], &new);
		if (rows[i].at_start && !span_equal(buf_span(&old), buf_span(&new)))
			buf_printf(names, "%s%s", names->len > 0 ? " " : "", rows[i].name);
	}
	buf_free(&old);
	buf_free(&new);
}
