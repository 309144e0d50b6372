/* story: tells one conversation in sentences, for ops/explain.h: from what the store
 * knows of its deliveries and runs, and from its messages. */
#ifndef FOYER_STORY_H
#define FOYER_STORY_H

#include <jansson.h>

#include "ops/report.h"

struct story_of { /* borrowed */
    struct report *report;
    const char *client, *app;
    const char *company;      /* the client's; NULL: not connected */
    const char *conversation; /* NULL: runs without one */
    double erased_at;         /* Unix seconds: `foyer forget` erased it last; 0: never */
    const char *erased_on;    /* that date, for people */
    double known_since; /* Unix seconds: of the time before, webhooks are not kept */
    /* trees of report_delivery and report_run, with their history; may be NULL */
    const json_t *deliveries, *runs;
};

/* Returns a new tree, a conversation of ops/explain.h. TOLD and LIVE are messages of the
 * entry "talk": those that deliveries are about, each with `delivery`, its place in
 * DELIVERIES (of a delivery whose body is not kept, {delivery, at} alone); and those that
 * the app has now, NULL when it was not asked. */
json_t *story_tell(const struct story_of *of, const json_t *told, const json_t *live);

#endif
