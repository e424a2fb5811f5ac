# SPDX-License-Identifier: AGPL-3.0-or-later
noinst_LIBRARIES += libprocess.a
libprocess_a_SOURCES =
