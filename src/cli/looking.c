#include "cli/looking.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "core/jsontree.h"
#include "io/writer.h"
#include "ops/selection.h"
#include "store/store.h"
#include "work/look.h"

struct looking {
    struct cli *cli;
    struct look *look;
    json_t *rows;
    json_t *unseen;  /* app -> types that cannot be swept */
    struct err last; /* of the last look that failed */
    int is_heal;
};

static void add_heal(struct looking *g, json_t *row, const struct look_result *r)
{
    const struct look_target *t = &r->target;
    int is_company = t->client_names != NULL; /* else the client has none */
    json_object_set_new(row, is_company ? "company" : "client",
                        json_string(t->key.whose));
    if (is_company)
        json_object_set_new(row, "clients", json_deep_copy(t->client_names));
    if (r->outcome != LOOK_DONE)
        return;
    json_object_set_new(row, "events", json_integer(r->listed));
    json_object_set_new(row, "missed", json_integer(r->nmissed));
    json_object_set_new(row, "missed_in_all", json_integer(r->in_all));
    json_object_set_new(row, "missed_by_type", json_deep_copy(r->missed));
    json_object_set_new(row, "may_still_come", json_integer(r->young));
    json_object_set_new(row, "came_late", json_integer(r->late));
    json_object_set_new(row, "taken", json_integer(r->taken));
    if (json_array_size(r->unseen))
        json_object_set(g->unseen, t->key.app, r->unseen);
}

static void add_poll(json_t *row, const struct look_result *r)
{
    json_object_set_new(row, "client", json_string(r->target.key.whose));
    report_set_text(row, "trigger", *r->target.key.name ? r->target.key.name : NULL);
    if (r->outcome != LOOK_DONE)
        return;
    json_object_set_new(row, "listed", json_integer(r->listed));
    json_object_set_new(row, "fired", json_integer(r->fired));
    json_object_set_new(row, "fired_in_all", json_integer(r->in_all));
}

static const char first[] =
    "the store has no mark of an earlier look: what happens from now on is found; "
    "--since TIME looks for what happened before";

static void on_result(void *arg, const struct look_result *r)
{
    struct looking *g = arg;
    json_t *row = json_object();
    report_set_text(row, "app", *r->target.key.app ? r->target.key.app : NULL);
    if (g->is_heal)
        add_heal(g, row, r);
    else
        add_poll(row, r);
    if (r->outcome == LOOK_DONE)
        report_set_time(row, "from_at", r->from_ms);
    if (r->outcome == LOOK_DONE || r->outcome == LOOK_FIRST)
        report_set_time(row, "mark_at", r->mark_ms);
    if (r->outcome == LOOK_FIRST)
        json_object_set_new(row, "note", json_string(first));
    if (r->outcome == LOOK_BUSY)
        json_object_set_new(row, "note",
                            json_string("another process is looking at the moment"));
    if (r->outcome == LOOK_FAILED) {
        g->last = r->err;
        json_object_set_new(row, "note", json_string(r->err.text));
        json_object_set_new(row, "error", cli_error_tree(&r->err));
    }
    json_array_append_new(g->rows, row);
}

static void on_changed(void *arg)
{
    (void)arg;
}

static void on_idle(void *arg)
{
    struct looking *g = arg;
    loop_stop(session_loop(g->cli->session));
}

static void print_unseen(const struct looking *g)
{
    const char *app;
    const json_t *types, *type;
    size_t i;
    json_object_foreach(g->unseen, app, types)
    {
        table_printf(stderr,
                     "foyer: %s does not list events of these types, so a webhook "
                     "of them that did not come cannot be found:",
                     app);
        json_array_foreach(types, i, type)
        {
            table_printf(stderr, " %s", json_string_value(type));
        }
        fputc('\n', stderr);
    }
}

static void print_rows(struct looking *g)
{
    if (g->cli->json || json_array_size(g->rows))
        cli_print_rows(g->cli, g->rows,
                       g->is_heal ? "company events missed taken mark_at note"
                                  : "client trigger listed fired mark_at note");
    else
        fprintf(stderr, "foyer: no recipe that is switched on listens to %s\n",
                g->is_heal ? "an app's events" : "a trigger that is polled");
    if (g->is_heal && !g->cli->json)
        print_unseen(g);
}

static int look(struct looking *g, int kinds, int64_t since_ms, struct err *e)
{
    struct cli *cli = g->cli;
    struct loop *loop = session_loop(cli->session);
    struct presence *presence = workspace_presence(cli->w, e);
    if (!presence)
        return -1;
    presence_start(presence);
    struct writer *writer = writer_open_here(store_db(cli->store), loop);
    g->look = look_new(cli->session, writer, presence, on_changed, on_idle, g, e);
    int rc = g->look ? 0 : -1;
    if (g->look) {
        look_on_result(g->look, on_result, g);
        look_now(g->look, kinds, (const char *const *)cli->clients.clients,
                 cli->clients.n, since_ms);
        while (!look_is_idle(g->look) && !session_interrupted(cli->session))
            loop_run(loop);
        look_stop(g->look);
    }
    writer_close(writer);
    look_free(g->look);
    return rc;
}

int looking_run(struct cli *cli, int kinds, const char *since, struct err *e)
{
    struct selection which = {.since = since};
    struct looking g = {.cli = cli, .is_heal = kinds == LOOK_HEALS};
    which.clients = &cli->clients;
    int code = selection_read(&which, SELECTION_DELIVERIES, NULL, 0, 0, e);
    g.rows = json_array();
    g.unseen = json_object();
    if (code == 0)
        code = look(&g, kinds, which.since_ms, e);
    if (code == 0) {
        print_rows(&g);
        code = session_interrupted(cli->session) ? 130
               : g.last.kind                     ? err_exit_code(g.last.kind)
                                                 : 0;
    }
    selection_fini(&which);
    json_decref(g.rows);
    json_decref(g.unseen);
    return code;
}
