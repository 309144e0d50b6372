/* csv: comma separated values (RFC 4180) as people's spreadsheets write them: a byte
 * order mark, CRLF or LF, and ',' ';' or tab between fields, as the first line shows.
 *
 * The first line names the columns. A malformed line is an error of its own and reading
 * goes on behind it. Nothing is allocated: fields are slices of the text. */
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
    struct csv_field columns[CSV_COLUMNS_MAX]; /* trimmed */
    /* the row read last */
    const char *start;
    long line; /* the line that it begins on, from 1 */
    size_t nfields;
    struct csv_field fields[CSV_COLUMNS_MAX];
};

/* Reads the header. -1 with E: no header, an empty or doubled column name, UTF-16. DATA
 * must outlive C. */
int csv_open(struct csv *c, const char *data, size_t len, struct err *e);
/* 1: a row with as many fields as there are columns. 0: the end. -1: the line c->line is
 * malformed, E says how (without naming the line); go on reading. */
int csv_next(struct csv *c, struct err *e);
/* Copies the field to OUT, which holds its LEN bytes; returns the length. */
size_t csv_unquote(const struct csv_field *f, char *out);

#endif
