/* csv: comma separated values (RFC 4180) as people's spreadsheets write them: with ','
 * ';' or tab between fields, as the first lines show, or as Excel's line "sep=;" says.
 *
 * The first line names the columns; a column without a name must be empty. A malformed
 * line is an error of its own and reading goes on behind it. The text is one that
 * textfile_clean_lines has cleaned. Nothing is allocated: fields are slices of it. */
#ifndef FOYER_CSV_H
#define FOYER_CSV_H

#include <stddef.h>

#include "base/err.h"

enum { CSV_COLUMNS_MAX = 256 };

struct csv_field {
    const char *s; /* in the text; without its quotes */
    size_t len;
    int doubled; /* it holds "" for ": csv_unquote */
};

struct csv {
    const char *p, *end;
    char separator;
    size_t budget; /* bytes that may still be read a second time; see csv.c */
    long next_line;
    size_t ncolumns;
    struct csv_field columns[CSV_COLUMNS_MAX]; /* trimmed; of no length: no name */
    /* the row read last */
    const char *start;
    long line; /* the line that it begins on, from 1 */
    size_t nfields;
    struct csv_field fields[CSV_COLUMNS_MAX];
};

/* Reads the header. -1 with E: no header, no column with a name, a doubled name. DATA
 * must outlive C. */
int csv_open(struct csv *c, const char *data, size_t len, struct err *e);
enum csv_read { CSV_END, CSV_ROW, CSV_BAD_LINE, CSV_UNUSABLE };
/* CSV_ROW: a row with as many fields as there are columns. CSV_BAD_LINE: the line c->line
 * is malformed, E says how (without naming the line); go on reading. CSV_UNUSABLE: the
 * whole text is, as E says. */
enum csv_read csv_next(struct csv *c, struct err *e);
/* How many rows are still to be read, up to an unusable one. */
size_t csv_count(const struct csv *c);
/* Copies the field to OUT, which holds its LEN bytes; returns the length. */
size_t csv_unquote(const struct csv_field *f, char *out);

#endif
