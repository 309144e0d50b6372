/* one_run: one run that the store keeps, by hand, to its end. */
#ifndef FOYER_ONE_RUN_H
#define FOYER_ONE_RUN_H

#include "cli/cli.h"
#include "store/ledger.h"

struct one_run {
    int64_t id; /* 0: the store has none */
    int has_ended;
    enum ledger_state state; /* when it has */
    struct err err;
    json_t *result; /* of a run that is done; owned */
};

/* Runs ROW in cli->session. -1 with E: it could not be begun. What it hands out goes to
 * EMIT. */
int one_run(struct cli *cli, const struct ledger_run *row, run_emit *emit, void *arg,
            struct one_run *out, struct err *e);

#endif
