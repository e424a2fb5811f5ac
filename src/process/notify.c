/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "process/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

static struct sockaddr_un place; /* sun_path[0..] as the kernel wants it; "@x" is abstract */
static socklen_t place_len;	 /* 0: nobody asked */

void
notify_open(void)
{
	const char *name = getenv("NOTIFY_SOCKET");
	size_t len = name == NULL ? 0 : strlen(name);

	if (len > 1 && len < sizeof(place.sun_path) && (name[0] == '/' || name[0] == '@')) {
		place.sun_family = AF_UNIX;
		memcpy(place.sun_path, name, len);
		if (name[0] == '@')
			place.sun_path[0] = '\0';
		place_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	} else if (len > 0) {
		log_warn("notify why=\"NOTIFY_SOCKET names no socket\"");
	}
	unsetenv("NOTIFY_SOCKET");
}

void
notify_say(const char *state)
{
	int fd;

	if (place_len == 0)
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || sendto(fd, state, strlen(state), MSG_NOSIGNAL,
			  (const struct sockaddr *)&place, place_len) < 0)
		log_warn("notify why=\"%s\"", strerror(errno));
	if (fd >= 0)
		close(fd);
}

void
notify_reloading(void)
{
	struct timespec now;
	char text[80];

	clock_gettime(CLOCK_MONOTONIC, &now);
	(void)snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
	    (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	notify_say(text);
}
