# SPDX-License-Identifier: AGPL-3.0-or-later
noinst_LIBRARIES += libprocess.a
libprocess_a_SOURCES = \
	src/process/channel.c src/process/channel.h \
	src/process/clerk_closed.c \
	src/process/clerk_jobs.c src/process/clerk_state.h \
	src/process/clerk_peer.c src/process/clerk_peer.h \
	src/process/clerk_turn.c \
	src/process/console.c src/process/console.h \
	src/process/door.c src/process/door.h \
	src/process/handed.c src/process/handed.h \
	src/process/house.c src/process/house.h \
	src/process/notify.c src/process/notify.h \
	src/process/role.c src/process/role.h \
	src/process/role_auth.c \
	src/process/role_checker.c \
	src/process/role_clerk.c \
	src/process/spawn.c src/process/spawn.h \
	src/process/supervisor.c src/process/supervisor.h \
	src/process/worker.c src/process/worker.h

check_PROGRAMS += test_channel
test_channel_SOURCES = tests/unit/test_channel.c
test_channel_LDADD = libprocess.a libnet.a libbase.a $(EVENT_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)

# The parser and its walls
libprocess_a_SOURCES += src/process/role_parser.c src/process/sandbox.c src/process/sandbox.h \
	src/process/sandbox_paths.c src/process/worker_walls.c src/process/worker_walls.h

# Mail in and out
libprocess_a_SOURCES += src/process/role_intake.c src/process/role_intake.h src/process/intake_ask.c \
	src/process/intake_session.c
libprocess_a_SOURCES += src/process/role_relay.c src/process/role_relay.h src/process/relay_copy.c \
	src/process/relay_link.c src/process/relay_target.c

# The web
libprocess_a_SOURCES += src/process/role_web.c
check_PROGRAMS += test_sandbox
test_sandbox_SOURCES = tests/unit/test_sandbox.c tests/unit/json.c tests/unit/json.h
test_sandbox_LDADD = libprocess.a $(mail_test_libs) $(SECCOMP_LIBS)

# The same server, its workers broken into: what can they do? (tests/flow/story_broken.py)
noinst_PROGRAMS += preau_broken
preau_broken_SOURCES = src/main.c tests/walls/broken.c tests/walls/acts.c tests/walls/acts.h
preau_broken_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/walls
preau_broken_LDADD = $(layer_libs) $(library_libs)
preau_broken_LDFLAGS = $(AM_LDFLAGS) -Wl,--export-dynamic-symbol=mailmime_extract_boundary \
	-Wl,--wrap=sandbox_confine -Wl,--wrap=worker_walls -Wl,--wrap=sandbox_close -Wl,--wrap=loop_run
