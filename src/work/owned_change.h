/* owned_change: a change to a run, deep-copied for the writer's thread, so that the
 * attempt may end before the writer stores it. It commits nothing. */
#ifndef FOYER_OWNED_CHANGE_H
#define FOYER_OWNED_CHANGE_H

#include <stddef.h>

#include "store/ledger.h"
#include "core/made.h"

struct pins; /* vm/pins.h */

struct owned_change {
    struct ledger_change change;
    struct ledger_run *new_run; /* the run that it adds to the store, or NULL */
    /* ---- */
    struct journal_entry *steps;
    struct ledger_item *items;
    void **blocks;
    size_t nblocks;
};

/* An empty change: its state is -1. */
void owned_change_init(struct owned_change *p, int64_t now_ms);
void owned_change_fini(struct owned_change *p);

/* Takes over BLOCK, from malloc, and returns it. */
void *owned_change_keep(struct owned_change *p, void *block);
/* A copy of TEXT that P owns; NULL for NULL. */
const char *owned_change_text(struct owned_change *p, const char *text);

/* For journal_delta: adds a copy of ENTRY to the steps. ARG is the owned_change. */
void owned_change_add_step(void *arg, const struct journal_entry *entry);
/* For journal_exchanged: adds a copy of ITEM. ARG is the owned_change. */
void owned_change_add_item(void *arg, const char *item, int is_write);
/* Adds the sources that PINS name. */
void owned_change_add_codes(struct owned_change *p, const struct pins *pins);
/* Makes the change add RUN to the store. */
void owned_change_add_run(struct owned_change *p, const struct ledger_run *run);
/* Adds the objects that a write to COMPANY of APP has made. */
void owned_change_add_made(struct owned_change *p, const char *app, const char *company,
                           const struct made *made);
/* Makes it the end of an attempt: adds END's state and its members, its refs and its
 * receipt, but not the receipt's time. */
void owned_change_add_end(struct owned_change *p, const struct ledger_change *end);

#endif
