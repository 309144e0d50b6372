#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/path.h"
#include "io/db.h"
#include "store/inbox.h"
#include "store/ledger.h"
#include "store/schema.h"
#include "workdir.h"

static const int64_t DAY_MS = (int64_t)24 * 3600 * 1000;

static char *dir;
static struct db *db;
static struct err e;

static int setup(void **state)
{
    (void)state;
    dir = workdir_make();
    char *path = path_join(dir, "foyer.db");
    db = db_open(path, &e);
    free(path);
    return !db || db_migrate(db, schema_steps, schema_version, &e) != 0;
}

static int teardown(void **state)
{
    (void)state;
    db_close(db);
    workdir_remove(dir);
    return 0;
}

static int64_t add(const struct delivery *d)
{
    int64_t id = 0;
    assert_int_equal(inbox_add(db, d, "{\"a\":1}\0x", 9, &id, &e), 0);
    assert_true(id > 0);
    return id;
}

static int64_t add_at(int64_t at_ms)
{
    return add(&(struct delivery){
        .app = "front", .scheme = "application", .at_ms = at_ms, .due_ms = at_ms});
}

static int show(void *arg, const struct delivery *d)
{
    return buf_addf(arg, "%d:%s:%s:%s:%s:%s:%s:%s:%s:%s:%d/%d:%s ", (int)d->id, d->app,
                    d->client ? d->client : "-", d->trigger ? d->trigger : "-", d->scheme,
                    d->company ? d->company : "-", d->type ? d->type : "-",
                    d->event ? d->event : "-", d->conversation ? d->conversation : "-",
                    delivery_state_name(d->state), d->attempts, d->crashes,
                    d->note ? d->note : "-");
}

static int show_id(void *arg, const struct delivery *d)
{
    return buf_addf(arg, "%d ", (int)d->id);
}

static char shown[4096];

static const char *each(struct inbox_filter filter, delivery_fn *fn)
{
    struct buf b;
    buf_init(&b, sizeof shown - 1);
    assert_int_equal(inbox_each(db, &filter, fn, &b, &e), 0);
    snprintf(shown, sizeof shown, "%s", buf_str(&b));
    buf_free(&b);
    return shown;
}

static const char *one(int64_t id)
{
    return each((struct inbox_filter){.id = id, .state = -1}, show);
}

static const char *due(int64_t now_ms)
{
    struct buf b;
    buf_init(&b, sizeof shown - 1);
    assert_int_equal(inbox_due(db, now_ms, show_id, &b, &e), 0);
    snprintf(shown, sizeof shown, "%s", buf_str(&b));
    buf_free(&b);
    return shown;
}

static void test_kept(void **state)
{
    (void)state;
    int64_t id = add(&(struct delivery){.app = "front",
                                        .client = "acme",
                                        .trigger = "assigned",
                                        .scheme = "rule",
                                        .company = "cmp_1",
                                        .type = "assign",
                                        .event = "evt_1",
                                        .conversation = "cnv_1",
                                        .at_ms = 1000,
                                        .due_ms = 1000});
    assert_string_equal(one(id), "1:front:acme:assigned:rule:cmp_1:assign:evt_1:cnv_1:"
                                 "waiting:0/0:- ");
    char *body = NULL;
    size_t len = 0;
    assert_int_equal(inbox_body(db, id, &body, &len, &e), 0);
    assert_int_equal(len, 9);
    assert_memory_equal(body, "{\"a\":1}\0x", 9);
    free(body);
    assert_int_equal(inbox_body(db, id + 1, &body, &len, &e), -1);
    assert_int_equal(e.kind, ERR_NOT_FOUND);
    int64_t empty;
    assert_int_equal(
        inbox_add(db, &(struct delivery){.app = "front", .scheme = "application"}, NULL,
                  0, &empty, &e),
        0);
    assert_int_equal(inbox_body(db, empty, &body, &len, &e), 0);
    assert_int_equal(len, 0);
    free(body);
    assert_string_equal(one(99), "");
}

static void test_ends(void **state)
{
    (void)state;
    int64_t a = add_at(1000);
    add_at(1001);
    add_at(1002);
    add(&(struct delivery){.app = "front",
                           .scheme = "application",
                           .at_ms = 900,
                           .due_ms = 900,
                           .state = DELIVERY_UNROUTED});
    assert_string_equal(due(999), "");
    assert_string_equal(due(1001), "1 2 ");
    assert_int_equal(inbox_end(db, a, DELIVERY_WAITING, 5000, "later", &e), 0);
    assert_string_equal(one(a), "1:front:-:-:application:-:-:-:-:waiting:1/0:later ");
    assert_string_equal(due(4999), "2 3 ");
    assert_string_equal(due(5000), "2 3 1 ");
    assert_int_equal(inbox_end(db, a, DELIVERY_DONE, 0, NULL, &e), 0);
    assert_string_equal(one(a), "1:front:-:-:application:-:-:-:-:done:2/0:- ");

    /* of two processes that worked on it, the second one is told */
    assert_int_equal(inbox_end(db, a, DELIVERY_WAITING, 0, NULL, &e), -1);
    assert_int_equal(e.kind, ERR_CONFLICT);
    assert_string_equal(one(a), "1:front:-:-:application:-:-:-:-:done:2/0:- ");

    /* a replay makes it new */
    assert_int_equal(inbox_replay(db, a, &e), 0);
    assert_string_equal(one(a), "1:front:-:-:application:-:-:-:-:waiting:0/0:- ");
    assert_int_equal(inbox_replay(db, 99, &e), -1);
    assert_int_equal(e.kind, ERR_NOT_FOUND);
}

static void test_crashes(void **state)
{
    (void)state;
    int64_t a = add_at(1);
    assert_int_equal(inbox_crashed(db, a, 2, "it crashed", &e), 0);
    assert_string_equal(one(a), "1:front:-:-:application:-:-:-:-:waiting:0/1:- ");
    assert_int_equal(inbox_crashed(db, a, 2, "it crashed", &e), 0);
    assert_string_equal(one(a), "1:front:-:-:application:-:-:-:-:dead:0/2:it crashed ");
    assert_int_equal(inbox_crashed(db, a, 2, "again", &e), 0); /* it is over */
    assert_string_equal(one(a), "1:front:-:-:application:-:-:-:-:dead:0/2:it crashed ");
}

static void test_filters(void **state)
{
    (void)state;
    for (int i = 1; i <= 6; i++) {
        char conversation[16];
        snprintf(conversation, sizeof conversation, "cnv_%d", i % 2);
        add(&(struct delivery){.app = i == 6 ? "other" : "front",
                               .client = i == 1 ? "acme" : NULL,
                               .scheme = "application",
                               .company = i < 4 ? "cmp_1" : "cmp_2",
                               .event = i == 5 ? "evt_5" : NULL,
                               .conversation = conversation,
                               .state = i == 3 ? DELIVERY_STALE : DELIVERY_WAITING,
                               .at_ms = i * 1000});
    }
    const char *companies[] = {"front", "cmp_2"};
    const char *both[] = {"front", "cmp_2", "front", "cmp_1"};
    assert_string_equal(each((struct inbox_filter){.state = -1}, show_id),
                        "1 2 3 4 5 6 ");
    assert_string_equal(each((struct inbox_filter){.state = -1, .limit = 2}, show_id),
                        "6 5 ");
    assert_string_equal(
        each((struct inbox_filter){.state = DELIVERY_STALE, .limit = 2}, show_id), "3 ");
    assert_string_equal(
        each((struct inbox_filter){.state = -1, .client = "acme"}, show_id), "1 ");
    assert_string_equal(each((struct inbox_filter){.state = -1,
                                                   .client = "acme",
                                                   .companies = companies,
                                                   .ncompanies = 1},
                             show_id),
                        "1 4 5 ");
    assert_string_equal(each((struct inbox_filter){.state = -1,
                                                   .client = "acme",
                                                   .companies = both,
                                                   .ncompanies = 2,
                                                   .conversation = "cnv_0"},
                             show_id),
                        "2 4 ");
    assert_string_equal(
        each((struct inbox_filter){.state = -1, .event = "evt_5"}, show_id), "5 ");
    assert_string_equal(
        each((struct inbox_filter){.state = -1, .since_ms = 2000, .until_ms = 4000},
             show_id),
        "2 3 ");
    const char *many[200] = {NULL};
    struct inbox_filter over = {.client = "a", .companies = many, .ncompanies = 100};
    assert_int_equal(inbox_each(db, &over, show_id, NULL, &e), -1);
    assert_int_equal(e.kind, ERR_LIMIT);
}

static void test_counts(void **state)
{
    (void)state;
    int64_t counts[DELIVERY_STATES], at_ms;
    assert_int_equal(inbox_count(db, counts, &e), 0);
    for (int i = 0; i < DELIVERY_STATES; i++)
        assert_int_equal(counts[i], 0);
    assert_int_equal(inbox_oldest(db, &at_ms, &e), 0);
    assert_int_equal(at_ms, 0);
    for (int i = 0; i < 7; i++)
        add_at(1000 + i);
    for (int i = 1; i <= 5; i++) {
        enum delivery_state to = i < 3    ? DELIVERY_DONE
                                 : i == 3 ? DELIVERY_STALE
                                          : DELIVERY_DEAD;
        assert_int_equal(inbox_end(db, i, to, 0, NULL, &e), 0);
    }
    assert_int_equal(inbox_count(db, counts, &e), 0);
    assert_int_equal(counts[DELIVERY_WAITING], 2);
    assert_int_equal(counts[DELIVERY_DONE], 2);
    assert_int_equal(counts[DELIVERY_STALE], 1);
    assert_int_equal(counts[DELIVERY_DEAD], 2);
    assert_int_equal(counts[DELIVERY_UNROUTED], 0);
    assert_int_equal(inbox_oldest(db, &at_ms, &e), 0);
    assert_int_equal(at_ms, 1005);
    for (int i = 0; i < DELIVERY_STATES; i++)
        assert_int_equal(delivery_state_find(delivery_state_name(i)), i);
    assert_int_equal(delivery_state_find("lost"), -1);
}

static int show_rejection(void *arg, const struct rejection *r)
{
    return buf_addf(arg, "%d %s %s %d x%d %s\n", (int)r->at_ms, r->route,
                    r->client ? r->client : "-", r->status, (int)r->times, r->sentence);
}

static const char *rejections(const char *client, const char *app, int limit)
{
    struct buf b;
    buf_init(&b, sizeof shown - 1);
    assert_int_equal(inbox_rejections(db, client, app, limit, show_rejection, &b, &e), 0);
    snprintf(shown, sizeof shown, "%s", buf_str(&b));
    buf_free(&b);
    return shown;
}

static void test_rejections(void **state)
{
    (void)state;
    struct rejection r = {.at_ms = 1000,
                          .route = "/hooks/acme/front",
                          .client = "acme",
                          .app = "front",
                          .status = 401,
                          .sentence = "no key fits"};
    assert_int_equal(inbox_reject(db, &r, &e), 0);
    r.at_ms = 2000;
    r.times = 41;
    assert_int_equal(inbox_reject(db, &r, &e), 0);
    assert_string_equal(rejections(NULL, NULL, 9),
                        "2000 /hooks/acme/front acme 401 x42 no key fits\n");
    r.at_ms = 2000 + 3600 * 1000; /* an hour without one */
    assert_int_equal(inbox_reject(db, &r, &e), 0);
    r = (struct rejection){.at_ms = 500,
                           .route = "/hooks/front",
                           .app = "front",
                           .status = 400,
                           .sentence = "not JSON"};
    assert_int_equal(inbox_reject(db, &r, &e), 0);
    assert_string_equal(rejections(NULL, "front", 9),
                        "3602000 /hooks/acme/front acme 401 x41 no key fits\n"
                        "2000 /hooks/acme/front acme 401 x42 no key fits\n"
                        "500 /hooks/front - 400 x1 not JSON\n");
    assert_string_equal(rejections("acme", NULL, 1),
                        "3602000 /hooks/acme/front acme 401 x41 no key fits\n");
    assert_string_equal(rejections(NULL, "other", 9), "");
    char sentence[16];
    r.sentence = sentence;
    assert_int_equal(db_exec(db, "BEGIN", &e), 0);
    for (int i = 0; i < 1100; i++) {
        snprintf(sentence, sizeof sentence, "%d", i);
        assert_int_equal(inbox_reject(db, &r, &e), 0);
    }
    assert_int_equal(db_exec(db, "COMMIT", &e), 0);
    r.sentence = "0"; /* removed long ago */
    assert_int_equal(inbox_reject(db, &r, &e), 0);
    int64_t n = 0;
    struct buf b;
    buf_init(&b, 100 * 1024);
    assert_int_equal(inbox_rejections(db, NULL, NULL, 2000, show_rejection, &b, &e), 0);
    for (const char *p = buf_str(&b); (p = strchr(p, '\n')); p++)
        n++;
    buf_free(&b);
    assert_int_equal(n, 1000);
}

static int show_activation(void *arg, const struct activation *a)
{
    return buf_addf(arg, "%d:%s:%s:%s:%d:%s:%s ", (int)a->id, a->client, a->trigger,
                    a->key, (int)a->delivery, a->conversation ? a->conversation : "-",
                    a->event);
}

static int activate(const char *client, const char *trigger, const char *key, int64_t at)
{
    int64_t id = 0;
    struct activation a = {.at_ms = at,
                           .client = client,
                           .trigger = trigger,
                           .key = key,
                           .delivery = 7,
                           .conversation = "cnv_1",
                           .event = "{}"};
    int rc = inbox_activate(db, &a, &id, &e);
    assert_true(rc != 1 || id > 0);
    return rc;
}

static void test_activations(void **state)
{
    (void)state;
    struct buf b;
    int64_t last;
    buf_init(&b, 4000);
    assert_int_equal(inbox_last_activation(db, &last, &e), 0);
    assert_int_equal(last, 0);
    assert_int_equal(activate("acme", "front/t", "k", 1000), 1);
    assert_int_equal(activate("acme", "front/t", "k", 2000), 0);
    assert_int_equal(activate("acme", "front/u", "k", 3000), 1);
    assert_int_equal(activate("bolt", "front/t", "k", 4000), 1);
    assert_int_equal(activate("acme", "front/t", "k2", 5000), 1);
    /* where one name ends and the next begins matters */
    assert_int_equal(activate("acmef", "ront/t", "k", 5000), 1);
    assert_int_equal(inbox_last_activation(db, &last, &e), 0);
    assert_int_equal(last, 5);
    assert_int_equal(
        inbox_activations(db, "acme", "front/t", 0, 9, show_activation, &b, &e), 0);
    assert_string_equal(buf_str(&b),
                        "1:acme:front/t:k:7:cnv_1:{} 4:acme:front/t:k2:7:cnv_1:{} ");
    buf_reset(&b);
    assert_int_equal(inbox_activations(db, "acme", NULL, 1, 1, show_activation, &b, &e),
                     0);
    assert_string_equal(buf_str(&b), "2:acme:front/u:k:7:cnv_1:{} ");
    buf_reset(&b);
    assert_int_equal(inbox_activation(db, 3, show_activation, &b, &e), 0);
    assert_string_equal(buf_str(&b), "3:bolt:front/t:k:7:cnv_1:{} ");
    assert_int_equal(inbox_activation(db, 99, show_activation, &b, &e), -1);
    assert_int_equal(e.kind, ERR_NOT_FOUND);
    buf_reset(&b);
    assert_int_equal(inbox_activations_of(db, 7, show_activation, &b, &e), 0);
    assert_true(b.len > 100);
    buf_free(&b);
    /* a key is remembered for 400 days */
    assert_int_equal(activate("acme", "front/t", "k", 1000 + 400 * DAY_MS), 0);
    assert_int_equal(activate("acme", "front/t", "k", 1001 + 400 * DAY_MS), 1);
    assert_int_equal(activate("acme", "front/t", "k", 1002 + 400 * DAY_MS), 0);
}

static void run_of(int activation, int state)
{
    assert_int_equal(
        db_change(db,
                  "INSERT INTO run (client, recipe, origin, activation, args, seed, "
                  "policy, state, due_ms, created_ms) VALUES ('acme', 'r', 'activation', "
                  "?, '{}', '', '{}', ?, 0, 0)",
                  DB_ARGS(db_int(activation), db_int(state)), NULL, &e),
        0);
}

static int count(const char *sql)
{
    int64_t n = -1;
    assert_int_equal(db_select_int(db, sql, DB_NONE, &n, &e), 0);
    return (int)n;
}

static int is_event(void *arg, const struct activation *a)
{
    assert_string_equal(a->event, arg);
    return 0;
}

static int prune(int64_t before_ms, int64_t keys_ms, int limit, int *removed)
{
    const struct inbox_kept since = {
        .deliveries_ms = before_ms, .bodies_ms = before_ms, .keys_ms = keys_ms};
    return inbox_prune(db, &since, limit, removed, &e);
}

/* An event is stored by what it has in common with the delivery's body. */
static void test_an_event_outlives_the_body(void **state)
{
    (void)state;
    int removed;
    int64_t id;
    char event[] = "{\"a\":1}";
    struct activation a = {.at_ms = 10,
                           .client = "acme",
                           .trigger = "front/t",
                           .key = "k",
                           .delivery = add_at(10),
                           .event = event};
    assert_int_equal(inbox_end(db, a.delivery, DELIVERY_DONE, 0, NULL, &e), 0);
    assert_int_equal(inbox_activate(db, &a, &id, &e), 1);
    run_of((int)id, LEDGER_WAITING);
    assert_int_equal(inbox_activation(db, id, is_event, event, &e), 0);
    add_at(1000);
    assert_int_equal(prune(500, 0, 10, &removed), 0);
    assert_int_equal(removed, 1);
    assert_int_equal(count("SELECT count(*) FROM delivery_body"), 1);
    assert_int_equal(inbox_activation(db, id, is_event, event, &e), 0);
    /* one of an older foyer is stored as it is */
    assert_int_equal(
        db_exec(db, "UPDATE activation SET event = '{\"a\":1}', packed = NULL", &e), 0);
    assert_int_equal(inbox_activation(db, id, is_event, event, &e), 0);
    assert_int_equal(db_exec(db, "UPDATE activation SET packed = x'28b52ffd00'", &e), 0);
    assert_int_equal(inbox_activation(db, id, is_event, event, &e), -1);
    assert_int_equal(e.kind, ERR_STORE);
    assert_non_null(strstr(e.text, "cannot read the event of activation 1: "));
}

static void test_bodies_go_before_deliveries(void **state)
{
    (void)state;
    int removed;
    int64_t ids[2];
    char event[] = "{\"a\":1}", empty[] = "{}", *body;
    size_t len;
    struct activation a = {.at_ms = 10,
                           .client = "acme",
                           .trigger = "front/t",
                           .event = event,
                           .delivery = add(&(struct delivery){.app = "front",
                                                              .scheme = "application",
                                                              .at_ms = 10,
                                                              .state = DELIVERY_DONE})};
    for (int i = 0; i < 2; i++) {
        a.key = i ? "over" : "dead";
        assert_int_equal(inbox_activate(db, &a, &ids[i], &e), 1);
        run_of((int)ids[i], i ? LEDGER_DONE : LEDGER_DEAD);
    }
    const struct inbox_kept since = {.bodies_ms = 20};
    assert_int_equal(inbox_prune(db, &since, 10, &removed, &e), 0);
    assert_int_equal(removed, 1);
    /* what a run may need again stays */
    assert_int_equal(inbox_activation(db, ids[0], is_event, event, &e), 0);
    assert_int_equal(inbox_activation(db, ids[1], is_event, empty, &e), 0);
    assert_int_equal(inbox_body(db, a.delivery, &body, &len, &e), -1);
    assert_non_null(strstr(e.text, "its body was removed, as `keep` in foyer.lua says"));
    assert_int_equal(inbox_replay(db, a.delivery, &e), -1);
    assert_non_null(strstr(e.text, "cannot replay the delivery 1: its body was removed"));
    assert_int_equal(inbox_prune(db, &since, 10, &removed, &e), 0);
    assert_int_equal(removed, 0);
    add_at(10); /* the newest, which stays */
    assert_int_equal(prune(20, 0, 10, &removed), 0);
    assert_int_equal(removed, 1);
    assert_int_equal(inbox_activation(db, ids[0], is_event, event, &e), 0);
}

static void test_rejections_go(void **state)
{
    (void)state;
    int removed;
    struct rejection r = {
        .route = "/hooks/front", .status = 401, .sentence = "no", .at_ms = 10};
    assert_int_equal(inbox_reject(db, &r, &e), 0);
    r.sentence = "other";
    r.at_ms = 20;
    assert_int_equal(inbox_reject(db, &r, &e), 0);
    const struct inbox_kept since = {.rejections_ms = 20};
    assert_int_equal(inbox_prune(db, &since, 10, &removed, &e), 0);
    assert_int_equal(removed, 1);
    assert_int_equal(count("SELECT count(*) FROM rejection"), 1);
}

static void test_prune(void **state)
{
    (void)state;
    int removed = -1;
    assert_int_equal(prune(1000, 1000, 10, &removed), 0);
    assert_int_equal(removed, 0);
    for (int i = 1; i <= 50; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        add(&(struct delivery){.app = "front",
                               .scheme = "application",
                               .at_ms = i * 10,
                               .state = i == 4 ? DELIVERY_WAITING : DELIVERY_UNROUTED});
        assert_int_equal(activate("acme", "front/t", key, i * 10), 1);
    }
    run_of(6, LEDGER_DONE);
    /* deliveries 1-3, 5-19; activations 1-5, 7-19; keys 1-9 */
    int total = 0, steps = 0;
    do {
        assert_int_equal(prune(200, 100, 7, &removed), 0);
        assert_in_range(removed, 0, 7);
        total += removed;
        steps++;
    } while (removed == 7);
    assert_int_equal(total, 18 + 18 + 9);
    assert_int_equal(steps, 7);
    assert_int_equal(count("SELECT count(*) FROM delivery"), 32);
    assert_int_equal(count("SELECT count(*) FROM delivery_body"), 32);
    assert_int_equal(count("SELECT count(*) FROM delivery d JOIN delivery_body b ON d.id "
                           "= b.id"),
                     32);
    assert_int_equal(count("SELECT min(id) FROM delivery"), 4);
    assert_int_equal(count("SELECT count(*) FROM activation"), 32);
    assert_int_equal(count("SELECT min(id) FROM activation"), 6);
    assert_int_equal(count("SELECT count(*) FROM seen"), 41);
    /* keys of removed activations are remembered */
    assert_int_equal(activate("acme", "front/t", "k12", 900), 0);
    assert_int_equal(activate("acme", "front/t", "k3", 900), 1);
    /* ids are never used again: the newest row stays */
    assert_int_equal(prune(10000, 10000, 1000, &removed), 0);
    assert_int_equal(count("SELECT count(*) FROM delivery WHERE id NOT IN (4, 50)"), 0);
    assert_int_equal(count("SELECT count(*) FROM delivery"), 2);
    assert_int_equal(count("SELECT count(*) FROM activation"), 2);
    assert_int_equal(count("SELECT count(*) FROM seen"), 0);
    assert_int_equal(add_at(1), 51);
}

/* Whatever is stored, these read the rows that they want and no others. */
static void test_plans(void **state)
{
    (void)state;
    static const char *const sql[] = {
        "SELECT id FROM delivery WHERE state = 0 AND due_ms <= 1 ORDER BY due_ms, id",
        "SELECT state, count(*) FROM delivery WHERE state > 1 GROUP BY state",
        "SELECT 0, count(*) FROM delivery WHERE state = 0",
        "SELECT id FROM activation WHERE client = 'a' AND trigger = 'b' AND id > 1 ORDER "
        "BY id LIMIT 1",
    };
    for (size_t i = 0; i < sizeof sql / sizeof sql[0]; i++) {
        int scans = 0;
        char *plan = xasprintf("EXPLAIN QUERY PLAN %s", sql[i]);
        struct db_row *row = db_select(db, plan, DB_NONE, &e);
        while (db_step(row, &e) == 1) {
            const char *text = db_row_text(row, 3);
            scans += text && strncmp(text, "SCAN", 4) == 0 && !strstr(text, "USING");
        }
        assert_int_equal(db_finish(row), 0);
        free(plan);
        assert_int_equal(scans, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_crashes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_filters, setup, teardown),
        cmocka_unit_test_setup_teardown(test_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rejections, setup, teardown),
        cmocka_unit_test_setup_teardown(test_activations, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_event_outlives_the_body, setup, teardown),
        cmocka_unit_test_setup_teardown(test_prune, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bodies_go_before_deliveries, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_rejections_go, setup, teardown),
        cmocka_unit_test_setup_teardown(test_plans, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
