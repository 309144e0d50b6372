/* crash_mark: when what a script does ends this process (a fatal signal, the watchdog),
 * its presence says so, with what it was at. One for a process. */
#ifndef FOYER_CRASH_MARK_H
#define FOYER_CRASH_MARK_H

#include "store/presence.h"

/* Installs the handlers; P is borrowed until crash_mark_stop, after which causes are not
 * recorded any more. */
void crash_mark_start(struct presence *p);
void crash_mark_stop(void);

#endif
