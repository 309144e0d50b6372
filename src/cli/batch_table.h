/* batch_table: prints the runs of one recipe for many clients: a table with a row for
 * each client, and how many have ended meanwhile. */
#ifndef FOYER_BATCH_TABLE_H
#define FOYER_BATCH_TABLE_H

#include <jansson.h>
#include <stddef.h>

/* Prints the table on standard output, failures first, and a last line that counts: "3
 * clients: 1 failed, 2 done". ROWS are what `foyer run --all-clients --json` prints. */
void batch_table_print(const json_t *rows);

/* Shows on standard error that OVER of ALL runs have ended, when it is a terminal, always
 * on the same line. Shows nothing in the first second. */
void batch_progress(size_t over, size_t all);
/* Removes that line. */
void batch_progress_end(void);

#endif
