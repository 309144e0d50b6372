/* output: writes the body of an answer to a file: beside it first, so that the file is
 * whole or not there. */
#ifndef FOYER_OUTPUT_H
#define FOYER_OUTPUT_H

#include <stdint.h>

#include "vm/run.h"
#include "io/loop.h"
#include "base/err.h"

struct output;

/* Begins PATH.part. FORCE 1: PATH may be there, and is replaced. ALL 1: JSON goes into
 * the file too, instead of into memory. ERR_CONFLICT: PATH is there. PATH is borrowed. */
struct output *output_new(struct loop *loop, const char *path, int force, int all,
                          struct err *e);
/* For the run that sends the request. Lives as long as O. */
const struct run_sink *output_sink(const struct output *o);
/* Moves what was written to PATH. -1: nothing was taken, it is not as long as announced,
 * or it cannot be stored; PATH is as before. */
int output_keep(struct output *o, struct err *e);
int64_t output_bytes(const struct output *o);
void output_free(struct output *o); /* removes what was not kept; NULL is fine */

#endif
