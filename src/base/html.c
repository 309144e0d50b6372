#include "base/html.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/html_names.h"
#include "base/str.h"

/* How the tokenizer reads the content of an element. */
enum content { MARKUP, SCRIPT, RAW, REFERENCES, THE_REST };

struct element {
    const char *name;
    enum content content;
    int is_hidden, is_block;
};

static const struct element elements[] = {
    {"script", SCRIPT, 1, 0},       {"style", RAW, 1, 0},   {"title", REFERENCES, 1, 1},
    {"iframe", RAW, 1, 0},          {"noembed", RAW, 1, 0}, {"noframes", RAW, 1, 0},
    {"textarea", REFERENCES, 0, 0}, {"xmp", RAW, 0, 1},     {"plaintext", THE_REST, 0, 1},
};

/* Elements that begin a new line or cell in a browser, and images. */
static const char *const blocks[] = {
    "address", "article", "aside",    "blockquote", "body",     "br",     "caption",
    "center",  "col",     "dd",       "details",    "dialog",   "dir",    "div",
    "dl",      "dt",      "fieldset", "figcaption", "figure",   "footer", "form",
    "h1",      "h2",      "h3",       "h4",         "h5",       "h6",     "header",
    "hgroup",  "hr",      "html",     "img",        "legend",   "li",     "listing",
    "main",    "menu",    "nav",      "ol",         "optgroup", "option", "p",
    "pre",     "search",  "section",  "select",     "summary",  "table",  "tbody",
    "td",      "tfoot",   "th",       "thead",      "tr",       "ul",
};

struct reader {
    const char *p, *end;
    char *out, *o;
    int space; /* write a space before the next character */
};

/* Returns whether C ends a word inside of a tag. */
static int is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r' && c != '\v');
}

/* Returns whether C is white space in text: ASCII, or a space or line separator of
 * Unicode below U+2060. */
static int is_space_code(uint32_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xa0 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
           c == 0x205f;
}

/* ---- characters ---- */

static void emit(struct reader *r, const char *s, size_t n)
{
    if (r->space && r->o > r->out)
        *r->o++ = ' ';
    r->space = 0;
    memcpy(r->o, s, n);
    r->o += n;
}

static void emit_code(struct reader *r, uint32_t c)
{
    char utf8[4];
    if (is_space_code(c)) {
        r->space = 1;
        return;
    }
    emit(r, utf8, str_put_utf8(c, utf8));
}

/* Reads the first character of S, which has LEFT bytes. White space of Unicode counts as
 * a space, a NUL is dropped, any other byte is copied. Returns the bytes read. */
static size_t take_char(struct reader *r, const char *s, size_t left)
{
    const unsigned char *u = (const unsigned char *)s;
    uint32_t c = *u < 0x80 ? *u : 0;
    size_t n = 1;
    if (left >= 2 && u[0] == 0xc2 && u[1] == 0xa0) {
        c = 0xa0;
        n = 2;
    } else if (left >= 3 && u[0] == 0xe2 && (u[1] == 0x80 || u[1] == 0x81)) {
        c = 0x2000u | (u[1] & 1u) << 6 | (u[2] & 0x3fu);
        n = 3;
    }
    if (c && is_space_code(c)) {
        r->space = 1;
        return n;
    }
    if (*s)
        emit(r, s, 1);
    return 1;
}

static void take_text(struct reader *r, const char *s, size_t len)
{
    for (size_t i = 0; i < len;)
        i += take_char(r, s + i, len - i);
}

/* ---- character references ---- */

/* Returns the character of a numeric reference: 128 to 159 mean windows-1252. */
static uint32_t code_of_number(uint32_t n)
{
    static const uint16_t windows[] = {
        0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
        0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d,   0x017d, 0x8f,
        0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
        0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178,
    };
    if (n == 0 || n > 0x10ffff || (n >= 0xd800 && n < 0xe000))
        return 0xfffd;
    return n >= 0x80 && n < 0xa0 ? windows[n - 0x80] : n;
}

/* Reads "#8364" or "#x20ac", the LEN bytes after an "&". Returns the bytes read, with an
 * optional semicolon, or 0 when it is not a number. */
static size_t read_number(const char *s, size_t len, uint32_t *code)
{
    int is_hex = len > 1 && (s[1] == 'x' || s[1] == 'X');
    size_t start = is_hex ? 2 : 1, i = start;
    uint32_t n = 0;
    for (; i < len &&
           (is_hex ? isxdigit((unsigned char)s[i]) : isdigit((unsigned char)s[i]));
         i++) {
        uint32_t digit = s[i] <= '9' ? (uint32_t)(s[i] - '0') : (s[i] | 0x20u) - 'a' + 10;
        if (n <= 0x10ffff) /* once too large, it stays too large */
            n = n * (is_hex ? 16 : 10) + digit;
    }
    if (i == start)
        return 0;
    *code = code_of_number(n);
    return i + (i < len && s[i] == ';');
}

static void read_reference(struct reader *r)
{
    const char *s = r->p + 1, *text;
    size_t left = (size_t)(r->end - s), used;
    uint32_t code;
    if (left && *s == '#' && (used = read_number(s, left, &code))) {
        emit_code(r, code);
    } else if ((used = html_name(s, left, &text))) {
        take_text(r, text, strlen(text));
    } else {
        emit(r, r->p, 1);
    }
    r->p = s + used;
}

/* ---- markup ---- */

/* Skips a comment. P is after its "<!--". */
static void skip_comment(struct reader *r)
{
    const char *p = r->p;
    size_t left = (size_t)(r->end - p);
    if (left && *p == '>') {
        r->p = p + 1;
        return;
    }
    if (left > 1 && memcmp(p, "->", 2) == 0) {
        r->p = p + 2;
        return;
    }
    for (; (p = memchr(p, '-', (size_t)(r->end - p))); p++) {
        left = (size_t)(r->end - p);
        size_t bang = left > 2 && p[2] == '!';
        if (left > 2 + bang && p[1] == '-' && p[2 + bang] == '>') {
            r->p = p + 3 + bang;
            return;
        }
    }
    r->p = r->end;
}

/* Moves P after the next ">", the end of a declaration or of what the standard calls a
 * bogus comment. */
static void skip_declaration(struct reader *r)
{
    const char *end = memchr(r->p, '>', (size_t)(r->end - r->p));
    r->p = end ? end + 1 : r->end;
}

/* Returns the end of an attribute's value. P is after its "=". */
static const char *skip_value(const char *p, const char *end)
{
    while (p < end && is_space(*p))
        p++;
    if (p < end && (*p == '"' || *p == '\'')) {
        const char *quote = memchr(p + 1, *p, (size_t)(end - p - 1));
        return quote ? quote + 1 : end;
    }
    while (p < end && !is_space(*p) && *p != '>')
        p++;
    return p;
}

/* Skips the attributes of a tag and its ">". P is after the tag's name. When the text
 * ends inside of the tag, nothing follows. */
static void skip_attributes(struct reader *r)
{
    const char *p = r->p;
    while (p < r->end && *p != '>') {
        if (is_space(*p) || *p == '/') {
            p++;
            continue;
        }
        p++; /* a name may begin with "=" */
        while (p < r->end && !is_space(*p) && *p != '/' && *p != '>' && *p != '=')
            p++;
        const char *next = p;
        while (next < r->end && is_space(*next))
            next++;
        if (next < r->end && *next == '=')
            p = skip_value(next + 1, r->end);
    }
    r->p = p < r->end ? p + 1 : r->end;
}

static size_t name_length(const char *p, const char *end)
{
    const char *start = p;
    while (p < end && !is_space(*p) && *p != '/' && *p != '>')
        p++;
    return (size_t)(p - start);
}

static int is_name(const char *s, size_t len, const char *name)
{
    return strlen(name) == len && strncasecmp(s, name, len) == 0;
}

/* Returns whether a tag of this name is at P: "<script" or "</script", then white space,
 * "/" or ">". */
static int tag_at(const char *p, const char *end, const char *open, const char *name)
{
    size_t n = strlen(open), len = strlen(name);
    return (size_t)(end - p) > n + len && memcmp(p, open, n) == 0 &&
           is_name(p + n, name_length(p + n, p + n + len + 1), name);
}

/* Returns the end of a script's text, which is its end tag. An end tag inside of a
 * comment, after another script's start tag, does not count: these are the standard's
 * "double escaped" states. */
static const char *script_end(const char *p, const char *end)
{
    enum { PLAIN, ESCAPED, DOUBLE_ESCAPED } state = PLAIN;
    for (; p < end; p++) {
        size_t left = (size_t)(end - p);
        if (state == PLAIN && left >= 4 && memcmp(p, "<!--", 4) == 0) {
            state = ESCAPED;
            p++; /* the dashes may belong to "-->" */
        } else if (state != PLAIN && left >= 3 && memcmp(p, "-->", 3) == 0) {
            state = PLAIN;
        } else if (*p == '<' && tag_at(p, end, "</", "script")) {
            if (state != DOUBLE_ESCAPED)
                return p;
            state = ESCAPED;
        } else if (*p == '<' && state == ESCAPED && tag_at(p, end, "<", "script")) {
            state = DOUBLE_ESCAPED;
        }
    }
    return end;
}

static const char *content_end(const struct element *element, const char *p,
                               const char *end)
{
    if (element->content == SCRIPT)
        return script_end(p, end);
    if (element->content == THE_REST)
        return end;
    while ((p = memchr(p, '<', (size_t)(end - p))) &&
           !tag_at(p, end, "</", element->name))
        p++;
    return p ? p : end;
}

static void read_content(struct reader *r, const struct element *element)
{
    const char *end = content_end(element, r->p, r->end);
    while (!element->is_hidden && r->p < end) {
        if (*r->p == '&' && element->content == REFERENCES)
            read_reference(r);
        else
            r->p += take_char(r, r->p, (size_t)(end - r->p));
    }
    r->p = end;
}

static const struct element *find_element(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++)
        if (is_name(name, len, elements[i].name))
            return &elements[i];
    return NULL;
}

static int is_block(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        if (is_name(name, len, blocks[i]))
            return 1;
    return 0;
}

/* Reads a tag. P is on the "<" of "<b" or "</b". */
static void read_tag(struct reader *r, int is_end)
{
    const char *name = r->p + 1 + is_end;
    size_t len = name_length(name, r->end);
    const struct element *element = find_element(name, len);
    r->p = name + len;
    skip_attributes(r);
    if (element ? element->is_block : is_block(name, len))
        r->space = 1;
    if (element && !is_end)
        read_content(r, element);
}

static void read_markup(struct reader *r)
{
    const char *p = r->p;
    size_t left = (size_t)(r->end - p);
    char next = left > 1 ? p[1] : '\0', third = left > 2 ? p[2] : '\0';
    if (isalpha((unsigned char)next)) {
        read_tag(r, 0);
    } else if (next == '/' && isalpha((unsigned char)third)) {
        read_tag(r, 1);
    } else if (left >= 4 && memcmp(p, "<!--", 4) == 0) {
        r->p += 4;
        skip_comment(r);
    } else if (next == '!' || next == '?' || (next == '/' && left > 2)) {
        skip_declaration(r);
    } else {
        emit(r, r->p++, 1);
    }
}

size_t html_text(const char *html, size_t len, char *out)
{
    struct reader r = {.p = html, .end = html + len, .out = out, .o = out};
    while (r.p < r.end) {
        if (*r.p == '<')
            read_markup(&r);
        else if (*r.p == '&')
            read_reference(&r);
        else
            r.p += take_char(&r, r.p, (size_t)(r.end - r.p));
    }
    return (size_t)(r.o - out);
}
