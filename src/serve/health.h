/* health: GET /healthz, for a load balancer or a person: can the store be written? A test
 * write goes through the writer, as webhooks do: 200 means that a webhook would be
 * acknowledged. All requests of one second cost one commit. */
#ifndef FOYER_HEALTH_H
#define FOYER_HEALTH_H

#include "io/httpd.h"
#include "io/writer.h"

struct health;

struct health *health_new(struct writer *writer);
/* Takes over R, and answers 200 "ok", or 503 and a sentence. */
void health_answer(struct health *h, struct httpd_request *r);
/* Drops the requests that wait. Only once the writer is closed, or nothing waits. NULL is
 * fine. */
void health_free(struct health *h);

#endif
