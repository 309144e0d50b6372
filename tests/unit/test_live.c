#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/path.h"
#include "io/db.h"
#include "store/live.h"
#include "workdir.h"

static char *dir, *path;

static int setup(void **state)
{
    (void)state;
    dir = workdir_make();
    path = xasprintf("%s/state/live.db", dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(path);
    workdir_remove(dir);
    return 0;
}

static const char name[] = "refresh/front/cmp_1a2b";
static const int64_t now = 1700000000000;

static struct live_claim last;

static int claim(struct live *live, const struct presence *p, int64_t now_ms)
{
    struct err e = {0};
    int rc = live_claim(live, name, presence_id(p), now_ms, &last, &e);
    if (rc < 0)
        fail_msg("%s", e.text);
    return rc;
}

static void release(struct live *live, int64_t epoch)
{
    struct err e = {0};
    if (live_release(live, name, epoch, &e) != 0)
        fail_msg("%s", e.text);
}

static int64_t int_of(struct live *live, const char *sql)
{
    int64_t v = -1;
    struct err e = {0};
    struct db *db = live_db(live, &e);
    if (!db || db_select_int(db, sql, DB_NONE, &v, &e) != 0)
        fail_msg("%s", e.text);
    return v;
}

static void test_the_file_is_set_up_as_designed(void **state)
{
    (void)state;
    umask(0);
    struct live *live = live_new(dir);
    assert_false(path_exists(path)); /* lazily */
    assert_int_equal(int_of(live, "PRAGMA synchronous"), 0);
    assert_int_equal(int_of(live, "SELECT journal_mode = 'wal' FROM "
                                  "pragma_journal_mode"),
                     1);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    live_free(live);
    live_free(NULL);
    /* No checkpoint on close: it would wait for the disk. */
    char *wal = xasprintf("%s-wal", path);
    assert_int_equal(stat(wal, &st), 0);
    assert_true(st.st_size > 0);
    free(wal);
}

/* Short commands one after the other: no other process has the file open. */
static void test_its_log_stays_short(void **state)
{
    (void)state;
    char *log = xasprintf("%s-wal", path);
    struct stat st;
    for (int i = 0; i < 300; i++) {
        struct err e = {0};
        struct presence *p = presence_open(dir, &e);
        struct live *live = live_new(dir);
        assert_int_equal(claim(live, p, now + i), 1); /* one write, as of a permit */
        live_free(live);
        presence_close(p);
        if (stat(log, &st) == 0)
            assert_in_range(st.st_size, 0, 40 * 1024);
    }
    struct live *live = live_new(dir); /* and nothing was lost */
    assert_int_equal(int_of(live, "SELECT epoch FROM claim"), now + 299);
    live_free(live);
    free(log);
}

static void test_one_holder_at_a_time(void **state)
{
    (void)state;
    struct live *a = live_new(dir), *b = live_new(dir);
    struct presence *p = presence_open(dir, NULL), *q = presence_open(dir, NULL);
    assert_int_equal(claim(a, p, now), 1);
    int64_t epoch = last.epoch;
    assert_string_equal(last.holder, presence_id(p));
    assert_int_equal(last.since_ms, now);
    assert_int_equal(claim(b, q, now + 5), 0);
    assert_string_equal(last.holder, presence_id(p));
    assert_int_equal(last.epoch, epoch);
    assert_int_equal(last.since_ms, now);
    assert_int_equal(claim(a, p, now + 6), 0); /* claims do not nest */
    /* The claim has no time limit while its holder is alive. */
    assert_int_equal(claim(b, q, now + 86400 * 1000), 0);

    release(a, epoch);
    assert_int_equal(claim(b, q, now + 7), 1);
    assert_int_equal(last.epoch, epoch + 1);
    release(a, epoch); /* no longer ours: unchanged */
    assert_int_equal(claim(a, p, now + 8), 0);
    assert_int_equal(live_claim(a, "another", presence_id(p), now, &last, NULL), 1);
    presence_close(p);
    presence_close(q);
    live_free(a);
    live_free(b);
}

static void test_a_dead_holders_claim_is_taken_over(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        struct live *live = live_new(dir);
        struct presence *p = presence_open(dir, NULL);
        int rc = live_claim(live, name, presence_id(p), now, &last, NULL);
        if (rc != 1 || write(fds[1], &last.epoch, sizeof last.epoch) != sizeof last.epoch)
            _exit(1);
        for (;;)
            pause();
    }
    int64_t epoch = 0;
    assert_int_equal(read(fds[0], &epoch, sizeof epoch), sizeof epoch);
    close(fds[0]);
    close(fds[1]);
    struct live *live = live_new(dir);
    struct presence *p = presence_open(dir, NULL);
    assert_int_equal(claim(live, p, now + 1), 0);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(claim(live, p, now + 1), 1);
    assert_int_equal(last.epoch, epoch + 1);
    assert_string_equal(last.holder, presence_id(p));
    presence_close(p);
    live_free(live);
}

/* Its lock lives on, and its heart does not beat: it is fenced, and loses the claim. */
static void test_a_stopped_holders_claim_is_taken_over(void **state)
{
    (void)state;
    setenv("FOYER_TEST_FROZEN", "60", 1);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        struct live *live = live_new(dir);
        struct presence *p = presence_open(dir, NULL);
        presence_start(p);
        if (live_claim(live, name, presence_id(p), now, &last, NULL) != 1)
            _exit(1);
        raise(SIGSTOP);
        _exit(presence_is_fenced(p) ? 2 : 3);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
    assert_true(WIFSTOPPED(status));
    struct live *live = live_new(dir);
    struct presence *p = presence_open(dir, NULL);
    assert_int_equal(claim(live, p, now + 1), 0); /* the first look */
    while (claim(live, p, now + 1) == 0)
        usleep(1000);
    assert_string_equal(last.holder, presence_id(p));
    unsetenv("FOYER_TEST_FROZEN");
    assert_int_equal(kill(pid, SIGCONT), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 2);
    presence_close(p);
    live_free(live);
}

/* Twenty processes want one thing done. One does it, and the others see that it is done.
 * The first that gets the claim is killed half-way; then one other process does it. */
static void test_twenty_at_once(void **state)
{
    (void)state;
    enum { PROCESSES = 20 };
    pid_t pids[PROCESSES];
    char *begun = xasprintf("%s/begun", dir), *done = xasprintf("%s/done", dir);
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        if (pids[i] != 0)
            continue;
        struct live *live = live_new(dir);
        struct presence *p = presence_open(dir, NULL);
        while (!path_exists(done)) {
            int rc = live_claim(live, name, presence_id(p), now, &last, NULL);
            if (rc < 0)
                _exit(2);
            if (rc == 0) {
                usleep(1000);
                continue;
            }
            if (path_exists(done)) {
                live_release(live, name, last.epoch, NULL);
                break;
            }
            if (path_create(begun, "", 0, 0600, NULL) == 0)
                kill(getpid(), SIGKILL);
            if (path_create(done, "", 0, 0600, NULL) != 0)
                _exit(3);
            live_release(live, name, last.epoch, NULL);
            presence_close(p);
            _exit(4);
        }
        presence_close(p);
        live_free(live);
        _exit(0);
    }
    int killed = 0, did = 0, saw = 0;
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        did += WIFEXITED(status) && WEXITSTATUS(status) == 4;
        saw += WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    assert_int_equal(killed, 1);
    assert_int_equal(did, 1);
    assert_int_equal(saw, PROCESSES - 2);
    free(begun);
    free(done);
}

static void remove_suffixed(const char *suffix)
{
    char *p = xasprintf("%s%s", path, suffix);
    unlink(p);
    free(p);
}

/* The file may be deleted under running processes. */
static void deleted(const char *const *suffixes)
{
    struct live *a = live_new(dir), *b = live_new(dir);
    struct presence *p = presence_open(dir, NULL), *q = presence_open(dir, NULL);
    assert_int_equal(claim(a, p, now), 1);
    int64_t epoch = last.epoch;
    assert_int_equal(claim(b, q, now), 0);
    for (; *suffixes; suffixes++)
        remove_suffixed(*suffixes);
    struct live *c = live_new(dir);
    assert_int_equal(claim(c, q, now + 10), 1); /* what is lost */
    assert_true(last.epoch > epoch);
    release(a, epoch); /* an epoch of the lost file does not match the new one */
    assert_int_equal(claim(a, p, now + 20), 0);
    assert_int_equal(claim(b, p, now + 20), 0);
    assert_string_equal(last.holder, presence_id(q));
    presence_close(p);
    presence_close(q);
    live_free(a);
    live_free(b);
    live_free(c);
}

static void test_deleted_as_a_whole(void **state)
{
    (void)state;
    deleted((const char *const[]){"", "-wal", "-shm", NULL});
}

static void test_deleted_without_its_wal(void **state)
{
    (void)state;
    deleted((const char *const[]){"", NULL});
}

static void test_a_file_that_is_no_database(void **state)
{
    (void)state;
    static const char text[] = "this was a database before a person edited it, honestly; "
                               "it is long enough to be read as a header of one, though";
    char *states = xasprintf("%s/state", dir);
    assert_int_equal(path_make_dirs(states, 0700, NULL), 0);
    assert_int_equal(path_write(path, text, sizeof text, 0600, NULL), 0);
    struct live *live = live_new(dir);
    struct presence *p = presence_open(dir, NULL);
    assert_int_equal(claim(live, p, now), 1);

    /* And one that is broken while it is open: its pages are overwritten. */
    char *wal = xasprintf("%s-wal", path);
    int fd = open(wal, O_WRONLY | O_TRUNC);
    assert_true(fd >= 0);
    close(fd);
    struct live *other = live_new(dir);
    struct err e = {0};
    int rc = live_claim(other, name, presence_id(p), now, &last, &e);
    if (rc < 0)
        fail_msg("%s", e.text);
    live_free(other);
    live_free(live);
    presence_close(p);
    free(wal);
    free(states);
}

static void test_a_newer_foyers_file_is_left_alone(void **state)
{
    (void)state;
    struct live *live = live_new(dir);
    struct err e = {0};
    assert_int_equal(db_exec(live_db(live, NULL), "PRAGMA user_version=99", NULL), 0);
    live_free(live);
    live = live_new(dir);
    assert_null(live_db(live, &e));
    assert_int_equal(e.kind, ERR_STORE);
    assert_non_null(strstr(e.text, "update foyer"));
    live_free(live);
}

static void test_a_state_that_cannot_be_made(void **state)
{
    (void)state;
    struct err e = {0};
    char *states = xasprintf("%s/state", dir);
    assert_int_equal(path_write(states, "", 0, 0600, NULL), 0);
    struct live *live = live_new(dir);
    assert_int_equal(live_claim(live, name, "1-ab", now, &last, &e), -1);
    assert_int_equal(e.kind, ERR_STORE);
    assert_non_null(strstr(e.text, states));
    live_free(live);
    free(states);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_the_file_is_set_up_as_designed),
        TEST(test_its_log_stays_short),
        TEST(test_one_holder_at_a_time),
        TEST(test_a_dead_holders_claim_is_taken_over),
        TEST(test_a_stopped_holders_claim_is_taken_over),
        TEST(test_twenty_at_once),
        TEST(test_deleted_as_a_whole),
        TEST(test_deleted_without_its_wal),
        TEST(test_a_file_that_is_no_database),
        TEST(test_a_newer_foyers_file_is_left_alone),
        TEST(test_a_state_that_cannot_be_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
