/* log: lines for people on standard error. Levels come from FOYER_LOG
 * (error, warn, info, debug; default warn). Nothing logged here may hold a token, a
 * message body or an address: callers pass names, ids, counts and kinds. */
#ifndef FOYER_LOG_H
#define FOYER_LOG_H

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_init(void); /* reads FOYER_LOG */
void log_set_level(enum log_level level);
int log_is_on(enum log_level level);
void log_line(enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Shows how far long work has come, in one line of the terminal that the next one
 * replaces; nothing when standard error is no terminal. NULL ends it. */
void log_progress(const char *text);

#endif
