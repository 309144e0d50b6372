/* metrics: GET /metrics: the shared counters (base/stats.h), and gauges from the store.
 * Gauges are read again when they are five seconds old, however often the page is
 * fetched; indexes over what is not finished keep that cheap. */
#ifndef FOYER_METRICS_H
#define FOYER_METRICS_H

#include "workspace/workspace.h"
#include "base/buf.h"
#include "base/err.h"

struct metrics;

struct metrics *metrics_new(void);
void metrics_free(struct metrics *m);
/* Appends all of it in Prometheus' text format. WORKERS is the number of live worker
 * processes. */
int metrics_write(struct metrics *m, struct workspace *w, int workers, struct buf *out,
                  struct err *e);

#endif
