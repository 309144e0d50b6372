/* serve: the process that listens (design 4.1): webhooks to ingest, consents to the site,
 * /healthz and /metrics; it runs no script. It keeps the workers alive, takes up edited
 * settings and scripts at SIGHUP, and ends in order at SIGTERM. */
#ifndef FOYER_SERVE_H
#define FOYER_SERVE_H

#include "base/err.h"

struct serve_spec {
    const char *dir;    /* the workspace; NULL: the nearest one */
    const char *listen; /* NULL: foyer.lua's */
    int workers;
};

/* Serves until a signal ends it: 0, 130 when a second one did so at once, -1 with E. */
int serve_run(const struct serve_spec *spec, struct err *e);

#endif
