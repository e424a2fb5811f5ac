# SPDX-License-Identifier: AGPL-3.0-or-later
noinst_LIBRARIES += libstore.a
store_schema = src/store/schema/0001-start.sql src/store/schema/0002-door.sql \
	src/store/schema/0003-search.sql src/store/schema/0004-days.sql \
	src/store/schema/0005-keep.sql src/store/schema/0006-states.sql \
	src/store/schema/0007-sums.sql
libstore_a_SOURCES = \
	src/store/attachment.c src/store/attachment.h \
	src/store/backup.c src/store/backup.h \
	src/store/db.c src/store/db.h src/store/db_inside.h \
	src/store/db_row.c \
	src/store/db_open.c \
	src/store/db_tend.c \
	src/store/db_trouble.c \
	src/store/db_turn.c \
	src/store/folder_copy.c src/store/folder_copy.h \
	src/store/forum.c src/store/forum.h \
	src/store/house.c src/store/house.h \
	src/store/identifier.c src/store/identifier.h \
	src/store/inbox.c src/store/inbox.h \
	src/store/journal.c src/store/journal.h \
	src/store/migrate.c src/store/migrate.h src/store/migrations.h \
	src/store/notice.c \
	src/store/organisation.c src/store/organisation.h \
	src/store/outbox.c src/store/outbox.h \
	src/store/outbox_read.c \
	src/store/person.c src/store/person.h \
	src/store/person_address.c \
	src/store/post.c src/store/post.h src/store/post_inside.h \
	src/store/post_list.c \
	src/store/post_sum.c \
	src/store/raw.c src/store/raw.h \
	src/store/raw_clean.c \
	src/store/readonly.c src/store/readonly.h \
	src/store/reference.c src/store/reference.h \
	src/store/search.c src/store/search.h \
	src/store/search_query.c src/store/search_query.h \
	src/store/registration.c src/store/registration.h \
	src/store/restore.c \
	src/store/round.c src/store/round.h \
	src/store/roll.c src/store/roll.h \
	src/store/session.c src/store/session.h \
	src/store/statements.c src/store/statements.h \
	src/store/sound.c src/store/sound.h \
	src/store/subscription.c src/store/subscription.h \
	src/store/thread.c src/store/thread.h \
	src/store/thread_list.c \
	src/store/token_row.c src/store/token_row.h
nodist_libstore_a_SOURCES = src/store/migrations.c
CLEANFILES += src/store/migrations.c
EXTRA_DIST += $(store_schema) src/store/schema.sql scripts/embed

src/store/migrations.c: $(store_schema) scripts/embed
	$(AM_V_GEN)$(MKDIR_P) src/store && \
		$(PYTHON3) $(top_srcdir)/scripts/embed $(top_srcdir)/src/store/schema > $@.new && \
		mv $@.new $@

# Tests: a book of their own each.
store_test_libs = libstore.a libbase.a $(SQLITE_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += test_db test_migrate test_migrate_step test_public_version test_sound \
	test_store_house test_store_mail test_store_people test_store_posts

test_db_SOURCES = tests/unit/test_db.c tests/unit/book.c tests/unit/book.h
test_db_LDADD = $(store_test_libs)

test_migrate_SOURCES = tests/unit/test_migrate.c tests/unit/book.c tests/unit/book.h
test_migrate_LDADD = $(store_test_libs)

test_migrate_step_SOURCES = tests/unit/test_migrate_step.c tests/unit/book.c tests/unit/book.h
test_migrate_step_LDADD = $(store_test_libs)

test_public_version_SOURCES = tests/unit/test_public_version.c tests/unit/book.c tests/unit/book.h
test_public_version_LDADD = $(store_test_libs)

test_sound_SOURCES = tests/unit/test_sound.c tests/unit/book.c tests/unit/book.h
test_sound_LDADD = $(store_test_libs)

test_store_house_SOURCES = tests/unit/test_store_house.c tests/unit/book.c tests/unit/book.h
test_store_house_LDADD = $(store_test_libs)

test_store_mail_SOURCES = tests/unit/test_store_mail.c tests/unit/book.c tests/unit/book.h
test_store_mail_LDADD = $(store_test_libs)

test_store_people_SOURCES = tests/unit/test_store_people.c tests/unit/book.c tests/unit/book.h
test_store_people_LDADD = $(store_test_libs)

test_store_posts_SOURCES = tests/unit/test_store_posts.c tests/unit/book.c tests/unit/book.h
test_store_posts_LDADD = $(store_test_libs)
