/* retention: removes ended deliveries and runs, bodies, what runs sent and got, and
 * rejections, each when it is older than foyer.lua's `keep` says, and keys of activations
 * and counts of hours (store/rollup.h) after 400 days. The pages that this frees are used
 * again; `foyer store compact` gives them back to the file system. It works in small
 * steps, so that other jobs of the writer hardly wait. For the loop's thread. */
#ifndef FOYER_RETENTION_H
#define FOYER_RETENTION_H

#include <jansson.h>

#include "io/loop.h"
#include "io/writer.h"

struct retention;

/* SETTINGS are foyer.lua's. DONE (may be NULL) is called, from the loop, at the end of
 * each round. All are borrowed. */
struct retention *retention_new(const json_t *settings, struct loop *loop,
                                struct writer *writer, void (*done)(void *arg),
                                void *arg);
/* Begins a round, unless one is under way. It ends when nothing is left to remove, at the
 * latest after MOST_MS. */
void retention_start(struct retention *r, int64_t most_ms);
int retention_is_idle(const struct retention *r);
/* Begins no further step. */
void retention_stop(struct retention *r);
/* After writer_close. NULL is fine. */
void retention_free(struct retention *r);

#endif
