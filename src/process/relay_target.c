/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/relay_target.c: where mail goes: relay.to (role_relay.h). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "process/role_relay.h"

static bool
copy_text(struct span from, char *to, size_t room)
{
	if (from.len == 0 || from.len >= room || memchr(from.data, 0, from.len) != NULL)
		return false;
	memcpy(to, from.data, from.len);
	to[from.len] = '\0';
	return true;
}

/* HOST:PORT or [IPv6]:PORT. */
static bool
read_host(struct span text, struct relay_target *target)
{
	size_t colon = span_behind_last(text, ':');
	struct span host;
	int64_t port;

	if (colon == 0 || !span_int(span_from(text, colon), 1, 65535, &port))
		return false;
	host = span_first(text, colon - 1);
	if (span_starts(host, "[") && span_ends(host, "]"))
		host = span_first(span_from(host, 1), host.len - 2);
	target->port = (uint16_t)port;
	return copy_text(host, target->host, sizeof(target->host));
}

static bool
read_url(struct span text, struct relay_target *target)
{
	struct span query = span_from(text, span_find(text, '?'));

	if (query.len > 0) {
		if (!span_is(query, "?tls=require"))
			return false;
		target->require_tls = true;
	}
	return read_host(span_first(text, text.len - query.len), target);
}

/* A folder with a relative name stands in the data folder, wherever we were started. */
static bool
read_folder(struct span text, const char *data, struct relay_target *target)
{
	int len;

	if (span_starts(text, "/"))
		return copy_text(text, target->path, sizeof(target->path));
	len =
	    snprintf(target->path, sizeof(target->path), "%s/" SPAN_FORMAT, data, SPAN_ARGS(text));
	return text.len > 0 && len > 0 && (size_t)len < sizeof(target->path);
}

bool
relay_target_read(const char *words, const char *data, struct relay_target *target, struct err *err)
{
	struct span text = span_of(words);
	bool sound = false;

	memset(target, 0, sizeof(*target));
	if (span_starts(text, "dir:")) {
		target->way = RELAY_DIR;
		sound = read_folder(span_from(text, 4), data, target);
	} else if (span_starts(text, "smtp://")) {
		target->way = RELAY_SMTP;
		sound = read_url(span_from(text, 7), target);
	} else if (span_starts(text, "lmtp://")) {
		target->way = RELAY_LMTP;
		sound = read_url(span_from(text, 7), target);
	} else if (span_starts(text, "lmtp:/")) {
		target->way = RELAY_LMTP;
		sound = copy_text(span_from(text, 5), target->path, sizeof(target->path));
	}
	return sound || err_set(err, ERR_INVALID, "relay.to is not sound: %s", words);
}

bool
relay_target_is_unix(const struct relay_target *target)
{
	return target->way == RELAY_LMTP && target->host[0] == '\0';
}

bool
relay_target_resolve(struct relay_target *target, struct err *err)
{
	char unix_path[sizeof(target->path) + 8];

	target->address_count = 0;
	if (target->way == RELAY_DIR)
		return file_make_folder(target->path, 0750, err);
	if (!relay_target_is_unix(target))
		return net_resolve(target->host, target->port, target->addresses, RELAY_ADDRESSES,
		    &target->address_count, err);
	(void)snprintf(unix_path, sizeof(unix_path), "unix:%s", target->path);
	target->address_count = net_address_read(unix_path, &target->addresses[0], err) ? 1 : 0;
	return target->address_count == 1;
}

bool
relay_target_write(const struct relay_target *target, int64_t id,
    const struct smtp_message *message, struct err *err)
{
	struct buf octets = { 0 }, path = { 0 };
	bool done;

	buf_add_text(&octets, "Return-Path: <");
	address_write(&message->sender, &octets);
	buf_add_text(&octets, ">\r\nDelivered-To: ");
	address_write(&message->rcpts[0].address, &octets);
	buf_add_text(&octets, "\r\n");
	buf_add_span(&octets, message->octets);
	buf_printf(&path, "%s/%08" PRId64 ".eml", target->path, id);
	done = file_write(buf_text(&path), buf_span(&octets), 0640, err);
	buf_free(&octets);
	buf_free(&path);
	return done;
}
