#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "store/logs.h"

enum { DAY = 86400 };

static char dir[64];
static struct err e;

static void at(int64_t seconds)
{
    char ms[32];
    snprintf(ms, sizeof ms, "%lld", (long long)seconds * 1000);
    setenv("FOYER_TEST_CLOCK", ms, 1);
}

static int set_up(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/foyer-logs-XXXXXX");
    at(1764547200); /* 2025-12-01 */
    return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    logs_close();
    unsetenv("FOYER_TEST_CLOCK");
    char *line = xasprintf("rm -rf %s", dir);
    int rc = system(line);
    free(line);
    return rc;
}

static int add_file(void *arg, const char *path, int64_t day_ms)
{
    struct buf *out = arg;
    (void)day_ms;
    buf_addf(out, "%s ", strrchr(path, '/') + 1);
    return 0;
}

static void assert_files(const char *want)
{
    struct buf out;
    buf_init(&out, 4096);
    logs_each(dir, add_file, &out);
    assert_string_equal(buf_str(&out), want);
    buf_free(&out);
}

static void add_content(void *arg, const char *path)
{
    struct err why;
    assert_int_equal(path_read(path, arg, &why), 0);
}

static int read_file(void *arg, const char *path, int64_t day_ms)
{
    (void)day_ms;
    add_content(arg, path);
    return 0;
}

static void content(struct buf *out)
{
    buf_init(out, 64 << 20);
    logs_each(dir, read_file, out);
}

static void a_file_a_day_and_the_old_ones_go(void **state)
{
    (void)state;
    assert_int_equal(logs_open(dir, "serve", 2LL * DAY * 1000, &e), 0);
    log_line(LOG_INFO, "one");
    for (int i = 1; i < 5; i++) {
        at(1764547200 + (int64_t)i * DAY);
        log_line(LOG_INFO, "more");
    }
    assert_files("foyer-2025-12-03.log foyer-2025-12-04.log foyer-2025-12-05.log ");
}

static void a_full_file_is_followed_by_another(void **state)
{
    (void)state;
    char *path = xasprintf("%s/state/log/foyer-2025-12-01.log", dir);
    assert_int_equal(logs_open(dir, "work", 14LL * DAY * 1000, &e), 0);
    log_line(LOG_INFO, "in the first");
    assert_int_equal(truncate(path, LOGS_FILE_BYTES), 0);
    log_line(LOG_INFO, "in the second");
    assert_files("foyer-2025-12-01.log foyer-2025-12-01.2.log ");
    /* all that there may be: the oldest ones go */
    for (int i = 2; i < LOGS_MAX_BYTES / LOGS_FILE_BYTES + 2; i++) {
        free(path);
        path = xasprintf("%s/state/log/foyer-2025-12-01.%d.log", dir, i);
        assert_int_equal(truncate(path, LOGS_FILE_BYTES), 0);
        log_line(LOG_INFO, "in the next");
    }
    assert_files("foyer-2025-12-01.3.log foyer-2025-12-01.4.log foyer-2025-12-01.5.log "
                 "foyer-2025-12-01.6.log foyer-2025-12-01.7.log foyer-2025-12-01.8.log "
                 "foyer-2025-12-01.9.log foyer-2025-12-01.10.log ");
    free(path);
}

static void files_that_are_removed_are_made_again(void **state)
{
    (void)state;
    assert_int_equal(logs_open(dir, "work", 14LL * DAY * 1000, &e), 0);
    log_line(LOG_INFO, "one");
    char *line = xasprintf("rm -r %s/state/log", dir);
    assert_int_equal(system(line), 0);
    free(line);
    log_line(LOG_INFO, "two");
    struct buf all;
    content(&all);
    assert_non_null(strstr(all.data, "two"));
    buf_free(&all);
}

static void processes_append_whole_lines(void **state)
{
    (void)state;
    enum { CHILDREN = 4, LINES = 500 };
    for (int c = 0; c < CHILDREN; c++)
        if (fork() == 0) {
            logs_open(dir, "work", DAY * 1000, NULL);
            for (int i = 0; i < LINES; i++)
                log_keep(LOG_WARN, "child %d line %d", c, i);
            _exit(0);
        }
    while (wait(NULL) > 0) {
    }
    struct buf all;
    content(&all);
    int n = 0;
    for (char *line = all.data, *lf; (lf = strchr(line, '\n')); line = lf + 1, n++) {
        assert_int_equal(*line, '{');
        assert_memory_equal(lf - 2, "\"}", 2);
    }
    assert_int_equal(n, CHILDREN * LINES);
    buf_free(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_a_day_and_the_old_ones_go, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_full_file_is_followed_by_another, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(files_that_are_removed_are_made_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(processes_append_whole_lines, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
