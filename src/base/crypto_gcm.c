#include "base/crypto.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>

static int check_sizes(size_t ad_len, size_t len, const char *verb, struct err *e)
{
    if (ad_len <= INT_MAX && len <= INT_MAX)
        return 0;
    return err_set(e, ERR_LIMIT, "cannot %s: more than 2 GiB", verb);
}

/* OUT NULL: DATA is authenticated, not encrypted. Encrypts or decrypts as C was set up.
 */
static int update(EVP_CIPHER_CTX *c, unsigned char *out, const void *data, size_t len)
{
    int n;
    return len == 0 || EVP_CipherUpdate(c, out, &n, data, (int)len) == 1;
}

static int final(EVP_CIPHER_CTX *c)
{
    unsigned char none[CRYPTO_TAG_SIZE]; /* GCM adds nothing here */
    int n;
    return EVP_CipherFinal_ex(c, none, &n) == 1;
}

/* NULL when OpenSSL has no AES-256-GCM. */
static EVP_CIPHER_CTX *new_context(const unsigned char *key, const unsigned char *nonce,
                                   int encrypts)
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    if (c && EVP_CipherInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce, encrypts) == 1)
        return c;
    EVP_CIPHER_CTX_free(c);
    return NULL;
}

int crypto_seal(const unsigned char key[CRYPTO_KEY_SIZE],
                const unsigned char nonce[CRYPTO_NONCE_SIZE], const void *ad,
                size_t ad_len, const void *data, size_t len, unsigned char *out,
                unsigned char *tag, struct err *e)
{
    if (check_sizes(ad_len, len, "seal", e) != 0)
        return -1;
    EVP_CIPHER_CTX *c = new_context(key, nonce, 1);
    int ok = c && update(c, NULL, ad, ad_len) && update(c, out, data, len) && final(c) &&
             EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, CRYPTO_TAG_SIZE, tag) == 1;
    EVP_CIPHER_CTX_free(c); /* wipes it */
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
    EVP_CIPHER_CTX *c = new_context(key, nonce, 0);
    int ready =
        c && update(c, NULL, ad, ad_len) && update(c, out, data, len) &&
        EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, CRYPTO_TAG_SIZE, (void *)tag) == 1;
    int genuine = ready && final(c);
    EVP_CIPHER_CTX_free(c);
    if (genuine)
        return 0;
    ERR_clear_error();
    crypto_wipe(out, len); /* bytes that were not authenticated are not used */
    if (!ready)
        return err_set(e, ERR_INTERNAL, "cannot open: AES-256-GCM is not available");
    return err_set(e, ERR_INVALID,
                   "cannot open a sealed value: it was changed, or sealed with another "
                   "key or for another place");
}
