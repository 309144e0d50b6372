/* multi: runs libcurl's multi interface on the loop: one event for each socket, one
 * timer. Knows nothing of requests. Only for httpc. */
#ifndef FOYER_MULTI_H
#define FOYER_MULTI_H

#include <curl/curl.h>

#include "io/loop.h"

struct multi;

/* ON_TURN runs after libcurl has worked, never inside of it: there, finished transfers
 * are read, and handles added and removed. Keeps at most MAX_IDLE connections. */
struct multi *multi_new(struct loop *loop, int max_idle, loop_fn *on_turn, void *arg);
void multi_free(struct multi *m);
CURLM *multi_handle(struct multi *m);

#endif
