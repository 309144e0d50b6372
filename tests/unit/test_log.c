#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/log.h"

static char said[8192];

/* What FN writes to standard error. */
static const char *capture(void (*fn)(void))
{
    int ends[2], err = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    fn();
    dup2(err, STDERR_FILENO);
    close(err);
    close(ends[1]);
    ssize_t n = read(ends[0], said, sizeof said - 1);
    said[n > 0 ? n : 0] = '\0';
    close(ends[0]);
    return said;
}

static json_t *parsed(void (*fn)(void))
{
    const char *text = capture(fn);
    if (!strchr(text, '\n') || strchr(text, '\n')[1])
        fail_msg("not one line: %s", text);
    json_t *tree = json_loads(text, 0, NULL);
    if (!tree)
        fail_msg("no JSON: %s", text);
    return tree;
}

static const char *member(const json_t *tree, const char *key)
{
    const char *s = json_string_value(json_object_get(tree, key));
    return s ? s : "";
}

static void plain(void)
{
    log_line(LOG_WARN, "a \"b\" \\ %d\nc\033[2J\xff", 7);
}

static void quiet(void)
{
    log_line(LOG_INFO, "not asked for");
}

static void about(void)
{
    log_context(12, "acme");
    log_line(LOG_ERROR, "x");
    log_context(0, NULL);
}

static void on_signal(int signo)
{
    (void)signo;
    log_from_signal("watchdog: ", "recipe \"a\\b\"\n", "\xc2\x85\xe2\x80\xae");
}

static void interrupted(void)
{
    signal(SIGUSR1, on_signal);
    raise(SIGUSR1);
}

static void addresses(void)
{
    log_line(LOG_WARN, "%s", "GET /contacts/alt:email:ana.b+c@mail.example 404");
    log_line(LOG_WARN, "%s", "q=j%C3%B6@m.example&r=bob%40mail.example, <a@b>, x@ @y @");
    log_line(LOG_WARN, "%s", "@ana@mail.example@b jo\xcc\x88@m\xc3\xbc.example");
}

static void test_addresses_are_left_out(void **state)
{
    (void)state;
    assert_string_equal(capture(addresses),
                        "foyer: warn: GET /contacts/alt:email:*@* 404\n"
                        "foyer: warn: q=j%C3%*@*&r=*@*, <*@*>, x@ @y @\n"
                        "foyer: warn: @*@*@b *@*\n");
}

static void test_text(void **state)
{
    (void)state;
    unsetenv("FOYER_LOG_FORMAT");
    log_init();
    assert_string_equal(capture(plain), "foyer: warn: a \"b\" \\ 7 c [2J\xef\xbf\xbd\n");
    assert_string_equal(capture(quiet), "");
    assert_string_equal(capture(about), "foyer: error: x\n");
    assert_string_equal(capture(interrupted), "foyer: watchdog: recipe \"a\\b\"______\n");
}

static void test_json(void **state)
{
    (void)state;
    setenv("FOYER_LOG_FORMAT", "json", 1);
    setenv("FOYER_TEST_CLOCK", "1709210096789", 1); /* a leap day */
    log_init();
    json_t *tree = parsed(plain);
    assert_string_equal(member(tree, "time"), "2024-02-29T12:34:56.789Z");
    assert_string_equal(member(tree, "level"), "warn");
    assert_string_equal(member(tree, "message"), "a \"b\" \\ 7 c [2J\xef\xbf\xbd");
    assert_int_equal(json_integer_value(json_object_get(tree, "pid")), getpid());
    assert_null(json_object_get(tree, "run"));
    assert_null(json_object_get(tree, "client"));
    json_decref(tree);
    setenv("FOYER_TEST_CLOCK", "4102444799999", 1);
    tree = parsed(about);
    assert_string_equal(member(tree, "time"), "2099-12-31T23:59:59.999Z");
    assert_int_equal(json_integer_value(json_object_get(tree, "run")), 12);
    assert_string_equal(member(tree, "client"), "acme");
    json_decref(tree);
    tree = parsed(plain);
    assert_null(json_object_get(tree, "run"));
    json_decref(tree);
    tree = parsed(interrupted);
    assert_string_equal(member(tree, "message"), "watchdog: recipe _a_b_______");
    json_decref(tree);
    unsetenv("FOYER_LOG_FORMAT");
    unsetenv("FOYER_TEST_CLOCK");
    log_init();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_addresses_are_left_out),
        cmocka_unit_test(test_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
