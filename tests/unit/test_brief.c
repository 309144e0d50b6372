#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pemerr.h>
#include <openssl/ssl.h>

#include <string.h>

#include "io/crypto.h"

/* crypto_be_brief, in a process of its own, as OpenSSL is set up once. */

static int setup(void **state)
{
    (void)state;
    crypto_be_brief();
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : -1;
}

static void what_takes_long_is_left_out(void **state)
{
    (void)state;
    assert_null(EVP_get_cipherbyname("aes-256-cbc"));
    assert_null(ERR_reason_error_string(ERR_PACK(ERR_LIB_PEM, 0, PEM_R_NO_START_LINE)));
}

static void tls_lacks_nothing(void **state)
{
    (void)state;
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    assert_non_null(ctx);
    int suites = 0;
    STACK_OF(SSL_CIPHER) *all = SSL_CTX_get_ciphers(ctx);
    for (int i = 0; i < sk_SSL_CIPHER_num(all); i++)
        suites += strstr(SSL_CIPHER_get_name(sk_SSL_CIPHER_value(all, i)), "AES") != NULL;
    assert_true(suites > 10);
    assert_non_null(
        EVP_get_digestbyname("sha256")); /* certificates are checked with it */
    SSL_CTX_free(ctx);
    unsigned long why = ERR_PACK(ERR_LIB_SSL, 0, SSL_R_WRONG_VERSION_NUMBER);
    assert_string_equal(ERR_reason_error_string(why), "wrong version number");
}

static void what_is_sealed_opens(void **state)
{
    (void)state;
    const unsigned char key[CRYPTO_KEY_SIZE] = {1}, nonce[CRYPTO_NONCE_SIZE] = {2};
    unsigned char sealed[5], tag[CRYPTO_TAG_SIZE], out[5];
    assert_int_equal(crypto_seal(key, nonce, "ad", 2, "token", 5, sealed, tag, NULL), 0);
    assert_int_equal(crypto_open(key, nonce, "ad", 2, sealed, 5, tag, out, NULL), 0);
    assert_memory_equal(out, "token", 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_takes_long_is_left_out),
        cmocka_unit_test(tls_lacks_nothing),
        cmocka_unit_test(what_is_sealed_opens),
    };
    return cmocka_run_group_tests_name("brief", tests, setup, NULL);
}
