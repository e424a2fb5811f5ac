/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/page_metrics.c: numbers in the text format of Prometheus, version 0.0.4. */
#include "config.h"

#include <inttypes.h>

#include "web/pages.h"

struct metric {
	const char *name, *type, *help;
	const char *label; /* of its rows; NULL: one number */
	size_t offset;	   /* in struct health_view: an int64_t, or struct tallies */
};

/* clang-format off */
#define AT(field) offsetof(struct health_view, field)
static const struct metric metrics[] = {
	{ "preau_posts",                         "gauge",   "Posts, by state.",                                            "state", AT(posts) },
	{ "preau_inbox_messages",                "gauge",   "Mails that came in, by state.",                               "state", AT(inbox) },
	{ "preau_outbox_messages",               "gauge",   "Mails to be sent to one recipient each, by state.",           "state", AT(outbox) },
	{ "preau_outbox_oldest_due_age_seconds", "gauge",   "Time since the oldest due mail was queued; 0: none is due.",  NULL,    AT(oldest_due) },
	{ "preau_set_aside_messages",            "gauge",   "Mails that wait for an administrator, in and out.",           NULL,    AT(aside) },
	{ "preau_people_registered",             "gauge",   "People who are registered.",                                  NULL,    AT(people) },
	{ "preau_journal_last_number",           "gauge",   "Number of the newest entry of the journal.",                  NULL,    AT(journal) },
	{ "preau_read_only",                     "gauge",   "1: damage was found, nothing is written any more.",           NULL,    AT(closed) },
	{ "preau_check_next_timestamp_seconds",  "gauge",   "When all data is looked at the next time; 0: soon.",          NULL,    AT(check_next) },
	{ "preau_book_size_bytes",               "gauge",   "Size of the database file.",                                  NULL,    AT(book_size) },
	{ "preau_book_wal_size_bytes",           "gauge",   "Size of its write-ahead log.",                                NULL,    AT(wal_size) },
	{ "preau_events_total",                  "counter", "What became of mail, since the database was made.",           "event", AT(events) },
};
/* clang-format on */

static void
add_head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* What stands between the quotes of a label. */
static void
add_value(struct buf *out, const char *value)
{
	for (; *value != '\0'; value++) {
		if (*value == '\n') {
			buf_add_text(out, "\\n");
			continue;
		}
		if (*value == '"' || *value == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, *value);
	}
}

static void
add_rows(struct buf *out, const struct metric *metric, const struct tallies *tallies)
{
	for (size_t i = 0; i < tallies->count; i++) {
		buf_printf(out, "%s{%s=\"", metric->name, metric->label);
		add_value(out, tallies->rows[i].name);
		buf_printf(out, "\"} %" PRId64 "\n", tallies->rows[i].count);
	}
}

static void
add_metric(struct buf *out, const struct metric *metric, const struct health_view *view)
{
	const char *field = (const char *)view + metric->offset;

	add_head(out, metric->name, metric->type, metric->help);
	if (metric->label != NULL)
		add_rows(out, metric, (const void *)field);
	else
		buf_printf(
		    out, "%s %" PRId64 "\n", metric->name, *(const int64_t *)(const void *)field);
}

/* GET /metrics, from this machine alone (ROUTE_LOCAL) */
bool
page_metrics_show(struct request *req, struct reply *reply, struct err *err)
{
	struct health_view view;

	if (!reading_health(req->reading, &view, err))
		return false;
	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
		add_metric(&reply->body, &metrics[i], &view);
	add_head(&reply->body, "preau_build_info", "gauge", "Always 1; the version is its label.");
	buf_add_text(&reply->body, "preau_build_info{version=\"" VERSION "\"} 1\n");
	reply->type = "text/plain; version=0.0.4; charset=utf-8";
	reply->status = 200;
	return true;
}
