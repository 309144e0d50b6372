/* db_handle: what the files behind io/db.h share. Only they include it. */
#ifndef FOYER_DB_HANDLE_H
#define FOYER_DB_HANDLE_H

#include "io/db.h"

struct sqlite3;

struct sqlite3 *db_sqlite(const struct db *db); /* DB's own, borrowed */
/* Translates SQLite's last error on DB into a sentence for people. Returns -1. */
int db_fail(const struct db *db, struct err *e);

#endif
