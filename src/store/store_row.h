/* store_row: what the store's files read rows by: store, store_consent, store_secret.
 * Nobody else includes it. */
#ifndef FOYER_STORE_ROW_H
#define FOYER_STORE_ROW_H

#include <stdint.h>

#include "io/db.h"
#include "store/store.h"
#include "store/vault.h"

/* MS, or now for 0. */
int64_t store_row_time(int64_t ms);
/* SEALED's bytes as a value, NULL when it has none. */
struct db_value store_row_null(const struct store_sealed *sealed);
/* The row's bytes in place: valid within the row's callback. */
struct store_sealed store_row_lend(const struct db_row *row, int version, int data);
/* A copy, owned by the caller. */
struct store_sealed store_row_copy(const struct store_sealed *from);

/* Reads the id of the key that all values are sealed with; "" before the first rekey. */
int store_row_key(struct db *db, char id[VAULT_ID_SIZE], struct err *e);
/* Fails with ERR_CONFLICT when VALUE is sealed with another key than the recorded one.
 * Every write of a sealed value calls it in its transaction. WHAT names the value
 * ("refresh token"). */
int store_row_check_sealed(struct db *db, const struct store_sealed *value,
                           const char *what, struct err *e);

#endif
