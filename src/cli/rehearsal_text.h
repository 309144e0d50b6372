/* rehearsal_text: prints the answers of ops/rehearsal.h for people. */
#ifndef FOYER_REHEARSAL_TEXT_H
#define FOYER_REHEARSAL_TEXT_H

#include <jansson.h>
#include <stdio.h>

#include "workspace/workspace.h"

/* Ends a line that names the run; the body of a request stands below it, indented. Times
 * are in CLIENT's zone. */
void rehearsal_text_print(FILE *to, struct workspace *w, const char *client,
                          const json_t *answer);

#endif
