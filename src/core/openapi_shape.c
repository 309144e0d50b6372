#include "core/openapi_shape.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/url.h"
#include "core/jsontree.h"

enum { HOPS_MAX = 32, NESTED_MAX = 32 };

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* ---- references ---- */

/* Decodes PART, one step of a JSON pointer in a URI's fragment, in place. */
static void decode_step(char *part)
{
    long n = url_unescape(part, strlen(part), part);
    if (n >= 0)
        part[n] = '\0';
    char *to = part;
    for (char *p = part; *p; p++) {
        if (p[0] == '~' && (p[1] == '0' || p[1] == '1'))
            *to++ = *++p == '0' ? '~' : '/';
        else
            *to++ = *p;
    }
    *to = '\0';
}

/* Returns the value at REF, "#/components/…", borrowed, or NULL. */
static const json_t *at_pointer(const json_t *tree, const char *ref)
{
    if (!str_starts(ref, "#/"))
        return strcmp(ref, "#") == 0 ? tree : NULL;
    char *copy = xstrdup(ref + 2), *rest = copy, *part;
    while (tree && (part = strsep(&rest, "/"))) {
        decode_step(part);
        if (json_is_array(tree))
            tree = json_array_get(tree, (size_t)strtoul(part, NULL, 10));
        else
            tree = json_object_get(tree, part);
    }
    free(copy);
    return tree;
}

static const json_t *follow(struct openapi_document *d, const char *ref)
{
    const json_t *target = at_pointer(d->tree, ref);
    if (!target)
        json_object_set_new(d->lost, ref, json_true());
    return target;
}

const json_t *openapi_target(struct openapi_document *d, const json_t *node)
{
    const char *ref;
    for (int i = 0; i < HOPS_MAX; i++) {
        if (!(ref = text_of(node, "$ref")))
            return node;
        if (!(node = follow(d, ref)))
            return NULL;
    }
    json_object_set_new(d->lost, text_of(node, "$ref"), json_true());
    return NULL;
}

static const char *name_of(const char *ref)
{
    const char *slash = strrchr(ref, '/');
    return slash ? slash + 1 : ref;
}

static int is_on(const struct openapi_way *way, const char *ref)
{
    while (way && strcmp(way->ref, ref) != 0)
        way = way->up;
    return way != NULL;
}

/* ---- putting together ---- */

static json_t *collect(struct openapi_document *d, const json_t *schema,
                       const struct openapi_way *way, int depth);

const json_t *openapi_shape_refs(const json_t *shape)
{
    return json_object_get(shape, "refs");
}

static json_t *list_in(json_t *shape, const char *key)
{
    json_t *list = json_object_get(shape, key);
    if (!list) {
        list = json_array();
        json_object_set_new(shape, key, list);
    }
    return list;
}

static int list_has(const json_t *list, const json_t *value)
{
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        if (json_equal(item, value))
            return 1;
    }
    return 0;
}

static void add_all(json_t *shape, const char *key, const json_t *more)
{
    size_t i;
    json_t *item;
    json_array_foreach(more, i, item)
    {
        if (!list_has(list_in(shape, key), item))
            json_array_append(list_in(shape, key), item);
    }
}

/* Adds the properties of MORE. Where both have one, both hold for it. */
static void add_properties(json_t *shape, const json_t *more, const char *join)
{
    const char *name;
    json_t *schema, *own = json_object_get(shape, "properties");
    if (!json_is_object(more))
        return;
    if (!own) {
        own = json_object();
        json_object_set_new(shape, "properties", own);
    }
    json_object_foreach((json_t *)more, name, schema)
    {
        json_t *first = json_object_get(own, name);
        if (!first)
            json_object_set(own, name, schema);
        else if (!json_equal(first, schema))
            json_object_set_new(own, name, json_pack("{s:[O, O]}", join, first, schema));
    }
}

/* Adds to SHAPE what MORE says and SHAPE does not: `allOf`. */
static void add_shape(json_t *shape, const json_t *more)
{
    static const char *const simple[] = {
        "type",        "nullable",   "enum",     "items",           "format",
        "description", "example",    "default",  "minimum",         "maximum",
        "minLength",   "maxLength",  "minItems", "maxItems",        "readOnly",
        "writeOnly",   "deprecated", "pattern",  "contentMediaType"};
    for (size_t i = 0; i < sizeof simple / sizeof *simple; i++) {
        json_t *value = json_object_get(more, simple[i]);
        if (value && !json_object_get(shape, simple[i]))
            json_object_set(shape, simple[i], value);
    }
    add_properties(shape, json_object_get(more, "properties"), "allOf");
    add_all(shape, "required", json_object_get(more, "required"));
    add_all(shape, "refs", json_object_get(more, "refs"));
}

/* Sets the type, which 3.1 may write as a list with "null" in it. */
static void set_type(json_t *shape, const json_t *schema)
{
    const json_t *type = json_object_get(schema, "type");
    const char *found = json_string_value(type);
    size_t i, n = 0;
    json_t *item;
    json_array_foreach(type, i, item)
    {
        const char *word = json_string_value(item);
        if (word && strcmp(word, "null") == 0) {
            json_object_set_new(shape, "nullable", json_true());
        } else {
            found = word;
            n++;
        }
    }
    if (n > 1)
        found = "any";
    if (!found && (json_object_get(schema, "properties")))
        found = "object";
    if (!found && json_object_get(schema, "items"))
        found = "array";
    if (found && strcmp(found, "null") == 0)
        json_object_set_new(shape, "nullable", json_true());
    else if (found)
        json_object_set_new(shape, "type", json_string(found));
}

/* Sets the enumeration, without null. */
static void set_enum(json_t *shape, const json_t *schema)
{
    size_t i;
    json_t *word, *fixed = json_object_get(schema, "const");
    if (fixed && !json_is_object(fixed) && !json_is_array(fixed))
        json_array_append(list_in(shape, "enum"), fixed);
    json_array_foreach(json_object_get(schema, "enum"), i, word)
    {
        if (json_is_null(word))
            json_object_set_new(shape, "nullable", json_true());
        else if (!list_has(list_in(shape, "enum"), word))
            json_array_append(list_in(shape, "enum"), word);
    }
}

static void set_own(json_t *shape, const json_t *schema)
{
    static const char *const simple[] = {
        "items",     "format",     "description", "example",
        "default",   "minimum",    "maximum",     "minLength",
        "maxLength", "minItems",   "maxItems",    "readOnly",
        "writeOnly", "deprecated", "pattern",     "contentMediaType"};
    set_type(shape, schema);
    set_enum(shape, schema);
    if (json_is_true(json_object_get(schema, "nullable")))
        json_object_set_new(shape, "nullable", json_true());
    for (size_t i = 0; i < sizeof simple / sizeof *simple; i++) {
        json_t *value = json_object_get(schema, simple[i]);
        if (value)
            json_object_set(shape, simple[i], value);
    }
    if (!json_object_get(shape, "example"))
        json_object_set(shape, "example",
                        json_array_get(json_object_get(schema, "examples"), 0));
    add_properties(shape, json_object_get(schema, "properties"), "allOf");
    add_all(shape, "required", json_object_get(schema, "required"));
}

/* ---- alternatives ---- */

static const char *type_of(const json_t *shape)
{
    const char *type = text_of(shape, "type");
    return type ? type : "any";
}

/* Returns the type that all of LIST have; "any" when they differ. */
static const char *common_type(const json_t *list)
{
    size_t i;
    json_t *one;
    const char *found = NULL;
    json_array_foreach(list, i, one)
    {
        const char *type = type_of(one);
        int is_number = strcmp(type, "number") == 0 || strcmp(type, "integer") == 0;
        if (!found)
            found = type;
        else if (is_number &&
                 (strcmp(found, "number") == 0 || strcmp(found, "integer") == 0))
            found = strcmp(type, found) == 0 ? type : "number";
        else if (strcmp(type, found) != 0)
            return "any";
    }
    return found ? found : "any";
}

/* Keeps in the list REQUIRED what MORE has too. */
static json_t *intersect(json_t *required, const json_t *more)
{
    json_t *both = json_array(), *word;
    size_t i;
    json_array_foreach(required, i, word)
    {
        if (list_has(more, word))
            json_array_append(both, word);
    }
    json_decref(required);
    return both;
}

/* Returns the shape of what is one of the shapes in LIST. */
static json_t *unite(const json_t *list)
{
    const char *type = common_type(list);
    json_t *out = json_object(), *one, *required = NULL;
    size_t i, enums = 0;
    json_object_set_new(out, "type", json_string(type));
    json_array_foreach(list, i, one)
    {
        enums += json_object_get(one, "enum") != NULL;
        if (json_is_true(json_object_get(one, "nullable")))
            json_object_set_new(out, "nullable", json_true());
        add_all(out, "refs", json_object_get(one, "refs"));
        if (strcmp(type, "object") == 0) {
            add_properties(out, json_object_get(one, "properties"), "anyOf");
            json_t *own = json_object_get(one, "required");
            required = required ? intersect(required, own)
                                : (own ? json_copy(own) : json_array());
        }
        if (strcmp(type, "array") == 0 && !json_object_get(out, "items") &&
            json_object_get(one, "items"))
            json_object_set(out, "items", json_object_get(one, "items"));
    }
    json_array_foreach(list, i, one)
    {
        if (enums == json_array_size(list))
            add_all(out, "enum", json_object_get(one, "enum"));
        if (strcmp(type, "array") == 0 &&
            !json_equal(json_object_get(one, "items"), json_object_get(out, "items")))
            json_object_set_new(out, "items", json_object()); /* of any kind */
    }
    if (required)
        json_object_set_new(out, "required", required);
    return out;
}

static int is_null(const json_t *schema)
{
    const char *type = text_of(schema, "type");
    return type && strcmp(type, "null") == 0;
}

static void add_alternatives(struct openapi_document *d, json_t *shape,
                             const json_t *schemas, const struct openapi_way *way,
                             int depth)
{
    size_t i;
    json_t *schema, *list = json_array(), *all = NULL;
    json_array_foreach(schemas, i, schema)
    {
        if (is_null(schema))
            json_object_set_new(shape, "nullable", json_true());
        else
            json_array_append_new(list, collect(d, schema, way, depth));
    }
    /* alternatives that only say which properties are required add no type */
    const char *own = text_of(shape, "type");
    json_array_foreach(list, i, schema)
    {
        if (own && !text_of(schema, "type"))
            json_object_set_new(schema, "type", json_string(own));
    }
    if (json_array_size(list) == 1)
        all = json_incref(json_array_get(list, 0));
    else if (json_array_size(list) > 1)
        all = unite(list);
    if (all)
        add_shape(shape, all);
    json_decref(all);
    json_decref(list);
}

/* ---- one schema ---- */

static json_t *collect(struct openapi_document *d, const json_t *schema,
                       const struct openapi_way *way, int depth)
{
    json_t *shape = json_object(), *more, *part;
    const char *ref = text_of(schema, "$ref");
    size_t i;
    if (!json_is_object(schema) || depth > NESTED_MAX)
        return shape;
    set_own(shape, schema);
    if (ref && is_on(way, ref)) {
        json_object_set_new(d->cut, name_of(ref), json_true());
        return shape;
    }
    struct openapi_way here = {way, ref};
    if (ref) {
        json_array_append_new(list_in(shape, "refs"), json_string(ref));
        const json_t *target = follow(d, ref);
        if (target) {
            more = collect(d, target, &here, depth + 1);
            add_shape(shape, more);
            json_decref(more);
        }
    }
    const struct openapi_way *inner = ref ? &here : way;
    json_array_foreach(json_object_get(schema, "allOf"), i, part)
    {
        more = collect(d, part, inner, depth + 1);
        add_shape(shape, more);
        json_decref(more);
    }
    add_alternatives(d, shape, json_object_get(schema, "oneOf"), inner, depth + 1);
    add_alternatives(d, shape, json_object_get(schema, "anyOf"), inner, depth + 1);
    return shape;
}

json_t *openapi_shape(struct openapi_document *d, const json_t *schema,
                      const struct openapi_way *way)
{
    json_t *shape = collect(d, schema, way, 0);
    if (!text_of(shape, "type"))
        json_object_set_new(
            shape, "type",
            json_string(json_object_get(shape, "properties") ? "object" : "any"));
    return shape;
}
