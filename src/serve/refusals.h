/* refusals: requests that were refused, counted in memory and written to the inbox at
 * most once a second, so that a flood of bad requests does not become a flood of writes.
 * Each is also a line of the log, at most 20 a minute; one more line counts the rest. */
#ifndef FOYER_REFUSALS_H
#define FOYER_REFUSALS_H

#include "store/inbox.h"
#include "io/loop.h"
#include "io/writer.h"

struct refusals;

struct refusals *refusals_new(struct loop *loop, struct writer *writer);
/* Submits the counts to the writer. NULL is fine. */
void refusals_free(struct refusals *f);
/* Adds a copy of R, whose at_ms and times it sets. Past 64 different ones within a second
 * the rest is counted in the metrics only. */
void refusals_add(struct refusals *f, const struct rejection *r);

#endif
