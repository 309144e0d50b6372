/* confirm: what is done about a write that left and whose fate nobody knows (design 6).
 *
 * One of an idempotent action is sent again. For others the action's `confirm` looks, a
 * few times: found, its output is the action's result; surely absent, it is sent again;
 * and when nobody can tell in the end, the client's `uncertain` setting decides. */
#ifndef FOYER_CONFIRM_H
#define FOYER_CONFIRM_H

#include "app/attempt.h"
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
