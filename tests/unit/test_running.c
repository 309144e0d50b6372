#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/path.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "store/running.h"

static char dir[64];

static int set_up(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/foyer-running-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char *line = xasprintf("rm -rf %s", dir);
    int rc = system(line);
    free(line);
    return rc;
}

/* "serve 1 127.0.0.1:1, cron 0 , ": each role, whether it lives, its address. */
static void assert_list(const char *want)
{
    struct buf text;
    size_t i;
    json_t *rows = running_list(dir), *row;
    buf_init(&text, 1000);
    json_array_foreach(rows, i, row)
    {
        assert_true(json_number_value(json_object_get(row, "since_at")) > 0);
        assert_true(json_int(row, "pid") > 0);
        buf_addf(&text, "%s %d %s, ", json_text(row, "role"),
                 json_is_true(json_object_get(row, "alive")),
                 json_text_or(row, "address", ""));
    }
    assert_string_equal(buf_str(&text), want);
    buf_free(&text);
    json_decref(rows);
}

/* Starts a process that opens ROLE; it lives until it is killed. */
static pid_t start(const char *role, const char *address)
{
    int ends[2];
    char byte;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct running *r = running_open(dir, role, address, 0);
        ssize_t n = write(ends[1], r ? "y" : "n", 1);
        (void)n;
        pause();
        _exit(0);
    }
    assert_int_equal(read(ends[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    close(ends[0]);
    close(ends[1]);
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void the_living_are_listed_and_the_killed_are_not(void **state)
{
    (void)state;
    assert_list("");
    pid_t work = start("work", NULL), serve = start("serve", "127.0.0.1:1");
    assert_list("serve 1 127.0.0.1:1, work 1 , ");
    end(serve);
    assert_list("work 1 , ");
    char *file = xasprintf("%s/state/running/serve-%d", dir, (int)serve);
    assert_false(path_exists(file)); /* looking removed it */
    free(file);
    end(work);
    assert_list("");
}

static void one_that_closes_leaves_nothing(void **state)
{
    (void)state;
    struct running *r = running_open(dir, "work", NULL, 0);
    assert_non_null(r);
    assert_list("work 1 , ");
    running_close(r);
    assert_list("");
}

static void the_last_cron_is_remembered(void **state)
{
    (void)state;
    pid_t cron = start("cron", NULL);
    assert_list("cron 1 , ");
    assert_null(
        running_open(dir, "cron", NULL, 0)); /* two at once: the first one has it */
    assert_list("cron 1 , ");
    end(cron);
    assert_list("cron 0 , ");
    running_close(running_open(dir, "cron", NULL, 0));
    assert_list("cron 0 , ");
}

static void a_directory_that_cannot_be_written_changes_nothing(void **state)
{
    (void)state;
    char *file = path_join(dir, "state");
    assert_int_equal(path_create(file, "", 0, 0600, NULL), 0);
    free(file);
    assert_null(running_open(dir, "serve", NULL, 0));
    assert_list("");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_living_are_listed_and_the_killed_are_not),
        TEST(one_that_closes_leaves_nothing),
        TEST(the_last_cron_is_remembered),
        TEST(a_directory_that_cannot_be_written_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
