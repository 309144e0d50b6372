#include "store/store_row.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"

int store_row_make_dir(const char *workspace_dir, struct err *e)
{
    if (!path_is_dir(workspace_dir))
        return err_set(e, ERR_NOT_FOUND,
                       "cannot open the store: there is no directory %s", workspace_dir);
    char *state = path_join(workspace_dir, "state");
    int rc = path_is_dir(state) ? 0 : path_make_dirs(state, 0700, e);
    if (rc != 0 && e)
        e->kind = ERR_STORE;
    free(state);
    return rc;
}

int64_t store_row_time(int64_t ms)
{
    return ms ? ms : clock_wall_ms();
}

int store_row_blob(struct db_row *row, char **data, size_t *len, struct err *e)
{
    *data = NULL;
    if (db_step(row, e) == 1) {
        const void *bytes = db_row_blob(row, 0, len);
        *data = xmemdup0(bytes ? bytes : "", *len);
    }
    return db_finish(row);
}

int store_row_texts(struct db_row *row, int (*fn)(void *arg, const char *text), void *arg,
                    struct err *e)
{
    while (db_step(row, e) == 1 && fn(arg, db_row_text(row, 0)) == 0)
        ;
    return db_finish(row);
}

struct db_value store_row_null(const struct store_sealed *sealed)
{
    return sealed->data ? db_blob(sealed->data, sealed->len) : db_text(NULL);
}

struct store_sealed store_row_sealed(const struct db_row *row, int version, int data)
{
    struct store_sealed sealed = {.version = db_row_int(row, version)};
    const void *bytes = db_row_blob(row, data, &sealed.len);
    sealed.data = bytes ? (unsigned char *)xmemdup0(bytes, sealed.len) : NULL;
    return sealed;
}

int store_row_key(struct db *db, char id[VAULT_ID_SIZE], struct err *e)
{
    struct db_row *row = db_select(db, "SELECT key FROM sealing", DB_NONE, e);
    int has_key = db_step(row, e) == 1;
    snprintf(id, VAULT_ID_SIZE, "%s", has_key ? db_row_text(row, 0) : "");
    return db_finish(row);
}

int store_row_check_sealed(struct db *db, const struct store_sealed *value,
                           const char *what, struct err *e)
{
    char wanted[VAULT_ID_SIZE], id[VAULT_ID_SIZE];
    if (!value->data)
        return 0;
    if (store_row_key(db, wanted, e) != 0)
        return -1;
    vault_sealed_id(value->data, value->len, id);
    if (!wanted[0] || strcmp(wanted, id) == 0)
        return 0;
    return err_set(
        e, ERR_CONFLICT,
        "cannot store the %s: the sealing key was renewed meanwhile; try again", what);
}

/* ---- borders ---- */

struct stamp {
    int64_t id, at_ms;
};

/* Reads the row of TABLE that ORDER puts first, from the id FROM on, into *OUT, which
 * stays as it is without a row. */
static int first_stamp(struct db *db, const char *table, const char *column, int64_t from,
                       const char *order, struct stamp *out, struct err *e)
{
    char sql[160];
    snprintf(sql, sizeof sql,
             "SELECT id, %s FROM %s WHERE id >= ? ORDER BY id %s LIMIT 1", column, table,
             order);
    struct db_row *row = db_select(db, sql, DB_ARGS(db_int(from)), e);
    if (db_step(row, e) == 1)
        *out = (struct stamp){db_row_int(row, 0), db_row_int(row, 1)};
    return db_finish(row);
}

int store_row_border(struct db *db, const char *table, const char *column,
                     int64_t before_ms, int64_t *border, struct err *e)
{
    struct stamp low = {0}, high = {0}, at;
    if (first_stamp(db, table, column, 0, "ASC", &low, e) != 0)
        return -1;
    *border = low.id;
    if (low.id == 0 || low.at_ms >= before_ms)
        return 0;
    if (first_stamp(db, table, column, 0, "DESC", &high, e) != 0)
        return -1;
    int64_t from = low.id, to = high.id + 1; /* FROM is older, TO is not */
    while (to - from > 1) {
        int64_t middle = from + (to - from) / 2;
        at = (struct stamp){high.id + 1, before_ms};
        if (first_stamp(db, table, column, middle, "ASC", &at, e) != 0)
            return -1;
        if (at.at_ms >= before_ms)
            to = middle;
        else
            from = at.id > middle ? at.id : middle;
    }
    *border = to;
    return 0;
}
