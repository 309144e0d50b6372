#include "ops/revocation.h"

#include "auth/connections.h"
#include "auth/credentials.h"
#include "auth/grant.h"
#include "base/crypto.h"
#include "core/jsontree.h"
#include "store/vault.h"

struct asking {
    struct loop *loop;
    int is_over;
    struct err err;
};

int revocation_is_possible(struct workspace *w, const struct store_connection *c)
{
    return c->refresh.data &&
           json_text(workspace_connector(w, c->app, NULL), "auth.revoke") != NULL;
}

static void on_answer(void *arg, const struct httpc_answer *a)
{
    struct asking *asking = arg;
    asking->is_over = 1;
    asking->err = a->err;
    if (a->err.kind == ERR_NONE && a->status != 200)
        err_set(&asking->err, ERR_UNAVAILABLE, "the API answers %ld", a->status);
    loop_stop(asking->loop);
}

static int ask(struct session *s, const struct store_connection *c,
               const struct credentials *by, const char *token, struct err *e)
{
    struct asking asking = {.loop = session_loop(s)};
    const json_t *connector = workspace_connector(session_workspace(s), c->app, e);
    char *body = oauth_revoke_body(token);
    struct httpc_call *call = NULL;
    if (connector)
        call = grant_post(session_httpc(s), connector, "revoke", c->oauth_url, by, &body,
                          NULL, on_answer, &asking, e);
    while (call && !asking.is_over && !session_interrupted(s))
        loop_run(asking.loop);
    if (call && !asking.is_over) {
        httpc_cancel(call);
        err_set(&asking.err, ERR_UNAVAILABLE, "it was interrupted");
    }
    crypto_free_text(body);
    if (!call)
        return -1;
    if (asking.err.kind == ERR_NONE)
        return 0;
    *e = asking.err;
    return -1;
}

int revocation_ask(struct session *s, const struct store_connection *c, struct err *e)
{
    struct workspace *w = session_workspace(s);
    struct credentials by = {.where = NULL};
    struct buf refresh;
    buf_init(&refresh, 16 * 1024);
    int rc = credentials_find(w, c->app, c->id, c->made_with, &by, e);
    if (rc == 0)
        rc = connections_refresh_token(w, c, &refresh, e);
    if (rc == 0)
        rc = ask(s, c, &by, buf_str(&refresh), e);
    credentials_fini(&by);
    vault_wipe(&refresh);
    return rc;
}
