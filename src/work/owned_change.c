#include "work/owned_change.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "vm/pins.h"

void parcel_init(struct parcel *p, int64_t now_ms)
{
    *p = (struct parcel){.change = {.now_ms = now_ms, .drop = -1, .state = -1}};
}

void parcel_fini(struct parcel *p)
{
    for (size_t i = 0; i < p->nblocks; i++)
        free(p->blocks[i]);
    free(p->blocks);
    free(p->steps);
}

void *parcel_keep(struct parcel *p, void *block)
{
    if (p->nblocks == p->block_cap) {
        p->block_cap = p->block_cap ? 2 * p->block_cap : 16;
        p->blocks = xrealloc(p->blocks, p->block_cap * sizeof *p->blocks);
    }
    p->blocks[p->nblocks++] = block;
    return block;
}

const char *parcel_text(struct parcel *p, const char *text)
{
    return text ? parcel_keep(p, xstrdup(text)) : NULL;
}

static const char *keep_bytes(struct parcel *p, const char *data, size_t len)
{
    return data ? parcel_keep(p, xmemdup0(data, len)) : NULL;
}

void parcel_add_step(void *arg, const struct journal_entry *entry)
{
    struct parcel *p = arg;
    if (p->change.nsteps == p->step_cap) {
        p->step_cap = p->step_cap ? 2 * p->step_cap : 8;
        p->steps = xrealloc(p->steps, p->step_cap * sizeof *p->steps);
    }
    struct journal_entry *copy = &p->steps[p->change.nsteps++];
    *copy = *entry;
    copy->kind = parcel_text(p, entry->kind);
    copy->name = parcel_text(p, entry->name);
    copy->input = keep_bytes(p, entry->input, entry->input_len);
    copy->result = keep_bytes(p, entry->result, entry->len);
    p->change.steps = p->steps;
}

struct codes {
    struct parcel *parcel;
    struct ledger_code *list;
    size_t n;
};

static void add_code(void *arg, const unsigned char hash[CRYPTO_SHA256_SIZE],
                     const char *text, size_t len)
{
    struct codes *codes = arg;
    codes->list = xrealloc(codes->list, (codes->n + 1) * sizeof *codes->list);
    struct ledger_code *code = &codes->list[codes->n++];
    memcpy(code->hash, hash, sizeof code->hash);
    code->text = keep_bytes(codes->parcel, text, len);
    code->len = len;
}

void parcel_add_codes(struct parcel *p, const struct pins *pins)
{
    struct codes codes = {.parcel = p};
    pins_each(pins, add_code, &codes);
    if (codes.list)
        parcel_keep(p, codes.list);
    p->change.codes = codes.list;
    p->change.ncodes = codes.n;
}

void parcel_add_run(struct parcel *p, const struct ledger_run *run)
{
    struct ledger_run *copy = parcel_keep(p, xmalloc(sizeof *copy));
    *copy = (struct ledger_run){.client = parcel_text(p, run->client),
                                .recipe = parcel_text(p, run->recipe),
                                .origin = parcel_text(p, run->origin),
                                .conversation = parcel_text(p, run->conversation),
                                .args = parcel_text(p, run->args),
                                .seed = parcel_text(p, run->seed),
                                .policy = parcel_text(p, run->policy),
                                .due_ms = run->due_ms,
                                .created_ms = run->created_ms,
                                .since = run->since};
    p->new_run = copy;
}

void parcel_add_made(struct parcel *p, const char *app, const char *company,
                     const struct made *made)
{
    struct ledger_change *own = &p->change;
    const char **refs = parcel_keep(p, xcalloc(MADE_MAX, sizeof *refs));
    for (size_t i = 0; i < made->n; i++)
        refs[i] = parcel_text(p, made->ids[i]);
    own->refs = refs;
    own->nrefs = made->n;
    own->app = parcel_text(p, app);
    own->company = parcel_text(p, company);
    own->receipt = parcel_text(p, made->receipt);
}

static void add_sought(struct parcel *p, const struct ledger_change *end)
{
    struct intent *copy = parcel_keep(p, xcalloc(1, sizeof *copy));
    copy->app = parcel_text(p, end->sought->app);
    copy->company = parcel_text(p, end->sought->company);
    copy->method = parcel_text(p, end->sought->method);
    copy->path = parcel_text(p, end->sought->path);
    p->change.sought = copy;
    p->change.looked_ms = end->looked_ms;
}

void parcel_add_end(struct parcel *p, const struct ledger_change *end)
{
    struct ledger_change *own = &p->change;
    if (end->nrefs) {
        struct made made = {.n = end->nrefs, .receipt = end->receipt};
        memcpy(made.ids, end->refs, end->nrefs * sizeof *made.ids);
        parcel_add_made(p, end->app, end->company, &made);
    }
    if (end->sought)
        add_sought(p, end);
    own->state = end->state;
    own->due_ms = end->due_ms;
    own->failures = end->failures;
    own->looks = end->looks;
    own->first_failure_ms = end->first_failure_ms;
    own->kind = parcel_text(p, end->kind);
    own->reason = parcel_text(p, end->reason);
    own->result = parcel_text(p, end->result);
    own->wait_seq = end->wait_seq;
    own->wait_trigger = parcel_text(p, end->wait_trigger);
    own->wait_match = parcel_text(p, end->wait_match);
}
