#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/stats.h"

static int region = -1;

static void has(const struct buf *out, const char *line)
{
    if (!strstr(buf_str(out), line))
        fail_msg("no line \"%s\" in\n%s", line, buf_str(out));
}

static int says(const char *line)
{
    struct buf out;
    buf_init(&out, 65536);
    int found = stats_write(&out) == 0 && strstr(buf_str(&out), line) != NULL;
    buf_free(&out);
    return found;
}

static void test_without_region(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 65536);
    stats_add(STAT_STEPS, 3);
    stats_commit(5, 1);
    assert_int_equal(stats_write(&out), 0);
    assert_string_equal(buf_str(&out), "");
    buf_free(&out);
}

static void test_shared(void **state)
{
    (void)state;
    struct err e = {0};
    region = stats_create(&e);
    assert_true(region >= 0);
    stats_add(STAT_STEPS, 3);
    pid_t child = fork();
    if (child == 0) { /* as a worker: maps it anew */
        _exit(stats_attach(region, NULL) != 0 || !says("foyer_steps_total 3\n") ||
              (stats_add(STAT_STEPS, 4), 0));
    }
    int status = -1;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    assert_true(says("foyer_steps_total 7\n"));
}

static void test_refuses_others(void **state)
{
    (void)state;
    struct err e = {0};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(stats_attach(ends[0], &e), -1);
    assert_int_equal(e.kind, ERR_USAGE);
    assert_int_equal(stats_attach(987, &e), -1);
    close(ends[0]);
    close(ends[1]);
}

static void test_text(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 65536);
    stats_rejected(401);
    stats_rejected(418);
    stats_answer(0);
    stats_answer(204);
    stats_answer(404);
    stats_answer(429);
    stats_answer(599);
    stats_commit(250, 1);
    stats_commit(251, 1);
    stats_commit(9000000, 1);
    stats_commit(-1, 1);
    assert_int_equal(stats_write(&out), 0);
    has(&out, "# TYPE foyer_rejections_total counter\n");
    has(&out, "foyer_rejections_total{status=\"401\"} 1\n");
    has(&out, "foyer_rejections_total{status=\"other\"} 1\n");
    has(&out, "foyer_http_answers_total{status=\"none\"} 1\n");
    has(&out, "foyer_http_answers_total{status=\"2xx\"} 1\n");
    has(&out, "foyer_http_answers_total{status=\"4xx\"} 1\n");
    has(&out, "foyer_http_answers_total{status=\"429\"} 1\n");
    has(&out, "foyer_http_answers_total{status=\"5xx\"} 1\n");
    has(&out, "foyer_steps_total 7\n");
    has(&out, "foyer_commit_seconds_bucket{le=\"0.00025\"} 2\n");
    has(&out, "foyer_commit_seconds_bucket{le=\"0.0005\"} 3\n");
    has(&out, "foyer_commit_seconds_bucket{le=\"5\"} 3\n");
    has(&out, "foyer_commit_seconds_bucket{le=\"+Inf\"} 4\n");
    has(&out, "foyer_commit_seconds_sum 9.000501\n");
    has(&out, "foyer_commit_seconds_count 4\n");
    has(&out, "foyer_committed_writes_total 4\n");
    buf_free(&out);
    buf_init(&out, 100); /* a maximum too small is no crash */
    assert_int_equal(stats_write(&out), -1);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_region),
        cmocka_unit_test(test_shared),
        cmocka_unit_test(test_refuses_others),
        cmocka_unit_test(test_text),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    close(region);
    return failed;
}
