/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "mail/mail_read.h"

#include <string.h>

#include "base/utf8.h"
#include "mail/bounce_read.h"
#include "mail/header.h"
#include "mail/mail_body.h"
#include "mail/mime_read.h"
#include "mail/signature.h"
#include "mail/thread_id.h"

/* Copies, so that nothing points into the raw message; the last max of them. */
static struct span_list
keep_last(struct arena *arena, const struct span *items, size_t count, size_t max)
{
	struct span_list list = { .count = count < max ? count : max };

	list.items = arena_array(arena, list.count + 1, sizeof(*list.items));
	for (size_t i = 0; i < list.count; i++)
		list.items[i] = arena_span(arena, items[count - list.count + i]);
	return list;
}

static struct span
lower(struct arena *arena, struct span s)
{
	char *out = arena_strndup(arena, s.data, s.len);

	for (size_t i = 0; i < s.len; i++)
		out[i] = ascii_lower(out[i]);
	return span_make(out, s.len);
}

static void
read_from(struct arena *arena, const struct header *header, struct parsed *parsed)
{
	struct header_mailboxes from = { 0 };
	struct span value;

	for (size_t n = 0; header_find(header, "From", n, &value); n++)
		header_mailboxes(arena, value, &from);
	parsed->from_count = from.total;
	if (from.count == 0) {
		parsed->from_name = header_text(arena, header_get(header, "From"), PARSED_LINE_MAX);
		return;
	}
	parsed->from_name = from.items[0].name;
	parsed->from_address = from.items[0].address;
	parsed->is_robot = header_is_robot(parsed->from_address);
}

static void
read_recipients(struct arena *arena, const struct header *header, struct parsed *parsed)
{
	static const char *const names[] = { "To", "Cc", "Resent-To", "Resent-Cc" };
	struct header_mailboxes to = { 0 };
	struct span value;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (size_t n = 0; header_find(header, names[i], n, &value); n++)
			header_mailboxes(arena, value, &to);
	struct span *list = arena_array(arena, to.count + 1, sizeof(*list));
	for (size_t i = 0; i < to.count; i++)
		list[i] = to.items[i].address;
	parsed->to_cc = (struct span_list){ list, to.count };
	parsed->recipients = to.total;
}

/* In-Reply-To: several words without brackets are prose ("Message of Tue from a@b"). */
static bool
is_prose(struct span value)
{
	if (span_find(value, '<') < value.len)
		return false;
	for (size_t i = 0; i < value.len; i++)
		if (ascii_is_space(value.data[i]))
			return true;
	return false;
}

static void
read_ids(struct arena *arena, const struct header *header, struct parsed *parsed)
{
	struct header_ids ids;
	struct span value = header_get(header, "Message-ID");

	header_ids(arena, value, &ids);
	if (ids.count > 0 && !is_prose(value))
		parsed->message_id = arena_span(arena, ids.items[0]);
	value = header_get(header, "In-Reply-To");
	if (!is_prose(value)) {
		header_ids(arena, value, &ids);
		parsed->in_reply_to = keep_last(arena, ids.items, ids.count, PARSED_REFERENCES_MAX);
	}
	header_ids(arena, header_get(header, "References"), &ids);
	parsed->references = keep_last(arena, ids.items, ids.count, PARSED_REFERENCES_MAX);
}

static void
read_subject(struct arena *arena, const struct header *header, struct parsed *parsed)
{
	parsed->subject_count = header_count(header, "Subject");
	parsed->subject = header_text(arena, header_get(header, "Subject"), PARSED_LINE_MAX);
	bool has_parent = parsed->in_reply_to.count > 0 || parsed->references.count > 0;
	struct thread_subject subject =
	    thread_subject_read(arena, parsed->subject, (struct span){ 0 }, has_parent);
	parsed->base_subject = subject.base;
	parsed->is_reply = subject.is_reply;
	parsed->is_forward = subject.is_forward;
	parsed->looks_absent = thread_subject_is_absence(parsed->subject);
}

static enum parsed_auto
read_auto(struct arena *arena, const struct header *header)
{
	struct header_value value;
	struct span precedence = span_trim(header_get(header, "Precedence"));

	if (header_count(header, "X-Autoreply") > 0 || header_count(header, "X-Autorespond") > 0 ||
	    span_is_nocase(precedence, "auto_reply") ||
	    span_is_nocase(header_get(header, "Content-Identifier"), "auto-replied"))
		return PARSED_AUTO_REPLIED;
	header_value(arena, header_get(header, "Auto-Submitted"), &value);
	if (value.word.len == 0 || span_is(value.word, "no"))
		return PARSED_AUTO_NONE;
	return span_starts(value.word, "auto-replied") ? PARSED_AUTO_REPLIED
						       : PARSED_AUTO_GENERATED;
}

static enum parsed_precedence
read_precedence(struct span value)
{
	static const struct {
		const char *word;
		enum parsed_precedence precedence;
	} words[] = { { "list", PARSED_PRECEDENCE_LIST }, { "bulk", PARSED_PRECEDENCE_BULK },
		{ "junk", PARSED_PRECEDENCE_JUNK } };

	value = span_trim(value);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (span_is_nocase(value, words[i].word))
			return words[i].precedence;
	return value.len > 0 ? PARSED_PRECEDENCE_OTHER : PARSED_PRECEDENCE_NONE;
}

/* What stands in the last brackets, or the whole value. */
static struct span
read_list_id(struct arena *arena, struct span value)
{
	size_t close = value.len;

	while (close > 0 && value.data[close - 1] != '>')
		close--;
	size_t open = close;
	while (open > 0 && value.data[open - 1] != '<')
		open--;
	if (open > 0 && close > open)
		value = span_first(span_from(value, open), close - 1 - open);
	return lower(arena, header_text(arena, value, PARSED_LINE_MAX));
}

/* The addresses of the mailto: URLs of List-Post. */
static struct span_list
read_list_post(struct arena *arena, struct span value)
{
	struct span items[PARSED_REFERENCES_MAX];
	size_t count = 0;

	while (count < PARSED_REFERENCES_MAX) {
		size_t at = span_find_text(value, "mailto:");
		if (at == value.len)
			break;
		value = span_from(value, at + 7);
		size_t end = 0;
		while (end < value.len && strchr(">?, \t", value.data[end]) == NULL)
			end++;
		if (header_is_address(span_first(value, end)))
			items[count++] = lower(arena, span_first(value, end));
		value = span_from(value, end);
	}
	return keep_last(arena, items, count, PARSED_REFERENCES_MAX);
}

/* A blank before the colon (RFC 5322 §4.5.3) is what no mail server writes, and what one that
 * strips forged fields may not know. */
static bool
is_written_plainly(const struct header_field *field)
{
	return field->name.data[field->name.len] == ':';
}

/* All values of a field that say something, cleaned and cut, the first ones. */
static struct span_list
read_values(struct arena *arena, const struct header *header, const char *name, size_t max_octets)
{
	struct span_list list = { 0 };
	struct span value;

	list.items = arena_array(arena, PARSED_RESULTS_MAX, sizeof(*list.items));
	for (size_t i = 0; i < header->count && list.count < PARSED_RESULTS_MAX; i++) {
		if (!span_is_nocase(header->fields[i].name, name) ||
		    !is_written_plainly(&header->fields[i]))
			continue;
		value = utf8_line(arena, span_first(header->fields[i].value, max_octets));
		while (value.len > max_octets)
			value = utf8_first(value, utf8_count(value) - 1);
		if (value.len > 0)
			list.items[list.count++] = value;
	}
	return list;
}

static bool
is_spam(const struct header *header)
{
	return span_is_nocase(span_trim(header_get(header, "X-Spam-Flag")), "yes") ||
	       span_starts_nocase(span_trim(header_get(header, "X-Spam-Status")), "yes");
}

static bool
has_odd_signature(const struct header *header)
{
	for (size_t i = 0; i < header->count; i++)
		if (span_is_nocase(span_trim(header->fields[i].name), "DKIM-Signature") &&
		    !signature_is_plain(header->fields[i].value))
			return true;
	return false;
}

static void
read_signals(struct arena *arena, const struct header *header, struct parsed *parsed)
{
	parsed->auto_submitted = read_auto(arena, header);
	parsed->precedence = read_precedence(header_get(header, "Precedence"));
	parsed->list_id = read_list_id(arena, header_get(header, "List-Id"));
	parsed->list_post = read_list_post(arena, header_get(header, "List-Post"));
	parsed->x_loop = read_values(arena, header, "X-Loop", PARSED_LINE_MAX);
	for (size_t i = 0; i < parsed->x_loop.count; i++)
		parsed->x_loop.items[i] = lower(arena, parsed->x_loop.items[i]);
	parsed->is_spam = is_spam(header);
	parsed->no_archive = header_count(header, "X-No-Archive") > 0 ||
			     span_is_nocase(span_trim(header_get(header, "X-Archive")), "no");
	parsed->authentication_results =
	    read_values(arena, header, "Authentication-Results", PARSED_RESULT_MAX);
	parsed->odd_signature = has_odd_signature(header);
}

static void
read_head(struct arena *arena, const struct header *header, struct parsed *parsed)
{
	*parsed = (struct parsed){ .kind = PARSED_MAIL };
	read_from(arena, header, parsed);
	read_recipients(arena, header, parsed);
	read_ids(arena, header, parsed);
	read_subject(arena, header, parsed);
	read_signals(arena, header, parsed);
	if (!header_date(header_get(header, "Date"), &parsed->date))
		parsed->date = 0;
}

static bool
is_smime(const struct mime_part *part)
{
	return mime_type_is(part, "application/pkcs7-mime") ||
	       mime_type_is(part, "application/x-pkcs7-mime");
}

static void
read_tree_signals(const struct mime_tree *tree, struct parsed *parsed)
{
	for (size_t i = 0; i < tree->count; i++) {
		const struct mime_part *part = &tree->parts[i];
		bool is_opaque =
		    is_smime(part) &&
		    span_is_nocase(header_param(&part->type, "smime-type"), "signed-data");
		parsed->is_signed |= mime_type_is(part, "multipart/signed") || is_opaque;
		parsed->is_encrypted |=
		    mime_type_is(part, "multipart/encrypted") || (is_smime(part) && !is_opaque);
		parsed->is_reaction |= span_is(part->disposition.word, "reaction") ||
				       mime_type_is(part, "text/vnd.google.email-reaction+json");
	}
}

void
mail_read(struct arena *arena, struct span raw, struct parsed *parsed)
{
	struct mime_tree tree;

	mime_read(arena, raw, &tree);
	if (tree.over_limit != NULL) {
		mail_read_opaque(arena, raw, tree.over_limit, parsed);
		return;
	}
	read_head(arena, &tree.parts[0].header, parsed);
	read_tree_signals(&tree, parsed);
	mail_body_read(arena, &tree, parsed);
	bounce_read(arena, &tree, parsed);
}

void
mail_read_opaque(struct arena *arena, struct span raw, const char *why, struct parsed *parsed)
{
	struct header header;

	header_split(arena, raw, &header);
	read_head(arena, &header, parsed);
	parsed->over_limit = span_of(arena_strdup(arena, why));
	mail_body_opaque(arena, raw, parsed);
}

void
mail_read_markdown(struct arena *arena, struct span source, bool is_plain, struct parsed *parsed)
{
	struct buf folded = { 0 };

	*parsed = (struct parsed){ .kind = PARSED_MARKDOWN };
	/* Forms send CRLF; what is kept has LF. */
	for (size_t i = 0; i < source.len; i++)
		if (source.data[i] != '\r')
			buf_add_char(&folded, source.data[i]);
	struct span clean = utf8_clean(arena, buf_span(&folded));
	buf_free(&folded);
	mail_body_markdown(arena, clean, is_plain, parsed);
	token_sha256(parsed->source, parsed->body_hash);
}
