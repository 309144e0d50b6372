/* notify: tells systemd the state of the service (sd_notify(3)), without its library: one
 * datagram to $NOTIFY_SOCKET. Does nothing when that variable is not set. */
#ifndef FOYER_NOTIFY_H
#define FOYER_NOTIFY_H

/* STATE is "READY=1", "RELOADING=1" or "STOPPING=1". */
void notify_send(const char *state);

#endif
