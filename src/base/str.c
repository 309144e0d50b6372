#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void *checked(void *p)
{
    if (!p) {
        fputs("foyer: out of memory\n", stderr);
        abort();
    }
    return p;
}

void *xmalloc(size_t n)
{
    return checked(malloc(n ? n : 1));
}

void *xcalloc(size_t n, size_t size)
{
    return checked(calloc(n ? n : 1, size ? size : 1));
}

void *xrealloc(void *p, size_t n)
{
    return checked(realloc(p, n ? n : 1));
}

char *xstrdup(const char *s)
{
    return checked(strdup(s));
}

char *xstrdup_null(const char *s)
{
    return s ? xstrdup(s) : NULL;
}

char *xmemdup0(const void *data, size_t len)
{
    char *copy = xmalloc(len + 1);
    if (len)
        memcpy(copy, data, len);
    copy[len] = '\0';
    return copy;
}

char *xvasprintf(const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    char *s = xmalloc((size_t)(n < 0 ? 0 : n) + 1);
    s[0] = '\0';
    vsnprintf(s, (size_t)(n < 0 ? 0 : n) + 1, fmt, again);
    va_end(again);
    return s;
}

char *xasprintf(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *s = xvasprintf(fmt, ap);
    va_end(ap);
    return s;
}

int str_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

int str_ends(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);
    return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

int str_eq(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

int str_ieq(const char *a, const char *b)
{
    return a == b || (a && b && strcasecmp(a, b) == 0);
}

int str_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int str_compare_keys(const void *a, const void *b)
{
    const struct str_key *x = a, *y = b;
    int order = memcmp(x->s, y->s, x->len < y->len ? x->len : y->len);
    return order ? order : (x->len > y->len) - (x->len < y->len);
}

int str_is_name(const char *s)
{
    size_t n = strlen(s);
    if (n == 0 || n > 64 || !isalnum((unsigned char)s[0]) || strstr(s, ".."))
        return 0;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)s[i]) && !strchr("-_.", s[i]))
            return 0;
    return 1;
}

int str_parse_int(const char *s, int64_t *out)
{
    char *end;
    errno = 0;
    long long v = strtoll(s, &end, 10);
    if (end == s || *end || errno || isspace((unsigned char)s[0]))
        return -1;
    *out = v;
    return 0;
}

int str_parse_duration(const char *s, int64_t *ms)
{
    char *end;
    errno = 0;
    double v = strtod(s, &end);
    if (end == s || errno || !isdigit((unsigned char)s[0]))
        return -1;
    double unit = 1000;
    if (strcmp(end, "ms") == 0)
        unit = 1;
    else if (strcmp(end, "m") == 0)
        unit = 60e3;
    else if (strcmp(end, "h") == 0)
        unit = 3600e3;
    else if (strcmp(end, "d") == 0)
        unit = 86400e3;
    else if (*end && strcmp(end, "s") != 0)
        return -1;
    if (v * unit > 1e15)
        return -1;
    *ms = (int64_t)(v * unit);
    return 0;
}

void str_mask(char *s, size_t len, const char *secret)
{
    size_t n = strlen(secret);
    char *end = s + len, *p = s;
    while (n >= STR_MASK_MIN && (p = memmem(p, (size_t)(end - p), secret, n))) {
        memset(p, '*', n);
        p += n;
    }
}

void str_hex(const void *data, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *p = data;
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[p[i] >> 4];
        out[2 * i + 1] = digits[p[i] & 15];
    }
    out[2 * len] = '\0';
}

int str_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int str_unhex(const char *s, size_t len, unsigned char *out)
{
    if (len % 2)
        return -1;
    for (size_t i = 0; i < len; i += 2) {
        int hi = str_hex_digit(s[i]), lo = str_hex_digit(s[i + 1]);
        if (hi < 0 || lo < 0)
            return -1;
        out[i / 2] = (unsigned char)(hi << 4 | lo);
    }
    return 0;
}

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *str_base64(const void *data, size_t len)
{
    const unsigned char *p = data;
    char *out = xmalloc((len + 2) / 3 * 4 + 1), *o = out;
    for (size_t i = 0; i < len; i += 3) {
        unsigned v = (unsigned)p[i] << 16;
        if (i + 1 < len)
            v |= (unsigned)p[i + 1] << 8;
        if (i + 2 < len)
            v |= p[i + 2];
        *o++ = base64_digits[v >> 18];
        *o++ = base64_digits[v >> 12 & 63];
        *o++ = i + 1 < len ? base64_digits[v >> 6 & 63] : '=';
        *o++ = i + 2 < len ? base64_digits[v & 63] : '=';
    }
    *o = '\0';
    return out;
}

unsigned char *str_unbase64(const char *s, size_t len, size_t *out_len)
{
    if (len % 4)
        return NULL;
    size_t pad = len && s[len - 1] == '=' ? (s[len - 2] == '=' ? 2 : 1) : 0;
    unsigned char *out = xmalloc(len / 4 * 3 + 1);
    size_t n = 0;
    for (size_t i = 0; i < len; i += 4) {
        unsigned v = 0;
        for (size_t k = 0; k < 4; k++) {
            char c = s[i + k];
            const char *d = c ? strchr(base64_digits, c) : NULL;
            if (c == '=' && i + k >= len - pad)
                d = base64_digits;
            if (!d) {
                free(out);
                return NULL;
            }
            v = v << 6 | (unsigned)(d - base64_digits);
        }
        out[n++] = (unsigned char)(v >> 16);
        out[n++] = (unsigned char)(v >> 8);
        out[n++] = (unsigned char)v;
    }
    *out_len = n - (len ? pad : 0);
    for (size_t i = *out_len; i < n; i++)
        if (out[i] != 0) { /* not canonical (RFC 4648, 3.5) */
            free(out);
            return NULL;
        }
    out[*out_len] = '\0';
    return out;
}

size_t str_put_utf8(uint32_t c, char out[4])
{
    static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(first[n] | c);
    return n;
}

size_t str_get_utf8(const char *s, size_t len, uint32_t *c)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = len ? (unsigned char)*s : 0xff;
    size_t n = first < 0x80   ? 1
               : first < 0xc2 ? 0
               : first < 0xe0 ? 2
               : first < 0xf0 ? 3
                              : 4;
    if (n == 0 || n > len || first > 0xf4)
        return 0;
    *c = n == 1 ? first : first & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        *c = *c << 6 | (s[i] & 0x3f);
    }
    int bad = *c < least[n] || *c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff);
    return bad ? 0 : n;
}

size_t str_utf8_prefix(const char *s, size_t len)
{
    size_t good = 0, n = 1;
    uint32_t c;
    while (good < len && n) {
        n = (unsigned char)s[good] < 0x80 ? 1 : str_get_utf8(s + good, len - good, &c);
        good += n;
    }
    return good;
}

int str_is_utf8(const char *s, size_t len)
{
    return str_utf8_prefix(s, len) == len;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

enum { NEAR_MAX = 64, EDIT = 2, SWAP = 1 /* "stauts" is "status" rather than "stats" */ };

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Returns EDIT for each letter that is put in, left out or another, and SWAP for two
 * neighbours that have changed places. Upper and lower case count as the same. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t rows[3][NEAR_MAX + 1]; /* of a[i - 2], a[i - 1] and a[i], in turns */
    size_t na = strlen(a), nb = strlen(b);
    if (na > NEAR_MAX || nb > NEAR_MAX)
        return EDIT * 99;
    for (size_t j = 0; j <= nb; j++)
        rows[0][j] = EDIT * j;
    for (size_t i = 1; i <= na; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];
        row[0] = EDIT * i;
        for (size_t j = 1; j <= nb; j++) {
            char x = lower(a[i - 1]), y = lower(b[j - 1]);
            row[j] = smaller(above[j - 1] + (x != y ? EDIT : 0),
                             smaller(above[j], row[j - 1]) + EDIT);
            if (i > 1 && j > 1 && x != y && x == lower(b[j - 2]) && y == lower(a[i - 2]))
                row[j] = smaller(row[j], second[j - 2] + SWAP);
        }
    }
    return rows[na % 3][nb];
}

const char *str_nearest(const char *word, const char *const *names, size_t n)
{
    const char *best = NULL;
    size_t best_distance = EDIT * (strlen(word) / 3 + 1);
    for (size_t i = 0; i < n; i++) {
        size_t d = edit_distance(word, names[i]);
        if (d <= best_distance && d < EDIT * strlen(word)) {
            if (!best || d < best_distance)
                best = names[i];
            best_distance = d;
        }
    }
    return best;
}
