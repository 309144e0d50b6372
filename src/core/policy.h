/* policy: decides what happens to a run after a failed attempt: when to retry it, when to
 * check for an uncertain write, and when to give up. Pure: reads neither a clock nor the
 * store. Times are Unix milliseconds. */
#ifndef FOYER_POLICY_H
#define FOYER_POLICY_H

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"

enum { POLICY_LOOKS_MAX = 8 };

struct policy {
    int attempts;       /* failures in a row before it gives up; 8 */
    int64_t give_up_ms; /* since the first of them; 0: no such limit */
    int resend;         /* 1: sends an uncertain write again when it cannot be found */
    int64_t looks_ms[POLICY_LOOKS_MAX]; /* when to check for a write, after it was sent */
    int nlooks;
};

extern const struct policy policy_default; /* checks after 15 s, 60 s and 5 min */

/* Changes P by TREE: {"attempts": N, "give_up": seconds or "2h", "uncertain": "park" |
 * "resend"}. Ignores members that are missing or of another type. */
void policy_read(struct policy *p, const json_t *tree);
/* Reads {"15s", "60s", "5m"}, in order. Ignores anything else. */
void policy_read_looks(struct policy *p, const json_t *list);

struct policy_failures { /* failures in a row, as stored with the run */
    int count;
    int64_t first_ms; /* 0: none */
};

/* Counts a retryable failure E at NOW_MS into F. Returns 1 with the time of the next
 * attempt in *DUE_MS, or 0 to give up, with WHY: E with the reason before its sentence. A
 * refusal by foyer's own budget does not count, because nothing was sent. RANDOM, evenly
 * distributed, spreads the retries. */
int policy_retry(const struct policy *p, const struct err *e, int64_t now_ms,
                 uint64_t random, struct policy_failures *f, int64_t *due_ms,
                 struct err *why);
/* Returns when to check for a write that was sent at SENT_MS, for the LOOK-th time (from
 * 0), or -1 for no more. */
int64_t policy_look(const struct policy *p, int look, int64_t sent_ms, int64_t now_ms);

#endif
