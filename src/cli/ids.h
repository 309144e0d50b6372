/* ids: writes the names of a company's ids into its client's ids.lua. */
#ifndef FOYER_CLI_IDS_H
#define FOYER_CLI_IDS_H

#include "cli/cli.h"

/* Asks the company of cli->client, in cli->session, for its ids in APP, and writes
 * ids.lua. Says what it wrote, and what the company did not list, on standard error.
 * Returns the exit code, or -1 with E. */
int ids_write(struct cli *cli, const char *app, struct err *e);

#endif
