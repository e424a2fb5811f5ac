# SPDX-License-Identifier: AGPL-3.0-or-later
noinst_LIBRARIES += libmail.a
libmail_a_SOURCES =

# SMTP in and out, addresses
libmail_a_SOURCES += src/mail/address.c src/mail/address.h src/mail/address_phrase.c
libmail_a_SOURCES += src/mail/mail_token.c src/mail/mail_token.h src/mail/mail_recipient.c
libmail_a_SOURCES += src/mail/smtp_command.c src/mail/smtp_command.h
libmail_a_SOURCES += src/mail/smtp_data.c src/mail/smtp_data.h
libmail_a_SOURCES += src/mail/smtp_server.c src/mail/smtp_server.h
libmail_a_SOURCES += src/mail/smtp_verbs.c src/mail/smtp_session.h
