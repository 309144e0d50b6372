/* alert: one line to a chat webhook, foyer.lua's `alert`, when a person should act. Best
 * effort: nothing is sent twice, also when the chat does not answer. Of each client's
 * recipe at most one line of a kind is sent in a minute; the next one counts those left
 * out. */
#ifndef FOYER_ALERT_H
#define FOYER_ALERT_H

#include "workspace/workspace.h"
#include "io/httpc.h"

struct alert;

/* All are borrowed. IDLE is called, from the loop, when none is under way any more. */
struct alert *alert_new(struct workspace *w, struct httpc *httpc, void (*idle)(void *arg),
                        void *arg);
/* Before HTTPC. NULL is fine. */
void alert_free(struct alert *a);
/* Sends SENTENCE, of the KIND "dead" for example. CLIENT and RECIPE may be NULL. Does
 * nothing when foyer.lua has no `alert`. */
void alert_send(struct alert *a, const char *client, const char *recipe, const char *kind,
                const char *sentence);
/* 1: an alert is under way. */
int alert_is_sending(const struct alert *a);

#endif
