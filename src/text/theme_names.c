/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/theme_names.h"

#define TEXT VIEW_TEXT, NULL
#define HTML VIEW_HTML, NULL
#define URL VIEW_URL, NULL
#define FLAG VIEW_FLAG, NULL
#define SUB(shape) VIEW_SUB, shape
#define LIST(shape) VIEW_LIST, shape

/* clang-format off */
const char *const theme_pages[] = {
	"home", "forum", "thread", "post-form", "login", "forgot", "register", "account", "password",
	"rolls", "roll", "sheet", "search", "journal", "members",
	"forum-form", "confirm", "unsubscribe", "moderate", "message", "error",
};
const size_t theme_pages_count = sizeof(theme_pages) / sizeof(theme_pages[0]);

const char *const theme_mails[] = {
	"post", "held-author", "held-moderator", "approved", "refused", "decided", "login",
	"hidden", "reset", "password", "register", "join", "confirm", "unsubscribed", "was-it-you", "private",
	"owners", "alarm",
};
const size_t theme_mails_count = sizeof(theme_mails) / sizeof(theme_mails[0]);
/* clang-format on */

/* clang-format off */
const struct template_name theme_names[] = {
	/* ---- shapes: what stands within a name ---- */
	{ "site", "name",        TEXT, "the town or the association, as it signs" },
	{ "site", "about",       TEXT, "a sentence on the home page; may be empty" },
	{ "site", "accent_url", URL, "stylesheet of the accent that the town has set; else empty" },
	{ "site", "url",         URL,  "the home page" },

	{ "language", "code",    TEXT, "fr, en" },
	{ "language", "name",    TEXT, "in its own words: français, English" },
	{ "language", "url",     URL,  "this page in that language" },
	{ "language", "current", FLAG, "the language of this page" },

	{ "viewer", "name",        TEXT, "shown name of who is signed in" },
	{ "viewer", "moderator",   FLAG, "may open the queue" },
	{ "viewer", "queue_url",   URL,  "/moderate" },
	{ "viewer", "waiting",     TEXT, "ready: \"3 messages waiting\"; empty when none" },
	{ "viewer", "account_url",   URL,  "/account" },
	{ "viewer", "administrator", FLAG, "" },
	{ "viewer", "rolls_url",     URL,  "/admin/rolls, for an administrator; else empty" },
	{ "viewer", "journal_url",   URL,  "/admin/journal, likewise" },
	{ "viewer", "new_forum_url", URL,  "/admin/forums/new, likewise" },
	{ "viewer", "logout_url",  URL,  "where the sign-out form posts" },

	{ "date", "full",  TEXT, "mardi 3 mars 2026 à 18 h 05 (i18n_date_view fills the five)" },
	{ "date", "day",   TEXT, "mardi 3 mars 2026" },
	{ "date", "short", TEXT, "3 mars 2026, 18 h 05" },
	{ "date", "brief", TEXT, "3 mars 2026" },
	{ "date", "iso",   TEXT, "2026-03-03T17:05:00Z, for <time datetime>" },

	{ "who_writes", "everyone",   FLAG, "exactly one is set: forum.who_writes of the book" },
	{ "who_writes", "registered", FLAG, "" },
	{ "who_writes", "roll",       FLAG, "" },
	{ "who_writes", "mandated",   FLAG, "" },
	{ "who_writes", "nobody",     FLAG, "" },

	{ "appears", "at_once",          FLAG, "exactly one is set: forum.appears of the book" },
	{ "appears", "first_read",       FLAG, "" },
	{ "appears", "always_read",      FLAG, "" },
	{ "appears", "read_unless_roll", FLAG, "" },

	{ "forum", "name",        TEXT, "" },
	{ "forum", "description", TEXT, "may be empty" },
	{ "forum", "theme",       TEXT, "the heading it stands under; may be empty" },
	{ "forum", "url",         URL,  "/f/SLUG" },
	{ "forum", "new_url",     URL,  "/f/SLUG/new" },
	{ "forum", "slug",        TEXT, "its word in addresses; field forum of a search" },
	{ "forum", "feed_url",    URL,  "/f/SLUG/feed; empty where there is none" },
	{ "forum", "journal_url", URL,  "what was decided here, for who may moderate it; else empty" },
	{ "forum", "members_url", URL,  "its people, likewise" },
	{ "forum", "settings_url", URL, "for administrators; else empty" },
	{ "forum", "archive_url", URL,  "/f/SLUG/mbox" },
	{ "forum", "queue_url",   URL,  "its queue, for who may moderate it; else empty" },
	{ "forum", "address",     TEXT, "voirie@forum.ville.example" },
	{ "forum", "address_url", URL,  "mailto: of it" },
	{ "forum", "who_writes",  SUB("who_writes"), "" },
	{ "forum", "appears",     SUB("appears"), "" },
	{ "forum", "can_write",   FLAG, "this viewer may" },
	{ "forum", "threads",     TEXT, "ready: \"12 discussions\"" },
	{ "forum", "posts",       TEXT, "ready: \"80 messages\"" },
	{ "forum", "last",        SUB("date"), "of the latest post; not set when there is none" },

	{ "theme", "name",   TEXT, "heading; empty for forums without one" },
	{ "theme", "forums", LIST("forum"), "" },

	{ "thread", "title",        TEXT, "" },
	{ "thread", "url",          URL,  "/t/ID-slug" },
	{ "thread", "feed_url",     URL,  "/t/ID/feed" },
	{ "thread", "archive_url",  URL,  "/t/ID/mbox" },
	{ "thread", "forum",        SUB("forum"), "name and url, where several forums are listed" },
	{ "thread", "author",       TEXT, "who opened it" },
	{ "thread", "organisation", TEXT, "in whose name; may be empty" },
	{ "thread", "last_author",  TEXT, "who wrote last" },
	{ "thread", "posts",        TEXT, "ready: \"12 messages\"" },
	{ "thread", "created",      SUB("date"), "" },
	{ "thread", "last",         SUB("date"), "of the latest post" },
	{ "thread", "pinned",       FLAG, "" },
	{ "thread", "closed",       FLAG, "no more replies" },
	{ "thread", "decide_action", URL, "field decision: close, open, pin, unpin; empty for who may not" },
	{ "thread", "excerpt",      TEXT, "beginning of the first post; may be empty" },

	{ "attachment", "name",  TEXT, "" },
	{ "attachment", "type",  TEXT, "media type" },
	{ "attachment", "size",  TEXT, "ready: \"1,2 Mo\"" },
	{ "attachment", "url",   URL,  "/a/TOKEN/name" },
	{ "attachment", "image", FLAG, "proved to be one that may be shown" },

	{ "parent", "author", TEXT, "of the post that this one answers" },
	{ "parent", "url",    URL,  "its permalink, or #p12 on the same page" },

	{ "post", "id",           TEXT, "digits; anchors are p and these digits" },
	{ "post", "url",          URL,  "/p/ID" },
	{ "post", "reply_url",    URL,  "/p/ID/reply; empty where this viewer may not" },
	{ "post", "author",       TEXT, "as shown that day" },
	{ "post", "organisation", TEXT, "in whose name; may be empty" },
	{ "post", "capacity",     TEXT, "ready: \"habitante\", \"mairie\"; may be empty" },
	{ "post", "official",     FLAG, "capacity is townhall" },
	{ "post", "date",         SUB("date"), "" },
	{ "post", "subject",      TEXT, "where it is not the thread's; may be empty" },
	{ "post", "body",         HTML, "the rendered post" },
	{ "post", "text",         TEXT, "own words as plain text (mails, queue)" },
	{ "post", "parent",       SUB("parent"), "not set where it is the first post or the one above" },
	{ "post", "attachments",  LIST("attachment"), "" },
	{ "post", "attached",     TEXT, "ready: \"2 attachments\"; empty when there is none" },
	{ "post", "by_mail",      FLAG, "came by mail" },
	{ "post", "hidden",       FLAG, "taken down by a moderator: no body, no attachments" },
	{ "post", "withdrawn",    FLAG, "taken back by its author: likewise" },
	{ "post", "can_hide",     FLAG, "this viewer may take it down" },
	{ "post", "can_restore",  FLAG, "and put it back" },
	{ "post", "can_withdraw", FLAG, "it is the viewer's own" },
	{ "post", "decide_action", URL, "fields decision (hide, restore, withdraw) and why" },
	{ "post", "why",          TEXT, "reason of a hidden or refused post; may be empty" },

	{ "pager", "previous_url", URL,  "empty on the first page" },
	{ "pager", "next_url",     URL,  "empty on the last page" },

	{ "speaker", "id",       TEXT, "organisation, or empty for oneself" },
	{ "speaker", "name",     TEXT, "" },
	{ "speaker", "selected", FLAG, "" },

	{ "preview", "subject", TEXT, "" },
	{ "preview", "body",    HTML, "" },

	{ "form", "action",      URL,  "where it posts" },
	{ "form", "key",         TEXT, "nonce of this form, sent back as field key" },
	{ "form", "parent",      TEXT, "id of the post it answers; field parent" },
	{ "form", "subject",     TEXT, "what was typed; field subject (new threads)" },
	{ "form", "text",        TEXT, "what was typed; field text" },
	{ "form", "error",       TEXT, "one sentence, or empty" },
	{ "form", "preview",     SUB("preview"), "set after the preview button (field preview)" },
	{ "form", "can_attach",  FLAG, "field file, several" },
	{ "form", "size_max",    TEXT, "ready: \"10 Mo\"" },
	{ "form", "can_speak",   FLAG, "speakers holds more than oneself" },
	{ "form", "speakers",    LIST("speaker"), "set where one may speak for somebody; field speaker" },
	{ "form", "waits",       FLAG, "a moderator will read it before it appears" },

	{ "link", "text", TEXT, "" },
	{ "link", "url",  URL,  "" },

	{ "subscription", "action",     URL,  "where the form posts: field mode, each or none" },
	{ "subscription", "subscribed", FLAG, "receives each message" },

	{ "session", "id",      TEXT, "field number" },
	{ "session", "created", SUB("date"), "when one signed in" },
	{ "session", "seen",    SUB("date"), "last used, to the hour" },
	{ "session", "current", FLAG, "the one at hand" },

	{ "membership", "forum",  SUB("forum"), "" },
	{ "membership", "action", URL,  "where its form posts: fields mode and next" },
	{ "membership", "each",   FLAG, "exactly one is set: how its messages come by mail" },
	{ "membership", "topics", FLAG, "the first message of each discussion" },
	{ "membership", "none",   FLAG, "not at all" },

	{ "roll", "name",    TEXT, "" },
	{ "roll", "source",  TEXT, "who drew it up; may be empty" },
	{ "roll", "purpose", TEXT, "may be empty" },
	{ "roll", "url",     URL,  "/admin/rolls/ID" },
	{ "roll", "issued",  TEXT, "ready: \"12 not yet used\"" },
	{ "roll", "claimed", TEXT, "ready: \"30 used\"" },
	{ "roll", "revoked", TEXT, "ready: \"2 revoked\"" },
	{ "roll", "expires", SUB("date"), "not set where it never ends" },

	{ "line", "id",       TEXT, "field number" },
	{ "line", "selector", TEXT, "its first four signs" },
	{ "line", "state",    TEXT, "as a word" },
	{ "line", "name",     TEXT, "who uses it; may be empty" },
	{ "line", "changed",  SUB("date"), "when it came to that state" },
	{ "line", "can_revoke", FLAG, "" },
	{ "line", "can_suspend", FLAG, "somebody uses it: the account may be suspended with it" },

	{ "entry", "date",    SUB("date"), "" },
	{ "entry", "actor",   TEXT, "who" },
	{ "entry", "act",     TEXT, "did what, as words" },
	{ "entry", "about",   TEXT, "subject or name; may be empty" },
	{ "entry", "url",     URL,  "where it may be read; may be empty" },
	{ "entry", "why",     TEXT, "the reason; may be empty" },
	{ "entry", "refused", FLAG, "it was tried, and was not allowed" },
	{ "entry", "by_mail", FLAG, "by answering a mail" },

	{ "member", "id",        TEXT, "field person" },
	{ "member", "name",      TEXT, "" },
	{ "member", "since",     SUB("date"), "" },
	{ "member", "published", TEXT, "ready: \"12 messages published\"" },
	{ "member", "moderator", FLAG, "" },
	{ "member", "trusted",   FLAG, "" },
	{ "member", "on_roll",   FLAG, "registered with an identifier" },
	{ "member", "suspended", FLAG, "" },
	{ "member", "receives",  FLAG, "mail of this forum" },
	{ "member", "can_set",   FLAG, "the viewer may change it" },

	{ "moderator", "mandate",   TEXT, "field mandate" },
	{ "moderator", "name",      TEXT, "" },
	{ "moderator", "since",     SUB("date"), "" },
	{ "moderator", "suspended", FLAG, "" },
	{ "moderator", "can_set",   FLAG, "the viewer may end it" },

	{ "choice", "slug",     TEXT, "value of the option" },
	{ "choice", "name",     TEXT, "" },
	{ "choice", "selected", FLAG, "" },

	{ "piece", "text",   TEXT, "" },
	{ "piece", "marked", FLAG, "one of the words that were looked for" },

	{ "found", "title",        TEXT, "of the discussion" },
	{ "found", "title_pieces", LIST("piece"), "the same title, with marks" },
	{ "found", "url",          URL,  "/p/ID" },
	{ "found", "author",       TEXT, "" },
	{ "found", "organisation", TEXT, "may be empty" },
	{ "found", "forum",        TEXT, "its name" },
	{ "found", "forum_url",    URL,  "" },
	{ "found", "date",         SUB("date"), "" },
	{ "found", "pieces",       LIST("piece"), "the place where the words stand" },

	{ "code", "text", TEXT, "K7QM-4TXW-9HRC" },

	{ "held", "id",       TEXT, "of the post" },
	{ "held", "post",     SUB("post"), "author, date, subject, body, attachments" },
	{ "held", "forum",    SUB("forum"), "" },
	{ "held", "thread",   SUB("thread"), "the thread it answers in; not set for a new one" },
	{ "held", "reason",   TEXT, "why it waits, as a sentence" },
	{ "held", "standing", TEXT, "who the author is here: \"première contribution\"" },
	{ "held", "proof",    TEXT, "how the author was proved, as a sentence; may be empty" },
	{ "held", "address",  TEXT, "of the author: moderators only; may be empty" },
	{ "held", "linked",   TEXT, "ready: \"2 links\"; empty when there is none" },
	{ "held", "links",    LIST("link"), "each link of the post; url empty where it may not be followed" },
	{ "held", "action",   URL,  "posts decision (approve, trust, refuse, discard) and why" },
	{ "held", "key",      TEXT, "nonce, field key" },
	{ "held", "can_trust", FLAG, "approve and trust is offered" },

	/* ---- every page ---- */
	{ "page/*", "site",      SUB("site"), "" },
	{ "page/*", "lang",      TEXT, "fr, en" },
	{ "page/*", "title",     TEXT, "of the page, without the site's name" },
	{ "page/*", "languages", LIST("language"), "" },
	{ "page/*", "viewer",    SUB("viewer"), "set only when somebody is signed in" },
	{ "page/*", "login_url", URL,  "/login, with where to come back to" },
	{ "page/*", "search_url", URL,  "/search: fields q, forum" },
	{ "page/*", "lang_asked", TEXT, "field lang, where the address asks for a language; mostly empty" },
	{ "page/*", "register_url", URL, "/register, with where to come back to" },
	{ "page/*", "csrf",      TEXT, "field csrf of every form that changes something" },
	{ "page/*", "notice",    TEXT, "one sentence above the page: \"Saved.\"; mostly empty" },
	{ "page/*", "feed_url",  URL,  "Atom of this page; empty where there is none" },
	{ "page/*", "canonical", URL,  "the one address of this page; may be empty" },
	{ "page/*", "private",   FLAG, "not to be indexed" },
	{ "page/*", "read_only", FLAG, "damage was found and nothing is written any more: said to administrators alone" },

	/* ---- pages ---- */
	{ "page/home", "themes",  LIST("theme"), "forums by theme" },
	{ "page/home", "latest",  LIST("thread"), "what is new, newest first, with forum" },
	{ "page/home", "closed",  FLAG, "nobody can read anything here without signing in" },

	{ "page/forum", "forum",        SUB("forum"), "" },
	{ "page/forum", "threads",      LIST("thread"), "pinned ones first, then newest" },
	{ "page/forum", "pager",        SUB("pager"), "set where there is more than a page" },
	{ "page/forum", "subscription", SUB("subscription"), "set for who is signed in" },
	{ "page/forum", "waiting",      TEXT, "ready: posts in its queue, for who may moderate it" },

	{ "page/thread", "forum",  SUB("forum"), "" },
	{ "page/thread", "thread", SUB("thread"), "" },
	{ "page/thread", "posts",  LIST("post"), "in order of date" },
	{ "page/thread", "pager",  SUB("pager"), "set where there is more than a page" },
	{ "page/thread", "form",   SUB("form"), "set where this viewer may reply" },

	{ "page/post-form", "forum",  SUB("forum"), "" },
	{ "page/post-form", "thread", SUB("thread"), "set when it is a reply" },
	{ "page/post-form", "parent", SUB("post"), "the post that is answered; set when it is a reply" },
	{ "page/post-form", "form",   SUB("form"), "" },

	{ "page/login", "action",   URL,  "where the address posts: field address" },
	{ "page/login", "address",  TEXT, "what was typed" },
	{ "page/login", "next",     TEXT, "field next: where to go afterwards; may be empty" },
	{ "page/login", "error",    TEXT, "one sentence, or empty" },
	{ "page/login", "password", FLAG, "offer the field password as well" },
	{ "page/login", "sent",     FLAG, "the link was sent, if the address is known: say so and show the code form" },
	{ "page/login", "code_action", URL, "where the code posts: fields address, code" },
	{ "page/login", "minutes",  TEXT, "life of the link: \"10\"" },

	{ "page/login", "forgot_url", URL, "/forgot" },

	{ "page/forgot", "action",  URL,  "where the address posts: field address" },
	{ "page/forgot", "address", TEXT, "what was typed" },
	{ "page/forgot", "error",   TEXT, "one sentence, or empty" },
	{ "page/forgot", "sent",    FLAG, "the link was sent, if the address is known" },
	{ "page/forgot", "minutes", TEXT, "life of the link: \"30\"" },

	{ "page/register", "action",      URL,  "where the form posts: fields identifier, name, address" },
	{ "page/register", "identifier",  TEXT, "what was typed" },
	{ "page/register", "name",        TEXT, "likewise" },
	{ "page/register", "address",     TEXT, "likewise" },
	{ "page/register", "next",        TEXT, "field next: where to go afterwards; may be empty" },
	{ "page/register", "error",       TEXT, "one sentence, or empty" },
	{ "page/register", "bad_identifier", FLAG, "the error is about that field" },
	{ "page/register", "bad_name",    FLAG, "likewise" },
	{ "page/register", "bad_address", FLAG, "likewise" },
	{ "page/register", "sent",        FLAG, "the mail was sent: show the code form" },
	{ "page/register", "code_action", URL,  "where the code posts: fields address, code" },
	{ "page/register", "hours",       TEXT, "life of the link: \"24\"" },

	{ "page/account", "name",     TEXT, "shown name" },
	{ "page/account", "action",   URL,  "where name and language post: fields name, locale" },
	{ "page/account", "error",    TEXT, "one sentence, or empty" },
	{ "page/account", "locales",  LIST("language"), "code, name, current" },
	{ "page/account", "addresses", LIST("link"), "text: one's own addresses" },
	{ "page/account", "on_roll",  FLAG, "registered with an identifier" },
	{ "page/account", "has_password", FLAG, "" },
	{ "page/account", "password_url", URL, "/account/password" },
	{ "page/account", "memberships", LIST("membership"), "each forum, and how its messages come" },
	{ "page/account", "sessions", LIST("session"), "where one is signed in" },
	{ "page/account", "session_action", URL, "where ending one posts: field number" },

	{ "page/password", "action", URL,  "where it posts: field password, or remove" },
	{ "page/password", "error",  TEXT, "one sentence, or empty" },
	{ "page/password", "has_password", FLAG, "" },
	{ "page/password", "lately", FLAG, "signed in a moment ago: it may be changed" },
	{ "page/password", "link_action", URL, "where else to ask for a link to change it: field address" },
	{ "page/password", "address", TEXT, "one's own, that the link goes to" },

	{ "page/rolls", "rolls",  LIST("roll"), "newest first" },
	{ "page/rolls", "action", URL,  "where a new one posts: fields name, source, purpose, expires" },
	{ "page/rolls", "key",    TEXT, "nonce, field key" },
	{ "page/rolls", "name",   TEXT, "what was typed" },
	{ "page/rolls", "source", TEXT, "likewise" },
	{ "page/rolls", "purpose", TEXT, "likewise" },
	{ "page/rolls", "error",  TEXT, "one sentence, or empty" },

	{ "page/roll", "roll",   SUB("roll"), "" },
	{ "page/roll", "lines",  LIST("line"), "by age" },
	{ "page/roll", "pager",  SUB("pager"), "" },
	{ "page/roll", "issue_action",  URL,  "where new identifiers are asked for: field count" },
	{ "page/roll", "issue_max",     TEXT, "how many at a time" },
	{ "page/roll", "revoke_action", URL,  "where one line is revoked: field number" },
	{ "page/roll", "rolls_url", URL, "/admin/rolls" },

	{ "page/journal", "forum",   SUB("forum"), "set when it is of one forum" },
	{ "page/journal", "entries", LIST("entry"), "newest first" },
	{ "page/journal", "pager",   SUB("pager"), "" },

	{ "page/members", "forum",   SUB("forum"), "" },
	{ "page/members", "first",   FLAG, "the first page, which has those who moderate" },
	{ "page/members", "moderators", LIST("moderator"), "" },
	{ "page/members", "unmoderated", FLAG, "there are none" },
	{ "page/members", "members", LIST("member"), "who receives it, or did" },
	{ "page/members", "action",  URL,  "fields person and decision: trust, untrust, suspend, admit, moderator, remove; or mandate and decision: dismiss" },
	{ "page/members", "pager",   SUB("pager"), "" },

	{ "page/forum-form", "action", URL,  "where it posts: the fields of act forum.set" },
	{ "page/forum-form", "fresh",  FLAG, "a new forum" },
	{ "page/forum-form", "slug",   TEXT, "what is or was typed, like the ones below" },
	{ "page/forum-form", "name",   TEXT, "" },
	{ "page/forum-form", "description", TEXT, "" },
	{ "page/forum-form", "theme",  TEXT, "" },
	{ "page/forum-form", "position", TEXT, "" },
	{ "page/forum-form", "emergency", FLAG, "everything waits for a moderator" },
	{ "page/forum-form", "who_writes", LIST("choice"), "" },
	{ "page/forum-form", "appears", LIST("choice"), "" },
	{ "page/forum-form", "who_reads", LIST("choice"), "" },
	{ "page/forum-form", "strangers", LIST("choice"), "" },
	{ "page/forum-form", "reply_to", LIST("choice"), "" },
	{ "page/forum-form", "domain", TEXT, "of the mail addresses" },
	{ "page/forum-form", "error",  TEXT, "one sentence, or empty" },
	{ "page/forum-form", "key",    TEXT, "nonce, field key" },

	{ "page/search", "action",  URL,  "where the form leads, by GET: q, forum, author, since, until, order" },
	{ "page/search", "q",       TEXT, "what was typed" },
	{ "page/search", "author",  TEXT, "likewise" },
	{ "page/search", "since",   TEXT, "2026-03-03, or empty" },
	{ "page/search", "until",   TEXT, "likewise" },
	{ "page/search", "ranked",  FLAG, "best first; else newest first" },
	{ "page/search", "narrow",  FLAG, "author or dates were given" },
	{ "page/search", "forums",  LIST("choice"), "that the viewer may read" },
	{ "page/search", "error",   TEXT, "one sentence, or empty" },
	{ "page/search", "nothing", FLAG, "it was looked for, and is not there" },
	{ "page/search", "found",   LIST("found"), "" },
	{ "page/search", "pager",   SUB("pager"), "" },

	{ "page/sheet", "roll",  SUB("roll"), "" },
	{ "page/sheet", "codes", LIST("code"), "the identifiers, shown this once" },
	{ "page/sheet", "count", TEXT, "ready: \"20 identifiers\"" },
	{ "page/sheet", "address", TEXT, "of the registration page, to be printed" },

	{ "page/confirm", "action",  URL,  "where the one button posts" },
	{ "page/confirm", "text",    TEXT, "what the button does, as a sentence" },
	{ "page/confirm", "button",  TEXT, "its word" },
	{ "page/confirm", "expired", FLAG, "too late, or used: no button" },

	{ "page/unsubscribe", "action",  URL,  "where the one button posts" },
	{ "page/unsubscribe", "forum",   SUB("forum"), "" },
	{ "page/unsubscribe", "done",    FLAG, "it is done" },
	{ "page/unsubscribe", "expired", FLAG, "the token is not known" },

	{ "page/moderate", "forum", SUB("forum"), "set when it is the queue of one forum" },
	{ "page/moderate", "bulk_action", URL, "one decision for several: fields post (repeated), decision, reason, why" },
	{ "page/moderate", "reasons", LIST("choice"), "ready-made ones: field reason" },
	{ "page/moderate", "held",  LIST("held"), "oldest first" },
	{ "page/moderate", "count", TEXT, "ready: \"3 messages waiting\"" },

	{ "page/message", "text",  TEXT, "what happened" },
	{ "page/message", "more",  TEXT, "what happens next; may be empty" },
	{ "page/message", "good",  FLAG, "it is done" },
	{ "page/message", "waits", FLAG, "it waits for somebody" },
	{ "page/message", "links", LIST("link"), "where to go now" },

	{ "page/error", "status", TEXT, "404" },
	{ "page/error", "text",   TEXT, "what went wrong, as a sentence" },
	{ "page/error", "missing",   FLAG, "404: not there, or not to be seen" },
	{ "page/error", "denied",    FLAG, "403" },
	{ "page/error", "too_much",  FLAG, "429, 413" },
	{ "page/error", "temporary", FLAG, "503" },
	{ "page/error", "broken",    FLAG, "500" },
	{ "page/error", "seconds",   TEXT, "when to try again (503); may be empty" },

	/* ---- every mail ---- */
	{ "mail/*", "site",  SUB("site"), "" },
	{ "mail/*", "lang",  TEXT, "fr, en" },
	{ "mail/*", "forum", SUB("forum"), "name, address, url; not set where no forum is concerned" },

	/* ---- mails ---- */
	{ "mail/post", "subject", TEXT, "of the thread, with Re: where it is a reply" },
	{ "mail/post", "thread",  SUB("thread"), "title, url" },
	{ "mail/post", "post",    SUB("post"), "author, organisation, capacity, date, text, body, url, attachments" },
	{ "mail/post", "reply",   FLAG, "it answers another post" },
	{ "mail/post", "unsubscribe_url", URL, "/u/TOKEN of this recipient" },

	{ "mail/held-author", "post",   SUB("post"), "subject, text" },
	{ "mail/held-author", "reason", TEXT, "why it waits, as a sentence" },

	{ "mail/held-moderator", "post",      SUB("post"), "author, date, subject, text, attachments" },
	{ "mail/held-moderator", "undone",    TEXT, "why an answer of the moderator did nothing, else empty" },
	{ "mail/held-moderator", "reason",    TEXT, "why it waits" },
	{ "mail/held-moderator", "standing",  TEXT, "who the author is here" },
	{ "mail/held-moderator", "queue_url", URL,  "" },

	{ "mail/approved", "post", SUB("post"), "subject, url" },

	{ "mail/refused", "post", SUB("post"), "subject, text" },
	{ "mail/refused", "why",  TEXT, "reason given by the moderator; may be empty" },

	{ "mail/hidden", "post", SUB("post"), "subject, url" },
	{ "mail/hidden", "why",  TEXT, "reason given by the moderator; may be empty" },

	{ "mail/decided", "post",     SUB("post"), "subject, author" },
	{ "mail/decided", "by",       TEXT, "moderator who decided" },
	{ "mail/decided", "approved", FLAG, "" },
	{ "mail/decided", "refused",  FLAG, "" },
	{ "mail/decided", "why",      TEXT, "reason given; may be empty" },

	{ "mail/login", "link",    URL,  "/ok/TOKEN" },
	{ "mail/login", "code",    TEXT, "for another device; may be empty" },
	{ "mail/login", "minutes", TEXT, "\"10\"" },

	{ "mail/reset", "link",    URL,  "/ok/TOKEN" },
	{ "mail/reset", "code",    TEXT, "empty" },
	{ "mail/reset", "minutes", TEXT, "\"30\"" },

	{ "mail/password", "forgot_url", URL, "where to have a link to a new password sent" },

	{ "mail/register", "link",  URL,  "/ok/TOKEN" },
	{ "mail/register", "code",  TEXT, "for another device" },
	{ "mail/register", "name",  TEXT, "as it was typed" },
	{ "mail/register", "hours", TEXT, "\"24\"" },

	{ "mail/join", "post",         SUB("post"), "subject: what was sent and cannot appear by itself" },
	{ "mail/join", "register_url", URL, "" },

	{ "mail/confirm", "link", URL,  "/ok/TOKEN" },
	{ "mail/confirm", "text", TEXT, "what is confirmed, as a sentence" },

	{ "mail/unsubscribed", "undo_url", URL, "where to subscribe again" },

	{ "mail/was-it-you", "post", SUB("post"), "subject, text" },
	{ "mail/was-it-you", "link", URL, "/ok/TOKEN: yes, it was me" },

	{ "mail/private", "author",  TEXT, "who writes privately" },
	{ "mail/private", "subject", TEXT, "" },
	{ "mail/private", "text",    TEXT, "what they write" },

	{ "mail/owners", "author",  TEXT, "who writes to those who look after a forum, or after all" },
	{ "mail/owners", "from_address", TEXT, "whom the reply goes to" },
	{ "mail/owners", "proved",  FLAG, "it does come from that address" },
	{ "mail/owners", "subject", TEXT, "" },
	{ "mail/owners", "text",    TEXT, "what they write" },

	{ "mail/alarm", "why", TEXT, "what was found damaged, a sentence for administrators, in English" },
};
/* clang-format on */

const size_t theme_names_count = sizeof(theme_names) / sizeof(theme_names[0]);
