#include "work/stored_run.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/str.h"
#include "core/intent.h"
#include "core/jsontree.h"
#include "store/inbox.h"
#include "vm/pins.h"

/* ---- the row ---- */

static int copy_row(void *arg, const struct ledger_run *row)
{
    struct stored_run *s = arg;
    s->row = *row;
    s->row.client = xstrdup_null(row->client);
    s->row.recipe = xstrdup_null(row->recipe);
    s->row.origin = xstrdup_null(row->origin);
    s->row.seed = xstrdup_null(row->seed);
    s->row.policy = xstrdup_null(row->policy);
    s->row.kind = xstrdup_null(row->kind);
    s->row.args = xstrdup(row->args ? row->args : "{}");
    s->row.pins = row->pins ? (void *)xmemdup0(row->pins, CRYPTO_SHA256_SIZE) : NULL;
    s->row.conversation = s->row.order_key = s->row.owner = NULL;
    s->row.reason = s->row.result = s->row.undelivered = NULL;
    return 1;
}

/* Returns 1 when a rule, a macro, an application or the app itself caused EVENT. */
static int is_automatic(const json_t *event)
{
    static const char *const kinds[] = {"rule", "macro", "application", "system"};
    const char *kind = json_text(json_object_get(event, "actor"), "kind");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_eq(kind, kinds[i]))
            return 1;
    return 0;
}

/* Adds the event, as its trigger made it, to the arguments of lua/std/recipe.lua. */
static int add_event(void *arg, const struct activation *activation)
{
    struct stored_run *s = arg;
    json_t *args = jsontree_reads(s->row.args, NULL);
    if (!args)
        args = json_object();
    json_t *event = jsontree_reads(activation->event, NULL);
    if (is_automatic(event) && !s->reacts_to)
        s->reacts_to = xstrdup_null(activation->conversation);
    json_object_set_new(args, "event", event);
    json_object_set_new(args, "fired", json_true());
    free((char *)s->row.args);
    s->row.args = json_dumps(args, JSON_COMPACT);
    json_decref(args);
    return 1;
}

/* ---- the steps ---- */

static void note_place(struct stored_run *s, const struct journal_entry *step)
{
    struct intent sent;
    intent_read(&sent, step->input, step->input_len);
    const struct stored_place *last = s->nplaces ? &s->places[s->nplaces - 1] : NULL;
    if (sent.company &&
        !(last && str_eq(last->app, sent.app) && str_eq(last->company, sent.company))) {
        array_grow(s->places, s->nplaces);
        s->places[s->nplaces++] =
            (struct stored_place){xstrdup_null(sent.app), xstrdup(sent.company)};
    }
    intent_fini(&sent);
}

static int add_step(void *arg, const struct journal_entry *step)
{
    struct stored_run *s = arg;
    /* an open scope of a walk stands for the pages before its checkpoint */
    if ((step->is_intent || step->is_done) && (step->is_scope || step->is_done))
        s->has_written = 1;
    /* an open scope with a checkpoint has writes before that */
    if (step->is_intent &&
        (step->is_scope ||
         (step->is_done ? step->len && *step->result == '2' : step->at_ms > 0)))
        s->has_sent = 1;
    if (step->is_intent && !step->is_scope)
        note_place(s, step);
    return journal_load(s->journal, step, &s->err) != 0;
}

static int read_steps(struct db *db, struct stored_run *s, const struct limits *limits)
{
    struct err *e = &s->err;
    s->journal = journal_new(limits, 1);
    if (ledger_steps(db, s->row.id, add_step, s, e) != 0 || e->kind != ERR_NONE)
        return -1;
    return s->row.attempts > 1
               ? ledger_record(db, s->row.id, journal_record(s->journal), e)
               : 0;
}

/* ---- the code ---- */

static struct ledger_code *find_code(const struct stored_run *s,
                                     const unsigned char hash[CRYPTO_SHA256_SIZE])
{
    for (size_t i = 0; i < s->ncode; i++)
        if (memcmp(s->code[i].hash, hash, CRYPTO_SHA256_SIZE) == 0)
            return &s->code[i];
    return NULL;
}

struct reading {
    struct db *db;
    struct stored_run *s;
    int with_files;
    struct err *e;
};

static int read_code(void *arg, const unsigned char hash[CRYPTO_SHA256_SIZE], int is_file)
{
    struct reading *r = arg;
    struct stored_run *s = r->s;
    struct ledger_code code;
    char *text;
    if ((is_file && !r->with_files) || find_code(s, hash))
        return 0;
    if (ledger_code(r->db, hash, &text, &code.len, r->e) != 0)
        return -1;
    memcpy(code.hash, hash, sizeof code.hash);
    code.text = text;
    array_grow(s->code, s->ncode);
    s->code[s->ncode++] = code;
    return 0;
}

static int read_pins(struct db *db, struct stored_run *s)
{
    struct reading r = {db, s, 0, &s->err};
    if (!s->row.pins)
        return 0;
    return ledger_pins(db, s->row.pins, &s->pins, &s->err) != 0 ||
                   pins_list_each(s->pins, read_code, &r) != 0
               ? -1
               : 0;
}

int stored_run_read_files(struct db *db, struct stored_run *s, struct err *e)
{
    struct reading r = {db, s, 1, e};
    s->has_all_code = 1;
    return s->pins ? pins_list_each(s->pins, read_code, &r) : 0;
}

static int code_text(void *arg, const unsigned char hash[CRYPTO_SHA256_SIZE], char **text,
                     size_t *len, struct err *e)
{
    const struct ledger_code *code = find_code(arg, hash);
    if (!code)
        return err_set(e, ERR_NOT_FOUND, "cannot find a source that the run began with");
    *text = xmemdup0(code->text, code->len);
    *len = code->len;
    return 0;
}

struct pins *stored_run_pins(const struct stored_run *s, struct overlay *overlay,
                             struct err *e)
{
    struct pins *pins = pins_new(overlay);
    if (s->pins) /* else it begins anew */
        pins_set_release(pins, s->row.release);
    if (!s->pins || pins_load(pins, s->pins, code_text, (void *)s, e) == 0)
        return pins;
    pins_free(pins);
    return NULL;
}

/* ---- the run ---- */

struct stored_run *stored_run_read(struct db *db, int64_t id, const struct limits *limits,
                                   struct err *e)
{
    struct stored_run *s = xcalloc(1, sizeof *s);
    if (ledger_read(db, id, copy_row, s, e) != 0) {
        stored_run_free(s);
        return NULL;
    }
    if ((s->row.activation == 0 ||
         inbox_activation(db, s->row.activation, add_event, s, &s->err) == 0) &&
        read_steps(db, s, limits) == 0)
        read_pins(db, s);
    return s;
}

void stored_run_free(struct stored_run *s)
{
    if (!s)
        return;
    free(s->reacts_to);
    free((char *)s->row.client);
    free((char *)s->row.recipe);
    free((char *)s->row.origin);
    free((char *)s->row.seed);
    free((char *)s->row.policy);
    free((char *)s->row.kind);
    free((char *)s->row.args);
    free((unsigned char *)s->row.pins);
    journal_free(s->journal);
    for (size_t i = 0; i < s->nplaces; i++) {
        free(s->places[i].app);
        free(s->places[i].company);
    }
    free(s->places);
    free(s->pins);
    for (size_t i = 0; i < s->ncode; i++)
        free((char *)s->code[i].text);
    free(s->code);
    free(s);
}
