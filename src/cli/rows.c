#include "cli/rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/buf.h"
#include "base/csv.h"
#include "base/str.h"
#include "base/textfile.h"
#include "core/jsontree.h"

enum {
    ROW_MAX = 1024 * 1024, /* bytes of one row */
    WINDOW = 2 * ROW_MAX,
    LOOK = 4096 /* bytes at the beginning that show the encoding */
};

struct rows {
    FILE *file;
    char *name; /* for errors */
    int is_csv;
    char *window; /* WINDOW bytes and a NUL; clean: see base/textfile.h */
    size_t start, end;
    int is_first, has_end; /* of the file */
    int was_cr;            /* the last byte that was read was a CR, which became a LF */
    long line;             /* of JSON Lines: the next one */
    struct row row;
    struct csv csv;
    enum csv_read read; /* of the last row */
    struct err malformed;
    char *header, **names; /* of CSV */
    size_t nnames;
};

/* ---- the file ---- */

static int cannot_read(const struct rows *r, struct err *e)
{
    return err_set(e, ERR_INVALID, "cannot read %s: %s", r->name, strerror(errno));
}

/* Copies what can be read only once. */
static int spool(struct rows *r, struct err *e)
{
    char chunk[16 * 1024];
    size_t n;
    FILE *copy = tmpfile();
    if (!copy)
        return err_set(e, ERR_UNAVAILABLE, "cannot copy %s to a temporary file: %s",
                       r->name, strerror(errno));
    while ((n = fread(chunk, 1, sizeof chunk, r->file)) > 0)
        if (fwrite(chunk, 1, n, copy) != n)
            break;
    int rc = ferror(r->file) ? cannot_read(r, e) : 0;
    if (rc == 0 && (n > 0 || fflush(copy) != 0))
        rc = err_set(e, ERR_UNAVAILABLE, "cannot copy %s to a temporary file: %s",
                     r->name, strerror(errno));
    if (r->file != stdin)
        fclose(r->file);
    r->file = copy;
    return rc;
}

/* Appends what was read to the window: CR LF and CR become LF. */
static void add_clean(struct rows *r, const char *data, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int is_cr = data[i] == '\r';
        if (data[i] != '\n' || !r->was_cr)
            r->window[r->end++] = is_cr ? '\n' : data[i];
        r->was_cr = is_cr;
    }
}

/* Refuses what is no text in UTF-8 by its beginning. */
static int check_beginning(const struct rows *r, const char *data, size_t n,
                           struct err *e)
{
    struct buf copy;
    buf_init(&copy, LOOK);
    buf_add(&copy, data, n < LOOK ? n : LOOK);
    int rc = textfile_clean_lines(&copy, r->name, e);
    buf_free(&copy);
    return rc;
}

/* Fills the window when less than a row of the greatest length is left in it. */
static int fill(struct rows *r, struct err *e)
{
    static const char mark[] = "\xef\xbb\xbf";
    char chunk[64 * 1024];
    if (r->has_end || r->end - r->start > ROW_MAX)
        return 0;
    memmove(r->window, r->window + r->start, r->end - r->start);
    r->end -= r->start;
    r->start = 0;
    while (!r->has_end && r->end + sizeof chunk <= WINDOW) {
        size_t n = fread(chunk, 1, sizeof chunk, r->file), from = 0;
        if (n < sizeof chunk && ferror(r->file))
            return cannot_read(r, e);
        r->has_end = n < sizeof chunk;
        if (r->is_first && check_beginning(r, chunk, n, e) != 0)
            return -1;
        if (r->is_first && n >= 3 && memcmp(chunk, mark, 3) == 0)
            from = 3;
        r->is_first = 0;
        add_clean(r, chunk + from, n - from);
        r->csv.budget += 8 * n; /* see base/csv.h */
    }
    r->window[r->end] = '\0';
    return 0;
}

/* ---- CSV ---- */

static void free_names(struct rows *r)
{
    for (size_t i = 0; i < r->nnames; i++)
        free(r->names[i]);
    free(r->names);
    free(r->header);
    r->names = NULL;
    r->header = NULL;
    r->nnames = 0;
}

static int read_header(struct rows *r, struct err *e)
{
    struct csv *c = &r->csv;
    if (csv_open(c, r->window + r->start, r->end - r->start, e) != 0)
        return err_prefix(e, "cannot use %s", r->name);
    free_names(r);
    r->header = xmemdup0(r->window, (size_t)(c->p - r->window));
    r->names = xcalloc(c->ncolumns, sizeof *r->names);
    for (size_t i = 0; i < c->ncolumns; i++, r->nnames++) {
        r->names[i] = xmalloc(c->columns[i].len + 1);
        size_t n = csv_unquote(&c->columns[i], r->names[i]);
        r->names[i][n] = '\0';
    }
    r->start = (size_t)(c->p - r->window);
    return 0;
}

static int next_of_csv(struct rows *r, struct err *e)
{
    struct csv *c = &r->csv;
    c->p = r->window + r->start;
    c->end = r->window + r->end;
    r->read = csv_next(c, &r->malformed);
    if (r->read == CSV_END)
        return 0;
    if (!r->has_end && c->p == c->end)
        return err_set(e, ERR_LIMIT, "cannot read %s:%ld: the row is longer than 1 MiB",
                       r->name, c->line);
    r->start = (size_t)(c->p - r->window);
    r->row = (struct row){c->line, c->start, (size_t)(c->p - c->start)};
    while (r->row.len && r->row.text[r->row.len - 1] == '\n')
        r->row.len--;
    if (r->read == CSV_UNUSABLE) {
        err_set(
            &r->malformed, ERR_INVALID,
            "a value stands in a column without a name; name it in the first line, or "
            "empty it");
    }
    return 1;
}

static json_t *value_of_csv(const struct rows *r, struct err *e)
{
    const struct csv *c = &r->csv;
    json_t *value = json_object();
    for (size_t i = 0; i < c->ncolumns; i++) {
        const struct csv_field *f = &c->fields[i];
        if (!f->len || !r->names[i][0])
            continue;
        char *text = xmalloc(f->len + 1);
        size_t n = csv_unquote(f, text);
        json_t *cell = json_stringn(text, n);
        free(text);
        if (!cell || json_object_set_new(value, r->names[i], cell) != 0) {
            json_decref(value);
            err_set(e, ERR_INVALID, "column %zu is not UTF-8 (save the file as UTF-8)",
                    i + 1);
            return NULL;
        }
    }
    return value;
}

/* ---- JSON Lines ---- */

static int is_blank(const char *text, size_t len)
{
    return strspn(text, " \t\n") >= len;
}

static int next_of_jsonl(struct rows *r, struct err *e)
{
    while (r->start < r->end) {
        const char *text = r->window + r->start;
        const char *lf = memchr(text, '\n', r->end - r->start);
        size_t len = lf ? (size_t)(lf - text) : r->end - r->start;
        if (len > ROW_MAX)
            return err_set(e, ERR_LIMIT,
                           "cannot read %s:%ld: the line is longer than 1 MiB", r->name,
                           r->line);
        r->start += len + (lf != NULL);
        r->row = (struct row){r->line++, text, len};
        if (!is_blank(text, len))
            return 1;
        if (fill(r, e) != 0)
            return -1;
    }
    return 0;
}

static json_t *value_of_jsonl(const struct rows *r, struct err *e)
{
    static const char place[] = "line 1, "; /* of the row alone */
    json_t *value = jsontree_read(r->row.text, r->row.len, e);
    if (!value && e && str_starts(e->text, place))
        memmove(e->text, e->text + sizeof place - 1,
                strlen(e->text + sizeof place - 1) + 1);
    if (!value || json_is_object(value))
        return value;
    json_decref(value);
    err_set(e, ERR_INVALID, "it is not a JSON object such as {\"name\": \"Ada\"}");
    return NULL;
}

/* ---- rows ---- */

static int is_named_csv(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && (str_eq(dot, ".csv") || str_eq(dot, ".tsv") || str_eq(dot, ".CSV"));
}

struct rows *rows_open(const char *path, enum rows_kind kind, struct err *e)
{
    struct rows *r = xcalloc(1, sizeof *r);
    struct stat st;
    int is_stdin = str_eq(path, "-");
    r->name = xstrdup(is_stdin ? "standard input" : path);
    r->is_csv = kind == ROWS_CSV || (kind == ROWS_BY_NAME && is_named_csv(path));
    r->file = is_stdin ? stdin : fopen(path, "re");
    r->window = xmalloc(WINDOW + 1);
    int rc = r->file ? 0 : cannot_read(r, e);
    if (rc == 0 && fstat(fileno(r->file), &st) == 0 && S_ISDIR(st.st_mode))
        rc = err_set(e, ERR_INVALID, "cannot read %s: it is a directory", path);
    if (rc == 0 && (is_stdin || !S_ISREG(st.st_mode)))
        rc = spool(r, e);
    if (rc == 0 && rows_rewind(r, e) == 0)
        return r;
    rows_close(r);
    return NULL;
}

void rows_close(struct rows *r)
{
    if (!r)
        return;
    if (r->file && r->file != stdin)
        fclose(r->file);
    free_names(r);
    free(r->window);
    free(r->name);
    free(r);
}

int rows_rewind(struct rows *r, struct err *e)
{
    if (fseek(r->file, 0, SEEK_SET) != 0)
        return cannot_read(r, e);
    r->start = r->end = 0;
    r->has_end = r->was_cr = 0;
    r->is_first = 1;
    r->line = 1;
    if (fill(r, e) != 0)
        return -1;
    return r->is_csv ? read_header(r, e) : 0;
}

int rows_next(struct rows *r, struct row *row, struct err *e)
{
    int got = fill(r, e) != 0 ? -1 : r->is_csv ? next_of_csv(r, e) : next_of_jsonl(r, e);
    if (got == 1)
        *row = r->row;
    return got;
}

json_t *rows_value(struct rows *r, struct err *e)
{
    if (!r->is_csv)
        return value_of_jsonl(r, e);
    if (r->read == CSV_ROW)
        return value_of_csv(r, e);
    if (e)
        *e = r->malformed;
    return NULL;
}

int rows_is_csv(const struct rows *r)
{
    return r->is_csv;
}

const char *rows_header(const struct rows *r)
{
    return r->header ? r->header : "";
}
