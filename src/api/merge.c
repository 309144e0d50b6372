#include "api/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "core/answer.h"
#include "core/jsontree.h"
#include "core/packed.h"

struct merge *merge_new(const char *from, const char *at, const struct buf *body)
{
    struct merge *m = xcalloc(1, sizeof *m);
    m->from = xstrdup(from);
    m->at = xstrdup(at);
    m->given = xmemdup0(body->data, body->len);
    m->given_len = body->len;
    return m;
}

void merge_free(struct merge *m)
{
    if (!m)
        return;
    free(m->from);
    free(m->at);
    free(m->given);
    free(m);
}

/* Sets E and returns NULL when what was read is no JSON object. */
static json_t *read_answer(const struct merge_got *got, struct err *e)
{
    struct packed_answer a;
    if (packed_read(got->packed->data, got->packed->len, &a, e) != 0)
        return NULL;
    if (a.status == 0) {
        *e = a.err;
        return NULL;
    }
    if (a.status >= 300) {
        answer_error(e, got->what, a.status, 0, NULL, json_at(got->connector, "errors"),
                     a.body, a.len, clock_wall_ms());
        return NULL;
    }
    json_t *tree = jsontree_read(a.body, a.len, e);
    if (!tree)
        err_prefix(e, "cannot read %s", got->what);
    return tree;
}

/* Puts the members of GIVEN over those of HAS; null removes one. */
static json_t *put_over(const json_t *has, const json_t *given)
{
    json_t *out = json_object(), *value;
    const char *key;
    size_t len;
    json_object_keylen_foreach((json_t *)has, key, len, value)
        json_object_setn(out, key, len, value);
    json_object_keylen_foreach((json_t *)given, key, len, value)
    {
        if (json_is_null(value))
            json_object_deln(out, key, len);
        else
            json_object_setn(out, key, len, value);
    }
    return out;
}

/* Replaces the value at the dotted PATH below TREE, whose objects are there. Takes VALUE.
 */
static void put_at(json_t *tree, const char *path, json_t *value)
{
    size_t n;
    while (path[n = strcspn(path, ".")]) {
        tree = json_object_getn(tree, path, n);
        path += n + 1;
    }
    json_object_setn_new(tree, path, n, value);
}

int merge_apply(const struct merge *m, const struct merge_got *got, struct buf *body,
                struct err *e)
{
    json_t *answer = read_answer(got, e);
    if (!answer)
        return -1;
    const json_t *has = json_at(answer, m->at);
    if (!json_is_object(has) && !json_is_null(has)) {
        json_decref(answer);
        return err_set(e, ERR_INVALID,
                       "cannot merge what is given: the answer to %s has no object at "
                       "%s; the action's replace_ field sends what is given alone",
                       got->what, m->at);
    }
    json_t *tree = jsontree_read(m->given, m->given_len, e);
    const json_t *given = tree ? json_at(tree, m->at) : NULL;
    int rc = tree ? 0 : -1;
    if (given) {
        put_at(tree, m->at, put_over(has, given));
        buf_reset(body);
        if (jsontree_write(body, tree) != 0)
            rc = err_set(e, ERR_LIMIT, "cannot merge: the body is larger than %zu MiB",
                         body->max >> 20);
    } else if (tree) {
        rc = err_set(e, ERR_INTERNAL, "cannot merge: the body has nothing at %s", m->at);
    }
    json_decref(tree);
    json_decref(answer);
    return rc;
}
