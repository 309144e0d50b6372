/* addresses: lists, for `foyer hooks`, the addresses that take webhooks, with their keys,
 * last deliveries and refused requests. Prints nothing. */
#ifndef FOYER_ADDRESSES_H
#define FOYER_ADDRESSES_H

#include <jansson.h>

#include "ops/report.h"
#include "base/err.h"

/* Returns {addresses, unknown}. An address is {app, client?, path, url?, keys: [{setting,
 * set, of?, todo?}], help?, last_delivery?, refused}; `url` needs public_url in the
 * settings. `refused` and `unknown`, for addresses that do not exist, are [{at, route,
 * scheme, status, times, why}]. CLIENT NULL: for the apps and all clients. NULL with E.
 */
json_t *addresses_list(struct report *r, const char *client, struct err *e);

#endif
