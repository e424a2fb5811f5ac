/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Lines on stderr, each by one write(2), so that those of several processes on
 * one pipe do not mix. errno is left as it was: one logs between a call and the
 * look at its error. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/token.h"

enum {
	LOG_LINE = 2048, /* under PIPE_BUF: a pipe takes it whole */
	LOG_TEXT = 200,	 /* octets of an escaped value */
	LOG_HASH = 8,	 /* octets of an address's hash that are shown */
	LOG_BUFFERS = 8,
	LOG_ADDRESS = 320 /* octets of an address that are hashed: RFC 5321 §4.5.3.1 */
};

static char log_name[32] = "preau";
static enum log_level log_limit = LOG_LEVEL_INFO;
static uint8_t log_address_key[KEY_SIZE];

void
log_open(const char *name, enum log_level level)
{
	(void)snprintf(log_name, sizeof(log_name), "%s", name);
	log_limit = level;
}

void
log_key(const uint8_t key[KEY_SIZE])
{
	memcpy(log_address_key, key, KEY_SIZE);
}

static void
log_write(const char *line, size_t len)
{
	while (write(STDERR_FILENO, line, len) < 0 && errno == EINTR)
		continue;
}

/* An end of line within the words would forge another line. */
static void
log_flatten(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (ascii_is_control(text[i]))
			text[i] = ' ';
}

static void __attribute__((format(printf, 2, 0)))
log_line(enum log_level level, const char *format, va_list args)
{
	static const char *const words[] = { "error", "warn", "info", "debug" };
	char line[LOG_LINE], date[24];
	int head, body, saved = errno;
	size_t len;

	if (level > log_limit)
		return;
	clock_format_iso(clock_now(), date);
	head = snprintf(line, sizeof(line), "%s %s %s ", date, words[level], log_name);
	errno = saved; /* for %m */
	body = vsnprintf(line + head, sizeof(line) - (size_t)head, format, args);
	len = (size_t)head + (body < 0 ? 0 : (size_t)body);
	if (len > sizeof(line) - 2)
		len = sizeof(line) - 2;
	log_flatten(line, len);
	line[len++] = '\n';
	log_write(line, len);
	errno = saved;
}

void
log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_LEVEL_ERROR, format, args);
	va_end(args);
}

void
log_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_LEVEL_WARN, format, args);
	va_end(args);
}

void
log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_LEVEL_INFO, format, args);
	va_end(args);
}

void
log_debug(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_LEVEL_DEBUG, format, args);
	va_end(args);
}

static char *
log_buffer(void)
{
	static char buffers[LOG_BUFFERS][LOG_TEXT + 1];
	static unsigned next;

	return buffers[next++ % LOG_BUFFERS];
}

/* The backslash is escaped too, or an escape could be forged. */
static void
log_escape(char *out, size_t room, struct span s)
{
	size_t len = 0;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.data[i];

		if (c >= ' ' && c <= '~' && c != '\\') {
			if (len + 1 >= room)
				break;
			out[len++] = c;
			continue;
		}
		if (len + 4 >= room)
			break;
		out[len++] = '\\';
		out[len++] = 'x';
		token_hex(&c, 1, out + len);
		len += 2;
	}
	out[len] = '\0';
}

const char *
log_text(struct span s)
{
	char *out = log_buffer();

	log_escape(out, LOG_TEXT + 1, s);
	return out;
}

/* Case is ignored, so that an address as typed meets itself as stored. */
const char *
log_address(struct span address)
{
	uint8_t digest[SHA256_SIZE];
	char lower[LOG_ADDRESS], *out = log_buffer();
	struct span known = span_first(address, sizeof(lower));
	size_t at = span_behind_last(address, '@');

	for (size_t i = 0; i < known.len; i++)
		lower[i] = ascii_lower(known.data[i]);
	token_hmac(log_address_key, span_make(lower, known.len), digest);
	out[0] = 'h';
	out[1] = '-';
	token_hex(digest, LOG_HASH, out + 2);
	if (at > 0)
		log_escape(out + 2 + 2 * LOG_HASH, LOG_TEXT + 1 - 2 - 2 * (size_t)LOG_HASH,
		    span_from(address, at - 1));
	return out;
}

const char *
log_message(struct span id)
{
	uint8_t digest[SHA256_SIZE];
	char *out = log_buffer();

	if (id.len == 0)
		return "none";
	token_hmac(log_address_key, id, digest);
	out[0] = 'm';
	out[1] = '-';
	token_hex(digest, LOG_HASH, out + 2);
	return out;
}
