#include "base/csv.h"

#include <string.h>

#include "base/str.h"
#include "base/text.h"

enum { LOOK_AHEAD = 20 }; /* rows read to find the separator */

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

/* Reads from the opening quote, where the cursor is, to after the closing one. */
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

/* Returns -1 when the field contains a quote. */
static int read_plain(struct csv *c, struct csv_field *f)
{
    const char *p = c->p;
    int quotes = 0;
    for (; p < c->end && *p != c->separator && *p != '\n'; p++)
        quotes |= *p == '"';
    f->s = c->p;
    f->doubled = 0;
    c->p = p;
    f->len = (size_t)(p - f->s);
    return quotes ? -1 : 0;
}

static int at_line_end(const struct csv *c)
{
    return c->p >= c->end || *c->p == '\n';
}

/* Skips a malformed row. A quote opened by mistake takes in the lines up to the next
 * quote, or all of them. So only the first line of the row is skipped, and the others are
 * read again. To keep the time linear, the bytes that are read again are limited; past
 * the limit a quote must close on its line. */
static void skip_malformed(struct csv *c)
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
    skip_malformed(c);
    return err_set(e, ERR_INVALID, "%s", why);
}

/* Reads the line at the cursor, which is not the end of the text. */
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
            return malformed(c, e, "text after a closing quote");
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

static int read_filled_row(struct csv *c, struct err *e)
{
    do {
        if (c->p >= c->end)
            return 0;
        if (read_row(c, e) != 0)
            return -1;
    } while (is_blank(c));
    return 1;
}

/* Returns how many of the first rows have as many fields as the first line, when
 * SEPARATOR divides them; -1 when the first line cannot be read. *COLUMNS becomes its
 * fields. */
static int count_fits(const struct csv *c, char separator, size_t *columns)
{
    struct csv trial = *c;
    int fits = 0, read;
    trial.separator = separator;
    if (read_filled_row(&trial, NULL) != 1)
        return -1;
    *columns = trial.nfields;
    for (int i = 0; i < LOOK_AHEAD && (read = read_filled_row(&trial, NULL)) != 0; i++)
        fits += read > 0 && trial.nfields == *columns;
    return fits;
}

/* Chooses the separator. Texts contain commas too: the separator with which most rows
 * match the first line wins, then the one with the most fields. ',' when none divides it.
 */
static char find_separator(const struct csv *c)
{
    static const char candidates[] = "\t,;"; /* the first one wins a tie */
    char best = ',';
    int best_fits = -1;
    size_t columns, best_columns = 1;
    for (const char *s = candidates; *s; s++) {
        int fits = count_fits(c, *s, &columns);
        if (fits < 0 || columns < 2 || fits < best_fits ||
            (fits == best_fits && columns <= best_columns))
            continue;
        best = *s;
        best_fits = fits;
        best_columns = columns;
    }
    return best;
}

/* Reads Excel's "sep=;" before the first line. */
static int read_sep_line(struct csv *c)
{
    size_t left = (size_t)(c->end - c->p);
    if (left < 5 || memcmp(c->p, "sep=", 4) != 0 || c->p[4] == '"' || c->p[4] == '\n' ||
        (left > 5 && c->p[5] != '\n'))
        return 0;
    c->separator = c->p[4];
    skip_line(c);
    return 1;
}

static int is_same(const struct csv_field *a, const struct csv_field *b)
{
    return a->len == b->len && memcmp(a->s, b->s, a->len) == 0;
}

static int read_names(struct csv *c, struct err *e)
{
    size_t named = 0;
    c->ncolumns = c->nfields;
    for (size_t i = 0; i < c->nfields; i++) {
        struct csv_field *name = &c->columns[i];
        *name = c->fields[i];
        text_trim(&name->s, &name->len);
        named += name->len > 0;
        for (size_t k = 0; k < i && name->len; k++)
            if (is_same(name, &c->columns[k]))
                return err_set(e, ERR_INVALID,
                               "cannot read CSV: two columns are called \"%.*s\"",
                               (int)(name->len < 64 ? name->len : 64), name->s);
    }
    return named ? 0
                 : err_set(e, ERR_INVALID, "cannot read CSV: line %ld names no column",
                           c->line);
}

int csv_open(struct csv *c, const char *data, size_t len, struct err *e)
{
    c->p = data;
    c->end = data + len;
    c->budget = 8 * len;
    c->next_line = 1;
    if (!read_sep_line(c))
        c->separator = find_separator(c);
    int read = read_filled_row(c, e);
    if (read == 0)
        return err_set(e, ERR_INVALID,
                       "cannot read CSV: it has no first line with column names");
    if (read < 0)
        return err_prefix(e, "cannot read CSV: line %ld", c->line);
    return read_names(c, e);
}

/* Returns the column (from 1) that has a value but no name, or 0. */
static size_t find_nameless(const struct csv *c)
{
    for (size_t i = 0; i < c->ncolumns; i++) {
        struct csv_field value = c->fields[i];
        text_trim(&value.s, &value.len);
        if (c->columns[i].len == 0 && value.len > 0)
            return i + 1;
    }
    return 0;
}

enum csv_read csv_next(struct csv *c, struct err *e)
{
    int read = read_filled_row(c, e);
    if (read <= 0)
        return read == 0 ? CSV_END : CSV_BAD_LINE;
    if (c->nfields != c->ncolumns) {
        if (c->next_line > c->line + 1)
            skip_malformed(c);
        err_set(e, ERR_INVALID, "it has %zu fields, the first line has %zu", c->nfields,
                c->ncolumns);
        return CSV_BAD_LINE;
    }
    size_t nameless = find_nameless(c);
    if (nameless == 0)
        return CSV_ROW;
    err_set(
        e, ERR_INVALID,
        "cannot read CSV: column %zu has no name, but a value in line %ld; name it in "
        "the first line, or empty it",
        nameless, c->line);
    return CSV_UNUSABLE;
}

size_t csv_count(const struct csv *c)
{
    struct csv ahead = *c;
    enum csv_read read;
    size_t n = 0;
    while ((read = csv_next(&ahead, NULL)) == CSV_ROW || read == CSV_BAD_LINE)
        n += read == CSV_ROW;
    return n;
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
