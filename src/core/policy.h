/* policy: what becomes of a run whose attempt has not ended well: when it is tried again,
 * when an uncertain write is looked for, and when it is enough. Pure: it reads no clock
 * and no store. Times are Unix milliseconds. */
#ifndef FOYER_POLICY_H
#define FOYER_POLICY_H

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"

enum { POLICY_LOOKS_MAX = 8 };

struct policy {
    int attempts;       /* that may fail in a row; 8 */
    int64_t give_up_ms; /* since the first of them; 0: no such end */
    int resend;         /* 1: an uncertain write that cannot be found is sent again */
    int64_t looks_ms[POLICY_LOOKS_MAX]; /* after the write left */
    int nlooks;
};

extern const struct policy policy_default; /* looks after 15 s, 60 s and 5 min */

/* What TREE says over what P holds: {"attempts": N, "give_up": seconds or "2h",
 * "uncertain": "park" | "resend"}; what is missing or of another type stays. */
void policy_read(struct policy *p, const json_t *tree);
/* {"15s", "60s", "5m"}, in order; anything else changes nothing. */
void policy_read_looks(struct policy *p, const json_t *list);

struct policy_failures { /* in a row; as the run's row holds them */
    int count;
    int64_t first_ms; /* 0: none */
};

/* A retryable failure E at NOW_MS: counts it into F. 1: again at *DUE_MS; 0: enough, and
 * WHY is E with the reason before its sentence. A refusal by the budget of this process's
 * own company costs no attempt, since nothing was asked of anybody. RANDOM, evenly
 * distributed, is the jitter. */
int policy_retry(const struct policy *p, const struct err *e, int64_t now_ms,
                 uint64_t random, struct policy_failures *f, int64_t *due_ms,
                 struct err *why);
/* When to look the LOOK-th time (from 0) for a write that left at SENT_MS; -1: no more.
 */
int64_t policy_look(const struct policy *p, int look, int64_t sent_ms, int64_t now_ms);

#endif
