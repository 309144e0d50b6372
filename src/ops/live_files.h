/* live_files: which of a workspace's files are live. */
#ifndef FOYER_LIVE_FILES_H
#define FOYER_LIVE_FILES_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "workspace/workspace.h"

/* Sets on each layer of MATCHES, which lua/std/tools/which.lua found, and that is not
 * built in, `release`: the one that CLIENT runs, or the server when CLIENT is NULL, and
 * `live`: "same" when it has this file with this text, "other" with another text, "none"
 * when it does not have the file. Does nothing where there is no release. */
void live_files_mark(struct workspace *w, const char *client, const json_t *matches);

struct live_files_count {
    int64_t release; /* which the client runs; of all clients the newest; 0: none */
    size_t files;    /* that differ from it, or are only on one side */
    size_t clients;  /* that see such a file, or run none */
};
/* Compares the files of W's directory with what CLIENT runs, or, when CLIENT is NULL,
 * with what all clients and the server run. Returns -1 with E when foyer.lua or the store
 * cannot be read. */
int live_files_compare(struct workspace *w, const char *client,
                       struct live_files_count *out, struct err *e);

#endif
