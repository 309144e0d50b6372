/* ledgertest: a store of a test's own, and runs with what most tests do not care about.
 */
#ifndef FOYER_TEST_LEDGERTEST_H
#define FOYER_TEST_LEDGERTEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "io/db.h"
#include "store/ledger.h"
#include "store/store.h"
#include "workdir.h"

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE, DAY = 24 * HOUR };
static const int64_t now = 1700000000000;

static char *dir;
static struct store *store;
static struct db *db;

static inline int setup(void **state)
{
    struct err e = {0};
    (void)state;
    dir = workdir_make();
    store = store_open(dir, &e);
    if (!store) {
        fprintf(stderr, "%s\n", e.text);
        return -1;
    }
    db = store_db(store);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    store_close(store);
    workdir_remove(dir);
    return 0;
}

/* EXPRESSION answers 0, or the test fails with the error's sentence. */
#define OK(expression)                                                                   \
    do {                                                                                 \
        struct err e = {0};                                                              \
        if ((expression) != 0)                                                           \
            fail_msg(#expression ": %s", e.text);                                        \
    } while (0)

/* EXPRESSION fails with KIND and a sentence that has PART. */
#define FAILS(expression, wanted, part)                                                  \
    do {                                                                                 \
        struct err e = {0};                                                              \
        assert_int_equal((expression), -1);                                              \
        if (e.kind != (wanted) || !strstr(e.text, (part)))                               \
            fail_msg("%s: %s", err_kind_name(e.kind), e.text);                           \
    } while (0)

static inline int64_t add_full(const struct ledger_run *run, const char *owner)
{
    struct ledger_run full = *run;
    int64_t id = 0;
    if (!full.client)
        full.client = "acme";
    if (!full.recipe)
        full.recipe = "first-reply";
    if (!full.origin)
        full.origin = "activation";
    full.args = "{}";
    full.policy = "{}";
    if (!full.due_ms)
        full.due_ms = now;
    if (!full.created_ms)
        full.created_ms = now;
    OK(ledger_add(db, &full, owner, &id, &e));
    return id;
}
#define ADD(...)         add_full(&(struct ledger_run){__VA_ARGS__}, NULL)
#define ADD_RUNNING(...) add_full(&(struct ledger_run){__VA_ARGS__}, "me")

static inline int claim_at(int64_t id, int64_t at_ms, int64_t *epoch)
{
    struct err e = {0};
    int rc = ledger_claim(db, id, "me", 0, at_ms, epoch, &e);
    if (rc < 0)
        fail_msg("%s", e.text);
    return rc;
}

/* Claims it, which must work; its epoch. */
static inline int64_t claim_ok(int64_t id, int64_t at_ms)
{
    int64_t epoch = -1;
    assert_int_equal(claim_at(id, at_ms, &epoch), 1);
    return epoch;
}

/* CHANGE's defaults may be given once more. */
#pragma GCC diagnostic ignored "-Woverride-init"

/* A change by the run's present claim that ends nothing. */
#define CHANGE(of, with, ...)                                                            \
    &(struct ledger_change)                                                              \
    {                                                                                    \
        .run = (of), .epoch = (with), .now_ms = now, .drop = -1, .state = -1,            \
        __VA_ARGS__                                                                      \
    }

/* Ends the attempt in STATE, due at DUE. */
static inline void end_at(int64_t id, int64_t epoch, enum ledger_state state, int64_t at,
                          int64_t due)
{
    struct ledger_change change = {.run = id,
                                   .epoch = epoch,
                                   .now_ms = at,
                                   .drop = -1,
                                   .state = (int)state,
                                   .due_ms = due,
                                   .failures = state == LEDGER_QUEUED};
    OK(ledger_commit(db, &change, &e));
}

static inline int64_t number(const char *sql)
{
    int64_t n = -1;
    OK(db_select_int(db, sql, DB_NONE, &n, &e));
    return n;
}

/* The first column of what SQL finds, each followed by a space, is EXPECTED. */
static inline void assert_rows(const char *sql, const char *expected)
{
    struct buf b;
    buf_init(&b, 100000);
    struct db_row *row = db_select(db, sql, DB_NONE, NULL);
    while (db_step(row, NULL) == 1) {
        const char *text = db_row_text(row, 0);
        buf_addf(&b, "%s ", text ? text : "-");
    }
    assert_int_equal(db_finish(row), 0);
    if (strcmp(buf_str(&b), expected) != 0)
        fail_msg("%s: \"%s\", not \"%s\"", sql, buf_str(&b), expected);
    buf_free(&b);
}

static inline int read_state(void *arg, const struct ledger_run *run)
{
    *(int *)arg = (int)run->state;
    return 0;
}

static inline void assert_state(int64_t id, enum ledger_state state)
{
    int is = -1;
    OK(ledger_read(db, id, read_state, &is, &e));
    assert_string_equal(ledger_state_name((enum ledger_state)is),
                        ledger_state_name(state));
}

/* DELIVERY 0: of none. */
static inline int64_t add_activation_of(int64_t delivery, const char *client,
                                        const char *trigger, const char *event)
{
    const struct db_value none = {.type = DB_IS_NULL};
    OK(db_change(db,
                 "INSERT INTO activation (at_ms, client, trigger, key, delivery, event)"
                 " VALUES (0, ?, ?, '', ?, ?)",
                 DB_ARGS(db_text(client), db_text(trigger),
                         delivery ? db_int(delivery) : none, db_text(event)),
                 NULL, &e));
    return number("SELECT max(id) FROM activation");
}

static inline int64_t add_activation(const char *client, const char *trigger,
                                     const char *event)
{
    return add_activation_of(0, client, trigger, event);
}

/* A step for a change: kind "http" or, with a scope, "call". */
static inline struct journal_entry step(int seq, const char *name, int is_done,
                                        int is_scope, int is_intent, const char *result)
{
    struct journal_entry entry = {
        .seq = seq,
        .kind = is_scope ? "call" : "http",
        .name = name,
        .is_done = is_done,
        .is_scope = is_scope,
        .is_intent = is_intent,
        .at_ms = now + seq,
        .result = result,
        .len = result ? strlen(result) : 0,
    };
    memset(entry.hash, seq + 1, sizeof entry.hash);
    return entry;
}

#endif
