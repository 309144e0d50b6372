/* timeline: prints the trees of ops/report.h for people: one line for each thing that
 * happened, with the local time and the time since the line before. */
#ifndef FOYER_TIMELINE_H
#define FOYER_TIMELINE_H

#include <jansson.h>
#include <stdint.h>

#include "workspace/workspace.h"
#include "base/zone.h"

struct timeline {
    const struct zone *zone; /* NULL: UTC */
    const char *zone_name;
    int64_t last_ms;  /* the time of the line before; 0: none */
    int64_t last_day; /* whose date was printed last */
    int bodies;       /* 1: what a run sent and got is printed whole */
};

/* Returns a timeline in CLIENT's time zone, else the workspace's, else UTC. CLIENT may be
 * NULL; settings that cannot be read are ignored. */
struct timeline timeline_for(struct workspace *w, const char *client);
/* Formats MS as "2026-11-22 10:00:05 +01:00", or with "UTC" at no offset. */
void timeline_format(const struct timeline *t, int64_t ms, char out[40]);
/* Prints a delivery with its triggers and runs. */
void timeline_delivery(struct timeline *t, const json_t *delivery);
/* Prints a run with its history and requests, INDENT steps to the right. */
void timeline_run(struct timeline *t, const json_t *run, int indent);
/* Prints a run's history alone. */
void timeline_history(struct timeline *t, const json_t *run, int indent);
/* Prints a line for each request that the run sent, and its templates. */
void timeline_exchanges(struct timeline *t, const json_t *run, int indent);
/* Prints the pauses that hold the run, one line each. */
void timeline_paused(struct timeline *t, const json_t *run, int indent);
/* Returns a time that report_set_time wrote, in milliseconds; 0: not there. */
int64_t timeline_ms(const json_t *tree, const char *key);

/* Returns a sentence about ROW, one of a run's `templates`: a new text. */
char *timeline_template(const json_t *row);

/* Shows on a terminal how far the search is for what a timeline tells. */
void timeline_progress(size_t done, size_t all);

#endif
