#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/provider.h>

#include <string.h>

#include "base/str.h"
#include "base/crypto.h"

static void assert_hex(const unsigned char *data, size_t len, const char *wanted)
{
    char hex[2 * 256 + 1];
    str_hex(data, len, hex);
    assert_string_equal(hex, wanted);
}

static size_t unhex(const char *hex, unsigned char *out)
{
    size_t n = strlen(hex);
    assert_int_equal(str_unhex(hex, n, out), 0);
    return n / 2;
}

/* FIPS 180-2, appendix B, and the empty message. */
static void sha256(void **state)
{
    (void)state;
    unsigned char out[CRYPTO_SHA256_SIZE];
    crypto_sha256("abc", 3, out);
    assert_hex(out, sizeof(out),
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const char *two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    crypto_sha256(two_blocks, strlen(two_blocks), out);
    assert_hex(out, sizeof(out),
               "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    crypto_sha256(NULL, 0, out);
    assert_hex(out, sizeof(out),
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* RFC 4231 (SHA-256) and RFC 2202 (SHA-1), test cases 1, 2 and the long key. */
static void hmac(void **state)
{
    (void)state;
    unsigned char key[131], out[CRYPTO_SHA256_SIZE];
    memset(key, 0x0b, sizeof(key));
    assert_int_equal(crypto_hmac("sha256", key, 20, "Hi There", 8, out), 32);
    assert_hex(out, 32,
               "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    const char *what = "what do ya want for nothing?";
    assert_int_equal(crypto_hmac("sha256", "Jefe", 4, what, strlen(what), out), 32);
    assert_hex(out, 32,
               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    const char *large = "Test Using Larger Than Block-Size Key - Hash Key First";
    memset(key, 0xaa, sizeof(key));
    crypto_hmac("sha256", key, 131, large, strlen(large), out);
    assert_hex(out, 32,
               "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    assert_int_equal(crypto_hmac("sha1", "Jefe", 4, what, strlen(what), out), 20);
    assert_hex(out, 20, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    crypto_hmac("sha1", key, 80, large, strlen(large), out);
    assert_hex(out, 20, "aa4ae5e15272d00e95705637ce8a3b55ed402112");
    /* both empty, as HMAC_SHA256("", "") is generally given */
    assert_int_equal(crypto_hmac("sha256", NULL, 0, NULL, 0, out), 32);
    assert_hex(out, 32,
               "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    assert_int_equal(crypto_hmac("md5", "Jefe", 4, what, 1, out), 0);
}

static void equal(void **state)
{
    (void)state;
    assert_true(crypto_equal("abc", 3, "abc", 3));
    assert_true(crypto_equal("", 0, NULL, 0));
    assert_false(crypto_equal("abc", 3, "abd", 3));
    assert_false(crypto_equal("abc", 3, "abcd", 4));
    assert_true(crypto_equal("abc", 3, "abcd", 3));
    assert_false(crypto_equal("", 0, "a", 1));
}

static void random_bytes_differ(void **state)
{
    (void)state;
    unsigned char a[32] = {0}, b[32] = {0};
    crypto_random(a, sizeof(a));
    crypto_random(b, sizeof(b));
    assert_memory_not_equal(a, b, sizeof(a));
    crypto_random(a, 0);
}

/* McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 13, 14 and 16. */
static void gcm_vectors(void **state)
{
    (void)state;
    static const struct {
        const char *key, *nonce, *ad, *text, *sealed, *tag;
    } v[] = {
        {"0000000000000000000000000000000000000000000000000000000000000000",
         "000000000000000000000000", "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
        {"0000000000000000000000000000000000000000000000000000000000000000",
         "000000000000000000000000", "", "00000000000000000000000000000000",
         "cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919"},
        {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
         "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
         "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
         "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
         "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
         "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
         "76fc6ece0f4e1768cddf8853bb2d551b"},
    };
    for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
        unsigned char key[32], nonce[12], ad[64], text[64], sealed[64], back[64], tag[16];
        struct err e;
        unhex(v[i].key, key);
        unhex(v[i].nonce, nonce);
        size_t ad_len = unhex(v[i].ad, ad), len = unhex(v[i].text, text);
        assert_int_equal(crypto_seal(key, nonce, ad, ad_len, text, len, sealed, tag, &e),
                         0);
        assert_hex(sealed, len, v[i].sealed);
        assert_hex(tag, sizeof(tag), v[i].tag);
        assert_int_equal(crypto_open(key, nonce, ad, ad_len, sealed, len, tag, back, &e),
                         0);
        assert_memory_equal(back, text, len);
    }
}

static void gcm_refuses_what_was_changed(void **state)
{
    (void)state;
    unsigned char key[32] = {1}, nonce[12] = {2}, sealed[6], tag[16], back[6];
    const unsigned char none[6] = {0};
    struct err e;
    assert_int_equal(crypto_seal(key, nonce, "ad", 2, "secret", 6, sealed, tag, &e), 0);
    assert_int_equal(crypto_open(key, nonce, "ad", 2, sealed, 6, tag, back, &e), 0);
    assert_memory_equal(back, "secret", 6);
    for (int what = 0; what < 5; what++) {
        unsigned char *changed[] = {key, nonce, sealed, tag, NULL};
        if (changed[what])
            changed[what][0] ^= 1;
        const char *ad = what == 4 ? "aD" : "ad";
        assert_int_equal(crypto_open(key, nonce, ad, 2, sealed, 6, tag, back, &e), -1);
        assert_int_equal(e.kind, ERR_INVALID);
        assert_memory_equal(back, none, 6); /* nothing unauthenticated is left */
        if (changed[what])
            changed[what][0] ^= 1;
    }
    assert_int_equal(crypto_open(key, nonce, "ad", 2, sealed, 6, tag, back, &e), 0);
}

static int count_provider(OSSL_PROVIDER *provider, void *arg)
{
    *(int *)arg += strcmp(OSSL_PROVIDER_get0_name(provider), "default") == 0;
    return 1;
}

/* Twice, and each algorithm of TLS is fetched twice. */
static void gcm_leaves_openssl_as_it_was(void **state)
{
    (void)state;
    int n = 0;
    unsigned char key[CRYPTO_KEY_SIZE] = {1}, nonce[CRYPTO_NONCE_SIZE] = {2}, out[1],
                  tag[CRYPTO_TAG_SIZE];
    struct err e;
    assert_int_equal(crypto_seal(key, nonce, NULL, 0, "x", 1, out, tag, &e), 0);
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-128-CBC", NULL);
    assert_non_null(cipher);
    EVP_CIPHER_free(cipher);
    assert_int_equal(OSSL_PROVIDER_do_all(NULL, count_provider, &n), 1);
    assert_int_equal(n, 1);
}

static void wipe(void **state)
{
    (void)state;
    char secret[8] = "secret!";
    const char none[8] = {0};
    crypto_wipe(secret, sizeof(secret));
    assert_memory_equal(secret, none, sizeof(none));
    crypto_wipe(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gcm_leaves_openssl_as_it_was), /* before others use OpenSSL */
        cmocka_unit_test(sha256),
        cmocka_unit_test(hmac),
        cmocka_unit_test(equal),
        cmocka_unit_test(random_bytes_differ),
        cmocka_unit_test(gcm_vectors),
        cmocka_unit_test(gcm_refuses_what_was_changed),
        cmocka_unit_test(wipe),
    };
    return cmocka_run_group_tests_name("crypto", tests, NULL, NULL);
}
