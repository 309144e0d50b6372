#include "io/crypto.h"

#include <limits.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <pthread.h>

#include "base/str.h"

/* OpenSSL's own AES-256-GCM, taken from its default provider by the provider's interface
 * (provider-cipher(7)): EVP_CIPHER_fetch makes an object of each of its 130 ciphers
 * first, which was a twelfth of `foyer run`. */
static struct {
    void *provider; /* its context */
    OSSL_FUNC_cipher_newctx_fn *newctx;
    OSSL_FUNC_cipher_freectx_fn *freectx;
    OSSL_FUNC_cipher_encrypt_init_fn *encrypt_init;
    OSSL_FUNC_cipher_decrypt_init_fn *decrypt_init;
    OSSL_FUNC_cipher_update_fn *update;
    OSSL_FUNC_cipher_final_fn *final;
    OSSL_FUNC_cipher_get_ctx_params_fn *get;
    OSSL_FUNC_cipher_set_ctx_params_fn *set;
    int is_there;
} gcm;

static void take(const OSSL_DISPATCH *d)
{
    for (; d->function_id; d++)
        switch (d->function_id) {
        case OSSL_FUNC_CIPHER_NEWCTX:
            gcm.newctx = OSSL_FUNC_cipher_newctx(d);
            break;
        case OSSL_FUNC_CIPHER_FREECTX:
            gcm.freectx = OSSL_FUNC_cipher_freectx(d);
            break;
        case OSSL_FUNC_CIPHER_ENCRYPT_INIT:
            gcm.encrypt_init = OSSL_FUNC_cipher_encrypt_init(d);
            break;
        case OSSL_FUNC_CIPHER_DECRYPT_INIT:
            gcm.decrypt_init = OSSL_FUNC_cipher_decrypt_init(d);
            break;
        case OSSL_FUNC_CIPHER_UPDATE:
            gcm.update = OSSL_FUNC_cipher_update(d);
            break;
        case OSSL_FUNC_CIPHER_FINAL:
            gcm.final = OSSL_FUNC_cipher_final(d);
            break;
        case OSSL_FUNC_CIPHER_GET_CTX_PARAMS:
            gcm.get = OSSL_FUNC_cipher_get_ctx_params(d);
            break;
        case OSSL_FUNC_CIPHER_SET_CTX_PARAMS:
            gcm.set = OSSL_FUNC_cipher_set_ctx_params(d);
            break;
        }
}

/* "AES-256-GCM:id-aes256-GCM:2.16.840.1.101.3.4.1.46" */
static int is_gcm(const OSSL_ALGORITHM *a)
{
    return str_starts(a->algorithm_names, "AES-256-GCM:") ||
           str_eq(a->algorithm_names, "AES-256-GCM");
}

static void load(void)
{
    /* Asked for first, as it is there twice when it is loaded before OpenSSL has loaded
     * it by itself, and TLS takes twice as long. Where openssl.cnf does without it, what
     * is sealed is opened all the same, and TLS does without it still. */
    OSSL_LIB_CTX *library =
        OSSL_PROVIDER_available(NULL, "default") ? NULL : OSSL_LIB_CTX_new();
    OSSL_PROVIDER *provider = OSSL_PROVIDER_try_load(library, "default", 1);
    int no_cache;
    const OSSL_ALGORITHM *a =
        provider ? OSSL_PROVIDER_query_operation(provider, OSSL_OP_CIPHER, &no_cache)
                 : NULL;
    for (; a && a->algorithm_names; a++)
        if (is_gcm(a)) {
            take(a->implementation);
            gcm.provider = OSSL_PROVIDER_get0_provider_ctx(provider);
            break;
        }
    gcm.is_there = gcm.newctx && gcm.freectx && gcm.encrypt_init && gcm.decrypt_init &&
                   gcm.update && gcm.final && gcm.get && gcm.set;
}

static void *new_context(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return gcm.is_there ? gcm.newctx(gcm.provider) : NULL;
}

/* OUT NULL: DATA is authenticated, not encrypted. */
static int update(void *c, unsigned char *out, const void *data, size_t len)
{
    size_t n;
    return len == 0 || gcm.update(c, out, &n, len, data, len) == 1;
}

static int final(void *c)
{
    unsigned char none[CRYPTO_TAG_SIZE]; /* GCM adds nothing here */
    size_t n;
    return gcm.final(c, none, &n, sizeof none) == 1;
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
    OSSL_PARAM get_tag[] = {OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG,
                                                              tag, CRYPTO_TAG_SIZE),
                            OSSL_PARAM_construct_end()};
    void *c = new_context();
    int ok =
        c &&
        gcm.encrypt_init(c, key, CRYPTO_KEY_SIZE, nonce, CRYPTO_NONCE_SIZE, NULL) == 1 &&
        update(c, NULL, ad, ad_len) && update(c, out, data, len) && final(c) &&
        gcm.get(c, get_tag) == 1;
    if (c)
        gcm.freectx(c); /* wipes it */
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
    const OSSL_PARAM set_tag[] = {
        OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, (void *)tag,
                                          CRYPTO_TAG_SIZE),
        OSSL_PARAM_construct_end()};
    void *c = new_context();
    int ready =
        c &&
        gcm.decrypt_init(c, key, CRYPTO_KEY_SIZE, nonce, CRYPTO_NONCE_SIZE, NULL) == 1 &&
        gcm.set(c, set_tag) == 1 && update(c, NULL, ad, ad_len) &&
        update(c, out, data, len);
    int genuine = ready && final(c);
    if (c)
        gcm.freectx(c);
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
