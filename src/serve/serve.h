/* serve: the server process: it takes webhooks (ingest) and consents (serve_config), and
 * answers /healthz and /metrics. It runs no script. It keeps the workers alive, takes
 * up a release that became live, and ends in order at SIGTERM. At SIGHUP it does what
 * `foyer reload` does; with `dev` it follows the files of the workspace instead. */
#ifndef FOYER_SERVE_H
#define FOYER_SERVE_H

#include "base/err.h"

struct serve_spec {
    const char *dir;    /* the workspace; NULL: the nearest one */
    const char *listen; /* NULL: foyer.lua's */
    int workers;
    int dev; /* 1: the files of the workspace, not the live releases */
};

/* Serves until a signal ends it. Returns 0, 130 when a second signal ended it at once, or
 * -1 with E. */
int serve_run(const struct serve_spec *spec, struct err *e);

#endif
