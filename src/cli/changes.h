/* changes: prints the rows of ops/release_diff.h: which files differ, for which clients,
 * and how. */
#ifndef FOYER_CHANGES_H
#define FOYER_CHANGES_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

/* Prints a line for each of ROWS, then the differences of those that have `diff`. A row
 * with as many clients as ALL says so instead of names. */
void changes_print(FILE *to, const json_t *rows, size_t all);

#endif
