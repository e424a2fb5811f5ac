# SPDX-License-Identifier: AGPL-3.0-or-later
noinst_LIBRARIES += libtext.a
libtext_a_SOURCES =
libtext_a_SOURCES += src/text/escape.c src/text/escape.h src/text/link.c src/text/link.h
libtext_a_SOURCES += src/text/html_write.c src/text/html_write.h src/text/text_write.c src/text/text_write.h
libtext_a_SOURCES += src/text/rich.c src/text/rich.h
libtext_a_SOURCES += src/text/excerpt.c src/text/excerpt.h src/text/colour.c src/text/colour.h
check_PROGRAMS += test_colour
test_colour_SOURCES = tests/unit/test_colour.c
test_colour_LDADD = libtext.a libbase.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)
libtext_a_SOURCES += src/text/markdown.c src/text/markdown.h
libtext_a_SOURCES += src/text/markdown_nesting.c src/text/markdown_nesting.h

libtext_a_SOURCES += src/text/view.c src/text/view.h src/text/template.c src/text/template.h \
	src/text/template_ops.h src/text/template_words.c src/text/template_parse.c src/text/template_block.c \
	src/text/template_render.c src/text/theme_names.c src/text/theme_names.h
check_PROGRAMS += test_template
test_template_SOURCES = tests/unit/test_template.c tests/unit/json.c tests/unit/json.h
test_template_LDADD = libtext.a libbase.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)
EXTRA_DIST += tests/data/mustache
libtext_a_SOURCES += src/text/template_check.c src/text/template_markup.c \
	src/text/template_markup.h src/text/theme.c src/text/theme.h src/text/theme_load.c \
	src/text/theme_load.h src/text/theme_files.c \
	src/text/theme_files.h src/text/i18n.c src/text/i18n.h src/text/i18n_date.c src/text/mo.c \
	src/text/mo.h src/text/plural.c src/text/plural.h
libtext_a_SOURCES += src/text/quote.c src/text/quote.h src/text/quote_line.c src/text/quote_line.h
libtext_a_SOURCES += src/text/quote_words.c src/text/quote_words.h
libtext_a_SOURCES += src/text/mail_text.c src/text/mail_text.h

# The document around the HTML part of a mail
libtext_a_SOURCES += src/text/html_mail.c src/text/html_mail.h
libtext_a_SOURCES += src/text/html_read.c src/text/html_read.h src/text/html_guard.c \
	src/text/html_guard.h src/text/html_marks.c src/text/html_marks.h src/text/html_tags.c \
	src/text/html_tags.h src/text/html_tree.c src/text/html_tree.h src/text/html_survey.c \
	src/text/html_survey.h src/text/html_say.c src/text/html_say.h
libtext_a_SOURCES += src/text/html_check.c src/text/html_check.h
check_PROGRAMS += test_html_check
test_html_check_SOURCES = tests/unit/test_html_check.c
test_html_check_LDADD = libtext.a libbase.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += test_view test_i18n test_theme
test_view_SOURCES = tests/unit/test_view.c
test_view_LDADD = libtext.a libbase.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)
test_i18n_SOURCES = tests/unit/test_i18n.c
test_i18n_LDADD = libtext.a libbase.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)
test_theme_SOURCES = tests/unit/test_theme.c tests/unit/theme_sample.c tests/unit/theme_sample.h
test_theme_LDADD = libtext.a libbase.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)
noinst_PROGRAMS += theme_show
theme_show_SOURCES = tests/unit/theme_show.c tests/unit/theme_sample.c tests/unit/theme_sample.h
theme_show_LDADD = libtext.a libbase.a $(CRYPTO_LIBS)
check_PROGRAMS += test_excerpt
test_excerpt_SOURCES = tests/unit/test_excerpt.c
test_excerpt_LDADD = libtext.a libbase.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test_rich test_markdown
test_rich_SOURCES = tests/unit/test_rich.c tests/unit/html_scan.c tests/unit/html_scan.h
test_rich_LDADD = libtext.a libbase.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)
test_markdown_SOURCES = tests/unit/test_markdown.c tests/unit/html_scan.c \
	tests/unit/html_scan.h tests/unit/json.c tests/unit/json.h
test_markdown_LDADD = libtext.a libbase.a $(CMARK_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)
EXTRA_DIST += tests/data/markdown tests/data/html
check_PROGRAMS += test_html_read
test_html_read_SOURCES = tests/unit/test_html_read.c tests/unit/html_scan.c \
	tests/unit/html_scan.h tests/unit/json.c tests/unit/json.h
test_html_read_LDADD = libtext.a libbase.a $(XML_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += test_quote test_mail_text
test_quote_SOURCES = tests/unit/test_quote.c tests/unit/json.c tests/unit/json.h
test_quote_LDADD = libtext.a libbase.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)
test_mail_text_SOURCES = tests/unit/test_mail_text.c tests/unit/html_scan.c \
	tests/unit/html_scan.h tests/unit/json.c tests/unit/json.h
test_mail_text_LDADD = libtext.a libbase.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)
EXTRA_DIST += tests/data/trimming
