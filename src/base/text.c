#include "base/text.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

static int is_space(unsigned char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

void text_trim(const char **s, size_t *len)
{
    while (*len && is_space((unsigned char)**s)) {
        ++*s;
        --*len;
    }
    while (*len && is_space((unsigned char)(*s)[*len - 1]))
        --*len;
}

size_t text_prefix(const char *s, size_t len, size_t n, int *cut)
{
    size_t i = 0;
    for (; i < len; i++)
        if (((unsigned char)s[i] & 0xc0) != 0x80 && n-- == 0)
            break;
    *cut = i < len;
    return i;
}

int text_add_html(struct buf *out, const char *s, size_t len)
{
    size_t run = 0;
    for (size_t i = 0; i < len; i++) {
        const char *entity;
        switch (s[i]) {
        case '&':
            entity = "&amp;";
            break;
        case '<':
            entity = "&lt;";
            break;
        case '>':
            entity = "&gt;";
            break;
        case '"':
            entity = "&quot;";
            break;
        case '\'':
            entity = "&#39;";
            break;
        default:
            continue;
        }
        if (buf_add(out, s + run, i - run) != 0 || buf_adds(out, entity) != 0)
            return -1;
        run = i + 1;
    }
    return buf_add(out, s + run, len - run);
}

int text_add_paragraphs(struct buf *out, const char *s, size_t len)
{
    const char *p = s, *end = s + len;
    int open = 0;
    while (p < end) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        const char *line = p;
        size_t n = (size_t)((newline ? newline : end) - p);
        p = newline ? newline + 1 : end;
        text_trim(&line, &n);
        if (n == 0) {
            if (open && buf_adds(out, "</p>") != 0)
                return -1;
            open = 0;
            continue;
        }
        if (buf_adds(out, open ? "<br>" : "<p>") != 0 || text_add_html(out, line, n) != 0)
            return -1;
        open = 1;
    }
    return open ? buf_adds(out, "</p>") : 0;
}

/* ---- HTML to text ---------------------------------------------------------------- */

/* ISO 8859-1's entities, from 160 on. */
static const char *const latin[] = {
    "nbsp",   "iexcl",  "cent",   "pound",  "curren", "yen",    "brvbar", "sect",
    "uml",    "copy",   "ordf",   "laquo",  "not",    "shy",    "reg",    "macr",
    "deg",    "plusmn", "sup2",   "sup3",   "acute",  "micro",  "para",   "middot",
    "cedil",  "sup1",   "ordm",   "raquo",  "frac14", "frac12", "frac34", "iquest",
    "Agrave", "Aacute", "Acirc",  "Atilde", "Auml",   "Aring",  "AElig",  "Ccedil",
    "Egrave", "Eacute", "Ecirc",  "Euml",   "Igrave", "Iacute", "Icirc",  "Iuml",
    "ETH",    "Ntilde", "Ograve", "Oacute", "Ocirc",  "Otilde", "Ouml",   "times",
    "Oslash", "Ugrave", "Uacute", "Ucirc",  "Uuml",   "Yacute", "THORN",  "szlig",
    "agrave", "aacute", "acirc",  "atilde", "auml",   "aring",  "aelig",  "ccedil",
    "egrave", "eacute", "ecirc",  "euml",   "igrave", "iacute", "icirc",  "iuml",
    "eth",    "ntilde", "ograve", "oacute", "ocirc",  "otilde", "ouml",   "divide",
    "oslash", "ugrave", "uacute", "ucirc",  "uuml",   "yacute", "thorn",  "yuml",
};

static const struct {
    const char *name;
    uint32_t code;
} entities[] = {
    {"amp", '&'},       {"lt", '<'},        {"gt", '>'},        {"quot", '"'},
    {"apos", '\''},     {"OElig", 0x152},   {"oelig", 0x153},   {"Scaron", 0x160},
    {"scaron", 0x161},  {"Yuml", 0x178},    {"ensp", 0x2002},   {"emsp", 0x2003},
    {"thinsp", 0x2009}, {"zwnj", 0x200c},   {"zwj", 0x200d},    {"ndash", 0x2013},
    {"mdash", 0x2014},  {"lsquo", 0x2018},  {"rsquo", 0x2019},  {"sbquo", 0x201a},
    {"ldquo", 0x201c},  {"rdquo", 0x201d},  {"bdquo", 0x201e},  {"bull", 0x2022},
    {"hellip", 0x2026}, {"lsaquo", 0x2039}, {"rsaquo", 0x203a}, {"euro", 0x20ac},
    {"trade", 0x2122},  {"larr", 0x2190},   {"rarr", 0x2192},
};

struct reader {
    const char *p, *end;
    char *out, *o;
    int space;        /* white space is due before the next character */
    int no_more[128]; /* this character does not occur any more */
};

/* memchr that remembers a miss, so that malformed markup stays linear. */
static const char *find(struct reader *r, const char *from, char c)
{
    if (r->no_more[(int)c])
        return NULL;
    const char *hit = from < r->end ? memchr(from, c, (size_t)(r->end - from)) : NULL;
    if (!hit)
        r->no_more[(int)c] = 1;
    return hit;
}

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
    size_t n = 0;
    if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        c = 0xfffd;
    if ((c < 0x80 && is_space((unsigned char)c)) || c == 0xa0 ||
        (c >= 0x2000 && c <= 0x200a)) {
        r->space = 1;
        return;
    }
    if (c < 0x80) {
        utf8[n++] = (char)c;
    } else {
        if (c < 0x800) {
            utf8[n++] = (char)(0xc0 | c >> 6);
        } else {
            if (c < 0x10000) {
                utf8[n++] = (char)(0xe0 | c >> 12);
            } else {
                utf8[n++] = (char)(0xf0 | c >> 18);
                utf8[n++] = (char)(0x80 | (c >> 12 & 0x3f));
            }
            utf8[n++] = (char)(0x80 | (c >> 6 & 0x3f));
        }
        utf8[n++] = (char)(0x80 | (c & 0x3f));
    }
    emit(r, utf8, n);
}

/* &#8364; and &#x20ac;, from the '#' up to the ';'. 0 when it is neither. */
static uint32_t numeric_entity(const char *s, size_t len)
{
    uint32_t code = 0;
    int hex = len > 1 && (s[1] == 'x' || s[1] == 'X');
    size_t i = hex ? 2 : 1;
    if (i >= len)
        return 0;
    for (; i < len; i++) {
        int digit = (unsigned char)s[i] | 0x20;
        if (s[i] >= '0' && s[i] <= '9')
            digit = s[i] - '0';
        else if (hex && digit >= 'a' && digit <= 'f')
            digit = digit - 'a' + 10;
        else
            return 0;
        code = code * (hex ? 16 : 10) + (uint32_t)digit;
        if (code > 0x10ffff)
            return 0xfffd;
    }
    return code ? code : 0xfffd;
}

static uint32_t named_entity(const char *s, size_t len)
{
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
        if (strlen(entities[i].name) == len && memcmp(entities[i].name, s, len) == 0)
            return entities[i].code;
    for (size_t i = 0; i < sizeof latin / sizeof *latin; i++)
        if (strlen(latin[i]) == len && memcmp(latin[i], s, len) == 0)
            return (uint32_t)i + 160;
    return 0;
}

/* The reader is on the '&'. */
static void read_entity(struct reader *r)
{
    const char *name = r->p + 1;
    size_t left = (size_t)(r->end - name), n = 0;
    while (n < left && n < 16 && name[n] != ';' && name[n] != '&' && name[n] != '<')
        n++;
    uint32_t code = 0;
    if (n > 0 && n < left && name[n] == ';')
        code = name[0] == '#' ? numeric_entity(name, n) : named_entity(name, n);
    if (!code) {
        emit(r, r->p++, 1);
        return;
    }
    r->p = name + n + 1;
    emit_code(r, code);
}

/* The end of the tag at FROM: behind its '>', which may not stand in quotes; NULL when it
 * is no tag after all. */
static const char *tag_end(struct reader *r, const char *from)
{
    for (const char *p = from + 1; p < r->end && *p != '<'; p++) {
        if (*p == '>')
            return p + 1;
        if (*p == '"' || *p == '\'') {
            p = find(r, p + 1, *p);
            if (!p)
                break;
        }
    }
    const char *gt = find(r, from, '>'); /* a stray quote */
    return gt ? gt + 1 : NULL;
}

static int is_among(const char *name, size_t len, const char *const *names)
{
    for (; *names; names++)
        if (strlen(*names) == len && strncasecmp(*names, name, len) == 0)
            return 1;
    return 0;
}

/* Passes over the content of <script> and the like. */
static void skip_content(struct reader *r, const char *name, size_t len)
{
    const char *p = r->p;
    while (p < r->end && (p = memchr(p, '<', (size_t)(r->end - p)))) {
        if ((size_t)(r->end - p) >= len + 2 && p[1] == '/' &&
            strncasecmp(p + 2, name, len) == 0) {
            r->p = p;
            return;
        }
        p++;
    }
    r->p = r->end;
}

/* The reader is on the '<'. */
static void read_tag(struct reader *r)
{
    static const char *const hidden[] = {"script", "style", "title", NULL};
    static const char *const blocks[] = {
        "p",      "br",      "div",     "li",     "ul",     "ol",
        "dl",     "dt",      "dd",      "h1",     "h2",     "h3",
        "h4",     "h5",      "h6",      "hr",     "table",  "tr",
        "td",     "th",      "img",     "pre",    "form",   "blockquote",
        "nav",    "section", "article", "header", "footer", "address",
        "figure", "main",    "body",    "html",   "title",  NULL};
    const char *p = r->p + 1;
    if (r->end - p >= 3 && memcmp(p, "!--", 3) == 0) {
        for (p += 3; (p = find(r, p, '>')); p++) {
            if (p[-1] == '-' && p[-2] == '-') {
                r->p = p + 1;
                return;
            }
        }
        r->p = r->end;
        return;
    }
    int closing = p < r->end && *p == '/';
    const char *name = p + closing;
    size_t len = 0;
    while (name + len < r->end && len < 16 &&
           ((name[len] | 0x20) >= 'a' ? (name[len] | 0x20) <= 'z'
                                      : len && name[len] >= '0' && name[len] <= '9'))
        len++;
    int declaration = p < r->end && (*p == '!' || *p == '?');
    const char *end = len || declaration ? tag_end(r, r->p) : NULL;
    if (!end) {
        emit(r, r->p++, 1);
        return;
    }
    r->p = end;
    if (is_among(name, len, blocks))
        r->space = 1;
    if (!closing && is_among(name, len, hidden))
        skip_content(r, name, len);
}

size_t text_from_html(const char *html, size_t len, char *out)
{
    struct reader r = {.p = html, .end = html + len, .out = out, .o = out};
    while (r.p < r.end) {
        unsigned char c = (unsigned char)*r.p;
        if (c == '<') {
            read_tag(&r);
        } else if (c == '&') {
            read_entity(&r);
        } else if (is_space(c)) {
            r.space = 1;
            r.p++;
        } else if (c == 0xc2 && r.end - r.p >= 2 && (unsigned char)r.p[1] == 0xa0) {
            r.space = 1; /* a no-break space */
            r.p += 2;
        } else {
            emit(&r, r.p++, 1);
        }
    }
    return (size_t)(r.o - out);
}
