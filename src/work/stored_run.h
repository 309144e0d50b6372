/* stored_run: a run as the store has it, with all that an attempt of it begins with. The
 * transaction that claims a run reads it, on the writer's thread; then it belongs to the
 * attempt's. It changes nothing. */
#ifndef FOYER_STORED_RUN_H
#define FOYER_STORED_RUN_H

#include <stddef.h>

#include "base/err.h"
#include "core/journal.h"
#include "core/limits.h"
#include "store/ledger.h"

struct pins;    /* vm/pins.h */
struct overlay; /* vm/overlay.h */

struct stored_run {
    /* its texts are owned: client, recipe, origin, seed, policy, kind, and args, which
       have the activation's event */
    struct ledger_run row;
    struct journal *journal; /* who takes it sets NULL */
    int has_written;         /* 1: an earlier attempt may have written */
    int has_sent;            /* 1: a write of it was accepted, or may have been */
    /* where its requests went, as recorded, in order */
    struct stored_place {
        char *app, *company;
    } * places;
    size_t nplaces;
    /* the conversation of its event, when no person caused that; else NULL */
    char *reacts_to;
    char *pins;               /* from pins_list; NULL: it has none */
    struct ledger_code *code; /* sources that PINS names, their texts owned */
    size_t ncode;
    int has_all_code;
    struct err err; /* ERR_NONE; or why it cannot be tried, and then only ROW is whole */
};

/* Reads the run ID; LIMITS are borrowed by its journal. NULL with E when there is no such
 * run, or its row cannot be read. Files that PINS names are left out: mostly the process
 * has them. */
struct stored_run *stored_run_read(struct db *db, int64_t id, const struct limits *limits,
                                   struct err *e);
/* Reads the files too. */
int stored_run_read_files(struct db *db, struct stored_run *s, struct err *e);
/* Returns the code that the run has used so far, a new set. NULL with E; unless
 * has_all_code, stored_run_read_files may help. OVERLAY is borrowed. */
struct pins *stored_run_pins(const struct stored_run *s, struct overlay *overlay,
                             struct err *e);
void stored_run_free(struct stored_run *s); /* NULL is fine */

#endif
