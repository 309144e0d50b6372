#include "core/journal.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/crypto.h"

struct entry {
    int seq;
    char *kind, *name;
    unsigned char hash[CRYPTO_SHA256_SIZE];
    enum { STEP_OPEN, STEP_DONE } state;
    int is_scope, is_intent;
    char *result;
    size_t len;
};

/* ENTRIES are what is recorded, in the order in which it was begun: a finished scope is
 * one entry, an open one is followed by its inner steps. The entries before NEXT have
 * been asked for in this attempt. OPEN holds the indices of those open now, outermost
 * first: scopes, then at most one plain step. Without `keep`, what ends is dropped, and
 * ENTRIES holds what is open; SEQ counts as though it were kept. */
struct journal {
    const struct limits *limits;
    int keep;
    struct entry *entries;
    int n, cap, next;
    int *open;
    int depth, open_cap;
    int seq; /* of the next step */
};

struct journal *journal_new(const struct limits *limits, int keep)
{
    struct journal *j = xcalloc(1, sizeof *j);
    j->limits = limits;
    j->keep = keep;
    return j;
}

static void truncate_entries(struct journal *j, int n)
{
    while (j->n > n) {
        struct entry *entry = &j->entries[--j->n];
        free(entry->kind);
        free(entry->name);
        free(entry->result);
    }
    if (j->next > n)
        j->next = n;
}

void journal_free(struct journal *j)
{
    if (!j)
        return;
    truncate_entries(j, 0);
    free(j->entries);
    free(j->open);
    free(j);
}

static void append(struct journal *j, const struct entry *asked)
{
    if (j->n == j->cap) {
        j->cap = j->cap ? 2 * j->cap : 8;
        j->entries = xrealloc(j->entries, (size_t)j->cap * sizeof *j->entries);
    }
    struct entry *entry = &j->entries[j->n++];
    *entry = *asked;
    entry->seq = j->seq;
    entry->kind = xstrdup(asked->kind);
    entry->name = xstrdup(asked->name);
}

static void push_open(struct journal *j, int index)
{
    if (j->depth == j->open_cap) {
        j->open_cap = j->open_cap ? 2 * j->open_cap : 4;
        j->open = xrealloc(j->open, (size_t)j->open_cap * sizeof *j->open);
    }
    j->open[j->depth++] = index;
}

/* The innermost open entry, or NULL. */
static struct entry *innermost(const struct journal *j)
{
    return j->depth ? &j->entries[j->open[j->depth - 1]] : NULL;
}

/* The innermost open entry when it is SEQ and of that sort, else NULL. */
static struct entry *open_entry(const struct journal *j, int seq, int is_scope)
{
    struct entry *top = innermost(j);
    return top && top->seq == seq && top->is_scope == is_scope ? top : NULL;
}

/* Compares the next recorded entry with what is asked now. */
static int check_same(const struct journal *j, const struct entry *asked, struct err *e)
{
    const struct entry *was = &j->entries[j->next];
    if (strcmp(was->kind, asked->kind) != 0 || strcmp(was->name, asked->name) != 0 ||
        was->is_scope != asked->is_scope || was->is_intent != asked->is_intent)
        return err_set(e, ERR_CONFLICT,
                       "cannot replay this run: its step %d was %s \"%.200s\", and the "
                       "script now asks for %s \"%.200s\"",
                       was->seq, was->kind, was->name, asked->kind, asked->name);
    if (memcmp(was->hash, asked->hash, sizeof was->hash) == 0)
        return 0;
    char old[9], new[9];
    str_hex(was->hash, 4, old);
    str_hex(asked->hash, 4, new);
    return err_set(e, ERR_CONFLICT,
                   "cannot replay this run: the script asks for its step %d, %s "
                   "\"%.200s\", with another input (%s) than was recorded (%s)",
                   was->seq, asked->kind, asked->name, new, old);
}

static int ask(struct journal *j, const struct entry *asked, struct journal_step *step,
               struct err *e)
{
    const struct entry *top = innermost(j);
    if (top && !top->is_scope)
        return err_set(e, ERR_INTERNAL,
                       "cannot begin the step %s \"%.200s\": %s \"%.200s\" is still open",
                       asked->kind, asked->name, top->kind, top->name);
    if (j->seq >= j->limits->steps)
        return err_set(e, ERR_LIMIT, "cannot take another step: a run may take %d",
                       j->limits->steps);
    enum journal_answer answer = JOURNAL_NEW;
    *step = (struct journal_step){.seq = j->seq};
    if (j->next == j->n) {
        append(j, asked);
    } else {
        if (check_same(j, asked, e) != 0)
            return -1;
        const struct entry *was = &j->entries[j->next];
        if (was->state == STEP_DONE) {
            answer = JOURNAL_RECORDED;
            step->result = was->result;
            step->len = was->len;
        } else if (was->is_intent) {
            answer = JOURNAL_PENDING;
        }
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
    struct entry asked = {
        .kind = (char *)kind, .name = (char *)name, .is_intent = intent != 0};
    crypto_sha256(input, len, asked.hash);
    return ask(j, &asked, step, e);
}

int journal_enter(struct journal *j, const char *name, const void *input, size_t len,
                  struct journal_step *step, struct err *e)
{
    struct entry asked = {.kind = (char *)"call", .name = (char *)name, .is_scope = 1};
    crypto_sha256(input, len, asked.hash);
    return ask(j, &asked, step, e);
}

static int finish(struct journal *j, int seq, int is_scope, const void *result,
                  size_t len, struct err *e)
{
    struct entry *entry = open_entry(j, seq, is_scope);
    if (!entry)
        return err_set(e, ERR_INTERNAL, "cannot end step %d: it is not the open one",
                       seq);
    if (len > j->limits->step_bytes)
        return err_set(e, ERR_LIMIT,
                       "cannot keep the result of %s \"%.200s\": it has %zu bytes, and a "
                       "step may have %zu",
                       entry->kind, entry->name, len, j->limits->step_bytes);
    int index = j->open[--j->depth];
    if (j->keep) {
        entry->state = STEP_DONE;
        entry->result = xmemdup0(result, len);
        entry->len = len;
    }
    /* A scope's inner steps have served. */
    truncate_entries(j, j->keep ? index + 1 : index);
    j->seq = seq + 1;
    return 0;
}

int journal_end(struct journal *j, int seq, const void *result, size_t len, struct err *e)
{
    return finish(j, seq, 0, result, len, e);
}

void journal_cancel(struct journal *j, int seq)
{
    if (!open_entry(j, seq, 0))
        return;
    truncate_entries(j, j->open[--j->depth]);
    j->seq = seq;
}

static int check_all_asked(const struct journal *j, const char *what, struct err *e)
{
    if (j->next == j->n)
        return 0;
    const struct entry *was = &j->entries[j->next];
    return err_set(
        e, ERR_CONFLICT,
        "cannot replay this run: its step %d was %s \"%.200s\", and the script "
        "now ends %s without it",
        was->seq, was->kind, was->name, what);
}

int journal_leave(struct journal *j, int seq, const void *result, size_t len,
                  struct err *e)
{
    if (check_all_asked(j, "the call", e) != 0)
        return -1;
    return finish(j, seq, 1, result, len, e);
}

void journal_unwind(struct journal *j, int seq, const void *result, size_t len)
{
    struct err ignored;
    int i = j->depth;
    while (i > 0 && j->entries[j->open[i - 1]].seq != seq)
        i--;
    while (i > 0 && j->depth >= i) {
        const struct entry *top = innermost(j);
        if (!top->is_scope)
            journal_cancel(j, top->seq);
        else if (finish(j, top->seq, 1, result, len, &ignored) != 0)
            return;
    }
}

int journal_finish(struct journal *j, struct err *e)
{
    return check_all_asked(j, "the run", e);
}

void journal_rewind(struct journal *j)
{
    const struct entry *top = innermost(j);
    /* While a plain step is open, nothing recorded comes after it. */
    if (top && !top->is_scope && !top->is_intent)
        truncate_entries(j, j->open[j->depth - 1]);
    j->depth = 0;
    j->next = 0;
    j->seq = 0;
}

int journal_is_replaying(const struct journal *j)
{
    return j->next < j->n;
}

int journal_steps(const struct journal *j)
{
    return j->seq;
}

int journal_depth(const struct journal *j)
{
    const struct entry *top = innermost(j);
    return j->depth - (top && !top->is_scope);
}
