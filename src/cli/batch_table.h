/* batch_table: what became of one recipe's runs of many clients, for people: a table with
 * a client a row, and how far the runs are meanwhile. */
#ifndef FOYER_BATCH_TABLE_H
#define FOYER_BATCH_TABLE_H

#include <jansson.h>
#include <stddef.h>

/* ROWS: what `foyer run --all-clients --json` prints. Writes the table on standard
 * output, failures first, and a last line that counts: "3 clients: 1 failed, 2 done". */
void batch_table_print(const json_t *rows);

/* On a terminal, shows on standard error that OVER of ALL runs have ended; the same line
 * is written again. Shows nothing in the first second. */
void batch_progress(size_t over, size_t all);
/* Removes that line. */
void batch_progress_end(void);

#endif
