#include "ops/alerts.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "ops/report.h"
#include "store/incident.h"
#include "work/alert.h"
#include "work/alert_text.h"

static json_t *row_of(struct workspace *w, const struct incident *i)
{
    struct judge_line line = {
        .what = JUDGE_OPENED, .incident = *i, .clients = (char *)""};
    struct buf text;
    buf_init(&text, 8 * 1024);
    alert_text_add(w, &line, clock_wall_ms(), &text);
    json_t *row = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}", "kind", i->kind, "key",
                            i->key, "state", "open", "signs", (json_int_t)i->signs, "n",
                            (json_int_t)i->n, "waiting", (json_int_t)i->urgent);
    if (*i->client)
        report_set_text(row, "client", i->client);
    report_set_time(row, "since", i->first_ms);
    report_set_time(row, "last", i->last_ms);
    report_set_time(row, "said", i->said_ms);
    report_set_text(row, "sentence", buf_str(&text));
    buf_free(&text);
    return row;
}

json_t *alerts_list(struct workspace *w, const char *client, struct err *e)
{
    struct store *store = workspace_store(w, e);
    struct incident *list = NULL;
    size_t n = 0;
    if (!store || incident_list(store_db(store), &list, &n, e) != 0)
        return NULL;
    json_t *rows = json_array();
    for (size_t i = 0; i < n; i++) {
        if (list[i].state == INCIDENT_OPEN && !(list[i].said & INCIDENT_COVERED) &&
            (!client || strcmp(list[i].client, client) == 0))
            json_array_append_new(rows, row_of(w, &list[i]));
        incident_fini(&list[i]);
    }
    free(list);
    return rows;
}

struct test {
    struct session *s;
    int is_done, status;
    struct err err;
};

static void on_sent(void *arg, int status, const struct err *e)
{
    struct test *t = arg;
    t->is_done = 1;
    t->status = status;
    t->err = *e;
    loop_stop(session_loop(t->s));
}

static void on_idle(void *arg)
{
    (void)arg;
}

json_t *alerts_test(struct session *s, const char *client, struct err *e)
{
    struct test t = {.s = s};
    struct alert *a =
        alert_new(session_workspace(s), session_httpc(s), NULL, on_idle, NULL);
    char *text = xasprintf("foyer: a test of alerts%s%s, sent by foyer alert test",
                           client ? " about " : "", client ? client : "");
    int rc = alert_send(a, client, text, on_sent, &t, e);
    while (rc == 0 && !t.is_done && !session_interrupted(s))
        loop_run(session_loop(s));
    alert_free(a);
    free(text);
    if (rc != 0)
        return NULL;
    if (!t.is_done) {
        err_set(e, ERR_UNAVAILABLE, "interrupted before the address answered");
    } else if (t.err.kind != ERR_NONE) { /* its text may show the address, a secret */
        err_set(e, t.err.kind, "the alert's address does not answer (%s)",
                err_kind_name(t.err.kind));
    } else if (t.status >= 300) {
        err_set(e, ERR_INVALID, "the alert's address answers %d: nothing has arrived",
                t.status);
    } else {
        return json_pack("{s:i}", "status", t.status);
    }
    return NULL;
}
