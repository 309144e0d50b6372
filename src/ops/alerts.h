/* alerts: the incidents that alerts are about, and a test of where alerts go. */
#ifndef FOYER_ALERTS_H
#define FOYER_ALERTS_H

#include <jansson.h>

#include "work/session.h"

/* Returns the open incidents (CLIENT NULL: all): [{kind, key, client, state, since, last,
 * said, signs, n, waiting, sentence}], or NULL with E. */
json_t *alerts_list(struct workspace *w, const char *client, struct err *e);
/* Sends a line to where alerts about CLIENT (NULL: the agency) go, and waits for the
 * answer: {status}. NULL with E when there is no address, no answer, or another status
 * than 2xx. */
json_t *alerts_test(struct session *s, const char *client, struct err *e);

#endif
