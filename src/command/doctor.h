/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* command/doctor.h: what preau doctor looks at: a row a check, in cmd_doctor.c.
 *
 * A check says what it found, a line each, by doctor_say(); it changes nothing. Where it
 * cannot look it says that too: silence would read as health. */
#pragma once

#include "command/command.h"
#include "net/dns.h"
#include "process/house.h"
#include "text/i18n.h"

enum doctor_level {
	DOCTOR_OK,
	DOCTOR_UNSEEN,	/* could or need not be looked at; no trouble by itself */
	DOCTOR_WARNING, /* works, but somebody should look */
	DOCTOR_WRONG	/* does not work, or will not */
};

struct relay_target;

struct doctor {
	struct command *command;
	struct arena *arena;
	struct house house; /* settings and PEM files, as serve would read them */
	enum lang lang;
	struct dns *dns;
	bool dns_silent; /* nobody answered in time: nobody is asked, and waited for, again */
	const char *name; /* of the check at work */
	enum doctor_level worst;
};

/* One line: a text in TR(), and what stands for each %s in it, in order; NULL ends them. */
void
doctor_say(struct doctor *doctor, enum doctor_level level, const char *text, ...)
    __attribute__((sentinel));

#define doctor_ok(doctor, ...) doctor_say(doctor, DOCTOR_OK, __VA_ARGS__, NULL)
#define doctor_unseen(doctor, ...) doctor_say(doctor, DOCTOR_UNSEEN, __VA_ARGS__, NULL)
#define doctor_warn(doctor, ...) doctor_say(doctor, DOCTOR_WARNING, __VA_ARGS__, NULL)
#define doctor_wrong(doctor, ...) doctor_say(doctor, DOCTOR_WRONG, __VA_ARGS__, NULL)

/* Is a preau at work on this data folder? false in *known: we may not see. */
bool
doctor_is_served(const struct doctor *doctor, bool *known);

/* ---- doctor_settings.c ---- */

/* False: nothing else can be looked at. */
bool
doctor_read(struct doctor *doctor);
void
doctor_settings(struct doctor *doctor);
void
doctor_tls(struct doctor *doctor);

/* Host of site.url, without port; "[::1]" keeps its brackets. */
struct span
doctor_site_host(const struct settings *settings);

/* ---- doctor_dns.c ---- */

/* As dns_ask(); once nobody answered in time, nobody is asked any more. */
bool
doctor_ask(struct doctor *doctor, const char *name, enum dns_type type, struct dns_answer *answer,
    struct err *err);
void
doctor_say_silence(struct doctor *doctor, const char *what);

void
doctor_dns_mx(struct doctor *doctor);
void
doctor_dns_spf(struct doctor *doctor);
void
doctor_dns_dkim(struct doctor *doctor);
void
doctor_dns_dmarc(struct doctor *doctor);
void
doctor_dns_site(struct doctor *doctor);
void
doctor_dns_ptr(struct doctor *doctor);

/* ---- doctor_spf.c ---- */

/* Does `record`, the SPF of our domain, let the relay send? */
void
doctor_spf(struct doctor *doctor, const char *domain, const char *record);

/* ---- doctor_machine.c ---- */

void
doctor_sqlite(struct doctor *doctor);
void
doctor_disk(struct doctor *doctor);
void
doctor_clock(struct doctor *doctor);
void
doctor_folder(struct doctor *doctor);

/* ---- doctor_doors.c ---- */

void
doctor_ports(struct doctor *doctor);
void
doctor_server(struct doctor *doctor);

/* ---- doctor_relay.c ---- */

void
doctor_relay(struct doctor *doctor);

/* Where mail leaves to, with an address at least. False: it is a folder, or cannot be found, which
 * doctor_relay() says. */
bool
doctor_relay_target(struct doctor *doctor, struct relay_target *target);
