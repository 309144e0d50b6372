#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/str.h"
#include "base/when.h"
#include "cli/cli.h"
#include "cli/one_run.h"
#include "core/jsontree.h"
#include "core/settings.h"
#include "store/inbox.h"
#include "work/mode.h"

enum {
    PAUSE_MS = 1000,          /* between two looks */
    WAIT_MS = 90 * 1000,      /* for a message, a webhook */
    HAND_MS = 10 * 60 * 1000, /* for what a person does */
    LOOKS = 4, /* times that, for a lost answer: the last look is after 5 min */
    BUDGET_MS = 60 * 1000
};

static const char app[] = "front";

struct selftest {
    struct cli *cli;
    const char *inbox;
    int by_hand;
    int64_t wait_ms;
    json_t *state; /* what one step leaves to the next */
    json_t *rows;  /* {subject, guess, result, saw} */
    struct loop_timer *timer;
};

static void add_row(struct selftest *t, const char *subject, const char *guess,
                    const char *result, const char *saw)
{
    json_array_append_new(t->rows,
                          json_pack("{s:s, s:s, s:s, s:s}", "subject", subject, "guess",
                                    guess, "result", result, "saw", saw));
}

/* Runs a step of lua/APP/selftest.lua, which puts a new tree in place of t->state: what
 * was borrowed from that is gone. Returns whether it found what it looks for, or -1
 * with E. */
static int step(struct selftest *t, const char *name, struct err *e)
{
    json_t *args =
        json_pack("{s:s, s:s, s:O}", "app", app, "step", name, "state", t->state);
    struct session_call call = {.client = t->cli->client,
                                .label = "selftest",
                                .entry = "selftest",
                                .args = args,
                                .lane = WINDOW_LANE_ACTIVATION,
                                .wait_ms = BUDGET_MS,
                                .patient = 1};
    json_t *out = session_run(t->cli->session, &call, e);
    json_decref(args);
    if (!out)
        return err_prefix(e, "step %s", name);
    json_array_extend(t->rows, json_object_get(out, "rows"));
    json_decref(t->state);
    t->state = json_incref(json_object_get(out, "state"));
    int found = json_is_true(json_object_get(out, "found"));
    json_decref(out);
    return found;
}

static void on_pause(void *arg)
{
    loop_stop(session_loop(((struct selftest *)arg)->cli->session));
}

/* Waits a second. Returns 0 after a signal. */
static int rest(struct selftest *t)
{
    struct loop *loop = session_loop(t->cli->session);
    loop_timer_set(t->timer, PAUSE_MS);
    if (!session_interrupted(t->cli->session))
        loop_run(loop);
    return !session_interrupted(t->cli->session);
}

/* Repeats FN (1: found, 0: not yet, -1 with E) for at most MOST_MS. *TOOK_MS is how long
 * it took. */
static int await(struct selftest *t, int (*fn)(struct selftest *t, struct err *e),
                 int64_t most_ms, int64_t *took_ms, struct err *e)
{
    int64_t began = clock_mono_us() / 1000;
    int found;
    do {
        found = fn(t, e);
        *took_ms = clock_mono_us() / 1000 - began;
    } while (found == 0 && *took_ms < most_ms && rest(t));
    return found;
}

static int arrived(struct selftest *t, struct err *e)
{
    return step(t, "arrived", e);
}

static int appeared(struct selftest *t, struct err *e)
{
    return step(t, "appeared", e);
}

static int archived(struct selftest *t, struct err *e)
{
    return step(t, "archived", e);
}

static int merged(struct selftest *t, struct err *e)
{
    return step(t, "merged", e);
}

static int on_delivery(void *arg, const struct delivery *d)
{
    *(char **)arg = xasprintf("delivery %lld, %s, %s", (long long)d->id,
                              d->type ? d->type : "?", d->scheme);
    return 1;
}

/* ---- the parts ---- */

static const char *conversation(const struct selftest *t)
{
    return json_text(t->state, "conversation");
}

static char *webhook; /* that came */

static int hooked(struct selftest *t, struct err *e)
{
    struct inbox_filter filter = {
        .conversation = conversation(t), .state = -1, .limit = 1};
    if (inbox_each(store_db(t->cli->store), &filter, on_delivery, &webhook, e) != 0)
        return -1;
    return webhook != NULL;
}

static char *seconds(int64_t ms)
{
    return xasprintf("after %lld s", (long long)((ms + 999) / 1000));
}

static int receive(struct selftest *t, struct err *e)
{
    int64_t took;
    int found = step(t, "begin", e);
    const char *refused = json_text(t->state, "refused");
    if (found >= 0 && refused)
        return err_set(e, ERR_NOT_FOUND,
                       "the inbox %.64s cannot be used: %s answers %.80s when asked for "
                       "its channels; nothing was made",
                       t->inbox, app, refused);
    if (found == 0 && t->by_hand)
        fprintf(stderr,
                "foyer: write to the inbox %s%s%s now, with the subject \"%s\", from an "
                "address that is no teammate's\n",
                t->inbox, json_text(t->state, "address") ? ", " : "",
                json_text_or(t->state, "address", ""), json_text(t->state, "mark"));
    if (found < 0)
        return -1;
    if (found == 0 && !t->by_hand) {
        add_row(
            t, "app channels", "a message of a customer", "not tried",
            "the inbox has no custom channel: make one in Front, or use --by-hand and "
            "write to the inbox yourself");
        return 0;
    }
    found = await(t, arrived, found ? t->wait_ms : HAND_MS, &took, e);
    char *after = seconds(took);
    if (found >= 0)
        add_row(t, "replies", "a message appears later", found ? "ok" : "differs",
                found ? after : "it did not appear");
    free(after);
    return found;
}

static int hear(struct selftest *t, struct err *e)
{
    int64_t took;
    static const char guess[] = "a webhook tells that a customer wrote";
    int found = await(t, hooked, t->wait_ms, &took, e);
    if (found < 0)
        return -1;
    if (found) {
        char *after = seconds(took), *saw = xasprintf("%s, %s", after, webhook);
        add_row(t, "application webhooks", guess, "ok", saw);
        free(after);
        free(saw);
    } else {
        add_row(t, "application webhooks", guess, "not tried",
                "no webhook came: is foyer serve running, its address set in Front, and "
                "reached from there? See foyer hooks");
    }
    free(webhook);
    webhook = NULL;
    return 0;
}

/* Sends a reply by a run that the store keeps. */
static int reply(struct selftest *t, const char *text, struct one_run *out, struct err *e)
{
    json_t *args = json_pack("{s:s, s:s, s:[], s:{s:s, s:s}}", "tool", "call", "action",
                             "front/send-conversation-reply", "words", "input",
                             "conversation_id", conversation(t), "body", text);
    char *body = json_dumps(args, JSON_COMPACT);
    struct ledger_run row = {.client = t->cli->client,
                             .recipe = "front/send-conversation-reply",
                             .origin = "hand",
                             .conversation = conversation(t),
                             .args = body,
                             .policy = "{\"attempts\":5}",
                             .created_ms = clock_wall_ms()};
    row.due_ms = row.created_ms;
    int rc = one_run(t->cli, &row, NULL, NULL, out, e);
    if (!session_interrupted(
            t->cli->session)) /* the runner has stopped them at its end */
        runs_allow_writes(session_runs(t->cli->session));
    free(body);
    json_decref(args);
    return rc;
}

static int send_one(struct selftest *t, struct err *e)
{
    struct one_run out;
    int64_t took;
    static const char guess[] = "accepted, and the message appears later";
    char *text =
        xasprintf("A reply that foyer selftest makes: %s", json_text(t->state, "mark"));
    int rc = reply(t, text, &out, e);
    free(text);
    if (rc != 0)
        return -1;
    const char *uid = json_text(out.result, "message_uid");
    if (out.state != LEDGER_DONE || !uid) {
        add_row(t, "replies", guess, "differs", out.err.text);
        json_decref(out.result);
        return 0;
    }
    json_object_set_new(t->state, "uid", json_string(uid));
    json_decref(out.result);
    int found = await(t, appeared, t->wait_ms, &took, e);
    if (found < 0)
        return -1;
    char *after = seconds(took);
    add_row(t, "replies", guess, found ? "ok" : "differs",
            found ? after : "the message did not appear");
    free(after);
    return 0;
}

struct watch {
    int64_t run;
    enum ledger_state state;
} watched;

static int on_run(void *arg, const struct ledger_run *run)
{
    ((struct watch *)arg)->state = run->state;
    return 0;
}

static int settled(struct selftest *t, struct err *e)
{
    if (ledger_read(store_db(t->cli->store), watched.run, on_run, &watched, e) != 0)
        return -1;
    return ledger_is_over(watched.state) || watched.state == LEDGER_PARKED;
}

/* Sends a reply and drops its answer: a worker looks for it. */
static int lose_one(struct selftest *t, struct err *e)
{
    struct one_run out;
    int64_t took;
    static const char guess[] = "a reply whose answer was lost is found again";
    char *lost = xasprintf("A reply of which foyer selftest drops the answer: %s",
                           json_text(t->state, "mark"));
    json_object_set_new(t->state, "lost", json_string(lost));
    httpc_lose_next(session_httpc(t->cli->session), "POST");
    int rc = reply(t, lost, &out, e);
    httpc_lose_next(session_httpc(t->cli->session), NULL);
    free(lost);
    json_decref(out.result);
    if (rc != 0)
        return -1;
    watched.run = out.id;
    watched.state = out.state;
    fprintf(stderr, "foyer: waiting until a worker finds the reply of run %lld\n",
            (long long)out.id);
    int found = out.id ? await(t, settled, LOOKS * t->wait_ms, &took, e) : 0;
    if (found < 0)
        return -1;
    char *saw =
        xasprintf("run %lld is %s", (long long)out.id, ledger_state_name(watched.state));
    add_row(t, "replies", guess,
            !found                         ? "not tried"
            : watched.state == LEDGER_DONE ? "ok"
                                           : "differs",
            found ? saw : "no worker looked for it: is foyer serve running?");
    free(saw);
    return found ? step(t, "count_lost", e) : 0;
}

static int merge(struct selftest *t, struct err *e)
{
    int64_t took;
    static const char guess[] = "301 for every method";
    const char *other = json_text(t->state, "other");
    if (!other || !t->by_hand) {
        add_row(t, "merged conversations", guess, "not tried",
                other ? "Front's API merges none: use --by-hand, and merge two in Front"
                      : "there is one conversation only");
        return 0;
    }
    fprintf(stderr,
            "foyer: merge %s into %s in Front now: https://app.frontapp.com/open/%s\n",
            other, conversation(t), other);
    int found = await(t, merged, HAND_MS, &took, e);
    if (found == 0)
        add_row(t, "merged conversations", guess, "not tried", "none was merged");
    return found < 0 ? -1 : 0;
}

/* Does all but the cleaning. Returns -1 with E. */
static int try_all(struct selftest *t, struct err *e)
{
    int64_t took;
    int found = receive(t, e);
    if (found <= 0)
        return found;
    if (hear(t, e) != 0 || send_one(t, e) != 0 || lose_one(t, e) < 0 ||
        step(t, "rest", e) < 0 || await(t, archived, t->wait_ms, &took, e) < 0)
        return -1;
    return merge(t, e);
}

/* ---- the command ---- */

static int no_inbox(const struct selftest *t, json_t *names, struct err *e)
{
    const char **list = xcalloc(json_object_size(names) + 1, sizeof *list), *name;
    json_t *id;
    size_t n = 0;
    json_object_foreach(names, name, id)
    {
        list[n++] = name;
    }
    const char *near = str_nearest(t->inbox, list, n);
    free(list);
    return err_set(e, ERR_NOT_FOUND,
                   "%s has no inbox \"%.64s\"%s%s%s one of %s.inboxes in its "
                   "client.lua, or an id such as inb_1a2b (foyer ids --client %s)",
                   t->cli->client, t->inbox, near ? "; did you mean \"" : "",
                   near ? near : "", near ? "\"? Name" : ": name", app, t->cli->client);
}

/* Sets *ID to the inbox's id, for a name of client.lua or an id; borrowed. */
static int inbox_id(const struct selftest *t, const char **id, struct err *e)
{
    const json_t *own = workspace_client(t->cli->w, t->cli->client, NULL);
    json_t *names = json_object_get(settings_client_app(own, app), "inboxes");
    *id = json_text(names, t->inbox);
    if (!*id && strncmp(t->inbox, "inb_", 4) != 0)
        return no_inbox(t, names, e);
    if (!*id)
        *id = t->inbox;
    return 0;
}

static int print(const struct selftest *t)
{
    size_t i;
    json_t *row;
    int differs = 0;
    json_array_foreach(t->rows, i, row)
    {
        differs += str_eq(json_text(row, "result"), "differs");
    }
    cli_print_rows(t->cli, t->rows, "result subject guess saw");
    return differs ? err_exit_code(ERR_INVALID) : 0;
}

static int run(struct selftest *t, struct err *e)
{
    struct err why = {0}, again = {0};
    unsigned char random[4];
    char hex[9];
    const char *inbox;
    int rc = 0, code = 0;
    if (inbox_id(t, &inbox, e) != 0)
        return -1;
    crypto_random(random, sizeof random);
    str_hex(random, sizeof random, hex);
    char *mark = xasprintf("foyer selftest %s", hex);
    char *handle = xasprintf("foyer-selftest-%s", hex);
    t->rows = json_array();
    t->state =
        json_pack("{s:s, s:s, s:s}", "mark", mark, "handle", handle, "inbox", inbox);
    t->timer = loop_timer_new(session_loop(t->cli->session), on_pause, t);
    fprintf(stderr, "foyer: all that this makes is named \"%s\"\n", mark);
    if (try_all(t, &why) < 0)
        rc = -1;
    if (json_object_get(t->state, "made") && step(t, "clean", &again) < 0)
        fprintf(stderr, "foyer: \"%s\" was not cleaned up: %s\n", mark, again.text);
    if (rc == 0 || json_array_size(t->rows))
        code = print(t);
    if (rc != 0)
        *e = why;
    loop_timer_free(t->timer);
    json_decref(t->state);
    json_decref(t->rows);
    free(mark);
    free(handle);
    return rc == 0 ? code : -1;
}

int cmd_selftest(struct cli *cli, struct err *e)
{
    const char *wait = NULL, *why;
    struct selftest t = {.cli = cli, .wait_ms = WAIT_MS};
    const struct cli_option options[] = {{"inbox", CLI_VALUE, &t.inbox},
                                         {"by-hand", CLI_FLAG, &t.by_hand},
                                         {"wait", CLI_VALUE, &wait},
                                         {NULL, CLI_FLAG, NULL}};
    if (cli_parse(cli, options, e) != 0)
        return -1;
    cli->client = cli->words.items[0];
    if (!t.inbox)
        return cli_usage_error(cli, e,
                               "--inbox is missing: name an inbox that is there for "
                               "tests, as messages are made in it");
    if (wait && str_parse_duration(wait, &t.wait_ms) != 0)
        return cli_usage_error(cli, e, "--wait takes a duration such as 90s, not %.40s",
                               wait);
    if (cli_open(cli, e) != 0)
        return -1;
    if (work_mode(cli->w, cli->client, &why) != MODE_LIVE)
        return err_set(e, ERR_FORBIDDEN, "the selftest sends writes, and %s", why);
    return run(&t, e);
}
