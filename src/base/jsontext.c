#include "base/jsontext.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* A decimal number of at most DBL_DIG digits survives in a double, and one with a
 * fraction does not round to an integral value. */
enum { EXACT_DIGITS = 15 };

/* Sizes in Lua 5.4 (lobject.h): a table, a node of its hash, a slot of its array, and a
 * string without its bytes. */
enum { TABLE_BYTES = 56, NODE_BYTES = 24, SLOT_BYTES = 16, STRING_BYTES = 25 };

struct cursor {
    struct jsontext_scan *s;
    const unsigned char *start, *p, *end;
    const unsigned char *copied; /* DATA up to here is in OUT */
    int depth;
    size_t rehash; /* the largest part of a table, which exists twice while it grows */
    struct err *e;
};

static int scan_value(struct cursor *c);

static int fail(struct cursor *c, const unsigned char *at, enum err_kind kind,
                const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static int fail(struct cursor *c, const unsigned char *at, enum err_kind kind,
                const char *fmt, ...)
{
    size_t line = 1, column = 1;
    for (const unsigned char *p = c->start; p < at; p++) {
        if (*p == '\n') {
            line++;
            column = 1;
        } else if ((*p & 0xc0) != 0x80) {
            column++; /* in characters, as editors count */
        }
    }
    va_list ap;
    va_start(ap, fmt);
    err_vset(c->e, kind, fmt, ap);
    va_end(ap);
    return err_prefix(c->e, "cannot decode JSON: line %zu, column %zu", line, column);
}

static int unexpected(struct cursor *c, const char *wanted)
{
    if (c->p >= c->end)
        return fail(c, c->end, ERR_INVALID, "the text ends where %s is due", wanted);
    if (*c->p > 0x20 && *c->p < 0x7f)
        return fail(c, c->p, ERR_INVALID, "'%c' where %s is due", *c->p, wanted);
    return fail(c, c->p, ERR_INVALID, "byte 0x%02x where %s is due", *c->p, wanted);
}

static void skip_space(struct cursor *c)
{
    const unsigned char *p = c->p;
    while (p < c->end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    c->p = p;
}

/* Replaces the text between FROM and the cursor by the mark and the bytes of the number.
 * No number: an empty array. */
static void rewrite(struct cursor *c, const unsigned char *from, const void *number,
                    size_t len)
{
    struct buf *out = c->s->out;
    buf_add(out, c->copied, (size_t)(from - c->copied));
    buf_addc(out, '"');
    buf_adds(out, c->s->mark);
    buf_add(out, number, len);
    buf_addc(out, '"');
    c->copied = c->p;
    c->s->lua_bytes += STRING_BYTES + strlen(c->s->mark) + len;
}

static int is_digit(const struct cursor *c, const unsigned char *p)
{
    return p < c->end && *p >= '0' && *p <= '9';
}

static int is_finite(const unsigned char *from, size_t len)
{
    char small[64];
    if (len >= sizeof small) {
        char *big = xmemdup0(from, len);
        double v = strtod(big, NULL);
        free(big);
        return isfinite(v);
    }
    memcpy(small, from, len);
    small[len] = '\0';
    return isfinite(strtod(small, NULL));
}

static int scan_digits(struct cursor *c, const char *wanted, int *nonzero)
{
    if (!is_digit(c, c->p))
        return unexpected(c, wanted);
    for (; is_digit(c, c->p); c->p++)
        if (*c->p != '0')
            *nonzero = 1;
    return 0;
}

static int scan_number(struct cursor *c)
{
    const unsigned char *from = c->p;
    int nonzero = 0, fraction = 0, exponent = 0;
    if (*c->p == '-')
        c->p++;
    if (c->p < c->end && *c->p == '0') {
        c->p++;
        if (is_digit(c, c->p))
            return fail(c, c->p, ERR_INVALID, "a number must not begin with 0");
    } else if (scan_digits(c, "a digit", &nonzero) != 0) {
        return -1;
    }
    size_t digits = (size_t)(c->p - from);
    if (c->p < c->end && *c->p == '.') {
        const unsigned char *point = c->p++;
        nonzero = 0;
        if (scan_digits(c, "a digit after the point", &nonzero) != 0)
            return -1;
        fraction = 1;
        digits += (size_t)(c->p - point);
    }
    if (c->p < c->end && (*c->p == 'e' || *c->p == 'E')) {
        c->p++;
        if (c->p < c->end && (*c->p == '+' || *c->p == '-'))
            c->p++;
        exponent = 1;
        if (scan_digits(c, "a digit of the exponent", &nonzero) != 0)
            return -1;
    }
    if (digits <= EXACT_DIGITS && !exponent && (!fraction || nonzero))
        return 0;
    size_t len = (size_t)(c->p - from);
    if (!is_finite(from, len))
        return fail(c, from, ERR_INVALID, "a number beyond 1.8e308");
    rewrite(c, from, from, len);
    return 0;
}

static int hex4(const unsigned char *p, const unsigned char *end)
{
    int v = 0;
    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = str_hex_digit((char)p[i]);
        if (digit < 0)
            return -1;
        v = v << 4 | digit;
    }
    return v;
}

/* Returns the low half of a surrogate pair when the escape at P is one, else -1. */
static int low_half(const unsigned char *p, const unsigned char *end)
{
    int unit = end - p >= 2 && p[0] == '\\' && p[1] == 'u' ? hex4(p + 2, end) : -1;
    return unit >= 0xdc00 && unit <= 0xdfff ? unit : -1;
}

/* Reads an escape. The cursor is on the backslash. */
static int scan_escape(struct cursor *c)
{
    const unsigned char *p = c->p;
    if (c->end - p < 2)
        return fail(c, c->end, ERR_INVALID, "the text ends inside a string");
    if (p[1] != 'u') {
        if (!p[1] || !strchr("\"\\/bfnrt", p[1]))
            return fail(c, p, ERR_INVALID, "an unknown escape in a string");
        c->p += 2;
        return 0;
    }
    int unit = hex4(p + 2, c->end);
    if (unit < 0)
        return fail(c, p, ERR_INVALID, "\\u needs four hexadecimal digits");
    c->p += 6;
    if (unit < 0xd800 || unit > 0xdfff)
        return 0;
    if (unit > 0xdbff || low_half(c->p, c->end) < 0)
        return fail(c, p, ERR_INVALID, "half of a surrogate pair");
    c->p += 6;
    return 0;
}

size_t jsontext_mend(char *data, size_t len)
{
    unsigned char *p = (unsigned char *)data;
    const unsigned char *end = p + len;
    size_t n = 0;
    while ((p = memchr(p, '\\', (size_t)(end - p))) && end - p >= 2) {
        int unit = p[1] == 'u' ? hex4(p + 2, end) : -1;
        if (unit < 0) {
            p += 2;
        } else if (unit < 0xd800 || unit > 0xdfff) {
            p += 6;
        } else if (unit <= 0xdbff && low_half(p + 6, end) >= 0) {
            p += 12;
        } else {
            memcpy(p + 2, "fffd", 4);
            p += 6;
            n++;
        }
    }
    return n;
}

static size_t utf8_length(const unsigned char *p, const unsigned char *end)
{
    uint32_t c;
    return str_get_utf8((const char *)p, (size_t)(end - p), &c);
}

/* Skips ordinary ASCII, eight bytes at a time. The bit tricks find a byte below 0x20, a
 * quote, a backslash, or a byte from 0x80 on. */
static const unsigned char *skip_plain(const unsigned char *p, const unsigned char *end)
{
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    while (end - p >= 8) {
        uint64_t v;
        memcpy(&v, p, 8);
        uint64_t quote = v ^ ones * '"', slash = v ^ ones * '\\';
        uint64_t odd = (v - ones * 0x20) | (quote - ones) | (slash - ones) | v;
        if (odd & highs)
            break;
        p += 8;
    }
    while (p < end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\')
        p++;
    return p;
}

/* Reads a string. The cursor is on the opening quote. */
static int scan_string(struct cursor *c)
{
    const unsigned char *from = c->p++;
    for (;;) {
        c->p = skip_plain(c->p, c->end);
        if (c->p >= c->end)
            return fail(c, from, ERR_INVALID, "a string that does not end");
        if (*c->p == '"')
            break;
        if (*c->p == '\\') {
            if (scan_escape(c) != 0)
                return -1;
        } else if (*c->p < 0x20) {
            return fail(c, c->p, ERR_INVALID,
                        "control character 0x%02x in a string (write \\u%04x)", *c->p,
                        *c->p);
        } else {
            size_t n = utf8_length(c->p, c->end);
            if (n == 0)
                return fail(c, c->p, ERR_INVALID, "byte 0x%02x is not UTF-8", *c->p);
            c->p += n;
        }
    }
    c->p++;
    c->s->lua_bytes += STRING_BYTES + (size_t)(c->p - from);
    return 0;
}

static int enter(struct cursor *c)
{
    if (++c->depth > c->s->depth_max)
        return fail(c, c->p, ERR_LIMIT, "deeper than %d levels", c->s->depth_max);
    if (c->depth > c->s->depth)
        c->s->depth = c->depth;
    c->p++;
    skip_space(c);
    return 0;
}

/* Counts the memory of a table that ends: its parts grow by doubling. */
static void close_table(struct cursor *c, size_t entries, size_t entry_bytes)
{
    size_t room = 1;
    while (room < entries)
        room *= 2;
    if (entries == 0)
        room = 0;
    c->depth--;
    c->s->lua_bytes += TABLE_BYTES + room * entry_bytes;
    if (room * entry_bytes > c->rehash)
        c->rehash = room * entry_bytes;
}

/* Moves past CLOSE and returns 1 when the table ends at the cursor. */
static int is_over(struct cursor *c, char close)
{
    if (c->p >= c->end || *c->p != close)
        return 0;
    c->p++;
    return 1;
}

/* Moves past MARK and the space around it, or reports that WANTED is due. */
static int scan_mark(struct cursor *c, char mark, const char *wanted)
{
    skip_space(c);
    if (c->p >= c->end || *c->p != mark)
        return unexpected(c, wanted);
    c->p++;
    skip_space(c);
    return 0;
}

static int scan_array(struct cursor *c)
{
    const unsigned char *from = c->p;
    size_t n = 0;
    if (enter(c) != 0)
        return -1;
    for (; !is_over(c, ']'); n++) {
        if ((n && scan_mark(c, ',', "',' or ']'") != 0) || scan_value(c) != 0)
            return -1;
        skip_space(c);
    }
    if (n == 0)
        rewrite(c, from, NULL, 0);
    close_table(c, n, SLOT_BYTES);
    return 0;
}

static int scan_object(struct cursor *c)
{
    size_t n = 0;
    if (enter(c) != 0)
        return -1;
    for (; !is_over(c, '}'); n++) {
        if (n && scan_mark(c, ',', "',' or '}'") != 0)
            return -1;
        if (c->p >= c->end || *c->p != '"')
            return unexpected(c, "a key in quotes");
        if (scan_string(c) != 0 || scan_mark(c, ':', "':'") != 0 || scan_value(c) != 0)
            return -1;
        skip_space(c);
    }
    close_table(c, n, NODE_BYTES);
    return 0;
}

static int scan_word(struct cursor *c, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(c->end - c->p) < n || memcmp(c->p, word, n) != 0)
        return unexpected(c, "a value");
    c->p += n;
    return 0;
}

static int scan_value(struct cursor *c)
{
    if (++c->s->values > c->s->values_max)
        return fail(c, c->p, ERR_LIMIT, "more than %d values", c->s->values_max);
    if (c->p >= c->end)
        return unexpected(c, "a value");
    switch (*c->p) {
    case '"':
        return scan_string(c);
    case '{':
        return scan_object(c);
    case '[':
        return scan_array(c);
    case 't':
        return scan_word(c, "true");
    case 'f':
        return scan_word(c, "false");
    case 'n':
        return scan_word(c, "null");
    default:
        if (*c->p == '-' || is_digit(c, c->p))
            return scan_number(c);
        return unexpected(c, "a value");
    }
}

int jsontext_check(struct jsontext_scan *s, const char *data, size_t len, struct err *e)
{
    const unsigned char *start = (const unsigned char *)(data ? data : "");
    struct cursor c = {
        .s = s, .start = start, .p = start, .end = start + len, .copied = start, .e = e};
    s->values = s->depth = 0;
    s->lua_bytes = 0;
    skip_space(&c);
    if (scan_value(&c) != 0)
        return -1;
    skip_space(&c);
    if (c.p < c.end)
        return unexpected(&c, "the end of the text");
    if (c.copied > start)
        buf_add(s->out, c.copied, (size_t)(c.end - c.copied));
    s->lua_bytes += c.rehash + STRING_BYTES + (c.copied > start ? s->out->len : len);
    return 0;
}

static int add_escape(struct buf *out, unsigned char c)
{
    static const char shorts[] = "btn\0fr"; /* 8 to 13 */
    if (c == '"' || c == '\\')
        return buf_addf(out, "\\%c", c);
    if (c >= 8 && c <= 13 && shorts[c - 8])
        return buf_addf(out, "\\%c", shorts[c - 8]);
    return buf_addf(out, "\\u%04x", c);
}

int jsontext_add_string(struct buf *out, const char *s, size_t len)
{
    const unsigned char *p = (const unsigned char *)s, *end = p + len, *run = p;
    if (buf_addc(out, '"') != 0)
        return -1;
    for (;;) {
        p = skip_plain(p, end);
        if (p < end && *p >= 0x80) {
            size_t n = utf8_length(p, end);
            if (n == 0)
                return -1;
            p += n;
            continue;
        }
        if (buf_add(out, run, (size_t)(p - run)) != 0)
            return -1;
        if (p >= end)
            return buf_addc(out, '"');
        if (add_escape(out, *p++) != 0)
            return -1;
        run = p;
    }
}

int jsontext_add_number(struct buf *out, double v)
{
    char text[40];
    if (!isfinite(v))
        return -1;
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            break;
    }
    int whole = !strpbrk(text, ".e");
    return buf_adds(out, text) != 0 || (whole && buf_adds(out, ".0") != 0) ? -1 : 0;
}
