# SPDX-License-Identifier: AGPL-3.0-or-later
noinst_LIBRARIES += libnet.a
libnet_a_SOURCES = \
	src/net/conn.c src/net/conn.h \
	src/net/conn_api.c \
	src/net/conn_inner.h \
	src/net/conn_io.c \
	src/net/dns.c src/net/dns.h \
	src/net/http.c src/net/http.h \
	src/net/http_body.c \
	src/net/http_chunked.c \
	src/net/http_dialogue.c \
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

check_PROGRAMS += test_conn_tls test_http_parse test_http_server test_multipart test_net_loop

test_conn_tls_SOURCES = tests/unit/test_conn_tls.c tests/unit/net_client.c tests/unit/net_client.h \
	tests/unit/net_certificate.c tests/unit/net_certificate.h
test_conn_tls_LDADD = libnet.a libbase.a $(EVENT_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)

test_http_parse_SOURCES = tests/unit/test_http_parse.c tests/unit/json.c tests/unit/json.h
test_http_parse_LDADD = libnet.a libbase.a $(EVENT_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)

test_http_server_SOURCES = tests/unit/test_http_server.c tests/unit/net_client.c \
	tests/unit/net_client.h tests/unit/json.c tests/unit/json.h
test_http_server_LDADD = libnet.a libbase.a $(EVENT_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)

test_multipart_SOURCES = tests/unit/test_multipart.c
test_multipart_LDADD = libnet.a libbase.a $(EVENT_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)

test_net_loop_SOURCES = tests/unit/test_net_loop.c
test_net_loop_LDADD = libnet.a libbase.a $(EVENT_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)
