/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* base/token.h: random octets, hashes, encodings, seals: the owner of libcrypto's
 * digests and ciphers (TLS is net/tls.c's). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum {
	SHA256_SIZE = 32,
	KEY_SIZE = 32, /* octets of every symmetric key in the house */
	BASE32_26 = 26 /* letters of 130 bits */
};

/* From the kernel; the process ends where there are none. */
void
token_random(void *out, size_t len);

uint64_t
token_random_u64(void);

void
token_sha256(struct span data, uint8_t out[SHA256_SIZE]);

/* Hash in slices, for files. */
struct sha256;
struct sha256 *
sha256_new(void);
void
sha256_add(struct sha256 *h, const void *data, size_t len);
/* Writes the digest, frees and sets *h to NULL. */
void
sha256_end(struct sha256 **h, uint8_t out[SHA256_SIZE]);

void
token_hmac(const uint8_t key[KEY_SIZE], struct span data, uint8_t out[SHA256_SIZE]);

/* A key for one purpose from a master key: HMAC(master, purpose). */
void
token_derive(const uint8_t master[KEY_SIZE], const char *purpose, uint8_t out[KEY_SIZE]);

/* Constant time. */
bool
token_equal(const void *a, const void *b, size_t len);

void
token_wipe(void *data, size_t len);

/* Lower-case hex; out holds 2 * len + 1. */
void
token_hex(const void *data, size_t len, char *out);
/* Whole span must be hex of exactly len octets; either case. */
bool
token_unhex(struct span hex, void *out, size_t len);

/* base64url without padding; out holds (len * 4 + 2) / 3 + 1. */
void
token_base64url(const void *data, size_t len, char *out);

/* Refuses spare bits that are not zero: each string of octets has one spelling. */
bool
token_unbase64url(struct span text, void *out, size_t room, size_t *len);

/* RFC 4648 base32 alphabet in lower case, no padding: len * 8 / 5 rounded up
 * letters; out holds them and a NUL. */
void
token_base32(const void *data, size_t len, char *out);

/* The same for so many bits, the highest first: bits / 5 letters rounded up. */
void
token_base32_bits(const void *data, size_t bits, char *out);

/* A fresh secret of 256 bits as 43 letters of base64url; out holds 44. */
void
token_secret(char out[44]);

/* AES-256-GCM: appends nonce(12) | ciphertext | tag(16) to out. `about` is
 * authenticated but not encrypted (the row it belongs to). */
void
token_seal(const uint8_t key[KEY_SIZE], struct span about, struct span plain, struct buf *out);
/* False where it was altered or sealed with another key. */
bool
token_unseal(const uint8_t key[KEY_SIZE], struct span about, struct span sealed, struct buf *out);

/* SipHash-2-4 with a key drawn at process start, for tables keyed by input. */
uint64_t
token_siphash(struct span data);

/* The same with a key at hand. */
uint64_t
token_siphash_with(const uint64_t key[2], struct span data);
