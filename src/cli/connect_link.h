/* connect_link: consent links as commands print them. */
#ifndef FOYER_CONNECT_LINK_H
#define FOYER_CONNECT_LINK_H

#include "auth/grant.h"
#include "cli/cli.h"

/* Makes a link that is valid for seven days, and warns on standard error of a redirect
 * URL that leads to the machine of the person who opens it. Freed by the caller; NULL
 * with E. */
char *connect_link_make(struct workspace *w, const struct grant_spec *spec,
                        struct err *e);
/* Says on standard error what to do with a link of the client. */
void connect_link_explain(const struct grant_spec *spec);
/* Checks the URL that OPTION was given. NULL is fine. */
int connect_link_check_url(const char *option, const char *url, struct err *e);

/* foyer connect --group: shows how the clients are connected to SPEC's app, and with MAKE
 * makes a link for each that has no connection by the app of the settings. NAMES is a
 * list. Returns the exit code, or -1 with E. */
int connect_link_table(struct cli *cli, const json_t *names,
                       const struct grant_spec *spec, int make, struct err *e);

#endif
