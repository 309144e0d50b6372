/* Uses SHA256_Init, which OpenSSL 3 deprecates in favour of EVP. EVP looks up all digests
 * first, which takes a millisecond of each `foyer run`, and 1.5 us in each call. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/crypto.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/sha.h>

#include "base/log.h"
#include "base/str.h"

/* Aborts when OpenSSL fails. It fails here only without memory or without its providers.
 * No caller can go on without a digest, and a wrong digest must never be compared. */
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

static const char *digest_of(const char *name)
{
    return str_eq(name, "sha256") ? "SHA256" : str_eq(name, "sha1") ? "SHA1" : NULL;
}

struct crypto_mac {
    EVP_MAC_CTX *ctx;
};

struct crypto_mac *crypto_mac_new(const char *name, const void *key, size_t key_len)
{
    const char *digest = digest_of(name);
    if (!digest)
        return NULL;
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)digest, 0),
        OSSL_PARAM_construct_end()};
    struct crypto_mac *m = xcalloc(1, sizeof *m);
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    m->ctx = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
    EVP_MAC_free(hmac);
    must(m->ctx &&
             EVP_MAC_init(m->ctx, key_len ? key : (const void *)"", key_len, params) == 1,
         "HMAC");
    return m;
}

void crypto_mac_free(struct crypto_mac *m)
{
    if (!m)
        return;
    EVP_MAC_CTX_free(m->ctx);
    free(m);
}

size_t crypto_mac_make(struct crypto_mac *m, const struct crypto_part *parts, size_t n,
                       unsigned char out[CRYPTO_SHA256_SIZE])
{
    size_t len = 0;
    /* without a key, EVP_MAC_init starts again with the earlier key: EVP_MAC(3) */
    int ok = EVP_MAC_init(m->ctx, NULL, 0, NULL);
    for (size_t i = 0; ok == 1 && i < n; i++)
        ok = parts[i].len ? EVP_MAC_update(m->ctx, parts[i].data, parts[i].len) : 1;
    must(ok == 1 && EVP_MAC_final(m->ctx, out, &len, CRYPTO_SHA256_SIZE) == 1, "HMAC");
    return len;
}

size_t crypto_hmac(const char *name, const void *key, size_t key_len, const void *data,
                   size_t len, unsigned char out[CRYPTO_SHA256_SIZE])
{
    struct crypto_mac *m = crypto_mac_new(name, key, key_len);
    size_t n = m ? crypto_mac_make(m, &(struct crypto_part){data, len}, 1, out) : 0;
    crypto_mac_free(m);
    return n;
}

int crypto_equal(const void *a, size_t a_len, const void *b, size_t b_len)
{
    return a_len == b_len && (a_len == 0 || CRYPTO_memcmp(a, b, a_len) == 0);
}

/* Reads the kernel's generator. OpenSSL's own needs a millisecond to seed itself. */
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

uint64_t crypto_random_number(void)
{
    uint64_t number;
    crypto_random(&number, sizeof number);
    return number;
}

void crypto_wipe(void *p, size_t len)
{
    if (len)
        OPENSSL_cleanse(p, len);
}

void crypto_free_text(char *text)
{
    if (text)
        crypto_wipe(text, strlen(text));
    free(text);
}

const char *crypto_version(void)
{
    return OpenSSL_version(OPENSSL_VERSION_STRING);
}
