# SPDX-License-Identifier: AGPL-3.0-or-later
"""The kill story: clients that keep accounts, a sink that misbehaves, kill -9, a judge."""
