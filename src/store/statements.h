/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/statements.h: every statement of store/, by file, ending in NULL: a test prepares
 * them all and sees that none is missing here. */
#pragma once

extern const char *const attachment_statements[];
extern const char *const db_open_statements[];
extern const char *const db_tend_statements[];
extern const char *const db_turn_statements[];
extern const char *const forum_statements[];
extern const char *const house_statements[];
extern const char *const identifier_statements[];
extern const char *const inbox_statements[];
extern const char *const journal_statements[];
extern const char *const migrate_statements[];
extern const char *const notice_statements[];
extern const char *const organisation_statements[];
extern const char *const outbox_read_statements[];
extern const char *const outbox_statements[];
extern const char *const person_address_statements[];
extern const char *const person_statements[];
extern const char *const post_list_statements[];
extern const char *const post_statements[];
extern const char *const post_sum_statements[];
extern const char *const raw_clean_statements[];
extern const char *const raw_statements[];
extern const char *const reference_statements[];
extern const char *const registration_statements[];
extern const char *const roll_statements[];
extern const char *const search_statements[];
extern const char *const session_statements[];
extern const char *const sound_statements[];
extern const char *const subscription_statements[];
extern const char *const thread_list_statements[];
extern const char *const thread_statements[];
extern const char *const token_row_statements[];

extern const char *const *const statement_lists[]; /* all of these; ends with NULL */
