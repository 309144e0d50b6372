/* addr: tells the public internet from private network addresses. */
#ifndef FOYER_ADDR_H
#define FOYER_ADDR_H

#include <stddef.h>

struct sockaddr;

enum { ADDR_TEXT_SIZE = 64 };

/* Returns 1 for loopback, private, link-local, shared (RFC 6598), multicast, reserved and
 * unspecified addresses, also for an IPv4 address inside of an IPv6 one, and for every
 * other family than IPv4 and IPv6. */
int addr_is_private(const struct sockaddr *address);
/* Does the same for "127.0.0.1" or "::1", with or without brackets. Returns 0 when TEXT
 * is a name. */
int addr_text_is_private(const char *text);
/* Writes "10.0.0.1", without the port. */
void addr_format(const struct sockaddr *address, char out[ADDR_TEXT_SIZE]);

#endif
