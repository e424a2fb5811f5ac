/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/relay_copy.c: copies of messages, from the row to the report (role_relay.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "process/role_relay.h"

enum { REPORT_MIN = 16, REPORT_AGAIN_MS = 1000 };

/* ---- templates: a post in a language is built once for all its recipients ---- */

static void
template_forget(struct relay_template *template)
{
	arena_free(&template->arena);
	memset(template, 0, sizeof(*template));
}

void
relay_copy_forget_templates(struct relay *relay)
{
	for (int i = 0; i < RELAY_TEMPLATES; i++)
		template_forget(&relay->templates[i]);
}

/* The one that is there and fresh, else the place of the oldest. */
static struct relay_template *
template_place(struct relay *relay, const struct delivery *delivery)
{
	struct relay_template *oldest = &relay->templates[0];
	int64_t now = clock_ticks_ms();

	for (int i = 0; i < RELAY_TEMPLATES; i++) {
		struct relay_template *at = &relay->templates[i];

		if (at->arena != NULL && now - at->built > RELAY_TEMPLATE_MS)
			template_forget(at);
		if (at->arena != NULL && at->post == delivery->post &&
		    strcmp(at->locale, delivery->locale) == 0)
			return at;
		if (at->built < oldest->built)
			oldest = at;
	}
	template_forget(oldest);
	return oldest;
}

static bool
template_find(struct relay *relay, const struct delivery *delivery,
    const struct relay_template **out, struct err *err)
{
	struct relay_template *place = template_place(relay, delivery);
	struct outgoing outgoing;

	if (place->arena == NULL) {
		place->arena = arena_new();
		place->post = delivery->post;
		place->locale = arena_strdup(place->arena, delivery->locale);
		place->built = clock_ticks_ms();
		if (!delivery_outgoing(&relay->clerk, place->arena, delivery, &outgoing, err) ||
		    !message_template_build(place->arena, &outgoing, &place->message, err)) {
			template_forget(place);
			return false;
		}
		place->trace = arena_strdup(place->arena, log_message(outgoing.message_id));
		log_info("relay message=%s post=%lld locale=%s built=yes", place->trace,
		    (long long)place->post, place->locale);
	}
	*out = place;
	return true;
}

/* ---- building ---- */

static void
set_trace(struct relay_copy *copy, const char *trace)
{
	(void)snprintf(copy->trace, sizeof(copy->trace), "%s", trace);
}

/* A notice has no post: it is built for one. */
static bool
build_notice(struct relay *relay, struct arena *arena, const struct delivery *delivery,
    struct relay_copy *copy, struct err *err)
{
	struct outgoing outgoing;

	if (!delivery_outgoing(&relay->clerk, arena, delivery, &outgoing, err))
		return false;
	set_trace(copy, log_message(outgoing.message_id));
	return message_write(arena, &outgoing, &copy->octets, err);
}

static bool
build_octets(struct relay *relay, struct arena *arena, const struct delivery *delivery,
    struct relay_copy *copy, const char **sender, struct err *err)
{
	const struct relay_template *template;
	struct message_tokens tokens;

	set_trace(copy, "none");
	if (!delivery_slots(&relay->clerk, arena, delivery, &tokens, sender, err))
		return false;
	if (delivery->post == 0)
		return build_notice(relay, arena, delivery, copy, err);
	if (!template_find(relay, delivery, &template, err))
		return false;
	set_trace(copy, template->trace);
	return message_template_patch(&template->message, &tokens, &copy->octets, err);
}

static bool
build(struct relay *relay, struct arena *arena, const struct delivery *delivery,
    struct relay_copy *copy, struct err *err)
{
	const char *sender = "";

	buf_clear(&copy->octets);
	if (!build_octets(relay, arena, delivery, copy, &sender, err))
		return false;
	memset(&copy->message, 0, sizeof(copy->message));
	memset(&copy->rcpt, 0, sizeof(copy->rcpt));
	if (sender[0] != '\0' && !address_parse(span_of(sender), 0, &copy->message.sender, err))
		return false;
	if (!address_parse(span_of(delivery->address), ADDRESS_UTF8, &copy->rcpt.address, err))
		return err_set(err, ERR_INVALID, "553 5.1.3 The address is not sound");
	copy->message.rcpts = &copy->rcpt;
	copy->message.rcpt_count = 1;
	copy->message.octets = buf_span(&copy->octets);
	copy->message.context = copy;
	return true;
}

bool
relay_copy_take(
    struct relay *relay, struct arena *arena, const struct delivery *delivery, struct err *err)
{
	struct relay_copy *copy = relay_copy_find(relay, COPY_FREE);

	if (copy == NULL)
		return err_set(err, ERR_TEMPORARY, "no place for a copy");
	copy->relay = relay;
	copy->id = delivery->id;
	copy->again = 0;
	copy->taken = clock_ticks_ms();
	copy->state = COPY_READY;
	if (build(relay, arena, delivery, copy, err))
		return true;
	copy->state = COPY_FREE;
	if (err->kind == ERR_TEMPORARY)
		return false;
	log_error("relay delivery=%lld message=%s built=no why=\"%s\"", (long long)delivery->id,
	    copy->trace, err->text);
	copy->state = COPY_GIVEN;
	relay_copy_set(
	    copy, span_starts(span_of(err->text), "553 ") ? "failed" : "retry", err->text);
	return true;
}

/* ---- the table ---- */

struct relay_copy *
relay_copy_find(struct relay *relay, enum copy_state state)
{
	for (int i = 0; i < RELAY_COPIES; i++) {
		if (relay->copies[i].state == state)
			return &relay->copies[i];
	}
	return NULL;
}

size_t
relay_copy_count(const struct relay *relay, enum copy_state state)
{
	size_t count = 0;

	for (int i = 0; i < RELAY_COPIES; i++)
		count += relay->copies[i].state == state;
	return count;
}

static int
by_id(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

size_t
relay_copy_busy(const struct relay *relay, int64_t *busy)
{
	size_t count = 0;

	for (int i = 0; i < RELAY_COPIES; i++) {
		if (relay->copies[i].state != COPY_FREE)
			busy[count++] = relay->copies[i].id;
	}
	qsort(busy, count, sizeof(busy[0]), by_id);
	return count;
}

void
relay_copy_put_back(struct relay *relay, int64_t before)
{
	for (int i = 0; i < RELAY_COPIES; i++) {
		if (relay->copies[i].state == COPY_READY && relay->copies[i].taken < before)
			relay->copies[i].state = COPY_FREE;
	}
}

/* ---- results ---- */

void
relay_copy_set(struct relay_copy *copy, const char *result, const char *answer)
{
	copy->state = COPY_DONE;
	copy->result = result;
	(void)snprintf(copy->answer, sizeof(copy->answer), "%s", answer);
}

void
relay_copy_done(struct relay_copy *copy)
{
	static const char *const results[] = { "retry", "sent", "retry", "failed", "retry" };
	const struct smtp_result *result = &copy->rcpt.result;
	char answer[sizeof(copy->answer)];
	bool cut = result->verdict == SMTP_LATER && (result->code == 0 || result->code == 421);

	/* the server closed before it came to this one: another dialogue, now */
	if (cut && copy->again++ < RELAY_AGAIN) {
		copy->state = COPY_READY;
		return;
	}
	if (result->code != 0)
		(void)snprintf(answer, sizeof(answer), "%d%s%s %s", result->code,
		    result->enhanced[0] != '\0' ? " " : "", result->enhanced, result->text);
	else if (result->verdict == SMTP_REFUSED)
		(void)snprintf(answer, sizeof(answer), "554 %s %s", result->enhanced, result->text);
	else
		(void)snprintf(answer, sizeof(answer), "%s%s", result->text,
		    result->verdict == SMTP_UNKNOWN ? " (behind the final dot)" : "");
	relay_copy_set(copy, results[result->verdict], answer);
	/* What went well is said in the book, and thousands of times a second: preau show post. */
	if (result->verdict != SMTP_DELIVERED)
		log_info("relay delivery=%lld message=%s result=%s code=%d enhanced=%s",
		    (long long)copy->id, copy->trace, copy->result, result->code,
		    result->enhanced);
	else
		log_debug("relay delivery=%lld message=%s result=sent code=%d", (long long)copy->id,
		    copy->trace, result->code);
}

/* ---- reports ---- */

struct report {
	struct relay *relay;
	uint64_t number;
};

static void
end_report(struct relay *relay, uint64_t number, enum copy_state state)
{
	for (int i = 0; i < RELAY_COPIES; i++) {
		if (relay->copies[i].state == COPY_REPORTING && relay->copies[i].report == number)
			relay->copies[i].state = state;
	}
}

static size_t
count_report(const struct relay *relay, uint64_t number)
{
	size_t count = 0;

	for (int i = 0; i < RELAY_COPIES; i++)
		count +=
		    relay->copies[i].state == COPY_REPORTING && relay->copies[i].report == number;
	return count;
}

/* A report that is refused concerns one row, but which? Rows are then reported alone. A
 * row that is not there any more is nobody's; any other refusal is tried again, since a
 * row forgotten here would be sent again and again. */
static void
on_refused(struct relay *relay, const struct report *report, const struct err *err)
{
	bool alone = count_report(relay, report->number) == 1;
	bool gone = alone && err->kind == ERR_NOT_FOUND;

	log_warn("relay report=refused why=\"%s\"", err->text);
	relay->unheard = err->kind == ERR_TEMPORARY;
	end_report(relay, report->number, gone ? COPY_FREE : COPY_DONE);
	relay->report_alone = relay->report_alone || err->kind != ERR_TEMPORARY;
	if (!gone)
		relay->report_after = clock_ticks_ms() + REPORT_AGAIN_MS;
}

static void
on_reported(const struct door_answer *answer, void *arg)
{
	struct report *report = arg;
	struct relay *relay = report->relay;

	relay->reports--;
	if (answer->ok) {
		relay->unheard = false;
		end_report(relay, report->number, COPY_FREE);
	} else {
		on_refused(relay, report, &answer->err);
	}
	free(report);
	relay_wake(relay);
}

static void
add_row(struct buf *input, const struct relay_copy *copy)
{
	struct buf row = { 0 };

	fields_add_int(&row, "id", copy->id);
	fields_add_text(&row, "result", copy->result);
	fields_add_text(&row, "answer", copy->answer);
	fields_add(input, "row", buf_span(&row));
	buf_free(&row);
}

/* One report of at most so many rows; false where the door is full. */
static bool
send_report(struct relay *relay, size_t most)
{
	struct report *report = x_calloc(1, sizeof(*report));
	struct door_request request = { .name = "delivery.report", .fd = -1 };
	struct buf input = { 0 };
	bool sent;

	report->relay = relay;
	report->number = ++relay->next_report;
	for (int i = 0; i < RELAY_COPIES && most > 0; i++) {
		struct relay_copy *copy = &relay->copies[i];

		if (copy->state != COPY_DONE)
			continue;
		add_row(&input, copy);
		copy->state = COPY_REPORTING;
		copy->report = report->number;
		most--;
	}
	request.input = buf_span(&input);
	sent = door_send(relay->door, &request, on_reported, report) != 0;
	buf_free(&input);
	if (sent) {
		relay->reports++;
	} else {
		end_report(relay, report->number, COPY_DONE);
		free(report);
	}
	return sent;
}

/* The first at once; while one is under way others wait to be many. */
void
relay_copy_report(struct relay *relay)
{
	int64_t now = clock_ticks_ms();
	size_t done = relay_copy_count(relay, COPY_DONE);

	if (done > 0 && now < relay->report_after) {
		relay_wake_in(relay, relay->report_after - now);
		return;
	}
	while (done > 0 && relay->reports < RELAY_REPORTS &&
	       (relay->reports == 0 || done >= REPORT_MIN || relay->report_alone)) {
		if (!send_report(relay, relay->report_alone ? 1 : RELAY_COPIES)) {
			relay_wake_in(relay, REPORT_AGAIN_MS);
			return;
		}
		done = relay_copy_count(relay, COPY_DONE);
	}
	if (done == 0 && relay->reports == 0)
		relay->report_alone = false;
}
