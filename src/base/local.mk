# SPDX-License-Identifier: AGPL-3.0-or-later
noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
	src/base/alloc.c src/base/alloc.h \
	src/base/arena.c src/base/arena.h \
	src/base/clock.c src/base/clock.h \
	src/base/err.c src/base/err.h \
	src/base/file.c src/base/file.h \
	src/base/frame.c src/base/frame.h \
	src/base/log.c src/base/log.h \
	src/base/map.c src/base/map.h \
	src/base/str.c src/base/str.h \
	src/base/token.c src/base/token.h \
	src/base/utf8.c src/base/utf8.h \
	src/base/zone.c src/base/zone.h
