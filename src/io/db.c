#include "io/db.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"

enum {
    LOCK_PATIENCE_MS = 5000,
    KEPT_BITS = 5, /* prepared statements kept: 32 sets of 4, by a hash of their text */
    KEPT_SETS = 1 << KEPT_BITS,
    KEPT_WAYS = 4
};

static const struct kind {
    const char *first, *each; /* pragmas: of a new file, and of each handle */
    int wal_pages;            /* the WAL is moved into the file past these */
    off_t short_log_bytes;    /* the last handle leaves one that is shorter */
    int may_last;             /* 0: nothing in it must survive */
} main_file = {"PRAGMA page_size=16384; PRAGMA journal_mode=WAL;",
               "PRAGMA synchronous=FULL;", 1000, 640 * 1024, 1},
  /* Nothing waits for the disk, so that a checkpoint is cheap; and the first to open
   * reads the whole WAL, which is why it is kept short. */
    live_file = {"PRAGMA page_size=1024; PRAGMA journal_mode=WAL;",
                 "PRAGMA synchronous=OFF;", 16, 24 * 1024, 0};

/* The files of a database: itself, its log, the log's index. */
enum { FILES = 3 };

struct file {
    char *path;
    dev_t device;
    ino_t inode;
    int is_known; /* it is open, and these are its numbers */
};

struct db {
    sqlite3 *sqlite;
    const struct kind *kind;
    char *path; /* for sentences */
    struct file files[FILES];
    int64_t busy_until_us;
    int is_durable; /* synchronous=FULL */
    sqlite3_stmt *kept[KEPT_SETS][KEPT_WAYS];
    unsigned victim; /* which way of a full set goes next */
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
        if (err_is_full(os))
            return fail_full(db, e);
        return err_set(e, ERR_STORE, "cannot open %s: %s", path,
                       os ? strerror(os) : "the file or its directory is missing");
    case SQLITE_IOERR:
        /* Growing the shared memory file on a full disk is an I/O error, not FULL. */
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
    /* sqlite3_bind_blob makes NULL of a NULL pointer, also for no bytes. */
    return (struct db_value){.type = DB_IS_BLOB, .data = data ? data : "", .len = len};
}

/* SQLite's own handler sleeps 1, 2, 5, 10, 15, 20, 25 ... ms; a group commit is over in a
 * fraction of the first. It is not called where waiting could be a deadlock, as when a
 * reader turns writer (sqlite.org/c3ref/busy_handler.html). */
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

/* Byte 18 of a database in WAL mode is 2 (sqlite.org/fileformat2.html 1.3.3). Through
 * SQLite's own descriptor: to close another one would drop this process's locks. */
static int is_in_wal_mode(struct db *db)
{
    sqlite3_file *file = NULL;
    char version = 0;
    return sqlite3_file_control(db->sqlite, "main", SQLITE_FCNTL_FILE_POINTER, &file) ==
               SQLITE_OK &&
           file && file->pMethods &&
           file->pMethods->xRead(file, &version, 1, 18) == SQLITE_OK && version == 2;
}

/* The switch to WAL needs the file for itself and does not call on_busy: two
 * processes that make the file at the same time meet here. */
static int set_up(struct db *db, struct err *e)
{
    const struct kind *kind = db->kind;
    char pragmas[200];
    snprintf(pragmas, sizeof pragmas, "%s%s", is_in_wal_mode(db) ? "" : kind->first,
             kind->each);
    sqlite3_wal_autocheckpoint(db->sqlite, kind->wal_pages);
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

/* Before the first handle: else each block that SQLite takes is counted under a lock, and
 * each handle begins by touching 120 KB for small blocks and 320 KB for pages. */
static void configure(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 1200, 6);
    sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
}

/* ---- the files that are open, and what their names lead to ---- */

/* Notes the numbers of the files that SQLite has opened by now. */
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
    /* SQLite would make the file with 0644; -wal and -shm take the file's own mode. */
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

/* This process has committed something that must not be lost; some handle of its may
 * close before the one that did it. */
static atomic_int has_kept;

static int on_commit(void *arg)
{
    const struct db *db = arg;
    if (db->is_durable)
        atomic_store(&has_kept, 1);
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

static int must_last(const struct db *db)
{
    return db->kind->may_last && atomic_load(&has_kept);
}

/* The last one that closes a file moves its log into it and waits for the disk three
 * times, which a command that has only noted what it read should not. While the log is
 * short whoever opens the file next reads it in a millisecond or two. What must last is
 * in the file itself when nobody has it open, unless somebody read just when it was
 * moved: people copy that.
 *
 * A log that is never moved while nobody has the file open only grows: who opens it does
 * not know how much of it was moved before (wal.c, walIndexRecover). */
static int log_is_left(const struct db *db)
{
    struct stat st;
    const char *log = sqlite3_filename_wal(sqlite3_db_filename(db->sqlite, "main"));
    return !must_last(db) && log && *log && stat(log, &st) == 0 &&
           st.st_size < db->kind->short_log_bytes;
}

void db_close(struct db *db)
{
    if (!db)
        return;
    if (db->sqlite && must_last(db)) /* who closes it last may not know that */
        sqlite3_wal_checkpoint_v2(db->sqlite, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
                                  NULL);
    else if (db->sqlite && log_is_left(db))
        sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    for (int i = 0; i < KEPT_SETS * KEPT_WAYS; i++)
        sqlite3_finalize(db->kept[i / KEPT_WAYS][i % KEPT_WAYS]);
    sqlite3_close(db->sqlite);
    for (int i = 0; i < FILES; i++)
        free(db->files[i].path);
    free(db->path);
    free(db);
}

static sqlite3_stmt **kept_set(struct db *db, const char *sql)
{
    /* of its length and its middle, which tell statements apart well enough */
    size_t len = strlen(sql), n = len - len / 2;
    uint64_t middle = 0;
    memcpy(&middle, sql + len / 2, n < sizeof middle ? n : sizeof middle);
    uint64_t hash = (middle + len) * UINT64_C(0x9e3779b97f4a7c15);
    return db->kept[hash >> (64 - KEPT_BITS)];
}

/* A kept statement is taken out while it is used, so that a query of the same text inside
 * its rows' callback has one of its own. */
static int take(struct db *db, const char *sql, sqlite3_stmt **out)
{
    sqlite3_stmt **set = kept_set(db, sql);
    for (int i = 0; i < KEPT_WAYS; i++)
        if (set[i] && strcmp(sqlite3_sql(set[i]), sql) == 0) {
            *out = set[i];
            set[i] = NULL;
            return SQLITE_OK;
        }
    return sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
}

static void give_back(struct db *db, sqlite3_stmt *statement)
{
    if (!statement)
        return;
    const char *sql = sqlite3_sql(statement);
    /* Some pragmas act when they are prepared (sqlite.org/pragma.html). */
    if (sqlite3_strnicmp(sql, "PRAGMA", 6) == 0) {
        sqlite3_finalize(statement);
        return;
    }
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement); /* they point into the caller's memory */
    sqlite3_stmt **set = kept_set(db, sql);
    int way = -1;
    for (int i = 0; i < KEPT_WAYS && way < 0; i++)
        if (!set[i])
            way = i;
    if (way < 0)
        way = (int)(db->victim++ % KEPT_WAYS);
    sqlite3_finalize(set[way]);
    set[way] = statement;
}

static sqlite3_stmt *prepare(struct db *db, const char *sql,
                             const struct db_value *values, size_t n, struct err *e)
{
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

int db_query(struct db *db, const char *sql, const struct db_value *values, size_t n,
             db_row_fn *fn, void *arg, struct err *e)
{
    struct db_row *row = db_select(db, sql, values, n, e);
    int stop = 0;
    while (!stop && db_step(row, e) == 1)
        stop = fn ? fn(arg, row) : 0;
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
    return sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(db, e);
}

int64_t db_row_int(const struct db_row *row, int column)
{
    return sqlite3_column_int64(row->statement, column);
}

int db_read_int(void *arg, const struct db_row *row)
{
    *(int64_t *)arg = db_row_int(row, 0);
    return 0;
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
    /* IMMEDIATE: the lock is waited for here, where on_busy is called; a reader that
     * turns writer would get SQLITE_BUSY at once. */
    if (run(db, "BEGIN IMMEDIATE", e) != 0)
        return -1;
    note_files(db, FILES); /* the log is open from the first lock on */
    if (db_check_place(db, e) == 0)
        return 0;
    run(db, "ROLLBACK", NULL);
    return -1;
}

int db_end(struct db *db, int commit, struct err *e)
{
    int rc = commit ? run(db, "COMMIT", e) : -1;
    /* A full disk may have rolled back already. */
    if (rc != 0 && db_in_transaction(db))
        run(db, "ROLLBACK", NULL);
    return rc;
}

static int savepoint(struct db *db, db_transaction_fn *fn, void *arg, struct err *e)
{
    if (run(db, "SAVEPOINT part", e) != 0)
        return -1;
    int rc = fn(db, arg, e);
    if (!db_in_transaction(db)) /* and the savepoint with it */
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
    /* FULL syncs the WAL file at each commit, and with it the frames that earlier commits
     * wrote there (sqlite.org/wal.html; walFrames() in wal.c: one fdatasync of the file).
     * Inside a transaction the pragma is an error (sqlite.org/pragma.html). */
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

/* Another process may have migrated since; the version is read again under the lock. */
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
