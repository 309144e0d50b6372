/* usage: how large the store is, by what, and how large it becomes.
 *
 * A kind is a table, or a few, whose rows belong to a time and are kept for a time. Its
 * rows of the last days say how many come; retention removes them when they are old. */
#ifndef FOYER_USAGE_H
#define FOYER_USAGE_H

#include <stdint.h>

#include "base/err.h"
#include "core/settings.h"

struct db; /* store_db */

enum { USAGE_KINDS = 9 };

struct usage_kind {
    const char *name; /* "deliveries", "runs", ... */
    int64_t bytes, rows;
    int64_t recent;  /* rows of the last span_ms */
    int64_t keep_ms; /* 0: for good */
};

struct usage {
    int64_t bytes, free_bytes; /* of the file; free pages are used again */
    int64_t span_ms; /* 0: less than an hour of deliveries, too little to foretell from */
    int64_t now_ms;
    struct usage_kind kinds[USAGE_KINDS];
};

/* Reads how large the store is now: each page of the file, where SQLite has the table
 * dbstat; else, or with SAMPLED 1, the newest rows of each table. */
int usage_read(struct db *db, const struct settings_keep *keep, int64_t now_ms,
               int sampled, struct usage *out, struct err *e);
struct usage_rough {
    int64_t bytes, free_bytes; /* of the file, as above */
    int64_t bytes_a_day;       /* by how much it grows now; 0: not at all, or unknown */
};
/* Reads this at a cost that does not grow with the store: the mean row of deliveries or
 * runs, times how many more come than go. */
int usage_rough(struct db *db, const struct settings_keep *keep, int64_t now_ms,
                struct usage_rough *out, struct err *e);
/* Foretells how large the file is IN_MS after U was read, when as many rows come as did
 * lately. It never becomes smaller. */
int usage_foretell(struct db *db, const struct usage *u, int64_t in_ms, int64_t *bytes,
                   struct err *e);

#endif
