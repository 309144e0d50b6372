/* listenfd: the listening socket that systemd passes to this process (sd_listen_fds(3)).
 * Connections wait in it while foyer restarts. */
#ifndef FOYER_LISTENFD_H
#define FOYER_LISTENFD_H

#include "base/err.h"

enum { LISTENFD_NONE = -1 };

/* Sets *FD, which the caller owns from now on, or LISTENFD_NONE when this process was
 * passed none. Later calls and child processes get none. ERR_SETTINGS: it was passed
 * anything but one listening TCP socket. */
int listenfd_take(int *fd, struct err *e);

#endif
