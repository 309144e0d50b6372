/* diagnosis: what `foyer doctor` found, in order. A finding has the name of its check, a
 * status and a sentence, and more members that programs may want. Prints nothing. */
#ifndef FOYER_DIAGNOSIS_H
#define FOYER_DIAGNOSIS_H

#include <jansson.h>

#include "ops/probe.h"

enum diagnosis_status { DIAGNOSIS_OK, DIAGNOSIS_WARNING, DIAGNOSIS_PROBLEM };

struct diagnosis {
    /* owned: of {check, status, message, …}; status: "ok", "warning", "problem" */
    json_t *list;
    int counts[3];  /* of findings, by enum diagnosis_status */
    int reconnects; /* of the problems: those that connecting a client again ends */
};

/* Adds a finding and returns it, borrowed, for more members. */
json_t *diagnosis_add(struct diagnosis *f, enum diagnosis_status status,
                      const char *check, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* The same about T: the sentence begins with its company, and the finding has `app`,
 * `company` and `client`. */
json_t *diagnosis_add_connection(struct diagnosis *f, const struct probe_connection *t,
                                 enum diagnosis_status status, const char *check,
                                 const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

#endif
