#include "base/jsonpick.h"

#include <stdint.h>
#include <string.h>

#include "base/str.h"

struct scan {
    const char *text, *p, *end;
    struct jsonpick *wanted;
    size_t n;
    uint64_t seen; /* all bytes of strings, or-ed, eight at a time */
};

/* A word with N in each byte. */
#define EIGHT(n) (UINT64_C(0x0101010101010101) * (n))

static void skip_space(struct scan *s)
{
    while (s->p < s->end &&
           (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t'))
        s->p++;
}

static int is_digit(const struct scan *s)
{
    return s->p < s->end && *s->p >= '0' && *s->p <= '9';
}

static int skip_escape(struct scan *s)
{
    if (s->p == s->end)
        return -1;
    char c = *s->p++;
    if (c != 'u')
        return c && strchr("\"\\/bfnrt", c) ? 0 : -1;
    for (int i = 0; i < 4; i++)
        if (s->p == s->end || str_hex_digit(*s->p++) < 0)
            return -1;
    return 0;
}

/* Sets the high bit of each zero byte; exact up to the lowest zero byte. */
static uint64_t zeros(uint64_t word)
{
    return (word - EIGHT(1)) & ~word & EIGHT(0x80);
}

/* Skips bytes that need no decision, eight at a time: all but quotes, backslashes and
 * control characters. Strings are most of a body. */
static void skip_plain(struct scan *s)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    while (s->end - s->p >= 8) {
        uint64_t word, found;
        memcpy(&word, s->p, sizeof word);
        found = zeros(word ^ EIGHT('"')) | zeros(word ^ EIGHT('\\')) |
                ((word - EIGHT(0x20)) & ~word & EIGHT(0x80));
        if (found) {
            int n = __builtin_ctzll(found) / 8;
            s->seen |= n ? word << (64 - 8 * n) : 0;
            s->p += n;
            return;
        }
        s->seen |= word;
        s->p += 8;
    }
#else
    (void)s, (void)zeros;
#endif
}

static int skip_string(struct scan *s)
{
    if (s->p == s->end || *s->p++ != '"')
        return -1;
    for (;;) {
        skip_plain(s);
        if (s->p == s->end)
            return -1;
        unsigned char c = (unsigned char)*s->p++;
        if (c == '"')
            return 0;
        s->seen |= c;
        if (c < 0x20 || (c == '\\' && skip_escape(s) != 0))
            return -1;
    }
}

static int skip_digits(struct scan *s)
{
    if (!is_digit(s))
        return -1;
    while (is_digit(s))
        s->p++;
    return 0;
}

static int skip_number(struct scan *s)
{
    if (*s->p == '-')
        s->p++;
    const char *first = s->p;
    if (skip_digits(s) != 0 || (*first == '0' && s->p - first > 1))
        return -1;
    if (s->p < s->end && *s->p == '.') {
        s->p++;
        if (skip_digits(s) != 0)
            return -1;
    }
    if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
        s->p++;
        if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
            s->p++;
        return skip_digits(s);
    }
    return 0;
}

static int skip_word(struct scan *s, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
        return -1;
    s->p += n;
    return 0;
}

/* Returns PATH from its key number LEVEL on. */
static const char *path_from(const char *path, int level)
{
    for (; level > 0; level--)
        path = strchr(path, '.') + 1;
    return path;
}

/* Follows KEY. ACTIVE is the set of wanted paths whose keys so far lead here. *HERE
 * becomes the set whose value follows; returns the set that continues inside of it. */
static uint32_t follow(struct scan *s, uint32_t active, int level,
                       const struct jsonpick *key, uint32_t *here)
{
    uint32_t further = 0;
    char decoded[128];
    const char *name = key->start + 1;
    size_t len = key->len - 2;
    *here = 0;
    if (memchr(name, '\\', len)) {
        if (jsonpick_text(key, decoded, sizeof decoded) != 0)
            return 0;
        name = decoded;
        len = strlen(decoded);
    }
    if (memchr(name, '.', len))
        return 0;
    for (size_t i = 0; i < s->n; i++) {
        if (!(active >> i & 1))
            continue;
        const char *wanted = path_from(s->wanted[i].path, level);
        if (strncmp(wanted, name, len) != 0 || (wanted[len] && wanted[len] != '.'))
            continue;
        s->wanted[i].start = NULL; /* the last of equal keys counts */
        if (wanted[len] == '.')
            further |= (uint32_t)1 << i;
        else
            *here |= (uint32_t)1 << i;
    }
    return further;
}

static int skip_value(struct scan *s, int level, uint32_t active);

static int skip_object(struct scan *s, int level, uint32_t active)
{
    s->p++;
    skip_space(s);
    if (s->p < s->end && *s->p == '}') {
        s->p++;
        return 0;
    }
    for (;;) {
        struct jsonpick key = {NULL, s->p, 0};
        uint32_t here = 0, further = 0;
        if (skip_string(s) != 0)
            return -1;
        key.len = (size_t)(s->p - key.start);
        if (active)
            further = follow(s, active, level, &key, &here);
        skip_space(s);
        if (s->p == s->end || *s->p++ != ':')
            return -1;
        skip_space(s);
        const char *start = s->p;
        if (skip_value(s, level + 1, further) != 0)
            return -1;
        for (size_t i = 0; here; i++, here >>= 1)
            if (here & 1) {
                s->wanted[i].start = start;
                s->wanted[i].len = (size_t)(s->p - start);
            }
        skip_space(s);
        if (s->p == s->end || (*s->p != ',' && *s->p != '}'))
            return -1;
        if (*s->p++ == '}')
            return 0;
        skip_space(s);
    }
}

static int skip_array(struct scan *s, int level)
{
    s->p++;
    skip_space(s);
    if (s->p < s->end && *s->p == ']') {
        s->p++;
        return 0;
    }
    for (;;) {
        if (skip_value(s, level + 1, 0) != 0)
            return -1;
        skip_space(s);
        if (s->p == s->end || (*s->p != ',' && *s->p != ']'))
            return -1;
        if (*s->p++ == ']')
            return 0;
        skip_space(s);
    }
}

/* Recurses at most JSONPICK_DEPTH deep. */
static int skip_value(struct scan *s, int level, uint32_t active)
{
    if (s->p == s->end || level > JSONPICK_DEPTH)
        return -1;
    switch (*s->p) {
    case '{':
        return skip_object(s, level, active);
    case '[':
        return skip_array(s, level);
    case '"':
        return skip_string(s);
    case 't':
        return skip_word(s, "true");
    case 'f':
        return skip_word(s, "false");
    case 'n':
        return skip_word(s, "null");
    default:
        return skip_number(s);
    }
}

int jsonpick_find(const char *text, size_t len, struct jsonpick *wanted, size_t n,
                  struct err *e)
{
    struct scan s = {text, text, text + len, wanted, n, 0};
    for (size_t i = 0; i < n; i++)
        wanted[i].start = NULL;
    skip_space(&s);
    int rc = skip_value(&s, 0, (uint32_t)(((uint64_t)1 << n) - 1));
    if (rc == 0)
        skip_space(&s);
    if (rc != 0 || s.p != s.end)
        return err_set(e, ERR_INVALID, "it is not JSON (byte %zu of %zu)",
                       (size_t)(s.p - text), len);
    if ((s.seen & EIGHT(0x80)) && !str_is_utf8(text, len))
        return err_set(e, ERR_INVALID, "it is not JSON (it is not UTF-8)");
    return 0;
}

/* ---- strings ---- */

static unsigned read_hex(const char *p)
{
    unsigned v = 0;
    for (int i = 0; i < 4; i++)
        v = v << 4 | (unsigned)str_hex_digit(p[i]);
    return v;
}

/* Decodes the escape after the backslash and moves *P after it. Returns 0 for a character
 * that a text may not contain. */
static unsigned read_escape(const char **p, const char *end)
{
    static const char names[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
    char c = *(*p)++;
    if (c != 'u')
        return (unsigned char)means[strchr(names, c) - names];
    unsigned high = read_hex(*p), low;
    *p += 4;
    if (high < 0xd800 || high > 0xdfff)
        return high;
    if (high > 0xdbff || end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u')
        return 0;
    low = read_hex(*p + 2);
    *p += 6;
    return low < 0xdc00 || low > 0xdfff
               ? 0
               : 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

int jsonpick_text(const struct jsonpick *pick, char *out, size_t size)
{
    size_t n = 0;
    out[0] = '\0';
    if (!pick->start || pick->start[0] != '"')
        return -1;
    const char *p = pick->start + 1, *end = pick->start + pick->len - 1;
    while (p < end) {
        char bytes[4] = {*p++};
        size_t len = 1;
        if (bytes[0] == '\\') {
            unsigned c = read_escape(&p, end);
            len = c ? str_put_utf8(c, bytes) : size;
        }
        if (n + len >= size) {
            out[0] = '\0';
            return -1;
        }
        memcpy(out + n, bytes, len);
        n += len;
    }
    out[n] = '\0';
    return 0;
}
