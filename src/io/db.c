#include "io/db.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"

enum { LOCK_PATIENCE_MS = 5000 };

static const char durable_pragmas[] = "PRAGMA page_size=16384;"
                                      "PRAGMA journal_mode=WAL;"
                                      "PRAGMA synchronous=FULL;";

/* The first to open reads the whole WAL: a short one keeps that at 0.1 ms. */
static const char live_pragmas[] = "PRAGMA page_size=1024;"
                                   "PRAGMA journal_mode=WAL;"
                                   "PRAGMA synchronous=NORMAL;"
                                   "PRAGMA wal_autocheckpoint=100;";

struct db {
    sqlite3 *sqlite;
    char *path; /* for sentences */
};

struct db_row {
    sqlite3_stmt *statement;
};

static int fail_full(const struct db *db, struct err *e)
{
    return err_set(e, ERR_STORE, "cannot write %s: the disk is full", db->path);
}

static int fail_read_only(const struct db *db, struct err *e)
{
    return err_set(e, ERR_STORE,
                   "cannot write %s: the file or its directory is read-only", db->path);
}

/* Says what SQLite's last error on DB means for a person. */
static int fail(const struct db *db, struct err *e)
{
    int code = db->sqlite ? sqlite3_errcode(db->sqlite) : SQLITE_NOMEM;
    int os = db->sqlite ? sqlite3_system_errno(db->sqlite) : 0;
    const char *path = db->path;
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(e, ERR_UNAVAILABLE,
                       "cannot use %s: another process has held its lock for %d seconds",
                       path, LOCK_PATIENCE_MS / 1000);
    case SQLITE_FULL:
        return fail_full(db, e);
    case SQLITE_READONLY:
        return fail_read_only(db, e);
    case SQLITE_CORRUPT:
        return err_set(e, ERR_STORE,
                       "cannot use %s: the file is damaged; restore it from a backup",
                       path);
    case SQLITE_NOTADB:
        return err_set(e, ERR_STORE, "cannot use %s: it is not a database", path);
    case SQLITE_CANTOPEN:
        if (os == EROFS)
            return fail_read_only(db, e);
        return err_set(e, ERR_STORE, "cannot open %s: %s", path,
                       os ? strerror(os) : "the file or its directory is missing");
    case SQLITE_IOERR:
        /* Growing the shared memory file on a full disk is an I/O error, not FULL. */
        if (os == ENOSPC || os == EDQUOT)
            return fail_full(db, e);
        return err_set(e, ERR_STORE, "cannot read or write %s: %s", path,
                       os ? strerror(os) : sqlite3_errmsg(db->sqlite));
    case SQLITE_CONSTRAINT:
        return err_set(e, ERR_CONFLICT, "cannot write %s: %s", path,
                       sqlite3_errmsg(db->sqlite));
    case SQLITE_NOMEM:
        fputs("foyer: out of memory\n", stderr);
        abort();
    default:
        return err_set(e, ERR_INTERNAL, "cannot use %s: %s", path,
                       sqlite3_errmsg(db->sqlite));
    }
}

struct db_value db_text(const char *s)
{
    if (!s)
        return (struct db_value){.type = DB_IS_NULL};
    return (struct db_value){.type = DB_IS_TEXT, .data = s, .len = strlen(s)};
}

struct db_value db_blob(const void *data, size_t len)
{
    /* sqlite3_bind_blob makes NULL of a NULL pointer, also for no bytes. */
    return (struct db_value){.type = DB_IS_BLOB, .data = data ? data : "", .len = len};
}

/* The switch to WAL needs the file for itself and does not wait by busy_timeout: two
 * processes that make the file at the same time meet here. */
static int set_up(struct db *db, const char *pragmas, struct err *e)
{
    int64_t deadline = clock_mono_us() + LOCK_PATIENCE_MS * 1000;
    for (;;) {
        int rc = sqlite3_exec(db->sqlite, pragmas, NULL, NULL, NULL);
        if (rc == SQLITE_OK)
            return 0;
        if ((rc & 0xff) != SQLITE_BUSY || clock_mono_us() >= deadline)
            return fail(db, e);
        nanosleep(&(struct timespec){.tv_nsec = 2 * 1000 * 1000}, NULL);
    }
}

int db_is_damaged(const struct db *db)
{
    int code = sqlite3_extended_errcode(db->sqlite);
    /* A WAL that was removed under its index reads short. */
    return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB ||
           code == SQLITE_IOERR_SHORT_READ;
}

static struct db *open_file(const char *path, const char *pragmas, int *damaged,
                            struct err *e)
{
    struct err created;
    /* SQLite would make the file with 0644; -wal and -shm take the file's own mode. */
    if (!path_exists(path) && path_create(path, "", 0, 0600, &created) != 0 &&
        created.kind != ERR_CONFLICT) {
        err_set(e, ERR_STORE, "%s", created.text);
        return NULL;
    }
    struct db *db = xcalloc(1, sizeof *db);
    db->path = xstrdup(path);
    if (sqlite3_open_v2(path, &db->sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK) {
        fail(db, e);
        db_close(db);
        return NULL;
    }
    sqlite3_busy_timeout(db->sqlite, LOCK_PATIENCE_MS);
    sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
    if (set_up(db, pragmas, e) != 0) {
        if (damaged)
            *damaged = db_is_damaged(db);
        db_close(db);
        return NULL;
    }
    return db;
}

struct db *db_open(const char *path, struct err *e)
{
    return open_file(path, durable_pragmas, NULL, e);
}

struct db *db_open_live(const char *path, int *damaged, struct err *e)
{
    *damaged = 0;
    struct db *db = open_file(path, live_pragmas, damaged, e);
    if (db)
        sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return db;
}

void db_close(struct db *db)
{
    if (!db)
        return;
    sqlite3_close(db->sqlite);
    free(db->path);
    free(db);
}

static sqlite3_stmt *prepare(struct db *db, const char *sql,
                             const struct db_value *values, size_t n, struct err *e)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(db->sqlite, sql, -1, &statement, NULL);
    for (size_t i = 0; rc == SQLITE_OK && i < n; i++) {
        const struct db_value *v = &values[i];
        int at = (int)i + 1;
        switch (v->type) {
        case DB_IS_NULL:
            rc = sqlite3_bind_null(statement, at);
            break;
        case DB_IS_INT:
            rc = sqlite3_bind_int64(statement, at, v->number);
            break;
        case DB_IS_TEXT:
            rc = sqlite3_bind_text64(statement, at, v->data, v->len, SQLITE_STATIC,
                                     SQLITE_UTF8);
            break;
        case DB_IS_BLOB:
            rc = sqlite3_bind_blob64(statement, at, v->data, v->len, SQLITE_STATIC);
            break;
        }
    }
    if (rc == SQLITE_OK)
        return statement;
    fail(db, e);
    sqlite3_finalize(statement);
    return NULL;
}

int db_query(struct db *db, const char *sql, const struct db_value *values, size_t n,
             db_row_fn *fn, void *arg, struct err *e)
{
    sqlite3_stmt *statement = prepare(db, sql, values, n, e);
    if (!statement)
        return -1;
    struct db_row row = {statement};
    int rc, stop = 0;
    while (!stop && (rc = sqlite3_step(statement)) == SQLITE_ROW)
        stop = fn ? fn(arg, &row) : 0;
    int failed = !stop && rc != SQLITE_DONE ? fail(db, e) : 0;
    sqlite3_finalize(statement);
    return failed;
}

int db_change(struct db *db, const char *sql, const struct db_value *values, size_t n,
              int *changed, struct err *e)
{
    if (db_query(db, sql, values, n, NULL, NULL, e) != 0)
        return -1;
    if (changed)
        *changed = sqlite3_changes(db->sqlite);
    return 0;
}

int db_exec(struct db *db, const char *sql, struct err *e)
{
    return sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(db, e);
}

int64_t db_row_int(const struct db_row *row, int column)
{
    return sqlite3_column_int64(row->statement, column);
}

const char *db_row_text(const struct db_row *row, int column)
{
    return (const char *)sqlite3_column_text(row->statement, column);
}

const void *db_row_blob(const struct db_row *row, int column, size_t *len)
{
    const void *data = sqlite3_column_blob(row->statement, column);
    *len = (size_t)sqlite3_column_bytes(row->statement, column);
    if (!data && sqlite3_column_type(row->statement, column) != SQLITE_NULL)
        data = "";
    return data;
}

int db_transaction(struct db *db, db_transaction_fn *fn, void *arg, struct err *e)
{
    /* IMMEDIATE: the lock is waited for here, where busy_timeout works; a reader that
     * turns writer would get SQLITE_BUSY at once. */
    if (db_exec(db, "BEGIN IMMEDIATE", e) != 0)
        return -1;
    int rc = fn(db, arg, e);
    if (rc == 0)
        rc = db_exec(db, "COMMIT", e);
    /* A full disk may have rolled back already. */
    if (rc != 0 && !sqlite3_get_autocommit(db->sqlite))
        db_exec(db, "ROLLBACK", NULL);
    return rc == 0 ? 0 : -1;
}

static int read_int(void *arg, const struct db_row *row)
{
    *(int64_t *)arg = db_row_int(row, 0);
    return 0;
}

struct migration {
    const char *const *steps;
    int n;
};

/* Another process may have migrated since; the version is read again under the lock. */
static int migrate(struct db *db, void *arg, struct err *e)
{
    const struct migration *m = arg;
    int64_t version = 0;
    if (db_query(db, "PRAGMA user_version", DB_NONE, read_int, &version, e) != 0)
        return -1;
    for (int64_t v = version; v < m->n; v++)
        if (db_exec(db, m->steps[v], e) != 0)
            return err_prefix(e, "cannot bring the store to version %d", (int)v + 1);
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA user_version=%d", m->n);
    return version < m->n ? db_exec(db, sql, e) : 0;
}

int db_migrate(struct db *db, const char *const *steps, int n, struct err *e)
{
    int64_t version = 0;
    if (db_query(db, "PRAGMA user_version", DB_NONE, read_int, &version, e) != 0)
        return -1;
    if (version > n)
        return err_set(
            e, ERR_STORE,
            "cannot use %s: a newer foyer wrote it (version %d, this one knows "
            "%d); update foyer",
            db->path, (int)version, n);
    if (version == n)
        return 0;
    struct migration m = {steps, n};
    return db_transaction(db, migrate, &m, e);
}

const char *db_version(void)
{
    return sqlite3_libversion();
}
