/* secret_trial: tries a new client_secret of an OAuth app, before it is stored, by the
 * refresh of one connection that the app made. Prints nothing. */
#ifndef FOYER_SECRET_TRIAL_H
#define FOYER_SECRET_TRIAL_H

#include "base/buf.h"
#include "base/err.h"
#include "work/session.h"
#include "workspace/workspace.h"

struct secret_trial {
    char *company;   /* the one whose token was refreshed, or NULL; freed by the caller */
    int connections; /* how many the app has that could be refreshed */
};

/* Returns how many connections are refreshed by an app whose client_secret is the secret
 * NAME; -1 with E. */
int secret_trial_count(struct workspace *w, const char *name, struct err *e);
/* Refreshes one of them with VALUE as the secret: 0 when the API took it, and the new
 * token is stored. ERR_AUTH when the API refuses the app with it; else another error:
 * the value could not be tried. */
int secret_trial_run(struct session *s, const char *name, const struct buf *value,
                     struct secret_trial *out, struct err *e);

#endif
