/* csv: comma separated values (RFC 4180) as spreadsheets write them. The separator is ','
 * ';' or a tab: the first rows show which, or Excel's line "sep=;" names it.
 *
 * The first line names the columns; a column without a name must be empty. A malformed
 * line gives one error, and reading goes on after it. The text has passed
 * textfile_clean_lines. Nothing is allocated: fields are slices of the text. */
#ifndef FOYER_CSV_H
#define FOYER_CSV_H

#include <stddef.h>

#include "base/err.h"

enum { CSV_COLUMNS_MAX = 256 };

struct csv_field {
    const char *s; /* in the text, without the quotes */
    size_t len;
    int doubled; /* contains "" for ": csv_unquote */
};

struct csv {
    const char *p, *end;
    char separator;
    size_t budget; /* bytes that may still be read a second time: see skip_malformed */
    long next_line;
    size_t ncolumns;
    struct csv_field columns[CSV_COLUMNS_MAX]; /* trimmed; length 0: no name */
    /* the row that was read last */
    const char *start;
    long line; /* the line that it begins on, from 1 */
    size_t nfields;
    struct csv_field fields[CSV_COLUMNS_MAX];
};

/* Reads the header. Returns -1 with E when there is no header, no column with a name, or
 * a name twice. DATA must outlive C. */
int csv_open(struct csv *c, const char *data, size_t len, struct err *e);
enum csv_read { CSV_END, CSV_ROW, CSV_BAD_LINE, CSV_UNUSABLE };
/* Reads the next row. CSV_ROW: a row with as many fields as there are columns.
 * CSV_BAD_LINE: line c->line is malformed; E says how, without its number; the caller may
 * read on. CSV_UNUSABLE: the whole text cannot be used, as E says. */
enum csv_read csv_next(struct csv *c, struct err *e);
/* Returns how many rows follow, up to one that is CSV_UNUSABLE. */
size_t csv_count(const struct csv *c);
/* Copies the field to OUT, which has F->len bytes. Returns the length. */
size_t csv_unquote(const struct csv_field *f, char *out);

#endif
