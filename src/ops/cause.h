/* cause: why a customer's message has no answer, of what the store knows about it. */
#ifndef FOYER_CAUSE_H
#define FOYER_CAUSE_H

#include <jansson.h>

#include "ops/report.h"

/* From what a person must look at to what is as the settings say. */
enum cause_why {
    CAUSE_NEEDS_YOU,
    CAUSE_RECONNECT,
    CAUSE_FAILED,
    CAUSE_PAUSED,
    CAUSE_REFUSED,
    CAUSE_NEVER_CAME,
    CAUSE_UNROUTED,
    CAUSE_WAITING, /* foyer goes on by itself */
    CAUSE_UNDELIVERED,
    CAUSE_CANCELLED,
    CAUSE_SKIPPED,
    CAUSE_NO_REPLY, /* its run ended without one */
    CAUSE_OFF_THEN, /* the recipe was not switched on, and is now */
    CAUSE_OFF,
    CAUSE_NO_RULE,
    CAUSE_GONE, /* foyer had it, and what became of it is not kept any more */
    CAUSES      /* nothing is known yet */
};
/* "needs_you"; CAUSE_OFF_THEN and CAUSE_OFF are both "off". */
const char *cause_name(enum cause_why why);

/* The strongest one so far: {CAUSES, NULL} at first. */
struct cause {
    enum cause_why why;
    json_t
        *more; /* sentence, run?, recipe?, recipes? (off), delivery?, command?, starts? */
};

/* Takes over MORE and SENTENCE, and keeps them when WHY is stronger. */
void cause_set(struct cause *c, enum cause_why why, json_t *more, char *sentence);
/* Takes OTHER over when it is stronger, and frees it otherwise. */
void cause_take(struct cause *c, struct cause *other);

struct cause_of { /* borrowed */
    struct report *report;
    const char *client, *app;
};
/* Sets C by what became of DELIVERY, a tree of report_delivery with its history, for the
 * client. */
void cause_of_delivery(const struct cause_of *of, const json_t *delivery,
                       struct cause *c);

#endif
