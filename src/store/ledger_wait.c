#include "store/ledger_wait.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/jsontree.h"
#include "base/array.h"
#include "base/str.h"
#include "store/inbox.h"

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

/* Returns 1 when EVENT has each scalar that MATCH ({dotted path: scalar}) names. */
static int matches(const json_t *match, const json_t *event)
{
    const char *path;
    json_t *wanted;
    if (!json_is_object(match) || !event)
        return 0;
    json_object_foreach((json_t *)match, path, wanted)
    {
        const json_t *found = json_at(event, path);
        if (!found || json_is_object(wanted) || json_is_array(wanted) ||
            !is_same(found, wanted))
            return 0;
    }
    return 1;
}

/* Finds a text that each matching event contains literally, so that most events need not
 * be parsed. Only letters, digits and a few others are never escaped in JSON. */
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

/* False for an activation of the delivery that also fired the run's own activation: it is
 * the event that started the run, fired by another trigger. */
#define IS_ANOTHER_EVENT(activation, run)                                                \
    " AND NOT EXISTS (SELECT 1 FROM activation own WHERE own.id = " run                  \
    " AND own.delivery = " activation ")"

static int set_since(struct db *db, int64_t run, int64_t activation, struct err *e)
{
    return db_change(db, "UPDATE run SET since = ? WHERE id = ?",
                     DB_ARGS(db_int(activation), db_int(run)), NULL, e);
}

struct search {
    const json_t *match;
    const char *needle;
    int64_t own_delivery; /* of the activation that started the run; 0: none */
    int64_t found;
    char *event;
};

static int on_activation(void *arg, const struct activation *a)
{
    struct search *s = arg;
    if ((s->own_delivery && a->delivery == s->own_delivery) ||
        !strstr(a->event, s->needle))
        return 0;
    json_t *tree = jsontree_reads(a->event, NULL);
    if (matches(s->match, tree)) {
        s->found = a->id;
        s->event = xstrdup(a->event);
    }
    json_decref(tree);
    return s->found != 0;
}

/* Finds the first activation that ends the wait: *FOUND is its id, 0: none; *EVENT is a
 * new text. */
static int find_activation(struct db *db, const struct ledger_head *head,
                           const struct ledger_change *change, int64_t *found,
                           char **event, struct err *e)
{
    json_t *match = jsontree_reads(change->wait_match, NULL);
    char needle[NEEDLE_SIZE];
    find_needle(match, needle);
    struct search search = {.match = match, .needle = needle};
    int64_t own = 0;
    int rc = db_select_int(db,
                           "SELECT delivery FROM activation WHERE id ="
                           " (SELECT activation FROM run WHERE id = ?)",
                           DB_ARGS(db_int(head->id)), &own, e);
    search.own_delivery = own;
    if (rc == 0)
        rc = inbox_activations(db, head->client, change->wait_trigger, head->since, -1,
                               on_activation, &search, e);
    *found = search.found;
    *event = search.event;
    json_decref(match);
    return rc;
}

int ledger_wait_begin(struct db *db, const struct ledger_head *head,
                      const struct ledger_change *change, struct err *e)
{
    int64_t found;
    char *event;
    int rc = find_activation(db, head, change, &found, &event, e);
    if (rc == 0 && found) {
        rc = ledger_row_end_step(db, head->id, change->wait_seq, event, strlen(event), e);
        if (rc == 0)
            rc = set_since(db, head->id, found, e);
    } else if (rc == 0) {
        rc = db_change(db,
                       "INSERT OR REPLACE INTO wait (run, seq, client, trigger, match,"
                       " since) VALUES (?, ?, ?, ?, ?, ?)",
                       DB_ARGS(db_int(head->id), db_int(change->wait_seq),
                               db_text(head->client), db_text(change->wait_trigger),
                               db_text(change->wait_match), db_int(head->since)),
                       NULL, e);
    }
    free(event);
    return rc != 0 ? -1 : found != 0;
}

struct waiter {
    int64_t run, seq;
};

struct waiters {
    struct waiter *items;
    size_t n;
};

static int find_waiters(struct db *db, const char *client, const char *trigger,
                        int64_t activation, const char *event, struct waiters *out,
                        struct err *e)
{
    json_t *tree = NULL; /* parsed when a run waits, which is rare */
    struct db_row *row =
        db_select(db,
                  "SELECT wait.run, wait.seq, wait.match FROM wait JOIN run"
                  " ON run.id = wait.run WHERE wait.client = ?1 AND wait.trigger = ?2"
                  " AND wait.since < ?3 AND run.state = " SQL_WAITING IS_ANOTHER_EVENT(
                      "(SELECT delivery FROM activation WHERE id = ?3)",
                      "run.activation") " ORDER BY wait.run",
                  DB_ARGS(db_text(client), db_text(trigger), db_int(activation)), e);
    while (db_step(row, e) == 1) {
        json_t *match = jsontree_reads(db_row_text(row, 2), NULL);
        if (!tree)
            tree = jsontree_reads(event, NULL);
        if (matches(match, tree)) {
            array_grow(out->items, out->n);
            out->items[out->n++] =
                (struct waiter){db_row_int(row, 0), db_row_int(row, 1)};
        }
        json_decref(match);
    }
    json_decref(tree);
    return db_finish(row);
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
    return db_change(db, "UPDATE run SET state = " SQL_QUEUED ", due_ms = 0 WHERE id = ?",
                     DB_ARGS(db_int(waiter->run)), NULL, e);
}

int ledger_wake(struct db *db, const char *client, const char *trigger,
                int64_t activation, const char *event, int64_t now_ms, int *woken,
                struct err *e)
{
    struct waiters waiters = {0};
    int rc = find_waiters(db, client, trigger, activation, event, &waiters, e);
    for (size_t i = 0; rc == 0 && i < waiters.n; i++)
        rc = wake(db, &waiters.items[i], activation, event, now_ms, e);
    if (rc == 0)
        *woken = (int)waiters.n;
    free(waiters.items);
    return rc;
}

int ledger_wait_end(struct db *db, int64_t run, int64_t now_ms, struct err *e)
{
    int64_t seq = -1;
    if (db_select_int(db, "SELECT seq FROM wait WHERE run = ?", DB_ARGS(db_int(run)),
                      &seq, e) != 0)
        return -1;
    if (seq < 0)
        return 0;
    if (ledger_row_end_step(db, run, seq, "null", 4, e) != 0 ||
        ledger_wait_drop(db, run, e) != 0)
        return -1;
    return ledger_row_note(db, run, now_ms, "timeout", "the wait ran out", e);
}

int ledger_waited_for(struct db *db, const char *client,
                      int (*fn)(void *arg, const char *trigger), void *arg, struct err *e)
{
    return store_row_texts(db_select(db,
                                     "SELECT DISTINCT trigger FROM wait WHERE client = ?",
                                     DB_ARGS(db_text(client)), e),
                           fn, arg, e);
}
