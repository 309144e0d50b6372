/* store_row: what the store's files read rows by: store, store_consent, store_secret.
 * Nobody else includes it. */
#ifndef FOYER_STORE_ROW_H
#define FOYER_STORE_ROW_H

#include <stdint.h>

#include "store/store.h"
#include "io/db.h"

/* MS, or now for 0. */
int64_t store_row_time(int64_t ms);
/* SEALED's bytes as a value, NULL when it has none. */
struct db_value store_row_null(const struct store_sealed *sealed);
/* The row's bytes in place: valid within the row's callback. */
struct store_sealed store_row_lend(const struct db_row *row, int version, int data);
/* A copy, owned by the caller. */
struct store_sealed store_row_copy(const struct store_sealed *from);

#endif
