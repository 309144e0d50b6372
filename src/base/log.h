/* log: writes lines to standard error: text for people, or one JSON object a line when
 * FOYER_LOG_FORMAT is json. FOYER_LOG is the level: error, warn, info or debug; default
 * warn. Callers pass names, ids, counts and kinds, never a token or a message's body.
 * Mail addresses become "*@*". */
#ifndef FOYER_LOG_H
#define FOYER_LOG_H

#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_init(void); /* reads FOYER_LOG and FOYER_LOG_FORMAT, which children inherit */
int log_is_json(void);
int log_level_find(const char *name); /* -1: no such level */
void log_line(enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Gets each line from now on, as JSON with its newline and the member "process", which is
 * NAME, as a literal; those of levels that standard error does not show, down to info,
 * too. FN is called on any thread, and with IN_SIGNAL 1 from a signal handler. */
typedef void log_sink_fn(const char *line, size_t len, int in_signal);
void log_sink(const char *name, log_sink_fn *fn); /* FN NULL: no longer */
/* Writes a line to the sink alone. */
void log_keep(enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Sets what this thread's next lines are about: the members "run" and "client" of the
 * JSON. 0 and NULL: nothing. The client's name is copied and cut to 64 bytes. */
void log_context(int64_t run, const char *client);

/* Writes the three texts (NULL: none) as one line of level error. Async-signal-safe. */
void log_from_signal(const char *a, const char *b, const char *c);

/* Puts MARK, a literal, into each line of this process from now on: "dev". */
void log_mark(const char *mark);

/* Shows the progress of long work in one line of the terminal, which the next call
 * replaces. NULL ends it. Does nothing when standard error is not a terminal. */
void log_progress(const char *text);

#endif
