/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "store/statements.h"

#include <stddef.h>

const char *const *const statement_lists[] = {
	attachment_statements,
	db_open_statements,
	db_tend_statements,
	db_turn_statements,
	forum_statements,
	house_statements,
	identifier_statements,
	inbox_statements,
	journal_statements,
	migrate_statements,
	notice_statements,
	organisation_statements,
	outbox_read_statements,
	outbox_statements,
	person_address_statements,
	person_statements,
	post_list_statements,
	post_statements,
	post_sum_statements,
	raw_clean_statements,
	raw_statements,
	reference_statements,
	registration_statements,
	roll_statements,
	search_statements,
	session_statements,
	sound_statements,
	subscription_statements,
	thread_list_statements,
	thread_statements,
	token_row_statements,
	NULL,
};
