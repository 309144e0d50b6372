#include "ops/secret_trial.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "auth/connections.h"
#include "auth/credentials.h"
#include "auth/tokens.h"
#include "base/log.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "store/store.h"

struct finding {
    struct workspace *w;
    const char *name;
    json_t *seen;  /* "app/company" -> true */
    json_t *found; /* [{app, company}] */
};

static int add_connection(void *arg, const char *client, const struct store_connection *c)
{
    struct finding *f = arg;
    char *key = xasprintf("%s/%s", c->app, c->id);
    (void)client;
    if (c->refresh.data && !c->reconnect && c->made_with &&
        !json_object_get(f->seen, key)) {
        json_object_set_new(f->seen, key, json_true());
        if (credentials_use_secret(f->w, c->app, c->id, c->made_with, f->name))
            json_array_append_new(f->found,
                                  json_pack("{s:s, s:s}", "app", c->app, "id", c->id));
    }
    free(key);
    return 0;
}

/* Returns the connections as a new list, or NULL with E. */
static json_t *find(struct workspace *w, const char *name, struct err *e)
{
    struct finding f = {w, name, json_object(), json_array()};
    struct store *store = workspace_store(w, e);
    int rc = store ? store_connection_each(store, add_connection, &f, e) : -1;
    json_decref(f.seen);
    if (rc == 0)
        return f.found;
    json_decref(f.found);
    return NULL;
}

int secret_trial_count(struct workspace *w, const char *name, struct err *e)
{
    json_t *found = find(w, name, e);
    int n = found ? (int)json_array_size(found) : -1;
    json_decref(found);
    return n;
}

struct one_trial {
    struct loop *loop;
    struct err err; /* ERR_NONE: none */
    int over;
};

static void on_tried(void *arg, const struct err *failed)
{
    struct one_trial *one = arg;
    if (failed)
        one->err = *failed;
    one->over = 1;
    loop_stop(one->loop);
}

/* Tries it with one connection. E says why it is not TOKENS_TAKEN. */
static enum tokens_verdict try_one(struct session *s, const json_t *row,
                                   struct secret_trial *out, struct err *e)
{
    struct one_trial one = {.loop = session_loop(s)};
    struct tokens_wait *wait;
    enum tokens_verdict verdict = TOKENS_UNTRIED;
    struct connection *c = connections_company(
        session_connections(s), json_text(row, "app"), json_text(row, "id"), e);
    if (!c)
        return TOKENS_UNTRIED;
    int rc = tokens_try(session_tokens(s), c, &verdict, on_tried, &one, &wait);
    while (rc == 1 && !one.over && !session_interrupted(s))
        loop_run(session_loop(s));
    if (rc == 1 && !one.over) { /* `one` does not outlive this function */
        tokens_drop(wait);
        err_set(e, ERR_UNAVAILABLE, "it was interrupted");
        return TOKENS_UNTRIED;
    }
    *e = one.err;
    if (verdict == TOKENS_TAKEN) {
        free(out->company);
        out->company = xstrdup(c->name);
        if (one.err.kind != ERR_NONE)
            log_line(LOG_WARN, "%s", one.err.text);
    }
    return verdict;
}

int secret_trial_run(struct session *s, const char *name, const struct buf *value,
                     struct secret_trial *out, struct err *e)
{
    struct workspace *w = session_workspace(s);
    *out = (struct secret_trial){.company = NULL};
    json_t *found = find(w, name, e), *row;
    size_t i;
    enum tokens_verdict verdict = TOKENS_UNTRIED;
    if (!found)
        return -1;
    out->connections = (int)json_array_size(found);
    if (out->connections == 0)
        err_set(e, ERR_NOT_FOUND, "no connection was made with that app");
    workspace_try_secret(w, name, value);
    json_array_foreach(found, i, row)
    {
        /* a grant that is gone says nothing about the secret */
        verdict = try_one(s, row, out, e);
        if (verdict == TOKENS_TAKEN || verdict == TOKENS_REFUSED)
            break;
    }
    workspace_try_secret(w, NULL, NULL);
    json_decref(found);
    if (verdict == TOKENS_TAKEN)
        return 0;
    if (verdict == TOKENS_REFUSED)
        e->kind = ERR_AUTH;
    else if (e->kind == ERR_AUTH || e->kind == ERR_NONE)
        e->kind = ERR_CONFLICT;
    return -1;
}
