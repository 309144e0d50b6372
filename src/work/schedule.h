/* schedule: starts runs at the recipes' cron times, in each client's zone.
 *
 * A slot is one time of one (client, recipe); who stores it first adds its run, so that
 * any number of processes may look. What was missed while nobody looked is up to the
 * recipe's `catch_up`: "latest" (one run for all of them), "all" (each, the latest
 * hundred), "none" (only times of the present minute). A recipe that is seen for the
 * first time starts from now. It runs no recipe. */
#ifndef FOYER_SCHEDULE_H
#define FOYER_SCHEDULE_H

#include "work/session.h"
#include "base/err.h"
#include "io/writer.h"

enum { SCHEDULE_ALL_MAX = 100 };

struct schedule;

/* All are borrowed and outlive it. CHANGED is called, from the loop, when runs were
 * added; IDLE each time that nothing is left to do. */
struct schedule *schedule_new(struct session *s, struct workspace *w,
                              struct writer *writer, void (*changed)(void *arg),
                              void (*idle)(void *arg), void *arg, struct err *e);
/* Looks for slots that have come. The clients and their recipes are read once. */
void schedule_wake(struct schedule *s);
int schedule_is_idle(const struct schedule *s);
/* Nothing more is begun. */
void schedule_stop(struct schedule *s);
/* After writer_close. NULL is fine. */
void schedule_free(struct schedule *s);

/* The slots of CRON after LAST_MS and up to NOW_MS that CATCH_UP ("latest", "all",
 * "none") wants runs for, oldest first, into SLOTS; *NEWEST is the last one that has
 * come, 0: none has. -1: ERR_INVALID. */
int schedule_slots(const char *cron, const char *zone, const char *catch_up,
                   int64_t last_ms, int64_t now_ms, int64_t slots[SCHEDULE_ALL_MAX],
                   int *n, int64_t *newest, struct err *e);

#endif
