#include "work/receipts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "core/jsontree.h"
#include "base/log.h"
#include "base/str.h"
#include "store/ledger.h"

enum { AT_ONCE = 8, AGAIN_MS = 5 * 60 * 1000, WAIT_MS = 20 * 1000 };

struct receipts {
    struct session *session;
    struct db *db;
    struct writer *writer;
    struct alert *alert;
    void (*idle)(void *arg);
    void *arg;
    struct looking *first;
    int n, stopped;
};

struct looking { /* one message */
    struct looking *next;
    struct receipts *receipts; /* NULL: it has gone */
    struct run *run;           /* NULL: asked */
    char *client, *app, *ref;
    char *why;        /* NULL: it is there */
    int64_t again_ms; /* not 0: nobody could tell */
    int64_t of;       /* the run that made it */
};

struct receipts *receipts_new(struct session *s, struct db *db, struct writer *writer,
                              struct alert *alert, void (*idle)(void *arg), void *arg)
{
    struct receipts *r = xcalloc(1, sizeof *r);
    *r = (struct receipts){.session = s,
                           .db = db,
                           .writer = writer,
                           .alert = alert,
                           .idle = idle,
                           .arg = arg};
    return r;
}

static void looking_free(struct looking *x)
{
    struct receipts *r = x->receipts;
    if (r) {
        struct looking **p = &r->first;
        while (*p != x)
            p = &(*p)->next;
        *p = x->next;
        r->n--;
    }
    free(x->client);
    free(x->app);
    free(x->ref);
    free(x->why);
    free(x);
    if (r && r->n == 0)
        r->idle(r->arg);
}

/* ---- what came of it ---- */

/* On the writer's thread. */
static int write_found(struct db *db, void *arg, struct err *e)
{
    struct looking *x = arg;
    if (x->again_ms)
        return ledger_receipt_again(
            db, &(struct ledger_receipt){x->client, x->app, x->ref, x->of}, x->again_ms,
            e);
    return ledger_delivered(db, x->client, x->app, x->ref, x->why, clock_wall_ms(),
                            &x->of, e);
}

static int on_row(void *arg, const struct ledger_run *run)
{
    *(char **)arg = xstrdup(run->recipe);
    return 1;
}

static void tell(const struct receipts *r, const struct looking *x)
{
    char *recipe = NULL;
    struct err e;
    if (!r->alert || ledger_read(r->db, x->of, on_row, &recipe, &e) != 0)
        return;
    char *text = xasprintf("run %lld undelivered: %s", (long long)x->of, x->why);
    alert_send(r->alert, x->client, recipe, "undelivered", text);
    free(text);
    free(recipe);
}

static void on_written(void *arg, const struct err *e)
{
    struct looking *x = arg;
    if (e->kind != ERR_NONE)
        log_line(LOG_WARN, "cannot note what became of a message: %s", e->text);
    else if (x->receipts && x->why && !x->again_ms && x->of)
        tell(x->receipts, x);
    looking_free(x);
}

static void on_looked(void *arg, const struct run_result *result)
{
    struct looking *x = arg;
    x->run = NULL;
    json_t *tree = result->outcome == RUN_DONE
                       ? jsontree_read(result->json, result->len, NULL)
                       : NULL;
    const json_t *found = json_object_get(tree, "found");
    if (!json_is_boolean(found))
        x->again_ms = clock_wall_ms() + AGAIN_MS;
    else if (!json_is_true(found))
        x->why = xstrdup("accepted, but ten minutes later there is no such message");
    json_decref(tree);
    writer_submit(x->receipts->writer, 0, write_found, on_written, x);
}

/* ---- looking ---- */

static int is_at_it(const struct receipts *r, const struct ledger_receipt *row)
{
    for (const struct looking *x = r->first; x; x = x->next)
        if (strcmp(x->ref, row->ref) == 0 && strcmp(x->client, row->client) == 0)
            return 1;
    return 0;
}

static struct looking *looking_new(struct receipts *r, const struct ledger_receipt *row)
{
    struct looking *x = xcalloc(1, sizeof *x);
    *x = (struct looking){.next = r->first, .receipts = r, .of = row->run};
    x->client = xstrdup(row->client);
    x->app = xstrdup(row->app);
    x->ref = xstrdup(row->ref);
    r->first = x;
    r->n++;
    return x;
}

static int start(void *arg, const struct ledger_receipt *row)
{
    struct receipts *r = arg;
    if (is_at_it(r, row))
        return 0;
    struct looking *x = looking_new(r, row);
    json_t *args = json_pack("{s:s, s:s}", "app", x->app, "ref", x->ref);
    char *text = json_dumps(args, JSON_COMPACT);
    struct run_spec spec = {.id = x->ref,
                            .client = x->client,
                            .label = "receipt",
                            .entry = "receipt",
                            .args = text,
                            .args_len = strlen(text),
                            .lane = LANE_BULK,
                            .wait_ms = WAIT_MS};
    x->run = run_start(session_runs(r->session), &spec, on_looked, x);
    free(text);
    json_decref(args);
    return r->n >= AT_ONCE;
}

void receipts_look(struct receipts *r)
{
    struct err e;
    if (r->stopped || r->n >= AT_ONCE)
        return;
    if (ledger_receipts(r->db, clock_wall_ms(), 2 * AT_ONCE, start, r, &e) != 0)
        log_line(LOG_WARN, "cannot look for messages: %s", e.text);
}

int receipts_is_idle(const struct receipts *r)
{
    return r->n == 0;
}

void receipts_stop(struct receipts *r)
{
    r->stopped = 1;
    struct looking *x = r->first, *next;
    for (; x; x = next) {
        next = x->next;
        if (!x->run)
            continue;
        run_kill(x->run);
        looking_free(x);
    }
}

void receipts_free(struct receipts *r)
{
    if (!r)
        return;
    for (struct looking *x = r->first, *next; x; x = next) {
        next = x->next;
        x->receipts = NULL;
        if (!x->run)
            continue; /* its job is the writer's */
        run_kill(x->run);
        looking_free(x);
    }
    free(r);
}

/* ---- events ---- */

const char *receipts_failed(const json_t *connector, const json_t *event,
                            const char **type)
{
    const json_t *receipt = json_object_get(connector, "receipt");
    const json_t *failed = json_object_get(receipt, "failed");
    const char *path = json_text(receipt, "ref");
    const json_t *payload = json_object_get(event, "payload");
    const char *types[] = {json_text(event, "type"), json_text(payload, "type")};
    size_t i;
    json_t *name;
    json_array_foreach(failed, i, name)
    {
        for (int k = 0; path && k < 2; k++) {
            if (!str_eq(json_string_value(name), types[k]) || !types[k])
                continue;
            /* a rule's event is the payload itself */
            if (!payload && str_starts(path, "payload."))
                path += strlen("payload.");
            *type = types[k];
            return json_text(event, path);
        }
    }
    return NULL;
}

/* Few events are of these types: the others are not even parsed. */
static int may_tell(const json_t *connector, const char *body, size_t len)
{
    const json_t *failed = json_at(connector, "receipt.failed");
    size_t i;
    json_t *name;
    json_array_foreach(failed, i, name)
    {
        const char *word = json_string_value(name);
        if (word && memmem(body, len, word, strlen(word)))
            return 1;
    }
    return 0;
}

void receipts_hear(struct receipts *r, const char *app, const char *client,
                   const char *body, size_t len)
{
    const json_t *connector =
        workspace_connector(session_workspace(r->session), app, NULL);
    if (r->stopped || !may_tell(connector, body, len))
        return;
    const char *type = NULL;
    json_t *event = jsontree_read(body, len, NULL);
    const char *ref = receipts_failed(connector, event, &type);
    if (ref) {
        struct looking *x = looking_new(r, &(struct ledger_receipt){client, app, ref, 0});
        x->why = xasprintf("the customer did not get it: %s", type);
        writer_submit(r->writer, 0, write_found, on_written, x);
    }
    json_decref(event);
}
