/* crypto: the functions of OpenSSL 3 that foyer needs. Any thread, unless said otherwise.
 */
#ifndef FOYER_CRYPTO_H
#define FOYER_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
    CRYPTO_SHA256_SIZE = 32,
    CRYPTO_KEY_SIZE = 32,
    CRYPTO_NONCE_SIZE = 12,
    CRYPTO_TAG_SIZE = 16
};

void crypto_sha256(const void *data, size_t len, unsigned char out[CRYPTO_SHA256_SIZE]);
/* Computes the HMAC of DATA into OUT and returns its size. NAME is "sha256" or "sha1"; 0
 * for another name. */
size_t crypto_hmac(const char *name, const void *key, size_t key_len, const void *data,
                   size_t len, unsigned char out[CRYPTO_SHA256_SIZE]);
/* HMAC with one key, used many times: the key is prepared once. Belongs to one thread. */
struct crypto_mac;
struct crypto_part {
    const void *data;
    size_t len;
};
/* Returns NULL when NAME is not a digest. */
struct crypto_mac *crypto_mac_new(const char *name, const void *key, size_t key_len);
void crypto_mac_free(struct crypto_mac *m); /* wipes the key; NULL is fine */
/* Computes the HMAC of the N parts, one after the other, as crypto_hmac does. */
size_t crypto_mac_make(struct crypto_mac *m, const struct crypto_part *parts, size_t n,
                       unsigned char out[CRYPTO_SHA256_SIZE]);
/* Compares in constant time. Every comparison of MACs, tokens and keys uses this. */
int crypto_equal(const void *a, size_t a_len, const void *b, size_t b_len);
/* Both read the kernel's generator, and abort when it fails. */
void crypto_random(void *out, size_t len);
uint64_t crypto_random_number(void);
/* Encrypts by AES-256-GCM. OUT has LEN bytes, TAG has CRYPTO_TAG_SIZE. */
int crypto_seal(const unsigned char key[CRYPTO_KEY_SIZE],
                const unsigned char nonce[CRYPTO_NONCE_SIZE], const void *ad,
                size_t ad_len, const void *data, size_t len, unsigned char *out,
                unsigned char *tag, struct err *e);
/* Decrypts. Returns -1 with ERR_INVALID when the tag does not match: the data, the AD or
 * the key is another one. */
int crypto_open(const unsigned char key[CRYPTO_KEY_SIZE],
                const unsigned char nonce[CRYPTO_NONCE_SIZE], const void *ad,
                size_t ad_len, const void *data, size_t len, const unsigned char *tag,
                unsigned char *out, struct err *e);
/* Overwrites memory that contained a secret. The compiler does not remove it. */
void crypto_wipe(void *p, size_t len);
void crypto_free_text(char *text); /* wipes it first; NULL is fine */

/* Returns the version of the OpenSSL that this process has loaded. */
const char *crypto_version(void);

#endif
