/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* command/doctor_settings.c: are the settings readable, complete, and what a town means? */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "command/doctor.h"
#include "net/tls.h"
#include "text/theme.h"

enum { DAY = 86400, CERTIFICATE_DAYS = 14 };

#ifndef PREAU_DATADIR
#define PREAU_DATADIR "/usr/share/preau"
#endif

bool
doctor_read(struct doctor *doctor)
{
	struct house *house = &doctor->house;
	struct err err = { 0 };
	bool good = house_read(house, doctor->command->file, &err);
	const char *share = house->settings.share != NULL ? house->settings.share : PREAU_DATADIR;

	/* Without catalogues it says the same in English. */
	(void)i18n_load(arena_printf(doctor->arena, "%s/locale", share), &(struct err){ 0 });
	if (!good)
		doctor_wrong(doctor,
		    TR("The settings cannot be used: %s. Mend that line of the file, or name "
		       "another one with --config."),
		    err.text);
	return good;
}

/* Whoever can change the file decides where all mail goes, and, as root, what runs. */
static void
check_file(struct doctor *doctor)
{
	const char *file = doctor->house.file;
	struct stat found;

	if (stat(file, &found) == 0 && (found.st_mode & 0022) != 0)
		doctor_wrong(doctor,
		    TR("%s can be changed by others than its owner: chmod go-w %s"), file, file);
}

static bool
is_loopback_host(struct span host)
{
	return span_starts(host, "127.") || span_is_nocase(host, "localhost") ||
	       span_is(host, "[::1]");
}

/* Of a listen.*; what is no address was refused when the settings were read. */
static bool
is_here(const char *text)
{
	struct net_address address;
	struct err err = { 0 };

	return net_address_read(text, &address, &err) && net_address_is_here(&address);
}

/* "forum.ville.example" of "https://forum.ville.example:8443/x". */
struct span
doctor_site_host(const struct settings *settings)
{
	struct span url = span_of(settings->site_url), host;
	size_t end;

	host = span_from(url, span_find_text(url, "://") + 3);
	host = span_first(host, span_find(host, '/'));
	if (host.len > 0 && host.data[0] == '[')
		return span_first(host, span_find(host, ']') + 1);
	end = span_find(host, ':');
	return span_first(host, end);
}

static void
check_site(struct doctor *doctor)
{
	const struct settings *s = &doctor->house.settings;
	struct err err = { 0 };
	struct theme *theme = NULL;

	if (is_loopback_host(doctor_site_host(s)))
		doctor_warn(doctor,
		    TR("site.url is %s: links in mails lead nowhere. Give it the address that "
		       "people open."),
		    s->site_url);
	else if (!span_starts(span_of(s->site_url), "https://"))
		doctor_warn(doctor,
		    TR("site.url is %s: passwords and links travel in clear. Set up TLS, then "
		       "write https:// there."),
		    s->site_url);
	if (!file_exists(arena_printf(doctor->arena, "/usr/share/zoneinfo/%s", s->site_zone)))
		doctor_warn(doctor,
		    TR("site.zone: there is no time zone %s; dates are shown in UTC. Write one "
		       "such as Europe/Paris, or install tzdata."),
		    s->site_zone);
	if (!theme_open_share(&theme, s->share, s->theme, &err))
		doctor_wrong(doctor,
		    TR("The theme cannot be used: %s. Look at theme and share in the settings."),
		    err.text);
	theme_free(&theme);
}

static void
check_mail(struct doctor *doctor)
{
	const struct settings *s = &doctor->house.settings;
	struct span rest = span_of(s->listen_smtp), word;
	const char *address;

	if (strchr(s->mail_domain, '.') == NULL)
		doctor_wrong(doctor,
		    TR("mail.domain is %s: no mail from elsewhere can come there. Give it the "
		       "domain of the forums' addresses."),
		    s->mail_domain);
	if (s->mail_trust == MAIL_TRUST_LOCAL)
		doctor_warn(doctor,
		    TR("mail.trust = local believes every mail from this machine: for trials only. "
		       "Write results, and name the mail server in mail.authserv."));
	else if (s->mail_authserv[0] == '\0')
		doctor_warn(doctor, TR("mail.authserv is empty: mail of members is not believed, "
				       "and they are asked whether it was them. Once the mail "
				       "server strips such fields of others, give it the name that "
				       "it writes in Authentication-Results."));
	while (span_next(&rest, ' ', &word)) {
		address = arena_strndup(doctor->arena, word.data, word.len);
		if (word.len > 0 && !is_here(address))
			doctor_warn(doctor,
			    TR("listen.smtp = %s takes mail from other machines and checks neither "
			       "SPF nor DKIM: let a mail server (MX) stand before it, and listen "
			       "on 127.0.0.1."),
			    address);
	}
	if (s->listen_smtp[0] == '\0' && s->listen_lmtp[0] == '\0')
		doctor_warn(doctor,
		    TR("Neither listen.smtp nor listen.lmtp is set: no mail can come in."));
}

static void
check_users(struct doctor *doctor)
{
	struct err err = { 0 };

	if (geteuid() == 0 && !house_users(&doctor->house, &err))
		doctor_wrong(doctor,
		    TR("A user is missing: %s. The package makes them; or see \"Install\" in the "
		       "README."),
		    err.text);
}

void
doctor_settings(struct doctor *doctor)
{
	enum doctor_level before = doctor->worst;

	doctor->worst = DOCTOR_OK;
	check_file(doctor);
	check_site(doctor);
	check_mail(doctor);
	check_users(doctor);
	if (doctor->worst == DOCTOR_OK)
		doctor_ok(doctor, TR("%s can be used as it is."), doctor->house.file);
	if (before > doctor->worst)
		doctor->worst = before;
}

void
doctor_tls(struct doctor *doctor)
{
	const struct house *house = &doctor->house;
	struct err err = { 0 };
	struct tls *tls;
	int64_t ends = 0;
	char date[24];

	if (house->tls_chain.len == 0) {
		doctor_unseen(doctor,
		    TR("No certificate is set: TLS is the work of the web server in front."));
		return;
	}
	tls = tls_server_new(house->tls_chain, house->tls_key, NULL, &err);
	if (tls == NULL || !tls_chain_ends(house->tls_chain, &ends, &err)) {
		doctor_wrong(
		    doctor, TR("tls.certificate and tls.key cannot be used: %s."), err.text);
		tls_free(&tls);
		return;
	}
	tls_free(&tls);
	clock_format_iso(ends, date);
	if (ends <= clock_now())
		doctor_wrong(doctor,
		    TR("The certificate ended at %s: renew it, then let preau read it again "
		       "(systemctl reload preau)."),
		    date);
	else if (ends <= clock_now() + CERTIFICATE_DAYS * DAY)
		doctor_warn(doctor,
		    TR("The certificate ends at %s: see why it was not renewed yet."), date);
	else
		doctor_ok(doctor,
		    TR("The certificate and its key belong together and are good until %s."), date);
}
