/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "process/handed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "net/listen.h"

enum { FIRST_FD = 3, HANDED_MAX = 16 };

static const char *const names[] = { "listen.http", "listen.smtp", "listen.lmtp" };

static struct {
	const char *name;
	int fd;
} handed[HANDED_MAX];
static int count;

/* NULL: nobody knows what it is for. */
static const char *
find_name(struct span word)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_is(word, names[i] + strlen("listen.")))
			return names[i];
	return NULL;
}

static bool
take_one(int fd, struct span word, struct err *err)
{
	const char *name = find_name(word);

	if (name == NULL)
		return err_set(err, ERR_INVALID,
		    "descriptor %d was handed to us as \"" SPAN_FORMAT
		    "\" (LISTEN_FDNAMES): it must be http, smtp or lmtp",
		    fd, SPAN_ARGS(span_first(word, 40)));
	if (!listen_adopt(fd, err))
		return err_in(
		    err, "descriptor %d, handed to us as " SPAN_FORMAT, fd, SPAN_ARGS(word));
	handed[count].name = name;
	handed[count++].fd = fd;
	return true;
}

static bool
take_all(int64_t number, struct span rest, struct err *err)
{
	struct span word;

	for (int i = 0; i < number; i++) {
		if (!span_next(&rest, ':', &word))
			word = (struct span){ "", 0 };
		if (!take_one(FIRST_FD + i, word, err))
			return false;
	}
	return true;
}

bool
handed_take(struct err *err)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	const char *words = getenv("LISTEN_FDNAMES");
	int64_t whose = 0, number = 0;
	bool ours = pid != NULL && fds != NULL && span_int(span_of(pid), 1, INT32_MAX, &whose) &&
		    whose == getpid();
	bool good = true;

	if (ours && !span_int(span_of(fds), 0, HANDED_MAX, &number))
		good = err_set(err, ERR_INVALID, "LISTEN_FDS is no number up to %d", HANDED_MAX);
	else if (ours)
		good = take_all(number, span_of(words != NULL ? words : ""), err);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return good;
}

int
handed_fd(const char *name, int number)
{
	for (int i = 0; i < count; i++)
		if (strcmp(handed[i].name, name) == 0 && number-- == 0)
			return handed[i].fd;
	return -1;
}
