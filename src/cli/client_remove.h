/* client_remove: `foyer client remove`, for cli/client.c. */
#ifndef FOYER_CLIENT_REMOVE_H
#define FOYER_CLIENT_REMOVE_H

#include "cli/cli.h"

/* Reads the arguments behind the command's name and removes the client. As a command. */
int client_remove(struct cli *cli, struct err *e);

#endif
