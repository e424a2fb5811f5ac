# SPDX-License-Identifier: AGPL-3.0-or-later
noinst_LIBRARIES += libweb.a
libweb_a_SOURCES = \
	src/web/cache.c src/web/cache.h \
	src/web/form.c src/web/form.h \
	src/web/handle.c src/web/handle.h \
	src/web/handle_inner.h \
	src/web/handle_kept.c \
	src/web/handle_reading.c \
	src/web/handle_reply.c \
	src/web/login.c src/web/login.h \
	src/web/page_account.c \
	src/web/page_archive.c \
	src/web/page_confirm.c \
	src/web/page_decide.c \
	src/web/page_error.c \
	src/web/page_feed.c \
	src/web/page_file.c \
	src/web/page_forgot.c \
	src/web/page_forum.c \
	src/web/page_health.c \
	src/web/page_home.c \
	src/web/page_house.c \
	src/web/page_login.c \
	src/web/page_metrics.c \
	src/web/page_moderate.c \
	src/web/page_post.c \
	src/web/page_register.c \
	src/web/page_rolls.c \
	src/web/page_search.c \
	src/web/page_settings.c \
	src/web/page_thread.c \
	src/web/page_unsubscribe.c \
	src/web/page_write.c \
	src/web/pages.h \
	src/web/request.c src/web/request.h \
	src/web/route.c src/web/route.h \
	src/web/show.c src/web/show.h \
	src/web/site.c src/web/site.h \
	src/web/url.c src/web/url.h

web_test_libs = libweb.a librules.a libstore.a libmail.a libtext.a libnet.a libbase.a \
	$(EVENT_LIBS) $(SQLITE_LIBS) $(ETPAN_LIBS) $(CMARK_LIBS) $(XML_LIBS) $(IDN_LIBS) \
	$(CRYPTO_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += test_route test_web_cache test_form
test_route_SOURCES = tests/unit/test_route.c
test_route_LDADD = $(web_test_libs)
test_web_cache_SOURCES = tests/unit/test_web_cache.c
test_web_cache_LDADD = $(web_test_libs)
test_form_SOURCES = tests/unit/test_form.c
test_form_LDADD = $(web_test_libs)

check_PROGRAMS += test_handle
test_handle_SOURCES = tests/unit/test_handle.c tests/unit/book.c tests/unit/book.h \
	tests/unit/net_client.c tests/unit/net_client.h
test_handle_LDADD = $(web_test_libs)
