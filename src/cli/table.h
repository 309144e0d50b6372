/* table: JSON results as people read them: a list as aligned columns, an object as
 * "key: value" lines. */
#ifndef FOYER_TABLE_H
#define FOYER_TABLE_H

#include <jansson.h>
#include <stdio.h>

/* Prints ROWS (objects) with COLUMNS (dotted paths); columns that end in _at or _since
 * show times in UTC. On a terminal the widest columns are cut until lines fit. */
void table_print(const json_t *rows, const json_t *columns);
/* Prints an object's members, nested ones by dotted path, links (_links) left out. */
void table_print_object(const json_t *object);

/* Prints text of several lines that is a command's whole output and may hold what others
 * wrote: without control characters, see base/printable. */
void table_print_text(FILE *to, const char *s);
/* The same and a newline, where other lines are foyer's own: no line of S but the first
 * begins without two spaces. */
void table_print_lines(FILE *to, const char *s);
/* Prints one line: newlines and control characters in the arguments become spaces. Those
 * at the ends of FMT stay. */
void table_printf(FILE *to, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
