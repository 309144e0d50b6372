/* crypto: OpenSSL 3 behind the few functions that foyer needs. */
#ifndef FOYER_CRYPTO_H
#define FOYER_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
    CRYPTO_SHA256_SIZE = 32,
    CRYPTO_SHA1_SIZE = 20,
    CRYPTO_KEY_SIZE = 32,
    CRYPTO_NONCE_SIZE = 12,
    CRYPTO_TAG_SIZE = 16
};

void crypto_sha256(const void *data, size_t len, unsigned char out[CRYPTO_SHA256_SIZE]);
/* HMAC over DATA; NAME is "sha256" or "sha1"; OUT holds the digest's size, which it
 * returns. */
size_t crypto_hmac(const char *name, const void *key, size_t key_len, const void *data,
                   size_t len, unsigned char out[CRYPTO_SHA256_SIZE]);
/* HMAC with one key, many times: the key's own part is done once. One thread. */
struct crypto_mac;
struct crypto_part {
    const void *data;
    size_t len;
};
/* NULL when NAME is no digest. */
struct crypto_mac *crypto_mac_new(const char *name, const void *key, size_t key_len);
void crypto_mac_free(struct crypto_mac *m); /* wipes the key; NULL is fine */
/* Over the N parts, one after the other; as crypto_hmac. */
size_t crypto_mac_make(struct crypto_mac *m, const struct crypto_part *parts, size_t n,
                       unsigned char out[CRYPTO_SHA256_SIZE]);
/* Constant time in the bytes; the one comparison of MACs, tokens and keys. */
int crypto_equal(const void *a, size_t a_len, const void *b, size_t b_len);
/* From the kernel's generator; aborts when there is none. */
void crypto_random(void *out, size_t len);
uint64_t crypto_random_number(void);
/* AES-256-GCM. OUT holds LEN bytes; TAG CRYPTO_TAG_SIZE. */
int crypto_seal(const unsigned char key[CRYPTO_KEY_SIZE],
                const unsigned char nonce[CRYPTO_NONCE_SIZE], const void *ad,
                size_t ad_len, const void *data, size_t len, unsigned char *out,
                unsigned char *tag, struct err *e);
/* -1 (ERR_INVALID) when the tag does not fit: tampered, another key or other data. */
int crypto_open(const unsigned char key[CRYPTO_KEY_SIZE],
                const unsigned char nonce[CRYPTO_NONCE_SIZE], const void *ad,
                size_t ad_len, const void *data, size_t len, const unsigned char *tag,
                unsigned char *out, struct err *e);
/* Wipes memory that held a secret; not optimised away. */
void crypto_wipe(void *p, size_t len);

/* The library's version, at run time. */
const char *crypto_version(void);

#endif
