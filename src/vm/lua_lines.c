#include "vm/lua_lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct token {
    enum lua_lines_kind kind;
    const char *s; /* a string without its quotes */
    size_t len;
    const char *at; /* its first byte */
    int line;       /* on which it begins */
};

struct lexer {
    const char *p, *end;
    int line;
    struct token now;
};

/* ---- tokens ---------------------------------------------------------------------- */

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int is_word(char c)
{
    return is_digit(c) || c == '_' || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* The level of the long bracket at P, or -1 when there is none. */
static int long_bracket(const struct lexer *l, const char *p)
{
    int level = 0;
    if (p >= l->end || *p != '[')
        return -1;
    for (p++; p < l->end && *p == '='; p++)
        level++;
    return p < l->end && *p == '[' ? level : -1;
}

/* Moves past [==[ ... ]==] and sets S and LEN to its content. */
static void read_long(struct lexer *l, int level, const char **s, size_t *len)
{
    l->p += level + 2;
    *s = l->p;
    for (; l->p < l->end; l->p++) {
        if (*l->p == '\n')
            l->line++;
        if (*l->p != ']' || l->end - l->p < level + 2 || l->p[level + 1] != ']')
            continue;
        int i = 1;
        while (i <= level && l->p[i] == '=')
            i++;
        if (i > level) {
            *len = (size_t)(l->p - *s);
            l->p += level + 2;
            return;
        }
    }
    *len = (size_t)(l->p - *s);
}

static void skip_space(struct lexer *l)
{
    while (l->p < l->end) {
        if (*l->p == '\n') {
            l->line++;
            l->p++;
        } else if ((unsigned char)*l->p <= ' ') {
            l->p++;
        } else if (l->end - l->p >= 2 && l->p[0] == '-' && l->p[1] == '-') {
            const char *s;
            size_t len;
            l->p += 2;
            int level = long_bracket(l, l->p);
            if (level >= 0)
                read_long(l, level, &s, &len);
            else
                while (l->p < l->end && *l->p != '\n')
                    l->p++;
        } else {
            return;
        }
    }
}

static void read_quoted(struct lexer *l)
{
    char quote = *l->p++;
    l->now.s = l->p;
    while (l->p < l->end && *l->p != quote && *l->p != '\n') {
        int escape = *l->p++ == '\\';
        if (escape && l->p < l->end) {
            if (*l->p == 'z') { /* \z skips the line ends that follow */
                for (l->p++; l->p < l->end && (unsigned char)*l->p <= ' '; l->p++)
                    l->line += *l->p == '\n';
            } else {
                l->line += *l->p == '\n';
                l->p++;
            }
        }
    }
    l->now.len = (size_t)(l->p - l->now.s);
    if (l->p < l->end && *l->p == quote)
        l->p++;
}

static void next(struct lexer *l)
{
    skip_space(l);
    l->now =
        (struct token){.kind = LUA_LINES_END, .s = l->p, .at = l->p, .line = l->line};
    if (l->p >= l->end)
        return;
    int level = long_bracket(l, l->p);
    if (level >= 0) {
        l->now.kind = LUA_LINES_STRING;
        read_long(l, level, &l->now.s, &l->now.len);
        return;
    }
    if (*l->p == '"' || *l->p == '\'') {
        l->now.kind = LUA_LINES_STRING;
        read_quoted(l);
        return;
    }
    l->now.kind = is_digit(*l->p)  ? LUA_LINES_NUMBER
                  : is_word(*l->p) ? LUA_LINES_NAME
                                   : LUA_LINES_MARK;
    do
        l->p++;
    while (l->now.kind != LUA_LINES_MARK && l->p < l->end && is_word(*l->p));
    if (l->now.kind == LUA_LINES_MARK && *l->now.s == '=' && l->p < l->end &&
        *l->p == '=')
        l->p++; /* == is not an assignment */
    l->now.len = (size_t)(l->p - l->now.s);
}

static struct lexer start(const char *src, size_t len)
{
    struct lexer l = {.p = src, .end = src + len, .line = 1};
    if (len && src[0] == '#') /* a #! line, which luaL_loadfile skips too */
        while (l.p < l.end && *l.p != '\n')
            l.p++;
    next(&l);
    return l;
}

static int is(const struct token *t, enum lua_lines_kind kind, const char *s)
{
    return t->kind == kind && t->len == strlen(s) && memcmp(t->s, s, t->len) == 0;
}

static int is_mark(const struct lexer *l, const char *s)
{
    return is(&l->now, LUA_LINES_MARK, s);
}

/* ---- fields ------------------------------------------------------------------------ */

/* Returns 1 when the token opens a bracket or a block, -1 when it closes one, else 0.
 * `while` and `for` open by their `do`; `then` belongs to an `if`. */
static int nesting(const struct token *t)
{
    static const char *const open[] = {"function", "if", "do", "repeat"};
    if (t->kind == LUA_LINES_MARK && t->len == 1)
        return strchr("({[", *t->s) ? 1 : strchr(")}]", *t->s) ? -1 : 0;
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        if (is(t, LUA_LINES_NAME, open[i]))
            return 1;
    return is(t, LUA_LINES_NAME, "end") || is(t, LUA_LINES_NAME, "until") ? -1 : 0;
}

/* Moves to the ',' ';' or '}' after the value. */
static void skip_value(struct lexer *l)
{
    int depth = 0;
    while (l->now.kind != LUA_LINES_END) {
        if (depth == 0 && (is_mark(l, ",") || is_mark(l, ";") || is_mark(l, "}")))
            return;
        depth += nesting(&l->now);
        if (depth < 0)
            return;
        next(l);
    }
}

/* Returns PATH without its first part when that is KEY, else NULL. */
static const char *match(const char *path, const char *key, size_t len)
{
    const char *end;
    if (*path == '.')
        path++;
    if (path[0] == '[' && path[1] == '"') {
        end = strncmp(path + 2, key, len) == 0 ? path + 2 + len : "";
        return strncmp(end, "\"]", 2) == 0 ? end + 2 : NULL;
    }
    if (path[0] == '[') {
        end = strncmp(path + 1, key, len) == 0 ? path + 1 + len : "";
        return *end == ']' ? end + 1 : NULL;
    }
    if (len == 0 || strncmp(path, key, len) != 0)
        return NULL;
    end = path + len;
    return *end == '\0' || *end == '.' || *end == '[' ? end : NULL;
}

/* Moves past a field's key to its value and returns 1; 0 when the field has no key. */
static int read_key(struct lexer *l, struct token *key)
{
    struct lexer ahead = *l;
    *key = l->now;
    if (is_mark(l, "[")) {
        next(&ahead);
        struct token inner = ahead.now;
        next(&ahead);
        if (is_mark(&ahead, "]") &&
            (inner.kind == LUA_LINES_STRING || inner.kind == LUA_LINES_NUMBER)) {
            *key = inner;
        } else { /* a computed key */
            key->len = 0;
            ahead = *l;
            next(&ahead);
            int depth = 1;
            while (ahead.now.kind != LUA_LINES_END && (depth += nesting(&ahead.now)) > 0)
                next(&ahead);
        }
    } else if (l->now.kind != LUA_LINES_NAME) {
        return 0;
    }
    next(&ahead);
    if (!is_mark(&ahead, "="))
        return 0;
    next(&ahead);
    *l = ahead;
    return 1;
}

/* Moves from the '{' to the value of the field that PATH begins with, and sets LINE to
 * the field's. Returns the rest of the path, or NULL when there is no such field. */
static const char *enter_field(struct lexer *l, const char *path, int *line)
{
    int position = 0;
    next(l);
    while (l->now.kind != LUA_LINES_END && !is_mark(l, "}")) {
        struct token key;
        char number[16];
        if (!read_key(l, &key)) {
            key.line = l->now.line;
            key.s = number;
            key.len = (size_t)snprintf(number, sizeof number, "%d", ++position);
        }
        const char *rest = match(path, key.s, key.len);
        if (rest) {
            *line = key.line;
            return rest;
        }
        const char *before = l->p;
        skip_value(l);
        if (is_mark(l, ",") || is_mark(l, ";"))
            next(l);
        else if (!is_mark(l, "}") && l->p == before)
            next(l); /* broken source: skip a token, so that the loop ends */
    }
    return NULL;
}

/* Moves to what the source returns, and sets LINE to that of its `return`. Returns 0 when
 * there is none. */
static int enter_return(struct lexer *l, int *line)
{
    for (int depth = 0; depth != 0 || !is(&l->now, LUA_LINES_NAME, "return"); next(l)) {
        if (l->now.kind == LUA_LINES_END)
            return 0;
        depth += nesting(&l->now);
    }
    *line = l->now.line;
    next(l);
    if (is(&l->now, LUA_LINES_NAME, "super"))
        next(l);
    if (is_mark(l, "("))
        next(l);
    return 1;
}

int lua_lines_line(const char *src, size_t len, const char *path)
{
    struct lexer l = start(src, len);
    int line;
    if (!enter_return(&l, &line))
        return 1;
    while (path && *path && is_mark(&l, "{"))
        path = enter_field(&l, path, &line);
    return line;
}

/* ---- editing ---------------------------------------------------------------------- */

struct edit {
    struct lexer l;
    const char *src;
    const char *copied; /* what is before it is in OUT */
    lua_lines_edit_fn fn;
    void *arg;
    struct buf *out;
    int is_full;
};

static void copy_to(struct edit *t, const char *end)
{
    if (buf_add(t->out, t->copied, (size_t)(end - t->copied)) != 0)
        t->is_full = 1;
    t->copied = end;
}

/* Leaves out the bytes from FROM to TO, with a comment that ends the line, and the line
 * itself when nothing else of it is left. */
static void cut(struct edit *t, const char *from, const char *to)
{
    const char *end = to;
    while (from > t->copied && (from[-1] == ' ' || from[-1] == '\t'))
        from--;
    copy_to(t, from);
    while (end < t->l.end && (*end == ' ' || *end == '\t'))
        end++;
    if (t->l.end - end >= 2 && end[0] == '-' && end[1] == '-') {
        const char *eol = memchr(end, '\n', (size_t)(t->l.end - end));
        end = eol ? eol : t->l.end;
    }
    int is_first = t->out->len && buf_str(t->out)[t->out->len - 1] == '\n';
    t->copied = is_first && end < t->l.end && *end == '\n' ? end + 1 : to;
}

static void edit_table(struct edit *t, const char *path);

/* Moves to the ',' ';' or '}' after the value, and returns the value's end. */
static const char *end_of_value(struct lexer *l)
{
    const char *end = l->now.at;
    for (int depth = 0; l->now.kind != LUA_LINES_END; next(l)) {
        if (depth == 0 && (is_mark(l, ",") || is_mark(l, ";") || is_mark(l, "}")))
            break;
        depth += nesting(&l->now);
        if (depth < 0)
            break;
        end = l->p;
    }
    return end;
}

/* POSITION counts the fields without a key. */
static void edit_field(struct edit *t, const char *path, int *position)
{
    char name[512], number[16];
    const char *from = t->l.now.at;
    struct token key;
    if (!read_key(&t->l, &key)) {
        key.s = number;
        key.len = (size_t)snprintf(number, sizeof number, "%d", ++*position);
    }
    snprintf(name, sizeof name, "%s%s%.*s", path, *path ? "." : "", (int)key.len, key.s);
    struct lexer after = t->l;
    const char *value = t->l.now.at, *end = end_of_value(&after);
    const char *text = t->fn(t->arg, name, value, (size_t)(end - value));
    if (!text && is_mark(&t->l, "{")) {
        edit_table(t, name);
    } else if (text && *text) {
        copy_to(t, value);
        t->is_full |= buf_adds(t->out, text) != 0;
        t->copied = end;
    } else if (text) {
        cut(t, from, is_mark(&after, "}") ? end : after.p);
    }
    t->l = after;
}

/* Edits the fields of the table at whose '{' the lexer is. */
static void edit_table(struct edit *t, const char *path)
{
    int position = 0;
    next(&t->l);
    while (t->l.now.kind != LUA_LINES_END && !is_mark(&t->l, "}")) {
        const char *here = t->l.p;
        edit_field(t, path, &position);
        if (is_mark(&t->l, ",") || is_mark(&t->l, ";") || t->l.p == here)
            next(&t->l); /* the last: broken source, and the loop must end */
    }
}

int lua_lines_edit(const char *src, size_t len, lua_lines_edit_fn edit, void *arg,
                   struct buf *out)
{
    struct edit t = {start(src, len), src, src, edit, arg, out, 0};
    int line;
    if (enter_return(&t.l, &line) && is_mark(&t.l, "{"))
        edit_table(&t, "");
    copy_to(&t, src + len);
    return t.is_full ? -1 : 0;
}

/* ---- all tokens -------------------------------------------------------------------- */

void lua_lines_tokens(const char *src, size_t len, lua_lines_token_fn fn, void *arg)
{
    for (struct lexer l = start(src, len); l.now.kind != LUA_LINES_END; next(&l))
        fn(arg, l.now.kind, l.now.s, l.now.len, l.now.line);
}
