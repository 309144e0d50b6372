/* log_lines: reads the lines that foyer keeps of its own log (store/logs.h). */
#ifndef FOYER_LOG_LINES_H
#define FOYER_LOG_LINES_H

#include <jansson.h>
#include <stdint.h>

#include "ops/choice.h"
#include "base/log.h"

struct log_query {
    const struct choice *clients; /* borrowed; only lines that name one of them */
    enum log_level level;         /* and worse */
    int64_t since_ms;             /* Unix milliseconds; 0: any time */
    int limit;                    /* the newest so many; 0: all */
};

/* LINE is {time, level, pid?, process?, run?, client?, message}, borrowed. */
typedef void log_lines_fn(void *arg, const json_t *line);

struct log_lines;

/* Begins at the oldest line. DIR is the workspace's. */
struct log_lines *log_lines_open(const char *dir, const struct log_query *query);
void log_lines_close(struct log_lines *l); /* NULL is fine */
/* Calls FN for each line that is there and that the query asks for, in the order in which
 * they were written; with a limit for the newest ones. The next call goes on with what
 * was written since, without a limit. */
void log_lines_next(struct log_lines *l, log_lines_fn *fn, void *arg);

#endif
