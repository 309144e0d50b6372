#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/str.h"
#include "core/sign.h"
#include "base/crypto.h"

/* The schemes of lua/front/connector.lua. */
static const char schemes[] =
    "{\"signature\": \"X-Front-Signature\", \"schemes\": {"
    "\"rule\": {\"mac\": \"hmac-sha1\", \"over\": \"{body}\", \"key\": \"rule_key\"},"
    "\"body\": {\"mac\": \"hmac-sha256\", \"over\": \"{body}\", \"key\": "
    "\"signing_key\"},"
    "\"application\": {\"when\": \"X-Front-Request-Timestamp\", \"mac\": "
    "\"hmac-sha256\", \"over\": \"{timestamp}:{body}\", \"unit\": \"ms\", \"window\": "
    "300, \"key\": \"signing_key\"}}}";

static struct sign *sign;
static json_t *vectors;

static int setup(void **state)
{
    (void)state;
    json_error_t why;
    json_t *webhooks = json_loads(schemes, 0, &why);
    vectors = json_load_file("tests/data/front/webhooks/signature-vectors.json", 0, &why);
    if (!webhooks || !vectors)
        return -1;
    sign = sign_new(webhooks);
    json_decref(webhooks);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sign_free(sign);
    json_decref(vectors);
    return 0;
}

struct message {
    const char *scheme, *key, *signature;
    char time[32]; /* "" for none */
    char *body;
    size_t len;
};

static const char *find_header(void *arg, const char *name)
{
    const struct message *m = arg;
    return m->time[0] && strcasecmp(name, "x-front-request-timestamp") == 0 ? m->time
                                                                            : NULL;
}

static struct sign_result verify_at(const struct message *m, struct sign_keys *keys,
                                    int64_t now_ms)
{
    struct sign_request r = {.signature = m->signature,
                             .header = find_header,
                             .arg = (void *)m,
                             .body = m->body,
                             .len = m->len,
                             .now_ms = now_ms};
    return sign_verify(sign, keys, &r);
}

static const int64_t NOW_MS = 1694046470930 + 60000;

/* With the key under each setting that could be meant. */
static struct sign_result verify_with(const struct message *m, const void *key,
                                      size_t len)
{
    struct sign_keys *keys = sign_keys_new();
    sign_keys_add(keys, "signing_key", NULL, 0, key, len);
    sign_keys_add(keys, "rule_key", NULL, 0, key, len);
    struct sign_result result = verify_at(m, keys, NOW_MS);
    sign_keys_free(keys);
    return result;
}

static int passes(const struct message *m)
{
    struct sign_result r = verify_with(m, m->key, strlen(m->key));
    return r.verdict == SIGN_OK && strcmp(r.scheme->name, m->scheme) == 0;
}

static struct message read_vector(const json_t *v)
{
    struct message m = {0};
    const char *scheme = json_string_value(json_object_get(v, "scheme"));
    const char *time = json_string_value(json_object_get(v, "x-front-request-timestamp"));
    const char *body = json_string_value(json_object_get(v, "raw_body_base64"));
    m.scheme = str_starts(scheme, "body")   ? "body"
               : str_starts(scheme, "rule") ? "rule"
                                            : "application";
    m.key = json_string_value(json_object_get(v, "key"));
    m.signature = json_string_value(json_object_get(v, "x-front-signature"));
    snprintf(m.time, sizeof m.time, "%s", time ? time : "");
    m.body = (char *)str_unbase64(body, strlen(body), &m.len);
    assert_non_null(m.body);
    return m;
}

static void test_vectors(void **state)
{
    (void)state;
    assert_int_equal(json_array_size(vectors), 13);
    for (size_t i = 0; i < json_array_size(vectors); i++) {
        struct message m = read_vector(json_array_get(vectors, i));
        if (!passes(&m))
            fail_msg("vector %zu does not pass", i);
        free(m.body);
    }
}

/* Every bit of everything that a vector holds matters. */
static void test_bits(void **state)
{
    (void)state;
    int flipped = 0;
    for (size_t i = 0; i < json_array_size(vectors); i++) {
        struct message m = read_vector(json_array_get(vectors, i));
        for (size_t bit = 0; bit < m.len * 8; bit++, flipped++) {
            m.body[bit / 8] ^= (char)(1 << bit % 8);
            assert_false(passes(&m));
            m.body[bit / 8] ^= (char)(1 << bit % 8);
        }
        for (size_t bit = 0; bit < strlen(m.time) * 8; bit++, flipped++) {
            char c = m.time[bit / 8];
            m.time[bit / 8] ^= (char)(1 << bit % 8);
            assert_false(passes(&m));
            m.time[bit / 8] = c;
        }
        char *key = xstrdup(m.key);
        for (size_t bit = 0; bit < strlen(m.key) * 8; bit++, flipped++) {
            key[bit / 8] ^= (char)(1 << bit % 8);
            assert_int_equal(verify_with(&m, key, strlen(m.key)).verdict, SIGN_WRONG);
            key[bit / 8] ^= (char)(1 << bit % 8);
        }
        free(key);
        /* of the bytes, and of the text: base64 has several texts for the same bytes */
        size_t n = 0;
        const char *signature = m.signature;
        unsigned char *mac = str_unbase64(signature, strlen(signature), &n);
        for (size_t bit = 0; bit < n * 8; bit++, flipped++) {
            mac[bit / 8] ^= (unsigned char)(1 << bit % 8);
            char *text = str_base64(mac, n);
            m.signature = text;
            assert_int_equal(verify_with(&m, m.key, strlen(m.key)).verdict, SIGN_WRONG);
            free(text);
            mac[bit / 8] ^= (unsigned char)(1 << bit % 8);
        }
        free(mac);
        char *text = xstrdup(signature);
        m.signature = text;
        for (size_t bit = 0; bit < strlen(signature) * 8; bit++, flipped++) {
            text[bit / 8] ^= (char)(1 << bit % 8);
            assert_false(passes(&m));
            text[bit / 8] ^= (char)(1 << bit % 8);
        }
        assert_true(passes(&m));
        free(text);
        free(m.body);
    }
    assert_true(flipped > 10000);
}

static struct message first(const char *scheme)
{
    for (size_t i = 0;; i++) {
        struct message m = read_vector(json_array_get(vectors, i));
        if (strcmp(m.scheme, scheme) == 0)
            return m;
        free(m.body);
    }
}

static struct sign_keys *one_key(const char *setting, const char *key)
{
    struct sign_keys *keys = sign_keys_new();
    sign_keys_add(keys, setting, NULL, 0, key, strlen(key));
    return keys;
}

static void test_window(void **state)
{
    (void)state;
    struct message m = first("application");
    struct sign_keys *keys = one_key("signing_key", m.key);
    const int64_t at = 1694046470930;
    assert_int_equal(verify_at(&m, keys, at + 300000).verdict, SIGN_OK);
    assert_int_equal(verify_at(&m, keys, at - 300000).verdict, SIGN_OK);
    struct sign_result r = verify_at(&m, keys, at + 300001);
    assert_int_equal(r.verdict, SIGN_STALE);
    assert_string_equal(r.scheme->name, "application");
    assert_int_equal(verify_at(&m, keys, at - 300001).verdict, SIGN_STALE);
    sign_keys_free(keys);
    /* a wrong signature is never called stale */
    keys = one_key("signing_key", "another");
    assert_int_equal(verify_at(&m, keys, at + 300001).verdict, SIGN_WRONG);
    sign_keys_free(keys);
    free(m.body);
}

static char *mac_of(const char *name, const char *key, const char *text)
{
    unsigned char mac[CRYPTO_SHA256_SIZE];
    return str_base64(mac, crypto_hmac(name, key, strlen(key), text, strlen(text), mac));
}

/* A time that is rightly signed and is none. */
static void test_odd_times(void **state)
{
    (void)state;
    static const char *const odd[] = {
        "soon",       "1694046470930 ",  "-1",      "9223372036854775807",
        "1694046470", "1694046470930.5", "0x18a6e", "99999999999999999999"};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        struct message m = {.body = xstrdup("{}"), .len = 2};
        snprintf(m.time, sizeof m.time, "%s", odd[i]);
        char *text = xasprintf("%s:{}", odd[i]), *signature = mac_of("sha256", "k", text);
        m.signature = signature;
        struct sign_keys *keys = one_key("signing_key", "k");
        assert_int_equal(verify_at(&m, keys, 1694046470930).verdict, SIGN_STALE);
        sign_keys_free(keys);
        free(text);
        free(signature);
        free(m.body);
    }
}

static void test_which_scheme(void **state)
{
    (void)state;
    /* with the time's header, the body's own MAC is none, whatever the key */
    struct message m = first("body");
    assert_true(passes(&m));
    snprintf(m.time, sizeof m.time, "1694046470930");
    assert_int_equal(verify_with(&m, m.key, strlen(m.key)).verdict, SIGN_WRONG);
    assert_string_equal(verify_with(&m, m.key, strlen(m.key)).scheme->name,
                        "application");
    free(m.body);

    /* without it, an application's request is none */
    m = first("application");
    m.time[0] = '\0';
    assert_int_equal(verify_with(&m, m.key, strlen(m.key)).verdict, SIGN_WRONG);
    free(m.body);

    /* a rule's needs a key of its own */
    m = first("rule");
    struct sign_keys *keys = one_key("signing_key", m.key);
    struct sign_result r = verify_at(&m, keys, NOW_MS);
    assert_int_equal(r.verdict, SIGN_WRONG);
    assert_int_equal(r.mac_len, 20);
    sign_keys_free(keys);
    keys = one_key("rule_key", m.key);
    assert_int_equal(verify_at(&m, keys, NOW_MS).verdict, SIGN_OK);
    sign_keys_free(keys);
    /* no key that could be tried */
    keys = one_key("client_secret", m.key);
    assert_int_equal(verify_at(&m, keys, NOW_MS).verdict, SIGN_NO_KEY);
    sign_keys_free(keys);
    keys = one_key("rule_key", "");
    assert_int_equal(sign_keys_count(keys, "rule_key"), 0);
    assert_int_equal(verify_at(&m, keys, NOW_MS).verdict, SIGN_NO_KEY);
    sign_keys_free(keys);
    free(m.body);

    assert_int_equal(sign_count(sign), 3);
    assert_string_equal(sign_at(sign, 0)->name, "application");
    assert_string_equal(sign_at(sign, 1)->name, "body");
    assert_string_equal(sign_at(sign, 2)->name, "rule");
}

static void test_rotation(void **state)
{
    (void)state;
    struct message m = first("application");
    struct sign_keys *keys = sign_keys_new();
    sign_keys_add(keys, "signing_key", "front.signing_key", 3, "newer", 5);
    sign_keys_add(keys, "signing_key", "front.signing_key", 2, m.key, strlen(m.key));
    sign_keys_add(keys, "signing_key", NULL, 0, "plain", 5);
    assert_int_equal(sign_keys_count(keys, "signing_key"), 3);
    struct sign_result r = verify_at(&m, keys, NOW_MS);
    assert_int_equal(r.verdict, SIGN_OK);
    assert_string_equal(r.name, "front.signing_key");
    assert_int_equal(r.version, 2);
    sign_keys_free(keys);
    free(m.body);
}

static void test_malformed(void **state)
{
    (void)state;
    struct message m = first("application");
    char *good = xstrdup(m.signature), *with_space = xasprintf(" %s", good);
    char *twice = xasprintf("%s%s", good, good);
    char *lower = xasprintf("%s", good);
    for (char *p = lower; *p; p++)
        *p = *p == '+' ? '-' : *p == '/' ? '_' : *p; /* the other alphabet */
    const char *bad[] = {"",      "=",        "====",
                         "AAAA=", with_space, "%%%%",
                         "AA",    "jtvLNZ==", "not base64 at all",
                         lower,   NULL};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        m.signature = bad[i];
        struct sign_result r = verify_with(&m, m.key, strlen(m.key));
        assert_true(r.verdict == SIGN_UNSIGNED || r.verdict == SIGN_WRONG);
        assert_false(r.mac_len == CRYPTO_SHA256_SIZE);
    }
    m.signature = NULL;
    assert_int_equal(verify_with(&m, m.key, strlen(m.key)).verdict, SIGN_UNSIGNED);
    m.signature = twice;
    assert_int_equal(verify_with(&m, m.key, strlen(m.key)).verdict, SIGN_UNSIGNED);
    /* a beginning of the MAC is none */
    size_t n;
    unsigned char *mac = str_unbase64(good, strlen(good), &n);
    for (size_t len = 0; len < n; len++) {
        char *text = str_base64(mac, len);
        m.signature = text;
        assert_int_not_equal(verify_with(&m, m.key, strlen(m.key)).verdict, SIGN_OK);
        free(text);
    }
    free(mac);
    free(good);
    free(with_space);
    free(twice);
    free(lower);
    free(m.body);
}

static const char *any_header(void *arg, const char *name)
{
    return strcmp(name, "X-Time") == 0 ? arg : NULL;
}

/* Another connector may say it otherwise, and in seconds. */
static void test_other_forms(void **state)
{
    (void)state;
    json_error_t why;
    json_t *webhooks =
        json_loads("{\"schemes\": {\"v0\": {\"when\": \"X-Time\", \"mac\": "
                   "\"hmac-sha256\", \"over\": \"v0:{timestamp}:{body}!{x}\", \"unit\": "
                   "\"s\", \"window\": 60, \"key\": \"k\"}}}",
                   0, &why);
    struct sign *other = sign_new(webhooks);
    json_decref(webhooks);
    char *signature = mac_of("sha256", "key", "v0:1000:b!{x}"), time[] = "1000";
    struct sign_keys *keys = one_key("k", "key");
    struct sign_request r = {.signature = signature, .body = "b", .len = 1};
    assert_int_equal(sign_verify(other, keys, &r).verdict, SIGN_NO_KEY);
    r.header = any_header;
    r.arg = time;
    r.now_ms = 1060000;
    assert_int_equal(sign_verify(other, keys, &r).verdict, SIGN_OK);
    r.now_ms = 1060001;
    assert_int_equal(sign_verify(other, keys, &r).verdict, SIGN_STALE);
    sign_free(other);
    free(signature);
    sign_keys_free(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),      cmocka_unit_test(test_bits),
        cmocka_unit_test(test_window),       cmocka_unit_test(test_odd_times),
        cmocka_unit_test(test_which_scheme), cmocka_unit_test(test_rotation),
        cmocka_unit_test(test_malformed),    cmocka_unit_test(test_other_forms),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
