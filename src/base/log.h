/* log: lines for people on standard error, or for programs: one JSON object a line when
 * FOYER_LOG_FORMAT is json. Levels come from FOYER_LOG (error, warn, info, debug; default
 * warn). Nothing logged here may hold a token or a message's body: callers pass names,
 * ids, counts and kinds. Mail addresses become "*@*" here. */
#ifndef FOYER_LOG_H
#define FOYER_LOG_H

#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_init(void); /* reads FOYER_LOG and FOYER_LOG_FORMAT, as children will */
int log_is_json(void);
void log_line(enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* What this thread's lines are about from now on: members "run" and "client" of the JSON.
 * 0 and NULL: nothing in particular. A client's name is copied, cut to 64 bytes. */
void log_context(int64_t run, const char *client);

/* The three texts (NULL: none) as one line of an error, by async-signal-safe calls
 * alone. */
void log_from_signal(const char *a, const char *b, const char *c);

/* Shows how far long work has come, in one line of the terminal that the next one
 * replaces; nothing when standard error is no terminal. NULL ends it. */
void log_progress(const char *text);

#endif
