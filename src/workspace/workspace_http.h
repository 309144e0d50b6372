/* workspace_http: the HTTP client as foyer.lua's settings describe it. */
#ifndef FOYER_WORKSPACE_HTTP_H
#define FOYER_WORKSPACE_HTTP_H

#include <jansson.h>

#include "io/httpc.h"

/* A client on LOOP with the proxy and the certificates that SETTINGS name (NULL: none)
 * and the default limits. Freed by httpc_free, before LOOP. */
struct httpc *workspace_http_new(const json_t *settings, struct loop *loop,
                                 struct err *e);

#endif
