#include "store/ledger.h"

#include "store/ledger_row.h"

/* Lines of files: which run each has. */

int ledger_line_put(struct db *db, const struct ledger_line *line, int64_t run,
                    struct err *e)
{
    int changed = 0;
    if (db_change(db,
                  "INSERT INTO line (file, n, hash, run) VALUES (?1, ?2, ?3, ?4)"
                  " ON CONFLICT (file, n) DO UPDATE SET run = ?4 WHERE run = ?5",
                  DB_ARGS(db_blob(line->file, LEDGER_LINE_SIZE), db_int(line->n),
                          db_blob(line->hash, LEDGER_LINE_SIZE), db_int(run),
                          db_int(line->instead)),
                  &changed, e) != 0)
        return -1;
    return changed ? 0
                   : err_set(e, ERR_CONFLICT,
                             "cannot begin line %lld: another command has begun it",
                             (long long)line->n);
}

int ledger_line_run(struct db *db, const unsigned char *file, int64_t n, int64_t *run,
                    struct err *e)
{
    *run = 0;
    return db_select_int(db, "SELECT run FROM line WHERE file = ? AND n = ?",
                         DB_ARGS(db_blob(file, LEDGER_LINE_SIZE), db_int(n)), run, e);
}

int ledger_line_twin(struct db *db, const unsigned char *file, const unsigned char *hash,
                     int64_t *run, struct err *e)
{
    *run = 0;
    return db_select_int(
        db,
        "SELECT max(run.id) FROM line JOIN run ON run.id = line.run"
        " WHERE line.hash = ? AND line.file <> ?"
        " AND run.state NOT IN (" SQL_DEAD ", " SQL_CANCELLED ")",
        DB_ARGS(db_blob(hash, LEDGER_LINE_SIZE), db_blob(file, LEDGER_LINE_SIZE)), run,
        e);
}
