# SPDX-License-Identifier: AGPL-3.0-or-later
noinst_LIBRARIES += librules.a
librules_a_SOURCES = \
	src/rules/act.c src/rules/act.h \
	src/rules/act_field.c \
	src/rules/act_may.c src/rules/act_may.h \
	src/rules/act_table.c \
	src/rules/archive.c src/rules/archive.h \
	src/rules/author.c src/rules/author.h \
	src/rules/bounce.c \
	src/rules/clerk.h \
	src/rules/delivery.c src/rules/delivery.h \
	src/rules/delivery_out.c \
	src/rules/forum_admin.c src/rules/forum_admin.h \
	src/rules/health.c src/rules/health.h \
	src/rules/identifier.c src/rules/identifier.h \
	src/rules/import.c src/rules/import.h \
	src/rules/indexing.c src/rules/indexing.h \
	src/rules/intake.c src/rules/intake.h \
	src/rules/intake_post.c src/rules/intake_work.h \
	src/rules/intake_receive.c \
	src/rules/intake_word.c \
	src/rules/limit.c src/rules/limit.h \
	src/rules/mail_view.c src/rules/mail_view.h \
	src/rules/mail_word.c src/rules/mail_word.h \
	src/rules/membership.c src/rules/membership.h \
	src/rules/moderation.c src/rules/moderation.h \
	src/rules/moderation_after.c \
	src/rules/moderation_tell.c src/rules/moderation_tell.h \
	src/rules/notice.c src/rules/notice.h \
	src/rules/password.c src/rules/password.h \
	src/rules/permission.c src/rules/permission.h \
	src/rules/queue.c src/rules/queue.h \
	src/rules/posting.c src/rules/posting.h \
	src/rules/posting_add.c \
	src/rules/private.c \
	src/rules/proof.c src/rules/proof.h \
	src/rules/reading.c src/rules/reading.h \
	src/rules/reading_account.c \
	src/rules/reading_forum.c src/rules/reading_work.h \
	src/rules/reading_health.c \
	src/rules/reading_held.c \
	src/rules/reading_house.c \
	src/rules/reading_post.c \
	src/rules/reading_search.c \
	src/rules/registration.c src/rules/registration.h \
	src/rules/robots.c src/rules/robots.h \
	src/rules/roll.c src/rules/roll.h \
	src/rules/secret.c \
	src/rules/settings.c src/rules/settings.h \
	src/rules/signup.c src/rules/signup.h \
	src/rules/standing.c src/rules/standing.h \
	src/rules/threading.c src/rules/threading.h \
	src/rules/upkeep.c src/rules/upkeep.h \
	src/rules/words.c src/rules/words.h

rules_test_libs = librules.a libstore.a libmail.a libtext.a libbase.a \
	$(SQLITE_LIBS) $(ETPAN_LIBS) $(CMARK_LIBS) $(XML_LIBS) $(IDN_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test_settings
test_settings_SOURCES = tests/unit/test_settings.c
test_settings_LDADD = $(rules_test_libs)

# Tests: stories in acts, over a book of their own each (tests/unit/world.h).
rules_world = tests/unit/world.c tests/unit/world.h tests/unit/book.c tests/unit/book.h
check_PROGRAMS += test_identifier
test_identifier_SOURCES = tests/unit/test_identifier.c
test_identifier_LDADD = $(rules_test_libs)
check_PROGRAMS += test_registration
test_registration_SOURCES = tests/unit/test_registration.c $(rules_world)
test_registration_LDADD = $(rules_test_libs)
check_PROGRAMS += test_permission
test_permission_SOURCES = tests/unit/test_permission.c
test_permission_LDADD = $(rules_test_libs)
check_PROGRAMS += test_posting
test_posting_SOURCES = tests/unit/test_posting.c $(rules_world)
test_posting_LDADD = $(rules_test_libs)
check_PROGRAMS += test_threading
test_threading_SOURCES = tests/unit/test_threading.c $(rules_world)
test_threading_LDADD = $(rules_test_libs)
check_PROGRAMS += test_intake
test_intake_SOURCES = tests/unit/test_intake.c $(rules_world)
test_intake_LDADD = $(rules_test_libs)
check_PROGRAMS += test_moderation
test_moderation_SOURCES = tests/unit/test_moderation.c $(rules_world)
test_moderation_LDADD = $(rules_test_libs)
check_PROGRAMS += test_signup
test_signup_SOURCES = tests/unit/test_signup.c $(rules_world)
test_signup_LDADD = $(rules_test_libs)
check_PROGRAMS += test_act
test_act_SOURCES = tests/unit/test_act.c $(rules_world)
test_act_LDADD = $(rules_test_libs)
check_PROGRAMS += test_delivery
test_delivery_SOURCES = tests/unit/test_delivery.c $(rules_world)
test_delivery_LDADD = $(rules_test_libs)
check_PROGRAMS += test_reading
test_reading_SOURCES = tests/unit/test_reading.c $(rules_world)
test_reading_LDADD = $(rules_test_libs)
