/* store_row: what the files of this room share to read and write rows. Only they include
 * it. */
#ifndef FOYER_STORE_ROW_H
#define FOYER_STORE_ROW_H

#include <stdint.h>

#include "io/db.h"
#include "store/store.h"
#include "store/vault.h"

/* Makes WORKSPACE_DIR/state with mode 0700 when it is missing. ERR_NOT_FOUND when there
 * is no WORKSPACE_DIR. */
int store_row_make_dir(const char *workspace_dir, struct err *e);

/* Returns MS, or the time now for 0. */
int64_t store_row_time(int64_t ms);

/* ---- queries: both end ROW with db_finish; ROW may be NULL ---- */

/* Copies the first column of the first row to *DATA, a new block with a NUL after its LEN
 * bytes. *DATA is NULL without a row. */
int store_row_blob(struct db_row *row, char **data, size_t *len, struct err *e);
/* Calls FN with the first column of each row, a text, until FN returns non-zero. */
int store_row_texts(struct db_row *row, int (*fn)(void *arg, const char *text), void *arg,
                    struct err *e);

/* Finds the first id of TABLE whose COLUMN, a time, is from BEFORE_MS on, or one past the
 * last id, by halving. Times grow with ids; after the clock was set back the border may
 * be a little late. */
int store_row_border(struct db *db, const char *table, const char *column,
                     int64_t before_ms, int64_t *border, struct err *e);

/* ---- sealed values ---- */

/* Returns SEALED's bytes, or SQL's NULL when it has none. */
struct db_value store_row_null(const struct store_sealed *sealed);
/* Reads a version and sealed bytes from these columns; the caller owns the bytes. */
struct store_sealed store_row_sealed(const struct db_row *row, int version, int data);
/* Reads the id of the key that all values are sealed with; "" before the first rekey. */
int store_row_key(struct db *db, char id[VAULT_ID_SIZE], struct err *e);
/* Fails with ERR_CONFLICT when VALUE is sealed with another key than the recorded one.
 * Every write of a sealed value calls it in its transaction. WHAT names the value
 * ("refresh token"). */
int store_row_check_sealed(struct db *db, const struct store_sealed *value,
                           const char *what, struct err *e);

#endif
