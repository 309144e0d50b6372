#include "core/openapi_action.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "core/lua_text.h"
#include "core/openapi_field.h"

enum {
    TEXT_MAX = 4 * 1024 * 1024,
    SUMMARY_MAX = 120,
    OUTPUT_DEPTH = 1,
    OUTPUTS_MAX = 300
};

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* ---- answers ---- */

/* Returns the schema of the JSON answer to the operation ABOUT when it goes well (GOOD 1)
 * or not, borrowed, or NULL. */
static const json_t *answer_schema(struct openapi_document *d, const json_t *about,
                                   int good)
{
    const char *status, *type;
    json_t *node, *media;
    json_object_foreach(json_object_get(about, "responses"), status, node)
    {
        int is_good = *status == '2';
        if (good ? !is_good : *status != '4' && strcmp(status, "default") != 0)
            continue;
        const json_t *content = json_object_get(openapi_target(d, node), "content");
        json_object_foreach((json_t *)content, type, media)
        {
            if (strstr(type, "json"))
                return json_object_get(media, "schema");
        }
    }
    return NULL;
}

static const json_t *property(const json_t *shape, const char *name)
{
    return json_object_get(json_object_get(shape, "properties"), name);
}

/* Returns the first of NAMES, which end with NULL, that is a property of SHAPE and of
 * TYPE; NULL when there is none. */
static const char *find_property(struct openapi_document *d, const json_t *shape,
                                 const char *const *names, const char *type)
{
    for (; *names; names++) {
        const json_t *schema = property(shape, *names);
        json_t *inner = schema ? openapi_shape(d, schema, NULL) : NULL;
        int is_it = inner && str_eq(text_of(inner, "type"), type);
        json_decref(inner);
        if (is_it)
            return *names;
    }
    return NULL;
}

static const char *const result_names[] = {"_results", "results", "data",    "items",
                                           "value",    "records", "entries", NULL};
static const char *const next_names[] = {"next", "next_url", "next_page_url", "next_link",
                                         NULL};
static const char *const total_names[] = {"_total", "total", "total_count", "count",
                                          NULL};

/* Returns where SHAPE has the address of the next page, a new string, or NULL. */
static char *find_next(struct openapi_document *d, const json_t *shape)
{
    static const char *const within[] = {"_pagination", "pagination", "paging", "_links",
                                         "links",       "meta",       NULL};
    const char *name = find_property(d, shape, next_names, "string");
    if (name)
        return xstrdup(name);
    for (const char *const *p = within; *p; p++) {
        const json_t *schema = property(shape, *p);
        json_t *inner = schema ? openapi_shape(d, schema, NULL) : NULL;
        name = inner ? find_property(d, inner, next_names, "string") : NULL;
        json_decref(inner);
        if (name)
            return xasprintf("%s.%s", *p, name);
    }
    return NULL;
}

void openapi_paging_fini(struct openapi_paging *p)
{
    free(p->results);
    free(p->next);
    free(p->total);
    *p = (struct openapi_paging){NULL, NULL, NULL};
}

/* Sets OUT from one answer. Returns 1 when it is a page of a list. */
static int read_paging(struct openapi_document *d, const json_t *shape,
                       struct openapi_paging *out)
{
    const char *results = find_property(d, shape, result_names, "array");
    char *next = results ? find_next(d, shape) : NULL;
    if (!next)
        return 0;
    *out = (struct openapi_paging){
        xstrdup(results), next,
        xstrdup_null(find_property(d, shape, total_names, "integer"))};
    return 1;
}

/* Returns 1 when an answer has something else than a list where P says that lists are. */
static int is_mixed(struct openapi_document *d, const struct openapi_paging *p,
                    const json_t *shape)
{
    const char *const names[] = {p->results, NULL};
    return property(shape, p->results) && !find_property(d, shape, names, "array");
}

/* Returns the shape of the answer to a GET of the path ITEM, or NULL. */
static json_t *get_shape(struct openapi_document *d, const json_t *item)
{
    const json_t *schema = answer_schema(d, json_object_get(item, "get"), 1);
    return schema ? openapi_shape(d, schema, NULL) : NULL;
}

/* Takes ONE over when an answer before it had the same. */
static void count_paging(struct openapi_paging *one, json_t *seen,
                         struct openapi_paging *out)
{
    char *id = xasprintf("%s %s", one->results, one->next);
    if (json_object_get(seen, id) && !out->results)
        *out = *one;
    else
        openapi_paging_fini(one);
    json_object_set_new(seen, id, json_true());
    free(id);
}

void openapi_find_paging(struct openapi_document *d, struct openapi_paging *out)
{
    json_t *seen = json_object(), *item, *paths = json_object_get(d->tree, "paths");
    const char *path;
    *out = (struct openapi_paging){NULL, NULL, NULL};
    json_object_foreach(paths, path, item)
    {
        json_t *shape = get_shape(d, item);
        struct openapi_paging one;
        if (shape && read_paging(d, shape, &one))
            count_paging(&one, seen, out);
        json_decref(shape);
    }
    json_object_foreach(paths, path, item)
    {
        json_t *shape = out->results ? get_shape(d, item) : NULL;
        if (shape && is_mixed(d, out, shape))
            openapi_paging_fini(out);
        json_decref(shape);
    }
    json_decref(seen);
}

static char *message_in(struct openapi_document *d, const json_t *shape)
{
    static const char *const names[] = {"message",       "detail", "error_description",
                                        "error_message", "msg",    "reason",
                                        "problem",       NULL};
    static const char *const within[] = {"error", "_error", NULL};
    static const char *const last[] = {"error", "title", NULL};
    const char *name = find_property(d, shape, names, "string");
    if (name)
        return xstrdup(name);
    for (const char *const *p = within; *p; p++) {
        const json_t *schema = property(shape, *p);
        json_t *inner = schema ? openapi_shape(d, schema, NULL) : NULL;
        name = inner ? find_property(d, inner, names, "string") : NULL;
        json_decref(inner);
        if (name)
            return xasprintf("%s.%s", *p, name);
    }
    return xstrdup_null(find_property(d, shape, last, "string"));
}

char *openapi_find_message(struct openapi_document *d)
{
    static const char *const methods[] = {"get", "post", "put", "patch", "delete"};
    const char *path;
    json_t *item;
    json_object_foreach(json_object_get(d->tree, "paths"), path, item)
    {
        for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
            const json_t *about = json_object_get(item, methods[i]);
            const json_t *schema = answer_schema(d, about, 0);
            json_t *shape = schema ? openapi_shape(d, schema, NULL) : NULL;
            char *found = shape ? message_in(d, shape) : NULL;
            json_decref(shape);
            if (found)
                return found;
        }
    }
    return NULL;
}

/* Returns the first of NAMES that is a text or a whole number in SHAPE, or NULL. */
static const char *find_id(struct openapi_document *d, const json_t *shape,
                           const char *const *names)
{
    const char *found = find_property(d, shape, names, "string");
    return found ? found : find_property(d, shape, names, "integer");
}

static int needs_parameters(struct openapi_document *d, const json_t *list)
{
    size_t i;
    json_t *node;
    json_array_foreach(list, i, node)
    {
        if (json_is_true(json_object_get(openapi_target(d, node), "required")))
            return 1;
    }
    return 0;
}

json_t *openapi_find_identity(struct openapi_document *d)
{
    static const char *const paths[] = {"/me",      "/whoami", "/users/me",
                                        "/account", "/user",   NULL};
    static const char *const ids[] = {"id", "uuid", "account_id", NULL};
    static const char *const names[] = {"name",  "login",    "title",
                                        "email", "username", NULL};
    json_t *all = json_object_get(d->tree, "paths"), *found = NULL;
    for (const char *const *path = paths; *path && !found; path++) {
        const json_t *item = json_object_get(all, *path);
        const json_t *about = json_object_get(item, "get");
        json_t *shape = get_shape(d, item);
        const char *id = shape ? find_id(d, shape, ids) : NULL;
        const char *name = id ? find_property(d, shape, names, "string") : NULL;
        if (id && !needs_parameters(d, json_object_get(about, "parameters")) &&
            !needs_parameters(d, json_object_get(item, "parameters")))
            found = json_pack("{s:s, s:s, s:s*}", "get", *path, "id", id, "name", name);
        json_decref(shape);
    }
    return found;
}

/* Returns the fields of the answer, {} when it has none that are described. */
static json_t *output_of(struct openapi_document *d, const struct openapi_operation *o,
                         const struct openapi_paging *paging)
{
    struct openapi_fields f = {
        .d = d, .is_output = 1, .depth = OUTPUT_DEPTH, .left = OUTPUTS_MAX};
    const json_t *schema = answer_schema(d, o->about, 1), *list = NULL;
    if (!schema)
        return json_object();
    json_t *shape = openapi_shape(d, schema, NULL), *fields;
    if (paging->results && strcmp(o->method, "GET") == 0)
        list = property(shape, paging->results);
    if (!list) {
        fields = openapi_properties(&f, shape, NULL, 1);
    } else {
        char *next = find_next(d, shape);
        fields = json_pack("{s:o}", "results", openapi_field(&f, list, NULL));
        if (str_eq(next, paging->next))
            json_object_set_new(
                fields, "next",
                json_pack("{s:s, s:s}", LUA_TEXT_FIRST, "string", "about",
                          "Give it back as `next` to get the following page."));
        if (paging->total && property(shape, paging->total))
            json_object_set_new(fields, "total",
                                json_pack("{s:s}", LUA_TEXT_FIRST, "integer"));
        free(next);
    }
    json_decref(shape);
    return fields;
}

/* ---- the text ---- */

static const char *effect_of(const char *method)
{
    if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
        return "read";
    return strcmp(method, "PUT") == 0 || strcmp(method, "DELETE") == 0 ? "idempotent"
                                                                       : "write";
}

/* Returns the summary: the document's, or the words of NAME. */
static char *summary_of(const json_t *about, const char *name)
{
    char *text = openapi_sentence(text_of(about, "summary"), SUMMARY_MAX);
    if (!text)
        text = openapi_sentence(text_of(about, "description"), SUMMARY_MAX);
    if (!text) {
        text = xstrdup(name);
        for (char *p = text; *p; p++)
            if (*p == '-')
                *p = ' ';
    }
    *text = (char)toupper((unsigned char)*text);
    int is_old = json_is_true(json_object_get(about, "deprecated"));
    size_t n = strlen(text);
    int is_whole = strchr(".!?", text[n - 1]) || (n > 3 && str_eq(text + n - 3, "…"));
    char *whole =
        xasprintf("%s%s%s", text, is_whole ? "" : ".", is_old ? " Deprecated." : "");
    free(text);
    return whole;
}

static json_t *scopes_of(struct openapi_document *d, const json_t *about)
{
    const json_t *scopes = json_object_get(about, "x-required-scopes");
    const json_t *security = json_object_get(about, "security");
    if (!scopes && json_array_size(security) > 0) {
        json_t *needs = json_array_get(security, 0);
        scopes = json_object_iter_value(json_object_iter(needs));
    }
    (void)d;
    size_t i;
    json_t *word, *out = json_array();
    json_array_foreach(scopes, i, word)
    {
        if (json_is_string(word))
            json_array_append(out, word);
    }
    return out;
}

/* Appends input.NAME. */
static void add_input(struct buf *out, const char *name)
{
    struct buf key;
    buf_init(&key, 1024);
    lua_text_key(&key, name);
    buf_addf(out, *buf_str(&key) == '[' ? "input%s" : "input.%s", buf_str(&key));
    buf_free(&key);
}

/* Appends the expression of the path, with the input's fields in it. */
static void add_path(struct buf *out, const char *path)
{
    int open = 0;
    while (*path) {
        size_t n = strcspn(path, "{");
        if (n) {
            char *text = xmemdup0(path, n);
            buf_adds(out, open ? " .. " : "");
            lua_text_quote(out, text);
            free(text);
            open = 1;
        }
        path += n;
        if (*path == '{') {
            size_t len = strcspn(path + 1, "}");
            char *name = xmemdup0(path + 1, len);
            buf_adds(out, open ? " .. url.segment(" : "url.segment(");
            add_input(out, name);
            buf_addc(out, ')');
            free(name);
            open = 1;
            path += len + 2;
        }
    }
}

/* Appends { key = input.name, … } of the fields that go to AT, a line each where there
 * are several. Returns how many. */
static int add_pairs(struct buf *out, const json_t *fields, const char *path,
                     const char *at)
{
    const char *name;
    json_t *field;
    int n = 0, is_long = json_object_size(fields) > 3;
    const char *sep = is_long ? ",\n      " : ", ";
    buf_addc(out, '{');
    json_object_foreach((json_t *)fields, name, field)
    {
        char *part = xasprintf("{%s}", name);
        const char *own = text_of(field, "at");
        const char *place = own ? own : strstr(path, part) ? "path" : "body";
        free(part);
        if (strcmp(place, at) != 0)
            continue;
        const char *as = text_of(field, "as");
        buf_adds(out, n++ ? sep : is_long ? sep + 1 : " ");
        lua_text_key(out, as ? as : name);
        buf_adds(out, " = ");
        add_input(out, name);
    }
    buf_adds(out, !n ? "}" : is_long ? ",\n    }" : " }");
    return n;
}

/* Appends `run` for a body that is a form of texts, which no declared action sends. */
static void add_form_run(struct buf *out, const struct openapi_operation *o,
                         const struct openapi_input *in)
{
    struct buf pairs;
    buf_init(&pairs, TEXT_MAX);
    char *verb = xstrdup(o->method);
    for (char *p = verb; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    buf_addf(out, "\n  run = function(ctx, input)\n    return ctx.http.%s(", verb);
    add_path(out, in->path);
    int is_multipart = in->body == OPENAPI_MULTIPART;
    buf_adds(out, is_multipart ? ", " : ", url.query(");
    add_pairs(out, in->fields, in->path, "body");
    buf_adds(out, is_multipart ? ", {\n" : "), {\n");
    if (add_pairs(&pairs, in->fields, in->path, "query"))
        buf_addf(out, "      query = %s,\n", buf_str(&pairs));
    buf_adds(out, is_multipart ? "      multipart = true,\n    })\n  end,\n"
                               : "      headers = { [\"Content-Type\"] = "
                                 "\"application/x-www-form-urlencoded\" },\n"
                                 "    })\n  end,\n");
    free(verb);
    buf_free(&pairs);
}

/* Appends the input without `at` and `as`, which only a `request` has. */
static void add_plain_input(struct buf *out, const json_t *fields)
{
    const char *name;
    json_t *field, *plain = json_object();
    json_object_foreach((json_t *)fields, name, field)
    {
        json_t *copy = json_copy(field);
        json_object_del(copy, "at");
        json_object_del(copy, "as");
        json_object_set_new(plain, name, copy);
    }
    lua_text_members(out, plain, 4);
    json_decref(plain);
}

char *openapi_action(struct openapi_document *d, const struct openapi_operation *o,
                     const struct openapi_input *in, const struct openapi_paging *paging,
                     const char *name, const char *title)
{
    struct buf out;
    char *summary = summary_of(o->about, name);
    json_t *scopes = scopes_of(d, o->about), *output = output_of(d, o, paging);
    int is_form = in->body == OPENAPI_FORM || in->body == OPENAPI_MULTIPART;
    int is_read = *effect_of(o->method) == 'r';
    buf_init(&out, TEXT_MAX);
    buf_addf(&out,
             "-- Made by `foyer import` of %s: %s %s\nreturn {\n  summary = ", title,
             o->method, o->path);
    lua_text_quote(&out, summary);
    buf_addf(&out, ",\n  effect  = \"%s\",\n", effect_of(o->method));
    if (json_array_size(scopes) > 0) {
        buf_adds(&out, "  scopes  = ");
        lua_text_value(&out, scopes, 2);
        buf_adds(&out, ",\n");
    }
    if (!is_form) {
        buf_addf(&out, "  request = { \"%s\", ", o->method);
        lua_text_quote(&out, in->path);
        buf_adds(&out, " },\n");
    }
    if (in->body == OPENAPI_NO_BODY && !is_read && strcmp(o->method, "DELETE") != 0)
        buf_adds(&out, "  body    = \"none\",\n");
    if (json_object_size(in->fields) > 0) {
        buf_adds(&out, "\n  input = {\n");
        if (is_form)
            add_plain_input(&out, in->fields);
        else
            lua_text_members(&out, in->fields, 4);
        buf_adds(&out, "  },\n");
    }
    if (json_object_size(output) > 0) {
        buf_adds(&out, "\n  output = {\n");
        lua_text_members(&out, output, 4);
        buf_adds(&out, "  },\n");
    }
    if (is_form)
        add_form_run(&out, o, in);
    buf_adds(&out, "}\n");
    json_decref(scopes);
    json_decref(output);
    free(summary);
    return buf_take(&out, NULL);
}
