/* timeline: the trees of ops/report.h as people read them: a line each, with the local
 * time and how long after the line before it was. */
#ifndef FOYER_TIMELINE_H
#define FOYER_TIMELINE_H

#include <jansson.h>
#include <stdint.h>

#include "workspace/workspace.h"
#include "base/zone.h"

struct timeline {
    const struct zone *zone; /* NULL: UTC */
    const char *zone_name;
    int64_t last_ms;  /* of the line before; 0: none */
    int64_t last_day; /* whose date was printed */
};

/* Times as CLIENT's settings have them, else the workspace's, else UTC. CLIENT may be
 * NULL or unreadable. */
struct timeline timeline_for(struct workspace *w, const char *client);
/* "2026-11-22 10:00:05 +01:00", or "UTC" where that is the clock's time. */
void timeline_format(const struct timeline *t, int64_t ms, char out[40]);
/* A delivery with its triggers and runs; a run with its history. INDENT counts steps. */
void timeline_delivery(struct timeline *t, const json_t *delivery);
void timeline_run(struct timeline *t, const json_t *run, int indent);
/* The lines of a run's history alone. */
void timeline_history(struct timeline *t, const json_t *run, int indent);
/* Which pauses hold the run, one line each. */
void timeline_paused(struct timeline *t, const json_t *run, int indent);
/* Milliseconds of a member that report_set_time wrote; 0: not there. */
int64_t timeline_ms(const json_t *tree, const char *key);

#endif
