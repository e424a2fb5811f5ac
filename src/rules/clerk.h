/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/clerk.h: what every rule is handed: the book, the settings, the keys.
 *
 * Only the clerk process has one with a writable book. Nothing here mirrors the
 * book: kill the clerk at any line and the next one reads the same truth. */
#pragma once

#include <stdint.h>

#include "mail/mail_token.h"
#include "rules/indexing.h"
#include "rules/settings.h"

struct db;
struct theme;

struct clerk {
	struct db *db;
	const struct settings *settings;
	struct mail_keys token_keys; /* of derived tokens: current, previous */
	uint8_t seal_key[32];              /* of declared names and the like */
	const struct theme *theme;   /* for the words of mails: the relay's; NULL in the clerk */
	int64_t now;                       /* seconds, one instant for a whole turn */
	bool relay_due;                    /* outbox rows were added: wake the relay after the commit */
	bool inbox_due;                    /* inbox rows were added: jobs for the parser */
	bool inbox_again;                  /* an older one is new once more: look from the start */
	char alarm[200];                   /* damage was found: the house closes after this turn; "" */
	bool check_due;                    /* an administrator asks for the nightly look now */
	struct indexing indexing;          /* entries of the index that wait for the end of the turn */
};
