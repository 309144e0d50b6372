/* answer: the meaning of an HTTP status and of an API's error body: an error kind, a
 * sentence, and when to try again. The connector's `errors` and `rate` say where an API
 * puts these. */
#ifndef FOYER_ANSWER_H
#define FOYER_ANSWER_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Returns the kind of STATUS. Of a write (WRITES 1), any status that is neither 2xx nor a
 * certain refusal is ERR_UNCERTAIN. Of a read, a status below 400 is ERR_NONE. */
enum err_kind answer_kind(int status, int writes);
/* Reads a Retry-After header: seconds ("20", "1.5"; Front sends these), or an HTTP date,
 * relative to NOW_MS. Clamped to 1 s … 1 h. Returns -1 when VALUE is NULL or unreadable.
 */
int64_t answer_retry_after_ms(const char *value, int64_t now_ms);
/* Fills E from a status of 400 or more. ERRORS is the connector's table of dotted paths
 * {title, message, details}, or NULL. BODY may be anything. */
void answer_error(struct err *e, const char *what, int status, int writes,
                  const char *retry_after, const json_t *errors, const char *body,
                  size_t len, int64_t now_ms);
/* Corrects E, the error of a request that carried no connection's token. Its 401 does not
 * mean that the client must connect again: it becomes ERR_FORBIDDEN, with what to check.
 */
void answer_without_token(struct err *e);

#endif
