# SPDX-License-Identifier: AGPL-3.0-or-later
noinst_LIBRARIES += libbase.a
libbase_a_SOURCES =
