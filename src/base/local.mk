# SPDX-License-Identifier: AGPL-3.0-or-later
noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
	src/base/alloc.c src/base/alloc.h \
	src/base/arena.c src/base/arena.h \
	src/base/clock.c src/base/clock.h \
	src/base/err.c src/base/err.h \
	src/base/fault.c src/base/fault.h \
	src/base/file.c src/base/file.h \
	src/base/frame.c src/base/frame.h \
	src/base/log.c src/base/log.h \
	src/base/map.c src/base/map.h \
	src/base/str.c src/base/str.h \
	src/base/sum.c src/base/sum.h \
	src/base/token.c src/base/token.h \
	src/base/utf8.c src/base/utf8.h \
	src/base/zone.c src/base/zone.h

check_PROGRAMS += test_base_arena \
	test_base_clock \
	test_base_file \
	test_base_frame \
	test_base_map \
	test_base_str \
	test_base_sum \
	test_base_token \
	test_base_utf8

test_base_arena_SOURCES = tests/unit/test_base_arena.c
test_base_arena_LDADD = libbase.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)

test_base_clock_SOURCES = tests/unit/test_base_clock.c
test_base_clock_LDADD = libbase.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)

test_base_file_SOURCES = tests/unit/test_base_file.c
test_base_file_LDADD = libbase.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)

test_base_frame_SOURCES = tests/unit/test_base_frame.c
test_base_frame_LDADD = libbase.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)

test_base_map_SOURCES = tests/unit/test_base_map.c
test_base_map_LDADD = libbase.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)

test_base_sum_SOURCES = tests/unit/test_base_sum.c
test_base_sum_LDADD = libbase.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)

test_base_str_SOURCES = tests/unit/test_base_str.c
test_base_str_LDADD = libbase.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)

test_base_token_SOURCES = tests/unit/test_base_token.c
test_base_token_LDADD = libbase.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)

test_base_utf8_SOURCES = tests/unit/test_base_utf8.c
test_base_utf8_LDADD = libbase.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)
