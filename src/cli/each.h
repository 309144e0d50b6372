/* each: `foyer call ACTION --each FILE`, one call for each line of a file. */
#ifndef FOYER_EACH_H
#define FOYER_EACH_H

#include <jansson.h>

#include "cli/cli.h"
#include "cli/rows.h"

struct each {
    const char *path; /* "-": standard input */
    enum rows_kind kind;
    int jobs;
    int retry, again, skip_done, dry;
    const json_t *words, *body; /* for all lines, see cli_inputs: a line's own go first */
};

/* Calls cli->words.items[0] in cli->session for each line. Prints {"line", "ok", "result"
 * or "error", …} for each, and a summary. Returns the exit code, or -1 with E when
 * nothing was begun. */
int each_call(struct cli *cli, const struct each *what, struct err *e);

#endif
