/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "process/worker_walls.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/log.h"
#include "process/role.h"
#include "process/role_relay.h"
#include "process/sandbox.h"

enum { PATHS_MAX = 48 };

struct walls {
	struct sandbox_path paths[PATHS_MAX];
	size_t count;
};

static void
allow(struct walls *walls, const char *path, bool may_write)
{
	if (walls->count == PATHS_MAX)
		die("walls: more than %d paths for one role", PATHS_MAX);
	walls->paths[walls->count++] = (struct sandbox_path){ path, may_write };
}

static void
allow_all(struct walls *walls, const char *const *paths, const char *folder, struct arena *arena)
{
	for (; *paths != NULL; paths++)
		allow(walls, arena_printf(arena, "%s%s", folder, *paths), false);
}

/* Libraries may come late (character sets, names), and time zones. */
static const char *const of_all[] = { "/usr/lib", "/usr/lib64", "/usr/share/zoneinfo", "/lib",
	"/lib64", "/etc/localtime", "/etc/ld.so.cache", "/dev/null", "/dev/urandom", NULL };
/* The book file by file: beside it lie the keys. */
static const char *const of_readers[] = { "/preau.db", "/preau.db-wal", "/preau.db-shm", "/blobs",
	NULL };
/* Each by itself: they may be links to elsewhere. */
static const char *const of_share[] = { "", "/locale", "/themes", "/themes/default", NULL };
/* How a name becomes an address, and whom to trust in TLS. */
static const char *const of_callers[] = { "/etc/resolv.conf", "/run/systemd/resolve", "/etc/hosts",
	"/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services", "/etc/ssl",
	"/etc/pki", "/usr/share/ca-certificates", NULL };

/* Where libssl is told by the environment to look for whom to trust. */
static void
allow_named(struct walls *walls, const char *variable)
{
	const char *path = getenv(variable);

	if (path != NULL && path[0] == '/')
		allow(walls, path, false);
}

/* A folder that is not there yet is made by the relay: in the one above it. */
static void
allow_outgoing(struct walls *walls, const char *folder, struct arena *arena)
{
	char *path = arena_strdup(arena, folder), *end = strrchr(path, '/');

	if (!file_exists(path) && end != NULL && end != path)
		*end = '\0';
	allow(walls, path, true);
}

static void
fill(struct walls *walls, const struct worker *worker, const struct role *role,
    const struct relay_target *target, struct arena *arena)
{
	const struct settings *settings = &worker->settings;

	allow_all(walls, of_all, "", arena);
	if ((role->flags & ROLE_OWNER) != 0)
		allow(walls, settings->data, true);
	if ((role->flags & ROLE_READS) != 0) {
		allow_all(walls, of_readers, settings->data, arena);
		allow_all(walls, of_share, settings->share, arena);
		allow(walls, arena_printf(arena, "%s/themes/%s", settings->share, settings->theme),
		    false);
	}
	if ((role->flags & ROLE_SPOOLS) != 0) /* its user may not pass the folders above it */
		allow(walls, arena_printf(arena, "/proc/self/fd/%d", worker_fd(worker, "spool", 0)),
		    true);
	if ((role->flags & ROLE_CALLS) != 0) {
		allow_all(walls, of_callers, "", arena);
		allow_named(walls, "SSL_CERT_FILE");
		allow_named(walls, "SSL_CERT_DIR");
		if (target->way == RELAY_DIR)
			allow_outgoing(walls, target->path, arena);
	}
}

bool
worker_walls(const struct worker *worker, const struct role *role, struct err *err)
{
	const struct settings *settings = &worker->settings;
	bool calls = (role->flags & ROLE_CALLS) != 0, kept = false, done;
	struct arena *arena = arena_new();
	struct walls walls = { .count = 0 };
	struct relay_target target;

	if (!relay_target_read(settings->relay_to, settings->data, &target, err))
		return arena_free(&arena), false;
	fill(&walls, worker, role, &target, arena);
	done = sandbox_paths(walls.paths, walls.count, calls, &kept, err);
	arena_free(&arena);
	if (done && !kept)
		log_info("worker landlock=none");
	return done && (!calls || relay_target_is_unix(&target) || sandbox_no_unix(err));
}
