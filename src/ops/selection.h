/* selection: which runs or deliveries a command is about: those with the ids that were
 * given, or those that the filter (client, recipe, state, since, limit) matches. */
#ifndef FOYER_SELECTION_H
#define FOYER_SELECTION_H

#include <stddef.h>
#include <stdint.h>

#include "ops/choice.h"
#include "ops/report.h"
#include "workspace/workspace.h"
#include "base/err.h"

enum { SELECTION_STATES = 24 };

struct selection {
    /* the caller's: texts as they were typed, borrowed; NULL: not given */
    const char *recipe, *state, *since, *release, *limit;
    const struct choice *clients; /* read; NULL: all */
    /* filled in by selection_read, freed by selection_fini */
    int64_t *ids;
    size_t nids;
    const char *states[SELECTION_STATES]; /* precise names, and words of core/words.h;
                                             none: any state */
    size_t nstates;
    char *state_words;
    int64_t since_ms;
    int64_t of_release; /* with which runs began; 0: any */
    int max;            /* rows; 0: no limit */
};

enum selection_of { SELECTION_RUNS, SELECTION_DELIVERIES };

/* Reads the texts of S and the ids in WORDS, N of them. At most MAX rows unless `limit`
 * is given. ERR_USAGE; call selection_fini in any case. */
int selection_read(struct selection *s, enum selection_of of, const char *const *words,
                   size_t n, int max, struct err *e);
void selection_fini(struct selection *s);
/* Returns 1 when neither ids nor a filter were given. */
int selection_is_all(const struct selection *s);

/* Calls FN for each selected row: newest first, or ids in the order in which they were
 * given. ERR_NOT_FOUND for an id that does not exist. */
int selection_runs(const struct selection *s, struct report *report, ledger_run_fn *fn,
                   void *arg, struct err *e);
int selection_deliveries(const struct selection *s, struct report *report,
                         delivery_fn *fn, void *arg, struct err *e);

/* Checks that CLIENT and RECIPE exist; NULL is fine. ERR_NOT_FOUND with the nearest name.
 * A client whose settings cannot be read exists. */
int selection_check(struct workspace *w, const char *client, const char *recipe,
                    struct err *e);
/* "12", or "run 12" and "delivery 12" as one word; NOUN is "run" or "delivery". */
int selection_id(const char *word, const char *noun, int64_t *id, struct err *e);

#endif
