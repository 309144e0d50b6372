#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/bar.h"

static void expect(int width, struct bar_facts facts, const char *line)
{
    char out[512];
    facts.unit = "lines";
    bar_format(out, sizeof out, width, &facts);
    assert_string_equal(out, line);
    assert_true((int)strlen(out) < width);
}

static void with_a_total(void **state)
{
    (void)state;
    expect(80,
           (struct bar_facts){
               .what = "contacts.csv", .done = 4213, .total = 10000, .rate = 31.4},
           "contacts.csv  [========>          ]  4,213 of 10,000  42%  31/s  3 min 4 s "
           "left");
    expect(80, (struct bar_facts){.what = "contacts.csv", .total = 10000, .rate = -1},
           "contacts.csv  [>                     ]  0 of 10,000  0%");
    expect(80,
           (struct bar_facts){
               .what = "a.csv", .done = 10, .total = 10, .failed = 1234, .rate = 2.5},
           "a.csv  [======================]  10 of 10  100%  2.5/s  1,234 failed");
    expect(80,
           (struct bar_facts){
               .what = "a.csv", .done = 8, .total = 10, .waiting = 2, .rate = 0.05},
           "a.csv  [=================>    ]  8 of 10  80%  3/min  2 waiting");
}

static void without_a_total(void **state)
{
    (void)state;
    expect(80, (struct bar_facts){.what = "contacts", .done = 1250, .rate = 50},
           "contacts  1,250 lines  50/s");
}

static void in_a_narrow_terminal(void **state)
{
    (void)state;
    struct bar_facts facts = {
        .what = "contacts.csv", .done = 4213, .total = 10000, .failed = 3, .rate = 0.5};
    expect(70, facts,
           "[====>     ]  4,213 of 10,000  42%  30/min  3 h 12 min left  3 failed");
    expect(60, facts, "4,213 of 10,000  42%  30/min  3 h 12 min left  3 failed");
    expect(24, facts, "4,213 of 10,000  42%  3");
}

static void numbers_and_spans(void **state)
{
    (void)state;
    char out[32];
    assert_string_equal(bar_number(out, 0), "0");
    assert_string_equal(bar_number(out, 999), "999");
    assert_string_equal(bar_number(out, 1000), "1,000");
    assert_string_equal(bar_number(out, -123456), "-123,456");
    assert_string_equal(bar_number(out, 1234567), "1,234,567");
    assert_string_equal(bar_span(out, 0.2), "0 s");
    assert_string_equal(bar_span(out, 59.4), "59 s");
    assert_string_equal(bar_span(out, 200), "3 min 20 s");
    assert_string_equal(bar_span(out, 1800), "30 min");
    assert_string_equal(bar_span(out, 7500), "2 h 5 min");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_a_total),
        cmocka_unit_test(without_a_total),
        cmocka_unit_test(in_a_narrow_terminal),
        cmocka_unit_test(numbers_and_spans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
