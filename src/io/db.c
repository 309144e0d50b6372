#include "io/db.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/loopguard.h"
#include "base/path.h"
#include "base/str.h"
#include "io/db_handle.h"
#include "io/mount.h"

enum { LOCK_PATIENCE_MS = 5000, KEPT_MAX = 128 /* prepared statements that are kept */ };

/* A commit writes whole pages, and most of its changes are smaller than one. With pages
 * of 1 KiB a webhook and its reply write 85 KB, with 4 KiB 240 KB, with 16 KiB 810 KB, at
 * the same CPU time (2026-12-01). */
#define PAGES "PRAGMA page_size=1024;"

static const struct kind {
    const char *pragmas;   /* page_size and journal_mode do nothing on an existing file */
    int64_t log_bytes;     /* a checkpoint moves a longer log into the file */
    off_t short_log_bytes; /* the last handle does not move a shorter one */
} main_file = {PAGES "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
               16 * 1024 * 1024, 640 * 1024},
  /* No commit waits for the disk, so that a checkpoint is cheap. The WAL stays short,
     because the first process that opens the file reads all of it. */
    live_file = {
        "PRAGMA page_size=1024; PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
        16 * 1024, 24 * 1024};

/* A database is three files: itself, its log, the log's index. */
enum { FILES = 3 };

struct file {
    char *path;
    dev_t device;
    ino_t inode;
    int is_known; /* it was opened, with these numbers */
};

struct db {
    sqlite3 *sqlite;
    const struct kind *kind;
    char *path; /* for errors */
    struct file files[FILES];
    int64_t busy_until_us;
    int is_durable;               /* synchronous=FULL */
    int has_committed;            /* a durable transaction */
    sqlite3_stmt *kept[KEPT_MAX]; /* unused now; the last one was used last */
    int nkept;
};

struct db_row {
    struct db *db;
    sqlite3_stmt *statement;
    int has_failed;
};

static int fail_full(const struct db *db, struct err *e)
{
    return err_set(e, ERR_UNAVAILABLE,
                   "cannot write %s: the disk is full; make room, then try again",
                   db->path);
}

static int fail_read_only(const struct db *db, struct err *e)
{
    return err_set(e, ERR_STORE,
                   "cannot write %s: the file or its directory is read-only", db->path);
}

/* Translates SQLite's last error on DB into a sentence for people. */
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
        if (err_is_full(os))
            return fail_full(db, e);
        return err_set(e, ERR_STORE, "cannot open %s: %s", path,
                       os ? strerror(os) : "the file or its directory is missing");
    case SQLITE_IOERR:
        /* SQLite reports an I/O error, not FULL, when it cannot grow its shared memory
         * file on a full disk. */
        if (err_is_full(os))
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
    /* sqlite3_bind_blob makes NULL of a NULL pointer, also for 0 bytes */
    return (struct db_value){.type = DB_IS_BLOB, .data = data ? data : "", .len = len};
}

/* Waits for a lock. SQLite's own handler sleeps 1, 2, 5, 10, 15, 20, 25 ... ms, but a
 * group commit takes a fraction of the first. SQLite does not call this where waiting
 * could deadlock, as when a reader becomes a writer (sqlite.org/c3ref/busy_handler.html).
 */
static int on_busy(void *arg, int before)
{
    struct db *db = arg;
    int64_t now = clock_mono_us();
    if (before == 0)
        db->busy_until_us = now + LOCK_PATIENCE_MS * 1000;
    if (now >= db->busy_until_us)
        return 0;
    long us = before < 16 ? 100 + 25 * before : 500;
    nanosleep(&(struct timespec){.tv_nsec = us * 1000}, NULL);
    return 1;
}

static int limit_log(struct db *db, struct err *e)
{
    int64_t page = 4096;
    if (db_select_int(db, "PRAGMA page_size", DB_NONE, &page, e) != 0)
        return -1;
    sqlite3_wal_autocheckpoint(db->sqlite, (int)(db->kind->log_bytes / page));
    return 0;
}

/* Runs the pragmas. The switch to WAL needs an exclusive lock and does not call on_busy:
 * it is retried, for two processes that create the file at the same time. */
static int set_up(struct db *db, struct err *e)
{
    const struct kind *kind = db->kind;
    int64_t deadline = clock_mono_us() + LOCK_PATIENCE_MS * 1000;
    for (;;) {
        int rc = sqlite3_exec(db->sqlite, kind->pragmas, NULL, NULL, NULL);
        if (rc == SQLITE_OK)
            return limit_log(db, e);
        if ((rc & 0xff) != SQLITE_BUSY || clock_mono_us() >= deadline)
            return fail(db, e);
        nanosleep(&(struct timespec){.tv_nsec = 2 * 1000 * 1000}, NULL);
    }
}

int db_is_damaged(const struct db *db)
{
    int code = sqlite3_extended_errcode(db->sqlite);
    /* a WAL that was removed while its index exists reads short */
    return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB ||
           code == SQLITE_IOERR_SHORT_READ;
}

/* Before the first handle: else SQLite takes a lock to count each block of memory. */
static void configure(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* ---- the files that are open, and what their names lead to ---- */

/* Stores the device and inode of the files that SQLite has opened by now. */
static void note_files(struct db *db, int n)
{
    struct stat st;
    for (int i = 0; i < n; i++) {
        struct file *file = &db->files[i];
        if (file->is_known || stat(file->path, &st) != 0)
            continue;
        file->device = st.st_dev;
        file->inode = st.st_ino;
        file->is_known = 1;
    }
}

static void name_files(struct db *db)
{
    static const char *const suffixes[FILES] = {"", "-wal", "-shm"};
    for (int i = 0; i < FILES; i++)
        db->files[i].path = xasprintf("%s%s", db->path, suffixes[i]);
    note_files(db, 1);
}

int db_check_place(const struct db *db, struct err *e)
{
    struct stat st;
    for (int i = 0; i < FILES; i++) {
        const struct file *file = &db->files[i];
        if (file->is_known && (stat(file->path, &st) != 0 || st.st_ino != file->inode ||
                               st.st_dev != file->device))
            return err_set(e, ERR_STORE,
                           "cannot use %s: the file was removed or replaced while this "
                           "process had it open; put it back where it was, or restart "
                           "foyer to go on with what is there now",
                           file->path);
    }
    return 0;
}

static struct db *open_file(const char *path, const struct kind *kind, int *damaged,
                            struct err *e)
{
    struct err created;
    if (mount_check_local(path, e) != 0)
        return NULL;
    /* SQLite would create the file with 0644; -wal and -shm get the mode of the file. */
    if (!path_exists(path) && path_create(path, "", 0, 0600, &created) != 0 &&
        created.kind != ERR_CONFLICT) {
        err_set(e, ERR_STORE, "%s", created.text);
        return NULL;
    }
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, configure);
    struct db *db = xcalloc(1, sizeof *db);
    db->kind = kind;
    db->path = xstrdup(path);
    if (sqlite3_open_v2(path, &db->sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK) {
        fail(db, e);
        db_close(db);
        return NULL;
    }
    name_files(db);
    sqlite3_busy_handler(db->sqlite, on_busy, db);
    sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
    if (set_up(db, e) != 0) {
        if (damaged)
            *damaged = db_is_damaged(db);
        db_close(db);
        return NULL;
    }
    return db;
}

static int on_commit(void *arg)
{
    struct db *db = arg;
    db->has_committed |= db->is_durable;
    return 0;
}

struct db *db_open(const char *path, struct err *e)
{
    struct db *db = open_file(path, &main_file, NULL, e);
    if (db) {
        db->is_durable = 1;
        sqlite3_commit_hook(db->sqlite, on_commit, db);
    }
    return db;
}

struct db *db_open_live(const char *path, int *damaged, struct err *e)
{
    *damaged = 0;
    return open_file(path, &live_file, damaged, e);
}

static int is_log_short(const struct db *db)
{
    struct stat st;
    const char *log = sqlite3_filename_wal(sqlite3_db_filename(db->sqlite, "main"));
    return log && *log && stat(log, &st) == 0 && st.st_size < db->kind->short_log_bytes;
}

/* SQLite moves the log into the file when the last handle closes it, and waits for the
 * disk three times, some milliseconds. A command that only read skips that: the next
 * process that opens the file reads a short log in a millisecond or two. A longer log is
 * moved, or it would only grow: a process that opens the file does not know which part of
 * the log was moved before (wal.c, walIndexRecover).
 *
 * A handle that committed moves the log itself, so that the file is complete when people
 * copy it without the log, whichever handle closes last. */
static void end_log(const struct db *db)
{
    if (db->has_committed)
        sqlite3_wal_checkpoint_v2(db->sqlite, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
                                  NULL);
    else if (is_log_short(db))
        sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

void db_close(struct db *db)
{
    if (!db)
        return;
    if (db->sqlite)
        end_log(db);
    for (int i = 0; i < db->nkept; i++)
        sqlite3_finalize(db->kept[i]);
    sqlite3_close(db->sqlite);
    for (int i = 0; i < FILES; i++)
        free(db->files[i].path);
    free(db->path);
    free(db);
}

static void remove_kept(struct db *db, int i)
{
    db->nkept--;
    memmove(&db->kept[i], &db->kept[i + 1], (size_t)(db->nkept - i) * sizeof *db->kept);
}

/* Takes a kept statement out of the list, or prepares one. So a query with the same text
 * inside of this one's rows gets another statement. */
static int take(struct db *db, const char *sql, sqlite3_stmt **out)
{
    for (int i = db->nkept; i-- > 0;)
        if (strcmp(sqlite3_sql(db->kept[i]), sql) == 0) {
            *out = db->kept[i];
            remove_kept(db, i);
            return SQLITE_OK;
        }
    return sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
}

static void give_back(struct db *db, sqlite3_stmt *statement)
{
    if (!statement)
        return;
    /* Some pragmas act when they are prepared (sqlite.org/pragma.html). */
    if (sqlite3_strnicmp(sqlite3_sql(statement), "PRAGMA", 6) == 0) {
        sqlite3_finalize(statement);
        return;
    }
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement); /* they point to the caller's memory */
    if (db->nkept == KEPT_MAX) {
        sqlite3_finalize(db->kept[0]);
        remove_kept(db, 0);
    }
    db->kept[db->nkept++] = statement;
}

static sqlite3_stmt *prepare(struct db *db, const char *sql,
                             const struct db_value *values, size_t n, struct err *e)
{
    loopguard_check(sql);
    sqlite3_stmt *statement = NULL;
    int rc = take(db, sql, &statement);
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
    give_back(db, statement);
    return NULL;
}

struct db_row *db_select(struct db *db, const char *sql, const struct db_value *values,
                         size_t n, struct err *e)
{
    sqlite3_stmt *statement = prepare(db, sql, values, n, e);
    if (!statement)
        return NULL;
    struct db_row *row = xmalloc(sizeof *row);
    *row = (struct db_row){db, statement, 0};
    return row;
}

int db_step(struct db_row *row, struct err *e)
{
    if (!row || row->has_failed)
        return -1;
    int rc = sqlite3_step(row->statement);
    if (rc == SQLITE_ROW || rc == SQLITE_DONE)
        return rc == SQLITE_ROW;
    row->has_failed = 1;
    return fail(row->db, e);
}

int db_finish(struct db_row *row)
{
    if (!row)
        return -1;
    int rc = row->has_failed ? -1 : 0;
    give_back(row->db, row->statement);
    free(row);
    return rc;
}

int db_select_int(struct db *db, const char *sql, const struct db_value *values, size_t n,
                  int64_t *out, struct err *e)
{
    struct db_row *row = db_select(db, sql, values, n, e);
    if (db_step(row, e) == 1)
        *out = db_row_int(row, 0);
    return db_finish(row);
}

int db_change(struct db *db, const char *sql, const struct db_value *values, size_t n,
              int *changed, struct err *e)
{
    struct db_row *row = db_select(db, sql, values, n, e);
    while (db_step(row, e) == 1)
        ;
    if (db_finish(row) != 0)
        return -1;
    if (changed)
        *changed = sqlite3_changes(db->sqlite);
    return 0;
}

int db_exec(struct db *db, const char *sql, struct err *e)
{
    loopguard_check(sql);
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

int db_row_type(const struct db_row *row, int column)
{
    switch (sqlite3_column_type(row->statement, column)) {
    case SQLITE_INTEGER:
        return DB_IS_INT;
    case SQLITE_NULL:
        return DB_IS_NULL;
    case SQLITE_BLOB:
        return DB_IS_BLOB;
    default:
        return DB_IS_TEXT;
    }
}

const char *db_row_column(const struct db_row *row, int column)
{
    return sqlite3_column_name(row->statement, column);
}

int db_in_transaction(const struct db *db)
{
    return !sqlite3_get_autocommit(db->sqlite);
}

int64_t db_last_id(const struct db *db)
{
    return sqlite3_last_insert_rowid(db->sqlite);
}

int64_t db_changes(const struct db *db)
{
    return sqlite3_total_changes64(db->sqlite);
}

static int run(struct db *db, const char *sql, struct err *e)
{
    return db_change(db, sql, DB_NONE, NULL, e);
}

int db_begin(struct db *db, struct err *e)
{
    /* IMMEDIATE waits for the lock here, where SQLite calls on_busy. A reader that
     * becomes a writer would get SQLITE_BUSY at once. */
    if (run(db, "BEGIN IMMEDIATE", e) != 0)
        return -1;
    note_files(db, FILES); /* the log is open since the first lock */
    if (db_check_place(db, e) == 0)
        return 0;
    run(db, "ROLLBACK", NULL);
    return -1;
}

int db_end(struct db *db, int commit, struct err *e)
{
    int rc = commit ? run(db, "COMMIT", e) : -1;
    /* a full disk may have rolled back already */
    if (rc != 0 && db_in_transaction(db))
        run(db, "ROLLBACK", NULL);
    return rc;
}

static int in_use(const struct db *db, struct err *e)
{
    if (e->kind != ERR_UNAVAILABLE)
        return -1;
    return err_set(e, ERR_UNAVAILABLE,
                   "cannot compact %s: another process has it open; stop foyer (serve, "
                   "work and other commands) and try again",
                   db->path);
}

/* The size of pages is fixed in WAL, and leaving it needs every other handle to be closed
 * (sqlite.org/pragma.html#pragma_page_size). */
int db_compact(struct db *db, struct err *e)
{
    int rc = db_exec(db, "PRAGMA journal_mode=DELETE", e);
    if (rc != 0)
        return in_use(db, e);
    if (db_exec(db, PAGES, e) != 0 || db_exec(db, "VACUUM", e) != 0)
        rc = -1;
    for (int i = 1; i < FILES; i++) /* they are new ones now */
        db->files[i].is_known = 0;
    return set_up(db, rc == 0 ? e : NULL) == 0 ? rc : -1;
}

struct sqlite3 *db_sqlite(const struct db *db)
{
    return db->sqlite;
}

int db_fail(const struct db *db, struct err *e)
{
    return fail(db, e);
}

static int savepoint(struct db *db, db_transaction_fn *fn, void *arg, struct err *e)
{
    if (run(db, "SAVEPOINT part", e) != 0)
        return -1;
    int rc = fn(db, arg, e);
    if (!db_in_transaction(db)) /* and with it the savepoint */
        return rc != 0 ? -1
                       : err_set(e, ERR_STORE, "cannot write %s: it was rolled back",
                                 db->path);
    if (rc != 0)
        run(db, "ROLLBACK TO part", NULL);
    if (run(db, "RELEASE part", rc == 0 ? e : NULL) != 0)
        rc = -1;
    return rc == 0 ? 0 : -1;
}

int db_transaction(struct db *db, db_transaction_fn *fn, void *arg, struct err *e)
{
    if (db_in_transaction(db))
        return savepoint(db, fn, arg, e);
    if (db_begin(db, e) != 0)
        return -1;
    return db_end(db, fn(db, arg, e) == 0, e);
}

int db_set_durable(struct db *db, int durable, struct err *e)
{
    if (db->is_durable == (durable != 0))
        return 0;
    /* FULL syncs the WAL file at each commit, with the frames that earlier commits wrote
     * to it (sqlite.org/wal.html; walFrames() in wal.c calls fdatasync once). Inside of a
     * transaction the pragma is an error (sqlite.org/pragma.html). */
    if (db_exec(db, durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL",
                e) != 0)
        return -1;
    db->is_durable = durable != 0;
    return 0;
}

struct migration {
    const char *const *steps;
    int n;
};

/* Runs the missing migrations. Reads the version again under the lock, because another
 * process may have migrated. */
static int migrate(struct db *db, void *arg, struct err *e)
{
    const struct migration *m = arg;
    int64_t version = 0;
    if (db_select_int(db, "PRAGMA user_version", DB_NONE, &version, e) != 0)
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
    if (db_select_int(db, "PRAGMA user_version", DB_NONE, &version, e) != 0)
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
