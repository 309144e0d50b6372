/* erase: the list of tables is whole, a client leaves nothing, counts do not fall. */
#include "ledgertest.h"

#include "base/crypto.h"
#include "store/erase.h"
#include "store/forgotten.h"
#include "store/inbox.h"
#include "store/presence.h"
#include "store/release.h"
#include "store/rollup.h"

static const struct erase_table *find_table(const char *name)
{
    const struct erase_table *found = NULL;
    for (const struct erase_table *t = erase_tables; t->name; t++)
        if (strcmp(t->name, name) == 0) {
            assert_null(found); /* once */
            found = t;
        }
    return found;
}

static void test_all_tables(void **state)
{
    (void)state;
    int n = 0, listed = 0;
    struct db_row *row = db_select(
        db,
        "SELECT t.name, EXISTS (SELECT 1 FROM pragma_table_info(t.name) WHERE name ="
        " 'client') FROM sqlite_schema t WHERE t.type = 'table' AND t.name NOT LIKE"
        " 'sqlite_%'",
        DB_NONE, NULL);
    while (db_step(row, NULL) == 1) {
        const struct erase_table *t = find_table(db_row_text(row, 0));
        if (!t)
            fail_msg("the table %s is not in erase_tables (store/erase_client.c): say "
                     "what is a client's in it; and look whether scans, erasures of "
                     "erase_address.c need it",
                     db_row_text(row, 0));
        if (db_row_int(row, 1) && !t->where)
            fail_msg("the table %s has a column client", db_row_text(row, 0));
        n++;
    }
    assert_int_equal(db_finish(row), 0);
    for (const struct erase_table *t = erase_tables; t->name; t++)
        listed++;
    assert_int_equal(n, listed);
}

/* ---- a client leaves ---- */

static void count_table(void *arg, const char *table, int64_t rows)
{
    (void)table;
    *(int64_t *)arg += rows;
}

static int64_t one(const char *sql)
{
    int64_t n = -1;
    OK(db_select_int(db, sql, DB_NONE, &n, NULL));
    return n;
}

static int64_t add_run(const char *client)
{
    int64_t id = 0;
    const struct ledger_run run = {.client = client,
                                   .recipe = "hello",
                                   .origin = "hand",
                                   .args = "{\"of\":\"acme\"}",
                                   .policy = "{}",
                                   .due_ms = now,
                                   .created_ms = now};
    OK(ledger_add(db, &run, NULL, &id, NULL));
    return id;
}

static void add_delivery(const char *client, const char *event)
{
    int64_t id = 0;
    const struct delivery d = {.at_ms = now,
                               .app = "front",
                               .client = client,
                               .scheme = "rule",
                               .company = "cmp_1",
                               .event = event,
                               .due_ms = now};
    OK(inbox_add(db, &d, "{}", 2, &id, NULL));
    assert_true(id > 0);
}

static void test_client(void **state)
{
    (void)state;
    int64_t removed = 0, rows, total[ROLLUP_COUNTS], after[ROLLUP_COUNTS];
    int swept;
    unsigned char hash[CRYPTO_SHA256_SIZE];
    char hex[2 * sizeof hash + 1];
    int64_t others = add_run("zed");
    int64_t mine = add_run("acme");
    add_delivery("zed", "evt_1");
    add_delivery("acme", "evt_2");
    OK(db_exec(
        db,
        "INSERT INTO value VALUES ('acme', 'k', 'v', 1), ('acme.x', 'k', 'v', 1);"
        "INSERT INTO secret_version VALUES ('acme.key', 1, x'00', 1), ('acme.x.key',"
        " 1, x'00', 1), ('acmes', 1, x'00', 1);"
        "INSERT INTO connection (app, id, company, token_version, token, created_ms)"
        " VALUES ('front', 'cmp_1', 'Acme', 1, x'00', 1), ('front', 'cmp_2', 'Both',"
        " 1, x'00', 1);"
        "INSERT INTO client_connection VALUES ('acme', 'front', 'cmp_1'), ('acme.x',"
        " 'front', 'cmp_2')",
        NULL));
    const char text[] = "return { name = 'Acme' }";
    crypto_sha256(text, sizeof text - 1, hash);
    str_hex(hash, sizeof hash, hex);
    OK(release_keep_text(db, hash, text, sizeof text - 1, NULL));
    char *manifest = xasprintf(
        "clients/acme/client.lua\t%s\nclients/acmes/client.lua\t%s\n", hex, hex);
    const struct release r = {.by = "x"};
    assert_int_equal(release_add(db, &r, manifest, NULL), 1);
    free(manifest);
    OK(release_set_live(db, "", 1, "x", NULL, NULL));
    OK(release_set_live(db, "acme", 1, "x", "for acme", NULL));
    OK(release_refused_set(db, "x", "clients/acme/client.lua:1: unknown key", NULL));
    OK(db_exec(db, "UPDATE release SET note = 'for acme: wool'", NULL));
    int64_t generation, later;
    OK(release_generation(db, &generation, NULL));
    OK(rollup_sweep(db, 1000, &swept, NULL));
    OK(rollup_total(db, total, NULL));

    OK(erase_client(store, dir, "acme", now, count_table, &removed, NULL));
    assert_true(removed > 0);
    OK(erase_client_rows(store, "acme", &rows, NULL));
    assert_int_equal(rows, 0);
    assert_int_equal(one("SELECT count(*) FROM run WHERE client = 'acme' OR args LIKE"
                         " '%acme%' AND client <> 'zed'"),
                     0);
    /* what is another one's stays, also where the name is longer */
    assert_int_equal(one("SELECT count(*) FROM value"), 1);
    assert_int_equal(one("SELECT count(*) FROM secret_version"), 2);
    assert_int_equal(one("SELECT count(*) FROM connection"), 1);
    assert_int_equal(one("SELECT count(*) FROM release WHERE manifest LIKE"
                         " 'clients/acmes/client.lua%'"),
                     1);
    assert_int_equal(one("SELECT count(*) FROM release_move WHERE client = 'acme'"), 0);
    assert_int_equal(one("SELECT count(*) FROM refused_deploy"), 0);
    assert_int_equal(one("SELECT count(*) FROM release WHERE note IS NOT NULL"), 0);
    OK(release_generation(db, &later, NULL));
    assert_true(later > generation);
    /* no id is used twice; the counts of all clients do not fall */
    assert_int_equal(one("SELECT max(id) FROM run"), mine);
    assert_true(add_run("zed") > mine);
    assert_int_equal(one("SELECT state FROM run WHERE client = ''"), LEDGER_CANCELLED);
    OK(rollup_total(db, after, NULL));
    assert_int_equal(after[ROLLUP_EVENTS], total[ROLLUP_EVENTS]);
    assert_int_equal(one("SELECT count(*) FROM rollup WHERE client = 'acme'"), 0);
    assert_true(others > 0);
}

static void test_busy(void **state)
{
    (void)state;
    int64_t id, epoch = 0, removed = 0;
    struct err e = {0};
    struct presence *p = presence_open(dir, &e);
    assert_non_null(p);
    id = add_run("acme");
    assert_int_equal(ledger_claim(db, id, presence_id(p), 0, now, &epoch, NULL), 1);
    assert_int_equal(erase_client(store, dir, "acme", now, count_table, &removed, &e),
                     ERASE_BUSY);
    assert_int_equal(removed, 0);
    assert_int_equal(one("SELECT state FROM run WHERE client = 'acme'"), LEDGER_RUNNING);
    /* a dead process works on nothing */
    presence_close(p);
    assert_int_equal(erase_client(store, dir, "acme", now, count_table, &removed, &e),
                     ERASE_DONE);
    assert_int_equal(one("SELECT count(*) FROM run WHERE client = 'acme'"), 0);
}

static void test_forgotten(void **state)
{
    (void)state;
    int64_t id = 7;
    int removed;
    struct delivery d = {.app = "front", .company = "cmp_1", .event = "evt_1"};
    const struct delivery other = {.app = "front", .company = "cmp_2", .event = "evt_1"};
    const struct delivery bare = {.app = "front", .client = "acme"};
    assert_int_equal(forgotten_has(db, &d, NULL, 0, NULL), 0);
    OK(forgotten_add(db, &d, NULL, 0, now, NULL));
    OK(forgotten_add(db, &bare, "{}", 2, now + 1, NULL));
    assert_int_equal(forgotten_has(db, &d, "x", 1, NULL), 1);
    assert_int_equal(forgotten_has(db, &other, NULL, 0, NULL), 0);
    assert_int_equal(forgotten_has(db, &bare, "{}", 2, NULL), 1);
    assert_int_equal(forgotten_has(db, &bare, "[]", 2, NULL), 0);
    d.scheme = "application";
    OK(inbox_add(db, &d, "{}", 2, &id, NULL));
    assert_int_equal(id, 0);
    assert_int_equal(one("SELECT count(*) FROM delivery"), 0);
    OK(forgotten_prune(db, now + 1, 10, &removed, NULL));
    assert_int_equal(removed, 1);
    assert_int_equal(forgotten_has(db, &d, NULL, 0, NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_all_tables),
        TEST(test_client),
        TEST(test_busy),
        TEST(test_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
