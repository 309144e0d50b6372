/* exchange_dry: a dry run's writes, which are not sent. Each is recorded as a step whose
 * answer is invented: in the shape that the action says (std.dry_answer), or with an id,
 * and with what the request gives. Ids begin with "dry_"; a read of one of them is
 * answered in the same way, because the API does not know it. */
#ifndef FOYER_EXCHANGE_DRY_H
#define FOYER_EXCHANGE_DRY_H

#include "api/exchange.h"

/* Ends the open step of X, whose request has BODY (NULL: none), with an invented answer
 * in `packed`. A write is added to what the run did not send. */
int exchange_answer_dry(struct exchange *x, const json_t *body, struct err *e);
/* Returns 1 when the path of X has an id that an earlier answer invented. */
int exchange_is_of_dry(const struct exchange *x);
/* Remembers, in a replay, what the recorded answer to a write invented. */
void exchange_remember_dry(struct exchange *x, const char *packed, size_t len);

#endif
