/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* libcrypto's one door. Algorithms are fetched once for the process: OpenSSL 3's
 * one-shot calls look them up each time, which costs more than the hash itself.
 * A failure of libcrypto on sound arguments is lack of memory or a broken
 * installation: the process ends. */
#include "base/token.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/alloc.h"

enum { SHA256_BLOCK = 64, SEAL_NONCE = 12, SEAL_TAG = 16, SECRET_SIZE = 32 };

static const char base64url_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char base32_letters[] = "abcdefghijklmnopqrstuvwxyz234567";

void
token_random(void *out, size_t len)
{
	unsigned char *at = out;

	while (len > 0) {
		ssize_t got = getrandom(at, len, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			die("no random octets: %s", strerror(errno));
		at += got;
		len -= (size_t)got;
	}
}

uint64_t
token_random_u64(void)
{
	uint64_t value;

	token_random(&value, sizeof(value));
	return value;
}

/* Hashes */

static void
must(int answer, const char *what)
{
	if (answer != 1)
		die("libcrypto: %s failed", what);
}

static EVP_MD_CTX *
digest_new(void)
{
	static EVP_MD *sha256;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (sha256 == NULL)
		sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (ctx == NULL || sha256 == NULL)
		die("libcrypto: no SHA-256");
	must(EVP_DigestInit_ex2(ctx, sha256, NULL), "digest");
	return ctx;
}

/* The process's own context, ready for a hash; it is single-threaded. */
static EVP_MD_CTX *
digest_begin(void)
{
	static EVP_MD_CTX *ctx;

	if (ctx == NULL)
		ctx = digest_new();
	else
		must(EVP_DigestInit_ex2(ctx, NULL, NULL), "digest");
	return ctx;
}

static void
digest_add(EVP_MD_CTX *ctx, const void *data, size_t len)
{
	if (len > 0)
		must(EVP_DigestUpdate(ctx, data, len), "digest");
}

static void
digest_end(EVP_MD_CTX *ctx, uint8_t out[SHA256_SIZE])
{
	must(EVP_DigestFinal_ex(ctx, out, NULL), "digest");
}

void
token_sha256(struct span data, uint8_t out[SHA256_SIZE])
{
	EVP_MD_CTX *ctx = digest_begin();

	digest_add(ctx, data.data, data.len);
	digest_end(ctx, out);
}

struct sha256 {
	EVP_MD_CTX *ctx;
};

struct sha256 *
sha256_new(void)
{
	struct sha256 *h = x_calloc(1, sizeof(*h));

	h->ctx = digest_new();
	return h;
}

void
sha256_add(struct sha256 *h, const void *data, size_t len)
{
	digest_add(h->ctx, data, len);
}

void
sha256_end(struct sha256 **h, uint8_t out[SHA256_SIZE])
{
	digest_end((*h)->ctx, out);
	EVP_MD_CTX_free((*h)->ctx);
	free(*h);
	*h = NULL;
}

/* One of HMAC's two hashes: of the key mixed with the pad, then of the data. */
static void
hmac_pass(const uint8_t *key, uint8_t pad, const void *data, size_t len, uint8_t *out)
{
	EVP_MD_CTX *ctx = digest_begin();
	uint8_t block[SHA256_BLOCK];

	memset(block, pad, sizeof(block));
	for (size_t i = 0; i < KEY_SIZE; i++)
		block[i] ^= key[i];
	digest_add(ctx, block, sizeof(block));
	digest_add(ctx, data, len);
	digest_end(ctx, out);
	token_wipe(block, sizeof(block));
}

/* RFC 2104, over the hash above: a keyed EVP_MAC costs half as much again, and a
 * copied one twice. */
void
token_hmac(const uint8_t key[KEY_SIZE], struct span data, uint8_t out[SHA256_SIZE])
{
	uint8_t inner[SHA256_SIZE];

	hmac_pass(key, 0x36, data.data, data.len, inner);
	hmac_pass(key, 0x5c, inner, sizeof(inner), out);
}

void
token_derive(const uint8_t master[KEY_SIZE], const char *purpose, uint8_t out[KEY_SIZE])
{
	token_hmac(master, span_of(purpose), out);
}

bool
token_equal(const void *a, const void *b, size_t len)
{
	return len == 0 || CRYPTO_memcmp(a, b, len) == 0;
}

void
token_wipe(void *data, size_t len)
{
	if (len > 0)
		OPENSSL_cleanse(data, len);
}

/* Encodings */

void
token_hex(const void *data, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *octets = data;

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[octets[i] >> 4];
		out[2 * i + 1] = digits[octets[i] & 15];
	}
	out[2 * len] = '\0';
}

bool
token_unhex(struct span hex, void *out, size_t len)
{
	unsigned char *octets = out;

	if (hex.len % 2 != 0 || hex.len / 2 != len)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = ascii_hex(hex.data[2 * i]), low = ascii_hex(hex.data[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		octets[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

/* Up to three octets as their two, three or four letters; answers how many. */
static size_t
base64_group(const unsigned char *octets, size_t len, char out[4])
{
	unsigned group = (unsigned)octets[0] << 16;

	if (len > 1)
		group |= (unsigned)octets[1] << 8;
	if (len > 2)
		group |= octets[2];
	for (size_t i = 0; i < 4; i++)
		out[i] = base64url_letters[group >> (18 - 6 * i) & 63];
	return len >= 3 ? 4 : len + 1;
}

void
token_base64url(const void *data, size_t len, char *out)
{
	const unsigned char *octets = data;
	char group[4];

	for (size_t i = 0; i < len; i += 3) {
		size_t letters = base64_group(octets + i, len - i, group);

		memcpy(out, group, letters);
		out += letters;
	}
	*out = '\0';
}

static int
base64_value(char c)
{
	const char *found = c == '\0' ? NULL : strchr(base64url_letters, c);

	return found == NULL ? -1 : (int)(found - base64url_letters);
}

bool
token_unbase64url(struct span text, void *out, size_t room, size_t *len)
{
	unsigned char *octets = out;
	unsigned group = 0, bits = 0;

	*len = 0;
	for (size_t i = 0; i < text.len; i++) {
		int value = base64_value(text.data[i]);

		if (value < 0)
			return false;
		group = (group << 6 | (unsigned)value) & 0xffff;
		bits += 6;
		if (bits < 8)
			continue;
		if (*len == room)
			return false;
		bits -= 8;
		octets[(*len)++] = (unsigned char)(group >> bits & 0xff);
	}
	return bits < 6 && (group & ((1U << bits) - 1)) == 0;
}

void
token_base32(const void *data, size_t len, char *out)
{
	token_base32_bits(data, size_times(len, 8), out);
}

void
token_base32_bits(const void *data, size_t bits, char *out)
{
	const unsigned char *octets = data;

	for (size_t at = 0; at < bits; at += 5) {
		unsigned pair = (unsigned)octets[at / 8] << 8;

		if (at / 8 + 1 < (bits + 7) / 8)
			pair |= octets[at / 8 + 1];
		pair = pair >> (11 - at % 8) & 31;
		if (bits - at < 5)
			pair &= 31U << (5 - (bits - at)) & 31;
		*out++ = base32_letters[pair];
	}
	*out = '\0';
}

void
token_secret(char out[44])
{
	uint8_t secret[SECRET_SIZE];

	token_random(secret, sizeof(secret));
	token_base64url(secret, sizeof(secret), out);
	token_wipe(secret, sizeof(secret));
}

/* Seals */

/* GCM is a stream: as many octets come out as go in, at once. */
static void
cipher_add(EVP_CIPHER_CTX *ctx, uint8_t *out, struct span in)
{
	const unsigned char *octets = (const unsigned char *)in.data;
	int len;

	if (in.len > 0)
		must(EVP_CipherUpdate(ctx, out, &len, octets, (int)in.len), "cipher");
}

/* A context with key and nonce in, and `about` under authentication. */
static EVP_CIPHER_CTX *
seal_begin(const uint8_t *key, const uint8_t *nonce, struct span about, int sealing)
{
	static EVP_CIPHER *gcm;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	if (gcm == NULL)
		gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	if (ctx == NULL || gcm == NULL)
		die("libcrypto: no AES-256-GCM");
	must(EVP_CipherInit_ex2(ctx, gcm, key, nonce, sealing, NULL), "cipher");
	cipher_add(ctx, NULL, about);
	return ctx;
}

void
token_seal(const uint8_t key[KEY_SIZE], struct span about, struct span plain, struct buf *out)
{
	uint8_t nonce[SEAL_NONCE], tag[SEAL_TAG], *text;
	EVP_CIPHER_CTX *ctx;
	int len;

	if (about.len > INT_MAX || plain.len > INT_MAX)
		die("token_seal: %zu octets are too many", plain.len);
	token_random(nonce, sizeof(nonce));
	text = x_calloc(size_plus(plain.len, 1), 1);
	ctx = seal_begin(key, nonce, about, 1);
	cipher_add(ctx, text, plain);
	must(EVP_CipherFinal_ex(ctx, text + plain.len, &len), "cipher");
	must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG, tag), "cipher");
	EVP_CIPHER_CTX_free(ctx);
	buf_add(out, nonce, sizeof(nonce));
	buf_add(out, text, plain.len);
	buf_add(out, tag, sizeof(tag));
	free(text);
}

/* Decrypts aside: not one octet leaves before the tag was found good. */
bool
token_unseal(const uint8_t key[KEY_SIZE], struct span about, struct span sealed, struct buf *out)
{
	uint8_t nonce[SEAL_NONCE], tag[SEAL_TAG], *text;
	struct span body;
	EVP_CIPHER_CTX *ctx;
	int len;
	bool ok;

	if (sealed.len < SEAL_NONCE + SEAL_TAG || sealed.len > INT_MAX || about.len > INT_MAX)
		return false;
	body = span_first(span_from(sealed, SEAL_NONCE), sealed.len - SEAL_NONCE - SEAL_TAG);
	memcpy(nonce, sealed.data, sizeof(nonce));
	memcpy(tag, body.data + body.len, sizeof(tag));
	text = x_calloc(body.len + 1, 1);
	ctx = seal_begin(key, nonce, about, 0);
	cipher_add(ctx, text, body);
	must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG, tag), "cipher");
	ok = EVP_CipherFinal_ex(ctx, text + body.len, &len) == 1;
	EVP_CIPHER_CTX_free(ctx);
	if (ok)
		buf_add(out, text, body.len);
	token_wipe(text, body.len);
	free(text);
	return ok && buf_ok(out);
}

/* SipHash-2-4 (Aumasson and Bernstein, 2012) */

static uint64_t
rotate(uint64_t value, int bits)
{
	return value << bits | value >> (64 - bits);
}

static void
sip_rounds(uint64_t v[4], int rounds)
{
	while (rounds-- > 0) {
		v[0] += v[1];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[0] = rotate(v[0], 32);
		v[2] += v[3];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[2] = rotate(v[2], 32);
	}
}

static uint64_t
sip_word(const char *data, size_t len)
{
	uint64_t word = 0;

	for (size_t i = len; i > 0; i--)
		word = word << 8 | (unsigned char)data[i - 1];
	return word;
}

uint64_t
token_siphash_with(const uint64_t key[2], struct span data)
{
	uint64_t v[4] = { key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
		key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573 };
	uint64_t last = (uint64_t)data.len << 56;

	while (data.len >= 8) {
		uint64_t word = sip_word(data.data, 8);

		v[3] ^= word;
		sip_rounds(v, 2);
		v[0] ^= word;
		data = span_from(data, 8);
	}
	last |= sip_word(data.data, data.len);
	v[3] ^= last;
	sip_rounds(v, 2);
	v[0] ^= last;
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t
token_siphash(struct span data)
{
	static uint64_t key[2];
	static bool drawn;

	if (!drawn)
		token_random(key, sizeof(key));
	drawn = true;
	return token_siphash_with(key, data);
}
