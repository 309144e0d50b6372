/* looking: what `foyer poll` and `foyer heal` share: they look once at what apps do not
 * send, and show what each look found. */
#ifndef FOYER_LOOKING_H
#define FOYER_LOOKING_H

#include "cli/cli.h"

/* Looks for cli->clients, or all clients; KINDS is LOOK_POLLS or LOOK_HEALS. SINCE (NULL:
 * not given) replaces the marks. Returns the exit code, or -1 with E. */
int looking_run(struct cli *cli, int kinds, const char *since, struct err *e);

#endif
