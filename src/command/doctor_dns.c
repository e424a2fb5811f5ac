/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* command/doctor_dns.c: what others read about us in the DNS before they take our mail, or
 * bring us theirs. The words of SPF, DKIM and DMARC: RFC 7208 §4.5, 6376 §3.6.1, 7489 §6.6.3. */
#include <string.h>

#include "command/doctor.h"
#include "mail/spf.h"
#include "process/role_relay.h"

bool
doctor_ask(struct doctor *doctor, const char *name, enum dns_type type, struct dns_answer *answer,
    struct err *err)
{
	if (!doctor->dns_silent && dns_ask(doctor->dns, doctor->arena, name, type, answer, err))
		return true;
	doctor->dns_silent = doctor->dns_silent || err->kind == ERR_TEMPORARY;
	return false;
}

void
doctor_say_silence(struct doctor *doctor, const char *what)
{
	doctor_warn(doctor,
	    TR("The DNS does not answer for %s. Try again; if it lasts, look at "
	       "/etc/resolv.conf."),
	    what);
}

/* False: there was no answer, and that was said. */
static bool
ask(struct doctor *doctor, const char *name, enum dns_type type, struct dns_answer *answer)
{
	struct err err = { 0 };

	if (doctor_ask(doctor, name, type, answer, &err))
		return true;
	doctor_say_silence(doctor, err.kind != ERR_NONE ? err.text : name);
	return false;
}

/* A name without a dot is this machine's, not the world's: doctor_settings() says so. */
static bool
is_public(struct doctor *doctor, const char *name)
{
	if (strchr(name, '.') != NULL)
		return true;
	doctor_unseen(doctor, TR("%s is no name of the DNS: there is nothing to look for."), name);
	return false;
}

/* A and AAAA. False: the DNS did not answer, and that was said. */
static bool
ask_addresses(struct doctor *doctor, const char *name, struct dns_answer *v4, struct dns_answer *v6)
{
	return ask(doctor, name, DNS_A, v4) && ask(doctor, name, DNS_AAAA, v6);
}

/* RFC 7489 §6.4: the version is the first tag. */
static bool
is_dmarc(struct span text)
{
	static const size_t len = sizeof("v=DMARC1") - 1;

	return span_starts_nocase(text, "v=DMARC1") &&
	       (text.len == len || ascii_is_blank(text.data[len]) || text.data[len] == ';');
}

/* The records that are what is looked for, moved to the front; others are somebody else's. */
static size_t
keep(struct dns_answer *answer, bool (*is_one)(struct span text))
{
	size_t count = 0;

	for (size_t i = 0; i < answer->count; i++)
		if (is_one(span_of(answer->records[i].text)))
			answer->records[count++] = answer->records[i];
	answer->count = count;
	return count;
}

/* Value of "tag=value" among items parted by ';'. False: it is not there. */
static bool
tag_find(const char *text, const char *tag, struct span *value)
{
	struct span rest = span_of(text), item;

	while (span_next(&rest, ';', &item)) {
		size_t equal = span_find(item, '=');

		if (equal == item.len || !span_is_nocase(span_trim(span_first(item, equal)), tag))
			continue;
		*value = span_trim(span_from(item, equal + 1));
		return true;
	}
	return false;
}

/* ---- the site ---- */

void
doctor_dns_site(struct doctor *doctor)
{
	struct span host = doctor_site_host(&doctor->house.settings);
	const char *name = arena_strndup(doctor->arena, host.data, host.len);
	struct net_address address;
	struct dns_answer v4, v6;

	if (name[0] == '[' || net_address_read_host(host, &address)) {
		doctor_unseen(doctor,
		    TR("site.url names an address (%s): there is nothing to look for."), name);
		return;
	}
	if (!is_public(doctor, name) || !ask_addresses(doctor, name, &v4, &v6))
		return;
	if (v4.count + v6.count == 0)
		doctor_wrong(doctor,
		    TR("%s has no address: nobody finds the pages. Add an A record (and AAAA) for "
		       "it."),
		    name);
	else
		doctor_ok(doctor, TR("%s has the address %s."), name,
		    (v4.count > 0 ? &v4 : &v6)->records[0].text);
}

/* ---- mail that comes ---- */

static void
check_exchanger(struct doctor *doctor, const char *domain, const char *host)
{
	struct dns_answer v4, v6;

	if (!ask_addresses(doctor, host, &v4, &v6))
		return;
	if (v4.count + v6.count == 0)
		doctor_wrong(doctor,
		    TR("The MX of %s is %s, which has no address: add an A record for it, or name "
		       "another."),
		    domain, host);
	else
		doctor_ok(doctor, TR("Mail for %s goes to %s (%s)."), domain, host,
		    (v4.count > 0 ? &v4 : &v6)->records[0].text);
}

void
doctor_dns_mx(struct doctor *doctor)
{
	const char *domain = doctor->house.settings.mail_domain;
	struct dns_answer mx, v4, v6;

	if (!is_public(doctor, domain) || !ask(doctor, domain, DNS_MX, &mx))
		return;
	/* "MX 0 ." says that a domain takes no mail (RFC 7505). */
	if (mx.count == 1 && strcmp(mx.records[0].text, "") == 0) {
		doctor_wrong(doctor,
		    TR("The MX of %s says that it takes no mail: name the mail server instead."),
		    domain);
		return;
	}
	for (size_t i = 0; i < mx.count; i++)
		check_exchanger(doctor, domain, mx.records[i].text);
	if (mx.count > 0 || !ask_addresses(doctor, domain, &v4, &v6))
		return;
	if (v4.count + v6.count == 0)
		doctor_wrong(doctor,
		    TR("%s has no MX: no mail can come. Add one that names the mail server."),
		    domain);
	else
		doctor_warn(doctor,
		    TR("%s has no MX, so mail goes to its address %s: add an MX that names the "
		       "mail server."),
		    domain, (v4.count > 0 ? &v4 : &v6)->records[0].text);
}

/* ---- mail that leaves ---- */

/* The last word, "-all" or "~all", or a redirect to where it stands. */
static void
say_spf(struct doctor *doctor, const char *domain, const char *text)
{
	struct span rest = span_of(text), word;
	bool closed = false, open = false;

	while (span_next(&rest, ' ', &word)) {
		closed = closed || span_is_nocase(word, "-all") || span_is_nocase(word, "~all") ||
			 span_starts_nocase(word, "redirect=");
		open = open || span_is_nocase(word, "+all") || span_is_nocase(word, "all");
	}
	if (open)
		doctor_wrong(doctor,
		    TR("The SPF of %s lets everybody write in its name (%s): end it with -all."),
		    domain, text);
	else if (!closed)
		doctor_warn(doctor,
		    TR("The SPF of %s says nothing of other servers (%s): end it with -all."),
		    domain, text);
	if (!open)
		doctor_spf(doctor, domain, text);
}

void
doctor_dns_spf(struct doctor *doctor)
{
	const char *domain = doctor->house.settings.mail_domain;
	struct dns_answer txt;

	if (!is_public(doctor, domain) || !ask(doctor, domain, DNS_TXT, &txt))
		return;
	if (keep(&txt, spf_is_record) == 0)
		doctor_wrong(doctor,
		    TR("%s has no SPF: large providers refuse such mail. Add the TXT record: "
		       "v=spf1 mx -all (mx: the server that takes mail sends it too)."),
		    domain);
	else if (txt.count > 1)
		doctor_wrong(doctor,
		    TR("%s has more than one SPF record, which counts as none: make them one."),
		    domain);
	else
		say_spf(doctor, domain, txt.records[0].text);
}

void
doctor_dns_dkim(struct doctor *doctor)
{
	const char *domain = doctor->house.settings.mail_domain,
		   *selector = doctor->command->selector;
	const char *name;
	struct dns_answer txt;
	struct span key;

	if (selector == NULL) {
		doctor_unseen(doctor, TR("DKIM is not looked at: say --dkim and the selector with "
					 "which the mail server signs."));
		return;
	}
	name = arena_printf(doctor->arena, "%s._domainkey.%s", selector, domain);
	if (!is_public(doctor, domain) || !ask(doctor, name, DNS_TXT, &txt))
		return;
	if (txt.count == 0)
		doctor_wrong(doctor,
		    TR("%s is not there: publish the key that the mail server made "
		       "(opendkim-genkey writes the record)."),
		    name);
	else if (!tag_find(txt.records[0].text, "p", &key))
		doctor_wrong(doctor,
		    TR("%s holds no key (p=): publish the record as the mail server wrote it."),
		    name);
	else if (key.len == 0)
		doctor_wrong(doctor,
		    TR("The key %s was revoked (p= is empty): sign with another selector."), name);
	else
		doctor_ok(doctor, TR("%s holds a key."), name);
}

/* Of a domain above ours sp=, where it is said, rules: §6.3. */
static void
say_dmarc(struct doctor *doctor, const char *name, const char *text, bool from_above)
{
	struct span policy = { 0 };

	if ((!(from_above && tag_find(text, "sp", &policy)) && !tag_find(text, "p", &policy)) ||
	    (!span_is_nocase(policy, "none") && !span_is_nocase(policy, "quarantine") &&
		!span_is_nocase(policy, "reject")))
		doctor_wrong(doctor,
		    TR("%s has no policy (%s): write p=none, p=quarantine or p=reject."), name,
		    text);
	else if (span_is_nocase(policy, "none"))
		doctor_warn(doctor,
		    TR("%s only watches (%s): once SPF and DKIM hold, write p=quarantine, later "
		       "p=reject."),
		    name, text);
	else
		doctor_ok(doctor, TR("%s: %s"), name, text);
}

/* What a domain does not say itself, one above it says for it. Which one that is depends on
 * a list of public suffixes; the walk up takes the first that says anything. */
void
doctor_dns_dmarc(struct doctor *doctor)
{
	const char *domain = doctor->house.settings.mail_domain, *name = domain, *at;
	struct dns_answer txt;

	if (!is_public(doctor, domain))
		return;
	for (at = domain; strchr(at, '.') != NULL; at = strchr(at, '.') + 1) {
		name = arena_printf(doctor->arena, "_dmarc.%s", at);
		if (!ask(doctor, name, DNS_TXT, &txt))
			return;
		if (keep(&txt, is_dmarc) > 0)
			break;
	}
	if (txt.count == 0)
		doctor_warn(doctor,
		    TR("%s has no DMARC: large providers want one. Add to _dmarc.%s a TXT record "
		       "whose value is v=DMARC1;p=none and change none to quarantine later."),
		    domain, domain);
	else if (txt.count > 1)
		doctor_wrong(doctor,
		    TR("%s has more than one DMARC record, which counts as none: make them one."),
		    name);
	else
		say_dmarc(doctor, name, txt.records[0].text, at != domain);
}

/* ---- the name of the address that sends ---- */

static bool
leads_back(struct doctor *doctor, const char *name, const char *address)
{
	struct dns_answer answer;
	enum dns_type type = strchr(address, ':') != NULL ? DNS_AAAA : DNS_A;

	if (!dns_ask(doctor->dns, doctor->arena, name, type, &answer, &(struct err){ 0 }))
		return false;
	for (size_t i = 0; i < answer.count; i++)
		if (strcmp(answer.records[i].text, address) == 0)
			return true;
	return false;
}

static void
check_address(struct doctor *doctor, const char *text)
{
	struct net_address address;
	struct dns_answer ptr;

	if (!net_address_read_host(span_of(text), &address) ||
	    !ask(doctor, dns_reverse(doctor->arena, &address), DNS_PTR, &ptr))
		return;
	if (ptr.count == 0)
		doctor_wrong(doctor,
		    TR("%s has no name (PTR): Orange, Free and others refuse its mail. The "
		       "provider of the address sets it, to the name in the MX."),
		    text);
	else if (!leads_back(doctor, ptr.records[0].text, text))
		doctor_wrong(doctor,
		    TR("The name of %s is %s (PTR), which does not lead back to it: make both the "
		       "same."),
		    text, ptr.records[0].text);
	else
		doctor_ok(doctor, TR("%s is %s, and back."), text, ptr.records[0].text);
}

/* Where the relay is another machine, its own people look after its names. Where it stands
 * beside us, mail leaves from here: most often the machine that the MX names. */
void
doctor_dns_ptr(struct doctor *doctor)
{
	const struct settings *s = &doctor->house.settings;
	struct relay_target target;
	struct dns_answer mx, v4, v6;

	if (!doctor_relay_target(doctor, &target) || !net_address_is_here(&target.addresses[0])) {
		doctor_unseen(doctor, TR("Mail does not leave from a server on this machine: its "
					 "PTR is not looked at."));
		return;
	}
	if (!is_public(doctor, s->mail_domain) || !ask(doctor, s->mail_domain, DNS_MX, &mx))
		return;
	if (mx.count == 0 || mx.records[0].text[0] == '\0' ||
	    !ask_addresses(doctor, mx.records[0].text, &v4, &v6))
		return; /* said by doctor_dns_mx() */
	for (size_t i = 0; i < v4.count; i++)
		check_address(doctor, v4.records[i].text);
	for (size_t i = 0; i < v6.count; i++)
		check_address(doctor, v6.records[i].text);
}
