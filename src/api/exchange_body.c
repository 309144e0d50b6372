#include "api/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/str.h"
#include "core/intent.h"
#include "core/jsontree.h"

/* Secrets in a JSON body: handles, until the request leaves; the write as the journal
 * describes it. */

static int open_tree(struct exchange *x, json_t **tree, struct err *e);

/* Replaces {"$secret": NAME} or {"$secret": [NAME, BEFORE, BEHIND]}. */
static int open_secret(struct exchange *x, const json_t *handle, json_t **out,
                       struct err *e)
{
    const json_t *first = json_array_get(handle, 0);
    const char *name = json_string_value(first ? first : handle);
    const char *before = json_string_value(json_array_get(handle, 1));
    const char *behind = json_string_value(json_array_get(handle, 2));
    struct buf *value = run_secret_buf(x->run);
    if (run_host(x->run)->secret(run_host(x->run)->arg, name ? name : "", value, e) != 0)
        return -1;
    mask_add(&x->sent, buf_str(value), value->len);
    char *text =
        xasprintf("%s%s%s", before ? before : "", buf_str(value), behind ? behind : "");
    json_t *opened = json_string(text);
    crypto_free_text(text);
    if (!opened)
        return err_set(e, ERR_INVALID, "cannot send: the secret %s is not UTF-8", name);
    json_decref(*out);
    *out = opened;
    return 0;
}

/* A key that begins with '$' has one more in the text than in the script. */
static int open_object(struct exchange *x, json_t **tree, struct err *e)
{
    const char *key;
    json_t *member, *out = json_object();
    json_object_foreach(*tree, key, member)
    {
        json_t *value = json_incref(member);
        int rc = open_tree(x, &value, e);
        json_object_set_new(out, key[0] == '$' ? key + 1 : key, value);
        if (rc != 0) {
            json_decref(out);
            return -1;
        }
    }
    json_decref(*tree);
    *tree = out;
    return 0;
}

static int open_tree(struct exchange *x, json_t **tree, struct err *e)
{
    const json_t *handle = json_object_get(*tree, "$secret");
    if (handle)
        return open_secret(x, handle, tree, e);
    if (json_is_object(*tree))
        return open_object(x, tree, e);
    for (size_t i = 0; i < json_array_size(*tree); i++) {
        json_t *value = json_incref(json_array_get(*tree, i));
        int rc = open_tree(x, &value, e);
        json_array_set_new(*tree, i, value);
        if (rc != 0)
            return -1;
    }
    return 0;
}

int exchange_open_body(struct exchange *x, struct err *e)
{
    if (!x->has_secrets || x->opened)
        return 0;
    json_t *tree = jsontree_read(buf_str(&x->body), x->body.len, e);
    int rc = tree ? open_tree(x, &tree, e) : -1;
    if (rc == 0)
        x->opened = json_dumps(tree, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    json_decref(tree);
    return rc;
}

/* The path below the connection's address; on another host, what errors show of it. */
static char *intent_path(const struct exchange *x)
{
    const char *base = x->connection ? x->connection->base : NULL;
    if (!base || !str_starts(x->url, base) || x->url[strlen(base)] != '/')
        return xstrdup(x->what + strlen(x->method) + 1);
    const char *path = x->url + strlen(base);
    return xmemdup0(path, strcspn(path, "?#"));
}

char *exchange_describe(const struct exchange *x)
{
    json_t *body = json_incref(x->form);
    if (x->has_body) {
        body = jsontree_read(buf_str(&x->body), x->body.len, NULL);
        if (!body)
            body = json_stringn(buf_str(&x->body), x->body.len);
    }
    char *path = intent_path(x);
    struct intent is = {.app = x->connection ? x->connection->app : NULL,
                        .company = x->connection ? x->connection->company : NULL,
                        .method = x->method,
                        .path = path,
                        .body = body,
                        .templates = x->templates};
    char *text = intent_text(&is);
    json_decref(body);
    free(path);
    return text;
}
