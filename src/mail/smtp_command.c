/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "mail/smtp_command.h"

#include <string.h>

typedef bool
smtp_read(struct span args, struct smtp_dialect dialect, struct smtp_command *command,
    struct smtp_say *say);

static bool
refuse(struct smtp_say *say, int code, const char *enhanced, const char *text)
{
	*say = (struct smtp_say){ code, enhanced, text };
	return false;
}

static bool
read_name(struct span args, struct smtp_dialect dialect, struct smtp_command *command,
    struct smtp_say *say)
{
	(void)dialect;
	if (args.len == 0 || args.len > SMTP_NAME_MAX)
		return refuse(say, 501, "5.5.4", "Say the name of your host behind it");
	for (size_t i = 0; i < args.len; i++) {
		if (!ascii_is_graphic(args.data[i]))
			return refuse(say, 501, "5.5.4", "This is not the name of a host");
	}
	memcpy(command->name, args.data, args.len);
	return true;
}

static bool
read_nothing(struct span args, struct smtp_dialect dialect, struct smtp_command *command,
    struct smtp_say *say)
{
	(void)dialect, (void)command;
	if (args.len > 0)
		return refuse(say, 501, "5.5.4", "Nothing stands behind this command");
	return true;
}

static bool
read_anything(struct span args, struct smtp_dialect dialect, struct smtp_command *command,
    struct smtp_say *say)
{
	(void)args, (void)dialect, (void)command, (void)say;
	return true;
}

static bool
read_something(struct span args, struct smtp_dialect dialect, struct smtp_command *command,
    struct smtp_say *say)
{
	(void)dialect, (void)command;
	if (args.len == 0)
		return refuse(say, 501, "5.5.4", "Something must stand behind this command");
	return true;
}

static bool
read_absent(struct span args, struct smtp_dialect dialect, struct smtp_command *command,
    struct smtp_say *say)
{
	(void)args, (void)dialect, (void)command;
	return refuse(say, 502, "5.5.1", "Not offered here");
}

/* "FROM:" or "TO:" and the path behind it. Blanks before "<" are seen in the wild and
 * leave no doubt about the address. */
static bool
read_path(struct span *args, const char *word, struct smtp_command *command, struct smtp_say *say)
{
	struct err err;

	if (!span_starts_nocase(*args, word))
		return refuse(say, 501, "5.5.4", "MAIL FROM:<address> or RCPT TO:<address>");
	*args = span_trim(span_from(*args, strlen(word)));
	err_clear(&err);
	if (!address_parse_path(args, ADDRESS_UTF8 | ADDRESS_NO_DOMAIN, &command->path, &err) ||
	    (args->len > 0 && args->data[0] != ' '))
		return refuse(say, 501, word[0] == 'F' ? "5.1.7" : "5.1.3",
		    "This is not an address between < and >");
	return true;
}

static bool
read_size(struct span value, struct smtp_command *command, struct smtp_say *say)
{
	if (command->size >= 0 || !span_int(value, 0, INT64_MAX, &command->size))
		return refuse(say, 501, "5.5.4", "SIZE is one number");
	return true;
}

static bool
read_body(struct span value, struct smtp_command *command, struct smtp_say *say)
{
	command->eight_bit = span_is_nocase(value, "8BITMIME");
	if (!command->eight_bit && !span_is_nocase(value, "7BIT"))
		return refuse(say, 501, "5.5.4", "BODY is 7BIT or 8BITMIME");
	return true;
}

static bool
read_mail_parameter(struct span word, struct smtp_command *command, struct smtp_say *say)
{
	struct span name = span_first(word, span_find(word, '='));
	struct span value = span_from(word, name.len + 1);

	if (span_is_nocase(name, "SIZE"))
		return read_size(value, command, say);
	if (span_is_nocase(name, "BODY"))
		return read_body(value, command, say);
	if (span_is_nocase(word, "SMTPUTF8")) {
		command->utf8 = true;
		return true;
	}
	return refuse(say, 555, "5.5.4", "Parameter not known");
}

static bool
read_mail(struct span args, struct smtp_dialect dialect, struct smtp_command *command,
    struct smtp_say *say)
{
	struct span word;

	(void)dialect;
	command->size = -1;
	if (!read_path(&args, "FROM:", command, say))
		return false;
	while (span_next(&args, ' ', &word)) {
		if (word.len > 0 && !read_mail_parameter(word, command, say))
			return false;
	}
	if (command->path.local[0] != '\0' && command->path.domain[0] == '\0')
		return refuse(say, 501, "5.1.7", "The sender's address has no domain");
	if (address_is_utf8(&command->path) && !command->utf8)
		return refuse(say, 553, "5.6.7", "This address needs SMTPUTF8");
	return true;
}

static bool
read_rcpt(struct span args, struct smtp_dialect dialect, struct smtp_command *command,
    struct smtp_say *say)
{
	const struct mail_address *path = &command->path;

	if (!read_path(&args, "TO:", command, say))
		return false;
	if (span_trim(args).len > 0)
		return refuse(say, 555, "5.5.4", "Parameter not known");
	if (path->domain[0] == '\0' && !span_is_nocase(span_of(path->local), "postmaster"))
		return refuse(say, 501, "5.1.3", "The recipient's address has no domain");
	if (address_is_utf8(path) && !dialect.utf8)
		return refuse(say, 553, "5.6.7", "This address needs SMTPUTF8");
	return true;
}

enum { ON_SMTP = 1, ON_LMTP = 2, ON_BOTH = 3 };

/* clang-format off */
static const struct row {
	const char *name;
	enum smtp_verb verb;
	unsigned on;
	smtp_read *read;
} rows[] = {
	/* word        verb                where    what stands behind it */
	{ "HELO",      SMTP_VERB_HELO,     ON_SMTP, read_name },
	{ "EHLO",      SMTP_VERB_EHLO,     ON_SMTP, read_name },
	{ "LHLO",      SMTP_VERB_LHLO,     ON_LMTP, read_name },
	{ "STARTTLS",  SMTP_VERB_STARTTLS, ON_BOTH, read_nothing },
	{ "MAIL",      SMTP_VERB_MAIL,     ON_BOTH, read_mail },
	{ "RCPT",      SMTP_VERB_RCPT,     ON_BOTH, read_rcpt },
	{ "DATA",      SMTP_VERB_DATA,     ON_BOTH, read_nothing },
	{ "RSET",      SMTP_VERB_RSET,     ON_BOTH, read_nothing },
	{ "NOOP",      SMTP_VERB_NOOP,     ON_BOTH, read_anything },
	{ "HELP",      SMTP_VERB_HELP,     ON_BOTH, read_anything },
	{ "VRFY",      SMTP_VERB_VRFY,     ON_BOTH, read_something },
	{ "QUIT",      SMTP_VERB_QUIT,     ON_BOTH, read_nothing },
	{ "EXPN",      SMTP_VERBS,         ON_BOTH, read_absent },
	{ "AUTH",      SMTP_VERBS,         ON_BOTH, read_absent },
	{ "BDAT",      SMTP_VERBS,         ON_BOTH, read_absent },
	{ "ETRN",      SMTP_VERBS,         ON_BOTH, read_absent },
	{ "TURN",      SMTP_VERBS,         ON_BOTH, read_absent },
	{ "SEND",      SMTP_VERBS,         ON_BOTH, read_absent },
	{ "SOML",      SMTP_VERBS,         ON_BOTH, read_absent },
	{ "SAML",      SMTP_VERBS,         ON_BOTH, read_absent },
	/* a page in a browser can post to a port on its own machine */
	{ "GET",       SMTP_VERB_FOREIGN,  ON_BOTH, read_anything },
	{ "POST",      SMTP_VERB_FOREIGN,  ON_BOTH, read_anything },
	{ "PUT",       SMTP_VERB_FOREIGN,  ON_BOTH, read_anything },
	{ "OPTIONS",   SMTP_VERB_FOREIGN,  ON_BOTH, read_anything },
	{ "CONNECT",   SMTP_VERB_FOREIGN,  ON_BOTH, read_anything },
};
/* clang-format on */

static const struct row *
row_find(struct span word, bool lmtp)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (span_is_nocase(word, rows[i].name) &&
		    (rows[i].on & (lmtp ? ON_LMTP : ON_SMTP)) != 0)
			return &rows[i];
	}
	return NULL;
}

bool
smtp_command_read(struct span line, struct smtp_dialect dialect, struct smtp_command *command,
    struct smtp_say *say)
{
	struct span word;
	const struct row *row;

	memset(command, 0, sizeof(*command));
	if (span_has_control(line))
		return refuse(say, 500, "5.5.2", "A control character in the command");
	line = span_trim(line);
	word = span_first(line, span_find(line, ' '));
	row = row_find(word, dialect.lmtp);
	if (row == NULL)
		return refuse(say, 500, "5.5.1", "Command not known");
	command->verb = row->verb;
	return row->read(span_trim(span_from(line, word.len)), dialect, command, say);
}
