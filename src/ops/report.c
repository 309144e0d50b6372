#include "ops/report.h"

#include <stdlib.h>
#include <string.h>

#include "core/jsontree.h"
#include "core/words.h"
#include "base/printable.h"
#include "base/str.h"
#include "store/store.h"

enum { COMPANIES_MAX = 32 };

struct report {
    struct workspace *w;
    struct db *db;
    json_t *audience;  /* "app/company" -> names of clients */
    json_t *companies; /* client -> [app, company, app, company …] */
    json_t *pauses;    /* {client, recipe} of each that is in force; "": all */
    const char *pairs[2 * COMPANIES_MAX];
};

/* ---- setting members ---- */

void report_set_text(json_t *tree, const char *key, const char *text)
{
    json_t *value = text ? json_string(text) : NULL;
    if (text && !value) {
        char *repaired = printable_copy(text, strlen(text), 1);
        value = json_string(repaired);
        free(repaired);
    }
    if (value)
        json_object_set_new(tree, key, value);
}

void report_set_time(json_t *tree, const char *key, int64_t ms)
{
    if (ms > 0)
        json_object_set_new(tree, key, json_real((double)ms / 1000));
}

static void set_count(json_t *tree, const char *key, int64_t n)
{
    if (n)
        json_object_set_new(tree, key, json_integer(n));
}

/* Sets the stored document that TEXT is, or TEXT itself when it is not JSON. */
static void set_json(json_t *tree, const char *key, const char *text)
{
    json_t *value = jsontree_reads(text, NULL);
    if (value)
        json_object_set_new(tree, key, value);
    else
        report_set_text(tree, key, text);
}

static json_t *need_list(json_t *tree, const char *key)
{
    json_t *list = json_object_get(tree, key);
    if (!list) {
        list = json_array();
        json_object_set_new(tree, key, list);
    }
    return list;
}

/* ---- which client is connected to which company ---- */

static int add_connection(void *arg, const char *client, const struct store_connection *c)
{
    struct report *s = arg;
    char *company = xasprintf("%s/%s", c->app, c->id);
    json_array_append_new(need_list(s->audience, company), json_string(client));
    json_t *own = need_list(s->companies, client);
    if (json_array_size(own) < 2 * COMPANIES_MAX) {
        json_array_append_new(own, json_string(c->app));
        json_array_append_new(own, json_string(c->id));
    }
    free(company);
    return 0;
}

static int keep_pause(void *arg, const struct ledger_pause *pause)
{
    json_array_append_new(
        arg, json_pack("{s:s, s:s}", "client", pause->client, "recipe", pause->recipe));
    return 0;
}

struct report *report_open(struct workspace *w, struct err *e)
{
    struct store *store = workspace_store(w, e);
    if (!store)
        return NULL;
    struct report *s = xcalloc(1, sizeof *s);
    s->w = w;
    s->db = store_db(store);
    s->audience = json_object();
    s->companies = json_object();
    s->pauses = json_array();
    if (store_connection_each(store, add_connection, s, e) != 0 ||
        ledger_pauses(s->db, keep_pause, s->pauses, e) != 0) {
        report_close(s);
        return NULL;
    }
    return s;
}

void report_close(struct report *s)
{
    if (!s)
        return;
    json_decref(s->audience);
    json_decref(s->companies);
    json_decref(s->pauses);
    free(s);
}

struct db *report_db(const struct report *s)
{
    return s->db;
}

struct workspace *report_workspace(const struct report *s)
{
    return s->w;
}

const char *const *report_companies(struct report *s, const char *client, size_t *n)
{
    const json_t *list = json_object_get(s->companies, client);
    size_t i;
    json_t *text;
    json_array_foreach(list, i, text)
    {
        s->pairs[i] = json_string_value(text);
    }
    *n = json_array_size(list) / 2;
    return s->pairs;
}

/* ---- a conversation's address ---- */

struct id_search {
    struct workspace *w;
    const char *id;
    int found;   /* 1: it has the prefix of an app's conversations */
    char *first; /* such an app's URL of it; NULL: none */
};

static void try_app(void *arg, const char *app)
{
    struct id_search *s = arg;
    const json_t *kind =
        json_at(workspace_connector(s->w, app, NULL), "ids.conversation");
    const char *prefix = json_text(kind, "prefix");
    const char *open = json_text(kind, "open");
    const char *hole = open ? strstr(open, "{id}") : NULL;
    if (!prefix || !str_starts(s->id, prefix))
        return;
    s->found = 1;
    if (hole && !s->first)
        s->first = xasprintf("%.*s%s%s", (int)(hole - open), open, s->id, hole + 4);
}

int report_is_conversation(const struct report *s, const char *id, char **url)
{
    struct id_search search = {s->w, id, 0, NULL};
    overlay_each(workspace_overlay(s->w), NULL, "lua", try_app, &search);
    *url = search.first;
    return search.found;
}

static void add_conversation_link(struct report *s, json_t *tree,
                                  const char *conversation)
{
    char *url = NULL;
    if (conversation)
        report_is_conversation(s, conversation, &url);
    report_set_text(tree, "link", url);
    free(url);
}

/* ---- runs ---- */

const char *report_run_state(const struct ledger_run *run)
{
    return run->state == LEDGER_QUEUED && run->failures > 0
               ? "retrying"
               : ledger_state_name(run->state);
}

/* Returns 1 for a run that foyer goes on with by itself, if no pause holds it. */
static int goes_on(enum ledger_state state)
{
    return state == LEDGER_QUEUED || state == LEDGER_SLEEPING ||
           state == LEDGER_WAITING || state == LEDGER_CONFIRMING;
}

static int is_paused(const struct report *s, const struct ledger_run *run)
{
    size_t i;
    json_t *pause;
    json_array_foreach(s->pauses, i, pause)
    {
        const char *client = json_text(pause, "client"),
                   *recipe = json_text(pause, "recipe");
        if ((!*client || str_eq(client, run->client)) &&
            (!*recipe || str_eq(recipe, run->recipe)))
            return 1;
    }
    return 0;
}

const char *report_run_word(const struct report *s, const struct ledger_run *run)
{
    if (run->undelivered)
        return WORD_NEEDS_YOU;
    return goes_on(run->state) && is_paused(s, run) ? WORD_PAUSED
                                                    : words_of(report_run_state(run));
}

json_t *report_run_row(const struct report *s, const struct ledger_run *run)
{
    json_t *row = json_pack(
        "{s:I, s:s, s:s, s:s, s:s, s:s, s:i}", "id", (json_int_t)run->id, "client",
        run->client, "recipe", run->recipe, "state", report_run_state(run), "word",
        report_run_word(s, run), "origin", run->origin, "attempts", run->attempts);
    set_count(row, "activation", run->activation);
    set_count(row, "release", run->release);
    set_count(row, "failures", run->failures);
    set_count(row, "crashes", run->crashes);
    report_set_text(row, "conversation", run->conversation);
    report_set_time(row, "slot_at", run->slot_ms);
    report_set_time(row, "created_at", run->created_ms);
    report_set_time(row, "began_at", run->began_ms);
    report_set_time(row, "ended_at", run->ended_ms);
    if (goes_on(run->state))
        report_set_time(row, "due_at", run->due_ms);
    report_set_text(row, "kind", run->kind);
    report_set_text(row, "reason", run->reason);
    report_set_text(row, "undelivered", run->undelivered);
    if (run->dry)
        json_object_set_new(row, "dry", json_true());
    return row;
}

struct reading {
    struct report *s;
    json_t *tree;
    enum ledger_state state;
    int64_t activation;
};

static int on_run(void *arg, const struct ledger_run *run)
{
    struct reading *r = arg;
    r->tree = report_run_row(r->s, run);
    r->state = run->state;
    r->activation = run->activation;
    set_json(r->tree, "result", run->result);
    if (!run->activation)
        set_json(r->tree, "args", run->args);
    add_conversation_link(r->s, r->tree, run->conversation);
    return 1;
}

static int on_activation(void *arg, const struct activation *a)
{
    json_t *tree = arg;
    report_set_text(tree, "trigger", a->trigger);
    set_count(tree, "delivery", a->delivery);
    return 1;
}

static int on_event(void *arg, const struct ledger_event *event)
{
    json_t *line = json_object();
    report_set_time(line, "at", event->at_ms);
    report_set_text(line, "what", event->what);
    report_set_text(line, "text", event->text);
    json_array_append_new(arg, line);
    return 0;
}

/* Sets `write` for an intent that was sent and has no outcome: its fate is unknown. */
static int on_step(void *arg, const struct journal_entry *step)
{
    json_t *tree = arg;
    if (!step->is_intent || step->is_done || !step->at_ms)
        return 0;
    json_t *write = jsontree_read(step->input, step->input_len, NULL);
    if (!json_is_object(write)) {
        json_decref(write);
        write = json_object();
        report_set_text(write, "what", step->name);
    }
    report_set_time(write, "at", step->at_ms);
    json_object_set_new(tree, "write", write);
    return 0;
}

static int is_held_by(const char *whose, const json_t *tree, const char *key)
{
    return !*whose || str_eq(whose, json_text(tree, key));
}

/* Adds a pause that holds the run of TREE, and the command that lifts it. */
static int on_pause(void *arg, const struct ledger_pause *pause)
{
    json_t *tree = arg;
    if (!is_held_by(pause->client, tree, "client") ||
        !is_held_by(pause->recipe, tree, "recipe"))
        return 0;
    json_t *row = json_object();
    report_set_text(row, "client", *pause->client ? pause->client : NULL);
    report_set_text(row, "recipe", *pause->recipe ? pause->recipe : NULL);
    report_set_text(row, "by", pause->by);
    report_set_text(row, "reason", *pause->reason ? pause->reason : NULL);
    report_set_time(row, "paused_at", pause->at_ms);
    json_array_append_new(need_list(tree, "paused"), row);
    const char *client = pause->client, *recipe = pause->recipe;
    char *line = xasprintf("foyer resume%s%s%s%s%s", *client ? " --client " : "", client,
                           *recipe ? " --recipe " : "", recipe,
                           *client || *recipe ? "" : " --all");
    json_array_append_new(need_list(tree, "commands"), json_string(line));
    free(line);
    return 0;
}

/* ---- what a run sent and got ---- */

/* Makes a time in seconds of `at`, and JSON of an answer that is. */
static void finish_exchange(json_t *row)
{
    int64_t at_ms = json_int(row, "at");
    const char *answer = json_text(row, "answer");
    json_t *tree = jsontree_reads(answer, NULL);
    if (tree)
        json_object_set_new(row, "answer", tree);
    json_object_del(row, "at");
    report_set_time(row, "at", at_ms);
}

/* Sets how a script calls the template: "letters/hello.md". */
static void set_name(json_t *template, const char *file)
{
    static const char below[] = "templates/";
    const char *at = strstr(file, below);
    report_set_text(template, "name", at ? at + sizeof below - 1 : file);
}

static void add_exchanges(json_t *tree, json_t *kept)
{
    json_t *list = json_array(), *row;
    size_t i, at;
    json_array_foreach(json_object_get(kept, "items"), i, row)
    {
        /* one of an earlier scope may be stored after one of an outer scope */
        for (at = i; at > 0; at--)
            if (json_int(json_array_get(list, at - 1), "at") <= json_int(row, "at"))
                break;
        json_array_insert(list, at, row);
    }
    json_array_foreach(list, i, row)
    {
        finish_exchange(row);
    }
    json_object_set_new(tree, "exchanges", list);
    json_array_foreach(json_object_get(kept, "templates"), i, row)
    {
        int64_t layer = json_int(row, "layer");
        if (layer >= 0 && layer < OVERLAY_LAYERS)
            json_object_set_new(row, "layer",
                                json_string(overlay_layer_name((int)layer)));
        set_name(row, json_text_or(row, "file", ""));
        json_object_set(row, "release", json_object_get(tree, "release"));
    }
    json_object_set(tree, "templates", json_object_get(kept, "templates"));
    json_object_set(tree, "exchanges_left_out", json_object_get(kept, "more"));
}

static int read_exchanges(struct report *s, int64_t id, json_t *tree, struct err *e)
{
    char *text;
    if (ledger_exchanges(s->db, id, &text, e) != 0)
        return -1;
    json_t *kept = jsontree_reads(text, NULL);
    if (kept)
        add_exchanges(tree, kept);
    json_decref(kept);
    free(text);
    return 0;
}

static void add_command(json_t *tree, int64_t id, const char *verb, const char *rest)
{
    char *line = xasprintf("foyer runs %s %lld%s", verb, (long long)id, rest);
    json_array_append_new(need_list(tree, "commands"), json_string(line));
    free(line);
}

static void add_commands(json_t *tree, enum ledger_state state, int64_t id)
{
    int uncertain = json_object_get(tree, "write") != NULL;
    if (uncertain && (state == LEDGER_PARKED || state == LEDGER_CONFIRMING)) {
        add_command(tree, id, "resolve", " --sent");
        add_command(tree, id, "resolve", " --not-sent");
    }
    if (state == LEDGER_PARKED || state == LEDGER_DEAD) {
        add_command(tree, id, "retry", "");
        if (!uncertain)
            add_command(tree, id, "retry", " --new-code");
    }
    if (state == LEDGER_PARKED || state == LEDGER_HELD || state == LEDGER_DEAD)
        add_command(tree, id, "cancel", "");
    if (json_object_get(tree, "undelivered") && !uncertain)
        add_command(tree, id, "resolve", " --sent");
}

json_t *report_run(struct report *s, int64_t id, struct err *e)
{
    struct reading r = {.s = s};
    json_t *history = json_array();
    if (ledger_read(s->db, id, on_run, &r, e) != 0 ||
        ledger_history(s->db, id, on_event, history, e) != 0 ||
        ledger_steps(s->db, id, on_step, r.tree, e) != 0 ||
        read_exchanges(s, id, r.tree, e) != 0) {
        json_decref(history);
        json_decref(r.tree);
        return NULL;
    }
    if (r.activation) /* it may have been pruned */
        inbox_activation(s->db, r.activation, on_activation, r.tree, NULL);
    json_object_set_new(r.tree, "history", history);
    if (goes_on(r.state))
        ledger_pauses(s->db, on_pause, r.tree, NULL);
    add_commands(r.tree, r.state, id);
    return r.tree;
}

/* ---- deliveries ---- */

static const json_t *clients_of(const struct report *s, const struct delivery *d)
{
    char *company = xasprintf("%s/%s", d->app, d->company ? d->company : "");
    const json_t *list = json_object_get(s->audience, company);
    free(company);
    return list;
}

static json_t *delivery_head(const struct delivery *d)
{
    const char *state = delivery_state_name(d->state);
    json_t *row = json_pack("{s:I, s:s, s:s, s:s, s:s, s:i}", "id", (json_int_t)d->id,
                            "app", d->app, "scheme", d->scheme, "state", state, "word",
                            words_of(state), "attempts", d->attempts);
    report_set_time(row, "at", d->at_ms);
    report_set_text(row, "route_client", d->client);
    report_set_text(row, "route_trigger", d->trigger);
    report_set_text(row, "company", d->company);
    report_set_text(row, "type", d->type);
    report_set_text(row, "event", d->event);
    report_set_text(row, "conversation", d->conversation);
    set_count(row, "crashes", d->crashes);
    if (d->state == DELIVERY_WAITING)
        report_set_time(row, "due_at", d->due_ms);
    return row;
}

static void set_unrouted(json_t *row, const struct delivery *d)
{
    char *why = d->company && *d->company
                    ? xasprintf("no client is connected to the company %s; after foyer "
                                "connect: foyer events replay %lld",
                                d->company, (long long)d->id)
                    : xstrdup("it names no company: use a client's own address, "
                              "/hooks/CLIENT/APP");
    report_set_text(row, "why", why);
    free(why);
}

/* Sets `why` from the note about the delivery as a whole, which work/delivery_result.h
 * and work/reclaim.c write. */
static void add_why(json_t *row, const struct delivery *d, const json_t *note)
{
    const json_t *why = json_object_get(json_object_get(note, ""), "why");
    if (!why)
        why = json_object_get(note, "dead");
    if (json_is_string(why))
        json_object_set(row, "why", (json_t *)why);
    else if (d->note && !note)
        report_set_text(row, "why", d->note);
    else if (d->state == DELIVERY_UNROUTED)
        set_unrouted(row, d);
}

int report_is_for(const struct report *s, const struct delivery *d,
                  const struct choice *clients)
{
    size_t i;
    const json_t *name;
    if (d->client || !clients || !choice_is_given(clients))
        return choice_has(clients, d->client);
    json_array_foreach(clients_of(s, d), i, name)
    {
        if (choice_has(clients, json_string_value(name)))
            return 1;
    }
    return 0;
}

json_t *report_delivery_row(const struct report *s, const struct delivery *d)
{
    json_t *row = delivery_head(d);
    json_t *note = jsontree_reads(d->note, NULL);
    json_t *clients =
        d->client ? json_pack("[s]", d->client) : json_deep_copy(clients_of(s, d));
    json_object_set_new(row, "clients", clients ? clients : json_array());
    add_why(row, d, note);
    json_decref(note);
    return row;
}

struct telling {
    struct report *s;
    const char *client; /* NULL: all */
    json_t *clients;    /* name -> its part */
    json_t *fired;      /* the trigger objects that get `runs` */
};

static json_t *part_of(struct telling *t, const char *client)
{
    if (t->client && !str_eq(t->client, client))
        return NULL;
    json_t *part = json_object_get(t->clients, client);
    if (!part) {
        part = json_pack("{s:s, s:[]}", "client", client, "triggers");
        json_object_set_new(t->clients, client, part);
    }
    return part;
}

static int on_fired(void *arg, const struct activation *a)
{
    struct telling *t = arg;
    json_t *part = part_of(t, a->client);
    if (!part)
        return 0;
    json_t *trigger = json_pack("{s:b, s:I, s:[]}", "fired", 1, "activation",
                                (json_int_t)a->id, "runs");
    report_set_text(trigger, "trigger", a->trigger);
    report_set_text(trigger, "key", a->key);
    report_set_time(trigger, "at", a->at_ms);
    json_t *note = jsontree_reads(a->note, NULL);
    json_t *not_on = json_object_get(note, "not_on");
    if (json_array_size(not_on))
        json_object_set(trigger, "not_on", not_on);
    json_decref(note);
    json_array_append(t->fired, trigger);
    json_array_append_new(json_object_get(part, "triggers"), trigger);
    return 0;
}

/* Adds what the note says of one client: {"front/x": why, "others": why,
 * "error": why, "recipe NAME": why}. */
static void add_quiet(json_t *part, const json_t *said)
{
    static const char recipe[] = "recipe ";
    const char *what;
    json_t *why;
    json_object_foreach((json_t *)said, what, why)
    {
        if (str_eq(what, "error") || str_eq(what, "others")) {
            json_object_set(part, what, why);
        } else if (str_starts(what, recipe)) {
            json_array_append_new(
                need_list(part, "broken"),
                json_pack("{s:s, s:O}", "recipe", what + sizeof recipe - 1, "why", why));
        } else {
            json_array_append_new(
                json_object_get(part, "triggers"),
                json_pack("{s:b, s:s, s:O}", "fired", 0, "trigger", what, "why", why));
        }
    }
}

static void add_note(struct telling *t, const json_t *note)
{
    const char *client;
    json_t *said;
    json_object_foreach((json_t *)note, client, said)
    {
        json_t *part = *client && json_is_object(said) ? part_of(t, client) : NULL;
        if (part)
            add_quiet(part, said);
    }
}

struct run_rows {
    const struct report *s;
    json_t *rows; /* oldest first */
};

static int on_run_row(void *arg, const struct ledger_run *run)
{
    struct run_rows *r = arg;
    json_array_insert_new(r->rows, 0, report_run_row(r->s, run));
    return 0;
}

static int add_runs(struct telling *t, json_t *trigger, int history, struct err *e)
{
    json_t *rows = json_object_get(trigger, "runs"), *row;
    struct run_rows found = {t->s, rows};
    struct ledger_filter filter = {.activation = json_int(trigger, "activation")};
    if (ledger_each(t->s->db, &filter, on_run_row, &found, e) != 0)
        return -1;
    for (size_t i = 0; history && (row = json_array_get(rows, i)); i++) {
        json_t *run = report_run(t->s, json_int(row, "id"), e);
        if (!run)
            return -1;
        json_array_set_new(rows, i, run);
    }
    return 0;
}

json_t *report_delivery(struct report *s, const struct delivery *d, const char *client,
                        int history, struct err *e)
{
    json_t *row = delivery_head(d);
    json_t *note = jsontree_reads(d->note, NULL);
    struct telling t = {s, client, json_object(), json_array()};
    size_t i;
    json_t *item;
    const char *name;
    add_why(row, d, note);
    if (d->client)
        part_of(&t, d->client);
    json_array_foreach(d->client ? NULL : clients_of(s, d), i, item)
    {
        part_of(&t, json_string_value(item));
    }
    int rc = inbox_activations_of(s->db, d->id, on_fired, &t, e);
    add_note(&t, note);
    json_array_foreach(t.fired, i, item)
    {
        if (rc == 0)
            rc = add_runs(&t, item, history, e);
    }
    json_t *clients = need_list(row, "clients");
    json_object_foreach(t.clients, name, item) json_array_append(clients, item);
    json_decref(t.clients);
    json_decref(t.fired);
    json_decref(note);
    if (rc != 0) {
        json_decref(row);
        return NULL;
    }
    return row;
}
