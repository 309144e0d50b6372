#include "core/exchanged.h"

#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/str.h"
#include "core/intent.h"
#include "core/packed.h"

/* The request and the answer of one step. */
struct parts {
    struct intent sent;
    char *body; /* as JSON; NULL: none */
    size_t body_len;
    struct packed_answer got;
};

/* The name of a step is "GET /me". */
static void read_parts(struct parts *p, const struct journal_entry *step)
{
    *p = (struct parts){.body = NULL};
    intent_read(&p->sent, step->input, step->input_len);
    if (p->sent.body)
        p->body =
            json_dumps(p->sent.body, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    p->body_len = p->body ? strlen(p->body) : 0;
    if (!step->result || packed_read(step->result, step->len, &p->got, NULL) != 0)
        p->got = (struct packed_answer){0};
}

static void free_parts(struct parts *p)
{
    intent_fini(&p->sent);
    free(p->body);
}

static size_t room_of(const struct exchanged *all, int is_write)
{
    size_t room = all->bytes < EXCHANGED_RUN_MAX ? EXCHANGED_RUN_MAX - all->bytes : 0;
    size_t reads =
        all->read_bytes < EXCHANGED_READS_MAX ? EXCHANGED_READS_MAX - all->read_bytes : 0;
    return is_write || room < reads ? room : reads;
}

/* Returns 1 and takes LEN bytes of ROOM when they fit. Otherwise adds LEN to LEFT_OUT. */
static int fits(size_t *room, size_t len, json_t *left_out, const char *key)
{
    if (len <= EXCHANGED_BODY_MAX && len <= *room) {
        *room -= len;
        return 1;
    }
    json_object_set_new(left_out, key, json_integer((json_int_t)len));
    return 0;
}

static void set_request(json_t *item, const struct journal_entry *step,
                        const struct parts *p)
{
    const char *space = strchr(step->name, ' ');
    size_t method = space ? (size_t)(space - step->name) : 0;
    json_object_set_new(item, "method",
                        p->sent.method ? json_string(p->sent.method)
                                       : json_stringn(step->name, method));
    json_object_set_new(
        item, "path",
        json_string(p->sent.path ? p->sent.path : step->name + method + (space != NULL)));
    if (p->sent.app) {
        json_object_set_new(item, "app", json_string(p->sent.app));
        json_object_set_new(item, "company", json_string(p->sent.company));
    }
}

static void set_answer(json_t *item, const struct journal_entry *step,
                       const struct parts *p, size_t *room, json_t *left_out)
{
    if (!step->is_done || !step->result) {
        json_object_set_new(item, "unknown", json_true());
        return;
    }
    if (!p->got.status) {
        json_object_set_new(item, "error", json_string(p->got.err.text));
        return;
    }
    json_object_set_new(item, "status", json_integer(p->got.status));
    if (!p->got.len || !fits(room, p->got.len, left_out, "answer"))
        return;
    json_t *text = json_stringn(p->got.body, p->got.len);
    if (text) /* else it is not a text */
        json_object_set_new(item, "answer", text);
    else
        json_object_set_new(left_out, "answer", json_integer((json_int_t)p->got.len));
}

/* Sets the body's hash where the body is left out. */
static void set_hash(json_t *item, const char *body, size_t len)
{
    unsigned char hash[CRYPTO_SHA256_SIZE];
    char hex[2 * sizeof hash + 1];
    crypto_sha256(body, len, hash);
    str_hex(hash, sizeof hash, hex);
    json_object_set_new(item, "body_hash", json_string(hex));
}

static char *make(const struct journal_entry *step, const struct parts *p, size_t room)
{
    json_t *item = json_object(), *left_out = json_object();
    if (step->at_ms)
        json_object_set_new(item, "at", json_integer(step->at_ms));
    if (step->took_ms)
        json_object_set_new(item, "ms", json_integer(step->took_ms));
    set_request(item, step, p);
    if (p->body && fits(&room, p->body_len, left_out, "body"))
        json_object_set(item, "body", p->sent.body);
    else if (p->body)
        set_hash(item, p->body, p->body_len);
    if (json_array_size(p->sent.templates))
        json_object_set(item, "templates", p->sent.templates);
    set_answer(item, step, p, &room, left_out);
    if (step->is_dry)
        json_object_set_new(item, "dry", json_true());
    if (json_object_size(left_out))
        json_object_set(item, "left_out", left_out);
    char *text = json_dumps(item, JSON_COMPACT);
    json_decref(left_out);
    json_decref(item);
    return text;
}

/* Returns what of ROW stays: where it was sent, and the hash of the body. */
static json_t *strip_row(const json_t *row)
{
    static const char *const kept[] = {"at",        "method",   "path",  "app",
                                       "status",    "unknown",  "error", "dry",
                                       "body_hash", "templates"};
    json_t *out = json_object();
    const json_t *body = json_object_get(row, "body");
    char *text =
        body ? json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY) : NULL;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (json_object_get(row, kept[i]))
            json_object_set(out, kept[i], json_object_get(row, kept[i]));
    if (text)
        set_hash(out, text, strlen(text));
    free(text);
    return out;
}

char *exchanged_strip(const char *text, size_t len)
{
    json_t *tree = json_loadb(text, len, 0, NULL), *items = json_array(), *row;
    size_t i;
    json_array_foreach(json_object_get(tree, "items"), i, row)
    {
        const char *method = json_string_value(json_object_get(row, "method"));
        if (method && strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
            json_array_append_new(items, strip_row(row));
    }
    char *out = NULL;
    if (json_array_size(items)) {
        json_t *left = json_pack("{s:O, s:O*}", "items", items, "templates",
                                 json_object_get(tree, "templates"));
        out = json_dumps(left, JSON_COMPACT);
        json_decref(left);
    }
    json_decref(items);
    json_decref(tree);
    return out;
}

void exchanged_count(struct exchanged *all, size_t len, int is_write)
{
    all->n++;
    all->bytes += len;
    all->reads += !is_write;
    all->read_bytes += is_write ? 0 : len;
}

char *exchanged_item(struct exchanged *all, const struct journal_entry *step)
{
    struct parts p;
    char *text = NULL;
    if (!str_eq(step->kind, "http") || (!step->is_done && !step->at_ms))
        return NULL;
    int is_write = step->is_intent || step->is_dry;
    if (all->n < EXCHANGED_ITEMS_MAX && (is_write || all->reads < EXCHANGED_READS)) {
        read_parts(&p, step);
        text = make(step, &p, room_of(all, is_write));
        free_parts(&p);
    }
    if (text) {
        exchanged_count(all, strlen(text), is_write);
    } else {
        all->more++;
        all->more_bytes += (int64_t)(step->input_len + step->len);
    }
    return text;
}
