/* confirm: finds out about a write that left and got no answer.
 *
 * The action around it speaks for the requests that it declares. One of an idempotent
 * action is sent again. For others the action's `confirm` looks, a few times, in the
 * company that it was sent to: the answer that was lost becomes the outcome of that
 * request, and the run goes on behind it; a request that surely was not done is sent
 * again; and when it cannot be told in the end, or the action does not speak for it, the
 * client's `uncertain` setting decides. */
#ifndef FOYER_CONFIRM_H
#define FOYER_CONFIRM_H

#include "work/attempt_end.h"
#include "core/journal.h"

struct confirm;

/* INTENT and the SCOPE around it (seq -1: none), from journal_uncertain, are copied. */
struct confirm *confirm_new(struct attempt *a, const struct journal_entry *intent,
                            const struct journal_entry *scope);
void confirm_free(struct confirm *c); /* NULL is fine */
/* Takes the attempt to its end. FAILED is what the attempt has just ended with; NULL: the
 * write is from an earlier one. What the attempt did is stored. */
void confirm_after(struct confirm *c, const struct err *failed);

#endif
