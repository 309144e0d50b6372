/* access: permission to send a request to a connection's API: a valid token, then a
 * permit from the company's budget, then a look whether the client is still connected to
 * it. It is the `admit` of struct run_host. For the loop's thread; what it reads and
 * writes is done by jobs (io/writer.h), which have handles of their own on both files. */
#ifndef FOYER_ACCESS_H
#define FOYER_ACCESS_H

#include "auth/connections.h"
#include "auth/tokens.h"
#include "workspace/workspace.h"
#include "vm/run.h"

struct access;

/* ALL is borrowed. The jobs run on the loop's thread. */
struct access *access_new(struct connections *all, struct loop *loop,
                          struct httpc *httpc);
/* The jobs run on a thread of their own. Before the first request. */
int access_use_thread(struct access *a, struct err *e);
void access_free(struct access *a);
/* Sets HOST's admit, withdraw and answered, load_value and withdraw_value. */
void access_host(struct access *a, struct run_host *host);
struct tokens *access_tokens(struct access *a);
/* What the answer to a request says of the company: that it is well, or why not: the HTTP
 * status, or the error when there was no answer. */
struct access_news {
    const char *app, *company;
    const char *client; /* one of the company's, that asked; NULL: not known */
    int is_well, status;
    const struct err *err;
};
typedef void access_heard(void *arg, const struct access_news *news);
/* Calls FN for each answer that tells. */
void access_on_answer(struct access *a, access_heard *fn, void *arg);

#endif
