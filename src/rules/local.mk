# SPDX-License-Identifier: AGPL-3.0-or-later
noinst_LIBRARIES += librules.a
librules_a_SOURCES =
