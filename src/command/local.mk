# SPDX-License-Identifier: AGPL-3.0-or-later
noinst_LIBRARIES += libcommand.a
libcommand_a_SOURCES =
