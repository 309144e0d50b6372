/* look: looks, on timers or once, at what apps do not send: polls the triggers with a
 * `poll`, and sweeps the apps' events for webhooks that did not come. Each client's
 * settings `poll` and `heal` say how often; only what a switched-on recipe listens to, or
 * a run waits for, is looked at. One look each is work/look_walk. For the loop's thread.
 */
#ifndef FOYER_LOOK_H
#define FOYER_LOOK_H

#include "work/look_walk.h"

enum look_kinds { LOOK_POLLS = 1, LOOK_HEALS = 2 };

struct look;

/* All are borrowed. CHANGED is called, from the loop, when deliveries or runs were added;
 * IDLE each time that nothing is left to do. */
struct look *look_new(struct session *s, struct writer *writer, struct presence *p,
                      void (*changed)(void *arg), void (*idle)(void *arg), void *arg,
                      struct err *e);
/* Calls FN with the result of each look that ended. */
void look_on_result(struct look *l, look_walk_done *fn, void *arg);
/* Begins the looks of KINDS that are due. Reads the clients' recipes when it must. */
void look_wake(struct look *l, int kinds);
/* Begins all looks of KINDS, of N CLIENTS (NULL: of all clients), once, due or not. The
 * names are borrowed until look_free. SINCE_MS (0: none) replaces the marks. */
void look_now(struct look *l, int kinds, const char *const *clients, size_t n,
              int64_t since_ms);
int look_is_idle(const struct look *l);
/* Begins nothing more, and gives up what is under way. */
void look_stop(struct look *l);
/* After writer_close. NULL is fine. */
void look_free(struct look *l);

#endif
