/* outcome: one transaction for what the triggers of all clients made of a delivery. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "work/delivery_result.h"
#include "base/path.h"
#include "io/db.h"
#include "store/ledger.h"
#include "store/schema.h"
#include "workdir.h"

static const int64_t NOW = INT64_C(1750000000000);

static char *dir;
static struct db *db;
static struct err e;
static int64_t delivery;

static int64_t add_delivery(void)
{
    int64_t id = 0;
    struct delivery d = {
        .app = "front", .scheme = "application", .at_ms = NOW, .due_ms = NOW};
    assert_int_equal(inbox_add(db, &d, "{}", 2, &id, &e), 0);
    return id;
}

static int setup(void **state)
{
    (void)state;
    dir = workdir_make();
    char *path = path_join(dir, "foyer.db");
    db = db_open(path, &e);
    free(path);
    if (!db || db_migrate(db, schema_steps, schema_version, &e) != 0)
        return -1;
    delivery = add_delivery();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    db_close(db);
    workdir_remove(dir);
    return 0;
}

static struct delivery_result *begin(struct delivery_result *o, int64_t id)
{
    delivery_result_init(o, id, "1-a", "{}", 2);
    o->now_ms = NOW;
    o->due_ms = NOW;
    o->state = DELIVERY_DONE;
    return o;
}

static void add(struct delivery_result *o, const char *client, const char *json)
{
    char *text = xstrdup(json);
    for (char *p = text; *p; p++)
        *p = *p == '\'' ? '"' : *p;
    json_t *tree = json_loads(text, 0, NULL);
    assert_non_null(tree);
    delivery_result_add(o, client, tree);
    free(text);
}

static int write_it(struct db *at, void *arg, struct err *why)
{
    return delivery_result_write(at, arg, why);
}

static void write(struct delivery_result *o)
{
    assert_int_equal(db_transaction(db, write_it, o, &e), 0);
}

static struct buf shown;

static int show_run(void *arg, const struct ledger_run *run)
{
    (void)arg;
    return buf_addf(&shown, "%s %s %s %s %s %s %s %s|", run->client, run->recipe,
                    run->origin, run->conversation ? run->conversation : "-", run->args,
                    run->order_key ? run->order_key : "-", run->policy,
                    ledger_state_name(run->state));
}

static int show_delivery(void *arg, const struct delivery *d)
{
    (void)arg;
    return buf_addf(&shown, "%s %lld %s", delivery_state_name(d->state),
                    (long long)(d->due_ms - NOW), d->note ? d->note : "-");
}

static const char *runs(void)
{
    struct ledger_filter filter = {.limit = 100};
    buf_free(&shown);
    buf_init(&shown, 64 * 1024);
    assert_int_equal(ledger_each(db, &filter, show_run, NULL, &e), 0);
    return buf_str(&shown);
}

static const char *delivered(int64_t id)
{
    struct inbox_filter filter = {.id = id, .state = -1};
    buf_free(&shown);
    buf_init(&shown, 64 * 1024);
    assert_int_equal(inbox_each(db, &filter, show_delivery, NULL, &e), 0);
    return buf_str(&shown);
}

#define FIRED                                                                            \
    "{'envelope': {'type': 't', 'payload': {}}, 'fired': [{'trigger': 'front/x', "       \
    "'key': 'k', 'conversation': 'cnv_1', 'recipes': [{'name': 'reply', 'order': "       \
    "'cnv_1', "                                                                          \
    "'retry': {'attempts': 3, 'give_up': 60}, 'uncertain': 'resend'}, {'name': 'log', "  \
    "'retry': {}}], 'not_on': ['digest']}], 'quiet': [{'trigger': 'front/y', 'why': "    \
    "'no'}], 'broken': [{'recipe': 'bad', 'why': 'line 1'}]}"

static void test_it_fires(void **state)
{
    (void)state;
    struct delivery_result o;
    add(begin(&o, delivery), "acme", FIRED);
    add(&o, "zed", "{'fired': [], 'quiet': [], 'why': 'no event'}");
    delivery_result_fail(&o, "odd", "a script's fault");
    write(&o);
    assert_int_equal(o.activations, 1);
    assert_int_equal(o.runs, 2);
    delivery_result_fini(&o);
    assert_string_equal(
        runs(), "acme log activation cnv_1 {\"recipe\":\"log\"} - {} queued|"
                "acme reply activation cnv_1 {\"recipe\":\"reply\"} acme/reply/cnv_1 "
                "{\"attempts\":3,\"give_up\":60,\"uncertain\":\"resend\"} queued|");
    assert_string_equal(delivered(delivery),
                        "done 0 {\"acme\":{\"front/y\":\"no\",\"recipe bad\":\"line "
                        "1\"},\"odd\":{\"error\":\"a script's fault\"},"
                        "\"zed\":{\"error\":\"no event\"}}");
}

static void see_client(void *arg, const char *client)
{
    assert_string_equal(client, "acme");
    ++*(int *)arg;
}

static struct delivery_result *with_room(struct delivery_result *o, int n)
{
    add(begin(o, add_delivery()), "acme", FIRED);
    json_object_set_new(o->room, "acme", json_integer(n));
    return o;
}

/* The states of the runs, the newest first. */
static const char *states(void)
{
    const char *all = runs();
    static char out[256];
    char *o = out;
    for (const char *p = all; (p = strchr(p, '|')); p++) {
        const char *word = p;
        while (word[-1] != ' ')
            word--;
        o += snprintf(o, (size_t)(out + sizeof out - o), "%.*s ", (int)(p - word), word);
    }
    return out;
}

static void test_runs_start_at_once_where_there_is_room(void **state)
{
    (void)state;
    struct delivery_result o;
    int n = 0;
    with_room(&o, 5);
    delivery_result_each_run(&o, see_client, &n);
    assert_int_equal(n, 2);
    write(&o);
    assert_int_equal(o.runs, 0);
    assert_int_equal(o.nstarted, 2);
    assert_string_equal(o.started[1].client, "acme");
    assert_string_equal(states(), "running running ");
    assert_int_equal(db_exec(db, "DELETE FROM seen", &e), 0);
    int64_t owned = 0;
    assert_int_equal(
        db_select_int(db,
                      "SELECT count(*) FROM run WHERE owner = '1-a' AND epoch "
                      "= 1 AND attempts = 1 AND since = activation",
                      DB_NONE, &owned, &e),
        0);
    assert_int_equal(owned, 2);
    delivery_result_fini(&o);
    /* another run of its order goes first; there is room for one */
    write(with_room(&o, 1));
    assert_int_equal(o.runs, 1);
    assert_int_equal(o.nstarted, 1);
    assert_string_equal(states(), "running queued running running ");
    assert_int_equal(db_exec(db, "DELETE FROM seen", &e), 0);
    delivery_result_fini(&o);
    /* a pause, of the recipe for all clients */
    struct ledger_pause pause = {
        .client = "", .recipe = "log", .at_ms = NOW, .by = "hand", .reason = "x"};
    assert_int_equal(ledger_pause(db, &pause, &e), 0);
    write(with_room(&o, 5));
    assert_int_equal(o.nstarted, 0);
    assert_string_equal(states(), "queued queued running queued running running ");
    delivery_result_fini(&o);
    /* what is due longer goes first: the one that the pause kept back */
    int lifted;
    assert_int_equal(ledger_resume(db, "", "log", &lifted, &e), 0);
    assert_int_equal(db_exec(db, "DELETE FROM seen", &e), 0);
    write(with_room(&o, 5));
    assert_int_equal(o.runs, 2);
    assert_int_equal(o.nstarted, 0);
    delivery_result_fini(&o);
}

static void test_a_key_fires_once(void **state)
{
    (void)state;
    struct delivery_result o;
    add(begin(&o, delivery), "acme", FIRED);
    write(&o);
    delivery_result_fini(&o);
    /* another delivery says the same; another client has its own keys */
    int64_t second = add_delivery();
    add(begin(&o, second), "acme", FIRED);
    add(&o, "zed", FIRED);
    write(&o);
    assert_int_equal(o.activations, 1);
    assert_int_equal(o.runs, 2);
    delivery_result_fini(&o);
    assert_non_null(strstr(delivered(second), "\"front/x\":\"it fired for the same"));
    /* the same one again: it is not told that it came too late */
    assert_int_equal(inbox_replay(db, delivery, &e), 0);
    add(begin(&o, delivery), "acme", FIRED);
    write(&o);
    assert_int_equal(o.activations + o.runs, 0);
    delivery_result_fini(&o);
    assert_null(strstr(delivered(delivery), "front/x"));
}

static void test_without_a_key_the_body_decides(void **state)
{
    (void)state;
    struct delivery_result o;
    static const char fired[] = "{'envelope': {}, 'fired': [{'trigger': 'front/x'}]}";
    add(begin(&o, delivery), "acme", fired);
    assert_int_equal(strlen(o.key), 32);
    write(&o);
    assert_int_equal(o.activations, 1);
    delivery_result_fini(&o);
    add(begin(&o, add_delivery()), "acme", fired);
    write(&o);
    assert_int_equal(o.activations, 0);
    delivery_result_fini(&o);
    int64_t third = add_delivery();
    delivery_result_init(&o, third, "1-a", "{ }", 3);
    o.now_ms = NOW;
    o.state = DELIVERY_DONE;
    add(&o, "acme", fired);
    write(&o);
    assert_int_equal(o.activations, 1);
    delivery_result_fini(&o);
}

/* A webhook and the app's list of events have other bytes for the same event. */
static void test_without_a_key_the_event_decides(void **state)
{
    (void)state;
    struct delivery_result o;
    static const char by_id[] =
        "{'envelope': {}, 'fired': [{'trigger': 'front/x', 'id': 'evt_1'}]}";
    add(begin(&o, delivery), "acme", by_id);
    write(&o);
    assert_int_equal(o.activations, 1);
    delivery_result_fini(&o);
    delivery_result_init(&o, add_delivery(), "1-a", "{ }", 3);
    o.now_ms = NOW;
    o.state = DELIVERY_DONE;
    add(&o, "acme", by_id);
    write(&o);
    assert_int_equal(o.activations, 0);
    delivery_result_fini(&o);
    /* one that an older foyer has stored under its body's hash */
    add(begin(&o, add_delivery()), "zed",
        "{'envelope': {}, 'fired': [{'trigger': 'front/x'}]}");
    write(&o);
    assert_int_equal(o.activations, 1);
    delivery_result_fini(&o);
    add(begin(&o, add_delivery()), "zed", by_id);
    write(&o);
    assert_int_equal(o.activations, 0);
    delivery_result_fini(&o);
}

static void test_a_second_result_changes_nothing(void **state)
{
    (void)state;
    struct delivery_result o;
    /* another process took the delivery over, and has ended it */
    assert_int_equal(inbox_end(db, delivery, DELIVERY_DONE, NOW, NULL, &e), 0);
    add(begin(&o, delivery), "acme", FIRED);
    assert_int_equal(db_transaction(db, write_it, &o, &e), -1);
    assert_int_equal(e.kind, ERR_CONFLICT);
    delivery_result_fini(&o);
    assert_string_equal(runs(), "");
}

static void test_failures_are_counted_in_the_note(void **state)
{
    (void)state;
    struct delivery_result o;
    int64_t first = 1;
    assert_int_equal(delivery_result_failures(NULL, &first), 0);
    assert_int_equal(first, 0);
    assert_int_equal(delivery_result_failures("no JSON", &first), 0);
    begin(&o, delivery);
    o.state = DELIVERY_WAITING;
    o.due_ms = NOW + 5;
    delivery_result_set_why(&o, "away", 3, NOW);
    write(&o);
    delivery_result_fini(&o);
    assert_string_equal(delivered(delivery),
                        "waiting 5 {\"\":{\"failures\":3,\"first_failure_ms\":"
                        "1750000000000,\"why\":\"away\"}}");
    assert_int_equal(delivery_result_failures(strchr(buf_str(&shown), '{'), &first), 3);
    assert_int_equal(first, NOW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_it_fires, setup, teardown),
        cmocka_unit_test_setup_teardown(test_runs_start_at_once_where_there_is_room,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_key_fires_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_a_key_the_body_decides, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_without_a_key_the_event_decides, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_second_result_changes_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_failures_are_counted_in_the_note, setup,
                                        teardown),
    };
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    buf_free(&shown);
    return rc;
}
