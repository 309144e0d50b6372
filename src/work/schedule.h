/* schedule: adds runs at the recipes' cron times, in each client's time zone.
 *
 * A slot is one time of one (client, recipe). The process that stores it first adds its
 * run, so that any number of processes may poll. The recipe's `catch_up` decides about
 * slots that passed while no process was running: "latest" (one run for all of them),
 * "all" (each, the latest hundred), "none" (only slots of the present minute). A new
 * recipe starts from now. It runs no recipe. For the loop's thread. */
#ifndef FOYER_SCHEDULE_H
#define FOYER_SCHEDULE_H

#include "work/session.h"
#include "base/err.h"
#include "io/writer.h"

enum { SCHEDULE_ALL_MAX = 100 };

struct schedule;

/* All are borrowed and outlive it. CHANGED is called, from the loop, when runs were
 * added; IDLE each time that nothing is left to do. */
struct schedule *schedule_new(struct session *s, struct writer *writer,
                              void (*changed)(void *arg), void (*idle)(void *arg),
                              void *arg, struct err *e);
/* Adds the runs of slots that have come. The clients and their recipes are read once. */
void schedule_wake(struct schedule *s);
int schedule_is_idle(const struct schedule *s);
/* Begins nothing more. */
void schedule_stop(struct schedule *s);
/* After writer_close. NULL is fine. */
void schedule_free(struct schedule *s);

/* Writes into SLOTS, oldest first, the slots of CRON in ZONE after LAST_MS and up to
 * NOW_MS that need a run by CATCH_UP ("latest", "all", "none"). *NEWEST is the last slot
 * that has come, 0: none. Times are Unix ms. -1: ERR_INVALID. */
int schedule_slots(const char *cron, const char *zone, const char *catch_up,
                   int64_t last_ms, int64_t now_ms, int64_t slots[SCHEDULE_ALL_MAX],
                   int *n, int64_t *newest, struct err *e);

#endif
