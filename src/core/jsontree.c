#include "core/jsontree.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/jsontext.h"
#include "base/str.h"

enum { DEPTH_MAX = 2000 }; /* jansson's own maximum is 2048 */

static const size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL;

/* ---- what jansson refuses, written so that it does not ---- */

/* Appends a name in which U+0001 U+0002 means NUL, and U+0001 twice means U+0001. */
static void add_name(struct buf *out, const char *p, const char *end)
{
    while (p < end) {
        size_t n = *p == '\\' ? 2 : 1;
        if (end - p >= 6 && strncmp(p, "\\u0000", 6) == 0)
            buf_adds(out, "\\u0001\\u0002");
        else if (end - p >= 6 && strncmp(p, "\\u0001", 6) == 0)
            buf_adds(out, "\\u0001\\u0001");
        else {
            buf_add(out, p, n);
            p += n;
            continue;
        }
        p += 6;
    }
}

/* Returns what follows the closing quote. P is on the opening quote. */
static const char *string_end(const char *p)
{
    for (p++; *p != '"'; p++)
        p += *p == '\\';
    return p + 1;
}

static int is_name(const char *behind)
{
    return behind[strspn(behind, " \t\r\n")] == ':';
}

static const char *add_number(struct buf *out, const char *p)
{
    char *end;
    size_t len = strspn(p, "-+.eE0123456789");
    errno = 0;
    strtoll(p, &end, 10);
    buf_add(out, p, len);
    if (errno == ERANGE && end == p + len)
        buf_adds(out, "e0");
    return p + len;
}

/* Rewrites TEXT, which is JSON followed by a NUL. */
static void rewrite(struct buf *out, const char *p)
{
    while (*p) {
        if (*p == '-' || (*p >= '0' && *p <= '9')) {
            p = add_number(out, p);
        } else if (*p == '"') {
            const char *end = string_end(p);
            if (is_name(end))
                add_name(out, p, end);
            else
                buf_add(out, p, (size_t)(end - p));
            p = end;
        } else {
            buf_addc(out, *p++);
        }
    }
}

/* ---- the names put back ---- */

static void set_as_it_was(json_t *object, const char *name, json_t *value)
{
    char *own = xstrdup(name), *out = own;
    for (const char *p = name; *p; p++) {
        if (*p == 1)
            *out++ = *++p == 2 ? '\0' : 1;
        else
            *out++ = *p;
    }
    json_object_setn_new_nocheck(object, own, (size_t)(out - own), json_incref(value));
    free(own);
}

static void restore_names(json_t *tree)
{
    const char *name;
    size_t i;
    json_t *value;
    int marked = 0;
    json_array_foreach(tree, i, value)
    {
        restore_names(value);
    }
    json_object_foreach(tree, name, value)
    {
        marked |= strchr(name, 1) != NULL;
        restore_names(value);
    }
    if (!marked)
        return;
    json_t *copy = json_copy(tree);
    json_object_clear(tree);
    json_object_foreach(copy, name, value)
    {
        set_as_it_was(tree, name, value);
    }
    json_decref(copy);
}

/* ---- reading ---- */

static int check(const char *text, size_t len, struct err *e)
{
    static const char prefix[] = "cannot decode JSON: ";
    struct buf unused;
    struct err why;
    struct jsontext_scan scan = {
        .mark = "", .depth_max = DEPTH_MAX, .values_max = INT_MAX, .out = &unused};
    buf_init(&unused, SIZE_MAX / 4);
    int rc = jsontext_check(&scan, text, len, &why);
    buf_free(&unused);
    if (rc != 0)
        err_set(e, why.kind, "%s",
                why.text + (str_starts(why.text, prefix) ? strlen(prefix) : 0));
    return rc;
}

static json_t *read_any(const char *text, size_t len, struct err *e)
{
    char *copy = xmemdup0(text, len);
    struct buf rewritten;
    json_error_t why;
    json_t *tree = NULL;
    buf_init(&rewritten, SIZE_MAX / 4);
    jsontext_mend(copy, len);
    if (check(copy, len, e) == 0) {
        rewrite(&rewritten, copy);
        tree = json_loadb(buf_str(&rewritten), rewritten.len, flags, &why);
        if (tree)
            restore_names(tree);
        else
            err_set(e, ERR_INVALID, "%s", why.text);
    }
    buf_free(&rewritten);
    free(copy);
    return tree;
}

json_t *jsontree_read(const char *text, size_t len, struct err *e)
{
    json_t *tree = text ? json_loadb(text, len, flags, NULL) : NULL;
    if (tree)
        return tree;
    if (text)
        return read_any(text, len, e);
    err_set(e, ERR_INVALID, "there is no text");
    return NULL;
}

json_t *jsontree_reads(const char *text, struct err *e)
{
    return jsontree_read(text, text ? strlen(text) : 0, e);
}

/* ---- writing ---- */

struct member {
    const char *name;
    size_t len;
    const json_t *value;
};

static int compare_members(const void *a, const void *b)
{
    const struct member *m = a, *o = b;
    int order = memcmp(m->name, o->name, m->len < o->len ? m->len : o->len);
    return order ? order : (m->len > o->len) - (m->len < o->len);
}

static int write_object(struct buf *out, const json_t *object)
{
    struct member *members = xcalloc(json_object_size(object) + 1, sizeof *members);
    size_t n = 0, len;
    const char *name;
    json_t *value;
    json_object_keylen_foreach((json_t *)object, name, len, value) members[n++] =
        (struct member){name, len, value};
    qsort(members, n, sizeof *members, compare_members);
    int rc = buf_addc(out, '{');
    for (size_t i = 0; rc == 0 && i < n; i++) {
        rc = i ? buf_addc(out, ',') : 0;
        rc |= jsontext_add_string(out, members[i].name, members[i].len);
        rc |= buf_addc(out, ':');
        rc = rc == 0 ? jsontree_write(out, members[i].value) : -1;
    }
    free(members);
    return rc == 0 ? buf_addc(out, '}') : -1;
}

static int write_array(struct buf *out, const json_t *array)
{
    size_t i;
    json_t *value;
    int rc = buf_addc(out, '[');
    json_array_foreach((json_t *)array, i, value)
    {
        if (rc == 0 && i)
            rc = buf_addc(out, ',');
        rc = rc == 0 ? jsontree_write(out, value) : -1;
    }
    return rc == 0 ? buf_addc(out, ']') : -1;
}

int jsontree_write(struct buf *out, const json_t *tree)
{
    switch (json_typeof(tree)) {
    case JSON_OBJECT:
        return write_object(out, tree);
    case JSON_ARRAY:
        return write_array(out, tree);
    case JSON_STRING:
        return jsontext_add_string(out, json_string_value(tree),
                                   json_string_length(tree));
    case JSON_INTEGER:
        return buf_addf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(tree));
    case JSON_REAL:
        return jsontext_add_number(out, json_real_value(tree));
    case JSON_TRUE:
        return buf_adds(out, "true");
    case JSON_FALSE:
        return buf_adds(out, "false");
    default:
        return buf_adds(out, "null");
    }
}

/* ---- reading a tree ---- */

json_t *json_at(const json_t *tree, const char *path)
{
    while (tree && *path) {
        size_t len = strcspn(path, ".");
        char key[128];
        int64_t n;
        if (len >= sizeof key)
            return NULL;
        memcpy(key, path, len);
        key[len] = '\0';
        if (!json_is_array(tree))
            tree = json_object_get(tree, key);
        else
            tree = str_parse_int(key, &n) == 0 && n > 0
                       ? json_array_get(tree, (size_t)n - 1)
                       : NULL;
        path += len + (path[len] == '.');
    }
    return (json_t *)tree;
}

const char *json_text(const json_t *tree, const char *path)
{
    return json_string_value(json_at(tree, path));
}

json_int_t json_int(const json_t *tree, const char *path)
{
    return json_integer_value(json_at(tree, path));
}

const char *json_text_or(const json_t *tree, const char *path, const char *fallback)
{
    const char *text = json_text(tree, path);
    return text ? text : fallback;
}

char *json_join(const json_t *list, size_t most)
{
    size_t i, n = json_array_size(list);
    json_t *item;
    struct buf out;
    buf_init(&out, SIZE_MAX / 4);
    json_array_foreach(list, i, item)
    {
        if (most && i == most && n > most + 1)
            break;
        (void)buf_addf(&out, "%s%s", i ? ", " : "", json_string_value(item));
    }
    if (i < n)
        (void)buf_addf(&out, " and %zu more", n - i);
    char *text = xstrdup(buf_str(&out));
    buf_free(&out);
    return text;
}
