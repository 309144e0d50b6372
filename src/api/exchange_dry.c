#include "api/exchange_dry.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "core/packed.h"

static const char dry_id[] = "dry_";

/* Returns the path's first id that was invented, as a new string; NULL: there is none.
 * *REST is what follows. */
static char *find_id(const struct exchange *x, const char **rest)
{
    const char *at = strstr(x->what, "/dry_");
    if (!at)
        return NULL;
    size_t len = strcspn(at + 1, "/?#");
    *rest = at + 1 + len;
    return xmemdup0(at + 1, len);
}

int exchange_is_of_dry(const struct exchange *x)
{
    const char *rest;
    char *id = find_id(x, &rest);
    free(id);
    return id != NULL;
}

static void remember(struct exchange *x, json_t *object)
{
    const char *id = json_text(object, "id");
    if (id && str_starts(id, dry_id))
        json_object_set(run_dry(x->run)->made, id, object);
}

void exchange_remember_dry(struct exchange *x, const char *packed, size_t len)
{
    struct packed_answer answer;
    if (packed_read(packed, len, &answer, NULL) != 0 || !answer.len)
        return;
    json_t *object = jsontree_read(answer.body, answer.len, NULL);
    remember(x, object);
    json_decref(object);
}

/* Secrets and files stand in a body as handles. */
static int is_handle(const json_t *value)
{
    return json_object_get(value, "$secret") || json_object_get(value, "$file");
}

/* Puts what the request gives into ANSWER. HAS_SHAPE 1: only members that it has. */
static void take_given(json_t *answer, const json_t *body, int has_shape)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)body, key, value)
    {
        if (!is_handle(value) && (!has_shape || json_object_get(answer, key)))
            json_object_set(answer, key, value);
    }
}

/* Completes ids of the shape: "dry_" becomes "dry_12", by the step's number. */
static void complete_ids(json_t *answer, int seq)
{
    const char *key;
    json_t *value;
    void *next;
    char *id = xasprintf("%s%d", dry_id, seq);
    json_object_foreach_safe(answer, next, key, value)
    {
        if (str_eq(json_string_value(value), dry_id))
            json_object_set_new(answer, key, json_string(id));
        else if (json_is_object(value))
            complete_ids(value, seq);
    }
    free(id);
}

/* Returns the answer to a write; NULL: an empty one. */
static json_t *answer_write(struct exchange *x, const json_t *body)
{
    const struct run_scope *scope = run_scope(x->run);
    int has_shape = scope && scope->dry;
    json_t *answer =
        has_shape ? jsontree_reads(scope->dry, NULL) : json_pack("{s:s}", "id", dry_id);
    if (str_eq(x->method, "DELETE") || !json_is_object(answer)) {
        json_decref(answer);
        return NULL;
    }
    take_given(answer, body, has_shape);
    complete_ids(answer, x->seq);
    remember(x, answer);
    return answer;
}

/* Returns the answer to a read of something invented: the object itself, or an empty page
 * of a list below it. */
static json_t *answer_read(struct exchange *x)
{
    const char *rest = "";
    char *id = find_id(x, &rest);
    json_t *made = json_object_get(run_dry(x->run)->made, id), *answer;
    if (*rest == '/' || x->mode == EXCHANGE_PAGE)
        answer =
            json_pack("{s:[]}", json_text_or(x->connector, "paging.results", "_results"));
    else
        answer = made ? json_incref(made) : json_pack("{s:s}", "id", id);
    free(id);
    return answer;
}

static void add_write(struct exchange *x, const json_t *body)
{
    json_t *write = json_pack("{s:s, s:s}", "method", x->method, "to",
                              x->what + strlen(x->method) + 1);
    if (write && body)
        json_object_set(write, "body", (json_t *)body);
    json_array_append_new(run_dry(x->run)->writes, write);
}

int exchange_answer_dry(struct exchange *x, const json_t *body, struct err *e)
{
    json_t *answer = x->reads ? answer_read(x) : answer_write(x, body);
    json_t *headers = json_pack("{s:s}", "content-type", "application/json");
    if (packed_found(&x->packed, answer ? 200 : 204, answer ? headers : NULL, answer) !=
        0)
        packed_found(&x->packed, 204, NULL, NULL); /* it is too large */
    json_decref(headers);
    json_decref(answer);
    if (!x->reads) {
        char *what = exchange_describe(x);
        journal_dry(run_journal(x->run), x->seq, clock_wall_ms(), what, strlen(what));
        free(what);
    }
    if (exchange_end(x, e) != 0)
        return -1;
    if (!x->reads)
        add_write(x, body);
    return 0;
}
