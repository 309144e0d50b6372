#include "core/journal.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/crypto.h"
#include "base/stats.h"
#include "base/str.h"
#include "core/exchanged.h"

/* The item of a request whose step is gone. */
struct left {
    char *text;
    int is_write;
    int is_given; /* to the commit that is under way */
};

struct entry {
    struct journal_entry is; /* owns its texts and bytes */
    char
        *failure; /* of a scope that ended with a failure and is still open: see settle */
    size_t failure_len;
    int stored; /* the store has a step with this seq */
    int dirty;  /* the store lacks it or has another version */
};

/* ENTRIES are the recorded steps in the order in which they began. A finished scope is
 * one entry; an open one is followed by its inner steps. The entries before NEXT were
 * asked for in this attempt. OPEN has the indices of the open entries, the outermost
 * first: scopes, then at most one plain step. Without KEEP, ended entries are dropped,
 * and SEQ counts as if they were kept. */
struct journal {
    const struct limits *limits;
    int keep;
    struct entry *entries;
    int n, next;
    int *open;
    int depth;
    int seq;  /* of the next step */
    int drop; /* stored steps from this seq on are gone; -1: none */
    int has_diverged, has_dry;
    char *diverged; /* what was asked for in place of NEXT; NULL: nothing */
    struct exchanged record;
    struct left *left;
    int nleft;
};

struct journal *journal_new(const struct limits *limits, int keep)
{
    struct journal *j = xcalloc(1, sizeof *j);
    j->limits = limits;
    j->keep = keep;
    j->drop = -1;
    return j;
}

static void record(struct journal *j, const struct journal_entry *step)
{
    char *item = exchanged_item(&j->record, step);
    if (!item)
        return;
    array_grow(j->left, j->nleft);
    j->left[j->nleft++] = (struct left){item, step->is_intent || step->is_dry, 0};
}

static void record_from(struct journal *j, int i)
{
    for (; j->keep && i < j->n; i++)
        if (j->entries[i].is.is_done)
            record(j, &j->entries[i].is);
}

static void truncate_entries(struct journal *j, int n)
{
    record_from(j, n);
    while (j->n > n) {
        struct entry *entry = &j->entries[--j->n];
        if (entry->stored && (j->drop < 0 || j->drop > entry->is.seq))
            j->drop = entry->is.seq;
        free((char *)entry->is.kind);
        free((char *)entry->is.name);
        free((char *)entry->is.input);
        free((char *)entry->is.result);
        free(entry->failure);
    }
    if (j->next > n)
        j->next = n;
}

void journal_free(struct journal *j)
{
    if (!j)
        return;
    j->keep = 0; /* nothing more is recorded */
    truncate_entries(j, 0);
    for (int i = 0; i < j->nleft; i++)
        free(j->left[i].text);
    free(j->left);
    free(j->entries);
    free(j->open);
    free(j->diverged);
    free(j);
}

static struct entry *append(struct journal *j, const struct journal_entry *is)
{
    array_grow(j->entries, j->n);
    struct entry *entry = &j->entries[j->n++];
    *entry = (struct entry){.is = *is, .dirty = 1};
    entry->is.kind = xstrdup(is->kind);
    entry->is.name = xstrdup(is->name);
    entry->is.input = is->input ? xmemdup0(is->input, is->input_len) : NULL;
    entry->is.result = is->result ? xmemdup0(is->result, is->len) : NULL;
    return entry;
}

static void set_input(struct entry *entry, const void *input, size_t len)
{
    free((char *)entry->is.input);
    entry->is.input = input ? xmemdup0(input, len) : NULL;
    entry->is.input_len = input ? len : 0;
}

static void set_result(struct entry *entry, const void *result, size_t len)
{
    free((char *)entry->is.result);
    entry->is.result = xmemdup0(result, len);
    entry->is.len = len;
    entry->dirty = 1;
}

static void push_open(struct journal *j, int index)
{
    array_grow(j->open, j->depth);
    j->open[j->depth++] = index;
}

/* Returns the innermost open entry, or NULL. */
static struct entry *innermost(const struct journal *j)
{
    return j->depth ? &j->entries[j->open[j->depth - 1]] : NULL;
}

/* Returns the innermost open entry if it is SEQ and a scope or a step as asked, else
 * NULL. */
static struct entry *open_entry(const struct journal *j, int seq, int is_scope)
{
    struct entry *top = innermost(j);
    return top && top->is.seq == seq && top->is.is_scope == is_scope ? top : NULL;
}

/* Says how the recorded step WAS differs from what is ASKED for. */
static int fail_other(const struct journal_entry *was, const struct journal_entry *asked,
                      int is_other, struct err *e)
{
    if (is_other)
        return err_set(e, ERR_CONFLICT,
                       "cannot replay this run: its step %d was %s \"%.200s\", and the "
                       "script now asks for %s \"%.200s\"",
                       was->seq, was->kind, was->name, asked->kind, asked->name);
    char old[9], new[9];
    str_hex(was->hash, 4, old);
    str_hex(asked->hash, 4, new);
    return err_set(e, ERR_CONFLICT,
                   "cannot replay this run: the script asks for its step %d, %s "
                   "\"%.200s\", with another input (%s) than was recorded (%s)",
                   was->seq, asked->kind, asked->name, new, old);
}

/* Compares the next recorded entry with the step that is asked for. */
static int check_same(struct journal *j, const struct journal_entry *asked, struct err *e)
{
    const struct journal_entry *was = &j->entries[j->next].is;
    int is_other = strcmp(was->kind, asked->kind) != 0 ||
                   strcmp(was->name, asked->name) != 0 ||
                   was->is_scope != asked->is_scope ||
                   (!was->is_scope && !was->is_dry && was->is_intent != asked->is_intent);
    if (!is_other && memcmp(was->hash, asked->hash, sizeof was->hash) == 0)
        return 0;
    struct err why;
    j->has_diverged = 1;
    fail_other(was, asked, is_other, &why);
    if (!j->diverged)
        j->diverged = xstrdup(why.text);
    return err_set(e, why.kind, "%s", why.text);
}

/* Returns whether a write was accepted, from entry I on. */
static int has_write(const struct journal *j, int i)
{
    for (; i < j->n; i++) {
        const struct journal_entry *is = &j->entries[i].is;
        if (is->is_done && is->is_intent &&
            (is->is_scope || (is->len && is->result[0] == '2')))
            return 1;
    }
    return 0;
}

/* Ends the scope that ended with a failure. It stays open, with its steps, until the
 * script asks for another step. If the script does not, the run has failed, and a retry
 * continues after those steps. */
static void settle(struct journal *j)
{
    int i = 0;
    while (i < j->n && !j->entries[i].failure)
        i++;
    if (i == j->n)
        return;
    struct entry *entry = &j->entries[i];
    entry->is.is_done = 1;
    entry->is.is_intent |= has_write(j, i + 1);
    set_input(entry, NULL, 0);
    set_result(entry, entry->failure, entry->failure_len);
    free(entry->failure);
    entry->failure = NULL;
    /* drops the steps inside, other failures included */
    truncate_entries(j, i + 1);
    j->next = j->n;
}

/* 1 for an open intent that is sent again. */
static int is_sent_again(const struct journal_entry *is)
{
    return is->is_intent && !is->is_scope && !is->is_done && is->result;
}

/* 1 when the next recorded entry is one. */
static int is_again(const struct journal *j)
{
    return j->next < j->n && is_sent_again(&j->entries[j->next].is);
}

static int is_same(const struct journal_entry *was, const struct journal_entry *asked)
{
    return strcmp(was->kind, asked->kind) == 0 && strcmp(was->name, asked->name) == 0 &&
           was->is_scope == asked->is_scope && was->is_intent == asked->is_intent &&
           memcmp(was->hash, asked->hash, sizeof was->hash) == 0;
}

static int ask(struct journal *j, struct journal_entry *asked, struct journal_step *step,
               struct err *e)
{
    const struct entry *top = innermost(j);
    if (top && !top->is.is_scope)
        return err_set(e, ERR_INTERNAL,
                       "cannot begin the step %s \"%.200s\": %s \"%.200s\" is still open",
                       asked->kind, asked->name, top->is.kind, top->is.name);
    if (j->seq >= j->limits->steps)
        return err_set(e, ERR_LIMIT, "cannot take another step: a run may take %d",
                       j->limits->steps);
    enum journal_answer answer = JOURNAL_NEW;
    settle(j);
    *step = (struct journal_step){.seq = j->seq};
    asked->seq = j->seq;
    if (is_again(j) && !is_same(&j->entries[j->next].is, asked))
        truncate_entries(j, j->next); /* it need not be sent again */
    if (j->next == j->n) {
        append(j, asked);
    } else {
        if (check_same(j, asked, e) != 0)
            return -1;
        free(j->diverged);
        j->diverged = NULL;
        const struct journal_entry *was = &j->entries[j->next].is;
        if (was->is_done || was->is_scope) {
            step->result = was->result;
            step->len = was->len;
            step->is_dry = was->is_dry;
        }
        if (was->is_done)
            answer = JOURNAL_RECORDED;
        else if (was->is_intent && !was->is_scope)
            answer = is_again(j) && was->at_ms == 0 ? JOURNAL_NEW : JOURNAL_PENDING;
        step->is_again = is_again(j);
    }
    if (answer != JOURNAL_RECORDED)
        push_open(j, j->next);
    j->next++;
    j->seq++;
    return answer;
}

int journal_begin(struct journal *j, const char *kind, const char *name,
                  const void *input, size_t len, int intent, struct journal_step *step,
                  struct err *e)
{
    struct journal_entry asked = {.kind = kind, .name = name, .is_intent = intent != 0};
    crypto_sha256(input, len, asked.hash);
    return ask(j, &asked, step, e);
}

int journal_enter(struct journal *j, const char *name, const void *input, size_t len,
                  struct journal_step *step, struct err *e)
{
    struct journal_entry asked = {.kind = "call", .name = name, .is_scope = 1};
    crypto_sha256(input, len, asked.hash);
    if (j->keep && journal_is_action(name)) { /* for its `confirm` */
        asked.input = input;
        asked.input_len = len;
    }
    return ask(j, &asked, step, e);
}

static int check_size(const struct journal *j, const struct entry *entry, size_t len,
                      struct err *e)
{
    if (len <= j->limits->step_bytes)
        return 0;
    return err_set(e, ERR_LIMIT,
                   "cannot keep the result of %s \"%.200s\": it has %zu bytes, and a "
                   "step may have %zu",
                   entry->is.kind, entry->is.name, len, j->limits->step_bytes);
}

static size_t weight(const struct entry *entry)
{
    return entry->is.input_len + entry->is.len + entry->failure_len;
}

/* Checks that LEN bytes fit for ENTRY beside the first KEPT entries. */
static int check_room(const struct journal *j, const struct entry *entry, int kept,
                      size_t len, struct err *e)
{
    size_t total = len, max = j->limits->record_bytes;
    if (!j->keep || len <= JOURNAL_SMALL)
        return 0;
    for (int i = 0; i < kept; i++)
        total += weight(&j->entries[i]);
    total -= entry->is.len; /* the new result replaces the old one */
    if (total <= max)
        return 0;
    return err_set(
        e, ERR_LIMIT,
        "cannot keep the result of %s \"%.200s\": all results that this run "
        "has recorded would take %.1f MiB, and a run may keep %.4g MiB "
        "(limits.record_mib in foyer.lua); read in an action of its own, whose "
        "result takes the place of what it read, or in several runs",
        entry->is.kind, entry->is.name, (double)total / (1 << 20),
        (double)max / (1 << 20));
}

static int finish(struct journal *j, int seq, int is_scope, int failed,
                  const void *result, size_t len, struct err *e)
{
    struct entry *entry = open_entry(j, seq, is_scope);
    if (!entry)
        return err_set(e, ERR_INTERNAL, "cannot end step %d: it is not the open one",
                       seq);
    int index = j->open[j->depth - 1];
    if (check_size(j, entry, len, e) != 0 ||
        check_room(j, entry, failed ? j->n : index + 1, len, e) != 0)
        return -1;
    stats_add(STAT_STEPS, 1);
    j->depth--;
    j->seq = seq + 1;
    if (j->keep && failed) {
        entry->failure = xmemdup0(result, len);
        entry->failure_len = len;
        return 0;
    }
    if (j->keep) {
        entry->is.is_done = 1;
        if (is_scope) {
            set_input(entry, NULL, 0);
            entry->is.is_intent |= has_write(j, index + 1);
        }
        set_result(entry, result, len);
    }
    /* the result replaces a scope's inner steps */
    truncate_entries(j, j->keep ? index + 1 : index);
    return 0;
}

int journal_end(struct journal *j, int seq, const void *result, size_t len, struct err *e)
{
    return finish(j, seq, 0, 0, result, len, e);
}

void journal_cancel(struct journal *j, int seq)
{
    struct entry *entry = open_entry(j, seq, 0);
    if (!entry)
        return;
    int index = j->open[--j->depth];
    j->seq = seq;
    if (!is_sent_again(&entry->is)) {
        truncate_entries(j, index);
        return;
    }
    entry->is.at_ms = 0; /* it stays what it was */
    entry->dirty = 1;
    j->next = index;
}

static void set_took(struct journal_entry *is, int64_t at_ms, int64_t took_ms)
{
    if (!is->at_ms)
        is->at_ms = at_ms;
    is->took_ms = took_ms < 0 ? 0 : took_ms < INT32_MAX ? (int)took_ms : INT32_MAX;
}

void journal_took(struct journal *j, int seq, int64_t at_ms, int64_t took_ms)
{
    struct entry *last = j->n ? &j->entries[j->n - 1] : NULL;
    if (last && last->is.seq == seq && last->is.is_done && !last->is.is_scope)
        set_took(&last->is, at_ms, took_ms);
}

void journal_refused(struct journal *j, int seq, int64_t at_ms, int64_t took_ms,
                     const void *result, size_t len)
{
    const struct entry *entry = open_entry(j, seq, 0);
    if (entry && j->keep) {
        struct journal_entry is = entry->is;
        is.is_done = 1;
        set_took(&is, at_ms, took_ms);
        is.result = result;
        is.len = len;
        record(j, &is);
    }
    journal_cancel(j, seq);
}

void journal_aside(struct journal *j, int seq, const char *what, int64_t at_ms,
                   int64_t took_ms, const void *result, size_t len)
{
    struct journal_entry is = {.seq = seq,
                               .kind = "http",
                               .name = what,
                               .is_done = 1,
                               .result = result,
                               .len = len};
    if (!j->keep)
        return;
    set_took(&is, at_ms, took_ms);
    record(j, &is);
}

void journal_sent(struct journal *j, int seq, int64_t at_ms, const void *what, size_t len)
{
    struct entry *entry = open_entry(j, seq, 0);
    if (!entry)
        return;
    entry->is.at_ms = at_ms;
    entry->dirty = 1;
    if (j->keep)
        set_input(entry, what, len);
}

void journal_dry(struct journal *j, int seq, int64_t at_ms, const void *what, size_t len)
{
    struct entry *entry = open_entry(j, seq, 0);
    journal_sent(j, seq, at_ms, what, len);
    if (!entry)
        return;
    entry->is.is_intent = 0;
    entry->is.is_dry = j->has_dry = 1;
}

int journal_has_dry(const struct journal *j)
{
    return j->has_dry;
}

void journal_unsent(struct journal *j, int seq)
{
    struct entry *entry = open_entry(j, seq, 0);
    if (!entry)
        return;
    entry->is.at_ms = 0;
    entry->dirty = 1;
}

void journal_reopen(struct journal *j, int seq)
{
    struct entry *last = j->n ? &j->entries[j->n - 1] : NULL;
    if (!last || last->is.seq != seq || !last->is.is_done || last->is.is_scope)
        return;
    if (!last->is.is_intent) {
        truncate_entries(j, j->n - 1);
        j->seq = seq;
        return;
    }
    free((char *)last->is.result);
    last->is.result = NULL;
    last->is.len = 0;
    last->is.is_done = 0;
    last->dirty = 1;
}

static int check_all_asked(struct journal *j, const char *what, struct err *e)
{
    if (is_again(j))
        truncate_entries(j, j->next);
    if (j->next == j->n)
        return 0;
    const struct journal_entry *was = &j->entries[j->next].is;
    j->has_diverged = 1;
    if (j->diverged) /* the call ends because of that */
        return err_set(e, ERR_CONFLICT, "%s", j->diverged);
    return err_set(
        e, ERR_CONFLICT,
        "cannot replay this run: its step %d was %s \"%.200s\", and the script "
        "now ends %s without it",
        was->seq, was->kind, was->name, what);
}

int journal_leave(struct journal *j, int seq, int failed, const void *result, size_t len,
                  struct err *e)
{
    if (check_all_asked(j, "the call", e) != 0)
        return -1;
    return finish(j, seq, 1, failed, result, len, e);
}

void journal_unwind(struct journal *j, int seq, const void *result, size_t len)
{
    struct err ignored;
    int i = j->depth;
    while (i > 0 && j->entries[j->open[i - 1]].is.seq != seq)
        i--;
    while (i > 0 && j->depth >= i) {
        const struct entry *top = innermost(j);
        if (!top->is.is_scope)
            journal_cancel(j, top->is.seq);
        else if (finish(j, top->is.seq, 1, 1, result, len, &ignored) != 0)
            return;
    }
}

int journal_finish(struct journal *j, struct err *e)
{
    return check_all_asked(j, "the run", e);
}

int journal_load(struct journal *j, const struct journal_entry *entry, struct err *e)
{
    if (j->seq > 0 || (j->n > 0 && j->entries[j->n - 1].is.seq >= entry->seq))
        return err_set(e, ERR_INTERNAL,
                       "cannot load step %d of a run: it is out of order", entry->seq);
    struct entry *loaded = append(j, entry);
    loaded->stored = 1;
    loaded->dirty = 0;
    j->has_dry |= entry->is_dry;
    return 0;
}

int journal_delta(const struct journal *j, int *drop,
                  void (*fn)(void *arg, const struct journal_entry *entry), void *arg)
{
    int any = j->drop >= 0;
    *drop = j->drop;
    for (int i = 0; i < j->n; i++) {
        if (!j->entries[i].dirty)
            continue;
        fn(arg, &j->entries[i].is);
        any = 1;
    }
    return any;
}

void journal_saved(struct journal *j)
{
    j->drop = -1;
    for (int i = 0; i < j->n; i++) {
        j->entries[i].stored = 1;
        j->entries[i].dirty = 0;
    }
    int n = 0;
    for (int i = 0; i < j->nleft; i++)
        if (j->left[i].is_given)
            free(j->left[i].text);
        else
            j->left[n++] = j->left[i];
    j->nleft = n;
}

void journal_exchanged(struct journal *j, int all,
                       void (*fn)(void *arg, const char *item, int is_write), void *arg)
{
    for (int i = 0; i < j->nleft; i++) {
        struct left *left = &j->left[i];
        left->is_given = all || left->is_write;
        if (left->is_given)
            fn(arg, left->text, left->is_write);
    }
}

struct exchanged *journal_record(struct journal *j)
{
    return &j->record;
}

int journal_checkpoint(struct journal *j, int seq, const void *result, size_t len,
                       struct err *e)
{
    struct entry *entry = open_entry(j, seq, 1);
    if (!entry)
        return err_set(e, ERR_INTERNAL,
                       "cannot keep the checkpoint of step %d: it is not the open one",
                       seq);
    int index = j->open[j->depth - 1];
    if (check_size(j, entry, len, e) != 0 || check_room(j, entry, index + 1, len, e) != 0)
        return -1;
    if (j->keep) {
        entry->is.is_intent |= has_write(j, index + 1);
        set_result(entry, result, len);
    }
    truncate_entries(j, index + 1);
    j->seq = seq + 1;
    return 0;
}

static int is_walk(const char *name)
{
    return str_starts(name, "each ");
}

/* Only names of actions are APP/NAME. */
int journal_is_action(const char *name)
{
    return strchr(name, '/') && !is_walk(name);
}

/* A scope is open while it has no result, or a checkpoint only. */
int journal_uncertain(const struct journal *j, struct journal_entry *intent,
                      struct journal_entry *scope)
{
    *scope = (struct journal_entry){.seq = -1};
    for (int i = 0; i < j->n; i++) {
        const struct journal_entry *is = &j->entries[i].is;
        if (is->is_done)
            continue;
        if (is->is_scope && !is_walk(is->name))
            *scope = *is;
        if (!is->is_intent || is->at_ms == 0)
            continue;
        *intent = *is;
        return 1;
    }
    return 0;
}

void journal_rewind(struct journal *j)
{
    const struct journal_entry *last = j->n ? &j->entries[j->n - 1].is : NULL;
    /* A plain step that is open is the last entry. */
    if (last && !last->is_done && !last->is_scope && last->at_ms == 0 &&
        !is_sent_again(last))
        truncate_entries(j, j->n - 1);
    j->depth = 0;
    j->next = 0;
    j->seq = 0;
}

int journal_is_replaying(const struct journal *j)
{
    return j->next < j->n;
}

int journal_is_next(const struct journal *j, const void *input, size_t len)
{
    unsigned char hash[sizeof j->entries->is.hash];
    crypto_sha256(input, len, hash);
    return j->next < j->n && memcmp(j->entries[j->next].is.hash, hash, sizeof hash) == 0;
}

int journal_has_diverged(const struct journal *j)
{
    return j->has_diverged;
}

void journal_set_diverged(struct journal *j)
{
    j->has_diverged = 1;
}

size_t journal_bytes(const struct journal *j)
{
    size_t total = 0;
    for (int i = 0; i < j->n; i++)
        total += weight(&j->entries[i]);
    return total;
}
