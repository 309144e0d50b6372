/* all: `foyer call ACTION --all`, a list's items as they come. */
#ifndef FOYER_ALL_H
#define FOYER_ALL_H

#include "cli/cli.h"
#include "work/session.h"

/* Runs CALL, whose entry hands out "item" and "total", in cli->session, and prints each
 * item as a line of JSON. Returns 0, 130 after an interruption, or -1 with E. */
int all_print(struct cli *cli, const struct session_call *call, struct err *e);

#endif
