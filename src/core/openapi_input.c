#include "core/openapi_input.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/str.h"
#include "core/lua_text.h"
#include "core/openapi_field.h"

enum { DEPTH = 4, FIELDS_MAX = 1500, NAME_MAX_BYTES = 64 };

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

void openapi_input_fini(struct openapi_input *in)
{
    json_decref(in->fields);
    json_decref(in->left);
    free(in->path);
    free(in->why_not);
    *in = (struct openapi_input){.fields = NULL};
}

char *openapi_field_name(const char *name)
{
    char out[NAME_MAX_BYTES + 1];
    size_t n = 0;
    for (; *name && n < NAME_MAX_BYTES - 1; name++) {
        if (isalnum((unsigned char)*name) || *name == '_')
            out[n++] = *name;
        else if (n && out[n - 1] != '_')
            out[n++] = '_';
    }
    while (n && out[n - 1] == '_')
        n--;
    out[n] = '\0';
    return n == 0 || isdigit((unsigned char)*out) ? xasprintf("_%s", out) : xstrdup(out);
}

/* Returns a name for a field called NAME at AT that no other has, a new string. */
static char *free_name(const struct openapi_input *in, const char *at, const char *name)
{
    char *plain = openapi_field_name(name);
    if (!json_object_get(in->fields, plain))
        return plain;
    char *with = xasprintf("%s_%s", at, plain);
    free(plain);
    while (json_object_get(in->fields, with)) {
        char *more = xasprintf("%s_", with);
        free(with);
        with = more;
    }
    return with;
}

/* ---- parameters ---- */

static int is_simple(const json_t *field)
{
    const char *type = text_of(field, LUA_TEXT_FIRST);
    return json_object_get(field, "enum") ||
           (type && strcmp(type, "object") != 0 && strcmp(type, "file") != 0);
}

/* Returns 1 when the list FIELD can repeat its key in a query. */
static int is_simple_list(const json_t *field)
{
    const json_t *item = json_object_get(field, "list");
    const char *word = json_string_value(item);
    return word ? strcmp(word, "object") != 0 && strcmp(word, "file") != 0
                : item && is_simple(item);
}

/* A list that is one value, "a,b": a text, as a field can only repeat its key. */
static json_t *joined(json_t *field, const char *separator)
{
    const char *about = text_of(field, "about");
    char *text = xasprintf("%s%sSeveral are written with %s between them.",
                           about ? about : "", about ? " " : "", separator);
    json_t *out = json_pack("{s:s, s:s}", LUA_TEXT_FIRST, "string", "about", text);
    free(text);
    json_decref(field);
    return out;
}

/* A parameter may have an example of its own, beside that of its schema. */
static void add_example(json_t *field, const json_t *parameter)
{
    const char *type = text_of(field, LUA_TEXT_FIRST);
    const json_t *named = json_object_get(parameter, "examples");
    json_t *one = json_object_iter_value(json_object_iter((json_t *)named));
    json_t *example = json_object_get(parameter, "example");
    if (!example)
        example = json_object_get(one, "value");
    if (type && openapi_fits(example, type))
        json_object_set(field, "example", example);
}

/* Returns the field of a parameter, or NULL with *WHY: what is wrong with it. */
static json_t *parameter_field(struct openapi_document *d, const json_t *parameter,
                               const char *at, const char **why)
{
    struct openapi_fields f = {
        .d = d, .is_path = strcmp(at, "path") == 0, .depth = 0, .left = FIELDS_MAX};
    const json_t *schema = json_object_get(parameter, "schema");
    const json_t *explode = json_object_get(parameter, "explode");
    const char *style = text_of(parameter, "style");
    if (style && (strcmp(style, "matrix") == 0 || strcmp(style, "label") == 0)) {
        *why = "has the style of a matrix or a label, which foyer does not write";
        return NULL;
    }
    if (json_object_get(parameter, "content"))
        return json_pack("{s:s, s:s}", LUA_TEXT_FIRST, "string", "about", "JSON text.");
    json_t *field = openapi_field(&f, schema, NULL);
    if (!schema)
        json_object_set_new(field, LUA_TEXT_FIRST, json_string("string"));
    json_object_del(field, "nullable");
    add_example(field, parameter);
    if (is_simple(field))
        return field;
    if (is_simple_list(field)) {
        int is_query = strcmp(at, "query") == 0;
        if (strcmp(at, "path") == 0 || (is_query && !style && !json_is_false(explode)) ||
            (is_query && style && strcmp(style, "form") == 0 && !json_is_false(explode)))
            return field;
        if (style && strcmp(style, "spaceDelimited") == 0)
            return joined(field, "a space");
        if (style && strcmp(style, "pipeDelimited") == 0)
            return joined(field, "\"|\"");
        return joined(field, "a comma");
    }
    *why = "is an object, which has no place there";
    json_decref(field);
    return NULL;
}

static int is_sendable(const char *at, const char *name)
{
    static const char used[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789_-";
    size_t n = strlen(name);
    if (strcmp(at, "header") == 0 && strspn(name, used) != n)
        return 0;
    return n > 0 && !strstr(name, "..") && name[n - 1] != '.';
}

static int is_ours(const struct openapi_operation *o, const char *at, const char *name)
{
    static const char *const headers[] = {"accept", "content-type", "authorization",
                                          "host", "content-length"};
    if (o->key && strcasecmp(o->key, name) == 0)
        return 1;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        if (strcmp(at, "header") == 0 && strcasecmp(headers[i], name) == 0)
            return 1;
    return 0;
}

/* Where a field of METHOD goes that does not say it. */
static const char *usual_place(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ? "query" : "body";
}

static int is_bodiless(const struct openapi_operation *o)
{
    return strcmp(usual_place(o->method), "query") == 0;
}

/* Returns 1 when the path has {NAME}. */
static int is_in_path(const char *path, const char *name)
{
    char *part = xasprintf("{%s}", name);
    int found = strstr(path, part) != NULL;
    free(part);
    return found;
}

/* Puts FIELD, called NAME in the API, at AT. Takes it over. */
static void place(struct openapi_input *in, const struct openapi_operation *o,
                  const char *at, const char *name, json_t *field, int is_required)
{
    char *own = free_name(in, at, name);
    int is_path = strcmp(at, "path") == 0;
    if (is_required || is_path)
        json_object_set_new(field, "required", json_true());
    if (!is_path && (strcmp(at, usual_place(o->method)) != 0 ||
                     is_in_path(in->path, name) || is_in_path(in->path, own)))
        json_object_set_new(field, "at", json_string(at));
    if (strcmp(own, name) != 0)
        json_object_set_new(field, "as", json_string(name));
    json_object_set_new(in->fields, own, openapi_ordered(field));
    free(own);
}

/* Adds a parameter for each property of one that is written name[property]. Returns 0
 * when it is no such parameter. */
static int add_deep(struct openapi_document *d, struct openapi_input *in,
                    const struct openapi_operation *o, const json_t *parameter)
{
    struct openapi_fields f = {.d = d, .depth = 0, .left = FIELDS_MAX};
    const char *style = text_of(parameter, "style"), *name;
    if (!style || strcmp(style, "deepObject") != 0)
        return 0;
    json_t *shape = openapi_shape(d, json_object_get(parameter, "schema"), NULL), *field;
    json_t *fields = openapi_properties(&f, shape, NULL, 0);
    int n = 0;
    json_object_foreach(fields, name, field)
    {
        if (!is_simple(field) && !is_simple_list(field))
            continue;
        char *as = xasprintf("%s[%s]", text_of(parameter, "name"), name);
        int is_required = json_is_true(json_object_get(field, "required")) &&
                          json_is_true(json_object_get(parameter, "required"));
        json_object_del(field, "required");
        json_object_del(field, "nullable");
        place(in, o, "query", as, json_incref(field), is_required);
        free(as);
        n++;
    }
    json_decref(fields);
    json_decref(shape);
    return n > 0;
}

static void add_parameter(struct openapi_document *d, struct openapi_input *in,
                          const struct openapi_operation *o, const json_t *parameter)
{
    const char *name = text_of(parameter, "name"), *at = text_of(parameter, "in");
    const char *about = text_of(parameter, "description"), *why = NULL;
    int is_required = json_is_true(json_object_get(parameter, "required"));
    if (!name || !at || strcmp(at, "path") == 0 || is_ours(o, at, name) ||
        (strcmp(at, "query") == 0 && add_deep(d, in, o, parameter)))
        return;
    json_t *field = NULL;
    if (strcmp(at, "query") != 0 && strcmp(at, "header") != 0)
        why = "is a cookie, which foyer does not send";
    else if (!is_sendable(at, name))
        why = "has a name that foyer cannot send";
    else
        field = parameter_field(d, parameter, at, &why);
    if (!field && is_required && !in->why_not)
        in->why_not = xasprintf("its parameter %s %s", name, why);
    else if (!field)
        json_array_append_new(in->left, json_sprintf("its parameter %s %s", name, why));
    if (!field)
        return;
    char *sentence = openapi_sentence(about, 240);
    if (sentence && !text_of(field, "about"))
        json_object_set_new(field, "about", json_string(sentence));
    free(sentence);
    place(in, o, at, name, field, is_required);
}

/* Calls ADD for the parameters of the operation, then for those of the path that it does
 * not have itself. */
static void each_parameter(struct openapi_document *d, struct openapi_input *in,
                           const struct openapi_operation *o,
                           void (*add)(struct openapi_document *, struct openapi_input *,
                                       const struct openapi_operation *, const json_t *))
{
    json_t *seen = json_object(), *node;
    const json_t *lists[] = {json_object_get(o->about, "parameters"),
                             json_object_get(o->item, "parameters")};
    for (int n = 0; n < 2; n++) {
        size_t i;
        json_array_foreach(lists[n], i, node)
        {
            const json_t *parameter = openapi_target(d, node);
            const char *name = text_of(parameter, "name"), *at = text_of(parameter, "in");
            char *id = xasprintf("%s %s", at ? at : "", name ? name : "");
            if (!json_object_get(seen, id))
                add(d, in, o, parameter);
            json_object_set_new(seen, id, json_true());
            free(id);
        }
    }
    json_decref(seen);
}

/* ---- the path ---- */

static void add_in_path(struct openapi_document *d, struct openapi_input *in,
                        const struct openapi_operation *o, const json_t *parameter)
{
    const char *name = text_of(parameter, "name"), *at = text_of(parameter, "in");
    const char *why = NULL;
    if (!name || !at || strcmp(at, "path") != 0 || !is_in_path(o->path, name))
        return;
    json_t *field = parameter_field(d, parameter, "path", &why);
    if (!field) {
        if (!in->why_not)
            in->why_not = xasprintf("its parameter %s %s", name, why);
        return;
    }
    char *sentence = openapi_sentence(text_of(parameter, "description"), 240);
    if (sentence && !text_of(field, "about"))
        json_object_set_new(field, "about", json_string(sentence));
    free(sentence);
    json_object_set_new(field, "required", json_true());
    json_object_del(field, "as");
    char *own = free_name(in, "path", name);
    json_object_set_new(in->fields, own, openapi_ordered(field));
    free(own);
}

/* Sets in->path, whose braces name fields, and adds fields that are not described. */
static void read_path(struct openapi_document *d, struct openapi_input *in,
                      const struct openapi_operation *o)
{
    struct buf out;
    buf_init(&out, 16 * 1024);
    for (const char *p = o->path; *p;) {
        const char *end = *p == '{' ? strchr(p, '}') : NULL;
        if (*p == '?' && !in->why_not) /* without it, it asks for something else */
            in->why_not = xstrdup("its path has a query, which is not part of a path");
        if (*p == '?' || *p == '#')
            break;
        if (!end) {
            if (*p == '{' || *p == '}')
                in->why_not = in->why_not ? in->why_not
                                          : xstrdup("its path has a brace that does not "
                                                    "enclose a name");
            if ((unsigned char)*p > ' ')
                buf_addc(&out, *p);
            p++;
            continue;
        }
        char *name = xmemdup0(p + 1, (size_t)(end - p - 1));
        char *own = openapi_field_name(name);
        buf_addf(&out, "{%s}", own);
        free(own);
        free(name);
        p = end + 1;
    }
    in->path = buf_take(&out, NULL);
    each_parameter(d, in, o, add_in_path);
    for (const char *p = in->path; (p = strchr(p, '{')); p++) {
        char *own = xmemdup0(p + 1, strcspn(p + 1, "}"));
        if (!json_object_get(in->fields, own))
            json_object_set_new(
                in->fields, own,
                json_pack("{s:s, s:b}", LUA_TEXT_FIRST, "string", "required", 1));
        free(own);
    }
}

/* ---- the body ---- */

/* Returns the media type of CONTENT that foyer can send, borrowed; NULL when there is
 * none. */
static const json_t *media_of(const json_t *content, enum openapi_body *body,
                              int *is_multipart)
{
    const char *type;
    json_t *media;
    const json_t *multipart = NULL, *form = NULL;
    *is_multipart = 0;
    json_object_foreach((json_t *)content, type, media)
    {
        if (strstr(type, "json") || strcmp(type, "*/*") == 0) {
            *body = OPENAPI_JSON;
            return media;
        }
        if (str_starts(type, "multipart/form-data"))
            multipart = media;
        else if (str_starts(type, "application/x-www-form-urlencoded"))
            form = media;
    }
    *is_multipart = multipart != NULL;
    *body = multipart ? OPENAPI_JSON : OPENAPI_FORM;
    return multipart ? multipart : form;
}

/* Returns 1 when each property of SHAPE can be a field of its own. */
static int is_open(const json_t *shape)
{
    const char *name;
    json_t *schema;
    const json_t *properties = json_object_get(shape, "properties");
    json_object_foreach((json_t *)properties, name, schema)
    {
        if (!*name || strchr(name, '.') || strcmp(name, "*") == 0)
            return 0;
    }
    return json_object_size(properties) > 0 &&
           !json_is_true(json_object_get(shape, "nullable"));
}

static void add_properties(struct openapi_input *in, const struct openapi_operation *o,
                           json_t *properties, int is_needed)
{
    const char *name;
    json_t *field;
    json_object_foreach(properties, name, field)
    {
        int is_required = is_needed && json_is_true(json_object_get(field, "required"));
        json_object_del(field, "required");
        place(in, o, "body", name, json_incref(field), is_required);
    }
    json_decref(properties);
}

static int has_file(const json_t *field)
{
    const char *key;
    json_t *value;
    size_t i;
    if (json_is_string(field))
        return strcmp(json_string_value(field), "file") == 0;
    json_array_foreach(field, i, value)
    {
        if (has_file(value))
            return 1;
    }
    json_object_foreach((json_t *)field, key, value)
    {
        if (strcmp(key, "about") != 0 && strcmp(key, "example") != 0 && has_file(value))
            return 1;
    }
    return 0;
}

/* Returns 1 when one of PROPERTIES is required and a file, or has one. */
static int needs_file(const json_t *properties)
{
    const char *name;
    json_t *field;
    json_object_foreach((json_t *)properties, name, field)
    {
        if (json_is_true(json_object_get(field, "required")) && has_file(field))
            return 1;
    }
    return 0;
}

/* A form is made of texts, numbers and lists of them. */
static int is_flat(const json_t *properties)
{
    const char *name;
    json_t *field;
    json_object_foreach((json_t *)properties, name, field)
    {
        if (!is_simple(field) && !is_simple_list(field))
            return 0;
    }
    return 1;
}

static void add_body(struct openapi_document *d, struct openapi_input *in,
                     const struct openapi_operation *o, const json_t *body)
{
    int is_multipart;
    const json_t *content = json_object_get(body, "content");
    const json_t *media = media_of(content, &in->body, &is_multipart);
    int is_needed = !json_is_false(json_object_get(body, "required"));
    if (!media) {
        const char *type = json_object_iter_key(json_object_iter((json_t *)content));
        in->why_not = in->why_not ? in->why_not
                                  : xasprintf("its body is %s, which foyer does not send",
                                              type ? type : "not described");
        return;
    }
    struct openapi_fields f = {
        .d = d, .is_form = is_multipart, .depth = DEPTH, .left = FIELDS_MAX};
    const json_t *schema = json_object_get(media, "schema");
    json_t *shape = openapi_shape(d, schema, NULL);
    if (is_open(shape)) {
        json_t *properties = openapi_properties(&f, shape, NULL, 1);
        if (in->body == OPENAPI_FORM && !is_flat(properties) && !in->why_not)
            in->why_not = xstrdup("its body is a form with objects in it");
        if (is_multipart && !needs_file(properties))
            in->body = OPENAPI_MULTIPART;
        add_properties(in, o, properties, is_needed);
    } else if (in->body == OPENAPI_FORM || is_multipart) {
        in->why_not = in->why_not ? in->why_not
                                  : xstrdup("the fields of its form are not described");
    } else {
        json_t *field = openapi_field(&f, schema, NULL);
        char *own = free_name(in, "whole", "body");
        if (is_needed)
            json_object_set_new(field, "required", json_true());
        json_object_set_new(field, "as", json_string("*"));
        json_object_set_new(in->fields, own, openapi_ordered(field));
        free(own);
    }
    json_decref(shape);
}

void openapi_read_input(struct openapi_document *d, const struct openapi_operation *o,
                        struct openapi_input *out)
{
    *out = (struct openapi_input){
        .fields = json_object(), .left = json_array(), .body = OPENAPI_NO_BODY};
    const json_t *node = json_object_get(o->about, "requestBody");
    const json_t *body = openapi_target(d, node);
    read_path(d, out, o);
    each_parameter(d, out, o, add_parameter);
    if (node && !body && !out->why_not)
        out->why_not =
            xasprintf("its body %s is not in the document", text_of(node, "$ref"));
    if (body && is_bodiless(o))
        json_array_append_new(out->left,
                              json_sprintf("its body, which a %s has not", o->method));
    else if (body)
        add_body(d, out, o, body);
}
