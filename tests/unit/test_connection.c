#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "core/answer.h"
#include "core/connection.h"
#include "core/jsontree.h"
#include "io/url_parse.h"

static void parts(const char *url, const char *scheme, const char *host, int port,
                  int given, const char *rest)
{
    struct url_parts u;
    struct err e = {0};
    if (url_parse(url, &u, &e) != 0)
        fail_msg("%s: refused: %s", url, e.text);
    assert_string_equal(u.scheme, scheme);
    assert_string_equal(u.host, host);
    assert_int_equal(u.port, port);
    assert_int_equal(u.port_given, given);
    assert_string_equal(u.rest, rest);
    url_parts_fini(&u);
    assert_null(u.host);
}

static void test_parts(void **state)
{
    (void)state;
    parts("https://api2.frontapp.com/me?x=1", "https", "api2.frontapp.com", 443, 0,
          "/me?x=1");
    parts("https://API2.FrontApp.com", "https", "api2.frontapp.com", 443, 0, "");
    parts("http://127.0.0.1:8099", "http", "127.0.0.1", 8099, 1, "");
    parts("http://a.example?x", "http", "a.example", 80, 0, "?x");
    parts("https://a.example#@b.example", "https", "a.example", 443, 0, "#@b.example");
    parts("https://[::1]:65535/", "https", "[::1]", 65535, 1, "/");
    parts("https://[::1]/", "https", "[::1]", 443, 0, "/");
}

static void refused(const char *url, const char *part)
{
    struct url_parts u;
    struct err e = {0};
    if (url_parse(url, &u, &e) == 0)
        fail_msg("accepted %s: host %s", url, u.host);
    assert_int_equal(e.kind, ERR_INVALID);
    if (!strstr(e.text, part))
        fail_msg("\"%s\" lacks \"%s\"", e.text, part);
    assert_null(u.host);
}

static void test_bad_parts(void **state)
{
    (void)state;
    refused("", "must begin with https://");
    refused("ftp://a.example/", "must begin with https://");
    refused("//a.example/", "must begin with https://");
    refused("HTTPS://a.example/", "must begin with https://");
    refused("https://", "host is malformed");
    refused("https:///path", "host is malformed");
    refused("https://api2.frontapp.com@evil.example/", "host is malformed");
    refused("https://api2.frontapp.com\\@evil.example/", "host is malformed");
    refused("https://a.example%2f.evil.example/", "host is malformed");
    refused("https://a b.example/", "white space and control characters");
    refused("https://a.example\n/", "white space and control characters");
    refused("https://a.example/a b", "white space and control characters");
    refused("https://a.example:0/", "port is malformed");
    refused("https://a.example:65536/", "port is malformed");
    refused("https://a.example:x/", "port is malformed");
    refused("https://a.example:/", "port is malformed");
    refused("https://a.example:+1/", "port is malformed");
    refused("https://evil.example;.api.frontapp.com/", "host is malformed");
    refused("https://[::1].api.frontapp.com/", "is malformed");
    /* what libcurl reads otherwise than it is written */
    refused("https://%61.example/", "host is malformed");
    refused("https://a%zz.example/", "host is malformed");
    refused("http://0x7f.1/", "host is malformed");
    refused("http://127.1:80/", "host is malformed");
    refused("https://2130706433/", "host is malformed");
    refused("https://[0:0::1]/", "host is malformed");
    refused("https://[fe80::1%25eth0]/", "host is malformed");
}

static int covers(const char *pattern, const char *url)
{
    struct url_parts u;
    struct err e = {0};
    if (url_parse(url, &u, &e) != 0)
        fail_msg("%s", e.text);
    int yes = host_matches(pattern, &u);
    url_parts_fini(&u);
    return yes;
}

static void test_hosts(void **state)
{
    (void)state;
    assert_true(covers("api2.frontapp.com", "https://api2.frontapp.com/me"));
    assert_true(covers("Api2.frontapp.com", "https://API2.frontapp.com:443/me"));
    assert_false(covers("api2.frontapp.com", "http://api2.frontapp.com/me"));
    assert_false(covers("api2.frontapp.com", "http://api2.frontapp.com:443/me"));
    assert_false(covers("api2.frontapp.com", "https://api2.frontapp.com:8443/me"));
    assert_false(covers("api2.frontapp.com", "https://xapi2.frontapp.com/"));
    assert_false(covers("api2.frontapp.com", "https://api2.frontapp.com.evil.example/"));
    /* a suffix covers what is below it, not itself and not what merely ends alike */
    assert_true(covers("*.api.frontapp.com", "https://acme.api.frontapp.com/"));
    assert_true(covers("*.api.frontapp.com", "https://a.b.api.frontapp.com/"));
    assert_false(covers("*.api.frontapp.com", "https://api.frontapp.com/"));
    assert_true(covers("*.api.frontapp.com", "https://xn--mnchen-3ya.api.frontapp.com/"));
    assert_false(covers("*.api.frontapp.com", "https://evilapi.frontapp.com/"));
    assert_false(covers("*.api.frontapp.com", "https://acme.api.frontapp.com.evil.org/"));
    /* a name that libcurl takes for another one, or for none */
    assert_false(covers("*.api.frontapp.com", "https://evil.\u2105.api.frontapp.com/"));
    assert_false(covers("*.api.frontapp.com", "https://m\u00fcnchen.api.frontapp.com/"));
    assert_false(covers("*.api.frontapp.com", "https://..api.frontapp.com/"));
    char longest[400] = "https://";
    memset(longest + 8, 'a', 300);
    strcpy(longest + 308, ".api.frontapp.com/");
    assert_false(covers("*.api.frontapp.com", longest));

    /* a port that is named must be that one; plain http only so */
    assert_true(covers("127.0.0.1:8099", "http://127.0.0.1:8099/me"));
    assert_true(covers("127.0.0.1:8099", "https://127.0.0.1:8099/me"));
    assert_false(covers("127.0.0.1:8099", "http://127.0.0.1:8098/me"));
    assert_false(covers("127.0.0.1:8099", "http://127.0.0.1/me"));
    assert_true(covers("127.0.0.1:80", "http://127.0.0.1/me"));
    assert_false(covers("127.0.0.1", "http://127.0.0.1/me"));
    assert_false(covers("127.0.0.1:x", "http://127.0.0.1:8099/me"));
    assert_true(covers("[::1]:8099", "http://[::1]:8099/me"));
    assert_true(covers("[::1]", "https://[::1]/"));
    assert_false(covers("[::1]", "https://[::2]/"));

    assert_true(host_is_address("127.0.0.1"));
    assert_true(host_is_address("[::1]"));
    assert_false(host_is_address("localhost"));
    assert_false(host_is_address("127.0.0.1.evil.example"));
    assert_false(host_is_address("127.1"));
}

/* What becomes of BASE, with the hosts of Front's connector and of a local API, when the
 * API says that it is at URL. */
static void moved(const char *base, const char *url, int may, const char *to)
{
    char api[] = "api2.frontapp.com", own[] = "*.api.frontapp.com",
         local[] = "127.0.0.1:8099", *hosts[] = {api, own, local};
    struct connection c = {.base = xstrdup(base), .hosts = hosts, .nhosts = 3};
    struct url_parts u;
    assert_int_equal(url_parse(url, &u, NULL) == 0 && connection_move(&c, &u), may);
    url_parts_fini(&u);
    assert_string_equal(c.base, to);
    free(c.base);
}

static void test_the_companys_own_address(void **state)
{
    (void)state;
    static const char base[] = "https://api2.frontapp.com";
    moved(base, "https://acme.api.frontapp.com/me", 1, "https://acme.api.frontapp.com");
    moved(base, "https://Acme.API.frontapp.com", 1, "https://acme.api.frontapp.com");
    moved("https://api2.frontapp.com/v1", "https://acme.api.frontapp.com/v1/me", 1,
          "https://acme.api.frontapp.com/v1");
    moved(base, "http://127.0.0.1:8099/me", 1, "http://127.0.0.1:8099");
    /* the token goes to the connector's hosts alone, by https */
    moved(base, "https://evil.example/me", 0, base);
    moved(base, "https://acme.api.frontapp.com.evil.example/me", 0, base);
    moved(base, "https://acme.api.frontapp.com@evil.example/me", 0, base);
    moved(base, "http://acme.api.frontapp.com/me", 0, base);
    moved(base, "https://acme.api.frontapp.com:8443/me", 0, base);
    moved(base, "http://127.0.0.1:8098/me", 0, base);
    moved(base, "acme.api.frontapp.com", 0, base);
    moved(base, "", 0, base);
}

/* ---- answers ---- */

static void test_kinds(void **state)
{
    (void)state;
    assert_int_equal(answer_kind(200, 1), ERR_NONE);
    assert_int_equal(answer_kind(302, 0), ERR_NONE);
    assert_int_equal(answer_kind(400, 0), ERR_INVALID);
    assert_int_equal(answer_kind(401, 0), ERR_AUTH);
    assert_int_equal(answer_kind(403, 0), ERR_FORBIDDEN);
    assert_int_equal(answer_kind(404, 0), ERR_NOT_FOUND);
    assert_int_equal(answer_kind(410, 0), ERR_NOT_FOUND);
    assert_int_equal(answer_kind(409, 0), ERR_CONFLICT);
    assert_int_equal(answer_kind(422, 1), ERR_INVALID);
    assert_int_equal(answer_kind(429, 1), ERR_RATE_LIMITED);
    /* only a write's fate matters */
    assert_int_equal(answer_kind(408, 0), ERR_TIMEOUT);
    assert_int_equal(answer_kind(408, 1), ERR_UNCERTAIN);
    assert_int_equal(answer_kind(500, 0), ERR_UNAVAILABLE);
    assert_int_equal(answer_kind(503, 1), ERR_UNCERTAIN);
    /* neither done for certain nor refused for certain */
    assert_int_equal(answer_kind(303, 1), ERR_UNCERTAIN);
    assert_int_equal(answer_kind(304, 1), ERR_UNCERTAIN);
    assert_int_equal(answer_kind(499, 1), ERR_UNCERTAIN);
    assert_int_equal(answer_kind(410, 1), ERR_UNCERTAIN);
}

static void test_retry_after(void **state)
{
    (void)state;
    const int64_t now = 784111777000; /* Sun, 06 Nov 1994 08:49:37 GMT */
    assert_int_equal(answer_retry_after_ms(NULL, now), -1);
    assert_int_equal(answer_retry_after_ms("20", now), 20000);
    assert_int_equal(answer_retry_after_ms("1.5", now), 1500);
    assert_int_equal(answer_retry_after_ms("0", now), 1000);
    assert_int_equal(answer_retry_after_ms("-7", now), 1000);
    assert_int_equal(answer_retry_after_ms("nan", now), 1000);
    assert_int_equal(answer_retry_after_ms("1e300", now), 3600000);
    assert_int_equal(answer_retry_after_ms("Sun, 06 Nov 1994 08:50:07 GMT", now), 30000);
    assert_int_equal(answer_retry_after_ms("Sun, 06 Nov 1994 08:00:00 GMT", now), 1000);
    assert_int_equal(answer_retry_after_ms("Sunday, 06-Nov-94 08:50:07 GMT", now), 30000);
    assert_int_equal(answer_retry_after_ms("Sun Nov  6 08:50:07 1994", now), 30000);
    assert_int_equal(answer_retry_after_ms("soon", now), -1);
    assert_int_equal(answer_retry_after_ms("20 s", now), -1);
}

static void test_paths(void **state)
{
    (void)state;
    json_t *tree = json_pack("{s:{s:[{s:s}, {s:s}]}, s:n}", "a", "list", "x", "one", "x",
                             "two", "nothing");
    assert_string_equal(json_string_value(json_at(tree, "a.list.2.x")), "two");
    assert_ptr_equal(json_at(tree, ""), tree);
    assert_true(json_is_null(json_at(tree, "nothing")));
    assert_null(json_at(tree, "a.list.0.x"));
    assert_null(json_at(tree, "a.list.3.x"));
    assert_null(json_at(tree, "a.list.x"));
    assert_null(json_at(tree, "a.none.1"));
    assert_null(json_at(tree, "nothing.more"));
    char path[300];
    memset(path, 'k', sizeof path);
    path[sizeof path - 1] = '\0';
    assert_null(json_at(tree, path));
    assert_null(json_at(NULL, "a"));
    json_decref(tree);
}

static void said(const char *body, int status, const char *text)
{
    struct err e = {0};
    json_t *errors = json_pack("{s:s, s:s, s:s}", "title", "_error.title", "message",
                               "_error.message", "details", "_error.details");
    answer_error(&e, "list inboxes", status, 0, "3", errors, body, strlen(body), 0);
    assert_string_equal(e.text, text);
    assert_int_equal(e.status, status);
    assert_int_equal(e.retry_after_ms, 3000);
    json_decref(errors);
}

static void test_errors(void **state)
{
    (void)state;
    said("{\"_error\":{\"status\":400,\"title\":\"Bad request\",\"message\":\"Body did "
         "not "
         "satisfy requirements\",\"details\":[\"body.limit: too high\",\"more\"]}}",
         400,
         "cannot list inboxes: 400 Bad request: Body did not satisfy requirements "
         "(body.limit: too high)");
    said("{\"_error\":{\"title\":\"Not found\"}}", 404,
         "cannot list inboxes: 404 Not found");
    said("{\"_error\":{\"title\":5,\"details\":[5]}}", 401,
         "cannot list inboxes: 401 the token is refused");
    said("<html>", 502, "cannot list inboxes: 502 the server failed");
    said("", 429, "cannot list inboxes: 429 too many requests");
    struct err e = {0};
    answer_error(&e, "x", 418, 0, NULL, NULL, "{\"_error\":{}}", 13, 0);
    assert_string_equal(e.text, "cannot x: 418 refused");
    static const char *const usual[] = {"{\"message\":\"gone\",\"error\":\"no\"}",
                                        "{\"error\":{\"message\":\"gone\"}}",
                                        "{\"error\":\"gone\"}", "{\"detail\":\"gone\"}"};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        answer_error(&e, "x", 404, 0, NULL, NULL, usual[i], strlen(usual[i]), 0);
        assert_string_equal(e.text, "cannot x: 404 not found: gone");
    }
    said("{\"message\":\"not where `errors` says\"}", 404,
         "cannot list inboxes: 404 not found");
    assert_int_equal(e.retry_after_ms, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts), cmocka_unit_test(test_bad_parts),
        cmocka_unit_test(test_hosts), cmocka_unit_test(test_the_companys_own_address),
        cmocka_unit_test(test_kinds), cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_paths), cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests_name("connection", tests, NULL, NULL);
}
