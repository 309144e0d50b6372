/* db: SQLite behind a few functions; no type of it is known above this file.
 *
 * A handle belongs to one thread and opens cheaply: no thread is made and nothing is
 * written unless the file is new or its migrations are behind. WAL, synchronous=FULL,
 * 16 KiB pages, 5 s of patience with a lock, foreign keys on, file mode 0600.
 * Writes commit before their call returns; io/writer commits for many on a thread and a
 * handle of its own, and completes by a callback. Statements stay prepared, by their
 * text.
 *
 * Errors are ERR_UNAVAILABLE when another process holds the lock or the disk is full,
 * else ERR_STORE: read-only, corrupt, not a database, each with its sentence. A broken
 * UNIQUE or other constraint is ERR_CONFLICT. */
#ifndef FOYER_DB_H
#define FOYER_DB_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct db;
struct db_row; /* a query under way, on its current row */

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

/* The values of a statement's `?`s, in order; DB_NONE when it has none. */
#define DB_NONE NULL, 0
#define DB_ARGS(...)                                                                     \
    (const struct db_value[]){__VA_ARGS__},                                              \
        sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value)

/* Opens or creates the file PATH, whose directory exists. */
struct db *db_open(const char *path, struct err *e);
/* The same for a file that may be lost (state/live.db): synchronous=OFF, so that nothing
 * waits for the disk and a power cut may break it, and pages of 1 KiB. *DAMAGED becomes 1
 * when it failed because the file is no database or a broken one. */
struct db *db_open_live(const char *path, int *damaged, struct err *e);
/* 0 while the names of DB's files (itself, -wal, -shm) lead to the files that it opened;
 * -1 and ERR_STORE when one was removed or replaced: what is written then is seen by no
 * other process, so that each write transaction begins by asking this. Three stats. */
int db_check_place(const struct db *db, struct err *e);
/* 1 when the last failure on DB means that its file is broken. */
int db_is_damaged(const struct db *db);
/* The last handle on a file moves its log (PATH-wal) into it, unless that is short and
 * this process committed nothing durable: then it is left to who opens the file next.
 * NULL is fine. */
void db_close(struct db *db);

/* Brings the file to version N: STEPS[i], one or more statements, leads from version i to
 * i + 1; all missing ones in one transaction. A file of a newer version is ERR_STORE. */
int db_migrate(struct db *db, const char *const *steps, int n, struct err *e);

/* Runs statements without values or rows. */
int db_exec(struct db *db, const char *sql, struct err *e);
/* Runs one statement; *CHANGED (may be NULL) becomes the number of rows it changed. */
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
/* Reads the first column of the first row into *OUT, which stays as it is without a row.
 */
int db_select_int(struct db *db, const char *sql, const struct db_value *values, size_t n,
                  int64_t *out, struct err *e);
/* Columns from 0. Text and bytes are borrowed until the next db_step or db_finish; NULL
 * is NULL. */
int64_t db_row_int(const struct db_row *row, int column);
const char *db_row_text(const struct db_row *row, int column);
const void *db_row_blob(const struct db_row *row, int column, size_t *len);

/* The same with a callback for each row, until it answers non-zero. */
typedef int db_row_fn(void *arg, const struct db_row *row);
int db_query(struct db *db, const char *sql, const struct db_value *values, size_t n,
             db_row_fn *fn, void *arg, struct err *e);
int db_read_int(void *arg, const struct db_row *row);

/* Runs FN inside a write transaction: commits when it answers 0, else rolls back and
 * answers -1 with the error that FN set. Inside another one it is a savepoint: what FN
 * did is undone alone, or committed with the rest. */
typedef int db_transaction_fn(struct db *db, void *arg, struct err *e);
int db_transaction(struct db *db, db_transaction_fn *fn, void *arg, struct err *e);

/* The id of the row that was last inserted. */
int64_t db_last_id(const struct db *db);

/* For writer: the two ends of a transaction. A commit that fails has rolled back. */
int db_begin(struct db *db, struct err *e);
int db_end(struct db *db, int commit, struct err *e);
/* A full disk or a broken one may end a transaction before its end. */
int db_in_transaction(const struct db *db);
/* Rows changed since it was opened, undone ones included. */
int64_t db_changes(const struct db *db);
/* Whether the commits from now on wait for the disk. Outside of transactions only. */
int db_set_durable(struct db *db, int durable, struct err *e);

/* The library's version, at run time. */
const char *db_version(void);

#endif
