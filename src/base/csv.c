#include "base/csv.h"

#include <string.h>

#include "base/str.h"
#include "base/text.h"

static const char *line_end(const struct csv *c, const char *p)
{
    const char *end = memchr(p, '\n', (size_t)(c->end - p));
    return end ? end : c->end;
}

static void skip_line(struct csv *c)
{
    c->p = line_end(c, c->p);
    if (c->p < c->end) {
        c->p++;
        c->next_line++;
    }
}

/* The cursor is on the opening quote, and ends behind the closing one. */
static int read_quoted(struct csv *c, struct csv_field *f)
{
    const char *p = c->p + 1, *end = c->budget ? c->end : line_end(c, p);
    f->s = p;
    f->doubled = 0;
    for (;;) {
        p = memchr(p, '"', (size_t)(end - p));
        if (!p)
            return -1;
        if (p + 1 >= end || p[1] != '"')
            break;
        f->doubled = 1;
        p += 2;
    }
    f->len = (size_t)(p - f->s);
    c->p = p + 1;
    for (const char *s = f->s; (s = memchr(s, '\n', (size_t)(p - s))); s++)
        c->next_line++;
    return 0;
}

/* -1 when there is a quote in it. */
static int read_plain(struct csv *c, struct csv_field *f)
{
    const char *p = c->p;
    int quotes = 0;
    for (; p < c->end && *p != c->separator && *p != '\n'; p++)
        quotes |= *p == '"';
    f->s = c->p;
    f->doubled = 0;
    c->p = p;
    if (p > f->s && p[-1] == '\r' && (p == c->end || *p == '\n'))
        p--;
    f->len = (size_t)(p - f->s);
    return quotes ? -1 : 0;
}

static int at_line_end(struct csv *c)
{
    if (c->p < c->end && *c->p == '\r' && (c->p + 1 >= c->end || c->p[1] == '\n'))
        c->p++;
    return c->p >= c->end || *c->p == '\n';
}

/* A quote that is opened by mistake swallows the lines up to the next quote, or all of
 * them: when a row of several lines is malformed, only its first line is given up. What
 * is read twice is bounded, and then quotes must close on their line, so that no file
 * takes quadratic time. */
static void give_up(struct csv *c)
{
    const char *first_end = line_end(c, c->start);
    if (c->p > first_end || c->next_line > c->line) {
        size_t again = (size_t)(c->p - c->start);
        c->budget = c->budget > again ? c->budget - again : 0;
        c->p = first_end;
        c->next_line = c->line;
    }
    skip_line(c);
}

static int malformed(struct csv *c, struct err *e, const char *why)
{
    give_up(c);
    return err_set(e, ERR_INVALID, "%s", why);
}

/* Reads the line at the cursor, which is not the end. */
static int read_row(struct csv *c, struct err *e)
{
    c->start = c->p;
    c->line = c->next_line;
    c->nfields = 0;
    for (;;) {
        struct csv_field *f = &c->fields[c->nfields];
        if (c->nfields == CSV_COLUMNS_MAX)
            return malformed(c, e, "it has more than 256 fields");
        c->nfields++;
        if (c->p < c->end && *c->p == '"') {
            if (read_quoted(c, f) != 0) {
                c->p = c->budget ? c->end : c->p;
                return malformed(c, e, "a quote is opened and never closed");
            }
        } else if (read_plain(c, f) != 0) {
            return malformed(c, e,
                             "a quote inside a field without quotes (write the field in "
                             "quotes, and each quote in it twice)");
        }
        if (at_line_end(c))
            break;
        if (*c->p != c->separator)
            return malformed(c, e, "text behind a closing quote");
        c->p++;
    }
    const char *end = c->p;
    skip_line(c);
    if (!str_is_utf8(c->start, (size_t)(end - c->start)))
        return err_set(e, ERR_INVALID, "it is not UTF-8 (save the file as UTF-8)");
    return 0;
}

static int is_blank(const struct csv *c)
{
    return c->nfields == 1 && c->fields[0].len == 0;
}

/* The most frequent candidate outside quotes in the first line; ',' when there is none.
 */
static char find_separator(const struct csv *c)
{
    static const char candidates[] = ",;\t";
    size_t counts[3] = {0};
    int quoted = 0;
    for (const char *p = c->p; p < c->end && (quoted || *p != '\n'); p++) {
        const char *hit = *p ? strchr(candidates, *p) : NULL;
        if (*p == '"')
            quoted = !quoted;
        else if (hit && !quoted)
            counts[hit - candidates]++;
    }
    size_t best = 0;
    for (size_t i = 1; i < 3; i++)
        if (counts[i] > counts[best])
            best = i;
    return candidates[best];
}

static int is_same(const struct csv_field *a, const struct csv_field *b)
{
    return a->len == b->len && memcmp(a->s, b->s, a->len) == 0;
}

int csv_open(struct csv *c, const char *data, size_t len, struct err *e)
{
    c->p = data;
    c->end = data + len;
    c->budget = 8 * len;
    c->next_line = 1;
    if (len >= 2 &&
        (memcmp(data, "\xff\xfe", 2) == 0 || memcmp(data, "\xfe\xff", 2) == 0))
        return err_set(e, ERR_INVALID,
                       "cannot read CSV: it is UTF-16; save the file as UTF-8");
    if (len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
        c->p += 3;
    do {
        if (c->p >= c->end)
            return err_set(e, ERR_INVALID,
                           "cannot read CSV: it has no first line with column names");
        c->separator = find_separator(c);
        if (read_row(c, e) != 0)
            return err_prefix(e, "cannot read CSV: line %ld", c->line);
    } while (is_blank(c));
    c->ncolumns = c->nfields;
    for (size_t i = 0; i < c->nfields; i++) {
        struct csv_field *name = &c->columns[i];
        *name = c->fields[i];
        text_trim(&name->s, &name->len);
        if (name->len == 0)
            return err_set(e, ERR_INVALID, "cannot read CSV: column %zu has no name",
                           i + 1);
        for (size_t k = 0; k < i; k++)
            if (is_same(name, &c->columns[k]))
                return err_set(e, ERR_INVALID,
                               "cannot read CSV: two columns are called \"%.*s\"",
                               (int)(name->len < 64 ? name->len : 64), name->s);
    }
    return 0;
}

int csv_next(struct csv *c, struct err *e)
{
    do {
        if (c->p >= c->end)
            return 0;
        if (read_row(c, e) != 0)
            return -1;
    } while (is_blank(c));
    if (c->nfields == c->ncolumns)
        return 1;
    if (c->next_line > c->line + 1)
        give_up(c);
    return err_set(e, ERR_INVALID, "it has %zu fields, the first line has %zu",
                   c->nfields, c->ncolumns);
}

size_t csv_unquote(const struct csv_field *f, char *out)
{
    if (!f->doubled) {
        memcpy(out, f->s, f->len);
        return f->len;
    }
    char *o = out;
    for (size_t i = 0; i < f->len; i++) {
        *o++ = f->s[i];
        if (f->s[i] == '"')
            i++; /* the second of a pair */
    }
    return (size_t)(o - out);
}
