/* rows: the lines of a JSON Lines file, or the rows of a CSV file, one after the other.
 * Reads through a window, so that the memory does not grow with the file. */
#ifndef FOYER_ROWS_H
#define FOYER_ROWS_H

#include <jansson.h>
#include <stddef.h>

#include "base/crypto.h"
#include "base/err.h"

struct rows;

enum rows_kind { ROWS_BY_NAME, ROWS_JSONL, ROWS_CSV };

/* Opens PATH, or standard input when it is "-". ROWS_BY_NAME: a name that ends in .csv or
 * .tsv is CSV, any other JSON Lines. What cannot be read twice, such as a pipe, is copied
 * to a file without a name first. */
struct rows *rows_open(const char *path, enum rows_kind kind, struct err *e);
void rows_close(struct rows *r); /* NULL is fine */
/* Starts again at the first row. */
int rows_rewind(struct rows *r, struct err *e);

struct row { /* borrowed until the next call */
    long n;  /* the line that it begins on, from 1 */
    const char *text;
    size_t len;
};
/* Reads the next row: 1; 0 after the last one; -1 with E when the file cannot be used. A
 * blank line is no row. A row of CSV that is malformed is one too: rows_value says so. */
int rows_next(struct rows *r, struct row *row, struct err *e);
/* Returns the last row as a new object: that of JSON, or the row's texts by column,
 * without the empty ones. NULL with E, ERR_INVALID, when it is malformed: the sentence
 * does not name the line. */
json_t *rows_value(struct rows *r, struct err *e);
int rows_is_csv(const struct rows *r);
/* The first line of CSV, with the names of the columns; "" of JSON Lines. */
const char *rows_header(const struct rows *r);

#endif
