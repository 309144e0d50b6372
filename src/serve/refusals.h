/* refusals: requests that were refused, counted in memory and written to the inbox at
 * most once a second: a flood of bad requests is no flood of writes. What is written is
 * also a line of the log, of which there are at most 20 a minute; a line then counts the
 * rest. */
#ifndef FOYER_REFUSALS_H
#define FOYER_REFUSALS_H

#include "store/inbox.h"
#include "io/loop.h"
#include "io/writer.h"

struct refusals;

struct refusals *refusals_new(struct loop *loop, struct writer *writer);
/* Submits what is counted. NULL is fine. */
void refusals_free(struct refusals *f);
/* Copies R; at_ms and times are set here. Past 64 different ones within a second the rest
 * is only counted in the metrics. */
void refusals_add(struct refusals *f, const struct rejection *r);

#endif
