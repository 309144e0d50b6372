#include <fcntl.h>
#include <linux/magic.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/path.h"
#include "io/db.h"
#include "io/mount.h"
#include "workdir.h"

static char *dir, *path;

static int setup(void **state)
{
    (void)state;
    dir = workdir_make();
    path = path_join(dir, "foyer.db");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(path);
    workdir_remove(dir);
    return 0;
}

static struct db *open_ok(void)
{
    struct err e = {0};
    struct db *db = db_open(path, &e);
    if (!db)
        fail_msg("%s", e.text);
    return db;
}

static const char *const steps[] = {
    "CREATE TABLE person (name TEXT PRIMARY KEY, age INTEGER, photo BLOB) STRICT;",
    "CREATE TABLE pet (name TEXT, owner TEXT REFERENCES person) STRICT;"
    "INSERT INTO person VALUES ('ada', 36, NULL);",
};

static struct db *open_migrated(void)
{
    struct db *db = open_ok();
    assert_int_equal(db_migrate(db, steps, 2, NULL), 0);
    return db;
}

static int64_t int_of(struct db *db, const char *sql)
{
    int64_t v = -1;
    struct err e = {0};
    if (db_select_int(db, sql, DB_NONE, &v, &e) != 0)
        fail_msg("%s", e.text);
    return v;
}

static void test_a_new_file_is_set_up_as_designed(void **state)
{
    (void)state;
    umask(0);
    struct db *db = open_ok();
    char mode[32];
    struct db_row *row = db_select(db, "PRAGMA journal_mode", DB_NONE, NULL);
    assert_int_equal(db_step(row, NULL), 1);
    snprintf(mode, sizeof mode, "%s", db_row_text(row, 0));
    assert_int_equal(db_finish(row), 0);
    assert_string_equal(mode, "wal");
    assert_int_equal(int_of(db, "PRAGMA page_size"), 1024);
    assert_int_equal(int_of(db, "PRAGMA synchronous"), 2);
    assert_int_equal(int_of(db, "PRAGMA foreign_keys"), 1);
    assert_int_equal(db_exec(db, "CREATE TABLE t (a)", NULL), 0);
    char *wal = xasprintf("%s-wal", path);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(wal, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    free(wal);
    db_close(db);
    umask(022);
}

static void test_values_go_in_and_come_out(void **state)
{
    (void)state;
    struct db *db = open_migrated();
    int changed = 0;
    assert_int_equal(db_change(db, "INSERT INTO person VALUES (?, ?, ?)",
                               DB_ARGS(db_text("bob; DROP"), db_int(INT64_MIN),
                                       db_blob("\0\1\xff", 3)),
                               &changed, NULL),
                     0);
    assert_int_equal(changed, 1);
    assert_int_equal(int_of(db, "SELECT age FROM person WHERE name = 'bob; DROP'"),
                     INT64_MIN);
    assert_int_equal(
        int_of(db, "SELECT length(photo) FROM person WHERE name LIKE 'bob%'"), 3);
    assert_int_equal(db_change(db, "UPDATE person SET photo = ?, age = ?",
                               DB_ARGS(db_blob(NULL, 0), db_text(NULL)), &changed, NULL),
                     0);
    assert_int_equal(changed, 2);
    assert_int_equal(
        int_of(db, "SELECT count(*) FROM person WHERE photo = x'' AND age IS NULL"), 2);
    db_close(db);
}

static void test_a_walk_can_stop_and_tells_null_from_empty(void **state)
{
    (void)state;
    struct db *db = open_ok();
    size_t len = 9;
    struct db_row *row =
        db_select(db, "VALUES (NULL, x''), ('a', NULL), (NULL, NULL)", DB_NONE, NULL);
    assert_int_equal(db_step(row, NULL), 1);
    assert_null(db_row_text(row, 0));
    assert_non_null(db_row_blob(row, 1, &len));
    assert_int_equal(len, 0);
    assert_int_equal(db_step(row, NULL), 1);
    assert_string_equal(db_row_text(row, 0), "a");
    assert_null(db_row_blob(row, 1, &len));
    assert_int_equal(db_finish(row), 0);
    db_close(db);
}

static void test_migrations_run_once_in_order(void **state)
{
    (void)state;
    struct db *db = open_ok();
    assert_int_equal(db_migrate(db, steps, 1, NULL), 0);
    assert_int_equal(int_of(db, "PRAGMA user_version"), 1);
    db_close(db);
    db = open_ok();
    assert_int_equal(db_migrate(db, steps, 2, NULL), 0);
    assert_int_equal(db_migrate(db, steps, 2, NULL), 0);
    assert_int_equal(int_of(db, "PRAGMA user_version"), 2);
    assert_int_equal(int_of(db, "SELECT count(*) FROM person"), 1);
    db_close(db);
}

static void test_a_failed_migration_leaves_nothing(void **state)
{
    (void)state;
    static const char *const bad[] = {"CREATE TABLE a (x)",
                                      "CREATE TABLE b (x); CREATE TABLE a (x)"};
    struct db *db = open_ok();
    struct err e;
    assert_int_equal(db_migrate(db, bad, 2, &e), -1);
    assert_non_null(strstr(e.text, "version 2"));
    assert_int_equal(int_of(db, "PRAGMA user_version"), 0);
    assert_int_equal(int_of(db, "SELECT count(*) FROM sqlite_master"), 0);
    db_close(db);
}

static void test_a_newer_file_is_refused(void **state)
{
    (void)state;
    struct db *db = open_ok();
    struct err e;
    assert_int_equal(db_exec(db, "PRAGMA user_version=7", NULL), 0);
    assert_int_equal(db_migrate(db, steps, 2, &e), -1);
    assert_int_equal(e.kind, ERR_STORE);
    assert_non_null(
        strstr(e.text, "a newer foyer wrote it (version 7, this one knows 2)"));
    db_close(db);
}

static int insert_then(struct db *db, void *arg, struct err *e)
{
    assert_int_equal(db_exec(db, "INSERT INTO person (name) VALUES ('eve')", e), 0);
    return *(int *)arg ? err_set(e, ERR_INVALID, "changed my mind") : 0;
}

static void test_a_transaction_is_all_or_nothing(void **state)
{
    (void)state;
    struct db *db = open_migrated();
    struct err e;
    int fails = 1;
    assert_int_equal(db_transaction(db, insert_then, &fails, &e), -1);
    assert_string_equal(e.text, "changed my mind");
    assert_int_equal(int_of(db, "SELECT count(*) FROM person"), 1);
    fails = 0;
    assert_int_equal(db_transaction(db, insert_then, &fails, &e), 0);
    assert_int_equal(int_of(db, "SELECT count(*) FROM person"), 2);
    db_close(db);
}

struct nest {
    int inner_fails, inner, outer_fails;
};

static int insert_outer(struct db *db, void *arg, struct err *e)
{
    struct nest *n = arg;
    assert_int_equal(db_exec(db, "INSERT INTO person (name) VALUES ('bob')", e), 0);
    n->inner = db_transaction(db, insert_then, &n->inner_fails, e);
    return n->outer_fails ? err_set(e, ERR_INVALID, "not at all") : 0;
}

static void test_a_transaction_within_one_is_a_savepoint(void **state)
{
    (void)state;
    struct db *db = open_migrated();
    struct err e;
    struct nest n = {.outer_fails = 1};
    assert_int_equal(db_transaction(db, insert_outer, &n, &e), -1);
    assert_int_equal(int_of(db, "SELECT count(*) FROM person"), 1);
    n = (struct nest){.inner_fails = 1};
    assert_int_equal(db_transaction(db, insert_outer, &n, &e), 0);
    assert_int_equal(n.inner, -1);
    assert_int_equal(int_of(db, "SELECT count(*) FROM person WHERE name = 'bob'"), 1);
    assert_int_equal(int_of(db, "SELECT count(*) FROM person WHERE name = 'eve'"), 0);
    db_close(db);
}

/* The same text, used inside its own rows and again and again, with other values. */
static const char count_sql[] = "SELECT ?1 + count(*) FROM person WHERE ?2 IS NULL";

static void assert_count(struct db *db, int64_t expected)
{
    int64_t inner = -1;
    struct db_row *row = db_select(db, count_sql, DB_ARGS(db_int(10)), NULL);
    assert_int_equal(db_step(row, NULL), 1);
    assert_int_equal(db_row_int(row, 0), expected);
    assert_int_equal(db_select_int(db, count_sql, DB_ARGS(db_int(100)), &inner, NULL), 0);
    assert_int_equal(inner, 90 + expected);
    assert_int_equal(db_row_int(row, 0), expected); /* this row is still here */
    assert_int_equal(db_finish(row), 0);
}

static void test_a_statement_is_used_again(void **state)
{
    (void)state;
    struct db *db = open_migrated();
    for (int i = 0; i < 3; i++) {
        assert_count(db, 11);
        /* A value of the time before is not there the next time. */
        assert_int_equal(db_select_int(db, count_sql, DB_ARGS(db_int(10), db_text("x")),
                                       &(int64_t){0}, NULL),
                         0);
    }
    /* More texts than are kept, and one that failed. */
    for (int i = 0; i < 1000; i++) {
        char sql[64];
        snprintf(sql, sizeof sql, "SELECT %d + (SELECT age FROM person)", i % 300);
        assert_int_equal(int_of(db, sql), 36 + i % 300);
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(db_change(db, "INSERT INTO person (name) VALUES (?)",
                                   DB_ARGS(db_text("ada")), NULL, NULL),
                         -1);
    assert_int_equal(db_change(db, "INSERT INTO person (name) VALUES (?)",
                               DB_ARGS(db_text("bob")), NULL, NULL),
                     0);
    /* A schema that another handle changed meanwhile. */
    struct db *other = open_ok();
    assert_int_equal(
        db_exec(other, "ALTER TABLE person RENAME COLUMN age TO years", NULL), 0);
    db_close(other);
    assert_count(db, 12);
    assert_int_equal(db_select_int(db, "SELECT 1 + (SELECT age FROM person)", DB_NONE,
                                   &(int64_t){0}, NULL),
                     -1);
    db_close(db);
}

static void test_durability_can_be_switched(void **state)
{
    (void)state;
    struct db *db = open_migrated();
    struct err e;
    assert_int_equal(db_set_durable(db, 0, &e), 0);
    assert_int_equal(int_of(db, "PRAGMA synchronous"), 1);
    assert_int_equal(db_begin(db, &e), 0);
    assert_int_equal(db_set_durable(db, 1, &e), -1); /* not within a transaction */
    assert_int_equal(db_end(db, 1, &e), 0);
    assert_int_equal(int_of(db, "PRAGMA synchronous"), 1);
    assert_int_equal(db_set_durable(db, 1, &e), 0);
    assert_int_equal(int_of(db, "PRAGMA synchronous"), 2);
    db_close(db);
}

static void test_constraints_are_conflicts(void **state)
{
    (void)state;
    struct db *db = open_migrated();
    struct err e;
    assert_int_equal(db_exec(db, "INSERT INTO person (name) VALUES ('ada')", &e), -1);
    assert_int_equal(e.kind, ERR_CONFLICT);
    assert_int_equal(db_change(db, "INSERT INTO pet VALUES (?, ?)",
                               DB_ARGS(db_text("rex"), db_text("other")), NULL, &e),
                     -1);
    assert_int_equal(e.kind, ERR_CONFLICT);
    db_close(db);
}

static void assert_fails(struct db *db, const char *sql, enum err_kind kind,
                         const char *part)
{
    struct err e = {0};
    assert_int_equal(db_exec(db, sql, &e), -1);
    assert_int_equal(e.kind, kind);
    if (!strstr(e.text, part) || !strstr(e.text, path))
        fail_msg("\"%s\" lacks \"%s\" or the path", e.text, part);
}

static void test_a_full_disk(void **state)
{
    (void)state;
    struct db *db = open_migrated();
    assert_int_equal(db_exec(db, "PRAGMA max_page_count=4", NULL), 0);
    assert_fails(db, "INSERT INTO person (name, photo) VALUES ('big', zeroblob(1000000))",
                 ERR_UNAVAILABLE, "the disk is full");
    assert_int_equal(int_of(db, "SELECT count(*) FROM person"), 1);
    db_close(db);
}

static void test_read_only(void **state)
{
    (void)state;
    struct db *db = open_migrated();
    assert_int_equal(db_exec(db, "PRAGMA query_only=1", NULL), 0);
    assert_fails(db, "DELETE FROM person", ERR_STORE, "read-only");
    db_close(db);
}

static void test_locked(void **state)
{
    (void)state;
    struct db *a = open_migrated(), *b = open_migrated();
    assert_int_equal(db_exec(a, "BEGIN IMMEDIATE", NULL), 0);
    assert_int_equal(db_exec(b, "PRAGMA busy_timeout=1", NULL), 0);
    assert_fails(b, "DELETE FROM person", ERR_UNAVAILABLE, "held its lock");
    int fails = 0;
    struct err e;
    assert_int_equal(db_transaction(b, insert_then, &fails, &e), -1);
    assert_int_equal(e.kind, ERR_UNAVAILABLE);
    /* Readers do not wait for writers. */
    assert_int_equal(int_of(b, "SELECT count(*) FROM person"), 1);
    assert_int_equal(db_exec(a, "COMMIT", NULL), 0);
    assert_int_equal(db_transaction(b, insert_then, &fails, &e), 0);
    db_close(a);
    db_close(b);
}

static int insert_one(struct db *db, void *arg, struct err *e)
{
    return db_change(db, "INSERT INTO person (name) VALUES (?)", DB_ARGS(db_text(arg)),
                     NULL, e);
}

/* NAME's file makes way: by removal, or for another file that takes its name. */
static void move_away(const char *name, int replaced)
{
    char *away = xasprintf("%s.away", name), *other = xasprintf("%s.other", name);
    if (replaced) {
        assert_int_equal(link(name, away), 0);
        assert_int_equal(path_create(other, "", 0, 0600, NULL), 0);
        assert_int_equal(rename(other, name), 0);
    } else {
        assert_int_equal(rename(name, away), 0);
    }
    free(other);
    free(away);
}

static void test_a_file_that_is_gone_is_not_written(void **state)
{
    (void)state;
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (int i = 0; i < 6; i++) {
        char *file = xasprintf("%s%s", path, suffixes[i / 2]);
        char *away = xasprintf("%s.away", file);
        struct db *db = open_migrated();
        struct err e = {0};
        assert_int_equal(db_transaction(db, insert_one, (char[]){"bob"}, &e), 0);
        assert_int_equal(db_check_place(db, &e), 0);
        move_away(file, i % 2);
        assert_int_equal(db_transaction(db, insert_one, (char[]){"eve"}, &e), -1);
        assert_int_equal(e.kind, ERR_STORE);
        assert_non_null(strstr(e.text, file));
        assert_non_null(strstr(e.text, "removed or replaced"));
        assert_false(db_in_transaction(db));
        assert_int_equal(db_check_place(db, NULL), -1);
        assert_int_equal(rename(away, file), 0); /* it is back: it goes on */
        assert_int_equal(db_transaction(db, insert_one, (char[]){"eve"}, &e), 0);
        assert_int_equal(db_exec(db, "DELETE FROM person WHERE name <> 'ada'", NULL), 0);
        db_close(db);
        free(away);
        free(file);
    }
}

static void test_not_a_database(void **state)
{
    (void)state;
    struct err e;
    char text[4096];
    memset(text, 'x', sizeof text);
    assert_int_equal(path_create(path, text, sizeof text, 0600, NULL), 0);
    assert_null(db_open(path, &e));
    assert_int_equal(e.kind, ERR_STORE);
    assert_non_null(strstr(e.text, "not a database"));
}

static void test_a_damaged_file(void **state)
{
    (void)state;
    struct db *db = open_migrated();
    db_close(db);
    int fd = open(path, O_WRONLY);
    char junk[1024];
    memset(junk, 0xa5, sizeof junk);
    /* The second page: the header and the schema's page stay good. */
    assert_int_equal(pwrite(fd, junk, sizeof junk, 1024), sizeof junk);
    close(fd);
    db = open_ok();
    struct err e = {0};
    int64_t n;
    assert_int_equal(db_select_int(db, "SELECT age FROM person", DB_NONE, &n, &e), -1);
    assert_int_equal(e.kind, ERR_STORE);
    assert_non_null(strstr(e.text, "damaged"));
    db_close(db);
}

/* the linker's --wrap: what statfs says that the file lies on; 0: the truth */
static unsigned file_system;
int __real_statfs(const char *name, struct statfs *out);
int __wrap_statfs(const char *name, struct statfs *out);

int __wrap_statfs(const char *name, struct statfs *out)
{
    int rc = __real_statfs(name, out);
    if (file_system)
        out->f_type = (__typeof__(out->f_type))file_system;
    return rc;
}

static void test_a_network_file_system(void **state)
{
    (void)state;
    static const unsigned kinds[] = {NFS_SUPER_MAGIC, CIFS_SUPER_MAGIC, SMB2_SUPER_MAGIC};
    static const char *const names[] = {"(NFS)", "(SMB)", "(SMB)"};
    struct err e = {0};
    file_system = NFS_SUPER_MAGIC;
    assert_null(db_open(path, &e));
    assert_int_equal(access(path, F_OK), -1);
    file_system = 0;
    db_close(open_migrated());
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        file_system = kinds[i];
        assert_null(db_open(path, &e));
        assert_int_equal(e.kind, ERR_STORE);
        assert_non_null(strstr(e.text, "lies on a network file system"));
        assert_non_null(strstr(e.text, names[i]));
        assert_non_null(strstr(e.text, "move the workspace to a disk of this machine"));
    }
    /* a disk of this machine may be one of FUSE */
    file_system = FUSE_SUPER_MAGIC;
    db_close(open_ok());
    file_system = 0;
    struct db *db = open_ok();
    assert_int_equal(int_of(db, "SELECT count(*) FROM person"), 1);
    db_close(db);
}

static void test_network_file_systems_of_fuse(void **state)
{
    (void)state;
    char text[] = "36 35 0:31 / /a rw,noatime master:1 - fuseblk /dev/sdb1 rw\n"
                  "37 35 0:32 / /b\\040c rw - fuse.sshfs ada@x.example: rw,user_id=0\n"
                  "38 35 0:33 / /d rw shared:2 - fuse.gocryptfs /e rw\n"
                  "short\n";
    FILE *mounts = fmemopen(text, strlen(text), "r");
    assert_null(mount_fuse_of(mounts, makedev(0, 31)));
    rewind(mounts);
    assert_string_equal(mount_fuse_of(mounts, makedev(0, 32)), "sshfs");
    rewind(mounts);
    assert_null(mount_fuse_of(mounts, makedev(0, 33)));
    rewind(mounts);
    assert_null(mount_fuse_of(mounts, makedev(8, 1)));
    fclose(mounts);
}

static void test_no_directory_and_a_directory(void **state)
{
    (void)state;
    struct err e;
    char *below = path_join(path, "deeper/foyer.db");
    assert_null(db_open(below, &e));
    assert_int_equal(e.kind, ERR_STORE);
    assert_non_null(strstr(e.text, "No such file"));
    free(below);
    assert_null(db_open(dir, &e));
    assert_int_equal(e.kind, ERR_STORE);
}

static void test_a_wrong_statement_is_internal(void **state)
{
    (void)state;
    struct db *db = open_ok();
    struct err e;
    assert_int_equal(db_change(db, "SELEC 1", DB_NONE, NULL, &e), -1);
    assert_int_equal(e.kind, ERR_INTERNAL);
    assert_int_equal(db_change(db, "VALUES (?)", DB_ARGS(db_int(1), db_int(2)), NULL, &e),
                     -1);
    assert_int_equal(e.kind, ERR_INTERNAL);
    db_close(db);
}

/* Several processes making the same file: each must find it whole. */
static void test_a_race_to_create(void **state)
{
    (void)state;
    enum { PROCESSES = 6 };
    for (int i = 0; i < PROCESSES; i++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            struct err e;
            struct db *db = db_open(path, &e);
            int bad = !db || db_migrate(db, steps, 2, &e) != 0;
            if (bad)
                fprintf(stderr, "%s\n", e.text);
            db_close(db);
            _exit(bad);
        }
    }
    int status, failures = 0;
    for (int i = 0; i < PROCESSES; i++)
        failures += wait(&status) < 0 || status != 0;
    assert_int_equal(failures, 0);
    struct db *db = open_migrated();
    assert_int_equal(int_of(db, "SELECT count(*) FROM person"), 1);
    db_close(db);
}

/* A process of its own, which has kept nothing yet, adds a row of LEN bytes. */
static void add_in_a_process(int durable, int len)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        char *note = xmalloc((size_t)len + 1);
        memset(note, 'x', (size_t)len);
        note[len] = '\0';
        struct db *db = db_open(path, NULL);
        int bad = !db || db_set_durable(db, durable, NULL) != 0 ||
                  db_migrate(db, steps, 1, NULL) != 0 ||
                  db_change(db, "INSERT INTO person (name, age) VALUES (?, 1)",
                            DB_ARGS(db_text(note)), NULL, NULL) != 0;
        db_close(db);
        _exit(bad);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static int64_t people(const char *file)
{
    struct db *db = db_open(file, NULL);
    assert_non_null(db);
    int64_t n = int_of(db, "SELECT count(*) FROM person");
    db_close(db);
    return n;
}

static void test_a_process_that_ends(void **state)
{
    (void)state;
    char *wal = xasprintf("%s-wal", path);
    add_in_a_process(0, 10);
    assert_true(path_exists(wal)); /* short, and nothing must last */
    assert_int_equal(people(path), 1);
    add_in_a_process(0, 700 * 1024);
    assert_false(path_exists(wal));
    add_in_a_process(1, 11);
    assert_false(path_exists(wal)); /* people copy the file */
    assert_int_equal(people(path), 3);
    free(wal);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_a_process_that_ends), /* before this one commits something durable */
        T(test_a_new_file_is_set_up_as_designed),
        T(test_values_go_in_and_come_out),
        T(test_a_walk_can_stop_and_tells_null_from_empty),
        T(test_migrations_run_once_in_order),
        T(test_a_failed_migration_leaves_nothing),
        T(test_a_newer_file_is_refused),
        T(test_a_transaction_is_all_or_nothing),
        T(test_a_transaction_within_one_is_a_savepoint),
        T(test_a_statement_is_used_again),
        T(test_durability_can_be_switched),
        T(test_constraints_are_conflicts),
        T(test_a_full_disk),
        T(test_read_only),
        T(test_locked),
        T(test_a_file_that_is_gone_is_not_written),
        T(test_not_a_database),
        T(test_a_damaged_file),
        T(test_a_network_file_system),
        T(test_network_file_systems_of_fuse),
        T(test_no_directory_and_a_directory),
        T(test_a_wrong_statement_is_internal),
        T(test_a_race_to_create),
    };
    return cmocka_run_group_tests_name("db", tests, NULL, NULL);
}
