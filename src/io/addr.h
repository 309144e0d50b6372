/* addr: which network addresses are not the public internet. */
#ifndef FOYER_ADDR_H
#define FOYER_ADDR_H

#include <stddef.h>

struct sockaddr;

enum { ADDR_TEXT_SIZE = 64 };

/* 1 for loopback, private, link-local, shared (RFC 6598), multicast, reserved and
 * unspecified addresses, also inside an IPv6 address that carries an IPv4 one; and for
 * every family but IPv4 and IPv6. */
int addr_is_private(const struct sockaddr *address);
/* The same for "127.0.0.1" or "::1", with or without brackets; 0 when TEXT is a name. */
int addr_text_is_private(const char *text);
/* "10.0.0.1", without the port. */
void addr_format(const struct sockaddr *address, char out[ADDR_TEXT_SIZE]);

#endif
