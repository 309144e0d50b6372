/* metrics: GET /metrics: the shared counters (base/stats.h), and gauges that are read
 * from the store by its indexes of what is not over. Gauges are as of at most five
 * seconds ago: no scraping rate makes the store busy. */
#ifndef FOYER_METRICS_H
#define FOYER_METRICS_H

#include "workspace/workspace.h"
#include "base/buf.h"
#include "base/err.h"

struct metrics;

struct metrics *metrics_new(void);
void metrics_free(struct metrics *m);
/* Appends Prometheus' text format. WORKERS: how many processes live now. */
int metrics_write(struct metrics *m, struct workspace *w, int workers, struct buf *out,
                  struct err *e);

#endif
