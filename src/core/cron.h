/* cron: expressions of five fields (minute, hour, day of month, month, day of week), with
 * lists, ranges, steps and English names, as in crontab(5). */
#ifndef FOYER_CRON_H
#define FOYER_CRON_H

#include "base/err.h"

/* 0 when S is such an expression; else -1 and ERR_INVALID with a sentence that names the
 * field. */
int cron_check(const char *s, struct err *e);

#endif
