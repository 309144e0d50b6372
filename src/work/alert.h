/* alert: one line to a chat webhook, foyer.lua's `alert`, when somebody should look. Best
 * effort: a chat that is away is not tried again, and of each client's recipe at most one
 * line of a kind leaves in a minute; the next one says how many were left out. */
#ifndef FOYER_ALERT_H
#define FOYER_ALERT_H

#include "workspace/workspace.h"
#include "io/httpc.h"

struct alert;

/* All borrowed. IDLE is called, from the loop, when none is under way any more. */
struct alert *alert_new(struct workspace *w, struct httpc *httpc, void (*idle)(void *arg),
                        void *arg);
/* Before HTTPC. NULL is fine. */
void alert_free(struct alert *a);
/* CLIENT and RECIPE may be NULL. Nothing where foyer.lua has no `alert`. */
void alert_send(struct alert *a, const char *client, const char *recipe, const char *kind,
                const char *sentence);
/* Under way now. */
int alert_in_flight(const struct alert *a);

#endif
