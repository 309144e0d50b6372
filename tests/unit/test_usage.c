#include "ledgertest.h"

#include <stdlib.h>

#include "store/inbox.h"
#include "store/usage.h"

enum { EVENTS = 10 /* an hour */ };

static const struct settings_keep keep = {.deliveries_ms = 5LL * DAY,
                                          .bodies_ms = 3LL * DAY,
                                          .exchanges_ms = 2LL * DAY,
                                          .runs_ms = 90LL * DAY,
                                          .rejections_ms = 30LL * DAY};

/* A text that compresses about as well as JSON of an API does. */
static void fill(char *text, size_t size, unsigned *seed)
{
    for (size_t i = 0; i + 1 < size; i++) {
        *seed = *seed * 1103515245 + 12345;
        text[i] = (char)('a' + (*seed >> 16) % 26);
    }
    text[size - 1] = '\0';
}

struct hour {
    int64_t at_ms;
    unsigned *seed;
};

static int add_event(struct db *handle, const struct hour *hour, int i, struct err *e)
{
    char body[1200], item[600], event[1300], key[60], conversation[40];
    int64_t id, activation;
    fill(body, sizeof body, hour->seed);
    fill(item, sizeof item, hour->seed);
    snprintf(event, sizeof event, "{\"text\":\"%s\"}", body);
    snprintf(conversation, sizeof conversation, "cnv_%llx%d", (long long)hour->at_ms, i);
    snprintf(key, sizeof key, "front/%s", conversation);
    const struct delivery d = {.at_ms = hour->at_ms,
                               .app = "front",
                               .scheme = "application",
                               .company = "cmp_1",
                               .type = "inbound",
                               .event = conversation,
                               .conversation = conversation,
                               .state = DELIVERY_DONE};
    if (inbox_add(handle, &d, event, strlen(event), &id, e) != 0)
        return -1;
    const struct activation a = {.at_ms = hour->at_ms,
                                 .client = "acme",
                                 .trigger = "front/conversation-created",
                                 .key = key,
                                 .delivery = id,
                                 .conversation = conversation,
                                 .event = event};
    if (inbox_activate(handle, &a, &activation, e) != 1)
        return -1;
    const struct ledger_run run = {.client = "acme",
                                   .recipe = "first-reply",
                                   .origin = "activation",
                                   .activation = activation,
                                   .args = "{}",
                                   .policy = "{}",
                                   .conversation = conversation,
                                   .created_ms = hour->at_ms};
    char *text = xasprintf("{\"method\":\"POST\",\"answer\":\"%s\"}", item);
    const struct ledger_item items[] = {{text, 1}};
    const struct ledger_note notes[] = {{"attempt", "1"}, {"done", "in attempt 1"}};
    struct ledger_change change = {.now_ms = hour->at_ms,
                                   .drop = -1,
                                   .state = LEDGER_DONE,
                                   .items = items,
                                   .nitems = 1,
                                   .notes = notes,
                                   .nnotes = 2};
    int rc = ledger_add_with(handle, &run, NULL, &change, e);
    free(text);
    return rc;
}

static int add_hour(struct db *handle, void *arg, struct err *e)
{
    const struct hour *hour = arg;
    for (int i = 0; i < EVENTS; i++)
        if (add_event(handle, hour, i, e) != 0)
            return -1;
    return 0;
}

static int prune(struct db *handle, void *arg, struct err *e)
{
    int64_t at = *(int64_t *)arg;
    int removed;
    const struct inbox_kept since = {.deliveries_ms = at - keep.deliveries_ms,
                                     .bodies_ms = at - keep.bodies_ms,
                                     .keys_ms = at - 400 * (int64_t)DAY,
                                     .rejections_ms = at - keep.rejections_ms};
    if (ledger_prune(handle, at - keep.runs_ms, at - keep.exchanges_ms, at, 500, &removed,
                     e) != 0)
        return -1;
    return inbox_prune(handle, &since, 500, &removed, e);
}

static void live(int hours, int64_t *at_ms)
{
    unsigned seed = (unsigned)*at_ms;
    for (int i = 0; i < hours; i++) {
        struct hour hour = {*at_ms, &seed};
        OK(db_transaction(db, add_hour, &hour, &e));
        *at_ms += HOUR;
        OK(db_transaction(db, prune, at_ms, &e));
    }
}

static struct usage measure(int64_t at_ms, int sampled)
{
    struct usage u;
    OK(usage_read(db, &keep, at_ms, sampled, &u, &e));
    return u;
}

static int is_near(int64_t a, int64_t b, int percent)
{
    return llabs(a - b) * 100 <= b * percent;
}

/* Bodies and exchanges come and go in this time, runs only come. */
static void a_week_is_as_was_foretold(void **state)
{
    (void)state;
    int64_t at = now, foretold, later;
    live(24, &at);
    struct usage u = measure(at, 0);
    assert_int_equal(u.span_ms, DAY);
    assert_string_equal(u.kinds[0].name, "deliveries");
    assert_int_equal(u.kinds[0].recent, 24 * EVENTS);
    OK(usage_foretell(db, &u, 7LL * DAY, &foretold, &e));
    OK(usage_foretell(db, &u, 14LL * DAY, &later, &e));
    assert_true(later > foretold);
    live(7 * 24, &at);
    u = measure(at, 0);
    print_message("foretold %lld, is %lld\n", (long long)foretold, (long long)u.bytes);
    assert_true(is_near(u.bytes, foretold, 10));
    assert_int_equal(u.kinds[0].rows, 5 * 24 * EVENTS);
    int64_t sum = u.free_bytes;
    for (int i = 0; i < USAGE_KINDS; i++)
        sum += u.kinds[i].bytes;
    assert_int_equal(sum, u.bytes);
    /* nothing comes any more: it stays, with free pages */
    at += 40LL * DAY;
    OK(usage_foretell(db, &u, 30LL * DAY, &later, &e));
    assert_true(later >= u.bytes);
}

/* Without the table dbstat: the same, but for what cannot be seen from rows. */
static void sampled_sizes_are_near(void **state)
{
    (void)state;
    int64_t at = now;
    live(48, &at);
    struct usage exact = measure(at, 0), sampled = measure(at, 1);
    assert_int_equal(sampled.bytes, exact.bytes);
    assert_string_equal(exact.kinds[1].name, "bodies");
    assert_true(is_near(sampled.kinds[1].bytes, exact.kinds[1].bytes, 50));
    int64_t foretold[2];
    OK(usage_foretell(db, &exact, 7LL * DAY, &foretold[0], &e));
    OK(usage_foretell(db, &sampled, 7LL * DAY, &foretold[1], &e));
    assert_true(is_near(foretold[1], foretold[0], 35));
}

/* While all that comes stays, by as much as it grew; when as much goes as comes, not. */
static void the_rough_growth_is_near(void **state)
{
    (void)state;
    int64_t at = now;
    struct usage_rough before, after, none;
    live(24, &at);
    OK(usage_rough(db, &keep, at, &before, &e));
    live(24, &at);
    OK(usage_rough(db, &keep, at, &after, &e));
    assert_true(is_near(before.bytes_a_day, after.bytes - before.bytes, 40));
    const struct settings_keep a_day = {.deliveries_ms = DAY, .runs_ms = DAY};
    OK(usage_rough(db, &a_day, at, &none, &e));
    assert_true(none.bytes_a_day < after.bytes_a_day / 10);
}

static void an_empty_store_foretells_nothing(void **state)
{
    (void)state;
    int64_t bytes;
    struct usage u = measure(now, 0);
    assert_int_equal(u.span_ms, 0);
    OK(usage_foretell(db, &u, 7LL * DAY, &bytes, &e));
    assert_int_equal(bytes, u.bytes);
    struct usage_rough rough;
    OK(usage_rough(db, &keep, now, &rough, &e));
    assert_int_equal(rough.bytes_a_day, 0);
    assert_int_equal(rough.bytes, u.bytes);
    u = measure(now, 1);
    assert_int_equal(u.kinds[0].bytes, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_week_is_as_was_foretold),
        T(sampled_sizes_are_near),
        T(the_rough_growth_is_near),
        T(an_empty_store_foretells_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
