/* multi: libcurl's multi interface driven by the loop: one event for each socket, one
 * timer. It knows nothing of requests. Only for httpc. */
#ifndef FOYER_MULTI_H
#define FOYER_MULTI_H

#include <curl/curl.h>

#include "io/loop.h"

struct multi;

/* ON_TURN runs after libcurl has worked, never inside it: the place to look for finished
 * transfers, and to add and remove handles. At most MAX_IDLE connections are kept. */
struct multi *multi_new(struct loop *loop, int max_idle, loop_fn *on_turn, void *arg);
void multi_free(struct multi *m);
CURLM *multi_handle(struct multi *m);

#endif
