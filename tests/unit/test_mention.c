/* mention: addresses in JSON, by value and whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mention.h"

static int is_in(const char *word, const char *json)
{
    struct mention *m = mention_new(word);
    int found = mention_in(m, json, strlen(json));
    mention_free(m);
    return found;
}

static void test_spellings(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"ana@mail.example", "{\"a\":[1,\"Ana@Mail.Example\"]}"},
        {"ANA@mail.example", "\"ana@mail.example\""},
        {"jörg@mail.example", "\"j\\u00f6rg@mail.example\""},
        {"JÖRG@MAIL.EXAMPLE", "\"j\\u00F6rg@mail.example\""},
        {"ΣΟΦΟΣ@mail.example", "\"σοφος@mail.example\""},
        {"sofia@почта.example", "\"SOFIA@ПОЧТА.example\""},
        {"a/b@mail.example", "\"a\\/b@mail.example\""},
        {"a+b@mail.example", "\"a\\u002Bb@mail.example\""},
        {"\"a b\"@mail.example", "\"\\\"a b\\\"@mail.example\""},
        {"a\\b@mail.example", "\"a\\\\b@mail.example\""},
        {"😀@mail.example", "\"\\ud83d\\ude00@mail.example\""},
        {"o'brien@mail.example", "\"O'Brien@mail.example\""},
        {"ana@mail.example", "\"write to <ana@mail.example>.\""},
        {"ana@mail.example", "\"mailto:ana@mail.example?subject=x\""},
        {"ana@mail.example", "\"to\\nana@mail.example.\\nBye\""},
        {"ana@mail.example", "\"ana@mail.example's letter, ...\""},
        {"ana@mail.example", "\"x\",\"\\ud83d\",\"ana@mail.example\""},
        {"+15550100", "{\"handle\":\"+15550100\"}"},
        {"15550100", "\"whatsapp:+15550100\""},
        {"whatsapp:+15550100", "\"whatsapp:+15550100\""},
        {"@ana", "\"hello @Ana!\""},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (!is_in(table[i][0], table[i][1]))
            fail_msg("%s is not found in %s", table[i][0], table[i][1]);
}

static void test_others(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"iana@mail.example", "\"diana@mail.example\""},
        {"brien@mail.example", "\"o'brien@mail.example\""},
        {"b@mail.example", "\"a/b@mail.example\""},
        {"news@mail.example", "\"ana+news@mail.example\""},
        {"x@mail.example",
         "\"a=x@mail.example\", \"a!x@mail.example\", \"a.x@mail.example\""},
        {"rg@mail.example", "\"jörg@mail.example\", \"j\\u00f6rg@mail.example\""},
        {"ana@mail.example",
         "\"ana@mail.example.org ana@mail.examples ana@mail.example-x\""},
        {"ana", "\"ana@mail.example ana.b ana+b\""},
        {"ana@mail.example", "\"ana@mail.\",\"example\""},
        {"+15550100", "\"+155501001\", \"15550100\""},
        {"5550100", "\"+15550100\""},
        {"15550100", "\"1+15550100\""},
        {"", "\"\""},
        {"ana@mail.example", "\"ana@mail.exampl"},
        {"ana@mail.example", "\"\\"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (is_in(table[i][0], table[i][1]))
            fail_msg("%s is found in %s", table[i][0], table[i][1]);
}

static int is_in_bytes(const char *word, const char *text)
{
    struct mention *m = mention_new(word);
    int found = mention_in_bytes(m, text, strlen(text));
    mention_free(m);
    return found;
}

static void test_bytes(void **state)
{
    (void)state;
    static const char *const there[] = {
        "ana@mail.example",
        "200\n\nTo: Ana@Mail.Example\r\n",
        "/search?q=ana%40mail.example&x=1",
        "to=ana@mail.example&x",
        "'ana@mail.example'",
        "{\"a\":\"{\\\"b\\\":\\\"ana\\\\u0040mail.example\\\"}\"}",
        "\\nana@mail.example",
        "ana&#64;mail.example",
        "ana&#x40;mail.example;",
        "From: ana=40mail.exam=\r\nple\r\n",
        "mailto:ana@mail.example",
        "met/ana@mail.example",
        "%3Cana%40mail%2Eexample%3E",
    };
    static const char *const not_there[] = {
        "",
        "diana@mail.example",
        "bob+ana@mail.example",
        "o'ana@mail.example",
        "ana@mail.example.com",
        "ana@mail.examples",
        "di%61na%40mail.example",
        "\\",
        "%",
        "ana&#64",
        "ana%4",
        "=\n",
    };
    for (size_t i = 0; i < sizeof there / sizeof *there; i++)
        if (!is_in_bytes("ana@mail.example", there[i]))
            fail_msg("it is not found in %s", there[i]);
    for (size_t i = 0; i < sizeof not_there / sizeof *not_there; i++)
        if (is_in_bytes("ana@mail.example", not_there[i]))
            fail_msg("it is found in %s", not_there[i]);
    assert_int_equal(is_in_bytes("jörg@mail.example", "q=J%C3%96RG%40mail.example"), 1);
    assert_int_equal(is_in_bytes("+4915550100", "tel:+4915550100,"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spellings),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
