/* alert: tells people by a line to a chat when they should act.
 *
 * Runs, deliveries and answers give signs, which are kept in memory and stored every two
 * seconds (store/incident.h). Every quarter of a minute a round decides what is said
 * (work/judge.h), and it is sent to the addresses that foyer.lua and client.lua name. An
 * alert that the chat refuses is sent again. A round also calls the heartbeat's address.
 * Nothing waits for any of it. For the loop's thread. */
#ifndef FOYER_ALERT_H
#define FOYER_ALERT_H

#include "base/err.h"
#include "io/httpc.h"
#include "io/writer.h"
#include "store/incident.h"
#include "work/access.h"
#include "workspace/workspace.h"

struct alert;

/* All are borrowed. IDLE is called, from the loop, when nothing is under way any more. */
struct alert *alert_new(struct workspace *w, struct httpc *httpc, struct writer *writer,
                        void (*idle)(void *arg), void *arg);
/* After writer_close, before HTTPC. NULL is fine. */
void alert_free(struct alert *a);

/* Notes a sign of trouble of the KIND and KEY (store/incident.h), about CLIENT ("": the
 * agency), with a SENTENCE for people. */
void alert_bad(struct alert *a, const char *kind, const char *key, const char *client,
               const char *sentence);
/* The same for a RECIPE (NULL: none) of CLIENT. */
void alert_bad_recipe(struct alert *a, const char *kind, const char *client,
                      const char *recipe, const char *sentence);
/* Notes that a recipe of CLIENT works. */
void alert_good_recipe(struct alert *a, const char *client, const char *recipe);
/* Notes what an API's answer says of a company. */
void alert_heard(struct alert *a, const struct access_news *news);

/* Stores signs, and holds a round when it is time. Call it about once a second. */
void alert_tick(struct alert *a);
/* Does so now, for a process that is about to end. */
void alert_flush(struct alert *a);
/* Returns 1 while an alert or a round is under way. */
int alert_is_sending(const struct alert *a);

/* Sends TEXT to where alerts about CLIENT (NULL: the agency) go, and calls DONE once,
 * from the loop. Returns -1 with E, and does not call it, when there is no address. */
typedef void alert_sent(void *arg, int status, const struct err *e);
int alert_send(struct alert *a, const char *client, const char *text, alert_sent *done,
               void *arg, struct err *e);

#endif
