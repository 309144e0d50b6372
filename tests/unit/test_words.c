#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "core/words.h"
#include "store/ledger.h"

static void each_state_has_a_word(void **state)
{
    (void)state;
    static const char *const words[LEDGER_STATES] = {
        "waiting",   "running", "waiting", "waiting", "waiting",  "needs reconnect",
        "needs you", "done",    "skipped", "failed",  "cancelled"};
    for (int i = 0; i < LEDGER_STATES; i++)
        assert_string_equal(words_of(ledger_state_name((enum ledger_state)i)), words[i]);
    assert_string_equal(words_of("undelivered"), "needs you");
    assert_string_equal(words_of("unrouted"), "unrouted");
}

static void words_are_found_as_typed(void **state)
{
    (void)state;
    for (int i = 0; words_nth(i); i++)
        assert_ptr_equal(words_find(words_nth(i)), words_nth(i));
    assert_string_equal(words_find("needs-you"), WORD_NEEDS_YOU);
    assert_string_equal(words_find("needs_reconnect"), WORD_NEEDS_RECONNECT);
    assert_null(words_find("needs"));
    assert_null(words_find("needs you "));
    assert_null(words_find(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_state_has_a_word),
        cmocka_unit_test(words_are_found_as_typed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
