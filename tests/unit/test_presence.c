#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/path.h"
#include "store/presence.h"
#include "workdir.h"

static char *dir;

static int setup(void **state)
{
    (void)state;
    dir = workdir_make();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    workdir_remove(dir);
    return 0;
}

static struct presence *open_ok(void)
{
    struct err e = {0};
    struct presence *p = presence_open(dir, &e);
    if (!p)
        fail_msg("%s", e.text);
    return p;
}

static int alive(const char *id)
{
    struct err e = {0};
    int rc = presence_judge(dir, id, NULL, 0, &e);
    if (rc < 0)
        fail_msg("%s", e.text);
    assert_true(rc == PRESENCE_DEAD || rc == PRESENCE_ALIVE);
    return rc == PRESENCE_ALIVE;
}

static char *file_of(const char *id)
{
    return xasprintf("%s/state/owners/%s", dir, id);
}

static int count_one(void *arg, const char *name)
{
    (void)name;
    ++*(int *)arg;
    return 0;
}

static int files(void)
{
    int n = 0;
    char *owners = xasprintf("%s/state/owners", dir);
    path_each(owners, count_one, &n);
    free(owners);
    return n;
}

/* A process that has a presence, tells its id and then waits to be killed. */
static pid_t start_other(char id[PRESENCE_ID_SIZE])
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        struct presence *p = presence_open(dir, NULL);
        char out[PRESENCE_ID_SIZE] = "";
        if (p)
            snprintf(out, sizeof out, "%s", presence_id(p));
        if (write(fds[1], out, sizeof out) != (ssize_t)sizeof out)
            _exit(1);
        for (;;)
            pause();
    }
    assert_int_equal(read(fds[0], id, PRESENCE_ID_SIZE), PRESENCE_ID_SIZE);
    close(fds[0]);
    close(fds[1]);
    assert_true(id[0] != '\0');
    return pid;
}

static void end(pid_t pid, int sig)
{
    int status;
    assert_int_equal(kill(pid, sig), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void test_it_lives_until_closed(void **state)
{
    (void)state;
    struct presence *p = open_ok(), *q = open_ok();
    char *id = xstrdup(presence_id(p)), *path = file_of(id);
    struct stat st;
    assert_string_not_equal(presence_id(p), presence_id(q));
    assert_int_equal(alive(id), 1);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    /* Asking opens and closes the file: the lock is not lost by it. */
    assert_int_equal(alive(id), 1);
    presence_close(p);
    assert_int_equal(alive(id), 0);
    assert_int_equal(alive(presence_id(q)), 1);
    assert_false(path_exists(path));
    presence_close(q);
    presence_close(NULL);
    free(path);
    free(id);
}

static void test_a_killed_process_is_dead_at_once(void **state)
{
    (void)state;
    char id[PRESENCE_ID_SIZE];
    pid_t pid = start_other(id);
    assert_int_equal(alive(id), 1);
    end(pid, SIGKILL);
    char *path = file_of(id);
    assert_true(path_exists(path));
    assert_int_equal(alive(id), 0);
    assert_false(path_exists(path)); /* removed */
    assert_int_equal(alive(id), 0);
    free(path);
}

static void test_exec_does_not_keep_it_alive(void **state)
{
    (void)state;
    struct presence *p = open_ok();
    char *id = xstrdup(presence_id(p));
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execlp("sleep", "sleep", "60", (char *)NULL);
        _exit(127);
    }
    /* Its command line changes with the exec. */
    char *proc = xasprintf("/proc/%d/cmdline", (int)pid), name[8] = "";
    while (strcmp(name, "sleep") != 0) {
        int fd = open(proc, O_RDONLY);
        ssize_t n = read(fd, name, sizeof name - 1);
        assert_true(n >= 0);
        close(fd);
    }
    presence_close(p);
    assert_int_equal(alive(id), 0);
    end(pid, SIGKILL);
    free(proc);
    free(id);
}

static void test_opening_sweeps_what_the_dead_left(void **state)
{
    (void)state;
    char a[PRESENCE_ID_SIZE], b[PRESENCE_ID_SIZE];
    end(start_other(a), SIGKILL);
    pid_t living = start_other(b);
    assert_int_equal(files(), 1); /* b swept a */
    struct presence *p = open_ok();
    assert_int_equal(files(), 2);
    assert_int_equal(alive(b), 1);
    end(living, SIGTERM);
    presence_close(p);
}

static void test_ids_that_are_none(void **state)
{
    (void)state;
    static const char *const ids[] = {"", "../foyer.db", "1-2/3", "1-ffffffffffffffff",
                                      "0123456789abcdef0123456789abcdef0123"};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        assert_int_equal(alive(ids[i]), 0);
}

static void test_errors_name_the_file(void **state)
{
    (void)state;
    struct err e = {0};
    char *owners = xasprintf("%s/state/owners", dir), *path = file_of("1-ab");
    assert_int_equal(path_make_dirs(owners, 0700, NULL), 0);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_int_equal(presence_judge(dir, "1-ab", NULL, 0, &e), -1);
    assert_int_equal(e.kind, ERR_STORE);
    assert_non_null(strstr(e.text, path));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(owners), 0);
    assert_int_equal(path_write(owners, "", 0, 0600, NULL), 0);
    assert_null(presence_open(dir, &e));
    assert_int_equal(e.kind, ERR_STORE);
    assert_non_null(strstr(e.text, owners));
    free(path);
    free(owners);
}

/* A process at run 42 that dies, with a cause or without one. */
static pid_t start_marked(char id[PRESENCE_ID_SIZE], const char *cause, int at_it)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        struct presence *p = presence_open(dir, NULL);
        char out[PRESENCE_ID_SIZE] = "";
        if (p) {
            snprintf(out, sizeof out, "%s", presence_id(p));
            presence_mark(p, "delivery", 7);
            presence_mark(p, "run", 42);
            if (!at_it)
                presence_mark(p, NULL, 0);
            presence_cause(p, cause);
            presence_cause(p, "something that came of it");
        }
        _exit(write(fds[1], out, sizeof out) != (ssize_t)sizeof out);
    }
    assert_int_equal(read(fds[0], id, PRESENCE_ID_SIZE), PRESENCE_ID_SIZE);
    close(fds[0]);
    close(fds[1]);
    return pid;
}

static void test_who_is_to_blame(void **state)
{
    (void)state;
    char id[PRESENCE_ID_SIZE];
    struct presence_end was;
    int status;
    waitpid(start_marked(id, "signal 11", 1), &status, 0);
    assert_int_equal(alive(id), 0);
    presence_close(open_ok()); /* its sweep keeps the file, too */
    assert_int_equal(presence_end_of(dir, id, &was), 1);
    assert_string_equal(was.kind, "run");
    assert_int_equal(was.id, 42);
    assert_string_equal(was.cause, "signal 11");
    presence_forget(dir, id);
    assert_int_equal(presence_end_of(dir, id, &was), 0);
    assert_int_equal(files(), 0);
    presence_forget(dir, id);
    presence_forget(dir, "../foyer.db");
}

static void test_nobody_is_to_blame(void **state)
{
    (void)state;
    char id[PRESENCE_ID_SIZE];
    struct presence_end was;
    int status;
    waitpid(start_marked(id, "signal 11", 0), &status, 0); /* works on nothing */
    assert_int_equal(presence_end_of(dir, id, &was), 0);
    assert_int_equal(alive(id), 0);
    assert_int_equal(files(), 0);
    end(start_other(id), SIGKILL); /* from outside */
    assert_int_equal(presence_end_of(dir, id, &was), 0);
}

/* After kill -9 the process that frees its claims reads how much memory its runs used. */
static void test_what_runs_held(void **state)
{
    (void)state;
    static const struct growing held[] = {{7, 30 << 20}, {8, 50 << 20}, {9, 90 << 20},
                                          {8, 60 << 20}, {9, 0},        {10, 0}};
    char id[PRESENCE_ID_SIZE];
    struct growing most;
    struct presence_end was;
    int fds[2], status;
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct presence *p = presence_open(dir, NULL);
        for (size_t i = 0; p && i < sizeof held / sizeof held[0]; i++)
            presence_memory(p, held[i].run, held[i].bytes);
        if (p && write(fds[1], presence_id(p), PRESENCE_ID_SIZE) > 0)
            kill(getpid(), SIGKILL);
        _exit(1);
    }
    assert_int_equal(read(fds[0], id, PRESENCE_ID_SIZE), PRESENCE_ID_SIZE);
    waitpid(pid, &status, 0);
    assert_true(WIFSIGNALED(status));
    close(fds[0]);
    close(fds[1]);
    assert_int_equal(alive(id), 0);
    presence_close(open_ok()); /* its sweep keeps the file */
    assert_int_equal(presence_end_of(dir, id, &was), 0);
    assert_int_equal(presence_memory_of(dir, id, &most), 1);
    assert_int_equal(most.run, 8);
    assert_int_equal(most.bytes, 60 << 20);
    presence_forget(dir, id);
    assert_int_equal(presence_memory_of(dir, id, &most), 0);
    assert_int_equal(files(), 0);
    /* a process whose runs used little names no run */
    struct presence *p = open_ok();
    presence_memory(p, 7, 30 << 20);
    presence_memory(p, 7, 0);
    assert_int_equal(presence_memory_of(dir, presence_id(p), &most), 0);
    presence_close(p);
}

static void test_the_living_are_not_forgotten(void **state)
{
    (void)state;
    struct presence *p = open_ok();
    presence_mark(p, "run", 1);
    presence_cause(p, "signal 6");
    presence_forget(dir, presence_id(p));
    assert_int_equal(alive(presence_id(p)), 1);
    presence_close(p);
    assert_int_equal(files(), 0);
}

/* A file that no process handles is removed after a day. */
static void test_causes_do_not_pile_up(void **state)
{
    (void)state;
    char id[PRESENCE_ID_SIZE];
    int status;
    waitpid(start_marked(id, "signal 11", 1), &status, 0);
    char *path = file_of(id);
    struct timespec old[2] = {{time(NULL) - 25 * 60 * 60, 0},
                              {time(NULL) - 25 * 60 * 60, 0}};
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
    presence_close(open_ok());
    assert_int_equal(files(), 0);
    free(path);
}

/* ---- writes that were not sent ---- */

static const struct unsent first = {
    .run = 42, .epoch = 3, .seq = 7, .at_ms = 1700000000000};

/* A process that does FN with its presence and is killed. */
static void dies(char id[PRESENCE_ID_SIZE], void (*fn)(struct presence *p))
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        struct presence *p = presence_open(dir, NULL);
        if (!p || write(fds[1], presence_id(p), PRESENCE_ID_SIZE) != PRESENCE_ID_SIZE)
            _exit(1);
        fn(p);
        kill(getpid(), SIGKILL);
    }
    int status;
    assert_int_equal(read(fds[0], id, PRESENCE_ID_SIZE), PRESENCE_ID_SIZE);
    close(fds[0]);
    close(fds[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
}

/* The runs of the writes that were not sent, each followed by a space. */
static const char *unsent_of(const char *id)
{
    static char text[1024];
    struct unsent writes[UNSENT_MAX];
    int n = presence_unsent_of(dir, id, writes), len = 0;
    text[0] = '\0';
    for (int i = 0; i < n; i++)
        len += snprintf(text + len, sizeof text - (size_t)len, "%d/%d/%d ",
                        (int)writes[i].run, (int)writes[i].epoch, (int)writes[i].seq);
    return text;
}

static void holds_two(struct presence *p)
{
    struct unsent write = first;
    presence_unsent(p, &write);
    write.run = 43;
    presence_unsent(p, &write);
    presence_sent(p, 44);
}

static void test_what_had_not_left(void **state)
{
    (void)state;
    char id[PRESENCE_ID_SIZE];
    dies(id, holds_two);
    assert_int_equal(alive(id), 0);
    presence_close(open_ok()); /* its sweep keeps the file, too */
    assert_string_equal(unsent_of(id), "42/3/7 43/3/7 ");
    presence_forget(dir, id);
    assert_string_equal(unsent_of(id), "");
    assert_int_equal(files(), 0);
    assert_string_equal(unsent_of("../foyer.db"), "");
}

static void holds_and_sends(struct presence *p)
{
    struct unsent write = first;
    presence_unsent(p, &write);
    presence_sent(p, write.run);
    write.run = 43;
    presence_unsent(p, &write);
    write.seq = 9; /* a run has one write at a time */
    presence_unsent(p, &write);
}

static void sends_all(struct presence *p)
{
    presence_sent(p, first.run);
    presence_unsent(p, &first);
    presence_sent(p, first.run);
}

static void test_what_may_have_left(void **state)
{
    (void)state;
    char id[PRESENCE_ID_SIZE];
    dies(id, holds_and_sends);
    assert_string_equal(unsent_of(id), "43/3/9 ");
    dies(id, sends_all);
    assert_string_equal(unsent_of(id), "");
    assert_int_equal(alive(id), 0);
    char *path = file_of(id);
    assert_false(path_exists(path)); /* no process wants it */
    free(path);
}

static void holds_many(struct presence *p)
{
    struct unsent write = first;
    for (int i = 0; i < UNSENT_MAX + 5; i++) {
        write.run = i;
        presence_unsent(p, &write);
    }
    presence_sent(p, 10);
    presence_sent(p, UNSENT_MAX + 1); /* was not recorded: the table was full */
    write.run = 1000;
    presence_unsent(p, &write);
}

static void test_a_full_table(void **state)
{
    (void)state;
    char id[PRESENCE_ID_SIZE];
    struct unsent writes[UNSENT_MAX];
    dies(id, holds_many);
    assert_int_equal(presence_unsent_of(dir, id, writes), UNSENT_MAX);
    assert_int_equal(writes[9].run, 9);
    assert_int_equal(writes[10].run, 1000);
    assert_int_equal(writes[UNSENT_MAX - 1].run, UNSENT_MAX - 1);
}

static void edit(const char *path, size_t at, const void *bytes, size_t n)
{
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, n, (off_t)at), n);
    close(fd);
}

/* After another boot, in a copy, torn or cut short: the record is ignored. */
static void test_marks_that_are_not_believed(void **state)
{
    (void)state;
    enum { TABLE = sizeof(struct presence_end) };
    const size_t slot = TABLE + offsetof(struct unsent_table, slots);
    static const char zeros[16];
    char id[PRESENCE_ID_SIZE];
    const struct {
        size_t at, n;
        const char *bytes;
    } cases[] = {
        {TABLE + offsetof(struct unsent_table, layout), 8, "unsent1"},
        {TABLE + offsetof(struct unsent_table, boot), 8, "cd6e8fc1"},
        {TABLE + offsetof(struct unsent_table, inode), 8, zeros},
        {TABLE + offsetof(struct unsent_table, device), 8, "12345678"},
        {slot + offsetof(struct unsent, epoch), 1, "x"},
        {slot + offsetof(struct unsent, seq), 8, zeros},
        {slot + offsetof(struct unsent_slot, check), 1, "x"},
        {slot + offsetof(struct unsent_slot, state), 1, "\2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dies(id, holds_two);
        char *path = file_of(id);
        edit(path, cases[i].at, cases[i].bytes, cases[i].n);
        assert_string_equal(unsent_of(id), cases[i].at < slot ? "" : "43/3/7 ");
        presence_forget(dir, id);
        free(path);
    }
    dies(id, holds_two);
    char *path = file_of(id), *copy = file_of("1-c0b1ed");
    struct buf b;
    buf_init(&b, 1 << 20);
    assert_int_equal(path_read(path, &b, NULL), 0);
    assert_int_equal(path_write(copy, b.data, b.len, 0600, NULL), 0);
    assert_string_equal(unsent_of("1-c0b1ed"), "");
    assert_string_equal(unsent_of(id), "42/3/7 43/3/7 ");
    assert_int_equal(truncate(path, (off_t)b.len - 1), 0);
    assert_string_equal(unsent_of(id), "");
    buf_free(&b);
    free(path);
    free(copy);
}

/* ---- processes that stand still ---- */

static int64_t limit_us, late_us;

static int judge(struct heartbeat_watch *w, const char *id, int64_t now_us)
{
    struct err e = {0};
    int rc = presence_judge(dir, id, w, now_us, &e);
    if (rc < 0)
        fail_msg("%s", e.text);
    return rc;
}

/* Stores a beat into the file, as the process's thread does. */
static void beats_at(const struct presence *p, int64_t at_us)
{
    char *path = file_of(presence_id(p));
    edit(path,
         sizeof(struct presence_end) + sizeof(struct unsent_table) +
             sizeof(struct growing_table) + offsetof(struct heartbeat, at_us),
         &at_us, sizeof at_us);
    free(path);
}

/* One that maps its record, and beats only when beats_at says so. */
static struct presence *open_still(int64_t at_us)
{
    struct presence *p = open_ok();
    presence_mark(p, NULL, 0);
    beats_at(p, at_us);
    return p;
}

static void test_its_thread_beats(void **state)
{
    (void)state;
    struct heartbeat_watch w = {0};
    struct presence *p = open_ok();
    const char *id = presence_id(p);
    presence_start(p);
    presence_start(p);
    assert_int_equal(judge(&w, id, INT64_MAX / 2), PRESENCE_SUSPECT); /* it has one */
    assert_int_equal(judge(NULL, id, INT64_MAX / 2), PRESENCE_ALIVE);
    presence_close(p);
}

static void test_an_old_beat(void **state)
{
    (void)state;
    const int64_t at = 1000000, dead = at + limit_us;
    struct heartbeat_watch w = {0}, fresh = {0};
    struct presence *p = open_still(at);
    const char *id = presence_id(p);
    assert_int_equal(judge(&w, id, at + 1), PRESENCE_ALIVE);
    assert_int_equal(judge(&w, id, dead - 1), PRESENCE_ALIVE);
    /* one look is not enough: both may just have woken */
    assert_int_equal(judge(&fresh, id, dead), PRESENCE_SUSPECT);
    assert_int_equal(judge(&fresh, id, dead + late_us / 2), PRESENCE_SUSPECT);
    assert_int_equal(judge(&fresh, id, dead + late_us), PRESENCE_FROZEN);
    beats_at(p, dead);
    assert_int_equal(judge(&fresh, id, dead + late_us + 1), PRESENCE_ALIVE);
    presence_close(p);
}

/* All processes stand still for an hour, and the clock runs on. */
static void test_a_machine_that_wakes(void **state)
{
    (void)state;
    const int64_t hour = (int64_t)3600 * 1000000;
    int64_t now = 1000000;
    struct heartbeat_watch w = {0};
    struct presence *p = open_still(now);
    const char *id = presence_id(p);
    assert_int_equal(judge(&w, id, now + 1), PRESENCE_ALIVE);
    now += hour;
    assert_int_equal(judge(&w, id, now), PRESENCE_SUSPECT);
    beats_at(p, now + 1);
    for (int i = 0; i < 3; i++) /* several such hours do not add up */
        assert_int_equal(judge(&w, id, now += hour), PRESENCE_ALIVE);
    presence_close(p);
}

/* In another time namespace its beats seem old, but they change. */
static void test_another_clock(void **state)
{
    (void)state;
    const int64_t second = 1000000;
    int64_t now = 1000 * second;
    struct heartbeat_watch w = {0};
    struct presence *p = open_still(1);
    const char *id = presence_id(p);
    assert_int_equal(judge(&w, id, now), PRESENCE_SUSPECT);
    beats_at(p, 2);
    assert_int_equal(judge(&w, id, now += second), PRESENCE_ALIVE);
    for (int64_t waited = second; waited < limit_us; waited += second)
        assert_int_equal(judge(&w, id, now += second), PRESENCE_ALIVE);
    assert_int_equal(judge(&w, id, now += second), PRESENCE_FROZEN);
    presence_close(p);
}

static void test_many_are_watched(void **state)
{
    (void)state;
    struct heartbeat_watch w = {0};
    char id[HEARTBEAT_ID_SIZE];
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < HEARTBEAT_SEEN + 5; i++) {
            snprintf(id, sizeof id, "%d-ab", i);
            assert_int_equal(heartbeat_judge(&w, id, 1, 1 + limit_us + round * 100 + i),
                             HEARTBEAT_SUSPECT);
        }
    assert_int_equal(heartbeat_judge(&w, id, 0, 1 + 2 * limit_us), HEARTBEAT_FINE);
}

static void test_without_a_record_only_the_lock_counts(void **state)
{
    (void)state;
    struct heartbeat_watch w = {0};
    struct presence_taken taken;
    struct presence *p = open_ok();
    assert_int_equal(judge(&w, presence_id(p), INT64_MAX / 2), PRESENCE_ALIVE);
    assert_int_equal(presence_fence(dir, presence_id(p), &taken, NULL), 0);
    assert_int_equal(presence_fence(dir, "1-ab", &taken, NULL), 0);
    assert_int_equal(presence_leave(p, 42), 1);
    presence_mark(p, NULL, 0); /* a record without a beat */
    assert_int_equal(judge(&w, presence_id(p), INT64_MAX / 2), PRESENCE_ALIVE);
    presence_close(p);
}

/* Each write is either sent by the process that stood still, or taken from it. */
static void test_a_fence_decides_who_sends(void **state)
{
    (void)state;
    struct presence_taken taken;
    struct presence *p = open_still(1);
    char *id = xstrdup(presence_id(p));
    struct unsent here = first, leaves = first, left = first;
    leaves.run = 43;
    left.run = 44;
    presence_unsent(p, &here);
    presence_unsent(p, &leaves);
    presence_unsent(p, &left);
    assert_int_equal(presence_leave(p, 43), 1);
    assert_int_equal(presence_leave(p, 44), 1);
    presence_left(p, 44);
    assert_int_equal(presence_is_fenced(p), 0);
    for (int i = 0; i < 2; i++) { /* a second one that takes over sees the same */
        assert_int_equal(presence_fence(dir, id, &taken, NULL), 1);
        assert_int_equal(taken.nwrites, 1);
        assert_int_equal(taken.writes[0].run, 42);
        assert_int_equal(taken.nleaving, 1);
        assert_int_equal(taken.leaving[0], 43);
    }
    assert_int_equal(judge(NULL, id, 0), PRESENCE_FROZEN);
    /* it goes on */
    assert_int_equal(presence_is_fenced(p), 1);
    assert_int_equal(presence_leave(p, 42), 0);
    presence_sent(p, 42); /* does not give it back */
    assert_int_equal(presence_leave(p, 42), 0);
    assert_int_equal(presence_leave(p, 45), 0); /* it had no mark yet */
    presence_left(p, 43);
    assert_int_equal(presence_fence(dir, id, &taken, NULL), 1);
    assert_int_equal(taken.nwrites, 1);
    assert_int_equal(taken.nleaving, 0);
    /* it marks a write after the fence, and does not send it */
    struct unsent after = first;
    after.run = 46;
    presence_unsent(p, &after);
    assert_int_equal(presence_leave(p, 46), 0);
    assert_int_equal(presence_fence(dir, id, &taken, NULL), 1);
    assert_int_equal(taken.nwrites, 2);
    assert_int_equal(judge(NULL, id, 0), PRESENCE_FROZEN); /* for ever */
    presence_close(p);
    assert_int_equal(judge(NULL, id, 0), PRESENCE_DEAD);
    free(id);
}

static void is_taken_and_killed(struct presence *p)
{
    struct presence_taken taken;
    presence_unsent(p, &first);
    if (presence_fence(dir, presence_id(p), &taken, NULL) != 1)
        _exit(1);
}

static void leaves_and_is_killed(struct presence *p)
{
    presence_unsent(p, &first);
    presence_leave(p, first.run);
}

static void test_killed_after_the_fence(void **state)
{
    (void)state;
    char id[PRESENCE_ID_SIZE];
    dies(id, is_taken_and_killed);
    assert_string_equal(unsent_of(id), "42/3/7 ");
    dies(id, leaves_and_is_killed);
    assert_string_equal(unsent_of(id), "");
}

/* It is as old as the last hour in which it was used, whatever the file system says. */
static void is_an_old_process(struct presence *p)
{
    char *path = file_of(presence_id(p));
    struct timespec old[2] = {{time(NULL) - 25 * 60 * 60, 0},
                              {time(NULL) - 25 * 60 * 60, 0}};
    if (utimensat(AT_FDCWD, path, old, 0) != 0)
        _exit(1);
    presence_unsent(p, &first);
}

static void test_marks_of_an_old_process(void **state)
{
    (void)state;
    char id[PRESENCE_ID_SIZE];
    dies(id, is_an_old_process);
    presence_close(open_ok());
    assert_string_equal(unsent_of(id), "42/3/7 ");
}

/* Creators and sweepers at once: no process loses its locked file. */
static void test_many_at_once(void **state)
{
    (void)state;
    enum { PROCESSES = 4, ROUNDS = 50 };
    pid_t pids[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        if (pids[i] != 0)
            continue;
        int bad = 0;
        for (int round = 0; round < ROUNDS && !bad; round++) {
            struct presence *p = presence_open(dir, NULL);
            bad = !p ||
                  presence_judge(dir, presence_id(p), NULL, 0, NULL) != PRESENCE_ALIVE;
            presence_close(p);
        }
        _exit(bad);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(files(), 0);
}

int main(void)
{
    limit_us = heartbeat_limit_us();
    late_us = heartbeat_late_us();
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_it_lives_until_closed),
        TEST(test_a_killed_process_is_dead_at_once),
        TEST(test_exec_does_not_keep_it_alive),
        TEST(test_opening_sweeps_what_the_dead_left),
        TEST(test_ids_that_are_none),
        TEST(test_errors_name_the_file),
        TEST(test_who_is_to_blame),
        TEST(test_nobody_is_to_blame),
        TEST(test_what_runs_held),
        TEST(test_the_living_are_not_forgotten),
        TEST(test_causes_do_not_pile_up),
        TEST(test_what_had_not_left),
        TEST(test_what_may_have_left),
        TEST(test_a_full_table),
        TEST(test_marks_that_are_not_believed),
        TEST(test_marks_of_an_old_process),
        TEST(test_many_at_once),
        TEST(test_its_thread_beats),
        TEST(test_an_old_beat),
        TEST(test_a_machine_that_wakes),
        TEST(test_another_clock),
        TEST(test_many_are_watched),
        TEST(test_without_a_record_only_the_lock_counts),
        TEST(test_a_fence_decides_who_sends),
        TEST(test_killed_after_the_fence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
