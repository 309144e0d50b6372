#include "core/lua_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 110, LINE_MAX_BYTES = 64 * 1024 };

void lua_text_quote(struct buf *out, const char *s)
{
    buf_addc(out, '"');
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            buf_addf(out, "\\%c", c);
        else if (c == '\n')
            buf_adds(out, "\\n");
        else if (c < ' ' || c == 0x7f)
            buf_addf(out, "\\%03d", c);
        else
            buf_addc(out, *s);
    }
    buf_addc(out, '"');
}

static int is_keyword(const char *s)
{
    static const char *const words[] = {
        "and",    "break",  "do",   "else",     "elseif", "end",  "false", "for",
        "goto",   "if",     "in",   "function", "local",  "nil",  "not",   "or",
        "repeat", "return", "then", "true",     "until",  "while"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(s, words[i]) == 0)
            return 1;
    return 0;
}

void lua_text_key(struct buf *out, const char *key)
{
    static const char used[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789_";
    if (*key && strspn(key, used) == strlen(key) && !(*key >= '0' && *key <= '9') &&
        !is_keyword(key)) {
        buf_adds(out, key);
        return;
    }
    buf_addc(out, '[');
    lua_text_quote(out, key);
    buf_addc(out, ']');
}

static void add_line(struct buf *out, const json_t *value);

static void add_table(struct buf *out, const json_t *value)
{
    const char *key, *sep = " ";
    json_t *member;
    size_t i;
    buf_addc(out, '{');
    json_array_foreach(value, i, member)
    {
        buf_adds(out, sep);
        add_line(out, member);
        sep = ", ";
    }
    json_object_foreach((json_t *)value, key, member)
    {
        buf_adds(out, sep);
        if (*key) {
            lua_text_key(out, key);
            buf_adds(out, " = ");
        }
        add_line(out, member);
        sep = ", ";
    }
    buf_adds(out, *sep == ' ' ? "}" : " }");
}

/* Appends VALUE in one line. */
static void add_line(struct buf *out, const json_t *value)
{
    if (json_is_object(value) || json_is_array(value)) {
        add_table(out, value);
    } else if (json_is_string(value)) {
        lua_text_quote(out, json_string_value(value));
    } else if (json_is_null(value)) {
        buf_adds(out, "nil");
    } else {
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
        buf_adds(out, text ? text : "nil");
        free(text);
    }
}

static size_t key_len(const char *key)
{
    struct buf out;
    buf_init(&out, LINE_MAX_BYTES);
    lua_text_key(&out, key);
    size_t len = out.len;
    buf_free(&out);
    return len;
}

/* Returns the width of the keys that are short enough to be aligned. */
static int key_width(const json_t *object)
{
    const char *key;
    json_t *member;
    size_t width = 0;
    json_object_foreach((json_t *)object, key, member)
    {
        size_t len = key_len(key);
        if (len > width && len <= 24)
            width = len;
    }
    return (int)width;
}

void lua_text_members(struct buf *out, const json_t *object, int indent)
{
    const char *key;
    json_t *member;
    int width = key_width(object);
    json_object_foreach((json_t *)object, key, member)
    {
        buf_addf(out, "%*s", indent, "");
        if (*key) {
            lua_text_key(out, key);
            int gap = width - (int)key_len(key);
            buf_addf(out, "%*s = ", gap > 0 ? gap : 0, "");
        }
        lua_text_value(out, member, indent);
        buf_adds(out, ",\n");
    }
}

static int is_scalar(const json_t *value)
{
    return !json_is_object(value) && !json_is_array(value);
}

/* Appends the items of LIST, scalars, as many in a line as fit. */
static void add_words(struct buf *out, const json_t *list, int indent)
{
    size_t i, used = WIDTH;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        struct buf word;
        buf_init(&word, LINE_MAX_BYTES);
        add_line(&word, item);
        int fits = used + word.len + 2 <= WIDTH;
        if (fits)
            buf_addc(out, ' ');
        else
            buf_addf(out, "\n%*s", indent, "");
        used = (fits ? used + 1 : (size_t)indent) + word.len + 1;
        buf_add(out, word.data, word.len);
        buf_addc(out, ',');
        buf_free(&word);
    }
    buf_addc(out, '\n');
}

static int is_words(const json_t *list)
{
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        if (!is_scalar(item))
            return 0;
    }
    return json_is_array(list);
}

/* Appends an object of one member as "{ key = {", whose member has the lines. */
static void add_wrapped(struct buf *out, const json_t *object, int indent)
{
    void *only = json_object_iter((json_t *)object);
    buf_adds(out, "{ ");
    lua_text_key(out, json_object_iter_key(only));
    buf_adds(out, " = ");
    lua_text_value(out, json_object_iter_value(only), indent);
    buf_adds(out, " }");
}

void lua_text_value(struct buf *out, const json_t *value, int indent)
{
    struct buf line;
    size_t i;
    json_t *item;
    buf_init(&line, LINE_MAX_BYTES);
    add_line(&line, value);
    int is_short = line.len > 0 && (int)line.len + indent <= WIDTH;
    if (is_short || is_scalar(value)) {
        buf_add(out, line.data, line.len);
        buf_free(&line);
        return;
    }
    buf_free(&line);
    void *first = json_object_iter((json_t *)value);
    if (json_object_size(value) == 1 && *json_object_iter_key(first) &&
        !is_scalar(json_object_iter_value(first))) {
        add_wrapped(out, value, indent);
        return;
    }
    buf_adds(out, is_words(value) ? "{" : "{\n");
    if (is_words(value)) {
        add_words(out, value, indent + 2);
        buf_addf(out, "%*s}", indent, "");
        return;
    }
    json_array_foreach(value, i, item)
    {
        buf_addf(out, "%*s", indent + 2, "");
        lua_text_value(out, item, indent + 2);
        buf_adds(out, ",\n");
    }
    if (json_is_object(value))
        lua_text_members(out, value, indent + 2);
    buf_addf(out, "%*s}", indent, "");
}
