/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What auth is asked for an act: passwords as they were typed, of identifiers their
 * verifiers alone. */
#include "rules/act.h"
#include "rules/identifier.h"
#include "rules/registration.h"
#include "rules/signup.h"

/* What verifying takes when there is nothing to verify: the same time. */
static const char decoy[] = "$argon2id$v=19$m=19456,t=2,p=1$CzBVep/E6Q4zWH2ix+wRNg$"
			    "GMQrvfkfdghLeYpu79PKAmnr82GHbgVkxmOLW539Bgc";

bool
act_has_secret(const struct act *act)
{
	return fields_get(&act->input, "password").len > 0 ||
	       fields_get(&act->input, "identifier").len > 0 ||
	       fields_get(&act->input, "line").len > 0;
}

/* Of what is no identifier there is nothing to hash; auth is asked all the same. */
static void
add_verifier(struct span typed, struct buf *fields)
{
	char symbols[IDENTIFIER_LEN + 1];
	struct err ignored;

	if (identifier_read(typed, symbols, &ignored))
		fields_add(fields, "password", identifier_verifier(symbols));
	else
		fields_add_text(fields, "password", "?");
}

static const char *
kept_hash(struct clerk *clerk, const struct act *act)
{
	if (fields_get(&act->input, "identifier").len > 0)
		return registration_verifier(clerk, act);
	return signup_password(clerk, act);
}

void
act_add_secrets(struct clerk *clerk, const struct act *act, struct buf *fields)
{
	struct span name, value;
	const char *kept;
	size_t at = 0;

	while (fields_next(&act->input, &at, &name, &value)) {
		if (span_is(name, "password"))
			fields_add(fields, "password", value);
		else if (span_is(name, "identifier") || span_is(name, "line"))
			add_verifier(value, fields);
	}
	if ((act->kind->needs & NEEDS_VERIFY) == 0)
		return;
	kept = kept_hash(clerk, act);
	fields_add_text(fields, "phc", *kept ? kept : decoy);
}
