# SPDX-License-Identifier: AGPL-3.0-or-later
noinst_LIBRARIES += libcommand.a
libcommand_a_SOURCES = \
	src/command/cmd_act.c \
	src/command/cmd_backup.c \
	src/command/cmd_check.c \
	src/command/cmd_doctor.c src/command/doctor.h \
	src/command/cmd_import.c \
	src/command/cmd_issue.c \
	src/command/cmd_replay.c \
	src/command/cmd_restore.c \
	src/command/cmd_serve.c \
	src/command/cmd_show.c \
	src/command/command.c src/command/command.h \
	src/command/doctor_dns.c \
	src/command/doctor_doors.c \
	src/command/doctor_machine.c \
	src/command/doctor_relay.c \
	src/command/doctor_settings.c \
	src/command/doctor_spf.c \
	src/command/life.c src/command/life.h \
	src/command/life_person.c \
	src/command/life_post.c
