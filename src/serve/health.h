/* health: GET /healthz, for a load balancer or a person: does the store take a write? It
 * is tried through the writer, as webhooks are, so that what answers here would be
 * acknowledged. Any number of questions in a second cost one commit. */
#ifndef FOYER_HEALTH_H
#define FOYER_HEALTH_H

#include "io/httpd.h"
#include "io/writer.h"

struct health;

struct health *health_new(struct writer *writer);
/* Takes R over: 200 "ok", or 503 and a sentence. */
void health_answer(struct health *h, struct httpd_request *r);
/* When the writer calls back no more: who still waits is dropped. NULL is fine. */
void health_free(struct health *h);

#endif
