#include "ops/pauses.h"

#include "base/clock.h"
#include "base/str.h"
#include "ops/report.h"
#include "store/ledger.h"
#include "core/jsontree.h"

/* ---- listing them ---- */

struct listing {
    struct db *db;
    json_t *rows;
    int64_t now_ms;
    int64_t due; /* runs of the current pause that are due */
    struct err *e;
    int failed;
};

static int count_due(void *arg, const struct ledger_run *run)
{
    struct listing *l = arg;
    l->due += run->due_ms <= l->now_ms;
    return 0;
}

static int add_pause(void *arg, const struct ledger_pause *pause)
{
    static const int states[] = {LEDGER_QUEUED, LEDGER_SLEEPING, LEDGER_WAITING,
                                 LEDGER_CONFIRMING};
    struct listing *l = arg;
    struct ledger_filter filter = {.client = *pause->client ? pause->client : NULL,
                                   .recipe = *pause->recipe ? pause->recipe : NULL,
                                   .states = states,
                                   .nstates = sizeof states / sizeof *states};
    json_t *row = json_object();
    l->due = 0;
    l->failed = ledger_each(l->db, &filter, count_due, l, l->e) != 0;
    report_set_text(row, "client", *pause->client ? pause->client : "(all)");
    report_set_text(row, "recipe", *pause->recipe ? pause->recipe : "(all)");
    report_set_text(row, "by", pause->by);
    report_set_time(row, "paused_at", pause->at_ms);
    json_object_set_new(row, "runs_waiting", json_integer(l->due));
    report_set_text(row, "reason", pause->reason);
    json_array_append_new(l->rows, row);
    return l->failed;
}

json_t *pauses_list(struct store *s, struct err *e)
{
    struct listing l = {store_db(s), json_array(), clock_wall_ms(), 0, e, 0};
    if (ledger_pauses(l.db, add_pause, &l, e) == 0 && !l.failed)
        return l.rows;
    json_decref(l.rows);
    return NULL;
}

/* ---- adding one ---- */

struct adding {
    const struct choice *clients;
    struct ledger_pause pause;
};

static int put(struct db *db, void *arg, struct err *e)
{
    struct adding *a = arg;
    if (!choice_is_given(a->clients))
        return ledger_pause(db, &a->pause, e);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < a->clients->n; i++) {
        a->pause.client = a->clients->clients[i];
        rc = ledger_pause(db, &a->pause, e);
    }
    return rc;
}

int pauses_add(struct store *s, const struct choice *clients, const char *recipe,
               const char *reason, struct err *e)
{
    struct adding adding = {.clients = clients,
                            .pause = {.client = "",
                                      .recipe = recipe ? recipe : "",
                                      .at_ms = clock_wall_ms(),
                                      .by = "hand",
                                      .reason = reason ? reason : ""}};
    return store_transaction(store_db(s), put, &adding, e);
}

/* ---- lifting them ---- */

struct lifting {
    const struct choice *clients;
    const char *recipe; /* NULL: not named */
    int all, lifted;
};

static int lift_one(struct db *db, struct lifting *l, const char *client,
                    const char *recipe, struct err *e)
{
    int n = 0;
    int rc = ledger_resume(db, client, recipe, &n, e);
    l->lifted += n;
    return rc;
}

static int add_names(void *arg, const struct ledger_pause *pause)
{
    json_array_append_new(
        arg, json_pack("{s:s, s:s}", "client", pause->client, "recipe", pause->recipe));
    return 0;
}

static int lift_all(struct db *db, struct lifting *l, struct err *e)
{
    json_t *pauses = json_array(), *pause;
    size_t i;
    int rc = ledger_pauses(db, add_names, pauses, e);
    json_array_foreach(pauses, i, pause)
    {
        if (rc == 0)
            rc = lift_one(db, l, json_text(pause, "client"), json_text(pause, "recipe"),
                          e);
    }
    json_decref(pauses);
    return rc;
}

static int lift(struct db *db, void *arg, struct err *e)
{
    struct lifting *l = arg;
    l->lifted = 0;
    if (l->all)
        return lift_all(db, l, e);
    const char *recipe = l->recipe ? l->recipe : "";
    if (!choice_is_given(l->clients))
        return lift_one(db, l, "", recipe, e);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < l->clients->n; i++)
        rc = lift_one(db, l, l->clients->clients[i], recipe, e);
    return rc;
}

int pauses_lift(struct store *s, const struct choice *clients, const char *recipe,
                int all, int *lifted, struct err *e)
{
    struct lifting l = {clients, recipe, all, 0};
    int rc = store_transaction(store_db(s), lift, &l, e);
    *lifted = l.lifted;
    return rc;
}

/* ---- which ones still apply ---- */

struct searching {
    const struct choice *clients;
    const char *recipe;
    json_t *rows;
};

static int add_wider(void *arg, const struct ledger_pause *pause)
{
    const struct searching *s = arg;
    if ((*pause->client && !choice_has(s->clients, pause->client)) ||
        (*pause->recipe && s->recipe && !str_eq(pause->recipe, s->recipe)))
        return 0;
    return add_names(s->rows, pause);
}

json_t *pauses_over(struct store *s, const struct choice *clients, const char *recipe,
                    struct err *e)
{
    struct searching searching = {clients, recipe, json_array()};
    if (ledger_pauses(store_db(s), add_wider, &searching, e) == 0)
        return searching.rows;
    json_decref(searching.rows);
    return NULL;
}
