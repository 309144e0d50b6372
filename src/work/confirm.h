/* confirm: finds out about a write that was sent and got no answer.
 *
 * The action that sent the request declares which requests it can answer for. A request
 * of an idempotent action is sent again. For others the action's `confirm` searches, a
 * few times, in the company that the request was sent to. When it finds the result, the
 * lost answer becomes the outcome of the request, and the run goes on behind it. When the
 * request was certainly not done, it is sent again. When neither is certain in the end,
 * or the action does not answer for the request, the client's `uncertain` setting
 * decides. For the loop's thread. */
#ifndef FOYER_CONFIRM_H
#define FOYER_CONFIRM_H

#include "work/attempt_end.h"
#include "core/journal.h"

struct confirm;

/* Copies INTENT and the SCOPE around it (seq -1: none), as journal_uncertain returns
 * them. A is borrowed. */
struct confirm *confirm_new(struct attempt *a, const struct journal_entry *intent,
                            const struct journal_entry *scope);
void confirm_free(struct confirm *c); /* NULL is fine */
/* Takes the attempt, whose steps are stored, to its end. FAILED is the failure of the
 * attempt that sent the write; NULL: it was an earlier attempt. */
void confirm_after(struct confirm *c, const struct err *failed);

#endif
