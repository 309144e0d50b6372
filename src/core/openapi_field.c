#include "core/openapi_field.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "core/lua_text.h"

enum { ABOUT_MAX = 240, EXAMPLE_MAX = 80 };

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* ---- descriptions ---- */

/* Returns the length of the mark at P that is not part of the text, or 0: an HTML tag,
 * the target of a Markdown link, marks of emphasis and headings. */
static size_t mark_len(const char *p, char before)
{
    if (*p == '<' && (isalpha((unsigned char)p[1]) || p[1] == '/')) {
        const char *end = strchr(p, '>');
        return end ? (size_t)(end - p) + 1 : 0;
    }
    if (p[0] == ']' && p[1] == '(') {
        const char *end = strchr(p, ')');
        return end ? (size_t)(end - p) + 1 : 0;
    }
    if (*p == '[')
        return strstr(p, "](") ? 1 : 0;
    if (p[0] == '*' && p[1] == '*')
        return 2;
    if (*p == '#' && (before == '\n' || before == '#' || before == '\0'))
        return 1;
    return 0;
}

static void add_clean(struct buf *out, const char *text)
{
    char before = '\0';
    for (const char *p = text; *p;) {
        size_t n = mark_len(p, before);
        before = *p;
        if (n) {
            p += n;
        } else if ((unsigned char)*p <= ' ') {
            if (out->len && out->data[out->len - 1] != ' ')
                buf_addc(out, ' ');
            p++;
        } else {
            buf_addc(out, *p++);
        }
    }
    while (out->len && out->data[out->len - 1] == ' ')
        out->data[--out->len] = '\0';
}

/* Returns the length of the whole sentences of S within MAX bytes; 0: not one. */
static size_t sentences_len(const char *s, size_t max)
{
    size_t found = 0;
    for (size_t i = 0; i < max && s[i]; i++)
        if ((s[i] == '.' || s[i] == '!' || s[i] == '?') &&
            (s[i + 1] == ' ' || s[i + 1] == '\0') && i > 2 && s[i - 2] != '.' &&
            s[i - 2] != ' ')
            found = i + 1;
    return found;
}

char *openapi_sentence(const char *text, size_t max)
{
    struct buf out;
    buf_init(&out, 256 * 1024);
    if (text)
        add_clean(&out, text);
    if (out.len == 0) {
        buf_free(&out);
        return NULL;
    }
    size_t len = out.len <= max ? out.len : sentences_len(out.data, max);
    char *result;
    if (len > 0) {
        result = xmemdup0(out.data, len);
    } else {
        len = max - 3; /* of the ellipsis */
        while (len > max / 2 && out.data[len] != ' ')
            len--;
        while (len > 0 && ((unsigned char)out.data[len] & 0xc0) == 0x80)
            len--;
        result = xasprintf("%.*s…", (int)len, out.data);
    }
    buf_free(&out);
    return result;
}

/* ---- one field ---- */

/* The default is the API's: foyer does not send it. */
static void add_about(const struct openapi_fields *f, json_t *field, const json_t *shape)
{
    const json_t *fallback = json_object_get(shape, "default");
    char *about = openapi_sentence(text_of(shape, "description"), ABOUT_MAX);
    if (!f->is_output && !f->is_path && fallback && !json_is_object(fallback) &&
        !json_is_array(fallback) && !json_is_null(fallback)) {
        char *value = json_dumps(fallback, JSON_ENCODE_ANY);
        char *whole = xasprintf(
            "%s%sThe API's default is %.60s.", about ? about : "",
            about ? (strchr(".!?", about[strlen(about) - 1]) ? " " : ". ") : "", value);
        free(value);
        free(about);
        about = whole;
    }
    if (json_is_true(json_object_get(shape, "deprecated"))) {
        char *whole = xasprintf("Deprecated.%s%s", about ? " " : "", about ? about : "");
        free(about);
        about = whole;
    }
    if (about)
        json_object_set_new(field, "about", json_string(about));
    free(about);
}

/* Returns the example of SHAPE, or one of its format, borrowed; NULL when it has none. */
static const json_t *example_of(const json_t *shape)
{
    static const char *const formats[][2] = {{"date-time", "2026-12-01T10:00:00Z"},
                                             {"date", "2026-12-01"}};
    const json_t *example = json_object_get(shape, "example");
    const char *format = text_of(shape, "format");
    for (size_t i = 0; !example && format && i < sizeof formats / sizeof *formats; i++)
        if (strcmp(format, formats[i][0]) == 0) {
            json_object_set_new((json_t *)shape, "example", json_string(formats[i][1]));
            example = json_object_get(shape, "example");
        }
    return example;
}

int openapi_fits(const json_t *value, const char *type)
{
    if (strcmp(type, "integer") == 0)
        return json_is_integer(value);
    if (strcmp(type, "number") == 0)
        return json_is_number(value);
    if (strcmp(type, "boolean") == 0)
        return json_is_boolean(value);
    return strcmp(type, "string") == 0 && json_is_string(value) &&
           json_string_length(value) > 0 && json_string_length(value) <= EXAMPLE_MAX;
}

/* Sets NAME from a number of SHAPE that is finite and no larger than a script's. */
static void add_bound(json_t *field, const char *name, const json_t *shape,
                      const char *from)
{
    const json_t *value = json_object_get(shape, from);
    if (json_is_number(value) && json_number_value(value) > -9e15 &&
        json_number_value(value) < 9e15)
        json_object_set(field, name, (json_t *)value);
}

static void add_bounds(json_t *field, const json_t *shape, const char *type)
{
    int is_number = strcmp(type, "integer") == 0 || strcmp(type, "number") == 0;
    if (is_number) {
        add_bound(field, "min", shape, "minimum");
        add_bound(field, "max", shape, "maximum");
    } else if (strcmp(type, "string") == 0) {
        add_bound(field, "min", shape, "minLength");
        add_bound(field, "max", shape, "maxLength");
    } else if (strcmp(type, "array") == 0) {
        add_bound(field, "min", shape, "minItems");
        add_bound(field, "max", shape, "maxItems");
    }
}

/* Returns SHAPE's enumeration when its words are of a kind that a field can have. */
static json_t *enum_of(const json_t *shape)
{
    json_t *words = json_object_get(shape, "enum"), *word;
    size_t i;
    json_array_foreach(words, i, word)
    {
        if (!json_is_string(word) && !json_is_number(word) && !json_is_boolean(word))
            return NULL;
    }
    return json_array_size(words) > 0 ? words : NULL;
}

json_t *openapi_ordered(json_t *field)
{
    static const char *const order[] = {LUA_TEXT_FIRST, "enum",     "list",    "object",
                                        "required",     "at",       "as",      "min",
                                        "max",          "nullable", "example", "about"};
    json_t *out = json_object();
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        json_t *value = json_object_get(field, order[i]);
        if (value)
            json_object_set(out, order[i], value);
    }
    json_decref(field);
    return out;
}

static json_t *field_of(struct openapi_fields *f, const json_t *schema,
                        const struct openapi_way *way, int depth);

/* Returns the field of the items; a plain type as its name alone. */
static json_t *items_of(struct openapi_fields *f, const json_t *shape,
                        const struct openapi_way *way, int depth)
{
    const json_t *items = json_object_get(shape, "items");
    json_t *field = items ? field_of(f, items, way, depth)
                          : json_pack("{s:s}", LUA_TEXT_FIRST, "any");
    const char *type = text_of(field, LUA_TEXT_FIRST);
    json_object_del(field, "example");
    if (!type || json_object_size(field) > 1)
        return field;
    json_t *name = json_string(type);
    json_decref(field);
    return name;
}

/* Returns 1 for a file in a form, as 3.0 and 3.1 write it. */
static int is_binary(const char *type, const json_t *shape)
{
    const char *format = text_of(shape, "format");
    const char *media = text_of(shape, "contentMediaType");
    int is_text = strcmp(type, "string") == 0;
    return (is_text && format && strcmp(format, "binary") == 0) ||
           ((is_text || strcmp(type, "any") == 0) && media && !strstr(media, "json"));
}

static void add_type(struct openapi_fields *f, json_t *field, const json_t *shape,
                     const struct openapi_way *way, int depth)
{
    const char *type = text_of(shape, "type");
    json_t *words = enum_of(shape);
    if (strcmp(type, "object") == 0 &&
        json_object_size(json_object_get(shape, "properties")) && depth < f->depth &&
        f->left > 0) {
        json_object_set_new(field, "object",
                            openapi_properties(f, shape, way, depth + 1));
    } else if (strcmp(type, "array") == 0) {
        json_object_set_new(field, "list", items_of(f, shape, way, depth));
    } else if (words && strcmp(type, "object") != 0) {
        json_object_set(field, "enum", words);
    } else if (f->is_form && is_binary(type, shape)) {
        json_object_set_new(field, LUA_TEXT_FIRST, json_string("file"));
    } else {
        static const char *const known[] = {"string", "integer", "number", "boolean",
                                            "object"};
        size_t i = 0;
        while (i < sizeof known / sizeof *known && strcmp(type, known[i]) != 0)
            i++;
        json_object_set_new(
            field, LUA_TEXT_FIRST,
            json_string(i < sizeof known / sizeof *known ? known[i] : "any"));
    }
}

/* Makes the way to what is inside of SHAPE: *NODES, which the caller frees. */
static const struct openapi_way *
way_into(const json_t *shape, const struct openapi_way *way, struct openapi_way **nodes)
{
    const json_t *refs = openapi_shape_refs(shape);
    size_t n = json_array_size(refs);
    *nodes = xcalloc(n + 1, sizeof **nodes);
    for (size_t i = 0; i < n; i++) {
        (*nodes)[i] =
            (struct openapi_way){way, json_string_value(json_array_get(refs, i))};
        way = &(*nodes)[i];
    }
    return way;
}

static json_t *field_of(struct openapi_fields *f, const json_t *schema,
                        const struct openapi_way *way, int depth)
{
    json_t *shape = openapi_shape(f->d, schema, way), *field = json_object();
    const char *type = text_of(shape, "type");
    const json_t *example = example_of(shape);
    struct openapi_way *nodes;
    const struct openapi_way *inner = way_into(shape, way, &nodes);
    add_type(f, field, shape, inner, depth);
    int is_plain = json_object_get(field, LUA_TEXT_FIRST) != NULL;
    if (!f->is_output) {
        if (is_plain || json_object_get(field, "list"))
            add_bounds(field, shape, type);
        if (json_is_true(json_object_get(shape, "nullable")))
            json_object_set_new(field, "nullable", json_true());
        if (is_plain && openapi_fits(example, type))
            json_object_set(field, "example", (json_t *)example);
    }
    add_about(f, field, shape);
    free(nodes);
    json_decref(shape);
    return openapi_ordered(field);
}

json_t *openapi_field(struct openapi_fields *f, const json_t *schema,
                      const struct openapi_way *way)
{
    return field_of(f, schema, way, 0);
}

/* Returns 1 when the property cannot be given, or is never answered. */
static int is_hidden(struct openapi_fields *f, const json_t *schema)
{
    const char *flag = f->is_output ? "writeOnly" : "readOnly";
    const json_t *target = openapi_target(f->d, schema);
    return json_is_true(json_object_get(schema, flag)) ||
           json_is_true(json_object_get(target, flag));
}

static int is_required(const json_t *shape, const char *name)
{
    const json_t *list = json_object_get(shape, "required");
    size_t i;
    json_t *word;
    json_array_foreach(list, i, word)
    {
        if (str_eq(json_string_value(word), name))
            return 1;
    }
    return 0;
}

json_t *openapi_properties(struct openapi_fields *f, const json_t *shape,
                           const struct openapi_way *way, int depth)
{
    const char *name;
    json_t *schema, *fields = json_object();
    struct openapi_way *nodes;
    const struct openapi_way *inner = way_into(shape, way, &nodes);
    json_object_foreach(json_object_get(shape, "properties"), name, schema)
    {
        if (!*name || is_hidden(f, schema) || f->left-- <= 0)
            continue;
        json_t *field = field_of(f, schema, inner, depth);
        if (!f->is_output && is_required(shape, name))
            json_object_set_new(field, "required", json_true());
        json_object_set_new(fields, name, openapi_ordered(field));
    }
    free(nodes);
    return fields;
}
