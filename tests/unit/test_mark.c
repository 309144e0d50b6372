/* mark: set once, claimed by one, moved forward only, and not under an older claim. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/str.h"
#include "io/db.h"
#include "store/inbox.h"
#include "store/mark.h"
#include "store/schema.h"
#include "workdir.h"

static const int64_t NOW = INT64_C(1750000000000);
static const struct mark_key KEY = {MARK_POLL, "front", "acme", "front/contact-created"};

static char *dir;
static struct db *db;
static struct err e;

static int open_at(int version)
{
    dir = workdir_make();
    char *path = path_join(dir, "foyer.db");
    db = db_open(path, &e);
    free(path);
    return !db || db_migrate(db, schema_steps, version, &e) != 0;
}

static int setup(void **state)
{
    (void)state;
    return open_at(schema_version);
}

static int teardown(void **state)
{
    (void)state;
    db_close(db);
    workdir_remove(dir);
    return 0;
}

static struct mark got; /* with copies of the texts that matter */
static char got_owner[40], got_known[40], got_error[40];

static const char *keep(char out[40], const char *text)
{
    if (!text)
        return NULL;
    strcpy(out, text);
    return out;
}

static int take(void *arg, const struct mark *m)
{
    ++*(int *)arg;
    got = *m;
    got.key = KEY;
    got.owner = keep(got_owner, m->owner);
    got.known = keep(got_known, m->known);
    got.error = keep(got_error, m->error);
    return 0;
}

static int read_mark(const struct mark_key *key)
{
    int n = 0;
    assert_int_equal(mark_read(db, key, take, &n, &e), 0);
    return n;
}

static void test_a_mark(void **state)
{
    (void)state;
    assert_int_equal(read_mark(&KEY), 0);
    assert_int_equal(mark_add(db, &KEY, NOW, "[\"crd_1\"]", &e), 1);
    assert_int_equal(mark_add(db, &KEY, NOW + 9, NULL, &e), 0);
    assert_int_equal(read_mark(&KEY), 1);
    assert_int_equal(got.at_ms, NOW);
    assert_int_equal(got.began_ms, NOW);
    assert_int_equal(got.looked_ms, 0);
    assert_string_equal(got.known, "[\"crd_1\"]");
    assert_null(got.owner);

    struct mark before = got;
    int64_t epoch = mark_claim(db, &before, "me", &e);
    assert_true(epoch > 0);
    assert_int_equal(mark_claim(db, &before, "you", &e), 0); /* it was read earlier */
    read_mark(&KEY);
    assert_string_equal(got.owner, "me");

    assert_int_equal(mark_move(db, &KEY, epoch, NOW + 50, 2, &e), 0);
    assert_int_equal(mark_move(db, &KEY, epoch, NOW + 40, 1, &e), 0);
    assert_int_equal(mark_move(db, &KEY, epoch - 1, NOW + 60, 1, &e), -1);
    assert_int_equal(e.kind, ERR_CONFLICT);
    assert_int_equal(mark_end(db, &KEY, epoch, NULL, "no network", NOW + 70, &e), 0);
    read_mark(&KEY);
    assert_int_equal(got.at_ms, NOW + 50);
    assert_int_equal(got.found, 3);
    assert_int_equal(got.looked_ms, 0); /* a look that failed is not over */
    assert_string_equal(got.error, "no network");
    assert_null(got.owner);
}

/* A dead process's claim is taken over; what it still has to say does not count. */
static void test_a_claim_is_taken_over(void **state)
{
    (void)state;
    mark_add(db, &KEY, NOW, NULL, &e);
    read_mark(&KEY);
    struct mark before = got;
    int64_t dead = mark_claim(db, &before, "dead", &e);
    read_mark(&KEY);
    before = got;
    int64_t epoch = mark_claim(db, &before, "me", &e);
    assert_true(epoch > dead);
    assert_int_equal(mark_move(db, &KEY, dead, NOW + 5, 0, &e), -1);
    assert_int_equal(mark_end(db, &KEY, dead, "[]", NULL, NOW + 5, &e), 0);
    read_mark(&KEY);
    assert_string_equal(got.owner, "me");
    assert_null(got.known);
    assert_int_equal(mark_end(db, &KEY, epoch, "[]", NULL, NOW + 6, &e), 0);
    read_mark(&KEY);
    assert_int_equal(got.looked_ms, NOW + 6);
    assert_string_equal(got.known, "[]");
}

static void test_an_older_store(void **state)
{
    (void)state;
    db_close(db);
    workdir_remove(dir);
    assert_int_equal(open_at(13), 0);
    assert_int_equal(
        db_exec(db,
                "INSERT INTO connection (app, id, company, token_version, token, "
                "created_ms) VALUES ('front', 'cmp_1', 'Acme', 1, x'00', 5)",
                &e),
        0);
    assert_int_equal(db_migrate(db, schema_steps, schema_version, &e), 0);
    const struct mark_key key = {MARK_HEAL, "front", "cmp_1", ""};
    assert_int_equal(read_mark(&key), 1);
    assert_true(got.at_ms > NOW); /* the time of the update, not of the connection */
    int n = 0;
    assert_int_equal(mark_each(db, take, &n, &e), 0);
    assert_int_equal(n, 1);
}

/* ---- what the inbox knows of events ---- */

static int64_t add(const char *company, const char *client, const char *event,
                   int64_t at_ms)
{
    int64_t id = 0;
    struct delivery d = {.app = "front",
                         .scheme = "application",
                         .client = client,
                         .company = company,
                         .event = event,
                         .at_ms = at_ms};
    assert_int_equal(inbox_add(db, &d, "{}", 2, &id, &e), 0);
    return id;
}

static int note(void *arg, const struct delivery *d)
{
    strcat(strcat(arg, d->event), " ");
    return 0;
}

static void test_heard(void **state)
{
    (void)state;
    char text[200] = "";
    int64_t last = 0;
    add("cmp_1", NULL, "evt_old", NOW - 10);
    add("cmp_1", NULL, "evt_1", NOW);
    add("cmp_2", NULL, "evt_other", NOW);
    add(NULL, "acme", "evt_2", NOW);
    int64_t newest = add("cmp_1", NULL, NULL, NOW);
    assert_int_equal(inbox_heard(db, "front", "cmp_1", NOW, &last, note, text, &e), 0);
    assert_string_equal(text, "evt_1 evt_2 ");
    assert_int_equal(last, newest);
    add("cmp_1", NULL, "evt_3", NOW + 1);
    text[0] = 0;
    assert_int_equal(inbox_heard(db, "front", "cmp_1", NOW, &last, note, text, &e), 0);
    assert_string_equal(text, "evt_3 ");

    const struct activation a = {.at_ms = NOW,
                                 .client = "acme",
                                 .trigger = "front/any-event",
                                 .key = "evt_1",
                                 .event = "{}"};
    int64_t id;
    assert_int_equal(inbox_activate(db, &a, &id, &e), 1);
    assert_int_equal(inbox_has_fired(db, "acme", "front/any-event", "evt_1", &e), 1);
    assert_int_equal(inbox_has_fired(db, "acme", "front/any-event", "evt_2", &e), 0);
    assert_int_equal(inbox_has_fired(db, "zed", "front/any-event", "evt_1", &e), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_mark, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_claim_is_taken_over, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_older_store, setup, teardown),
        cmocka_unit_test_setup_teardown(test_heard, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
