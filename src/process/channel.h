/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/channel.h: messages between two processes.
 *
 * A channel is one end of an AF_UNIX SOCK_SEQPACKET pair. The supervisor keeps
 * both ends of every pair, so that a channel outlives the processes at it: what
 * was sent to a dead one waits for the next. A message (base/frame.h) of up to
 * FRAME_MAX - 1 octets is one packet; a longer one travels as several, in order.
 *
 *   packet: flags u8 (1 = first of its message, 2 = last) | octets
 *
 * A half message left by a process that died is thrown away by the next first
 * packet. Everything is validated here: a handler sees sound frames only. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/frame.h"
#include "base/str.h"
#include "net/loop.h"

/* What a message is; the fields of each are listed in src/process/README.md. */
enum message_kind {
	MESSAGE_ACT = 1,    /* door → clerk */
	MESSAGE_ASK,        /* door → clerk: an answer, no change */
	MESSAGE_ANSWER,     /* clerk → door */
	MESSAGE_JOB,        /* clerk → parser, auth */
	MESSAGE_RESULT,     /* parser, auth → clerk */
	MESSAGE_HINT,       /* may be lost; the tables are the truth */
	MESSAGE_START = 32, /* supervisor → worker: who you are, settings, secrets, descriptors */
	MESSAGE_READY,      /* worker → supervisor */
	MESSAGE_RELOAD,     /* supervisor → worker: new settings */
	MESSAGE_STOP,       /* supervisor → worker: drain and exit */
	MESSAGE_CLERK_UP,   /* supervisor → doors: the clerk was replaced and is ready */
	MESSAGE_WORKER_UP,  /* supervisor → clerk: role, index, incarnation, died */
	MESSAGE_BEAT         /* worker → supervisor: my loop turns */
};

struct channel;

/* In place of a descriptor that was sent and could not be taken: we have too many. What it was to
 * bring is not there; who goes on without takes nothing for the whole. */
enum { CHANNEL_FD_LOST = -2 };

/* The descriptor that came along is closed afterwards unless the handler takes it by
 * setting *fd to -1. The frame is borrowed for the call. */
typedef void channel_fn(struct channel *channel, const struct frame *frame, int *fd, void *arg);
/* The other end is closed, or sent what is no message. Not called by channel_free(). */
typedef void channel_closed_fn(struct channel *channel, void *arg);

/* fd becomes the channel's; it is made non-blocking. */
struct channel *
channel_new(struct loop *loop, int fd, channel_fn *fn, channel_closed_fn *closed, void *arg);

/* From now on what is no message is dropped and the next one awaited: the other end is a
 * worker that may be broken into, and this process must not fall with it. */
void
channel_endure(struct channel *channel);

void
channel_free(struct channel **channel);

/* Sends now or queues; fd (or -1) rides with the first packet and is duplicated. */
void
channel_send(struct channel *channel, struct span message, int fd);

/* Octets queued here, not counting the kernel's buffer. */
size_t
channel_queued(const struct channel *channel);

/* Forgets what is queued here: its reader is dead. */
void
channel_forget(struct channel *channel);

/* Blocking forms, for the console and for worker start: one whole message. False when
 * the other end is closed, or after timeout_ms (-1: none). */
bool
packet_send(int fd, struct span message, int passed);

bool
packet_receive(int fd, struct buf *message, int *passed, int timeout_ms);
