/* host: what scripts may ask of the workspace (struct run_host of vm/run.h): settings,
 * connectors, connections, secrets and stored values. Permission to send a request is
 * work/access.h's. */
#ifndef FOYER_HOST_H
#define FOYER_HOST_H

#include "auth/connections.h"
#include "vm/run.h"

/* For runs_new, without the members of work/access.h. C is borrowed and outlives the
 * runs. */
struct run_host host_of(struct connections *c);

#endif
