/* notify: tells systemd how far we are (sd_notify(3)), without its library: one datagram
 * to $NOTIFY_SOCKET. Without that variable it does nothing. */
#ifndef FOYER_NOTIFY_H
#define FOYER_NOTIFY_H

/* STATE is "READY=1", "RELOADING=1" or "STOPPING=1". */
void notify_send(const char *state);

#endif
