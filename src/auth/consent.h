/* consent: the page that the app sends a person back to after consenting or denying:
 * GET <redirect path>?code=…&state=… . One for `foyer connect`, and one route of `foyer
 * serve`. */
#ifndef FOYER_CONSENT_H
#define FOYER_CONSENT_H

#include "auth/grant.h"
#include "workspace/workspace.h"
#include "io/httpd.h"

/* How a callback ended, after the page was answered: the client it was for (NULL when the
 * state is not known) and the company, or E. Valid until the callback returns. */
typedef void consent_done(void *arg, const char *client, const char *id, const char *name,
                          const struct err *e);

/* Takes R, a request to the callback, over: answers it with a page for people when the
 * grant has come through or failed. OUTSIDE 1: who reads it may be a client's
 * administrator, and learns nothing of what is inside. DONE may be NULL. */
void consent_answer(struct workspace *w, struct grants *grants, struct httpd_request *r,
                    int outside, consent_done *done, void *arg);
/* The value of NAME in a query or a whole URL, decoded; NULL when it is missing or empty.
 * Freed by the caller. */
char *consent_parameter(const char *query, const char *name);

#endif
