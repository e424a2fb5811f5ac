/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "mail/thread_id.h"

#include <string.h>

#include "base/utf8.h"

struct span
thread_id_clean(struct arena *arena, struct span id)
{
	bool is_plain = true;

	id = span_trim(id);
	if (id.len > 0 && id.data[0] == '<')
		id = span_trim(span_from(id, 1));
	if (id.len > 0 && id.data[id.len - 1] == '>')
		id = span_trim(span_first(id, id.len - 1));
	for (size_t i = 0; i < id.len; i++)
		if (id.data[i] == ' ' || ascii_is_control(id.data[i]))
			is_plain = false;
	if (!is_plain) {
		char *out = arena_alloc(arena, id.len + 1);
		size_t n = 0;
		for (size_t i = 0; i < id.len; i++)
			if ((unsigned char)id.data[i] > ' ' && id.data[i] != 127)
				out[n++] = id.data[i];
		id = span_make(out, n);
	}
	if (id.len > THREAD_ID_MAX || !utf8_is_valid(id))
		return (struct span){ 0 };
	return id;
}

bool
thread_id_is_sound(struct span id)
{
	size_t at = span_find(id, '@');

	if (id.len == 0 || id.len > THREAD_ID_MAX || at == 0 || at + 1 >= id.len)
		return false;
	for (size_t i = 0; i < id.len; i++) {
		unsigned char o = (unsigned char)id.data[i];
		if (o <= ' ' || o >= 127 || strchr("<>(),;\"\\", o) != NULL)
			return false;
	}
	return span_find(span_from(id, at + 1), '@') == id.len - at - 1;
}

enum prefix_kind { REPLY, FORWARD, MAYBE_REPLY };

/* Folded (no accents, lower case), see utf8_fold(). */
static const struct {
	char word[8];
	enum prefix_kind kind;
} prefixes[] = { { "re", REPLY }, { "aw", REPLY }, { "antw", REPLY }, { "sv", REPLY },
	{ "vs", REPLY }, { "odp", REPLY }, { "res", REPLY }, { "rif", REPLY }, { "atb", REPLY },
	{ "ynt", REPLY }, { "bls", REPLY }, { "vb", FORWARD }, { "tr", FORWARD }, { "fw", FORWARD },
	{ "fwd", FORWARD }, { "wg", FORWARD }, { "rv", FORWARD }, { "enc", FORWARD },
	{ "i", MAYBE_REPLY }, { "r", MAYBE_REPLY }, { "ref", MAYBE_REPLY },
	{ "rep", MAYBE_REPLY } };

/* Octets of blanks at the front: ASCII ones, U+00A0, U+2009, U+202F. */
static size_t
blanks(struct span s)
{
	struct span rest = s;
	uint32_t code;

	while (rest.len > 0) {
		struct span next = rest;
		utf8_next(&next, &code);
		if (code != ' ' && code != '\t' && code != 0xA0 && code != 0x2009 && code != 0x202F)
			break;
		rest = next;
	}
	return s.len - rest.len;
}

/* A counter behind a prefix: [2] (2) ^2 *2; its octets, 0 where there is none. */
static size_t
counter(struct span s)
{
	size_t i = 1, digits;

	if (s.len < 2 || strchr("[(^*", s.data[0]) == NULL)
		return 0;
	while (i < s.len && i < 6 && ascii_is_digit(s.data[i]))
		i++;
	digits = i - 1;
	if (digits == 0)
		return 0;
	if (s.data[0] == '[' || s.data[0] == '(')
		return i < s.len && (s.data[i] == ']' || s.data[i] == ')') ? i + 1 : 0;
	return i;
}

/* Octets of a colon (":" or the full-width one) at the front, or 0. */
static size_t
colon(struct span s)
{
	if (span_starts(s, ":"))
		return 1;
	return span_starts(s, "\xEF\xBC\x9A") ? 3 : 0;
}

/* Octets of a prefix with its colon at the front of s, or 0. */
static size_t
prefix_length(struct arena *arena, struct span s, bool has_parent, enum prefix_kind *kind)
{
	size_t n = 0, i;

	/* The word: ASCII letters, and those of Latin-1 in two octets. */
	while (n < s.len && n < 8) {
		bool is_latin = (unsigned char)s.data[n] == 0xC3;
		if (!is_latin && !ascii_is_alpha(s.data[n]))
			break;
		n += is_latin ? 2 : 1;
	}
	if (n == 0 || n > s.len)
		return 0;
	i = n;
	i += blanks(span_from(s, i));
	i += counter(span_from(s, i));
	i += blanks(span_from(s, i));
	size_t end = colon(span_from(s, i));
	if (end == 0)
		return 0;
	struct span word = utf8_fold(arena, span_first(s, n));
	for (size_t k = 0; k < sizeof(prefixes) / sizeof(prefixes[0]); k++) {
		if (!span_is(word, prefixes[k].word))
			continue;
		*kind = prefixes[k].kind;
		/* "RÉ:" is a reply, "Réf : dossier 12" may be a title. */
		if (*kind == MAYBE_REPLY && !has_parent)
			return 0;
		return i + end;
	}
	return 0;
}

/* "[tag]" at the front, ASCII case ignored. */
static size_t
tag_length(struct span s, struct span tag)
{
	if (tag.len == 0 || s.len < tag.len + 2 || s.data[0] != '[' || s.data[tag.len + 1] != ']')
		return 0;
	return span_equal_nocase(span_first(span_from(s, 1), tag.len), tag) ? tag.len + 2 : 0;
}

/* The subject without the tag, wherever it stands. */
static struct span
strip_tag(struct arena *arena, struct span subject, struct span tag)
{
	char *out = arena_alloc(arena, subject.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < subject.len;) {
		size_t skip = tag_length(span_from(subject, i), tag);
		if (skip > 0) {
			i += skip + blanks(span_from(subject, i + skip));
			continue;
		}
		out[n++] = subject.data[i++];
	}
	return span_make(out, n);
}

/* RFC 5256 §2.1 step 2: "(fwd)" at the end. */
static bool
strip_fwd(struct span *s)
{
	*s = span_trim(*s);
	if (s->len < 5 || !span_is_nocase(span_from(*s, s->len - 5), "(fwd)"))
		return false;
	*s = span_trim(span_first(*s, s->len - 5));
	return true;
}

struct thread_subject
thread_subject_read(struct arena *arena, struct span subject, struct span tag, bool has_parent)
{
	struct thread_subject out = { 0 };
	struct span s = strip_tag(arena, subject, tag);
	bool is_first = true;
	enum prefix_kind kind;

	/* "[Fwd: subject]", RFC 5256 §2.1 step 6 */
	s = span_trim(s);
	if (span_starts_nocase(s, "[fwd:") && s.data[s.len - 1] == ']') {
		s = span_first(span_from(s, 5), s.len - 6);
		out.is_forward = true;
		is_first = false;
	}
	for (;;) {
		s = span_from(s, blanks(s));
		size_t n = prefix_length(arena, s, has_parent, &kind);
		if (n == 0)
			break;
		if (is_first)
			out.is_forward = kind == FORWARD;
		if (kind != FORWARD)
			out.is_reply = true;
		is_first = false;
		s = span_from(s, n);
	}
	while (strip_fwd(&s))
		out.is_forward |= is_first;
	out.base = utf8_line(arena, s);
	return out;
}

/* Folded; at the beginning of the subject, after reply prefixes. */
static const char *const absences[] = { "reponse automatique", "absence", "absent", "absente",
	"message d'absence", "notification d'absence", "en conges", "conges", "out of office",
	"out-of-office", "automatic reply", "auto:", "autoreply", "auto-reply", "auto reply",
	"automatische antwort", "abwesenheit", "abwesend", "respuesta automatica",
	"risposta automatica", "resposta automatica", "automatisch antwoord", "afwezig",
	"vacation reply", "vacation response", "on vacation", "i am away", "away from" };

bool
thread_subject_is_absence(struct span subject)
{
	struct arena *arena = arena_new();
	struct thread_subject read = thread_subject_read(arena, subject, (struct span){ 0 }, true);
	struct span s = utf8_fold(arena, read.base);
	bool found = false;

	for (size_t i = 0; i < sizeof(absences) / sizeof(absences[0]) && !found; i++) {
		size_t n = strlen(absences[i]);
		/* "Absence d'éclairage rue Haute" is a subject: a bare word must end there. */
		if (span_starts(s, absences[i])) {
			struct span rest = span_trim(span_from(s, n));
			bool is_word =
			    strchr(absences[i], ' ') == NULL && absences[i][n - 1] != ':';
			found = !is_word || rest.len == 0 ||
				strchr(":.!-(", rest.data[0]) != NULL ||
				span_starts(rest, "du bureau") || span_starts(rest, "re:") ||
				span_starts(rest, "jusqu'au") || span_starts(rest, "du ");
		}
	}
	arena_free(&arena);
	return found;
}
