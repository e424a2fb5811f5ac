# SPDX-License-Identifier: AGPL-3.0-or-later
noinst_LIBRARIES += libweb.a
libweb_a_SOURCES =
