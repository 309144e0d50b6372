/* owned_change: a change to a run on its way to the store's writer. All that it points to
 * is its own, so that the attempt that it is of may end before the writer comes to it. It
 * commits nothing. */
#ifndef FOYER_OWNED_CHANGE_H
#define FOYER_OWNED_CHANGE_H

#include <stddef.h>

#include "store/ledger.h"
#include "core/made.h"

struct pins; /* vm/pins.h */

struct owned_change {
    struct ledger_change change;
    struct ledger_run *new_run; /* that it adds to the store, or NULL */
    /* ---- */
    struct journal_entry *steps;
    size_t step_cap;
    void **blocks;
    size_t nblocks, block_cap;
};

/* One of nothing: its state is -1. */
void owned_change_init(struct owned_change *p, int64_t now_ms);
void owned_change_fini(struct owned_change *p);

/* BLOCK, from malloc, goes with it; and copies that do (of NULL: NULL). */
void *owned_change_keep(struct owned_change *p, void *block);
const char *owned_change_text(struct owned_change *p, const char *text);

/* For journal_delta: adds a copy of ENTRY to the steps. ARG is the parcel. */
void owned_change_add_step(void *arg, const struct journal_entry *entry);
/* The sources that PINS name. */
void owned_change_add_codes(struct owned_change *p, const struct pins *pins);
/* It adds RUN. */
void owned_change_add_run(struct owned_change *p, const struct ledger_run *run);
/* It claims what a write to COMPANY of APP MADE. */
void owned_change_add_made(struct owned_change *p, const char *app, const char *company,
                           const struct made *made);
/* Makes it the end of an attempt: END's state and what belongs to it, and its refs, if it
 * has any, and its receipt, but not when that is due. */
void owned_change_add_end(struct owned_change *p, const struct ledger_change *end);

#endif
