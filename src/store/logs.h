/* logs: the lines of base/log that foyer keeps itself, beside standard error.
 *
 * It owns state/log/: JSON Lines in one file a day of UTC, foyer-2026-12-01.log, and when
 * that is full foyer-2026-12-01.2.log and so on. Any number of processes append, each
 * line by one write, and no file is ever renamed: so neither needs the others. What
 * changes a file (store/erase.h) does so in place: others have it open. What is
 * older than `keep.logs`, and the oldest files above LOGS_MAX_BYTES, are removed by the
 * process that begins a file. A line that cannot be written is lost here; standard error
 * has it all the same. */
#ifndef FOYER_LOGS_H
#define FOYER_LOGS_H

#include <stdint.h>

#include "base/err.h"

enum { LOGS_FILE_BYTES = 8 << 20, LOGS_MAX_BYTES = 64 << 20 };

/* Keeps this process's lines from now on; PROCESS ("serve") is a literal. KEEP_MS: how
 * long files are kept. A second call changes that. */
int logs_open(const char *workspace_dir, const char *process, int64_t keep_ms,
              struct err *e);
void logs_close(void);

/* Calls FN with each file's path, the oldest first, and the day on which it begins, in
 * Unix milliseconds. Stops when FN returns non-zero, and returns that. */
int logs_each(const char *workspace_dir,
              int (*fn)(void *arg, const char *path, int64_t day_ms), void *arg);

#endif
