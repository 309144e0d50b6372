/* crash_mark: records in this process's presence that a script ended the process, by a
 * fatal signal or the watchdog, for the process that reclaims its runs. One for a
 * process. */
#ifndef FOYER_CRASH_MARK_H
#define FOYER_CRASH_MARK_H

#include "store/presence.h"

/* Installs the handlers. P is borrowed until crash_mark_stop, which ends the recording.
 */
void crash_mark_start(struct presence *p);
void crash_mark_stop(void);

#endif
