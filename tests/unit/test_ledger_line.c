#include "ledgertest.h"

/* The lines of files, each with one run. */

static const unsigned char file[LEDGER_LINE_SIZE] = "file",
                           other[LEDGER_LINE_SIZE] = "other";

static struct ledger_line line_of(const unsigned char *of, int64_t n, const char *hash)
{
    struct ledger_line line = {.n = n};
    memcpy(line.file, of, sizeof line.file);
    memcpy(line.hash, hash, strlen(hash));
    return line;
}

static int64_t begin(const struct ledger_line *line)
{
    struct ledger_run run = {.line = line, .origin = "each"};
    return add_full(&run, "me");
}

static int64_t run_of(const unsigned char *of, int64_t n)
{
    int64_t run = -1;
    OK(ledger_line_run(db, of, n, &run, &e));
    return run;
}

static int64_t twin_of(const unsigned char *of, const char *hash)
{
    unsigned char padded[LEDGER_LINE_SIZE] = {0};
    int64_t run = -1;
    memcpy(padded, hash, strlen(hash));
    OK(ledger_line_twin(db, of, padded, &run, &e));
    return run;
}

static void a_line_has_one_run(void **state)
{
    (void)state;
    struct ledger_line line = line_of(file, 7, "ada");
    int64_t id, first = begin(&line);
    assert_int_equal(run_of(file, 7), first);
    assert_int_equal(run_of(file, 8), 0);
    assert_int_equal(run_of(other, 7), 0);

    struct ledger_run again = {.client = "acme",
                               .recipe = "x/y",
                               .origin = "each",
                               .args = "{}",
                               .policy = "{}",
                               .line = &line};
    FAILS(ledger_add(db, &again, "me", &id, &e), ERR_CONFLICT, "line 7");
    line.instead = first + 100;
    FAILS(ledger_add(db, &again, "me", &id, &e), ERR_CONFLICT, "line 7");
    line.instead = first;
    OK(ledger_add(db, &again, "me", &id, &e));
    assert_int_equal(run_of(file, 7), id);
}

static void a_twin_was_done_in_another_file(void **state)
{
    (void)state;
    struct ledger_line a = line_of(file, 1, "twin"), b = line_of(file, 2, "twin");
    int64_t first = begin(&a), second = begin(&b);
    assert_int_equal(twin_of(file, "twin"), 0);
    assert_int_equal(twin_of(other, "twin"), second);
    end_at(second, 1, LEDGER_DEAD, now, now);
    assert_int_equal(twin_of(other, "twin"), first);
    end_at(first, 1, LEDGER_CANCELLED, now, now);
    assert_int_equal(twin_of(other, "twin"), 0);
    assert_int_equal(twin_of(other, "nothing"), 0);
}

static void a_line_goes_with_its_run(void **state)
{
    (void)state;
    struct ledger_line line = line_of(file, 3, "gone");
    struct ledger_line newest = line_of(file, 4, "stays");
    int64_t run = begin(&line);
    int removed;
    begin(&newest);
    end_at(run, 1, LEDGER_DONE, now, now);
    assert_int_equal(twin_of(other, "gone"), run);
    OK(ledger_prune(db, now + 1, now + 1, now + 1, 100, &removed, &e));
    assert_int_equal(run_of(file, 3), 0);
    assert_int_equal(twin_of(other, "gone"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_one_run),
        cmocka_unit_test(a_twin_was_done_in_another_file),
        cmocka_unit_test(a_line_goes_with_its_run),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
