#include "cli/batch_table.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/table.h"
#include "base/clock.h"
#include "base/str.h"
#include "core/jsontree.h"

/* In the order of the table. */
static const char *const outcomes[] = {"failed",   "parked",  "interrupted", "waiting",
                                       "sleeping", "skipped", "done"};
enum { OUTCOMES = sizeof outcomes / sizeof *outcomes };

/* Returns the outcome to show. In JSON a parked run has failed; in the table it is
 * parked, for a person must decide. */
static const char *outcome_of(const json_t *row)
{
    const char *state = json_text(row, "state");
    return str_eq(state, "parked") ? state : json_text(row, "outcome");
}

static json_t *line_of(const json_t *row)
{
    const json_t *detail = json_at(row, "error.message");
    if (!detail)
        detail = json_object_get(row, "reason");
    if (!detail)
        detail = json_object_get(row, "result");
    return json_pack("{s:O, s:s, s:O*, s:O*}", "client", json_object_get(row, "client"),
                     "outcome", outcome_of(row), "run", json_object_get(row, "run"),
                     "detail", detail);
}

/* Appends the rows with OUTCOME to LINES. Returns how many. */
static size_t add_lines(json_t *lines, const json_t *rows, const char *outcome)
{
    size_t i, before = json_array_size(lines);
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        if (str_eq(outcome_of(row), outcome))
            json_array_append_new(lines, line_of(row));
    }
    return json_array_size(lines) - before;
}

void batch_table_print(const json_t *rows)
{
    size_t counts[OUTCOMES], all = json_array_size(rows);
    json_t *lines = json_array();
    json_t *columns = json_pack("[s,s,s,s]", "client", "outcome", "run", "detail");
    for (int o = 0; o < OUTCOMES; o++)
        counts[o] = add_lines(lines, rows, outcomes[o]);
    table_print(lines, columns);
    printf("%zu client%s", all, all == 1 ? "" : "s");
    const char *between = ": ";
    for (int o = 0; o < OUTCOMES; o++) {
        if (!counts[o])
            continue;
        printf("%s%zu %s", between, counts[o], outcomes[o]);
        between = ", ";
    }
    putchar('\n');
    json_decref(columns);
    json_decref(lines);
}

/* ---- progress ---- */

enum { QUIET_US = 1000 * 1000 };

static int64_t began_us; /* 0: no progress was made yet */
static int shown;

void batch_progress(size_t over, size_t all)
{
    int64_t now_us = clock_mono_us();
    if (!began_us)
        began_us = now_us;
    if (now_us - began_us < QUIET_US || !isatty(STDERR_FILENO))
        return;
    shown = 1;
    fprintf(stderr, "\r%zu of %zu clients", over, all);
}

void batch_progress_end(void)
{
    if (shown)
        fputs("\r\033[K", stderr); /* to the end of the line */
    shown = 0;
}
