# SPDX-License-Identifier: AGPL-3.0-or-later
noinst_LIBRARIES += libmail.a
libmail_a_SOURCES =
