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

check_PROGRAMS += test_address test_mail_token test_smtp_server
smtp_test_libs = libmail.a libbase.a $(IDN_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)
test_address_SOURCES = tests/unit/test_address.c
test_address_LDADD = $(smtp_test_libs)
test_mail_token_SOURCES = tests/unit/test_mail_token.c
test_mail_token_LDADD = $(smtp_test_libs)
test_smtp_server_SOURCES = tests/unit/test_smtp_server.c tests/unit/smtp_stage.c tests/unit/smtp_stage.h
test_smtp_server_LDADD = $(smtp_test_libs)
EXTRA_DIST += tests/data/smtp/README tests/data/smtp/smtp-command-cases.json
libmail_a_SOURCES += \
	src/mail/bounce_read.c src/mail/bounce_read.h \
	src/mail/charset.c src/mail/charset.h \
	src/mail/decode.c src/mail/decode.h \
	src/mail/header.c src/mail/header.h \
	src/mail/header_address.c src/mail/header_date.c src/mail/header_param.c src/mail/header_text.c \
	src/mail/mail_body.c src/mail/mail_body.h \
	src/mail/mail_read.c src/mail/mail_read.h \
	src/mail/mime_guard.c src/mail/mime_guard.h \
	src/mail/mime_read.c src/mail/mime_read.h \
	src/mail/parsed.c src/mail/parsed.h \
	src/mail/signature.c src/mail/signature.h \
	src/mail/thread_id.c src/mail/thread_id.h
libmail_a_SOURCES += src/mail/smtp_reply.c src/mail/smtp_reply.h
libmail_a_SOURCES += src/mail/smtp_client.c src/mail/smtp_client.h src/mail/smtp_dialogue.h
libmail_a_SOURCES += src/mail/smtp_say.c src/mail/smtp_hear.c
check_PROGRAMS += test_smtp_client
test_smtp_client_SOURCES = tests/unit/test_smtp_client.c
test_smtp_client_LDADD = $(smtp_test_libs)
libmail_a_SOURCES += \
	src/mail/message_head.c src/mail/message_head.h \
	src/mail/message_write.c src/mail/message_write.h

mail_test_libs = libmail.a libtext.a libbase.a $(ETPAN_LIBS) $(CMARK_LIBS) $(XML_LIBS) $(IDN_LIBS) \
	$(CRYPTO_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += test_header test_decode test_charset test_thread_id
test_header_SOURCES = tests/unit/test_header.c
test_header_LDADD = $(mail_test_libs)
test_decode_SOURCES = tests/unit/test_decode.c
test_decode_LDADD = $(mail_test_libs)
test_charset_SOURCES = tests/unit/test_charset.c
test_charset_LDADD = $(mail_test_libs)
test_thread_id_SOURCES = tests/unit/test_thread_id.c
test_thread_id_LDADD = $(mail_test_libs)
check_PROGRAMS += test_mime_read
test_mime_read_SOURCES = tests/unit/test_mime_read.c
test_mime_read_LDADD = $(mail_test_libs)
check_PROGRAMS += test_parsed
test_parsed_SOURCES = tests/unit/test_parsed.c tests/unit/mail_show.c tests/unit/mail_show.h
test_parsed_LDADD = $(mail_test_libs)
check_PROGRAMS += test_mail_read
test_mail_read_SOURCES = tests/unit/test_mail_read.c tests/unit/mail_show.c tests/unit/mail_show.h
test_mail_read_LDADD = $(mail_test_libs)
EXTRA_DIST += tests/mail
libmail_a_SOURCES += src/mail/bounce_text.c src/mail/bounce_text.h
check_PROGRAMS += test_bounce_read
test_bounce_read_SOURCES = tests/unit/test_bounce_read.c tests/unit/json.c tests/unit/json.h
test_bounce_read_LDADD = $(mail_test_libs)
check_PROGRAMS += test_message_write
test_message_write_SOURCES = tests/unit/test_message_write.c
test_message_write_LDADD = $(mail_test_libs)
EXTRA_DIST += tests/unit/message_write.py
check_PROGRAMS += test_mail_consensus
test_mail_consensus_SOURCES = tests/unit/test_mail_consensus.c tests/unit/json.c tests/unit/json.h
test_mail_consensus_LDADD = $(mail_test_libs)
EXTRA_DIST += tests/data/mime tests/data/bounces
check_PROGRAMS += test_smtp_limits
test_smtp_limits_SOURCES = tests/unit/test_smtp_limits.c tests/unit/smtp_stage.c tests/unit/smtp_stage.h
test_smtp_limits_LDADD = $(smtp_test_libs)
libmail_a_SOURCES += src/mail/spf.c src/mail/spf.h
check_PROGRAMS += test_signature
test_signature_SOURCES = tests/unit/test_signature.c
test_signature_LDADD = $(mail_test_libs)
check_PROGRAMS += test_spf
test_spf_SOURCES = tests/unit/test_spf.c
test_spf_LDADD = libmail.a libnet.a libbase.a $(EVENT_LIBS) $(ARES_LIBS) $(CRYPTO_LIBS) $(IDN_LIBS) $(CMOCKA_LIBS)
