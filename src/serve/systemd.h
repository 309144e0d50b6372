/* systemd: what a service and systemd tell each other, without its library: the listening
 * socket that it passes (sd_listen_fds(3)), in which connections wait while foyer
 * restarts, and the service's state (sd_notify(3)). */
#ifndef FOYER_SYSTEMD_H
#define FOYER_SYSTEMD_H

#include "base/err.h"

enum { SYSTEMD_NO_SOCKET = -1 };

/* Sets *FD, which the caller owns from now on, or SYSTEMD_NO_SOCKET when this process was
 * passed none. Later calls and child processes get none. ERR_SETTINGS: it was passed
 * anything but one listening TCP socket. */
int systemd_take_socket(int *fd, struct err *e);
/* Sends STATE, "READY=1", "RELOADING=1" or "STOPPING=1", as one datagram to
 * $NOTIFY_SOCKET. Does nothing when that variable is not set. */
void systemd_notify(const char *state);

#endif
