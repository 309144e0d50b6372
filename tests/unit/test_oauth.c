#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/oauth.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };
static const int64_t NOW = 1767225600000;

static void has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" lacks \"%s\"", text, part);
}

static void test_endpoints(void **state)
{
    (void)state;
    struct err e = {0};
    json_t *connector =
        json_pack("{s:{s:s, s:s, s:s}}", "auth", "authorize",
                  "https://app.front.example/oauth/authorize", "token",
                  "https://app.front.example/oauth/token?v=1", "bad", "no address");
    char *url = oauth_endpoint(connector, "authorize", NULL, &e);
    assert_string_equal(url, "https://app.front.example/oauth/authorize");
    free(url);
    url = oauth_endpoint(connector, "authorize", "http://127.0.0.1:8099//", &e);
    assert_string_equal(url, "http://127.0.0.1:8099/oauth/authorize");
    free(url);
    url = oauth_endpoint(connector, "token", "http://127.0.0.1:8099/below", &e);
    assert_string_equal(url, "http://127.0.0.1:8099/below/oauth/token?v=1");
    free(url);
    assert_null(oauth_endpoint(connector, "revoke", NULL, &e));
    assert_int_equal(e.kind, ERR_SETTINGS);
    has(e.text, "auth.revoke");
    assert_null(oauth_endpoint(connector, "bad", "http://127.0.0.1:1", &e));
    json_decref(connector);
}

static void test_requests(void **state)
{
    (void)state;
    const char *back = "http://127.0.0.1:8976/oauth/callback";
    char *text =
        oauth_authorize_url("https://a.example/authorize", "id&1", back, "s t", NULL);
    assert_string_equal(text,
                        "https://a.example/authorize?response_type=code&client_id=id%261"
                        "&redirect_uri=http%3A%2F%2F127.0.0.1%3A8976%2Foauth%2Fcallback"
                        "&state=s%20t");
    free(text);
    text = oauth_authorize_url("https://a.example/authorize?x=1", "id", back, "s", NULL);
    has(text, "authorize?x=1&response_type=code&");
    assert_null(strstr(
        text,
        "scope")); /* Front's OAuth has no scopes: an app's are set in its settings */
    free(text);
    text = oauth_code_body("c+d/e=", back);
    assert_string_equal(text, "grant_type=authorization_code&code=c%2Bd%2Fe%3D"
                              "&redirect_uri=http%3A%2F%2F127.0.0.1%3A8976%2Foauth"
                              "%2Fcallback");
    free(text);
    text = oauth_authorize_url("https://a.example/authorize", "id", back, "s", "a b");
    has(text, "&state=s&scope=a%20b");
    free(text);
    text = oauth_client_body(NULL);
    assert_string_equal(text, "grant_type=client_credentials");
    free(text);
    text = oauth_client_body("read write");
    assert_string_equal(text, "grant_type=client_credentials&scope=read%20write");
    char *whole = oauth_add_client(text, "i&d", "s=");
    assert_string_equal(whole, "grant_type=client_credentials&scope=read%20write"
                               "&client_id=i%26d&client_secret=s%3D");
    free(whole);
    free(text);
    text = oauth_refresh_body("r&r");
    assert_string_equal(text, "grant_type=refresh_token&refresh_token=r%26r");
    free(text);
    /* RFC 7617, section 2 */
    text = oauth_basic_header("Aladdin", "open sesame");
    assert_string_equal(text, "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    free(text);
}

/* ---- answers ---- */

static const char json[] = "application/json; charset=utf-8";
static const char form[] = "application/x-www-form-urlencoded";

static int parse(int status, const char *type, const char *body, struct oauth_token *t,
                 struct err *e)
{
    *e = (struct err){0};
    return oauth_parse_answer(status, type, body, strlen(body), NOW, t, e);
}

static void good(const char *type, const char *body, const char *access,
                 const char *refresh, int64_t expires_ms)
{
    struct oauth_token t;
    struct err e;
    if (parse(200, type, body, &t, &e) != 0)
        fail_msg("%s: refused: %s", body, e.text);
    assert_string_equal(t.access, access);
    if (refresh)
        assert_string_equal(t.refresh, refresh);
    else
        assert_null(t.refresh);
    if (t.expires_ms != expires_ms)
        fail_msg("%s: expires at %lld", body, (long long)t.expires_ms);
    oauth_token_fini(&t);
    assert_null(t.access);
}

static void test_answers(void **state)
{
    (void)state;
    good(json,
         "{\"access_token\":\"a\",\"refresh_token\":\"r\",\"expires_at\":1767229200}",
         "a", "r", NOW + HOUR);
    good(json, "{\"access_token\":\"a\",\"expires_at\":\"1767229200\"}", "a", NULL,
         NOW + HOUR);
    good(json, "{\"access_token\":\"a\",\"expires_at\":1767229200.5}", "a", NULL,
         NOW + HOUR + 500);
    good(json, "{\"access_token\":\"a\",\"expires_in\":3600}", "a", NULL, NOW + HOUR);
    good(json, "{\"access_token\":\"a\",\"expires_in\":\"3600\"}", "a", NULL, NOW + HOUR);
    good(NULL, "{\"access_token\":\"a\",\"expires_in\":3600}", "a", NULL, NOW + HOUR);
    good(form, "access_token=a%2Bb+c&refresh_token=r&expires_at=1767229200", "a+b c", "r",
         NOW + HOUR);
    good(form, "&&access_token=a&token_type=Bearer&x&expires_in=60&bad=%zz", "a", NULL,
         NOW + MINUTE);
    /* what does not say when */
    good(json, "{\"access_token\":\"a\",\"refresh_token\":\"r\"}", "a", "r", 0);
    good(json, "{\"access_token\":\"a\",\"refresh_token\":\"\",\"expires_at\":null}", "a",
         NULL, 0);
    good(json, "{\"access_token\":\"a\",\"refresh_token\":7,\"expires_at\":\"soon\"}",
         "a", NULL, 0);
    good(json, "{\"access_token\":\"a\",\"expires_at\":-5,\"expires_in\":0}", "a", NULL,
         0);
    good(json, "{\"access_token\":\"a\",\"expires_at\":\"12x\"}", "a", NULL, 0);
    /* milliseconds are no seconds, and nothing overflows */
    good(json, "{\"access_token\":\"a\",\"expires_at\":1767229200000}", "a", NULL, 0);
    good(json, "{\"access_token\":\"a\",\"expires_in\":1e300}", "a", NULL, 0);
    good(json, "{\"access_token\":\"a\",\"expires_at\":\"nan\"}", "a", NULL, 0);
    good(json, "{\"access_token\":\"a\",\"expires_at\":\"inf\"}", "a", NULL, 0);
}

static void bad(int status, const char *type, const char *body, enum err_kind kind,
                const char *part)
{
    struct oauth_token t;
    struct err e;
    if (parse(status, type, body, &t, &e) == 0)
        fail_msg("accepted %d %s", status, body);
    if (e.kind != kind)
        fail_msg("%d %s: kind %d: %s", status, body, e.kind, e.text);
    has(e.text, part);
    /* never with a token */
    assert_null(strstr(e.text, "secret-word"));
    assert_null(t.access);
    assert_null(t.refresh);
}

static void test_bad_answers(void **state)
{
    (void)state;
    bad(400, json, "{\"error\":\"invalid_grant\"}", ERR_AUTH,
        "answers 400 invalid_grant");
    bad(401, json, "{\"error\":\"invalid_client\",\"error_description\":\"no such app\"}",
        ERR_AUTH, "401 invalid_client: no such app");
    bad(403, "text/html", "<h1>no</h1>", ERR_AUTH, "answers 403");
    bad(400, form, "error=invalid_grant&access_token=secret-word", ERR_AUTH,
        "400 invalid_grant");
    /* what looks like a token or credentials is left out */
    bad(400, json,
        "{\"error\":\"invalid_grant\",\"error_description\":\"The refresh token "
        "eyJsecret-wordXyz is gone, Basic Y2secret-wordFwcD= too: ask an "
        "administrator\"}",
        ERR_AUTH,
        "400 invalid_grant: The refresh token … is gone, Basic … too: ask an "
        "administrator");
    /* a token is what a header can hold */
    bad(200, json, "{\"access_token\":\"a\\nb\"}", ERR_UNAVAILABLE,
        "the token endpoint's access token cannot be used: it holds a control character "
        "(a new line, byte 2)");
    bad(200, json, "{\"access_token\":\"a\",\"refresh_token\":\"r\\u007f\"}",
        ERR_UNAVAILABLE, "refresh token cannot be used");
    bad(200, form, "access_token=a%0D%0AX-Evil:1", ERR_UNAVAILABLE, "a carriage return");
    bad(200, form, "access_token=a%00b", ERR_UNAVAILABLE, "not printable, byte 2");
    bad(200, json, "{\"access_token\":\"a\xc3\xa9\"}", ERR_UNAVAILABLE, "is not ASCII");
    bad(429, json, "{}", ERR_RATE_LIMITED, "answers 429");
    bad(408, json, "", ERR_TIMEOUT, "answers 408");
    bad(500, json, "{\"access_token\":\"secret-word\"}", ERR_UNAVAILABLE, "answers 500");
    bad(503, "text/html", "<h1>later</h1>", ERR_UNAVAILABLE, "answers 503");
    bad(302, NULL, "", ERR_UNAVAILABLE, "answers 302 without an access token");
    bad(100, NULL, "", ERR_UNAVAILABLE, "answers 100");
    bad(200, "text/html", "<!doctype html><h1>We'll be right back</h1>", ERR_UNAVAILABLE,
        "answers 200 without an access token (no JSON)");
    bad(200, json, "", ERR_UNAVAILABLE, "(no JSON)");
    bad(200, json, "{\"access_token\":\"secret-word\"", ERR_UNAVAILABLE, "(no JSON)");
    bad(200, json, "[\"secret-word\"]", ERR_UNAVAILABLE, "without an access token");
    bad(200, json, "{\"refresh_token\":\"secret-word\"}", ERR_UNAVAILABLE,
        "without an access token");
    bad(200, json, "{\"access_token\":\"\"}", ERR_UNAVAILABLE, "without an access token");
    bad(200, json, "{\"access_token\":5}", ERR_UNAVAILABLE, "without an access token");
    bad(200, form, "", ERR_UNAVAILABLE, "without an access token");
    bad(200, form, "access_token", ERR_UNAVAILABLE, "without an access token");
}

static int gone(int status, const char *body)
{
    return oauth_is_gone(status, body, strlen(body));
}

static void test_gone(void **state)
{
    (void)state;
    assert_true(gone(400, "{\"error\":\"invalid_grant\"}"));
    assert_true(gone(401, "{\"error\":\"invalid_grant\",\"error_description\":\"x\"}"));
    /* the app's own mistake, and what says nothing, do not end a grant */
    assert_false(gone(401, "{\"error\":\"invalid_client\"}"));
    assert_false(gone(500, "{\"error\":\"invalid_grant\"}"));
    assert_false(gone(200, "{\"error\":\"invalid_grant\"}"));
    assert_false(gone(400, "invalid_grant"));
    static const char unknown[] = "{\"error\":\"invalid_client\"}";
    assert_true(oauth_is_unknown(401, unknown, strlen(unknown)));
    assert_false(oauth_is_unknown(500, unknown, strlen(unknown)));
    assert_false(oauth_is_unknown(400, "{\"error\":\"invalid_grant\"}", 25));
    assert_false(gone(400, "{\"error\":{\"invalid_grant\":1}}"));
    assert_false(gone(400, ""));
}

/* ---- when ---- */

static int64_t ahead(int64_t life, const char *salt)
{
    return NOW + life - oauth_due_ms(NOW + life, NOW, salt);
}

static void test_due(void **state)
{
    (void)state;
    assert_true(oauth_due_ms(0, NOW, "cmp_1") == INT64_MAX);
    /* five to six minutes before; each company at a moment of its own, always the same */
    int64_t one = ahead(HOUR, "cmp_1"), other = ahead(HOUR, "cmp_2");
    assert_in_range(one, 5 * MINUTE, 6 * MINUTE - 1);
    assert_in_range(other, 5 * MINUTE, 6 * MINUTE - 1);
    assert_true(one != other);
    assert_true(one == ahead(HOUR, "cmp_1"));
    /* a short life: a quarter of it */
    assert_int_equal(ahead(8 * MINUTE, "cmp_1"), 2 * MINUTE);
    assert_int_equal(ahead(40 * SECOND, "cmp_1"), 10 * SECOND);
    assert_int_equal(ahead(0, "cmp_1"), 0);
    assert_int_equal(ahead(-HOUR, "cmp_1"), 0);
    /* when it was obtained is not known */
    assert_true(oauth_due_ms(NOW, 0, "cmp_1") == NOW - one);
    /* the spread is a spread: of many companies no quarter of the minute is empty */
    int quarters[4] = {0};
    for (int i = 0; i < 100; i++) {
        char salt[16] = {'c', 'm', 'p', '_', (char)('0' + i / 10), (char)('0' + i % 10)};
        quarters[(ahead(HOUR, salt) - 5 * MINUTE) / (15 * SECOND)]++;
    }
    for (int i = 0; i < 4; i++)
        assert_true(quarters[i] > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_endpoints), cmocka_unit_test(test_requests),
        cmocka_unit_test(test_answers),   cmocka_unit_test(test_bad_answers),
        cmocka_unit_test(test_gone),      cmocka_unit_test(test_due),
    };
    return cmocka_run_group_tests_name("oauth", tests, NULL, NULL);
}
