#include "work/delivery_result.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "core/jsontree.h"
#include "base/str.h"
#include "store/ledger.h"
#include "base/crypto.h"

void delivery_result_init(struct delivery_result *o, int64_t delivery, const char *owner,
                          const void *body, size_t len)
{
    unsigned char hash[CRYPTO_SHA256_SIZE];
    *o = (struct delivery_result){
        .delivery = delivery, .owner = owner, .limits = &limits_default};
    crypto_sha256(body, len, hash);
    str_hex(hash, (DELIVERY_RESULT_KEY_SIZE - 1) / 2, o->key);
    o->clients = json_object();
    o->note = json_object();
    o->room = json_object();
}

static void forget_started(struct delivery_result *o)
{
    for (int i = 0; i < o->nstarted; i++)
        stored_run_free(o->started[i].run);
    o->nstarted = 0;
}

void delivery_result_fini(struct delivery_result *o)
{
    forget_started(o);
    json_decref(o->clients);
    json_decref(o->note);
    json_decref(o->room);
    free(o->started);
    *o = (struct delivery_result){0};
}

void delivery_result_add(struct delivery_result *o, const char *client, json_t *result)
{
    json_object_set_new(o->clients, client, result);
}

/* The note's member for CLIENT, made when it is missing. */
static json_t *note_of(struct delivery_result *o, const char *client)
{
    json_t *note = json_object_get(o->note, client);
    if (!note) {
        note = json_object();
        json_object_set_new(o->note, client, note);
    }
    return note;
}

static void note_add(struct delivery_result *o, const char *client, const char *what,
                     const char *why)
{
    if (what && why)
        json_object_set_new(note_of(o, client), what, json_string(why));
}

void delivery_result_fail(struct delivery_result *o, const char *client, const char *why)
{
    note_add(o, client, "error", why);
}

void delivery_result_set_why(struct delivery_result *o, const char *why, int failures,
                             int64_t first_ms)
{
    note_add(o, "", "why", why);
    if (first_ms == 0)
        return;
    json_object_set_new(note_of(o, ""), "failures", json_integer(failures));
    json_object_set_new(note_of(o, ""), "first_failure_ms", json_integer(first_ms));
}

int delivery_result_failures(const char *note, int64_t *first_ms)
{
    json_t *tree = jsontree_reads(note, NULL);
    const json_t *own = json_object_get(tree, "");
    int failures = (int)json_int(own, "failures");
    *first_ms = json_int(own, "first_failure_ms");
    json_decref(tree);
    return failures;
}

void delivery_result_each_run(const struct delivery_result *o,
                              void (*fn)(void *arg, const char *client), void *arg)
{
    const char *client;
    json_t *result, *firing;
    size_t i;
    json_object_foreach(o->clients, client, result)
    {
        json_array_foreach(json_object_get(result, "fired"), i, firing)
        {
            size_t n = json_array_size(json_object_get(firing, "recipes"));
            while (n-- > 0)
                fn(arg, client);
        }
    }
}

/* ---- the transaction ---- */

char *delivery_result_policy(const json_t *recipe)
{
    const json_t *retry = json_object_get(recipe, "retry");
    json_t *policy = json_object();
    static const char *const keys[] = {"attempts", "give_up"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        json_t *value = json_object_get(retry, keys[i]);
        if (json_is_number(value))
            json_object_set(policy, keys[i], value);
    }
    if (json_text(recipe, "uncertain"))
        json_object_set(policy, "uncertain", json_object_get(recipe, "uncertain"));
    char *text = json_dumps(policy, JSON_COMPACT);
    json_decref(policy);
    return text;
}

static int has_room(const struct delivery_result *o, const char *client)
{
    int64_t room = json_int(o->room, client);
    for (int i = 0; i < o->nstarted; i++)
        room -= strcmp(o->started[i].client, client) == 0;
    return room > 0;
}

/* Reads the run, so that its attempt can begin. */
static int note_started(struct delivery_result *o, struct db *db, const char *client,
                        int64_t id, struct err *e)
{
    struct stored_run *run = stored_run_read(db, id, o->limits, e);
    if (!run)
        return -1;
    array_grow(o->started, o->nstarted);
    o->started[o->nstarted++] = (struct delivery_result_run){client, run};
    return 0;
}

static int add_run(struct delivery_result *o, struct db *db, const struct activation *a,
                   const json_t *recipe, struct err *e)
{
    const char *name = json_text(recipe, "name"), *order = json_text(recipe, "order");
    if (!name)
        return 0;
    json_t *args =
        json_pack("{s:s, s:s*}", "recipe", name, "trigger", json_text(recipe, "trigger"));
    char *args_text = json_dumps(args, JSON_COMPACT);
    char *policy = delivery_result_policy(recipe);
    /* unambiguous: neither name has a slash */
    char *order_key = order ? xasprintf("%s/%s/%s", a->client, name, order) : NULL;
    struct ledger_run run = {
        .client = a->client,
        .recipe = name,
        .origin = "activation",
        .activation = a->id,
        .conversation = a->conversation,
        .args = args_text,
        .order_key = order_key,
        .policy = policy,
        .state = LEDGER_QUEUED,
        .due_ms = o->now_ms,
        .created_ms = o->now_ms,
        .release = json_integer_value(json_object_get(o->releases, a->client))};
    int64_t id;
    int rc = has_room(o, a->client) ? ledger_add_started(db, &run, o->owner, &id, e) : 0;
    int is_started = rc == 1;
    if (is_started)
        rc = note_started(o, db, a->client, id, e);
    else if (rc == 0)
        rc = ledger_add(db, &run, NULL, &id, e) == 0 ? 0 : -1;
    o->runs += rc == 0 && !is_started;
    json_decref(args);
    free(args_text);
    free(policy);
    free(order_key);
    return rc < 0 ? -1 : 0;
}

/* Wakes the runs that wait for this activation and adds a run of each recipe that listens
 * to it. */
static int start_runs(struct delivery_result *o, struct db *db,
                      const struct activation *a, const json_t *recipes, struct err *e)
{
    int woken = 0;
    if (ledger_wake(db, a->client, a->trigger, a->id, a->event, o->now_ms, &woken, e) !=
        0)
        return -1;
    o->woken += woken;
    size_t i;
    const json_t *recipe;
    json_array_foreach((json_t *)recipes, i, recipe)
    {
        if (add_run(o, db, a, recipe, e) != 0)
            return -1;
    }
    return 0;
}

struct same { /* finds an activation of the same delivery */
    const char *client, *trigger;
    int found;
};

static int is_same(void *arg, const struct activation *a)
{
    struct same *same = arg;
    same->found = str_eq(a->client, same->client) && str_eq(a->trigger, same->trigger);
    return same->found;
}

/* Sets *KEY of a firing without `key`: the event's id, as a webhook and the app's list of
 * events have other bytes. Returns 1 when the trigger has fired by the body's hash, which
 * an older foyer took. */
static int find_key(const struct delivery_result *o, struct db *db, const char *client,
                    const json_t *firing, const char **key, struct err *e)
{
    const char *id = json_text(firing, "id");
    *key = id ? id : o->key;
    return id ? inbox_has_fired(db, client, json_text(firing, "trigger"), o->key, e) : 0;
}

int delivery_result_fire(struct delivery_result *o, struct db *db, const char *client,
                         const json_t *firing, const char *event, struct err *e)
{
    const json_t *not_on = json_object_get(firing, "not_on");
    const char *trigger = json_text(firing, "trigger"), *key = json_text(firing, "key");
    int has_fired = 0;
    if (!trigger || !event)
        return 0;
    json_t *note = json_array_size(not_on) ? json_pack("{s:O}", "not_on", not_on) : NULL;
    char *note_text = note ? json_dumps(note, JSON_COMPACT) : NULL;
    if (!key)
        has_fired = find_key(o, db, client, firing, &key, e);
    struct activation a = {.at_ms = o->now_ms,
                           .client = client,
                           .trigger = trigger,
                           .key = key,
                           .delivery = o->delivery,
                           .conversation = json_text(firing, "conversation"),
                           .note = note_text,
                           .event = event};
    int rc = has_fired < 0 ? -1 : has_fired > 0 ? 0 : inbox_activate(db, &a, &a.id, e);
    if (rc == 1) {
        o->activations++;
        rc = start_runs(o, db, &a, json_object_get(firing, "recipes"), e);
    } else if (rc == 0 && o->delivery) {
        /* the key may be this delivery's own, from an earlier attempt */
        struct same same = {client, trigger, 0};
        rc = inbox_activations_of(db, o->delivery, is_same, &same, e);
        if (rc == 0 && !same.found)
            note_add(o, client, trigger,
                     "it fired for the same thing before (by its key)");
    }
    free(note_text);
    json_decref(note);
    return rc < 0 ? -1 : 0;
}

static void note_client(struct delivery_result *o, const char *client,
                        const json_t *result)
{
    size_t i;
    const json_t *item;
    note_add(o, client, "error", json_text(result, "why"));
    note_add(o, client, "others", json_text(result, "others"));
    json_array_foreach(json_object_get(result, "quiet"), i, item)
    {
        note_add(o, client, json_text(item, "trigger"), json_text(item, "why"));
    }
    json_array_foreach(json_object_get(result, "broken"), i, item)
    {
        const char *recipe = json_text(item, "recipe");
        char *what = xasprintf("recipe %s", recipe ? recipe : "?");
        note_add(o, client, what, json_text(item, "why"));
        free(what);
    }
}

int delivery_result_write(struct db *db, struct delivery_result *o, struct err *e)
{
    const char *client;
    const json_t *result, *firing;
    size_t i;
    forget_started(o);
    o->activations = o->runs = o->woken = 0;
    json_object_foreach(o->clients, client, result)
    {
        note_client(o, client, result);
        const json_t *fired = json_object_get(result, "fired");
        char *event = json_array_size(fired)
                          ? json_dumps(json_object_get(result, "envelope"), JSON_COMPACT)
                          : NULL;
        int rc = 0;
        json_array_foreach((json_t *)fired, i, firing)
        {
            if (rc == 0)
                rc = delivery_result_fire(o, db, client, firing, event, e);
        }
        free(event);
        if (rc != 0)
            return -1;
    }
    char *note = json_object_size(o->note)
                     ? json_dumps(o->note, JSON_COMPACT | JSON_SORT_KEYS)
                     : NULL;
    int rc = inbox_end(db, o->delivery, o->state, o->due_ms, note, e);
    free(note);
    return rc;
}
