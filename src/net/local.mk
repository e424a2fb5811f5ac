# SPDX-License-Identifier: AGPL-3.0-or-later
noinst_LIBRARIES += libnet.a
libnet_a_SOURCES = \
	src/net/conn.c src/net/conn.h \
	src/net/conn_api.c \
	src/net/conn_inner.h \
	src/net/conn_io.c \
	src/net/http.c src/net/http.h \
	src/net/http_body.c \
	src/net/http_chunked.c \
	src/net/http_inner.h \
	src/net/http_octet.h \
	src/net/http_parse.c src/net/http_parse.h \
	src/net/http_reply.c \
	src/net/http_values.c \
	src/net/listen.c src/net/listen.h \
	src/net/loop.c src/net/loop.h \
	src/net/multipart.c src/net/multipart.h \
	src/net/resolve.c src/net/resolve.h \
	src/net/tls.c src/net/tls.h

check_PROGRAMS += test_http_parse test_multipart

test_http_parse_SOURCES = tests/unit/test_http_parse.c tests/unit/json.c tests/unit/json.h
test_http_parse_LDADD = libnet.a libbase.a $(EVENT_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)

test_multipart_SOURCES = tests/unit/test_multipart.c
test_multipart_LDADD = libnet.a libbase.a $(EVENT_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)
