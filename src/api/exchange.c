#include "api/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "core/jsontree.h"
#include "base/log.h"
#include "base/str.h"
#include "core/answer.h"
#include "core/credential.h"
#include "io/url_parse.h"
#include "base/stats.h"
#include "base/crypto.h"

enum {
    REDIRECTS_MAX = 3,
    LATE_MAX = 3,
    AT_ONCE_MAX = 8 * 1024 /* bytes of a body that a new connection takes at once */
};

void exchange_init(struct exchange *x, struct run *run)
{
    const struct limits *limits = vm_limits(run_vm(run));
    *x = (struct exchange){.run = run, .seq = -1, .took_ms = -1};
    buf_init(&x->body, limits->answer_bytes);
    buf_init(&x->packed, limits->answer_bytes + 1024 * 1024);
}

static void cancel(void *arg)
{
    struct exchange *x = arg;
    if (x->pending)
        run_host(x->run)->withdraw(run_host(x->run)->access, x->pending);
    x->pending = NULL;
    if (x->committing)
        run_committer(x->run)->withdraw(run_committer(x->run)->arg, x->committing);
    x->committing = NULL;
    if (x->call)
        httpc_cancel(x->call);
    x->call = NULL;
    if (x->get)
        cancel(x->get);
}

void exchange_fini(struct exchange *x)
{
    cancel(x);
    if (x->get)
        exchange_fini(x->get);
    free(x->get);
    merge_free(x->merge);
    for (size_t i = 0; i < x->nheaders; i++)
        free(x->headers[i]);
    for (size_t i = 0; i < x->nparts; i++) {
        free((void *)x->parts[i].name);
        free((void *)x->parts[i].filename);
        if (!x->parts[i].filename) /* a file's bytes are the run's */
            free((void *)x->parts[i].data);
    }
    mask_fini(&x->sent);
    free(x->headers);
    free(x->parts);
    free(x->method);
    free(x->url);
    free(x->target);
    free(x->app);
    free(x->what);
    free(x->refusal);
    free(x->untaken);
    crypto_free_text(x->opened);
    buf_free(&x->body);
    buf_free(&x->packed);
    json_decref(x->form);
    json_decref(x->templates);
    *x = (struct exchange){.run = x->run, .seq = -1};
}

void exchange_add_header(struct exchange *x, const char *name, const char *value)
{
    array_grow(x->headers, x->nheaders);
    x->headers[x->nheaders++] = xasprintf("%s: %s", name, value);
}

/* ---- recording ---- */

int exchange_end(struct exchange *x, struct err *e)
{
    struct journal *journal = run_journal(x->run);
    struct err full;
    if (journal_end(journal, x->seq, x->packed.data, x->packed.len, &full) == 0)
        return 0;
    /* a step has to end: this one ends with the reason why its outcome cannot be kept */
    packed_error(&x->packed, &full);
    return journal_end(journal, x->seq, x->packed.data, x->packed.len, e);
}

/* 1 for a write of a run with a committer: its intent is stored before it is sent, and
 * its outcome afterwards. */
static int is_stored(const struct exchange *x)
{
    return !x->reads && run_committer(x->run);
}

/* ERR_UNCERTAIN: another run that did not know the outcome of its own write has found
 * what this one made, and claimed it. So this write's outcome has to be looked for too.
 */
static void on_outcome_stored(void *arg, const struct err *e)
{
    struct exchange *x = arg;
    x->committing = NULL;
    run_set_writing(x->run, NULL);
    if (e->kind == ERR_UNCERTAIN)
        journal_reopen(run_journal(x->run), x->seq);
    if (e->kind != ERR_NONE)
        run_fail(x->run, e);
    else
        run_ready(x->run);
}

/* Stores what came of the write: TEXT, which it frees, is for the history. */
static void store_outcome(struct exchange *x, char *text, run_committed *done)
{
    const struct run_committer *committer = run_committer(x->run);
    const struct run_commit commit = {.kind = RUN_COMMIT_OUTCOME, .text = text};
    committer->commit(committer->arg, x->run, &commit, done, x, &x->committing);
    free(text);
}

static int64_t sent_ms(const struct exchange *x)
{
    return clock_wall_ms() - (x->took_ms > 0 ? x->took_ms : 0);
}

static void on_read(struct exchange *x);

/* Records the outcome in `packed`, stores it where the run has a committer, and resumes
 * the script. OUTCOME ("202") is for the history. */
static void conclude(struct exchange *x, const char *outcome)
{
    struct err e;
    if (x->owner) {
        on_read(x->owner);
        return;
    }
    if (exchange_end(x, &e) != 0) {
        run_set_writing(x->run, NULL);
        run_fail(x->run, &e);
        return;
    }
    journal_took(run_journal(x->run), x->seq, sent_ms(x), x->took_ms);
    if (is_stored(x)) {
        store_outcome(x, xasprintf("%s %s", x->what, outcome), on_outcome_stored);
    } else {
        run_set_writing(x->run, NULL);
        run_ready(x->run);
    }
}

static void conclude_error(struct exchange *x, const struct err *e)
{
    packed_error(&x->packed, e);
    conclude(x, err_kind_name(e->kind));
}

/* If the process dies before the outcome is stored, the process that reclaims the run
 * knows that the write was not done. */
static void note_refused(const struct exchange *x)
{
    const struct run_committer *committer = run_committer(x->run);
    if (is_stored(x) && committer->refused)
        committer->refused(committer->arg);
}

/* Ends the attempt, or raises in the script that catches. An uncertain write stays an
 * open intent in the journal; a step that certainly did nothing is removed from it. */
static void fail(struct exchange *x, const struct err *e)
{
    if (x->owner) {
        fail(x->owner, e);
        return;
    }
    run_set_writing(x->run, NULL);
    if (x->seq >= 0 && e->kind != ERR_UNCERTAIN) {
        if (err_kind_is_retryable(e->kind) && run_is_catching(x->run)) {
            conclude_error(x, e);
            return;
        }
        if (x->took_ms >= 0) {
            packed_error(&x->packed, e);
            journal_refused(run_journal(x->run), x->seq, sent_ms(x), x->took_ms,
                            x->packed.data, x->packed.len);
        } else {
            journal_cancel(run_journal(x->run), x->seq);
        }
        note_refused(x);
    }
    run_fail(x->run, e);
}

/* ---- sending ---- */

/* Sets E from an answer that no script sees. */
static void refusal(const struct exchange *x, const struct httpc_answer *a, struct err *e)
{
    char *body = xmemdup0(a->body, a->body_len);
    mask_apply(&x->sent, body, a->body_len);
    answer_error(e, x->what, (int)a->status, !x->reads, httpc_header(a, "retry-after"),
                 json_at(x->connector, "errors"), body, a->body_len, clock_wall_ms());
    free(body);
}

/* Turns E into ERR_UNCERTAIN, with its text as the reason. */
static void uncertain(struct err *e)
{
    struct err why = *e;
    err_set(e, ERR_UNCERTAIN,
            "cannot tell whether it was done (look before you send it again): %s",
            why.text);
    e->status = why.status;
    e->retry_after_ms = why.retry_after_ms;
}

/* Appends the command that connects the client again. */
static void connect_again(const struct exchange *x, struct err *e)
{
    const char *client = run_client(x->run);
    char *command = connection_command(client ? client : "CLIENT", x->connection->app);
    size_t len = strlen(e->text);
    snprintf(e->text + len, sizeof e->text - len, "; connect the client again: %s",
             command);
    free(command);
}

/* Appends the Location of a redirect that is not followed. */
static void add_location(const struct exchange *x, const struct httpc_answer *a,
                         struct err *e)
{
    const char *location = httpc_header(a, "location");
    if (!location || a->status < 300 || a->status > 399)
        return;
    char *shown = exchange_shown_location(location, x->secret);
    mask_apply(&x->sent, shown, strlen(shown));
    size_t len = strlen(e->text);
    snprintf(e->text + len, sizeof e->text - len, "; it leads to %s", shown);
    free(shown);
}

/* Checks a redirect to another host: an API must not choose which host gets a secret or a
 * write. HAD 1: the request took a connection's token along. */
static int check_new_host(const struct exchange *x, int had, struct err *e)
{
    if (x->secret_header)
        return err_set(
            e, ERR_FORBIDDEN,
            "a header or the body holds a secret, which is not sent to another host");
    if (had && (!x->reads || x->has_body || x->nparts))
        return err_set(e, ERR_FORBIDDEN,
                       "its host is not the connection's, and what a request writes is "
                       "not sent to another host");
    return 0;
}

/* Points X at the Location of A, after the same checks as for its first address. */
static int follow(struct exchange *x, const struct httpc_answer *a, struct err *e)
{
    const char *location = httpc_header(a, "location");
    if (!location || !url_is_clean(location))
        return err_set(e, ERR_INVALID, "cannot %s: %ld without a usable Location",
                       x->what, a->status);
    if (x->redirects++ >= REDIRECTS_MAX)
        return err_set(e, ERR_INVALID, "cannot %s: redirected more than %d times",
                       x->what, REDIRECTS_MAX);
    char *url =
        exchange_redirect(x->url, location, json_text(x->connector, "moved.prefix"));
    char *app = xstrdup(x->connection ? x->connection->app : ""), *from = x->what;
    char *before = xstrdup(x->url);
    const struct connection *connection = x->connection;
    x->what = NULL;
    int rc = exchange_resolve(x, url, app, x->secret, e);
    if (rc == 0 && !exchange_is_same_place(before, x->url) &&
        (!connection || connection != x->connection))
        rc = check_new_host(x, connection != NULL, e);
    free(before);
    if (rc != 0) {
        err_prefix(e, "cannot follow the answer %ld to %s", a->status, from);
        add_location(x, a, e);
    }
    free(from);
    free(app);
    free(url);
    return rc;
}

/* Writes are in the lane of replies: a reply must not wait behind the reads of a list.
 * But those of a run that is all bulk let replies go first. */
static struct run_ask ask_of(const struct exchange *x)
{
    int first = !x->reads && run_spec(x->run)->lane != WINDOW_LANE_BULK;
    int64_t waited_ms = (clock_mono_us() - x->began_us) / 1000;
    int64_t wait_ms = run_spec(x->run)->wait_ms - waited_ms;
    const char *app = x->connection ? x->connection->app : "";
    return (struct run_ask){.connection = x->connection,
                            .client =
                                run_company(x->run, app) ? NULL : run_client(x->run),
                            .method = x->method,
                            .url = x->url,
                            .lane = first ? WINDOW_LANE_REPLY : run_lane(x->run),
                            .wait_ms = wait_ms > 0 ? wait_ms : 0,
                            .patient = run_spec(x->run)->patient,
                            .version = x->version};
}

static void send_again(struct exchange *x)
{
    struct err e;
    if (exchange_send(x, &e) == 0)
        return;
    if (err_kind_is_retryable(e.kind) || e.kind == ERR_AUTH)
        fail(x, &e);
    else
        conclude_error(x, &e);
}

static void on_refusal_stored(void *arg, const struct err *e)
{
    struct exchange *x = arg;
    x->committing = NULL;
    run_set_writing(x->run, NULL);
    if (e->kind != ERR_NONE)
        run_fail(x->run, e);
    else
        send_again(x);
}

/* Sends a request again that was not done, as WHY says. For a write, first stores that: a
 * process that dies meanwhile must not leave an uncertain write. */
static void repeat(struct exchange *x, const char *why)
{
    if (!is_stored(x)) {
        run_set_writing(x->run, NULL);
        send_again(x);
        return;
    }
    journal_unsent(run_journal(x->run), x->seq);
    note_refused(x);
    store_outcome(x, xasprintf("%s %s, to be repeated", x->what, why), on_refusal_stored);
}

static void repeat_after(struct exchange *x, long status)
{
    char why[16];
    snprintf(why, sizeof why, "%ld", status);
    repeat(x, why);
}

/* Repeats a request that was answered 401 (its token may have expired) or 429, if the
 * host agrees. The API did nothing, so to send it again is safe. A second 401 is final.
 */
static int ask_again(struct exchange *x, const struct httpc_answer *a)
{
    const struct run_host *host = run_host(x->run);
    struct run_ask ask = ask_of(x);
    if (a->status == 401 && x->refused++ > 0)
        return 0;
    if (!x->connection || !host->answered || !host->answered(host->access, &ask, a) ||
        (a->status != 401 && a->status != 429))
        return 0;
    free(x->refusal);
    x->refusal = NULL;
    if (a->status == 429) {
        x->refusal = xcalloc(1, sizeof *x->refusal);
        refusal(x, a, x->refusal);
    }
    repeat_after(x, a->status);
    return 1;
}

/* The request got no answer. A write that was sent may have been done. */
static void on_no_answer(struct exchange *x, const struct httpc_answer *a)
{
    struct err e = x->untaken ? *x->untaken : a->err;
    if (!x->reads && a->sent)
        uncertain(&e);
    if (err_kind_is_retryable(e.kind) || e.kind == ERR_UNCERTAIN)
        fail(x, &e);
    else
        conclude_error(x, &e);
}

/* The answer is a failure that ends the attempt instead of reaching the script. */
static void on_failure(struct exchange *x, const struct httpc_answer *a,
                       enum err_kind kind)
{
    struct err e;
    refusal(x, a, &e);
    add_location(x, a, &e);
    if (kind == ERR_UNCERTAIN)
        uncertain(&e);
    if (kind == ERR_AUTH)
        connect_again(x, &e);
    fail(x, &e);
}

static int pack(struct exchange *x, const struct httpc_answer *a)
{
    int rc = packed_begin(&x->packed, (int)a->status);
    for (size_t i = 0; i < a->nheaders; i++)
        rc |= packed_add_header(&x->packed, a->headers[i].name, a->headers[i].value);
    return rc == 0 ? packed_end(&x->packed, a->body, a->body_len, &x->sent) : -1;
}

/* What a DELETE deletes is gone when it is sent again after a lost answer. */
static int is_done_before(const struct exchange *x, long status)
{
    return x->is_again && status == 404 && x->mode != EXCHANGE_REQUEST &&
           strcmp(x->method, "DELETE") == 0;
}

static void on_result(struct exchange *x, const struct httpc_answer *a)
{
    struct err e;
    if (!x->reads && a->status < 300)
        run_add_written(x->run, x->what);
    char status[16];
    snprintf(status, sizeof status, "%ld", a->status);
    if (is_done_before(x, a->status)) {
        packed_begin(&x->packed, 204);
        packed_end(&x->packed, "", 0, &x->sent);
        conclude(x, "404, done before");
        return;
    }
    if (pack(x, a) == 0) {
        conclude(x, status);
        return;
    }
    err_set(&e, ERR_LIMIT, "cannot %s: the answer is too large", x->what);
    conclude_error(x, &e);
}

/* The committer did not let the write leave: this process stood still after the intent
 * was stored. A new intent is stored only when the claim still holds. */
static void on_withdrawn(struct exchange *x)
{
    struct err e;
    if (x->send == RUN_SEND_LOST) {
        err_set(&e, ERR_CONFLICT, "cannot %s: another process has this run now", x->what);
        run_set_writing(x->run, NULL);
        run_fail(x->run, &e);
    } else if (x->late++ < LATE_MAX) {
        repeat(x, "not sent in time");
    } else {
        err_set(&e, ERR_UNAVAILABLE,
                "cannot %s: this process does not get to it in time; the machine is "
                "overloaded, or processes are stopped",
                x->what);
        fail(x, &e);
    }
}

static void on_done(void *arg, const struct httpc_answer *a)
{
    struct exchange *x = arg;
    struct err e;
    x->call = NULL;
    if (x->send != RUN_SEND && !a->sent && a->err.kind == ERR_CONFLICT) {
        on_withdrawn(x);
        return;
    }
    x->took_ms = (a->total_us + 999) / 1000;
    stats_answer(a->err.kind == ERR_NONE ? (int)a->status : 0);
    log_line(LOG_DEBUG, "%s: %s %ld, %zu bytes", run_spec(x->run)->label,
             x->what ? x->what : "?", a->status, a->body_len);
    x->is_taken = a->is_taken;
    if (!x->untaken && ask_again(x, a)) /* never after a failure */
        return;
    if (a->err.kind != ERR_NONE) {
        on_no_answer(x, a);
        return;
    }
    if (a->status == 301 || a->status == 307 || a->status == 308) {
        if (follow(x, a, &e) == 0)
            repeat_after(x, a->status);
        else
            conclude_error(x, &e);
        return;
    }
    enum err_kind kind = answer_kind((int)a->status, !x->reads);
    if (err_kind_is_retryable(kind) || kind == ERR_UNCERTAIN ||
        (kind == ERR_AUTH && x->connection))
        on_failure(x, a, kind);
    else
        on_result(x, a);
}

/* After a signal no write is sent, not even a second time after a refusal. */
static int check_interrupted(const struct exchange *x, struct err *e)
{
    if (x->reads || !run_refuses_writes(x->run))
        return 0;
    return err_set(e, ERR_INTERNAL, "interrupted before %s", x->what);
}

/* The write is not sent: its intent could not be stored, or is not wanted any more. */
static void give_up_intent(struct exchange *x, const struct err *e)
{
    httpc_cancel(x->call);
    x->call = NULL;
    run_set_writing(x->run, NULL);
    journal_unsent(run_journal(x->run), x->seq);
    if (e->kind == ERR_FORBIDDEN) { /* the loop guard: a person decides */
        journal_cancel(run_journal(x->run), x->seq);
        run_park(x->run, e);
    } else {
        fail(x, e);
    }
}

static void on_intent_stored(void *arg, const struct err *e)
{
    struct exchange *x = arg;
    struct err why;
    x->committing = NULL;
    if (e->kind != ERR_NONE) {
        give_up_intent(x, e);
    } else if (check_interrupted(x, &why) != 0) {
        give_up_intent(x, &why);
    } else {
        httpc_go(x->call);
    }
}

/* curl has a free handle for the write: only now is its intent stored, so that the write
 * follows without another wait. */
static void on_slot(void *arg)
{
    struct exchange *x = arg;
    struct err why;
    if (check_interrupted(x, &why) != 0) {
        give_up_intent(x, &why);
        return;
    }
    char *what = exchange_describe(x);
    journal_sent(run_journal(x->run), x->seq, clock_wall_ms(), what, strlen(what));
    free(what);
    run_set_writing(x->run, x->what); /* until its outcome is stored */
    const char *path = x->connection ? x->what + strlen(x->method) + 1 : NULL;
    struct run_commit commit = {.kind = RUN_COMMIT_INTENT,
                                .text = x->what,
                                .app = x->connection ? x->connection->app : NULL,
                                .company = x->connection ? x->connection->company : NULL,
                                .method = x->connection ? x->method : NULL,
                                .path = path};
    run_committer(x->run)->commit(run_committer(x->run)->arg, x->run, &commit,
                                  on_intent_stored, x, &x->committing);
}

static int on_sending(void *arg)
{
    struct exchange *x = arg;
    const struct run_committer *committer = run_committer(x->run);
    int is_large = x->nparts > 0 || x->body.len > AT_ONCE_MAX;
    x->send =
        committer->sending ? committer->sending(committer->arg, is_large) : RUN_SEND;
    return x->send != RUN_SEND;
}

static int send_now(struct exchange *x, struct err *e)
{
    const struct run_sink *sink = run_spec(x->run)->sink;
    if (exchange_open_body(x, e) != 0)
        return -1;
    const char **headers = xcalloc(x->nheaders + 1, sizeof *headers);
    char *credentials = NULL, *url = NULL;
    for (size_t i = 0; i < x->nheaders; i++)
        headers[i] = x->headers[i];
    size_t n = x->nheaders;
    if (x->connection && x->connection->token) {
        const char *token = x->connection->token;
        credentials = credential_header(x->connector, token);
        url = credential_url(x->connector, token, x->url);
        credential_mask(x->connector, token, &x->sent);
        x->version = x->connection->version;
        if (credentials)
            headers[n++] = credentials;
    }
    struct httpc_request request = {
        .method = x->method,
        .url = url ? url : x->url,
        .headers = headers,
        .nheaders = n,
        .body = x->opened     ? x->opened
                : x->has_body ? buf_str(&x->body)
                              : NULL,
        .body_len = x->opened ? strlen(x->opened) : x->body.len,
        .parts = x->parts,
        .nparts = x->nparts,
        .allow_private = x->allow_private,
        .shown = x->what + strlen(x->method) + 1,
        .on_slot = is_stored(x) ? on_slot : NULL,
        .on_sending = is_stored(x) ? on_sending : NULL,
        .on_piece = sink && x->reads && !x->owner ? exchange_piece : NULL,
    };
    x->call = httpc_start(run_httpc(x->run), &request, on_done, x, e);
    crypto_free_text(credentials);
    crypto_free_text(url);
    free(headers);
    if (!x->call)
        return -1;
    if (!is_stored(x))
        run_set_writing(x->run, x->reads ? NULL : x->what);
    return 0;
}

/* What the write is merged with is here. Sends the write: it has its permit. */
static void on_read(struct exchange *x)
{
    struct err e;
    const struct exchange *get = x->get;
    const struct merge_got got = {get->what, &get->packed, get->connector};
    journal_aside(run_journal(x->run), x->seq, get->what, sent_ms(get), get->took_ms,
                  get->packed.data, get->packed.len);
    if (merge_apply(x->merge, &got, &x->body, &e) != 0)
        conclude_error(x, &e);
    else if (run_spec(x->run)->dry)
        run_ready(x->run);
    else if (check_interrupted(x, &e) != 0)
        fail(x, &e);
    else if (send_now(x, &e) != 0)
        conclude_error(x, &e);
}

/* X has its permit. A permit may take long, so what is merged is read after it. */
static int proceed(struct exchange *x, struct err *e)
{
    if (!x->merge)
        return send_now(x, e);
    if (x->get)
        exchange_fini(x->get);
    else
        x->get = xcalloc(1, sizeof *x->get);
    exchange_init(x->get, x->run);
    x->get->owner = x;
    x->get->method = xstrdup("GET");
    x->get->reads = 1;
    if (exchange_resolve(x->get, x->merge->from, x->connection ? x->connection->app : "",
                         0, e) != 0)
        return -1;
    return exchange_send(x->get, e);
}

/* The client was connected elsewhere since the address was found out. */
static void resolve_again(struct exchange *x)
{
    struct err e;
    if (exchange_resolve(x, x->target, x->app, x->secret, &e) == 0)
        send_again(x);
    else
        conclude_error(x, &e);
}

static void on_admitted(void *arg, const struct connection *now,
                        const struct err *refused)
{
    struct exchange *x = arg;
    struct err e;
    x->pending = NULL;
    if (refused &&
        x->refusal) /* the 429 itself says more than "it would wait too long" */
        refused = x->refusal;
    if (refused || check_interrupted(x, &e) != 0) {
        fail(x, refused ? refused : &e);
    } else if (now != x->connection) {
        resolve_again(x);
    } else if (proceed(x, &e) != 0) {
        conclude_error(x, &e);
    }
}

int exchange_send(struct exchange *x, struct err *e)
{
    const struct run_host *host = run_host(x->run);
    if (check_interrupted(x, e) != 0 || exchange_check_company(x, e) != 0)
        return -1;
    if (!x->began_us)
        x->began_us = clock_mono_us();
    int is_shown = !x->reads && run_spec(x->run)->dry; /* only its read is sent */
    if (x->connection && host->admit && !is_shown) {
        struct run_ask ask = ask_of(x);
        host->admit(host->access, &ask, on_admitted, x, &x->pending);
    } else if (proceed(x, e) != 0) {
        return -1;
    }
    if (!x->owner) /* the owner waits */
        run_wait(x->run, cancel, x);
    return 0;
}
