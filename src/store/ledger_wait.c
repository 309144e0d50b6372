#include "store/ledger_wait.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/jsontree.h"
#include "base/str.h"

enum { NEEDLE_SIZE = 128 };

/* ---- matches ---- */

static int is_same(const json_t *a, const json_t *b)
{
    if (json_is_integer(a) && json_is_integer(b))
        return json_integer_value(a) == json_integer_value(b);
    if (json_is_number(a) && json_is_number(b))
        return json_number_value(a) == json_number_value(b);
    return json_equal(a, b);
}

static int matches(const json_t *match, const json_t *event)
{
    const char *path;
    json_t *wanted;
    if (!json_is_object(match) || !event)
        return 0;
    json_object_foreach((json_t *)match, path, wanted)
    {
        const json_t *there = json_at(event, path);
        if (!there || json_is_object(wanted) || json_is_array(wanted) ||
            !is_same(there, wanted))
            return 0;
    }
    return 1;
}

int ledger_matches(const char *match, const char *event)
{
    json_t *wanted = jsontree_reads(match, NULL), *tree = jsontree_reads(event, NULL);
    int answer = matches(wanted, tree);
    json_decref(wanted);
    json_decref(tree);
    return answer;
}

/* A text that stands literally in each event that MATCH fits: most events need no parse
 * then. Only letters, digits and a few others are certain to be written as they are. */
static void find_needle(const json_t *match, char needle[NEEDLE_SIZE])
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_-.@";
    const char *path;
    json_t *wanted;
    needle[0] = '\0';
    json_object_foreach((json_t *)match, path, wanted)
    {
        const char *text = json_string_value(wanted);
        if (text && strlen(text) + 2 < NEEDLE_SIZE && !text[strspn(text, plain)] &&
            strlen(text) + 2 > strlen(needle))
            snprintf(needle, NEEDLE_SIZE, "\"%s\"", text);
    }
}

/* ---- beginning and ending ---- */

int ledger_wait_drop(struct db *db, int64_t run, struct err *e)
{
    return db_change(db, "DELETE FROM wait WHERE run = ?", DB_ARGS(db_int(run)), NULL, e);
}

struct search {
    json_t *match;
    int64_t found; /* an activation; 0: none */
    char *event;
};

static int look_at_activation(void *arg, const struct db_row *row)
{
    struct search *search = arg;
    json_t *event = jsontree_reads(db_row_text(row, 1), NULL);
    if (matches(search->match, event)) {
        search->found = db_row_int(row, 0);
        search->event = xstrdup(db_row_text(row, 1));
    }
    json_decref(event);
    return search->found != 0;
}

/* 0 for an activation of the delivery that the run's own activation came with: that is
 * the event that started the run, fired by another trigger. */
#define IS_ANOTHER_EVENT(activation, run)                                                \
    " AND NOT EXISTS (SELECT 1 FROM activation own WHERE own.id = " run                  \
    " AND own.delivery = " activation ")"

static int set_since(struct db *db, int64_t run, int64_t activation, struct err *e)
{
    return db_change(db, "UPDATE run SET since = ? WHERE id = ?",
                     DB_ARGS(db_int(activation), db_int(run)), NULL, e);
}

int ledger_wait_begin(struct db *db, const struct ledger_head *head,
                      const struct ledger_change *change, struct err *e)
{
    struct search search = {.match = jsontree_reads(change->wait_match, NULL)};
    char needle[NEEDLE_SIZE];
    find_needle(search.match, needle);
    int rc = db_query(db,
                      "SELECT id, event FROM activation WHERE client = ? AND trigger = ?"
                      " AND id > ? AND instr(event, ?) > 0" IS_ANOTHER_EVENT(
                          "activation.delivery",
                          "(SELECT activation FROM run WHERE id = ?)") " ORDER BY id",
                      DB_ARGS(db_text(head->client), db_text(change->wait_trigger),
                              db_int(head->since), db_text(needle), db_int(head->id)),
                      look_at_activation, &search, e);
    if (rc == 0 && search.found) {
        rc = ledger_row_end_step(db, head->id, change->wait_seq, search.event,
                                 strlen(search.event), e);
        if (rc == 0)
            rc = set_since(db, head->id, search.found, e);
    } else if (rc == 0) {
        rc = db_change(db,
                       "INSERT OR REPLACE INTO wait (run, seq, client, trigger, match,"
                       " since) VALUES (?, ?, ?, ?, ?, ?)",
                       DB_ARGS(db_int(head->id), db_int(change->wait_seq),
                               db_text(head->client), db_text(change->wait_trigger),
                               db_text(change->wait_match), db_int(head->since)),
                       NULL, e);
    }
    json_decref(search.match);
    free(search.event);
    return rc != 0 ? -1 : search.found != 0;
}

struct waiter {
    int64_t run, seq;
};

struct waiters {
    const char *event;
    json_t *tree; /* of it, once somebody waits */
    struct waiter *items;
    size_t n, cap;
};

static int look_at_wait(void *arg, const struct db_row *row)
{
    struct waiters *waiters = arg;
    json_t *match = jsontree_reads(db_row_text(row, 2), NULL);
    if (!waiters->tree)
        waiters->tree = jsontree_reads(waiters->event, NULL);
    if (matches(match, waiters->tree)) {
        if (waiters->n == waiters->cap) {
            waiters->cap = waiters->cap ? 2 * waiters->cap : 8;
            waiters->items =
                xrealloc(waiters->items, waiters->cap * sizeof *waiters->items);
        }
        waiters->items[waiters->n++] =
            (struct waiter){db_row_int(row, 0), db_row_int(row, 1)};
    }
    json_decref(match);
    return 0;
}

static int wake(struct db *db, const struct waiter *waiter, int64_t activation,
                const char *event, int64_t now_ms, struct err *e)
{
    char text[64];
    snprintf(text, sizeof text, "by activation %lld", (long long)activation);
    if (ledger_row_end_step(db, waiter->run, waiter->seq, event, strlen(event), e) != 0 ||
        ledger_wait_drop(db, waiter->run, e) != 0 ||
        set_since(db, waiter->run, activation, e) != 0 ||
        ledger_row_note(db, waiter->run, now_ms, "woken", text, e) != 0)
        return -1;
    return db_change(db, "UPDATE run SET state = 0, due_ms = 0 WHERE id = ?",
                     DB_ARGS(db_int(waiter->run)), NULL, e);
}

int ledger_wake(struct db *db, const char *client, const char *trigger,
                int64_t activation, const char *event, int64_t now_ms, int *woken,
                struct err *e)
{
    struct waiters waiters = {.event = event};
    int rc = db_query(db,
                      "SELECT wait.run, wait.seq, wait.match FROM wait JOIN run"
                      " ON run.id = wait.run WHERE wait.client = ?1 AND wait.trigger = ?2"
                      " AND wait.since < ?3 AND run.state = 3" IS_ANOTHER_EVENT(
                          "(SELECT delivery FROM activation WHERE id = ?3)",
                          "run.activation") " ORDER BY wait.run",
                      DB_ARGS(db_text(client), db_text(trigger), db_int(activation)),
                      look_at_wait, &waiters, e);
    for (size_t i = 0; rc == 0 && i < waiters.n; i++)
        rc = wake(db, &waiters.items[i], activation, event, now_ms, e);
    if (rc == 0)
        *woken = (int)waiters.n;
    free(waiters.items);
    json_decref(waiters.tree);
    return rc;
}

int ledger_end_wait(struct db *db, int64_t run, int64_t now_ms, struct err *e)
{
    int64_t seq = -1;
    if (db_query(db, "SELECT seq FROM wait WHERE run = ?", DB_ARGS(db_int(run)),
                 db_read_int, &seq, e) != 0)
        return -1;
    if (seq < 0)
        return 0;
    if (ledger_row_end_step(db, run, seq, "null", 4, e) != 0 ||
        ledger_wait_drop(db, run, e) != 0)
        return -1;
    return ledger_row_note(db, run, now_ms, "timeout", "the wait ran out", e);
}

struct lend_trigger {
    int (*fn)(void *arg, const char *trigger);
    void *arg;
};

static int lend_trigger(void *arg, const struct db_row *row)
{
    struct lend_trigger *lend = arg;
    return lend->fn(lend->arg, db_row_text(row, 0));
}

int ledger_waited_for(struct db *db, const char *client,
                      int (*fn)(void *arg, const char *trigger), void *arg, struct err *e)
{
    struct lend_trigger lend = {fn, arg};
    return db_query(db, "SELECT DISTINCT trigger FROM wait WHERE client = ?",
                    DB_ARGS(db_text(client)), lend_trigger, &lend, e);
}
