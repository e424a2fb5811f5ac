/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The names in a DKIM-Signature: plain ones, and such as would be read as more than a name where
 * a server writes them as they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mail/signature.h"

/* clang-format off */
static const struct {
	const char *field;
	bool plain;
} cases[] = {
	{ "v=1; a=rsa-sha256; d=ville.example; s=mail; i=@ville.example; b=Ab+/=", true },
	{ "v=1; d=ville.example; s=mail; i=marie.dupont+forum@courrier.ville.example", true },
	{ "v=1; d=ville.example; s=2026._esp; i=bounce-12-marie=3Dposte.example@ville.example", true },
	{ "v=1; d=\xc3\xa9" "cluse.example; s=s; i=ren\xc3\xa9@\xc3\xa9" "cluse.example", true },
	{ "v=1;\td = ville.example ;\r\n i = marie\r\n @ville.example", true },
	{ "", true },
	{ "v=1; h=from:to; z=From:a=20(b)=3B|To:\"c\"; d=ville.example", true }, /* others may hold anything */
	{ "v=1; d=evil.example; i=x=3B=20dkim=3Dpass=20header.d=3Dville.example=20@evil.example", false },
	{ "v=1; d=evil.example; i=x(=20)@evil.example", false },
	{ "v=1; d=evil.example; i=\"x@ville.example\"@evil.example", false },
	{ "v=1; d=evil.example; i=a=0D=0Ab@evil.example", false },
	{ "v=1; d=evil.example; i=a=00@evil.example", false },
	{ "v=1; d=evil.example; I=a=3b@evil.example", false },
	{ "v=1; d=x(a)header.d=ville.example(.evil.example; s=s", false },
	{ "v=1; d=evil.example; s=a\"b", false },
	{ "v=1; d=evil.example; s=s; i=@evil.example; i=a=20b@evil.example", false },
};
/* clang-format on */

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (signature_is_plain(span_of(cases[i].field)) != cases[i].plain)
			fail_msg("%s", cases[i].field);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
