#include <sqlite3.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/str.h"
#include "io/db_handle.h"

/* What erasing needs: a function for statements, and files without what was deleted. */

enum { SCRUB_PATIENCE_MS = 60 * 1000, SCRUB_PAUSE_MS = 20 };

/* Tries FN until it answers anything but ERR_UNAVAILABLE, or for a minute. */
static int insist(struct db *db, int (*fn)(struct db *db, struct err *e), struct err *e)
{
    int64_t deadline = clock_mono_us() + (int64_t)SCRUB_PATIENCE_MS * 1000;
    struct err why = {0};
    int rc;
    while ((rc = fn(db, &why)) != 0 && why.kind == ERR_UNAVAILABLE &&
           clock_mono_us() < deadline)
        nanosleep(&(struct timespec){.tv_nsec = SCRUB_PAUSE_MS * 1000 * 1000}, NULL);
    if (rc != 0 && e)
        *e = why;
    return rc;
}

static int write_anew(struct db *db, struct err *e)
{
    return db_exec(db, "PRAGMA secure_delete = ON; VACUUM", e);
}

/* Moves the log into the file and cuts it to nothing, which needs all readers to have
 * gone on. */
static int empty_log(struct db *db, struct err *e)
{
    int rc = sqlite3_wal_checkpoint_v2(db_sqlite(db), NULL, SQLITE_CHECKPOINT_TRUNCATE,
                                       NULL, NULL);
    return rc == SQLITE_OK ? 0 : db_fail(db, e);
}

int db_scrub(struct db *db, struct err *e)
{
    return insist(db, write_anew, e) == 0 ? insist(db, empty_log, e) : -1;
}

struct test {
    db_test_fn *fn;
    void *arg;
};

enum { TEST_VALUES_MAX = 64 };

static void on_test(sqlite3_context *context, int n, sqlite3_value **args)
{
    const struct test *test = sqlite3_user_data(context);
    struct db_value values[TEST_VALUES_MAX];
    for (int i = 0; i < n && i < TEST_VALUES_MAX; i++) {
        int type = sqlite3_value_type(args[i]);
        values[i] = (struct db_value){.type = DB_IS_NULL};
        if (type == SQLITE_INTEGER)
            values[i] = db_int(sqlite3_value_int64(args[i]));
        else if (type != SQLITE_NULL)
            values[i] = (struct db_value){
                .type = type == SQLITE_BLOB ? DB_IS_BLOB : DB_IS_TEXT,
                .data = type == SQLITE_BLOB ? sqlite3_value_blob(args[i])
                                            : (const void *)sqlite3_value_text(args[i]),
                .len = (size_t)sqlite3_value_bytes(args[i])};
    }
    sqlite3_result_int(
        context, test->fn(test->arg, values, n < TEST_VALUES_MAX ? n : TEST_VALUES_MAX));
}

int db_add_test(struct db *db, const char *name, db_test_fn *fn, void *arg, struct err *e)
{
    struct test *test = NULL;
    if (fn) {
        test = xmalloc(sizeof *test);
        *test = (struct test){fn, arg};
    }
    /* SQLite also frees it when this fails */
    int rc =
        sqlite3_create_function_v2(db_sqlite(db), name, -1, SQLITE_UTF8, test,
                                   fn ? on_test : NULL, NULL, NULL, fn ? free : NULL);
    return rc == SQLITE_OK ? 0 : db_fail(db, e);
}
