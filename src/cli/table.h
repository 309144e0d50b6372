/* table: prints JSON results for people: a list as aligned columns, an object as "key:
 * value" lines. Text is printed without control characters, see base/printable. */
#ifndef FOYER_TABLE_H
#define FOYER_TABLE_H

#include <jansson.h>
#include <stdio.h>

/* Prints ROWS (objects) with COLUMNS (dotted paths). Columns that end in _at or _since
 * are Unix seconds and shown in UTC. On a terminal the widest columns are cut until the
 * lines fit; elsewhere nothing is cut, and a cell that is very wide shifts its line. */
void table_print(const json_t *rows, const json_t *columns);
/* The same, with an empty line and the value at GROUP as a heading before the first row
 * of each group. */
void table_print_groups(const json_t *rows, const json_t *columns, const char *group);
/* Prints an object's members, nested ones by dotted path, without `_links`. */
void table_print_object(const json_t *object);

/* Prints text of several lines that is a command's whole output. */
void table_print_text(FILE *to, const char *s);
/* The same and a newline. Each line of S after the first is indented, so that it cannot
 * be taken for a line of foyer's. */
void table_print_lines(FILE *to, const char *s);
/* Prints one line: newlines and control characters in the arguments become spaces; the
 * newlines at the ends of FMT stay. */
void table_printf(FILE *to, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
