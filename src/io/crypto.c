/* SHA256_Init and its like are deprecated in favour of EVP, which has to look all digests
 * up first: a millisecond of `foyer run`, and 1.5 us at each call. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "io/crypto.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/random.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "base/log.h"
#include "base/str.h"

/* OpenSSL fails here only when memory or its providers are gone: no caller can go on
 * without a digest, and a wrong one must never be compared. */
static void must(int ok, const char *what)
{
    if (ok)
        return;
    log_line(LOG_ERROR, "crypto: %s failed: OpenSSL error %lx", what, ERR_peek_error());
    abort();
}

void crypto_sha256(const void *data, size_t len, unsigned char out[CRYPTO_SHA256_SIZE])
{
    SHA256_CTX sha;
    must(SHA256_Init(&sha) == 1 && SHA256_Update(&sha, len ? data : "", len) == 1 &&
             SHA256_Final(out, &sha) == 1,
         "SHA-256");
}

size_t crypto_hmac(const char *name, const void *key, size_t key_len, const void *data,
                   size_t len, unsigned char out[CRYPTO_SHA256_SIZE])
{
    const char *digest;
    if (str_eq(name, "sha256"))
        digest = "SHA256";
    else if (str_eq(name, "sha1"))
        digest = "SHA1";
    else
        return 0;
    size_t n = 0;
    /* EVP_Q_mac takes a NULL key for "no key yet", an empty one must not be NULL. */
    must(EVP_Q_mac(NULL, "HMAC", NULL, digest, NULL, key_len ? key : "", key_len,
                   len ? data : (const void *)"", len, out, CRYPTO_SHA256_SIZE,
                   &n) != NULL,
         "HMAC");
    return n;
}

int crypto_equal(const void *a, size_t a_len, const void *b, size_t b_len)
{
    return a_len == b_len && (a_len == 0 || CRYPTO_memcmp(a, b, a_len) == 0);
}

/* The kernel's generator: OpenSSL's own takes a millisecond to be seeded from it. */
void crypto_random(void *out, size_t len)
{
    unsigned char *p = out;
    while (len > 0) {
        ssize_t n = getrandom(p, len, 0);
        must(n > 0 || errno == EINTR, "getrandom");
        if (n > 0) {
            p += n;
            len -= (size_t)n;
        }
    }
}

static int check_sizes(size_t ad_len, size_t len, const char *verb, struct err *e)
{
    if (ad_len <= INT_MAX && len <= INT_MAX)
        return 0;
    return err_set(e, ERR_LIMIT, "cannot %s: more than 2 GiB", verb);
}

int crypto_seal(const unsigned char key[CRYPTO_KEY_SIZE],
                const unsigned char nonce[CRYPTO_NONCE_SIZE], const void *ad,
                size_t ad_len, const void *data, size_t len, unsigned char *out,
                unsigned char *tag, struct err *e)
{
    if (check_sizes(ad_len, len, "seal", e) != 0)
        return -1;
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int n;
    int ok = c && EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
             (ad_len == 0 || EVP_EncryptUpdate(c, NULL, &n, ad, (int)ad_len) == 1) &&
             (len == 0 || EVP_EncryptUpdate(c, out, &n, data, (int)len) == 1) &&
             EVP_EncryptFinal_ex(c, tag, &n) == 1 && /* GCM adds nothing here */
             EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, CRYPTO_TAG_SIZE, tag) == 1;
    EVP_CIPHER_CTX_free(c);
    if (ok)
        return 0;
    ERR_clear_error();
    return err_set(e, ERR_INTERNAL, "cannot seal: AES-256-GCM is not available");
}

int crypto_open(const unsigned char key[CRYPTO_KEY_SIZE],
                const unsigned char nonce[CRYPTO_NONCE_SIZE], const void *ad,
                size_t ad_len, const void *data, size_t len, const unsigned char *tag,
                unsigned char *out, struct err *e)
{
    if (check_sizes(ad_len, len, "open", e) != 0)
        return -1;
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    unsigned char wanted[CRYPTO_TAG_SIZE], rest[CRYPTO_TAG_SIZE];
    for (size_t i = 0; i < sizeof(wanted); i++)
        wanted[i] = tag[i];
    int n;
    int ready =
        c && EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
        (ad_len == 0 || EVP_DecryptUpdate(c, NULL, &n, ad, (int)ad_len) == 1) &&
        (len == 0 || EVP_DecryptUpdate(c, out, &n, data, (int)len) == 1) &&
        EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, CRYPTO_TAG_SIZE, wanted) == 1;
    int genuine = ready && EVP_DecryptFinal_ex(c, rest, &n) == 1;
    EVP_CIPHER_CTX_free(c);
    if (genuine)
        return 0;
    ERR_clear_error();
    crypto_wipe(out, len); /* nobody may use bytes that were not authenticated */
    if (!ready)
        return err_set(e, ERR_INTERNAL, "cannot open: AES-256-GCM is not available");
    return err_set(e, ERR_INVALID,
                   "cannot open a sealed value: it was changed, or sealed with another "
                   "key or for another place");
}

void crypto_wipe(void *p, size_t len)
{
    if (len)
        OPENSSL_cleanse(p, len);
}

const char *crypto_version(void)
{
    return OpenSSL_version(OPENSSL_VERSION_STRING);
}
