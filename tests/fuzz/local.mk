# SPDX-License-Identifier: AGPL-3.0-or-later
# Each fuzz_NAME.c makes two programs: replay_NAME, which goes through corpus/NAME at every
# `make check`, by any compiler; and, where configured with --enable-fuzzing (clang),
# fuzz_NAME, which looks for more: ./fuzz_NAME NEW-FOLDER ../tests/fuzz/corpus/NAME
#
# A new target: its name in fuzz_replays and fuzz_targets, and two pairs of lines below.

fuzz_libs = libweb.a librules.a libstore.a libmail.a libtext.a libnet.a libbase.a $(library_libs)
EXTRA_DIST += tests/fuzz/corpus tests/fuzz/fuzz.h

fuzz_replays = \
	replay_address replay_bounce replay_charset replay_field replay_form replay_frame \
	replay_header replay_html_check replay_html_read replay_http_head replay_identifier \
	replay_mail_text replay_markdown replay_message replay_mime replay_mo replay_multipart \
	replay_parsed replay_proof replay_quote replay_route replay_search replay_settings \
	replay_smtp_client replay_smtp_server replay_template replay_token replay_words
check_PROGRAMS += $(fuzz_replays)
replay_address_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_address.c
replay_address_LDADD = $(fuzz_libs)
replay_bounce_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_bounce.c
replay_bounce_LDADD = $(fuzz_libs)
replay_charset_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_charset.c
replay_charset_LDADD = $(fuzz_libs)
replay_field_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_field.c
replay_field_LDADD = $(fuzz_libs)
replay_form_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_form.c
replay_form_LDADD = $(fuzz_libs)
replay_frame_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_frame.c
replay_frame_LDADD = $(fuzz_libs)
replay_header_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_header.c
replay_header_LDADD = $(fuzz_libs)
replay_html_check_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_html_check.c
replay_html_check_LDADD = $(fuzz_libs)
replay_html_read_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_html_read.c
replay_html_read_LDADD = $(fuzz_libs)
replay_http_head_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_http_head.c
replay_http_head_LDADD = $(fuzz_libs)
replay_identifier_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_identifier.c
replay_identifier_LDADD = $(fuzz_libs)
replay_mail_text_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_mail_text.c
replay_mail_text_LDADD = $(fuzz_libs)
replay_markdown_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_markdown.c
replay_markdown_LDADD = $(fuzz_libs)
replay_message_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_message.c
replay_message_LDADD = $(fuzz_libs)
replay_mime_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_mime.c
replay_mime_LDADD = $(fuzz_libs)
replay_mo_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_mo.c
replay_mo_LDADD = $(fuzz_libs)
replay_multipart_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_multipart.c
replay_multipart_LDADD = $(fuzz_libs)
replay_parsed_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_parsed.c
replay_parsed_LDADD = $(fuzz_libs)
replay_proof_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_proof.c
replay_proof_LDADD = $(fuzz_libs)
replay_quote_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_quote.c
replay_quote_LDADD = $(fuzz_libs)
replay_route_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_route.c
replay_route_LDADD = $(fuzz_libs)
replay_search_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_search.c
replay_search_LDADD = $(fuzz_libs)
replay_settings_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_settings.c
replay_settings_LDADD = $(fuzz_libs)
replay_smtp_client_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_smtp_client.c
replay_smtp_client_LDADD = $(fuzz_libs)
replay_smtp_server_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_smtp_server.c
replay_smtp_server_LDADD = $(fuzz_libs)
replay_template_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_template.c
replay_template_LDADD = $(fuzz_libs)
replay_token_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_token.c
replay_token_LDADD = $(fuzz_libs)
replay_words_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_words.c
replay_words_LDADD = $(fuzz_libs)

if FUZZING
fuzz_targets = \
	fuzz_address fuzz_bounce fuzz_charset fuzz_field fuzz_form fuzz_frame fuzz_header \
	fuzz_html_check fuzz_html_read fuzz_http_head fuzz_identifier fuzz_mail_text \
	fuzz_markdown fuzz_message fuzz_mime fuzz_mo fuzz_multipart fuzz_parsed fuzz_proof \
	fuzz_quote fuzz_route fuzz_search fuzz_settings fuzz_smtp_client fuzz_smtp_server \
	fuzz_template fuzz_token fuzz_words
noinst_PROGRAMS += $(fuzz_targets)
fuzz_address_SOURCES = tests/fuzz/fuzz_address.c
fuzz_address_LDADD = $(fuzz_libs)
fuzz_address_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_bounce_SOURCES = tests/fuzz/fuzz_bounce.c
fuzz_bounce_LDADD = $(fuzz_libs)
fuzz_bounce_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_charset_SOURCES = tests/fuzz/fuzz_charset.c
fuzz_charset_LDADD = $(fuzz_libs)
fuzz_charset_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_field_SOURCES = tests/fuzz/fuzz_field.c
fuzz_field_LDADD = $(fuzz_libs)
fuzz_field_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_form_SOURCES = tests/fuzz/fuzz_form.c
fuzz_form_LDADD = $(fuzz_libs)
fuzz_form_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_frame_SOURCES = tests/fuzz/fuzz_frame.c
fuzz_frame_LDADD = $(fuzz_libs)
fuzz_frame_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_header_SOURCES = tests/fuzz/fuzz_header.c
fuzz_header_LDADD = $(fuzz_libs)
fuzz_header_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_html_check_SOURCES = tests/fuzz/fuzz_html_check.c
fuzz_html_check_LDADD = $(fuzz_libs)
fuzz_html_check_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_html_read_SOURCES = tests/fuzz/fuzz_html_read.c
fuzz_html_read_LDADD = $(fuzz_libs)
fuzz_html_read_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_http_head_SOURCES = tests/fuzz/fuzz_http_head.c
fuzz_http_head_LDADD = $(fuzz_libs)
fuzz_http_head_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_identifier_SOURCES = tests/fuzz/fuzz_identifier.c
fuzz_identifier_LDADD = $(fuzz_libs)
fuzz_identifier_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_mail_text_SOURCES = tests/fuzz/fuzz_mail_text.c
fuzz_mail_text_LDADD = $(fuzz_libs)
fuzz_mail_text_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_markdown_SOURCES = tests/fuzz/fuzz_markdown.c
fuzz_markdown_LDADD = $(fuzz_libs)
fuzz_markdown_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_message_SOURCES = tests/fuzz/fuzz_message.c
fuzz_message_LDADD = $(fuzz_libs)
fuzz_message_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_mime_SOURCES = tests/fuzz/fuzz_mime.c
fuzz_mime_LDADD = $(fuzz_libs)
fuzz_mime_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_mo_SOURCES = tests/fuzz/fuzz_mo.c
fuzz_mo_LDADD = $(fuzz_libs)
fuzz_mo_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_multipart_SOURCES = tests/fuzz/fuzz_multipart.c
fuzz_multipart_LDADD = $(fuzz_libs)
fuzz_multipart_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_parsed_SOURCES = tests/fuzz/fuzz_parsed.c
fuzz_parsed_LDADD = $(fuzz_libs)
fuzz_parsed_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_proof_SOURCES = tests/fuzz/fuzz_proof.c
fuzz_proof_LDADD = $(fuzz_libs)
fuzz_proof_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_quote_SOURCES = tests/fuzz/fuzz_quote.c
fuzz_quote_LDADD = $(fuzz_libs)
fuzz_quote_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_route_SOURCES = tests/fuzz/fuzz_route.c
fuzz_route_LDADD = $(fuzz_libs)
fuzz_route_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_search_SOURCES = tests/fuzz/fuzz_search.c
fuzz_search_LDADD = $(fuzz_libs)
fuzz_search_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_settings_SOURCES = tests/fuzz/fuzz_settings.c
fuzz_settings_LDADD = $(fuzz_libs)
fuzz_settings_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_smtp_client_SOURCES = tests/fuzz/fuzz_smtp_client.c
fuzz_smtp_client_LDADD = $(fuzz_libs)
fuzz_smtp_client_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_smtp_server_SOURCES = tests/fuzz/fuzz_smtp_server.c
fuzz_smtp_server_LDADD = $(fuzz_libs)
fuzz_smtp_server_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_template_SOURCES = tests/fuzz/fuzz_template.c
fuzz_template_LDADD = $(fuzz_libs)
fuzz_template_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_token_SOURCES = tests/fuzz/fuzz_token.c
fuzz_token_LDADD = $(fuzz_libs)
fuzz_token_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_words_SOURCES = tests/fuzz/fuzz_words.c
fuzz_words_LDADD = $(fuzz_libs)
fuzz_words_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
endif
