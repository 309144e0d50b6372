/* listenfd: the listening socket that systemd hands over (sd_listen_fds(3)), which goes
 * on to take connections while foyer is started anew. */
#ifndef FOYER_LISTENFD_H
#define FOYER_LISTENFD_H

#include "base/err.h"

enum { LISTENFD_NONE = -1 };

/* Sets *FD, the caller's from now on, or LISTENFD_NONE when none was handed to this
 * process; later calls and other programs find none. ERR_SETTINGS: what was handed over
 * is not one TCP socket that listens. */
int listenfd_take(int *fd, struct err *e);

#endif
