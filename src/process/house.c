/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/house.c: the data folder made ready, step by step.
 *
 *   data/           2750 owner:preau-read   preau.db and its WAL (0640)
 *   data/blobs/     2750 owner:preau-read   big octets by their hash
 *   data/spool/     0755 owner              a folder for each door:
 *   data/spool/X/   0700 doors              big bodies on their way in
 *   data/outgoing/  2750 doors:preau-read   relay.to = dir:outgoing
 *   data/run/       0700 owner              console socket, lock, pid, addresses
 *   data/keys       0600 of the supervisor  one "name hex" a line */
#include "process/house.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "net/listen.h"
#include "process/handed.h"
#include "process/role_relay.h"
#include "store/readonly.h"

enum { PEM_MAX = 256 * 1024 };

static const char *const key_names[] = { "token", "token.old", "seal", "pepper", "log" };

static const char *
in_data(const struct house *house, const char *name)
{
	return arena_printf(house->arena, "%s/%s", house->settings.data, name);
}

static bool
read_settings(struct house *house, struct settings *settings, struct span *text, struct err *err)
{
	struct buf file = { 0 };
	bool good = file_read(house->file, SETTINGS_TEXT_MAX, &file, err);
	struct relay_target target;

	if (good) {
		*text = arena_span(house->arena, buf_span(&file));
		good = settings_read(house->arena, *text, house->file, settings, err) &&
		    relay_target_read(settings->relay_to, settings->data, &target, err);
	}
	buf_free(&file);
	return good;
}

static bool
read_pem(struct house *house, const char *path, struct span *pem, struct err *err)
{
	struct buf file = { 0 };
	bool good = file_read(path, PEM_MAX, &file, err);

	if (good)
		*pem = arena_span(house->arena, buf_span(&file));
	token_wipe(file.data, file.len);
	buf_free(&file);
	return good;
}

/* Read here, since the roles that speak TLS may not read the key's file. */
static bool
read_tls(struct house *house, const struct settings *settings, struct err *err)
{
	struct span chain = { 0 }, key = { 0 };

	if (settings->tls_certificate[0] != '\0' &&
	    (!read_pem(house, settings->tls_certificate, &chain, err) ||
	        !read_pem(house, settings->tls_key, &key, err)))
		return err_in(err, "tls.certificate, tls.key");
	house->tls_chain = chain;
	house->tls_key = key;
	return true;
}

bool
house_read(struct house *house, const char *file, struct err *err)
{
	char *real = realpath(file, NULL);

	memset(house, 0, sizeof *house);
	house->arena = arena_new();
	house->file = arena_strdup(house->arena, real != NULL ? real : file);
	free(real);
	return read_settings(house, &house->settings, &house->text, err) &&
	       read_tls(house, &house->settings, err);
}

static void
tell_what_waits(const struct settings *before, const struct settings *now)
{
	struct buf names = { 0 };

	settings_wait_start(before, now, &names);
	if (names.len > 0)
		log_warn("serve reload=partly settings=\"%s\" why=\"they are read when the server starts\"",
		    log_text(buf_span(&names)));
	buf_free(&names);
}

bool
house_reread(struct house *house, struct err *err)
{
	struct settings settings;
	struct span text;

	if (!read_settings(house, &settings, &text, err))
		return false;
	if (strcmp(settings.data, house->settings.data) != 0)
		return err_set(err, ERR_INVALID, "data cannot change while the server runs");
	if (!read_tls(house, &settings, err))
		return false;
	tell_what_waits(&house->settings, &settings);
	house->settings = settings;
	house->text = text;
	return true;
}

/* ---- users ---- */

static bool
find_user(const char *name, uid_t *uid, gid_t *gid, struct err *err)
{
	int64_t number;
	struct passwd *user = getpwnam(name);

	if (user != NULL) {
		*uid = user->pw_uid;
		*gid = user->pw_gid;
		return true;
	}
	if (!span_int(span_of(name), 1, 4000000000, &number))
		return err_set(err, ERR_NOT_FOUND, "there is no user %s (user.owner, user.doors)", name);
	*uid = (uid_t)number;
	*gid = (gid_t)number;
	return true;
}

bool
house_users(struct house *house, struct err *err)
{
	const struct settings *s = &house->settings;
	struct group *group;
	int64_t number;

	house->as_root = geteuid() == 0;
	if (!house->as_root) {
		log_warn("walls users=one why=\"not started as root: every role shares uid %u, "
		         "so a broken role could write the book\"", (unsigned)geteuid());
		return true;
	}
	if (!find_user(s->user_owner, &house->owner, &house->owner_group, err) ||
	    !find_user(s->user_doors, &house->doors, &house->doors_group, err))
		return false;
	if (house->owner == house->doors)
		return err_set(err, ERR_INVALID, "user.owner and user.doors must differ");
	group = getgrnam(s->group_read);
	if (group != NULL)
		house->read_group = group->gr_gid;
	else if (span_int(span_of(s->group_read), 1, 4000000000, &number))
		house->read_group = (gid_t)number;
	else
		return err_set(err, ERR_NOT_FOUND, "there is no group %s (group.read)", s->group_read);
	return true;
}

/* ---- folders ---- */

/* clang-format off */
const struct house_folder house_folders[] = {
	/* name            mode   of the doors  group.read */
	{ "",             02750, false,        true },
	{ "blobs",        02750, false,        true },
	{ "spool",         0755, false,        true },
	{ "spool/intake",  0700, true,         false },
	{ "spool/web",     0700, true,         false },
	{ "outgoing",     02750, true,         true },
	{ "run",           0700, false,        false },
	{ NULL, 0, false, false },
};
/* clang-format on */

void
house_folder_owner(const struct house *house, const struct house_folder *folder, uid_t *uid, gid_t *gid)
{
	*uid = folder->of_doors ? house->doors : house->owner;
	*gid = folder->readable ? house->read_group :
	       folder->of_doors ? house->doors_group :
				  house->owner_group;
}

static bool
make_folder(struct house *house, const struct house_folder *folder, struct err *err)
{
	const char *path = folder->name[0] == '\0' ? house->settings.data : in_data(house, folder->name);
	struct stat found;
	uid_t uid;
	gid_t gid;

	house_folder_owner(house, folder, &uid, &gid);
	if (!file_make_folder(path, folder->mode, err))
		return false;
	if (house->as_root && chown(path, uid, gid) != 0)
		return err_set(err, ERR_BROKEN, "%s cannot be given to its user: %s", path,
		    strerror(errno));
	if (chmod(path, folder->mode) != 0 || stat(path, &found) != 0)
		return err_set(err, ERR_BROKEN, "%s: %s", path, strerror(errno));
	/* Without CAP_FSETID the kernel drops the set-group-ID bit and says nothing. */
	return (found.st_mode & 07777) == folder->mode ||
	       err_set(err, ERR_BROKEN, "%s does not keep its mode %o", path, (unsigned)folder->mode);
}

static bool
make_folders(struct house *house, struct err *err)
{
	for (const struct house_folder *folder = house_folders; folder->name != NULL; folder++)
		if (!make_folder(house, folder, err))
			return false;
	return true;
}

/* ---- what stays open ---- */

static struct house_listener *
keep_open(struct house *house, const char *name, int fd)
{
	struct house_listener *slot = &house->open[house->open_count++];

	slot->name = name;
	slot->fd = fd;
	return slot;
}

static bool
open_folder(struct house *house, const char *name, const char *path, struct err *err)
{
	int fd = open(in_data(house, path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_set(err, ERR_BROKEN, "%s: %s", path, strerror(errno));
	keep_open(house, name, fd);
	return true;
}

/* The lock belongs to the open file, which the clerk inherits: as long as one of the
 * two lives nobody else writes this book. A console that was there before the server, a nightly
 * backup say, has one of its own and soon ends: who is to serve tries again. */
static bool
take_lock(struct house *house, struct err *err)
{
	const char *path = in_data(house, "run/lock");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return err_set(err, ERR_BROKEN, "%s: %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		close(fd);
		return err_set(err, ERR_TEMPORARY, "another preau is at work in %s: a server, or the console",
		    house->settings.data);
	}
	keep_open(house, "lock", fd);
	return true;
}

static bool
open_console(struct house *house, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = in_data(house, "run/preau.sock");
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t old;
	bool good;

	if (fd < 0 || strlen(path) >= sizeof address.sun_path)
		return err_set(err, ERR_BROKEN, "%s: the path is too long for a socket", path);
	memcpy(address.sun_path, path, strlen(path));
	unlink(path);
	old = umask(0177);
	good = bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 64) == 0;
	umask(old);
	if (good && house->as_root)
		good = chown(path, house->owner, house->owner_group) == 0;
	if (!good) {
		close(fd);
		return err_set(err, ERR_BROKEN, "%s: %s", path, strerror(errno));
	}
	keep_open(house, "console", fd);
	return true;
}

static bool
keep_listener(struct house *house, const char *name, int fd, struct err *err)
{
	struct house_listener *slot = keep_open(house, name, fd);

	return listen_name(fd, slot->address) || err_set(err, ERR_BROKEN, "%s has no name", name);
}

/* *any: there were some, and the addresses of the settings are not asked for. */
static bool
keep_handed(struct house *house, const char *name, bool *any, struct err *err)
{
	int fd;

	*any = handed_fd(name, 0) >= 0;
	for (int i = 0; (fd = handed_fd(name, i)) >= 0; i++) {
		if (house->open_count == HOUSE_LISTENERS_MAX)
			return err_set(err, ERR_INVALID, "too many sockets were handed to us");
		if (!keep_listener(house, name, fd, err))
			return false;
	}
	return true;
}

/* "127.0.0.1:25 [::1]:25" */
static bool
open_listeners(struct house *house, const char *name, const char *addresses, struct err *err)
{
	struct span rest = span_of(addresses), word;
	bool any;

	if (!keep_handed(house, name, &any, err))
		return false;
	if (any)
		return true;
	while (span_next(&rest, ' ', &word)) {
		int fd;
		if (span_trim(word).len == 0)
			continue;
		if (house->open_count == HOUSE_LISTENERS_MAX)
			return err_set(err, ERR_INVALID, "too many addresses in %s", name);
		if (!listen_open(arena_strndup(house->arena, word.data, word.len), &fd, err))
			return err_in(err, "%s", name);
		if (!keep_listener(house, name, fd, err))
			return false;
	}
	return true;
}

/* run/listen: what a script or a person needs to find us, and that we are there. */
static bool
write_run_files(struct house *house, struct err *err)
{
	struct buf text = { 0 };
	bool good;

	for (int i = 0; i < house->open_count; i++)
		if (house->open[i].address[0] != '\0')
			buf_printf(&text, "%s %s\n", house->open[i].name + strlen("listen."),
			    house->open[i].address);
	good = file_write(in_data(house, "run/listen"), buf_span(&text), 0644, err);
	buf_clear(&text);
	buf_printf(&text, "%ld\n", (long)getpid());
	good = good && file_write(in_data(house, "run/preau.pid"), buf_span(&text), 0644, err);
	buf_free(&text);
	return good;
}

/* ---- keys ---- */

static bool
read_keys(struct house *house, struct span text, struct err *err)
{
	struct span line;

	while (span_next_line(&text, &line)) {
		struct span name, hex = line;
		span_next(&hex, ' ', &name);
		for (size_t i = 0; i < sizeof key_names / sizeof key_names[0]; i++) {
			if (!span_is(name, key_names[i]))
				continue;
			if (!token_unhex(span_trim(hex), house->keys[i].key, KEY_SIZE))
				return err_set(err, ERR_BROKEN, "the keys file is damaged at %s",
				    key_names[i]);
			house->keys[i].name = key_names[i];
		}
	}
	for (size_t i = 0; i < sizeof key_names / sizeof key_names[0]; i++)
		if (house->keys[i].name == NULL)
			return err_set(err, ERR_BROKEN, "the keys file has no key %s", key_names[i]);
	return true;
}

static bool
draw_keys(const char *path, struct err *err)
{
	struct buf text = { 0 };
	bool good;

	for (size_t i = 0; i < sizeof key_names / sizeof key_names[0]; i++) {
		uint8_t key[KEY_SIZE];
		char hex[2 * KEY_SIZE + 1];
		token_random(key, sizeof key);
		token_hex(key, sizeof key, hex);
		buf_printf(&text, "%s %s\n", key_names[i], hex);
		token_wipe(key, sizeof key);
		token_wipe(hex, sizeof hex);
	}
	good = file_write(path, buf_span(&text), 0600, err);
	token_wipe(text.data, text.len);
	buf_free(&text);
	return good;
}

static bool
open_keys(struct house *house, struct err *err)
{
	const char *path = in_data(house, "keys");
	struct buf text = { 0 };
	bool good;

	/* Without its keys an existing book would lose every token given out: say so. */
	if (!file_exists(path) && file_exists(in_data(house, "preau.db")))
		return err_set(err, ERR_BROKEN, "%s is missing beside the book: restore it", path);
	if (!file_exists(path) && !draw_keys(path, err))
		return false;
	good = file_read(path, 4096, &text, err) && read_keys(house, buf_span(&text), err);
	token_wipe(text.data, text.len);
	buf_free(&text);
	return good;
}

const uint8_t *
house_key(const struct house *house, struct span name)
{
	for (size_t i = 0; i < sizeof house->keys / sizeof house->keys[0]; i++)
		if (house->keys[i].name != NULL && span_is(name, house->keys[i].name))
			return house->keys[i].key;
	return NULL;
}

/* ---- all of it ---- */

static bool
open_doors(struct house *house, struct err *err)
{
	const struct settings *s = &house->settings;

	return open_listeners(house, "listen.http", s->listen_http, err) &&
	       open_listeners(house, "listen.smtp", s->listen_smtp, err) &&
	       open_listeners(house, "listen.lmtp", s->listen_lmtp, err);
}

bool
house_open(struct house *house, bool doors, struct err *err)
{
	umask(0027);
	return house_users(house, err) && make_folders(house, err) && take_lock(house, err) &&
	       readonly_lift(house->settings.data, err) &&
	       open_keys(house, err) && open_folder(house, "spool.intake", "spool/intake", err) &&
	       open_folder(house, "spool.web", "spool/web", err) &&
	       (!doors || open_doors(house, err)) && open_console(house, err) &&
	       write_run_files(house, err);
}

void
house_close(struct house *house)
{
	unlink(in_data(house, "run/preau.sock"));
	unlink(in_data(house, "run/listen"));
	unlink(in_data(house, "run/preau.pid"));
	for (int i = 0; i < house->open_count; i++)
		file_close(&house->open[i].fd);
	token_wipe(house->keys, sizeof house->keys);
	arena_free(&house->arena);
}
