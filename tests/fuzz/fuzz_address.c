/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Addresses, paths, names and local parts from outside. What was read can be written and
 * read again; folding twice changes nothing; a name never leaves its line. */
#include <stdlib.h>
#include <string.h>

#include "mail/address.h"
#include "mail/mail_token.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_address(const struct mail_address *address)
{
	struct buf written = { 0 };
	struct mail_address again;
	char folded[ADDRESS_MAX + 1], twice[ADDRESS_MAX + 1];
	struct err err;

	address_write(address, &written);
	must(address_is_safe(buf_span(&written)));
	if (written.len > 0) {
		must(address_parse(
		    buf_span(&written), ADDRESS_UTF8 | ADDRESS_NO_DOMAIN, &again, &err));
		must(strcmp(again.local, address->local) == 0);
		must(strcmp(again.domain, address->domain) == 0);
	}
	if (address->domain[0] != '\0' && address_fold(address, folded) &&
	    address_fold_text(span_of(folded), twice, &err))
		must(strcmp(folded, twice) == 0);
	buf_free(&written);
}

static void
check_name(struct span name)
{
	struct buf out = { 0 };

	address_write_mailbox(name, SPAN("a@b"), &out);
	must(span_ends(buf_span(&out), "<a@b>"));
	for (size_t i = 0; i < out.len; i++)
		must(out.data[i] >= ' ' && out.data[i] <= '~');
	must(span_find(buf_span(&out), '@') + 3 >= out.len - 1);
	must(out.len < 998);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = span_make(data, size), rest = input;
	struct mail_address address;
	struct mail_recipient recipient;
	struct err err;

	if (address_parse(input, ADDRESS_ANY, &address, &err))
		check_address(&address);
	if (address_parse_path(&rest, ADDRESS_ANY | ADDRESS_NO_DOMAIN, &address, &err))
		check_address(&address);
	must(rest.len <= input.len);
	check_name(input);
	mail_recipient_read(input, &recipient);
	must(recipient.kind < MAIL_TO_KINDS && strlen(recipient.slug) < sizeof(recipient.slug));
	return 0;
}
