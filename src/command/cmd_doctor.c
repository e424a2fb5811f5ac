/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* command/cmd_doctor.c: preau doctor: what around the program keeps it from working, a line a
 * check.
 *
 * Lines are for people, in the language of their terminal (LC_ALL, LC_MESSAGES, LANG) or,
 * where that says nothing, of the site; the name of a check and the exit status are for
 * scripts: 0 all is well, 1 there is a warning, 2 something is wrong. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/doctor.h"

enum { EXIT_WARNINGS = 1, EXIT_WRONG = 2, LEVEL_COLUMNS = 7 };

/* clang-format off */
static const struct {
	const char *name;
	void (*run)(struct doctor *);
} checks[] = {
	{ "settings",  doctor_settings },
	{ "tls",       doctor_tls },
	{ "sqlite",    doctor_sqlite },
	{ "clock",     doctor_clock },
	{ "folder",    doctor_folder },
	{ "disk",      doctor_disk },
	{ "ports",     doctor_ports },
	{ "server",    doctor_server },
	{ "relay",     doctor_relay },
	{ "dns.site",  doctor_dns_site },
	{ "dns.mx",    doctor_dns_mx },
	{ "dns.spf",   doctor_dns_spf },
	{ "dns.dkim",  doctor_dns_dkim },
	{ "dns.dmarc", doctor_dns_dmarc },
	{ "dns.ptr",   doctor_dns_ptr },
};

static const char *const levels[] = {
	[DOCTOR_OK]      = TR("ok"),
	[DOCTOR_UNSEEN]  = "-",
	[DOCTOR_WARNING] = TR("warning"),
	[DOCTOR_WRONG]   = TR("wrong"),
};
/* clang-format on */

/* Signs of a UTF-8 text: its octets that do not go on with one. */
static size_t
columns(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += ((unsigned char)*text & 0xc0U) != 0x80U && count < LEVEL_COLUMNS;
	return count;
}

void
doctor_say(struct doctor *doctor, enum doctor_level level, const char *text, ...)
{
	struct span rest = span_of(tr(doctor->lang, text));
	const char *word = tr(doctor->lang, levels[level]), *value = "";
	va_list values;
	size_t hole;

	printf("%s%*s %-9s ", word, (int)(LEVEL_COLUMNS - columns(word)), "", doctor->name);
	va_start(values, text);
	while ((hole = span_find_text(rest, "%s")) < rest.len) {
		value = value != NULL ? va_arg(values, const char *) : NULL;
		printf(SPAN_FORMAT "%s", SPAN_ARGS(span_first(rest, hole)),
		    value != NULL ? value : "?");
		rest = span_from(rest, hole + 2);
	}
	va_end(values);
	printf(SPAN_FORMAT "\n", SPAN_ARGS(rest));
	if (level > doctor->worst)
		doctor->worst = level;
}

/* "fr_FR.UTF-8"; "C" says nothing. */
static enum lang
language(enum lang otherwise)
{
	static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value != NULL && value[0] != '\0')
			return lang_find(span_of(value), otherwise);
	}
	return otherwise;
}

static int
end(struct doctor *doctor)
{
	dns_close(&doctor->dns);
	arena_free(&doctor->house.arena);
	if (fflush(stdout) != 0)
		return EXIT_AGAIN;
	if (doctor->worst == DOCTOR_WRONG)
		return EXIT_WRONG;
	return doctor->worst == DOCTOR_WARNING ? EXIT_WARNINGS : 0;
}

int
cmd_doctor(struct command *command)
{
	struct doctor doctor = {
		.command = command, .arena = command->arena, .lang = language(LANG_FR)
	};
	struct err err = { 0 };

	if (!dns_open(command->dns, &doctor.dns, &err)) {
		command_fail(&err);
		return EXIT_MISUSED;
	}
	doctor.name = checks[0].name;
	if (!doctor_read(&doctor))
		return end(&doctor);
	doctor.lang = language(lang_find(span_of(doctor.house.settings.site_locale), LANG_FR));
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		doctor.name = checks[i].name;
		checks[i].run(&doctor);
		(void)fflush(stdout); /* some wait for others: what is known is said meanwhile */
	}
	return end(&doctor);
}
