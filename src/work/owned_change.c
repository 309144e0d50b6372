#include "work/owned_change.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/str.h"
#include "vm/pins.h"

void owned_change_init(struct owned_change *p, int64_t now_ms)
{
    *p = (struct owned_change){.change = {.now_ms = now_ms, .drop = -1, .state = -1}};
}

void owned_change_fini(struct owned_change *p)
{
    for (size_t i = 0; i < p->nblocks; i++)
        free(p->blocks[i]);
    free(p->blocks);
    free(p->steps);
    free(p->items);
}

void *owned_change_keep(struct owned_change *p, void *block)
{
    array_grow(p->blocks, p->nblocks);
    p->blocks[p->nblocks++] = block;
    return block;
}

const char *owned_change_text(struct owned_change *p, const char *text)
{
    return text ? owned_change_keep(p, xstrdup(text)) : NULL;
}

static const char *keep_bytes(struct owned_change *p, const char *data, size_t len)
{
    return data ? owned_change_keep(p, xmemdup0(data, len)) : NULL;
}

void owned_change_add_step(void *arg, const struct journal_entry *entry)
{
    struct owned_change *p = arg;
    array_grow(p->steps, p->change.nsteps);
    struct journal_entry *copy = &p->steps[p->change.nsteps++];
    *copy = *entry;
    copy->kind = owned_change_text(p, entry->kind);
    copy->name = owned_change_text(p, entry->name);
    copy->input = keep_bytes(p, entry->input, entry->input_len);
    copy->result = keep_bytes(p, entry->result, entry->len);
    p->change.steps = p->steps;
}

void owned_change_add_item(void *arg, const char *item, int is_write)
{
    struct owned_change *p = arg;
    array_grow(p->items, p->change.nitems);
    p->items[p->change.nitems++] =
        (struct ledger_item){owned_change_text(p, item), is_write};
    p->change.items = p->items;
}

struct codes {
    struct owned_change *owner;
    struct ledger_code *list;
    size_t n;
};

static void add_code(void *arg, const unsigned char hash[CRYPTO_SHA256_SIZE],
                     const char *text, size_t len)
{
    struct codes *codes = arg;
    array_grow(codes->list, codes->n);
    struct ledger_code *code = &codes->list[codes->n++];
    memcpy(code->hash, hash, sizeof code->hash);
    code->text = keep_bytes(codes->owner, text, len);
    code->len = len;
}

void owned_change_add_codes(struct owned_change *p, const struct pins *pins)
{
    struct codes codes = {.owner = p};
    pins_each(pins, add_code, &codes);
    if (codes.list)
        owned_change_keep(p, codes.list);
    p->change.codes = codes.list;
    p->change.ncodes = codes.n;
}

void owned_change_add_run(struct owned_change *p, const struct ledger_run *run)
{
    struct ledger_run *copy = owned_change_keep(p, xmalloc(sizeof *copy));
    *copy = (struct ledger_run){.client = owned_change_text(p, run->client),
                                .recipe = owned_change_text(p, run->recipe),
                                .origin = owned_change_text(p, run->origin),
                                .conversation = owned_change_text(p, run->conversation),
                                .args = owned_change_text(p, run->args),
                                .seed = owned_change_text(p, run->seed),
                                .policy = owned_change_text(p, run->policy),
                                .due_ms = run->due_ms,
                                .created_ms = run->created_ms,
                                .since = run->since,
                                .release = run->release};
    if (run->line) {
        struct ledger_line *line = owned_change_keep(p, xmalloc(sizeof *line));
        *line = *run->line;
        copy->line = line;
    }
    p->new_run = copy;
}

void owned_change_add_made(struct owned_change *p, const char *app, const char *company,
                           const struct made *made)
{
    struct ledger_change *own = &p->change;
    const char **refs = owned_change_keep(p, xcalloc(MADE_MAX, sizeof *refs));
    for (size_t i = 0; i < made->n; i++)
        refs[i] = owned_change_text(p, made->ids[i]);
    own->refs = refs;
    own->nrefs = made->n;
    own->app = owned_change_text(p, app);
    own->company = owned_change_text(p, company);
    own->receipt = owned_change_text(p, made->receipt);
}

static void add_sought(struct owned_change *p, const struct ledger_change *end)
{
    struct intent *copy = owned_change_keep(p, xcalloc(1, sizeof *copy));
    copy->app = owned_change_text(p, end->sought->app);
    copy->company = owned_change_text(p, end->sought->company);
    copy->method = owned_change_text(p, end->sought->method);
    copy->path = owned_change_text(p, end->sought->path);
    p->change.sought = copy;
    p->change.looked_ms = end->looked_ms;
}

void owned_change_add_end(struct owned_change *p, const struct ledger_change *end)
{
    struct ledger_change *own = &p->change;
    if (end->nrefs) {
        struct made made = {.n = end->nrefs, .receipt = end->receipt};
        memcpy(made.ids, end->refs, end->nrefs * sizeof *made.ids);
        owned_change_add_made(p, end->app, end->company, &made);
    }
    if (end->sought)
        add_sought(p, end);
    own->state = end->state;
    own->due_ms = end->due_ms;
    own->failures = end->failures;
    own->looks = end->looks;
    own->first_failure_ms = end->first_failure_ms;
    own->kind = owned_change_text(p, end->kind);
    own->reason = owned_change_text(p, end->reason);
    own->result = owned_change_text(p, end->result);
    own->wait_seq = end->wait_seq;
    own->wait_trigger = owned_change_text(p, end->wait_trigger);
    own->wait_match = owned_change_text(p, end->wait_match);
}
