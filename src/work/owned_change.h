/* owned_change: a change to a run on its way to the store's writer. All that it points to
 * is its own, so that the attempt that it is of may end before the writer comes to it. It
 * commits nothing. */
#ifndef FOYER_OWNED_CHANGE_H
#define FOYER_OWNED_CHANGE_H

#include <stddef.h>

#include "store/ledger.h"
#include "core/made.h"

struct pins; /* vm/pins.h */

struct parcel {
    struct ledger_change change;
    struct ledger_run *new_run; /* that it adds to the store, or NULL */
    /* ---- */
    struct journal_entry *steps;
    size_t step_cap;
    void **blocks;
    size_t nblocks, block_cap;
};

/* One of nothing: its state is -1. */
void parcel_init(struct parcel *p, int64_t now_ms);
void parcel_fini(struct parcel *p);

/* BLOCK, from malloc, goes with it; and copies that do (of NULL: NULL). */
void *parcel_keep(struct parcel *p, void *block);
const char *parcel_text(struct parcel *p, const char *text);

/* For journal_delta: adds a copy of ENTRY to the steps. ARG is the parcel. */
void parcel_add_step(void *arg, const struct journal_entry *entry);
/* The sources that PINS name. */
void parcel_add_codes(struct parcel *p, const struct pins *pins);
/* It adds RUN. */
void parcel_add_run(struct parcel *p, const struct ledger_run *run);
/* It claims what a write to COMPANY of APP MADE. */
void parcel_add_made(struct parcel *p, const char *app, const char *company,
                     const struct made *made);
/* Makes it the end of an attempt: END's state and what belongs to it, and its refs, if it
 * has any, and its receipt, but not when that is due. */
void parcel_add_end(struct parcel *p, const struct ledger_change *end);

#endif
