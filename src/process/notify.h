/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/notify.h: what a service manager is told: the protocol of sd_notify(3), a datagram to
 * the socket that $NOTIFY_SOCKET names; nothing where nobody asked for it. */
#pragma once

/* Takes the name of the socket out of the environment, so that no role inherits it. */
void
notify_open(void);

/* One or more lines "NAME=value": "READY=1", "STOPPING=1". What cannot be told is logged. */
void
notify_say(const char *state);

/* "RELOADING=1" with the clock that it must be said with; "READY=1" follows once it is done. */
void
notify_reloading(void);
