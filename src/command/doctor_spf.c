/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* command/doctor_spf.c: may the server that sends our mail do so, in the eyes of others? RFC 7208.
 */
#include <string.h>

#include "command/doctor.h"
#include "mail/spf.h"
#include "process/role_relay.h"

enum { SENDERS_MAX = 16 };

/* From where our mail leaves. */
struct senders {
	const char *list[SENDERS_MAX];
	size_t count;
	bool elsewhere; /* a machine of others: it may send from an address that we do not know */
};

static bool
ask(void *doctor, const char *name, enum dns_type type, struct dns_answer *answer)
{
	struct err err = { 0 };

	return doctor_ask(doctor, name, type, answer, &err);
}

static void
add_host(struct doctor *doctor, const char *host, enum dns_type type, struct senders *senders)
{
	struct dns_answer answer;

	if (!ask(doctor, host, type, &answer))
		return;
	for (size_t i = 0; i < answer.count && senders->count < SENDERS_MAX; i++)
		senders->list[senders->count++] = answer.records[i].text;
}

/* Beside us: most often the machine that the MX names. */
static void
add_exchanger(struct doctor *doctor, struct senders *senders)
{
	struct dns_answer mx;

	if (!ask(doctor, doctor->house.settings.mail_domain, DNS_MX, &mx) || mx.count == 0 ||
	    mx.records[0].text[0] == '\0')
		return; /* said by doctor_dns_mx() */
	add_host(doctor, mx.records[0].text, DNS_A, senders);
	add_host(doctor, mx.records[0].text, DNS_AAAA, senders);
}

static void
find_senders(struct doctor *doctor, struct senders *senders)
{
	struct relay_target target;
	char text[NET_ADDRESS_TEXT];

	*senders = (struct senders){ 0 };
	if (!doctor_relay_target(doctor, &target))
		return;
	if (net_address_is_here(&target.addresses[0])) {
		add_exchanger(doctor, senders);
		return;
	}
	senders->elsewhere = true;
	for (size_t i = 0; i < target.address_count && senders->count < SENDERS_MAX; i++) {
		net_address_write_host(&target.addresses[i], text);
		senders->list[senders->count++] = arena_strdup(doctor->arena, text);
	}
}

static void
say_refused(struct doctor *doctor, const char *domain, const struct senders *senders,
    const char *address, const char *why)
{
	if (senders->elsewhere)
		doctor_warn(doctor,
		    TR("The SPF of %s does not let the relay %s send (%s): unless it sends from "
		       "another address, add what its operator says, often an include."),
		    domain, address, why);
	else
		doctor_wrong(doctor,
		    TR("The SPF of %s does not let %s send (%s), and that is where our mail leaves "
		       "from: add mx to it, or the address."),
		    domain, address, why);
}

/* False: of other addresses there would be the same to say. */
static bool
say_one(struct doctor *doctor, const char *domain, const char *record,
    const struct senders *senders, const char *address)
{
	struct spf spf = { .ask = ask, .arg = doctor, .arena = doctor->arena };

	if (!net_address_read_host(span_of(address), &spf.address))
		return true;
	switch (spf_check(&spf, domain)) {
	case SPF_PASS:
		doctor_ok(doctor, TR("SPF of %s: %s. It lets %s send (%s)."), domain, record,
		    address, spf.why);
		return true;
	case SPF_FAIL:
	case SPF_SOFTFAIL:
	case SPF_NEUTRAL:
		say_refused(doctor, domain, senders, address, *spf.why ? spf.why : record);
		return true;
	case SPF_UNJUDGED:
		doctor_unseen(doctor,
		    TR("The SPF of %s depends on each mail (%s): whether it lets %s send is not "
		       "looked at."),
		    domain, spf.why, address);
		return true;
	case SPF_BROKEN:
		doctor_wrong(doctor,
		    TR("The SPF of %s (%s) cannot be followed: %s. Others refuse our mail for it, "
		       "or take it for none: correct it."),
		    domain, record, spf.why);
		return false;
	case SPF_NONE: /* it was there a moment ago */
	case SPF_LATER:
		break;
	}
	doctor_say_silence(doctor, *spf.why ? spf.why : domain);
	return false;
}

void
doctor_spf(struct doctor *doctor, const char *domain, const char *record)
{
	struct senders senders;

	find_senders(doctor, &senders);
	if (senders.count == 0)
		doctor_ok(doctor, TR("SPF of %s: %s. The server that sends must be in it."), domain,
		    record);
	for (size_t i = 0; i < senders.count; i++)
		if (!say_one(doctor, domain, record, &senders, senders.list[i]))
			return;
}
