#include "core/yamltree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/str.h"
#include "core/limits.h"

enum { VALUES_MAX = 4 * 1000 * 1000 };

struct walk {
    yaml_document_t *document;
    size_t values;
    struct err *e;
};

static json_t *fail_at(struct walk *w, const yaml_node_t *node, enum err_kind kind,
                       const char *why)
{
    err_set(w->e, kind, "line %zu, column %zu: %s", node->start_mark.line + 1,
            node->start_mark.column + 1, why);
    return NULL;
}

static int is_one_of(const char *s, const char *words)
{
    size_t n = strlen(s);
    const char *p = words;
    while ((p = strstr(p, s))) {
        if ((p == words || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
            return 1;
        p++;
    }
    return 0;
}

static int is_number(const char *s)
{
    static const char digits[] = "0123456789";
    s += *s == '-' || *s == '+';
    size_t whole = strspn(s, digits), part = 0;
    s += whole;
    if (*s == '.') {
        part = strspn(++s, digits);
        s += part;
    }
    if (whole + part == 0)
        return 0;
    if (*s == 'e' || *s == 'E') {
        s++;
        s += *s == '-' || *s == '+';
        size_t n = strspn(s, digits);
        if (n == 0)
            return 0;
        s += n;
    }
    return *s == '\0';
}

/* Returns the value of a plain word that is not text, or NULL. */
static json_t *plain_value(const char *s)
{
    char *end;
    if (!*s || is_one_of(s, "~ null Null NULL"))
        return json_null();
    if (is_one_of(s, "true True TRUE"))
        return json_true();
    if (is_one_of(s, "false False FALSE"))
        return json_false();
    if (str_starts(s, "0x") || str_starts(s, "0o")) {
        errno = 0;
        long long n = strtoll(s + 2, &end, s[1] == 'x' ? 16 : 8);
        return s[2] && !*end && errno == 0 ? json_integer(n) : NULL;
    }
    if (!is_number(s))
        return NULL;
    errno = 0;
    long long n = strtoll(s, &end, 10);
    if (!*end && errno == 0)
        return json_integer(n);
    return json_real(strtod(s, NULL));
}

static json_t *scalar(struct walk *w, const yaml_node_t *node)
{
    const char *s = (const char *)node->data.scalar.value;
    size_t len = node->data.scalar.length;
    int is_plain = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && node->tag &&
                   strcmp((const char *)node->tag, YAML_STR_TAG) == 0;
    json_t *value = is_plain ? plain_value(s) : NULL;
    if (!value)
        value = json_stringn(s, len);
    return value ? value : fail_at(w, node, ERR_INVALID, "a text is not UTF-8");
}

static json_t *convert(struct walk *w, int id, int depth);

/* Adds the members of the mapping at FROM, or of each in a list, that INTO lacks. */
static int merge(struct walk *w, json_t *into, int from, int depth)
{
    json_t *value = convert(w, from, depth), *item;
    size_t i;
    int rc = value ? 0 : -1;
    if (json_is_object(value))
        rc = json_object_update_missing(into, value);
    json_array_foreach(value, i, item)
    {
        rc |= json_is_object(item) ? json_object_update_missing(into, item) : 0;
    }
    json_decref(value);
    return rc;
}

static json_t *mapping(struct walk *w, const yaml_node_t *node, int depth)
{
    json_t *object = json_object();
    const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
    for (; pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = yaml_document_get_node(w->document, pair->key);
        json_t *value = NULL;
        if (key->type != YAML_SCALAR_NODE) {
            json_decref(object);
            return fail_at(w, key, ERR_INVALID, "a member's name is not a text");
        }
        const char *name = (const char *)key->data.scalar.value;
        if (strcmp(name, "<<") == 0) {
            if (merge(w, object, pair->value, depth) == 0)
                continue;
        } else if ((value = convert(w, pair->value, depth))) {
            if (json_object_set_new(object, name, value) == 0)
                continue;
            fail_at(w, key, ERR_INVALID, "a member's name is not UTF-8");
        }
        json_decref(object);
        return NULL;
    }
    return object;
}

static json_t *sequence(struct walk *w, const yaml_node_t *node, int depth)
{
    json_t *array = json_array();
    const yaml_node_item_t *item = node->data.sequence.items.start;
    for (; item < node->data.sequence.items.top; item++) {
        json_t *value = convert(w, *item, depth);
        if (!value) {
            json_decref(array);
            return NULL;
        }
        json_array_append_new(array, value);
    }
    return array;
}

static json_t *convert(struct walk *w, int id, int depth)
{
    const yaml_node_t *node = yaml_document_get_node(w->document, id);
    if (depth > limits_default.json_depth)
        return fail_at(w, node, ERR_LIMIT,
                       "nested too deeply, or an alias that holds itself");
    if (w->values++ > VALUES_MAX)
        return fail_at(w, node, ERR_LIMIT, "its aliases make it too large");
    if (node->type == YAML_SCALAR_NODE)
        return scalar(w, node);
    return node->type == YAML_MAPPING_NODE ? mapping(w, node, depth + 1)
                                           : sequence(w, node, depth + 1);
}

json_t *yamltree_read(const char *text, size_t len, struct err *e)
{
    yaml_parser_t parser;
    yaml_document_t document;
    json_t *tree = NULL;
    if (!yaml_parser_initialize(&parser)) {
        err_set(e, ERR_INTERNAL, "cannot read YAML: no memory");
        return NULL;
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    if (!yaml_parser_load(&parser, &document)) {
        err_set(e, ERR_INVALID, "line %zu, column %zu: %s", parser.problem_mark.line + 1,
                parser.problem_mark.column + 1,
                parser.problem ? parser.problem : "not YAML");
    } else {
        struct walk w = {&document, 0, e};
        if (yaml_document_get_root_node(&document))
            tree = convert(&w, 1, 0);
        else
            err_set(e, ERR_INVALID, "line 1, column 1: it is empty");
        yaml_document_delete(&document);
    }
    yaml_parser_delete(&parser);
    return tree;
}

const char *yamltree_version(void)
{
    return yaml_get_version_string();
}
