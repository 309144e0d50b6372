#include "work/receipts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "core/jsontree.h"
#include "base/log.h"
#include "base/str.h"
#include "store/ledger.h"
#include "workspace/workspace.h"

enum { AT_ONCE = 8, AGAIN_MS = 5 * 60 * 1000, WAIT_MS = 20 * 1000 };

struct receipt_check { /* of one message */
    LIST_ENTRY(receipt_check) entry;
    struct receipts *receipts; /* NULL: receipts_free was called */
    struct run *run;           /* NULL: it has ended */
    char *client, *app, *ref;
    char *why;        /* why it is undelivered; NULL: it exists */
    int64_t again_ms; /* not 0: the check failed and is repeated then */
    int64_t of;       /* the run that sent the message */
    char *recipe;     /* its; NULL: not read yet */
};

struct receipts {
    struct session *session;
    struct db *db;
    struct writer *writer;
    struct alert *alert;
    void (*idle)(void *arg);
    void *arg;
    LIST_HEAD(, receipt_check) checks;
    int n, stopped;
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

static struct receipt_check *check_new(struct receipts *r,
                                       const struct ledger_receipt *row)
{
    struct receipt_check *x = xcalloc(1, sizeof *x);
    x->receipts = r;
    x->of = row->run;
    x->client = xstrdup(row->client);
    x->app = xstrdup(row->app);
    x->ref = xstrdup(row->ref);
    LIST_INSERT_HEAD(&r->checks, x, entry);
    r->n++;
    return x;
}

static void check_free(struct receipt_check *x)
{
    struct receipts *r = x->receipts;
    if (r) {
        LIST_REMOVE(x, entry);
        r->n--;
    }
    free(x->client);
    free(x->app);
    free(x->ref);
    free(x->why);
    free(x->recipe);
    free(x);
    if (r && r->n == 0)
        r->idle(r->arg);
}

/* ---- results ---- */

static int on_row(void *arg, const struct ledger_run *run)
{
    *(char **)arg = xstrdup(run->recipe);
    return 1;
}

/* On the writer's thread. */
static int write_found(struct db *db, void *arg, struct err *e)
{
    struct receipt_check *x = arg;
    if (x->again_ms)
        return ledger_receipt_again(
            db, &(struct ledger_receipt){x->client, x->app, x->ref, x->of, NULL},
            x->again_ms, e);
    if (ledger_delivered(db, x->client, x->app, x->ref, x->why, clock_wall_ms(), &x->of,
                         e) != 0)
        return -1;
    if (x->why && x->of && !x->recipe) /* for the alert */
        ledger_read(db, x->of, on_row, &x->recipe, NULL);
    return 0;
}

static void send_alert(const struct receipts *r, const struct receipt_check *x)
{
    if (!r->alert || !x->recipe)
        return;
    char *text = xasprintf("run %lld, recipe %s, undelivered: %s", (long long)x->of,
                           x->recipe, x->why);
    alert_bad(r->alert, INCIDENT_UNDELIVERED, x->client, x->client, text);
    free(text);
}

static void on_written(void *arg, const struct err *e)
{
    struct receipt_check *x = arg;
    if (e->kind != ERR_NONE)
        log_line(LOG_WARN, "cannot record whether a message was delivered: %s", e->text);
    else if (x->receipts && x->why && !x->again_ms && x->of)
        send_alert(x->receipts, x);
    check_free(x);
}

static void on_checked(void *arg, const struct run_result *result)
{
    struct receipt_check *x = arg;
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

/* ---- checks ---- */

static int is_under_way(const struct receipts *r, const struct ledger_receipt *row)
{
    const struct receipt_check *x;
    LIST_FOREACH(x, &r->checks, entry)
    {
        if (strcmp(x->ref, row->ref) == 0 && strcmp(x->client, row->client) == 0)
            return 1;
    }
    return 0;
}

static int start(void *arg, const struct ledger_receipt *row)
{
    struct receipts *r = arg;
    if (is_under_way(r, row))
        return 0;
    struct receipt_check *x = check_new(r, row);
    /* another company, to which the client was connected since, cannot tell */
    if (!row->company) {
        x->again_ms = clock_wall_ms() + AGAIN_MS;
        writer_submit(r->writer, 0, write_found, on_written, x);
        return r->n >= AT_ONCE;
    }
    json_t *args = json_pack("{s:s, s:s}", "app", x->app, "ref", x->ref);
    struct session_call call = {.id = x->ref,
                                .client = x->client,
                                .app = x->app,
                                .company = row->company,
                                .label = "receipt",
                                .entry = "receipt",
                                .args = args,
                                .lane = WINDOW_LANE_BULK,
                                .wait_ms = WAIT_MS};
    x->run = session_start(r->session, &call, on_checked, x);
    json_decref(args);
    return r->n >= AT_ONCE;
}

void receipts_poll(struct receipts *r)
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
    struct receipt_check *x = LIST_FIRST(&r->checks), *next;
    r->stopped = 1;
    for (; x; x = next) {
        next = LIST_NEXT(x, entry);
        if (!x->run)
            continue;
        run_kill(x->run);
        check_free(x);
    }
}

void receipts_free(struct receipts *r)
{
    if (!r)
        return;
    for (struct receipt_check *x = LIST_FIRST(&r->checks), *next; x; x = next) {
        next = LIST_NEXT(x, entry);
        x->receipts = NULL;
        if (!x->run)
            continue; /* freed when the writer has done its job */
        run_kill(x->run);
        check_free(x);
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

void receipts_hear(struct receipts *r, const char *app, const char *client,
                   const json_t *event)
{
    const char *type = NULL;
    const char *ref = receipts_failed(
        workspace_connector(session_workspace(r->session), app, NULL), event, &type);
    if (r->stopped || !ref)
        return;
    struct receipt_check *x =
        check_new(r, &(struct ledger_receipt){client, app, ref, 0, NULL});
    x->why = xasprintf("the customer did not get it: %s", type);
    writer_submit(r->writer, 0, write_found, on_written, x);
}
