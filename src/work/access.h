/* access: permission to send a request to a connection's API: a valid token, then a
 * permit from the company's budget. It is the `admit` of struct run_host. For the loop's
 * thread. */
#ifndef FOYER_ACCESS_H
#define FOYER_ACCESS_H

#include "auth/tokens.h"
#include "workspace/workspace.h"
#include "vm/run.h"

struct access;

struct access *access_new(struct workspace *w, struct loop *loop, struct httpc *httpc);
void access_free(struct access *a);
/* Sets HOST's admit, withdraw and answered. */
void access_host(struct access *a, struct run_host *host);
struct tokens *access_tokens(struct access *a);

#endif
