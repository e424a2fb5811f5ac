# SPDX-License-Identifier: AGPL-3.0-or-later
noinst_LIBRARIES += libtext.a
libtext_a_SOURCES =
