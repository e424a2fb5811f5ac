# SPDX-License-Identifier: AGPL-3.0-or-later
# What the oracles compare with others: tests/oracle/run builds it.
EXTRA_PROGRAMS = oracle_say
oracle_say_SOURCES = tests/oracle/oracle_say.c
oracle_say_LDADD = libmail.a libtext.a libnet.a libbase.a $(library_libs)
CLEANFILES += oracle_say
