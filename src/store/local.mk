# SPDX-License-Identifier: AGPL-3.0-or-later
noinst_LIBRARIES += libstore.a
libstore_a_SOURCES =
