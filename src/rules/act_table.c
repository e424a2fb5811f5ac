/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The table of acts: all that can change the book, who may, with which fields. The same
 * rows make the console's help. A new act is a row here and a function of its name. */
#include "mail/address.h"
#include "mail/mail_token.h"
#include "rules/act.h"
#include "rules/act_may.h"
#include "rules/archive.h"
#include "rules/delivery.h"
#include "rules/forum_admin.h"
#include "rules/health.h"
#include "rules/import.h"
#include "rules/intake.h"
#include "rules/limit.h"
#include "rules/membership.h"
#include "rules/moderation.h"
#include "rules/posting.h"
#include "rules/queue.h"
#include "rules/registration.h"
#include "rules/roll.h"
#include "rules/signup.h"
#include "rules/upkeep.h"

enum {
	SLUG_MAX = ADDRESS_LOCAL_MAX - MAIL_TOKEN_LEN - 3, /* "voirie+r.TOKEN" is a local part */
	NAME_MAX = 200,
	SUBJECT_MAX = 300,
	DESCRIPTION_MAX = 1000,
	WHY_MAX = 2000,
	SOURCE_MAX = 64 * 1024,
	PASSWORD_MAX = 512,
	SECRET_MAX = 64,
	RAW_MAX = 8 * 1024 * 1024, /* in a field; bigger ones come as a descriptor */
	UPLOAD_MAX = 1024 * 1024   /* likewise */
};

#define WHO_WRITES "everyone registered roll mandated nobody"
#define APPEARS "at_once first_read always_read read_unless_roll"
#define WHO_READS "everyone registered members"
#define END { NULL, FIELD_LINE, 0, 0, NULL }

/* clang-format off */
static const struct act_field no_fields[] = { END };

static const struct act_field forum_create_fields[] = {
	{ "slug",        FIELD_SLUG, SLUG_MAX,        FIELD_REQUIRED, NULL },
	{ "name",        FIELD_LINE, NAME_MAX,        FIELD_REQUIRED, NULL },
	{ "description", FIELD_LINE, DESCRIPTION_MAX, 0,              NULL },
	{ "theme",       FIELD_LINE, NAME_MAX,        0,              NULL },
	{ "who_writes",  FIELD_WORD, 0,               0,              WHO_WRITES },
	{ "appears",     FIELD_WORD, 0,               0,              APPEARS },
	{ "who_reads",   FIELD_WORD, 0,               0,              WHO_READS },
	{ "strangers",   FIELD_WORD, 0,               0,              "hold refuse" },
	{ "reply_to",    FIELD_WORD, 0,               0,              "forum author" },
	{ "position",    FIELD_INT,  1000000,         0,              NULL },
	END
};

static const struct act_field forum_set_fields[] = {
	{ "slug",        FIELD_SLUG, SLUG_MAX,        FIELD_REQUIRED, NULL },
	{ "name",        FIELD_LINE, NAME_MAX,        0,              NULL },
	{ "description", FIELD_LINE, DESCRIPTION_MAX, 0,              NULL },
	{ "theme",       FIELD_LINE, NAME_MAX,        0,              NULL },
	{ "who_writes",  FIELD_WORD, 0,               0,              WHO_WRITES },
	{ "appears",     FIELD_WORD, 0,               0,              APPEARS },
	{ "who_reads",   FIELD_WORD, 0,               0,              WHO_READS },
	{ "strangers",   FIELD_WORD, 0,               0,              "hold refuse" },
	{ "reply_to",    FIELD_WORD, 0,               0,              "forum author" },
	{ "position",    FIELD_INT,  1000000,         0,              NULL },
	{ "emergency",   FIELD_FLAG, 0,               0,              NULL },
	END
};

static const struct act_field person_create_fields[] = {
	{ "name",          FIELD_LINE,    NAME_MAX,     FIELD_REQUIRED, NULL },
	{ "address",       FIELD_ADDRESS, ADDRESS_MAX,  FIELD_REPEAT,   NULL },
	{ "verified",      FIELD_FLAG,    0,            0,              NULL },
	{ "locale",        FIELD_WORD,    0,            0,              "fr en" },
	{ "administrator", FIELD_FLAG,    0,            0,              NULL },
	{ "trusted",       FIELD_FLAG,    0,            0,              NULL },
	{ "password",      FIELD_LINE,    PASSWORD_MAX, 0,              NULL },
	END
};

static const struct act_field person_set_fields[] = {
	{ "person",        FIELD_INT,  0,            0, NULL },
	{ "name",          FIELD_LINE, NAME_MAX,     0, NULL },
	{ "locale",        FIELD_WORD, 0,            0, "fr en" },
	{ "state",         FIELD_WORD, 0,            0, "active suspended" },
	{ "administrator", FIELD_FLAG, 0,            0, NULL },
	{ "trusted",       FIELD_FLAG, 0,            0, NULL },
	{ "password",      FIELD_LINE, PASSWORD_MAX, 0, NULL },
	END
};

static const struct act_field mandate_set_fields[] = {
	{ "person",       FIELD_INT,  0,        FIELD_REQUIRED, NULL },
	{ "forum",        FIELD_SLUG, SLUG_MAX, 0,              NULL },
	{ "organisation", FIELD_LINE, NAME_MAX, 0,              NULL },
	{ "role",         FIELD_WORD, 0,        FIELD_REQUIRED, "moderator animator writer speaker" },
	{ "until",        FIELD_INT,  0,        0,              NULL },
	END
};

static const struct act_field mandate_end_fields[] = {
	{ "mandate", FIELD_INT, 0, FIELD_REQUIRED, NULL },
	END
};

static const struct act_field organisation_create_fields[] = {
	{ "name", FIELD_LINE, NAME_MAX, FIELD_REQUIRED, NULL },
	{ "kind", FIELD_WORD, 0,        FIELD_REQUIRED, "association service council townhall" },
	END
};

/* Digests come with their own issue: until then nobody may choose them and hear nothing. */
static const struct act_field subscription_set_fields[] = {
	{ "forum",   FIELD_SLUG,    SLUG_MAX,    FIELD_REQUIRED, NULL },
	{ "mode",    FIELD_WORD,    0,           FIELD_REQUIRED, "each topics none" },
	{ "person",  FIELD_INT,     0,           0,              NULL },
	{ "address", FIELD_ADDRESS, ADDRESS_MAX, 0,              NULL },
	END
};

static const struct act_field subscription_remove_fields[] = {
	{ "forum",  FIELD_SLUG, SLUG_MAX, FIELD_REQUIRED, NULL },
	{ "person", FIELD_INT,  0,        FIELD_REQUIRED, NULL },
	END
};

static const struct act_field token_fields[] = {
	{ "token", FIELD_LINE, SECRET_MAX, FIELD_REQUIRED, NULL },
	END
};

static const struct act_field session_ask_fields[] = {
	{ "address", FIELD_LINE, ADDRESS_MAX, FIELD_REQUIRED, NULL },
	{ "reset",   FIELD_FLAG, 0,           0,              NULL },
	{ "peer",    FIELD_LINE, NAME_MAX,    0,              NULL },
	END
};

static const struct act_field roll_revoke_fields[] = {
	{ "number",  FIELD_INT,  0, FIELD_REQUIRED, NULL },
	{ "suspend", FIELD_FLAG, 0, 0,              NULL },
	END
};
static const struct act_field number_fields[] = {
	{ "number", FIELD_INT, 0, FIELD_REQUIRED, NULL },
	END
};

static const struct act_field password_set_fields[] = {
	{ "password", FIELD_LINE, PASSWORD_MAX, 0, NULL },
	END
};

static const struct act_field clean_fields[] = {
	{ "back", FIELD_INT, 0, 0, NULL },
	END
};

static const struct act_field roll_create_fields[] = {
	{ "name",    FIELD_LINE, NAME_MAX,        FIELD_REQUIRED, NULL },
	{ "source",  FIELD_LINE, NAME_MAX,        0,              NULL },
	{ "purpose", FIELD_LINE, DESCRIPTION_MAX, 0,              NULL },
	{ "expires", FIELD_INT,  0,               0,              NULL },
	END
};

static const struct act_field roll_change_fields[] = {
	{ "roll",    FIELD_INT,  0,               FIELD_REQUIRED, NULL },
	{ "name",    FIELD_LINE, NAME_MAX,        0,              NULL },
	{ "source",  FIELD_LINE, NAME_MAX,        0,              NULL },
	{ "purpose", FIELD_LINE, DESCRIPTION_MAX, 0,              NULL },
	{ "expires", FIELD_INT,  0,               0,              NULL },
	END
};

static const struct act_field roll_issue_fields[] = {
	{ "roll", FIELD_INT,  0,          FIELD_REQUIRED,                NULL },
	{ "line", FIELD_LINE, SECRET_MAX, FIELD_REQUIRED | FIELD_REPEAT, NULL },
	END
};

static const struct act_field register_fields[] = {
	{ "identifier", FIELD_LINE,    SECRET_MAX,  FIELD_REQUIRED, NULL },
	{ "name",       FIELD_LINE,    NAME_MAX,    FIELD_REQUIRED, NULL },
	{ "address",    FIELD_ADDRESS, ADDRESS_MAX, FIELD_REQUIRED, NULL },
	{ "locale",     FIELD_WORD,    0,           FIELD_REQUIRED, "fr en" },
	{ "next",       FIELD_LINE,    NAME_MAX,    0,              NULL },
	{ "peer",       FIELD_LINE,    NAME_MAX,    0,              NULL },
	END
};

static const struct act_field registration_confirm_fields[] = {
	{ "token",   FIELD_LINE, SECRET_MAX,  0, NULL },
	{ "address", FIELD_LINE, ADDRESS_MAX, 0, NULL },
	{ "code",    FIELD_LINE, SECRET_MAX,  0, NULL },
	END
};

static const struct act_field session_open_fields[] = {
	{ "token",    FIELD_LINE, SECRET_MAX,   0, NULL },
	{ "address",  FIELD_LINE, ADDRESS_MAX,  0, NULL },
	{ "code",     FIELD_LINE, SECRET_MAX,   0, NULL },
	{ "password", FIELD_LINE, PASSWORD_MAX, 0, NULL },
	{ "peer",     FIELD_LINE, NAME_MAX,     0, NULL },
	END
};

static const struct act_field session_fields[] = {
	{ "session", FIELD_LINE, SECRET_MAX, FIELD_REQUIRED, NULL },
	END
};

static const struct act_field session_link_fields[] = {
	{ "person",  FIELD_INT,     0,           0, NULL },
	{ "address", FIELD_ADDRESS, ADDRESS_MAX, 0, NULL },
	{ "life",    FIELD_INT,     86400,       0, NULL },
	END
};

static const struct act_field post_add_fields[] = {
	{ "forum",   FIELD_SLUG,   SLUG_MAX,    0,              NULL },
	{ "subject", FIELD_LINE,   SUBJECT_MAX, 0,              NULL },
	{ "parent",  FIELD_INT,    0,           0,              NULL },
	{ "source",  FIELD_OCTETS, SOURCE_MAX,  FIELD_REQUIRED, NULL }, /* the parser cleans it */
	{ "speaker", FIELD_INT,    0,           0,              NULL },
	{ "attach",  FIELD_OCTETS, UPLOAD_MAX,  FIELD_REPEAT,   NULL },
	END
};

static const struct act_field preview_fields[] = {
	{ "source", FIELD_OCTETS, SOURCE_MAX, FIELD_REQUIRED, NULL },
	END
};

static const struct act_field post_approve_fields[] = {
	{ "post",  FIELD_INT,  0, FIELD_REQUIRED, NULL },
	{ "trust", FIELD_FLAG, 0, 0,              NULL },
	END
};

static const struct act_field post_refuse_fields[] = {
	{ "post", FIELD_INT,  0,       FIELD_REQUIRED, NULL },
	{ "why",  FIELD_TEXT, WHY_MAX, 0,              NULL },
	END
};

static const struct act_field post_id_fields[] = {
	{ "post", FIELD_INT, 0, FIELD_REQUIRED, NULL },
	END
};

static const struct act_field thread_set_fields[] = {
	{ "thread", FIELD_INT,  0, FIELD_REQUIRED, NULL },
	{ "closed", FIELD_FLAG, 0, 0,              NULL },
	{ "pinned", FIELD_FLAG, 0, 0,              NULL },
	END
};

static const struct act_field mail_receive_fields[] = {
	{ "recipient",   FIELD_LINE,   ADDRESS_LOCAL_MAX, FIELD_REQUIRED | FIELD_REPEAT, NULL },
	{ "from",        FIELD_LINE,   ADDRESS_MAX,       0,              NULL },
	{ "peer",        FIELD_LINE,   NAME_MAX,          FIELD_REQUIRED, NULL },
	{ "door",        FIELD_WORD,   0,                 FIELD_REQUIRED, "smtp lmtp fetch console" },
	{ "raw",         FIELD_OCTETS, RAW_MAX,           0,              NULL },
	{ "size",        FIELD_INT,    0,                 0,              NULL },
	/* Facts of the head come from anybody: whatever they hold, they refuse at most. */
	{ "head.from",   FIELD_OCTETS, 0,                 0,              NULL },
	{ "head.auto",   FIELD_OCTETS, 0,                 0,              NULL },
	{ "head.id",     FIELD_OCTETS, 0,                 0,              NULL },
	{ "head.report", FIELD_FLAG,   0,                 0,              NULL },
	{ "head.robot",  FIELD_FLAG,   0,                 0,              NULL },
	END
};

static const struct act_field inbox_fields[] = {
	{ "inbox", FIELD_INT,    0,       FIELD_REQUIRED, NULL },
	{ "note",  FIELD_OCTETS, WHY_MAX, 0,              NULL },
	END
};

static const struct act_field delivery_report_fields[] = {
	{ "row", FIELD_OCTETS, 4096, FIELD_REPEAT, NULL },
	END
};

static const struct act_field delivery_start_fields[] = {
	{ "id", FIELD_INT, 0, FIELD_REPEAT, NULL },
	END
};

static const struct act_field delivery_replay_fields[] = {
	{ "outbox", FIELD_INT, 0, FIELD_REQUIRED, NULL },
	END
};

static const struct act_field inbox_list_fields[] = {
	{ "state", FIELD_WORD, 0, 0, "new aside done" },
	{ "after", FIELD_INT,  0, 0, NULL },
	END
};

static const struct act_field outbox_list_fields[] = {
	{ "state", FIELD_WORD, 0, 0, "due sent failed cancelled aside" },
	{ "after", FIELD_INT,  0, 0, NULL },
	END
};

static const struct act_field import_add_fields[] = {
	{ "forum", FIELD_SLUG,   SLUG_MAX, FIELD_REQUIRED, NULL },
	{ "raw",   FIELD_OCTETS, RAW_MAX,  0,              NULL },
	{ "size",  FIELD_INT,    0,        0,              NULL },
	END
};

static const struct act_field archive_fields[] = {
	{ "forum",  FIELD_SLUG, SLUG_MAX, FIELD_REQUIRED, NULL },
	{ "thread", FIELD_INT,  0,        0,              NULL },
	{ "after",  FIELD_INT,  0,        0,              NULL },
	END
};

static const struct act_field alarm_fields[] = {
	{ "why", FIELD_LINE, NAME_MAX, FIELD_REQUIRED, NULL },
	END
};

static const struct act_field damage_fields[] = {
	{ "times", FIELD_INT, 1000000, FIELD_REQUIRED, NULL },
	END
};

static const struct act_field recipient_fields[] = {
	{ "recipient", FIELD_LINE, ADDRESS_LOCAL_MAX, FIELD_REQUIRED, NULL },
	END
};

#define LOGIN_LIMITS "LOGIN_ACCT LOGIN_IP LOGIN_GLOBAL"
#define CREATES (NEEDS_KEY | NEEDS_JOURNAL)

const struct act_kind act_kinds[] = {
	/* name                  who may              fields                      needs                       limit             run                     after a failure */
	{ "forum.create",        may_administrator,   forum_create_fields,        CREATES,                    NULL,             forum_admin_create,      NULL },
	{ "forum.set",           may_administrator,   forum_set_fields,           NEEDS_JOURNAL,              NULL,             forum_admin_set,         NULL },
	{ "person.create",       may_administrator,   person_create_fields,       CREATES | NEEDS_HASH,       NULL,             membership_create,       NULL },
	{ "person.set",          may_oneself,         person_set_fields,          NEEDS_JOURNAL | NEEDS_HASH, NULL,             membership_set,          NULL },
	{ "mandate.set",         may_administrator,   mandate_set_fields,         NEEDS_JOURNAL,              NULL,             membership_mandate,      NULL },
	{ "mandate.end",         may_administrator,   mandate_end_fields,         NEEDS_JOURNAL,              NULL,             membership_mandate_end,  NULL },
	{ "organisation.create", may_administrator,   organisation_create_fields, CREATES,                    NULL,             membership_organisation, NULL },
	{ "subscription.set",    may_oneself,         subscription_set_fields,    NEEDS_NOTHING,              "SUBSCRIBE_USER", membership_subscribe,    NULL },
	{ "subscription.remove", may_administrator,   subscription_remove_fields, NEEDS_JOURNAL,              NULL,             membership_remove,       NULL },
	{ "subscription.leave",  NULL,                token_fields,               NEEDS_JOURNAL,              NULL,             membership_leave,        NULL },
	{ "session.ask",         may_visit,           session_ask_fields,         NEEDS_NOTHING,              "LOGIN_IP",       signup_ask,              NULL },
	{ "session.open",        may_visit,           session_open_fields,        NEEDS_VERIFY,               LOGIN_LIMITS,     signup_open,             signup_open_failed },
	{ "session.close",       may_visit,           session_fields,             NEEDS_NOTHING,              NULL,             signup_close,            NULL },
	{ "session.seen",        may_visit,           session_fields,             NEEDS_NOTHING,              NULL,             signup_seen,             NULL },
	{ "session.link",        may_administrator,   session_link_fields,        NEEDS_JOURNAL,              NULL,             signup_link,             NULL },
	{ "session.revoke",      may_signed_in,       number_fields,              NEEDS_NOTHING,              NULL,             signup_revoke,           NULL },
	{ "password.set",        may_signed_in_lately, password_set_fields,        NEEDS_HASH | NEEDS_JOURNAL, "PASSWORD_USER",  signup_password_set,     NULL },
	{ "roll.create",         may_administrator,   roll_create_fields,         CREATES,                    NULL,             roll_create,             NULL },
	{ "roll.change",         may_administrator,   roll_change_fields,         NEEDS_JOURNAL,              NULL,             roll_change,             NULL },
	{ "roll.issue",          may_administrator,   roll_issue_fields,          CREATES | NEEDS_HASH,       NULL,             roll_issue,              NULL },
	{ "roll.revoke",         may_administrator,   roll_revoke_fields,              NEEDS_JOURNAL,              NULL,             roll_revoke,             NULL },
	{ "person.register",     registration_may,    register_fields,            NEEDS_VERIFY,               "REGISTER_TRY",   registration_ask,        registration_ask_failed },
	{ "registration.confirm", may_visit,          registration_confirm_fields, NEEDS_JOURNAL,             "CONFIRM_ACCT",   registration_confirm,    registration_confirm_failed },
	{ "post.add",            may_write_in_forum,  post_add_fields,            NEEDS_PARSE | NEEDS_KEY,    "POST_USER",      posting_add,             NULL },
	{ "post.approve",        may_moderate_forum,  post_approve_fields,        NEEDS_JOURNAL,              NULL,             moderation_approve,      NULL },
	{ "post.refuse",         may_moderate_forum,  post_refuse_fields,         NEEDS_JOURNAL,              NULL,             moderation_refuse,       NULL },
	{ "post.discard",        may_moderate_forum,  post_id_fields,             NEEDS_JOURNAL,              NULL,             moderation_discard,      NULL },
	{ "post.hide",           may_moderate_forum,  post_refuse_fields,         NEEDS_JOURNAL,              NULL,             moderation_hide,         NULL },
	{ "post.restore",        may_moderate_forum,  post_id_fields,             NEEDS_JOURNAL,              NULL,             moderation_restore,      NULL },
	{ "post.withdraw",       may_withdraw,        post_id_fields,             NEEDS_JOURNAL,              NULL,             moderation_withdraw,     NULL },
	{ "thread.set",          may_moderate_thread, thread_set_fields,          NEEDS_JOURNAL,              NULL,             moderation_thread,       NULL },
	{ "post.confirm",        NULL,                token_fields,               NEEDS_JOURNAL,              NULL,             moderation_confirm,      NULL },
	{ "mail.receive",        may_deliver,         mail_receive_fields,        NEEDS_KEY,                  NULL,             intake_receive,          NULL },
	{ "mail.process",        may_house,           inbox_fields,               NEEDS_NOTHING,              NULL,             intake_process,          NULL },
	{ "mail.died",           may_house,           inbox_fields,               NEEDS_JOURNAL,              NULL,             intake_died,             NULL },
	{ "mail.aside",          may_house,           inbox_fields,               NEEDS_JOURNAL,              NULL,             intake_aside,            NULL },
	{ "mail.replay",         may_administrator,   inbox_fields,               NEEDS_JOURNAL,              NULL,             intake_replay,           NULL },
	{ "delivery.report",     may_relay,           delivery_report_fields,     NEEDS_NOTHING,              NULL,             delivery_report,         NULL },
	{ "delivery.start",      may_relay,           delivery_start_fields,      NEEDS_KEY,                  NULL,             delivery_start,          NULL },
	{ "delivery.replay",     may_administrator,   delivery_replay_fields,     NEEDS_JOURNAL,              NULL,             queue_replay,            NULL },
	{ "house.clean",         may_house,           clean_fields,               NEEDS_NOTHING,              NULL,             upkeep_clean,            NULL },
	{ "house.alarm",         may_alarm,           alarm_fields,               NEEDS_JOURNAL,              NULL,             health_alarm,            NULL },
	{ "house.damage",        may_report,          damage_fields,              NEEDS_NOTHING,              NULL,             health_damage,           NULL },
	{ "house.check",         may_administrator,   no_fields,                  NEEDS_NOTHING,              NULL,             health_check,            NULL },
	{ "house.checked",       may_alarm,           no_fields,                  NEEDS_NOTHING,              NULL,             health_checked,          NULL },
	{ "import.add",          may_administrator,   import_add_fields,          NEEDS_PARSE_MAIL,           NULL,             import_add,              NULL },
	{ NULL, NULL, no_fields, 0, NULL, NULL, NULL },
};

const struct ask_kind ask_kinds[] = {
	{ "address.known", NEEDS_NOTHING, NULL,              intake_address_known, recipient_fields },
	{ "preview",       NEEDS_PARSE,   may_signed_in,     posting_preview,      preview_fields },
	{ "inbox.list",    NEEDS_NOTHING, may_administrator, queue_inbox,          inbox_list_fields },
	{ "outbox.list",   NEEDS_NOTHING, may_administrator, queue_outbox,         outbox_list_fields },
	{ "archive.read",  NEEDS_NOTHING, NULL,              archive_read,         archive_fields },
	{ "house.ping",    NEEDS_NOTHING, NULL,              health_ping,          no_fields },
	{ NULL, 0, NULL, NULL, no_fields },
};
/* clang-format on */
