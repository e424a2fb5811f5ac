# SPDX-License-Identifier: AGPL-3.0-or-later
noinst_LIBRARIES += libtext.a
libtext_a_SOURCES =
libtext_a_SOURCES += src/text/escape.c src/text/escape.h src/text/link.c src/text/link.h
libtext_a_SOURCES += src/text/html_write.c src/text/html_write.h src/text/text_write.c src/text/text_write.h
libtext_a_SOURCES += src/text/rich.c src/text/rich.h
libtext_a_SOURCES += src/text/markdown.c src/text/markdown.h
libtext_a_SOURCES += src/text/markdown_nesting.c src/text/markdown_nesting.h
