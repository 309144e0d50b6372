/* db: the only code that calls SQLite.
 *
 * A handle belongs to one thread and opens quickly: it creates no thread, and writes
 * nothing unless the file is new or must be migrated. WAL, synchronous=FULL, pages of 1
 * KiB (an older file keeps its own until db_compact), 5 s of waiting for a lock, foreign
 * keys on, file mode 0600. A write is committed when its call returns. io/writer commits
 * many jobs at once on its own thread and handle. Prepared statements are kept, by their
 * text.
 *
 * Errors: ERR_UNAVAILABLE when another process has the lock or the disk is full.
 * ERR_CONFLICT for a violated UNIQUE or other constraint. Else ERR_STORE: read-only,
 * corrupt, not a database, on a network file system. */
#ifndef FOYER_DB_H
#define FOYER_DB_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct db;
struct db_row; /* a query, on its current row */

struct db_value { /* borrowed for the call */
    enum { DB_IS_NULL, DB_IS_INT, DB_IS_TEXT, DB_IS_BLOB } type;
    int64_t number;
    const void *data;
    size_t len;
};

static inline struct db_value db_int(int64_t v)
{
    return (struct db_value){.type = DB_IS_INT, .number = v};
}
struct db_value db_text(const char *s); /* NULL is SQL's NULL */
struct db_value db_blob(const void *data, size_t len);

/* The values of a statement's `?`, in order; DB_NONE for none. */
#define DB_NONE NULL, 0
#define DB_ARGS(...)                                                                     \
    (const struct db_value[]){__VA_ARGS__},                                              \
        sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value)

/* Opens or creates the file PATH. Its directory must exist. */
struct db *db_open(const char *path, struct err *e);
/* Opens or creates a file that may be lost (state/live.db): synchronous=OFF, so that no
 * commit waits for the disk and a power cut may break the file, and pages of 1 KiB.
 * *DAMAGED becomes 1 when it fails because the file is broken or not a database. */
struct db *db_open_live(const char *path, int *damaged, struct err *e);
/* Returns 0 while the names of DB's files (itself, -wal, -shm) lead to the files that it
 * opened. Returns -1 with ERR_STORE when one was removed or replaced: no other process
 * would see what is written then. Each write transaction begins with this check, three
 * calls of stat. */
int db_check_place(const struct db *db, struct err *e);
/* Writes the file anew, with pages of 1 KiB and without free ones. ERR_UNAVAILABLE while
 * another handle has the file open. Needs room for two more such files, one of them in
 * the directory for temporary files. A process that dies in it leaves the file as it was,
 * for the next db_open. */
int db_compact(struct db *db, struct err *e);
/* Writes the file anew and empties the log, so that nothing that was deleted is in either
 * of them, or in free pages: VACUUM and a checkpoint, as sqlite.org/lang_vacuum.html
 * says. Other handles may stay open: they read meanwhile, and their writes wait. Needs
 * room for two more such files. ERR_UNAVAILABLE when another process keeps the lock for
 * long. */
int db_scrub(struct db *db, struct err *e);
/* Gives DB the function NAME(...) for its statements, with any number of values: FN
 * returns 0 or 1. FN NULL takes it away. */
typedef int db_test_fn(void *arg, const struct db_value *values, int n);
int db_add_test(struct db *db, const char *name, db_test_fn *fn, void *arg,
                struct err *e);
/* Returns 1 when the last failure on DB means that its file is broken. */
int db_is_damaged(const struct db *db);
/* Closes DB. The last handle on a file moves the log (PATH-wal) into it, unless the log
 * is short and this handle committed nothing durable: then the log stays for the next
 * process. NULL is fine. */
void db_close(struct db *db);

/* Migrates the file to version N. STEPS[i], one or more statements, leads from version i
 * to i + 1. All missing steps run in one transaction. ERR_STORE for a file of a newer
 * version. */
int db_migrate(struct db *db, const char *const *steps, int n, struct err *e);

/* Runs statements that have no values and no rows. */
int db_exec(struct db *db, const char *sql, struct err *e);
/* Runs one statement. *CHANGED (may be NULL) becomes the number of changed rows. */
int db_change(struct db *db, const char *sql, const struct db_value *values, size_t n,
              int *changed, struct err *e);
/* Begins a query, before its first row. What VALUES point to stays valid until
 * db_finish:
 *
 *     struct db_row *row = db_select(db, "SELECT ...", DB_ARGS(db_int(id)), e);
 *     while (db_step(row, e) == 1)
 *         n += db_row_int(row, 0);
 *     return db_finish(row);
 *
 * Returns NULL with E on failure, which db_step and db_finish accept. */
struct db_row *db_select(struct db *db, const char *sql, const struct db_value *values,
                         size_t n, struct err *e);
/* Moves to the next row: 1; 0 after the last one; -1 with E. */
int db_step(struct db_row *row, struct err *e);
/* Ends the query, at any row. Returns -1 when db_select or a db_step has failed. */
int db_finish(struct db_row *row);
/* Reads the first column of the first row into *OUT, which does not change without a row.
 */
int db_select_int(struct db *db, const char *sql, const struct db_value *values, size_t n,
                  int64_t *out, struct err *e);
/* Columns count from 0. Text and bytes are borrowed until the next db_step or db_finish.
 * SQL's NULL is NULL. */
int64_t db_row_int(const struct db_row *row, int column);
const char *db_row_text(const struct db_row *row, int column);
const void *db_row_blob(const struct db_row *row, int column, size_t *len);
/* Returns one of DB_IS_... ; and the column's name, borrowed, or NULL after the last. */
int db_row_type(const struct db_row *row, int column);
const char *db_row_column(const struct db_row *row, int column);

/* Runs FN in a write transaction. Commits when FN returns 0; else rolls back and returns
 * -1 with FN's error. Inside of another transaction it is a savepoint: FN's changes are
 * undone alone, or committed with the rest. */
typedef int db_transaction_fn(struct db *db, void *arg, struct err *e);
int db_transaction(struct db *db, db_transaction_fn *fn, void *arg, struct err *e);

/* Returns the id of the row that was inserted last. */
int64_t db_last_id(const struct db *db);

/* For io/writer: begin and end a transaction. After a failed commit everything is rolled
 * back. */
int db_begin(struct db *db, struct err *e);
int db_end(struct db *db, int commit, struct err *e);
/* Returns 1 inside of a transaction. A full or broken disk may end one early. */
int db_in_transaction(const struct db *db);
/* Returns the rows changed since it was opened, also those undone later. */
int64_t db_changes(const struct db *db);
/* Sets whether the next commits wait for the disk. Not inside of a transaction. */
int db_set_durable(struct db *db, int durable, struct err *e);

/* Returns the version of the SQLite that this process uses. */
const char *db_version(void);

#endif
