/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* tests/walls/acts.h: what a worker that was broken into would try. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct broken {
	const char *role;
	const char *data; /* the data folder */
	pid_t worker;	  /* the process that is broken, a neighbour to who tries */
	pid_t supervisor;
	int web_port; /* of this house, on 127.0.0.1 */
};

/* How many there are. */
size_t
acts_count(void);

const char *
acts_name(size_t number);

/* Is it what this role is there for? `one`: all roles share a user. */
bool
acts_is_duty(size_t number, const struct broken *broken, bool one);

/* Nothing but Landlock stands in its way. */
bool
acts_needs_landlock(size_t number, bool one);

/* 0: done. Else errno. */
int
acts_try(size_t number, const struct broken *broken);
