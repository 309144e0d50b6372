#include "vm/lua_lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct token {
    enum lua_lines_kind kind;
    const char *s; /* a string without its quotes */
    size_t len;
    int line; /* on which it begins */
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
    l->now = (struct token){.kind = LUA_LINES_END, .s = l->p, .line = l->line};
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

int lua_lines_line(const char *src, size_t len, const char *path)
{
    struct lexer l = start(src, len);
    for (int depth = 0; depth != 0 || !is(&l.now, LUA_LINES_NAME, "return"); next(&l)) {
        if (l.now.kind == LUA_LINES_END)
            return 1;
        depth += nesting(&l.now);
    }
    int line = l.now.line;
    next(&l);
    if (is(&l.now, LUA_LINES_NAME, "super"))
        next(&l);
    if (is_mark(&l, "("))
        next(&l);
    while (path && *path && is_mark(&l, "{"))
        path = enter_field(&l, path, &line);
    return line;
}

/* ---- all tokens -------------------------------------------------------------------- */

void lua_lines_tokens(const char *src, size_t len, lua_lines_token_fn fn, void *arg)
{
    for (struct lexer l = start(src, len); l.now.kind != LUA_LINES_END; next(&l))
        fn(arg, l.now.kind, l.now.s, l.now.len, l.now.line);
}
