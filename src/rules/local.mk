# SPDX-License-Identifier: AGPL-3.0-or-later
noinst_LIBRARIES += librules.a
librules_a_SOURCES = \
	src/rules/settings.c src/rules/settings.h

rules_test_libs = librules.a libstore.a libmail.a libtext.a libbase.a \
	$(SQLITE_LIBS) $(ETPAN_LIBS) $(CMARK_LIBS) $(XML_LIBS) $(IDN_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test_settings
test_settings_SOURCES = tests/unit/test_settings.c
test_settings_LDADD = $(rules_test_libs)
