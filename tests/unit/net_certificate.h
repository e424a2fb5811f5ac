/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* tests/unit/net_certificate.h: a certificate authority for one test run. */
#pragma once

#include "base/str.h"

struct certificate {
	struct buf chain; /* PEM */
	struct buf key;   /* PEM */
	void *x509;       /* for signing others */
	void *pkey;
};

/* Signs itself. */
void
certificate_authority(struct certificate *out);

/* names: "DNS:mail.example,IP:127.0.0.1"; days: of life from yesterday on, 0 is expired. */
void
certificate_make(struct certificate *out, const struct certificate *authority, const char *names,
    int days);

void
certificate_free(struct certificate *certificate);
