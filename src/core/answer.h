/* answer: what an HTTP status and an API's error body mean: a kind, a sentence, when to
 * come back. The connector's `errors` and `rate` say where an API puts these. */
#ifndef FOYER_ANSWER_H
#define FOYER_ANSWER_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* The kind of STATUS. For a write (WRITES 1) whatever is neither 2xx nor a certain
 * refusal is ERR_UNCERTAIN; for others it is ERR_NONE below 400. */
enum err_kind answer_kind(int status, int writes);
/* Seconds as decimal ("20", "1.5"), or an HTTP date relative to NOW_MS; clamped to 1 s …
 * 1 h; -1 when VALUE is NULL or unreadable. Front sends seconds (FACTS 4.2). */
int64_t answer_retry_after_ms(const char *value, int64_t now_ms);
/* Fills E from a status ≥ 400. ERRORS is the connector's table of dotted paths {title,
 * message, details}, or NULL; BODY may be anything. */
void answer_error(struct err *e, const char *what, int status, int writes,
                  const char *retry_after, const json_t *errors, const char *body,
                  size_t len, int64_t now_ms);
/* E is of an answer to a request that no connection's token went along with: a 401 is no
 * reason to connect again, but ERR_FORBIDDEN with what to check. */
void answer_without_token(struct err *e);

#endif
