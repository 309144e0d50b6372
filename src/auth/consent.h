/* consent: the page that the app sends a person back to after consenting or denying:
 * GET <redirect path>?code=…&state=… (RFC 6749, 4.1.2). Served by `foyer connect` and by
 * `foyer serve`. */
#ifndef FOYER_CONSENT_H
#define FOYER_CONSENT_H

#include "auth/grant.h"
#include "workspace/workspace.h"
#include "io/httpd.h"

/* Called after the page was answered: with the client and the app (NULL when the state is
 * not known) and the company's ID and NAME, or with E. Valid until the callback returns.
 */
typedef void consent_done(void *arg, const char *client, const char *app, const char *id,
                          const char *name, const struct err *e);

/* Takes over R, a request to the callback, and answers it with a page when the grant is
 * stored or has failed. OUTSIDE 1: the reader may be a client's administrator, so the
 * page names no file, address or command. DONE may be NULL. */
void consent_answer(struct workspace *w, struct grants *grants, struct httpd_request *r,
                    int outside, consent_done *done, void *arg);
/* The value of NAME in a query or a whole URL, decoded; NULL when it is missing or empty.
 * Freed by the caller. */
char *consent_parameter(const char *query, const char *name);

#endif
