#include "base/mention.h"

#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "base/array.h"
#include "base/buf.h"
#include "base/str.h"

/* Code points in lower case. */
struct letters {
    uint32_t *list;
    size_t n;
};

struct mention {
    locale_t locale; /* knows all letters of Unicode; 0: only ASCII is folded */
    struct letters word, text;
    int is_number, has_domain;
    int is_loose; /* see mention_in_bytes */
    int is_ascii; /* the word */
};

/* ---- characters ---- */

static uint32_t fold(const struct mention *m, uint32_t c)
{
    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? c + 32 : c;
    if (!m->locale)
        return c;
    return (uint32_t)towlower_l(towupper_l((wint_t)c, m->locale), m->locale);
}

static void add(const struct mention *m, struct letters *to, uint32_t c)
{
    array_grow(to->list, to->n);
    to->list[to->n++] = fold(m, c);
}

/* Reads a character of UTF-8 at *P. A malformed byte counts as a character. */
static uint32_t read_utf8(const char **p, const char *end)
{
    const unsigned char *u = (const unsigned char *)*p;
    size_t n = u[0] < 0xc2 ? 1 : u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : u[0] < 0xf5 ? 4 : 1;
    if (n > (size_t)(end - *p))
        n = 1;
    *p += n;
    uint32_t c = n == 1 ? u[0] : u[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++)
        c = c << 6 | (u[i] & 0x3fu);
    return c;
}

static uint32_t read_hex(const char **p, const char *end)
{
    char digits[5] = "";
    for (int i = 0; i < 4 && *p < end; i++)
        digits[i] = *(*p)++;
    return (uint32_t)strtoul(digits, NULL, 16);
}

/* Reads an escape. P is after its backslash and before the string's end. */
static uint32_t read_escape(const char **p, const char *end)
{
    char kind = *(*p)++;
    if (kind != 'u')
        return kind == 'n' || kind == 't' || kind == 'r' || kind == 'b' || kind == 'f'
                   ? ' '
                   : (unsigned char)kind;
    uint32_t c = read_hex(p, end);
    if (c >= 0xd800 && c < 0xdc00 && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u') {
        *p += 2;
        c = 0x10000 + ((c - 0xd800) << 10) + ((read_hex(p, end) - 0xdc00) & 0x3ff);
    }
    return c;
}

/* Reads into the text the string whose first character is at P. Returns its closing
 * quote. */
static const char *read_string(struct mention *m, const char *p, const char *end)
{
    m->text.n = 0;
    while (p < end && *p != '"') {
        if (*p != '\\')
            add(m, &m->text, read_utf8(&p, end));
        else if (++p < end)
            add(m, &m->text, read_escape(&p, end));
    }
    return p;
}

/* ---- words ---- */

static int is_domain(uint32_t c)
{
    return c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '@';
}

/* Returns whether C may be in the local part of an address (RFC 5322, 3.2.3), dots
 * included. */
static int is_local(uint32_t c)
{
    return is_domain(c) || (c && c < 0x80 && strchr("!#$%&'*+/=?^`{|}~.", (int)c));
}

static int begins(const struct mention *m, size_t at)
{
    const uint32_t *text = m->text.list;
    if (at == 0 || !is_local(text[at - 1]))
        return 1;
    if (m->is_loose && text[at - 1] < 0x80 &&
        strchr("=&?/|{}`^~!#$%*", (int)text[at - 1]))
        return 1;
    if (m->is_loose && text[at - 1] == '\'' && (at == 1 || !is_domain(text[at - 2])))
        return 1;
    /* a phone number also matches without its plus sign */
    return m->is_number && text[at - 1] == '+' && (at == 1 || !is_local(text[at - 2]));
}

/* Returns whether a word may end at AT. A dot ends it when no character of a word
 * follows. */
static int ends(const struct mention *m, size_t at)
{
    int (*belongs)(uint32_t) = m->has_domain ? is_domain : is_local;
    const uint32_t *text = m->text.list;
    while (at < m->text.n && text[at] == '.')
        at++;
    return at == m->text.n || !belongs(text[at]);
}

static int is_in_text(const struct mention *m)
{
    size_t n = m->word.n, size = n * sizeof *m->word.list;
    for (size_t at = 0; at + n <= m->text.n; at++)
        if (m->text.list[at] == m->word.list[0] &&
            memcmp(m->text.list + at, m->word.list, size) == 0 && begins(m, at) &&
            ends(m, at + n))
            return 1;
    return 0;
}

/* ---- bytes with escapes of any kind ---- */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

static void put_utf8(struct buf *out, uint32_t c)
{
    if (c < 0x80) {
        buf_addc(out, (char)c);
    } else if (c < 0x800) {
        buf_addc(out, (char)(0xc0 | c >> 6));
        buf_addc(out, (char)(0x80 | (c & 0x3f)));
    } else if (c < 0x10000) {
        buf_addc(out, (char)(0xe0 | c >> 12));
        buf_addc(out, (char)(0x80 | (c >> 6 & 0x3f)));
        buf_addc(out, (char)(0x80 | (c & 0x3f)));
    } else {
        buf_addc(out, (char)(0xf0 | (c >> 18 & 0x07)));
        buf_addc(out, (char)(0x80 | (c >> 12 & 0x3f)));
        buf_addc(out, (char)(0x80 | (c >> 6 & 0x3f)));
        buf_addc(out, (char)(0x80 | (c & 0x3f)));
    }
}

/* Reads &#64; or &#x40; at P. Returns what follows, or NULL when it is neither. */
static const char *read_reference(const char *p, const char *end, struct buf *out)
{
    uint32_t c = 0;
    int digit, n = 0;
    if (end - p < 4 || p[1] != '#')
        return NULL;
    int is_hex = p[2] == 'x' || p[2] == 'X';
    for (p += is_hex ? 3 : 2; p < end && (digit = hex_digit(*p)) >= 0 && n < 6; p++, n++)
        c = c * (is_hex ? 16 : 10) + (uint32_t)digit;
    if (n == 0 || p == end || *p != ';')
        return NULL;
    put_utf8(out, c);
    return p + 1;
}

/* Writes to OUT what the bytes mean once all escapes are undone. SIGNS is the character
 * that stands before two hexadecimal digits. */
static void unescape(const char *p, const char *end, const char *signs, struct buf *out)
{
    while (p < end) {
        const char *next = p;
        while (next < end && *next != '\\' && *next != *signs && *next != '&')
            next++;
        buf_add(out, p, (size_t)(next - p));
        if ((p = next) == end)
            return;
        if (*p == '\\') {
            while (p < end && *p == '\\')
                p++;
            if (p < end)
                put_utf8(out, read_escape(&p, end));
        } else if (*p == *signs && end - p >= 3 && hex_digit(p[1]) >= 0 &&
                   hex_digit(p[2]) >= 0) {
            buf_addc(out, (char)(hex_digit(p[1]) << 4 | hex_digit(p[2])));
            p += 3;
        } else if (*p == '=' && *signs == '=' && end - p >= 2 &&
                   (p[1] == '\n' || p[1] == '\r')) {
            for (p++; p < end && (*p == '\r' || *p == '\n'); p++) /* a soft line end */
                ;
        } else if (*p == '&' && (next = read_reference(p, end, out))) {
            p = next;
        } else {
            buf_addc(out, *p++);
        }
    }
}

static int is_in_part(struct mention *m, const char *p, const char *end)
{
    m->text.n = 0;
    while (p < end)
        add(m, &m->text, read_utf8(&p, end));
    return is_in_text(m);
}

/* How much before and behind a word decides whether it is whole. */
enum { BEFORE = 8, BEHIND = 32 };

/* Looks at each place that has the word's first and last character. */
static int is_in_bytes(struct mention *m, const char *p, const char *end)
{
    size_t n = m->word.n;
    char first = (char)m->word.list[0], last = (char)m->word.list[n - 1];
    if (!m->is_ascii)
        return is_in_part(m, p, end);
    const char *begin = p;
    for (; (size_t)(end - p) >= n; p++) {
        if ((*p | 0x20) != (first | 0x20) || (p[n - 1] | 0x20) != (last | 0x20))
            continue;
        const char *from = p - begin > BEFORE ? p - BEFORE : begin;
        const char *to = (size_t)(end - p) > n + BEHIND ? p + n + BEHIND : end;
        if (is_in_part(m, from, to))
            return 1;
    }
    return 0;
}

int mention_in_bytes(struct mention *m, const void *data, size_t len)
{
    static const char *const signs[] = {"%", "="};
    const char *p = data, *end = p + len;
    if (!m->word.n || !len)
        return 0;
    m->is_loose = 1;
    int found = is_in_bytes(m, p, end);
    for (size_t i = 0; !found && i < sizeof signs / sizeof *signs; i++) {
        struct buf plain;
        if (!memchr(p, *signs[i], len) &&
            (i > 0 || (!memchr(p, '\\', len) && !memchr(p, '&', len))))
            continue;
        buf_init(&plain, len + 8);
        unescape(p, end, signs[i], &plain);
        found = is_in_bytes(m, plain.data ? plain.data : "",
                            (plain.data ? plain.data : "") + plain.len);
        buf_free(&plain);
    }
    m->is_loose = 0;
    return found;
}

struct mention *mention_new(const char *word)
{
    struct mention *m = xcalloc(1, sizeof *m);
    m->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    const char *end = word + strlen(word);
    m->is_number = *word && word[strspn(word, "0123456789")] == '\0';
    m->has_domain = strchr(word, '@') != NULL;
    m->is_ascii = 1;
    for (const char *c = word; c < end; c++)
        m->is_ascii &= *c > 0;
    while (word < end)
        add(m, &m->word, read_utf8(&word, end));
    return m;
}

void mention_free(struct mention *m)
{
    if (!m)
        return;
    if (m->locale)
        freelocale(m->locale);
    free(m->word.list);
    free(m->text.list);
    free(m);
}

int mention_in(struct mention *m, const char *json, size_t len)
{
    const char *p = json, *end = json + len;
    while (m->word.n && (p = memchr(p, '"', (size_t)(end - p)))) {
        p = read_string(m, p + 1, end);
        if (is_in_text(m))
            return 1;
        if (p == end)
            return 0;
        p++;
    }
    return 0;
}
