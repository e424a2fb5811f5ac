/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/sandbox_paths.c: Landlock: what of the file system a role may touch.
 *
 * The users of the roles say much of that already where the server is started as root. Where it is
 * not, all have the same user, and this is the wall between them. The numbers stand here since the
 * headers of the oldest system that we build on know only the first versions. */
#include "process/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"

enum {
	VERSION_REFER = 2,
	VERSION_TRUNCATE = 3,
	VERSION_NET = 4,
	VERSION_DEVICES = 5,
	VERSION_SCOPE = 6
};

/* linux/landlock.h of Linux 6.12 */
struct rules {
	uint64_t files; /* what is forbidden unless a path allows it */
	uint64_t net;
	uint64_t scope;
};

#define FILES_1 ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)
#define FILES_REFER (UINT64_C(1) << 13)
#define FILES_TRUNCATE (UINT64_C(1) << 14)
#define FILES_IOCTL (UINT64_C(1) << 15)
#define NET_BIND (UINT64_C(1) << 0)
#define NET_CONNECT (UINT64_C(1) << 1)
#define SCOPE_ABSTRACT (UINT64_C(1) << 0)
#define SCOPE_SIGNAL (UINT64_C(1) << 1)

#define READS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
/* No role makes devices, pipes, sockets or symbolic links, or starts a program. */
#define WRITES                                                                        \
	(READS | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |     \
	    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | FILES_REFER | \
	    FILES_TRUNCATE)
#define OF_A_FILE (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | FILES_TRUNCATE)

int
sandbox_paths_version(void)
{
#ifdef PREAU_SANITIZERS
	return 0;
#else
	long version =
	    syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	/* The first version lets nobody rename from one folder to another: blobs come so. */
	return version < VERSION_REFER ? 0 : (int)version;
#endif
}

static size_t
size_of(int version)
{
	return version >= VERSION_SCOPE ? sizeof(struct rules)
	       : version >= VERSION_NET ? 2 * sizeof(uint64_t)
					: sizeof(uint64_t);
}

static struct rules
rules_of(int version, bool may_connect)
{
	struct rules rules = { .files = FILES_1 | FILES_REFER };

	if (version >= VERSION_TRUNCATE)
		rules.files |= FILES_TRUNCATE;
	if (version >= VERSION_DEVICES)
		rules.files |= FILES_IOCTL;
	if (version >= VERSION_NET)
		rules.net = may_connect ? NET_BIND : NET_BIND | NET_CONNECT;
	if (version >= VERSION_SCOPE)
		rules.scope = SCOPE_ABSTRACT | SCOPE_SIGNAL;
	return rules;
}

/* What is not there needs no rule. */
static bool
add_path(int set, const struct sandbox_path *path, uint64_t handled, struct err *err)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = (path->may_write ? WRITES : READS) & handled,
		.parent_fd = open(path->path, O_PATH | O_CLOEXEC),
	};
	struct stat found;
	bool done;

	if (rule.parent_fd < 0)
		return true;
	if (fstat(rule.parent_fd, &found) == 0 && !S_ISDIR(found.st_mode))
		rule.allowed_access &= OF_A_FILE;
	done = syscall(SYS_landlock_add_rule, set, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
	close(rule.parent_fd);
	return done || err_set(err, ERR_BROKEN, "the kernel takes no rule for %s", path->path);
}

bool
sandbox_paths(
    const struct sandbox_path *paths, size_t count, bool may_connect, bool *kept, struct err *err)
{
	int version = sandbox_paths_version(), set;
	struct rules rules = rules_of(version, may_connect);
	bool done = true;

	*kept = version > 0;
	if (!*kept)
		return true;
	set = (int)syscall(SYS_landlock_create_ruleset, &rules, size_of(version), 0);
	if (set < 0)
		return err_set(err, ERR_BROKEN, "the kernel makes no set of rules for files");
	for (size_t i = 0; done && i < count; i++)
		done = add_path(set, &paths[i], rules.files, err);
	if (done && syscall(SYS_landlock_restrict_self, set, 0) != 0)
		done = err_set(err, ERR_BROKEN, "the kernel takes no rules for files");
	file_close(&set);
	return done;
}
