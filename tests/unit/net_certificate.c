/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "net_certificate.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "base/alloc.h"

enum { DAY = 24 * 60 * 60 };

static void
must(bool true_here)
{
	if (!true_here)
		die("a certificate for the test cannot be made");
}

static void
add_extension(X509 *x509, X509 *issuer, int kind, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
	must(extension != NULL && X509_add_ext(x509, extension, -1) == 1);
	X509_EXTENSION_free(extension);
}

static X509 *
x509_new(EVP_PKEY *pkey, const char *name, int days)
{
	static long serial;
	X509 *x509 = X509_new();
	X509_NAME *subject = X509_get_subject_name(x509);
	const unsigned char *text = (const unsigned char *)name;

	must(X509_set_version(x509, 2) == 1);
	ASN1_INTEGER_set(X509_get_serialNumber(x509), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(x509), -2L * DAY);
	X509_gmtime_adj(X509_getm_notAfter(x509), (long)(days - 1) * DAY);
	must(X509_set_pubkey(x509, pkey) == 1);
	must(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1);
	return x509;
}

static void
add_bio(struct buf *out, BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);

	must(len > 0);
	buf_add(out, data, (size_t)len);
	BIO_free(bio);
}

static void
write_pem(struct certificate *out, X509 *x509, EVP_PKEY *pkey)
{
	BIO *chain = BIO_new(BIO_s_mem()), *key = BIO_new(BIO_s_mem());

	must(PEM_write_bio_X509(chain, x509) == 1);
	must(PEM_write_bio_PrivateKey(key, pkey, NULL, NULL, 0, NULL, NULL) == 1);
	add_bio(&out->chain, chain);
	add_bio(&out->key, key);
	out->x509 = x509;
	out->pkey = pkey;
}

void
certificate_authority(struct certificate *out)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	X509 *x509 = x509_new(pkey, "Test authority", 10);

	*out = (struct certificate){ 0 };
	must(X509_set_issuer_name(x509, X509_get_subject_name(x509)) == 1);
	add_extension(x509, x509, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(x509, x509, NID_key_usage, "critical,keyCertSign");
	add_extension(x509, x509, NID_subject_key_identifier, "hash");
	must(X509_sign(x509, pkey, EVP_sha256()) > 0);
	write_pem(out, x509, pkey);
}

void
certificate_make(
    struct certificate *out, const struct certificate *authority, const char *names, int days)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	X509 *x509 = x509_new(pkey, "Test server", days);

	*out = (struct certificate){ 0 };
	must(X509_set_issuer_name(x509, X509_get_subject_name(authority->x509)) == 1);
	add_extension(x509, authority->x509, NID_subject_alt_name, names);
	add_extension(x509, authority->x509, NID_authority_key_identifier, "keyid");
	must(X509_sign(x509, authority->pkey, EVP_sha256()) > 0);
	write_pem(out, x509, pkey);
}

void
certificate_free(struct certificate *certificate)
{
	X509_free(certificate->x509);
	EVP_PKEY_free(certificate->pkey);
	buf_free(&certificate->chain);
	buf_free(&certificate->key);
}
