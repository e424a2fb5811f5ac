/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Message-IDs made comparable; subjects without their prefixes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mail/thread_id.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *name, *subject, *want;
	bool has_parent, reply, forward;
} subjects[] = {
	{ "plain", "Voirie", "Voirie", false, false, false },
	{ "reply", "Re: Voirie", "Voirie", false, true, false },
	{ "french reply with a narrow space", "RE\u202F: Voirie", "Voirie", false, true, false },
	{ "no-break space", "RE\u00A0: Voirie", "Voirie", false, true, false },
	{ "accent", "RÉ : Voirie", "Voirie", false, true, false },
	{ "full-width colon", "Re：Voirie", "Voirie", false, true, false },
	{ "chain", "Re: RE: Aw: Sv : Voirie", "Voirie", false, true, false },
	{ "counters", "Re[2]: Re(3): Re^4: Re*5: Voirie", "Voirie", false, true, false },
	{ "blank before the counter", "Re [2] : Voirie", "Voirie", false, true, false },
	{ "a forward opens a thread", "TR : Voirie", "Voirie", false, false, true },
	{ "Fwd", "Fwd: Voirie", "Voirie", false, false, true },
	{ "WG", "WG: Voirie", "Voirie", false, false, true },
	{ "a reply to a forward is a reply", "Re: TR: Voirie", "Voirie", false, true, false },
	{ "a forward of a reply is a forward", "TR: Re: Voirie", "Voirie", false, true, true },
	{ "(fwd) behind", "Voirie (fwd)", "Voirie", false, false, true },
	{ "[Fwd: x]", "[Fwd: Voirie]", "Voirie", false, false, true },
	{ "the tag", "[Voirie] Re: Plan", "Plan", false, true, false },
	{ "the tag behind the prefix", "Re: [Voirie] Plan", "Plan", false, true, false },
	{ "the tag twice", "[Voirie] Re: [voirie] Plan", "Plan", false, true, false },
	{ "another tag stays", "Re: [Eau] Plan", "[Eau] Plan", false, true, false },
	{ "a title that begins with Réf", "Réf : dossier 12", "Réf : dossier 12", false, false, false },
	{ "Réf in an answer", "Réf : dossier 12", "dossier 12", true, true, false },
	{ "R in an answer", "R: Plan", "Plan", true, true, false },
	{ "R alone", "R: Plan", "R: Plan", false, false, false },
	{ "a word that begins like one", "Rein: Plan", "Rein: Plan", false, false, false },
	{ "a prefix without a colon", "Re Plan", "Re Plan", false, false, false },
	{ "an hour is no prefix", "Rendez-vous à 18:30", "Rendez-vous à 18:30", false, false, false },
	{ "only a prefix", "Re:", "", false, true, false },
	{ "nothing", "", "", false, false, false },
	{ "blanks", "  Re:   Plan   B ", "Plan B", false, true, false },
	{ "only a colon", ":", ":", false, false, false },
};

static void
test_subjects(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(subjects); i++) {
		struct thread_subject got = thread_subject_read(arena, span_of(subjects[i].subject),
		    SPAN("Voirie"), subjects[i].has_parent);
		if (!span_is(got.base, subjects[i].want))
			fail_msg("%s: '" SPAN_FORMAT "'", subjects[i].name, SPAN_ARGS(got.base));
		if (got.is_reply != subjects[i].reply || got.is_forward != subjects[i].forward)
			fail_msg("%s: reply %d forward %d", subjects[i].name, got.is_reply, got.is_forward);
	}
	arena_free(&arena);
}

static const struct {
	const char *subject;
	bool want;
} absences[] = {
	{ "Réponse automatique : Voirie", true },
	{ "Re: Réponse automatique : Voirie", true },
	{ "Absence du bureau", true },
	{ "Absence", true },
	{ "Absent jusqu'au 12 août", true },
	{ "Absence : votre message", true },
	{ "Automatic reply: Voirie", true },
	{ "Out of Office: Voirie", true },
	{ "Auto: Voirie", true },
	{ "Abwesenheitsnotiz: Voirie", false },
	{ "Abwesenheit: Voirie", true },
	{ "Absence d'éclairage rue Haute", false },
	{ "L'absence de trottoir", false },
	{ "Congés scolaires et périscolaire", false },
	{ "Voirie", false },
	{ "", false },
};

static void
test_absences(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(absences); i++)
		if (thread_subject_is_absence(span_of(absences[i].subject)) != absences[i].want)
			fail_msg("%s", absences[i].subject);
}

static const struct {
	const char *in, *want;
	bool sound;
} ids[] = {
	{ "a@b", "a@b", true },
	{ "<a@b>", "a@b", true },
	{ " <a b@c> ", "ab@c", true },
	{ "<a\r\n\t@b>", "a@b", true },
	{ "abc", "abc", false },
	{ "a@b@c", "a@b@c", false },
	{ "@b", "@b", false },
	{ "a@", "a@", false },
	{ "\"a b\"@c", "\"ab\"@c", false },
	{ "\xC3\xA9@b", "\xC3\xA9@b", false },
	{ "\xE9@b", "", false },
	{ "", "", false },
	{ "<>", "", false },
};

static void
test_ids(void **state)
{
	struct arena *arena = arena_new();
	char longest[300];

	(void)state;
	for (size_t i = 0; i < COUNT(ids); i++) {
		struct span got = thread_id_clean(arena, span_of(ids[i].in));
		if (!span_is(got, ids[i].want) || thread_id_is_sound(got) != ids[i].sound)
			fail_msg("%s: '" SPAN_FORMAT "'", ids[i].in, SPAN_ARGS(got));
	}
	for (size_t i = 0; i < sizeof longest; i++)
		longest[i] = i == 10 ? '@' : 'x';
	assert_int_equal(thread_id_clean(arena, span_make(longest, 250)).len, 250);
	assert_int_equal(thread_id_clean(arena, span_make(longest, 251)).len, 0);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_subjects),
		cmocka_unit_test(test_absences),
		cmocka_unit_test(test_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
