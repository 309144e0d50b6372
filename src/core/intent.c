#include "core/intent.h"

#include <stdlib.h>

#include "base/str.h"
#include "core/jsontree.h"

json_t *intent_request(const struct intent *is)
{
    return json_pack("{s:s*, s:s*, s:O*}", "method", is->method, "path", is->path, "body",
                     is->body);
}

char *intent_text(const struct intent *is)
{
    json_t *tree = intent_request(is);
    json_t *to = json_pack("{s:s*, s:s*}", "app", is->app, "company", is->company);
    if (is->app)
        json_object_set(tree, "to", to);
    if (is->templates)
        json_object_set(tree, "templates", is->templates);
    char *text = tree ? json_dumps(tree, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(to);
    json_decref(tree);
    return text ? text : xstrdup("{}");
}

void intent_read(struct intent *out, const char *text, size_t len)
{
    json_t *tree = jsontree_read(text, len, NULL);
    const json_t *to = json_object_get(tree, "to");
    *out = (struct intent){.app = json_text(to, "app"),
                           .company = json_text(to, "company"),
                           .method = json_text(tree, "method"),
                           .path = json_text(tree, "path"),
                           .body = json_object_get(tree, "body"),
                           .templates = json_object_get(tree, "templates"),
                           .tree = tree};
    if (!out->app || !out->company)
        out->app = out->company = NULL;
}

void intent_fini(struct intent *is)
{
    json_decref(is->tree);
    *is = (struct intent){0};
}

int intent_same_place(const struct intent *a, const struct intent *b)
{
    return a->company && b->company && a->path && str_eq(a->app, b->app) &&
           str_eq(a->company, b->company) && str_eq(a->method, b->method) &&
           str_eq(a->path, b->path);
}
