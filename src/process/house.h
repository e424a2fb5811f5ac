/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/house.h: what must stand before anybody works: users, folders, keys,
 * the lock, the listening sockets. The supervisor's own; workers get descriptors. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/token.h"
#include "net/resolve.h"
#include "rules/settings.h"

enum { HOUSE_LISTENERS_MAX = 24 };

struct house_listener {
	const char *name; /* "listen.http" ... "console", "lock", "spool.web" */
	int fd;
	char address[NET_ADDRESS_TEXT]; /* as the system has it, for people */
};

struct house {
	struct arena *arena;
	const char *file;     /* settings file */
	struct span text;     /* its text, handed to every worker */
	struct settings settings;
	struct span tls_chain, tls_key; /* PEM; empty where tls.certificate is not said */
	bool as_root;
	uid_t owner, doors;   /* only as root */
	gid_t owner_group, doors_group, read_group;
	struct house_listener open[HOUSE_LISTENERS_MAX];
	int open_count;
	struct house_key {
		const char *name;
		uint8_t key[KEY_SIZE];
	} keys[5];
};

/* What serve makes in the data folder, "" being that itself: whose it is, and its mode. */
struct house_folder {
	const char *name; /* NULL ends the table */
	mode_t mode;
	bool of_doors; /* else of the owner */
	bool readable; /* its group is group.read */
};

extern const struct house_folder house_folders[];

/* Where we are root, after house_users(). */
void
house_folder_owner(
    const struct house *house, const struct house_folder *folder, uid_t *uid, gid_t *gid);

/* Reads and checks the settings file. */
bool
house_read(struct house *house, const char *file, struct err *err);

/* Reads it anew for a reload: on false the old settings stay. */
bool
house_reread(struct house *house, struct err *err);

/* Who owner, doors and group.read are, where we are root. NOT_FOUND: there is no such user. */
bool
house_users(struct house *house, struct err *err);

/* Users, folders, lock, keys, sockets; `doors`: also the listening ones. CONFLICT: another
 * supervisor holds the data folder. */
bool
house_open(struct house *house, bool doors, struct err *err);

/* Removes the console socket and what tells of the running server. */
void
house_close(struct house *house);

const uint8_t *
house_key(const struct house *house, struct span name);
