/* core/credential: a token as a header or in a query, for each way of authorisation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/credential.h"
#include "core/jsontree.h"

static json_t *connector(const char *auth)
{
    char text[256];
    snprintf(text, sizeof text, "{\"auth\": %s}", auth);
    json_t *tree = jsontree_reads(text, NULL);
    assert_non_null(tree);
    return tree;
}

static void sends(const char *auth, const char *header, enum credential_need need)
{
    json_t *c = connector(auth);
    char *line = credential_header(c, "ana:k");
    if (header)
        assert_string_equal(line, header);
    else
        assert_null(line);
    assert_int_equal(credential_need(c), need);
    const char *name = credential_header_name(c);
    assert_true(header ? strncmp(header, name, strlen(name)) == 0 : !name);
    free(line);
    json_decref(c);
}

static void test_headers(void **state)
{
    (void)state;
    sends("\"bearer\"", "Authorization: Bearer ana:k", CREDENTIAL_KEY);
    sends("null", "Authorization: Bearer ana:k", CREDENTIAL_KEY);
    sends("\"basic\"", "Authorization: Basic YW5hOms=", CREDENTIAL_PAIR);
    sends("\"none\"", NULL, CREDENTIAL_NONE);
    sends("{\"header\": \"X-Key\"}", "X-Key: ana:k", CREDENTIAL_KEY);
    sends("{\"header\": \"X-Key\", \"before\": \"Token \"}", "X-Key: Token ana:k",
          CREDENTIAL_KEY);
    sends("{\"query\": \"key\"}", NULL, CREDENTIAL_KEY);
    sends("{\"oauth\": \"client_credentials\"}", "Authorization: Bearer ana:k",
          CREDENTIAL_CLIENT);
    sends("{\"oauth\": \"authorization_code\"}", "Authorization: Bearer ana:k",
          CREDENTIAL_CONSENT);
}

static void at(const char *url, const char *want)
{
    json_t *c = connector("{\"query\": \"api key\"}");
    char *got = credential_url(c, "a&b", url);
    assert_string_equal(got, want);
    free(got);
    json_decref(c);
}

static void test_queries(void **state)
{
    (void)state;
    at("https://a.example", "https://a.example?api%20key=a%26b");
    at("https://a.example/x?", "https://a.example/x?api%20key=a%26b");
    at("https://a.example/x?b=1&c", "https://a.example/x?b=1&c&api%20key=a%26b");
    at("https://a.example/x?api%20key=1&b=2&api%20ke%79=3#end",
       "https://a.example/x?b=2&api%20key=a%26b");
    at("https://a.example/x?&&b=%zz", "https://a.example/x?b=%zz&api%20key=a%26b");
    json_t *c = connector("\"bearer\"");
    assert_null(credential_url(c, "k", "https://a.example"));
    json_decref(c);
}

static void masked(const char *auth, const char *token, const char *text,
                   const char *want)
{
    json_t *c = connector(auth);
    struct mask m = {NULL, 0};
    char shown[128];
    snprintf(shown, sizeof shown, "%s", text);
    credential_mask(c, token, &m);
    mask_apply(&m, shown, strlen(shown));
    assert_string_equal(shown, want);
    mask_fini(&m);
    json_decref(c);
}

static void test_masks(void **state)
{
    (void)state;
    masked("{\"query\": \"k\"}", "0123456789", "a 0123456789 b", "a ********** b");
    masked("\"basic\"", "ana:0123456789", "YW5hOjAxMjM0NTY3ODk= 0123456789",
           "******************** **********");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_headers),
                                       cmocka_unit_test(test_queries),
                                       cmocka_unit_test(test_masks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
