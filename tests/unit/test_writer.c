#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/path.h"
#include "io/writer.h"
#include "workdir.h"

static char *dir, *path;
static struct loop *loop;
static struct writer *writer;
static pthread_t loop_thread;

static int setup(void **state)
{
    (void)state;
    struct err e = {0};
    dir = workdir_make();
    path = path_join(dir, "foyer.db");
    struct db *db = db_open(path, &e);
    if (!db ||
        db_exec(db, "CREATE TABLE t (name TEXT PRIMARY KEY, body BLOB) STRICT", &e) != 0)
        fail_msg("%s", e.text);
    db_close(db);
    loop = loop_new(&e);
    writer = writer_open(path, loop, &e);
    if (!writer)
        fail_msg("%s", e.text);
    loop_thread = pthread_self();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    writer_close(writer);
    loop_free(loop);
    free(path);
    workdir_remove(dir);
    return 0;
}

/* By a handle of its own: what is committed. */
static int64_t int_of(const char *sql)
{
    struct err e = {0};
    int64_t v = -1;
    struct db *db = db_open(path, &e);
    if (!db || db_select_int(db, sql, DB_NONE, &v, &e) != 0)
        fail_msg("%s", e.text);
    db_close(db);
    return v;
}

static int64_t count(void)
{
    return int_of("SELECT count(*) FROM t");
}

/* One job of a test: inserts its name, NAMES times with a number, then fails or not. */
struct job {
    const char *name;
    enum { FINE, FAILS_FIRST, FAILS_AFTER, FAILS_MUTE } outcome;
    sem_t *started, *until; /* says that it began, waits for that to go on */
    const char *sql;
    int64_t value; /* of SQL */
    int ended;     /* the order of its DONE, from 1 */
    enum err_kind kind;
    char text[256];
};

static int nended;

static int insert(struct db *db, const char *name, struct err *e)
{
    return db_change(db, "INSERT INTO t (name) VALUES (?)", DB_ARGS(db_text(name)), NULL,
                     e);
}

static int work(struct db *db, void *arg, struct err *e)
{
    struct job *j = arg;
    assert_false(pthread_equal(pthread_self(), loop_thread));
    if (j->started) {
        sem_post(j->started);
        sem_wait(j->until);
    }
    if (j->outcome == FAILS_FIRST)
        return err_set(e, ERR_CONFLICT, "%s is too late", j->name);
    if (j->sql && db_select_int(db, j->sql, DB_NONE, &j->value, e) != 0)
        return -1;
    if (j->name && insert(db, j->name, e) != 0)
        return -1;
    if (j->outcome == FAILS_AFTER)
        return err_set(e, ERR_INVALID, "%s changed its mind", j->name);
    return j->outcome == FAILS_MUTE ? -1 : 0;
}

static void ended(void *arg, const struct err *e)
{
    struct job *j = arg;
    assert_true(pthread_equal(pthread_self(), loop_thread));
    j->ended = ++nended;
    j->kind = e->kind;
    snprintf(j->text, sizeof(j->text), "%.255s", e->kind == ERR_NONE ? "" : e->text);
}

static _Atomic uint64_t heard_commits, heard_jobs;

static void hear(int64_t us, uint64_t n)
{
    assert_true(us >= 0);
    heard_commits++;
    heard_jobs += n;
}

struct counts {
    uint64_t commits, jobs;
};

/* Submits JOBS behind one that waits until all are queued, and runs them: two
 * transactions. OUT counts what was committed after the first one. */
static void run_together(struct job *jobs, int n, int how, struct counts *out)
{
    sem_t started, go;
    sem_init(&started, 0, 0);
    sem_init(&go, 0, 0);
    struct job first = {.started = &started, .until = &go};
    nended = 0;
    heard_commits = heard_jobs = 0;
    writer_watch(writer, hear);
    writer_submit(writer, 0, work, NULL, &first);
    sem_wait(&started);
    for (int i = 0; i < n; i++)
        writer_submit(writer, how, work, ended, &jobs[i]);
    assert_int_equal(writer_queued(writer), n + 1);
    sem_post(&go);
    loop_run(loop);
    assert_int_equal(writer_queued(writer), 0);
    assert_int_equal(nended, n);
    for (int i = 0; i < n; i++)
        assert_int_equal(jobs[i].ended, i + 1);
    *out = (struct counts){heard_commits - 1, heard_jobs - 1};
    sem_destroy(&started);
    sem_destroy(&go);
}

static void jobs_that_wait_share_a_commit(void **state)
{
    (void)state;
    enum { JOBS = 500 };
    static struct job jobs[JOBS];
    char names[JOBS][16];
    for (int i = 0; i < JOBS; i++) {
        snprintf(names[i], sizeof(names[i]), "j%d", i);
        jobs[i] = (struct job){.name = names[i]};
    }
    struct counts s;
    run_together(jobs, JOBS, WRITER_DURABLE, &s);
    assert_int_equal(s.commits, 1);
    assert_int_equal(s.jobs, JOBS);
    for (int i = 0; i < JOBS; i++)
        assert_int_equal(jobs[i].kind, ERR_NONE);
    assert_int_equal(count(), JOBS);
}

/* A crash undoes no more than that, and the first of them does not wait for all. */
static void a_commit_takes_no_more_than_1024(void **state)
{
    (void)state;
    enum { JOBS = 1025 };
    static struct job jobs[JOBS];
    memset(jobs, 0, sizeof(jobs));
    struct counts s;
    run_together(jobs, JOBS, 0, &s);
    assert_int_equal(s.commits, 2);
    assert_int_equal(s.jobs, JOBS);
}

static void a_job_fails_alone(void **state)
{
    (void)state;
    struct job jobs[] = {
        {.name = "a"},
        {.name = "b", .outcome = FAILS_FIRST},
        {.name = "c", .outcome = FAILS_AFTER},
        {.name = "d", .outcome = FAILS_MUTE},
        {.name = "a"}, /* the first one's name */
        {.name = "e"},
    };
    struct counts s;
    run_together(jobs, 6, 0, &s);
    assert_int_equal(jobs[0].kind, ERR_NONE);
    assert_int_equal(jobs[1].kind, ERR_CONFLICT);
    assert_string_equal(jobs[1].text, "b is too late");
    assert_int_equal(jobs[2].kind, ERR_INVALID);
    assert_string_equal(jobs[2].text, "c changed its mind");
    assert_int_equal(jobs[3].kind, ERR_INTERNAL);
    assert_int_equal(jobs[4].kind, ERR_CONFLICT);
    assert_int_equal(jobs[5].kind, ERR_NONE);
    assert_int_equal(s.commits, 1);
    assert_int_equal(s.jobs, 2);
    assert_int_equal(count(), 2);
    assert_int_equal(int_of("SELECT count(*) FROM t WHERE name IN ('a', 'e')"), 2);
}

static void without_savepoints_too(void **state)
{
    (void)state;
    struct job jobs[] = {
        {.name = "a"},
        {.name = "b", .outcome = FAILS_FIRST},
        {.name = "a"},
        {.name = "c"},
    };
    struct counts s;
    run_together(jobs, 4, WRITER_CHECKS_FIRST, &s);
    assert_int_equal(jobs[0].kind, ERR_NONE);
    assert_int_equal(jobs[1].kind, ERR_CONFLICT);
    assert_int_equal(jobs[2].kind, ERR_CONFLICT);
    assert_int_equal(jobs[3].kind, ERR_NONE);
    assert_int_equal(s.commits, 1);
    assert_int_equal(count(), 2);
}

/* Half of a job is never committed, even if that takes the others with it. */
static void one_that_promised_too_much_undoes_all(void **state)
{
    (void)state;
    struct job jobs[] = {
        {.name = "a"},
        {.name = "b", .outcome = FAILS_AFTER},
        {.name = "c"},
    };
    struct counts s;
    run_together(jobs, 3, WRITER_CHECKS_FIRST, &s);
    assert_int_equal(jobs[0].kind, ERR_UNAVAILABLE);
    assert_non_null(strstr(jobs[0].text, "b changed its mind"));
    assert_int_equal(jobs[1].kind, ERR_INVALID);
    assert_int_equal(jobs[2].kind, ERR_UNAVAILABLE);
    assert_int_equal((int)s.commits, 0);
    assert_int_equal(count(), 0);
    struct job again = {.name = "a"};
    run_together(&again, 1, 0, &s);
    assert_int_equal(again.kind, ERR_NONE);
}

static void one_durable_job_makes_the_commit_durable(void **state)
{
    (void)state;
    struct job jobs[2];
    static const int want[][2] = {{0, 1}, {1, 2}, {0, 1}}; /* any durable, synchronous */
    for (int i = 0; i < 3; i++) {
        memset(jobs, 0, sizeof(jobs));
        jobs[0].sql = jobs[1].sql = "PRAGMA synchronous";
        sem_t started, go;
        sem_init(&started, 0, 0);
        sem_init(&go, 0, 0);
        struct job first = {.started = &started, .until = &go};
        writer_submit(writer, 0, work, NULL, &first);
        sem_wait(&started);
        writer_submit(writer, 0, work, ended, &jobs[0]);
        writer_submit(writer, want[i][0] ? WRITER_DURABLE : 0, work, ended, &jobs[1]);
        sem_post(&go);
        loop_run(loop);
        assert_int_equal(jobs[0].value, want[i][1]);
        assert_int_equal(jobs[1].value, want[i][1]);
        sem_destroy(&started);
        sem_destroy(&go);
    }
}

/* A job that looks: finds how many rows there are, and adds one when there are fewer than
 * MOST. */
struct looking {
    int64_t seen, most;
    int was_free, written; /* free: it looked outside of a transaction */
    enum err_kind kind;
};

static int look(struct db *db, void *arg, struct err *e)
{
    struct looking *l = arg;
    assert_false(pthread_equal(pthread_self(), loop_thread));
    l->was_free = !db_in_transaction(db);
    if (l->most < 0)
        return err_set(e, ERR_NOT_FOUND, "there is no such thing");
    if (db_select_int(db, "SELECT count(*) FROM t", DB_NONE, &l->seen, e) != 0)
        return -1;
    return l->seen < l->most;
}

static int write_looked(struct db *db, void *arg, struct err *e)
{
    struct looking *l = arg;
    char name[24];
    assert_true(db_in_transaction(db));
    snprintf(name, sizeof name, "looked%d", ++l->written);
    return insert(db, name, e);
}

static void looked(void *arg, const struct err *e)
{
    ((struct looking *)arg)->kind = e->kind;
}

static void jobs_that_only_look_take_no_lock(void **state)
{
    (void)state;
    struct err e;
    struct looking reads = {.most = 1}, idle = {0}, fails = {.most = -1};
    struct db *other = db_open(path, &e);
    assert_int_equal(db_begin(other, &e), 0); /* has the lock, to the end */
    writer_watch(writer, hear);
    heard_commits = 0;
    writer_read(writer, look, looked, &reads);
    writer_read(writer, look, looked, &fails);
    writer_look(writer, look, write_looked, looked, &idle);
    loop_run(loop);
    assert_int_equal(reads.kind, ERR_NONE);
    assert_int_equal(idle.kind, ERR_NONE);
    assert_int_equal(fails.kind, ERR_NOT_FOUND);
    assert_true(reads.was_free && idle.was_free && fails.was_free);
    assert_int_equal(idle.written, 0);
    assert_int_equal((int)heard_commits, 0);
    db_end(other, 0, NULL);
    db_close(other);
}

static void a_look_leads_to_a_transaction(void **state)
{
    (void)state;
    struct looking wants = {.most = 1};
    writer_look(writer, look, write_looked, looked, &wants);
    loop_run(loop);
    assert_int_equal(wants.kind, ERR_NONE);
    assert_int_equal(wants.written, 1);
    assert_int_equal(count(), 1);
}

/* Beside a job that writes they are part of its transaction, and see what it wrote. */
static void a_look_follows_what_was_submitted_before(void **state)
{
    (void)state;
    sem_t started, go;
    sem_init(&started, 0, 0);
    sem_init(&go, 0, 0);
    struct job first = {.started = &started, .until = &go}, second = {.name = "a"};
    struct looking sees = {.most = 2}, wants = {.most = 2}, fails = {.most = -1};
    writer_submit(writer, 0, work, NULL, &first);
    sem_wait(&started);
    writer_submit(writer, 0, work, ended, &second);
    writer_read(writer, look, looked, &fails);
    writer_read(writer, look, looked, &sees);
    writer_look(writer, look, write_looked, looked, &wants);
    sem_post(&go);
    loop_run(loop);
    assert_false(sees.was_free);
    assert_int_equal(sees.seen, 1);
    assert_int_equal(fails.kind, ERR_NOT_FOUND);
    assert_int_equal(second.kind, ERR_NONE);
    assert_int_equal(wants.written, 1);
    assert_int_equal(count(), 2);
    sem_destroy(&started);
    sem_destroy(&go);
}

struct chain {
    int left;
    char name[16];
    struct writer *writer; /* NULL: the test's */
};

static int link_work(struct db *db, void *arg, struct err *e)
{
    return insert(db, ((struct chain *)arg)->name, e);
}

static void link_done(void *arg, const struct err *e)
{
    struct chain *c = arg;
    assert_int_equal(e->kind, ERR_NONE);
    if (--c->left == 0)
        return;
    snprintf(c->name, sizeof(c->name), "link%d", c->left);
    writer_submit(c->writer ? c->writer : writer, WRITER_DURABLE, link_work, link_done,
                  c);
}

static void a_completion_may_submit(void **state)
{
    (void)state;
    struct chain c = {.left = 20, .name = "link"};
    writer_submit(writer, WRITER_DURABLE, link_work, link_done, &c);
    loop_run(loop);
    assert_int_equal(c.left, 0);
    assert_int_equal(count(), 20);
}

static void closing_finishes_what_was_submitted(void **state)
{
    (void)state;
    struct chain c = {.left = 20, .name = "link"};
    writer_submit(writer, 0, link_work, link_done, &c);
    writer_close(writer);
    writer = NULL;
    assert_int_equal(c.left, 0);
    assert_int_equal(count(), 20);
    loop_run(loop); /* nothing of it is left in the loop */
}

static void what_cannot_be_opened_is_said(void **state)
{
    (void)state;
    struct err e = {0};
    char text[4096];
    memset(text, 'x', sizeof(text));
    char *other = path_join(dir, "other.db");
    assert_int_equal(path_create(other, text, sizeof(text), 0600, NULL), 0);
    assert_null(writer_open(other, loop, &e));
    assert_int_equal(e.kind, ERR_STORE);
    assert_non_null(strstr(e.text, "not a database"));
    free(other);
    writer_close(NULL);
}

static void a_full_disk_fails_the_job_and_not_the_next(void **state)
{
    (void)state;
    struct job limit = {.sql = "PRAGMA max_page_count=8"};
    struct job big = {.sql = "INSERT INTO t VALUES ('big', zeroblob(1000000))"};
    struct job small = {.name = "small"};
    struct counts s;
    run_together(&limit, 1, 0, &s);
    assert_int_equal(limit.value, 8);
    run_together(&big, 1, WRITER_DURABLE, &s);
    assert_int_equal(big.kind, ERR_UNAVAILABLE);
    assert_non_null(strstr(big.text, "the disk is full"));
    run_together(&small, 1, WRITER_DURABLE, &s);
    assert_int_equal(small.kind, ERR_NONE);
    assert_int_equal(count(), 1);
}

static int nrefused;

static void refused(void *arg, const struct err *e)
{
    assert_ptr_equal(arg, loop);
    assert_int_equal(e->kind, ERR_UNAVAILABLE);
    nrefused++;
}

static void what_the_store_refuses_is_told(void **state)
{
    (void)state;
    struct job jobs[] = {
        {.name = "a"},
        {.name = "b", .outcome = FAILS_FIRST},
        {.sql = "INSERT INTO t VALUES ('big', zeroblob(1000000))"},
    };
    struct job limit = {.sql = "PRAGMA max_page_count=8"};
    struct counts s;
    nrefused = 0;
    writer_on_refused(writer, refused, loop);
    run_together(&limit, 1, 0, &s);
    for (int i = 0; i < 2; i++) /* a job's own refusal is not the store's */
        run_together(&jobs[i], 1, 0, &s);
    assert_int_equal(nrefused, 0);
    run_together(&jobs[2], 1, 0, &s);
    assert_int_equal(nrefused, 1);
}

/* The commit itself fails: no job is said to be done. */
static void a_commit_that_fails_fails_all_of_its_jobs(void **state)
{
    (void)state;
    struct job jobs[] = {
        {.name = "a"}, {.name = "b"}, {.name = "c", .outcome = FAILS_FIRST}};
    struct counts s;
    char *wal = xasprintf("%s-wal", path);
    struct stat st;
    assert_int_equal(stat(wal, &st), 0);
    free(wal);
    struct rlimit before, low;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    low = before;
    low.rlim_cur = (rlim_t)st.st_size + 1000; /* less than a page more */
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    run_together(jobs, 3, WRITER_DURABLE, &s);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(jobs[0].kind, ERR_STORE);
    assert_int_equal(jobs[1].kind, ERR_STORE);
    assert_int_equal(jobs[2].kind, ERR_CONFLICT); /* its own */
    assert_int_equal((int)s.commits, 0);
    assert_int_equal(count(), 0);
    run_together(jobs, 2, WRITER_DURABLE, &s);
    assert_int_equal(jobs[0].kind, ERR_NONE);
    assert_int_equal(count(), 2);
}

static void release(void *arg)
{
    struct err e = {0};
    if (db_end(arg, 1, &e) != 0)
        fail_msg("%s", e.text);
}

static void it_waits_for_the_lock_of_another(void **state)
{
    (void)state;
    struct err e = {0};
    struct db *db = db_open(path, &e);
    assert_int_equal(db_begin(db, &e), 0);
    assert_int_equal(insert(db, "theirs", &e), 0);
    struct job job = {.name = "ours"};
    writer_submit(writer, WRITER_DURABLE, work, ended, &job);
    struct loop_timer *t = loop_timer_new(loop, release, db);
    loop_timer_set(t, 50);
    loop_run(loop);
    assert_int_equal(job.kind, ERR_NONE);
    assert_int_equal(count(), 2);
    loop_timer_free(t);
    db_close(db);
}

enum { PROCESSES = 3, EACH = 400, AT_ONCE = 4 };

struct stream {
    int submitted, failed;
};

static void stream_next(struct stream *s);

static void stream_done(void *arg, const struct err *e)
{
    struct stream *s = arg;
    if (e->kind != ERR_NONE) {
        fprintf(stderr, "%s\n", e->text);
        s->failed++;
    }
    stream_next(s);
}

static int stream_work(struct db *db, void *arg, struct err *e)
{
    (void)arg;
    return db_change(db, "INSERT INTO t VALUES (hex(randomblob(16)), zeroblob(2000))",
                     DB_NONE, NULL, e);
}

static void stream_next(struct stream *s)
{
    if (s->submitted++ < EACH)
        writer_submit(writer, s->submitted % 2 ? WRITER_DURABLE : 0, stream_work,
                      stream_done, s);
}

static void several_processes_write_one_file(void **state)
{
    (void)state;
    writer_close(writer); /* before the fork: no thread */
    writer = NULL;
    loop_free(loop);
    loop = NULL;
    pid_t pids[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (pids[i] > 0)
            continue;
        struct err e = {0};
        static struct stream s;
        loop = loop_new(&e);
        writer = writer_open(path, loop, &e);
        if (!writer)
            _exit(2);
        for (int k = 0; k < AT_ONCE; k++)
            stream_next(&s);
        loop_run(loop);
        writer_close(writer);
        _exit(s.failed != 0);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(count(), PROCESSES * EACH);
}

/* ---- without a thread ---- */

static int add_here(struct db *db, void *arg, struct err *e)
{
    struct job *j = arg;
    assert_true(pthread_equal(pthread_self(), loop_thread));
    if (insert(db, j->name, e) != 0)
        return -1;
    return j->outcome == FAILS_AFTER ? err_set(e, ERR_INVALID, "changed its mind") : 0;
}

static void here_jobs_are_done_in_the_loops_next_turn(void **state)
{
    (void)state;
    struct err e = {0};
    struct db *db = db_open(path, &e);
    struct writer *here = writer_open_here(db, loop);
    struct job one = {.name = "one"}, bad = {.name = "bad", .outcome = FAILS_AFTER},
               two = {.name = "two"}, twin = {.name = "two"};
    nended = 0;
    writer_submit(here, WRITER_DURABLE, add_here, ended, &one);
    writer_submit(here, 0, add_here, ended, &bad);
    writer_submit(here, 0, add_here, ended, &two);
    assert_int_equal(writer_queued(here), 3);
    assert_int_equal(count(), 0); /* not from within the call */
    loop_run(loop);               /* ends, as nothing is left */
    assert_int_equal(writer_queued(here), 0);
    assert_int_equal(count(), 2);
    assert_int_equal(one.ended, 1);
    assert_int_equal(bad.ended, 2);
    assert_int_equal(bad.kind, ERR_INVALID);
    assert_int_equal(two.ended, 3);
    assert_int_equal(two.kind, ERR_NONE);

    writer_submit(here, 0, add_here, ended, &twin); /* alone in its transaction */
    loop_run(loop);
    assert_int_equal(twin.kind, ERR_CONFLICT);
    assert_false(db_in_transaction(db));
    int64_t synchronous = 0;
    assert_int_equal(db_select_int(db, "PRAGMA synchronous", DB_NONE, &synchronous, &e),
                     0);
    assert_int_equal(synchronous, 2); /* the handle's own writes wait for the disk */

    struct chain c = {.left = 20, .name = "link", .writer = here};
    writer_submit(here, 0, link_work, link_done, &c);
    writer_close(here);
    assert_int_equal(c.left, 0);
    assert_int_equal(count(), 22);
    here = writer_open_here(db, loop);
    writer_close(here);
    loop_run(loop);
    db_close(db);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(jobs_that_wait_share_a_commit),
        TEST(a_commit_takes_no_more_than_1024),
        TEST(a_job_fails_alone),
        TEST(without_savepoints_too),
        TEST(one_that_promised_too_much_undoes_all),
        TEST(one_durable_job_makes_the_commit_durable),
        TEST(jobs_that_only_look_take_no_lock),
        TEST(a_look_leads_to_a_transaction),
        TEST(a_look_follows_what_was_submitted_before),
        TEST(a_completion_may_submit),
        TEST(closing_finishes_what_was_submitted),
        TEST(what_cannot_be_opened_is_said),
        TEST(a_full_disk_fails_the_job_and_not_the_next),
        TEST(what_the_store_refuses_is_told),
        TEST(a_commit_that_fails_fails_all_of_its_jobs),
        TEST(it_waits_for_the_lock_of_another),
        TEST(several_processes_write_one_file),
        TEST(here_jobs_are_done_in_the_loops_next_turn),
    };
    return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
