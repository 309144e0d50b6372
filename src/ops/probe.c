#include "ops/probe.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "core/jsontree.h"
#include "base/str.h"

enum { ASKED_AT_ONCE = 16, WAIT_MS = 5000 /* for the company's budget */ };

static void set_row(struct probe_connection *t, const struct store_connection *c)
{
    free(t->last_error);
    t->last_error = xstrdup_null(c->last_error);
    free(t->made_with);
    t->made_with = xstrdup_null(c->made_with);
    t->oauth = c->refresh.data != NULL;
    t->reconnect = c->reconnect;
    t->expires_ms = c->expires_ms;
    t->refreshed_ms = c->refreshed_ms;
}

static int add_connection(void *arg, const char *client, const struct store_connection *c)
{
    struct probe_connection **p = arg;
    for (; *p; p = &(*p)->next)
        if (strcmp((*p)->app, c->app) == 0 && strcmp((*p)->id, c->id) == 0) {
            char *clients = xasprintf("%s, %s", (*p)->clients, client);
            free((*p)->clients);
            (*p)->clients = clients;
            return 0;
        }
    *p = xcalloc(1, sizeof **p);
    **p = (struct probe_connection){.app = xstrdup(c->app),
                                    .id = xstrdup(c->id),
                                    .company = xstrdup(c->company),
                                    .client = xstrdup(client),
                                    .clients = xstrdup(client)};
    set_row(*p, c);
    return 0;
}

struct probe_connection *probe_list(struct store *store, struct err *e)
{
    struct probe_connection *connections = NULL;
    if (store_connection_each(store, add_connection, &connections, e) == 0)
        return connections;
    probe_free(connections);
    return NULL;
}

void probe_free(struct probe_connection *connections)
{
    while (connections) {
        struct probe_connection *t = connections;
        connections = t->next;
        free(t->app);
        free(t->id);
        free(t->company);
        free(t->client);
        free(t->clients);
        free(t->last_error);
        free(t->made_with);
        json_decref(t->answer);
        free(t);
    }
}

struct asking {
    struct session *s;
    int n; /* requests under way */
};

static void on_answer(void *arg, const struct run_result *result)
{
    struct probe_connection *t = arg;
    t->answered_ms = clock_wall_ms();
    t->err = result->err;
    if (result->outcome == RUN_DONE)
        t->answer = jsontree_read(result->json, result->len, NULL);
    t->asking->n--;
    loop_stop(session_loop(t->asking->s));
}

static void ask(struct asking *asking, struct probe_connection *t)
{
    json_t *args = json_pack("{s:s}", "app", t->app);
    struct session_call call = {.client = t->client,
                                .label = "doctor",
                                .entry = "identity",
                                .args = args,
                                .wait_ms = WAIT_MS};
    t->asking = asking;
    asking->n++;
    session_start(asking->s, &call, on_answer, t);
    json_decref(args);
}

/* A request may have refreshed the token. */
static void read_again(struct probe_connection *t, struct store *store)
{
    struct store_connection row;
    if (store_connection_read(store, t->app, t->id, &row, NULL) != 0)
        return;
    set_row(t, &row);
    store_connection_fini(&row);
}

void probe_ask(struct probe_connection *connections, struct session *s,
               struct store *store)
{
    struct asking asking = {s, 0};
    struct probe_connection *next = connections;
    while (!session_interrupted(s) && (next || asking.n > 0)) {
        if (next && asking.n < ASKED_AT_ONCE) {
            if (!next->reconnect)
                ask(&asking, next);
            next = next->next;
        } else {
            loop_run(session_loop(s));
        }
    }
    for (struct probe_connection *t = connections; t; t = t->next)
        read_again(t, store);
}
