/* diagnosis: what `foyer doctor` found, in order: for each thing looked at a check's
 * name, a status and a sentence, and more members where programs want them. */
#ifndef FOYER_DIAGNOSIS_H
#define FOYER_DIAGNOSIS_H

#include <jansson.h>

#include "ops/probe.h"

enum finding { FINDING_OK, FINDING_WARNING, FINDING_PROBLEM };

struct diagnosis {
    json_t *list;  /* of {check, status, message, …} */
    int counts[3]; /* by enum finding */
};

void diagnosis_init(struct diagnosis *f);
void diagnosis_fini(struct diagnosis *f);
/* The finding is lent, for more members. */
json_t *diagnosis_add(struct diagnosis *f, enum finding status, const char *check,
                      const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The same about a company's connection, which is named. */
json_t *diagnosis_add_connection(struct diagnosis *f, const struct probe_connection *t,
                                 enum finding status, const char *check, const char *fmt,
                                 ...) __attribute__((format(printf, 5, 6)));
/* Nothing for TEXT NULL. */
void diagnosis_set(json_t *finding, const char *key, const char *text);
/* For people, on standard output. */
void diagnosis_print(const struct diagnosis *f);

#endif
