#include <stdio.h>

#include "base/when.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "core/jsontree.h"
#include "ops/counts.h"
#include "ops/selection.h"
#include "store/rollup.h"

static const char columns[] = "client events fired replies done skipped failed cancelled "
                              "needs_you waits median p99";
static const char hour_columns[] = "hour_at client events fired replies done skipped "
                                   "failed cancelled needs_you waits median p99";

/* Sets KEY to the upper bound as text, such as "≤ 5s"; nothing without a reply. */
static void set_bound(json_t *row, const char *key)
{
    const json_t *reply = json_object_get(row, "first_reply");
    const json_t *bound = json_object_get(reply, key);
    char text[64] = "1h", out[80];
    if (json_int(reply, "runs") == 0)
        return;
    if (json_is_number(bound))
        when_format_duration(json_number_value(bound), text);
    snprintf(out, sizeof out, "%s %s", json_is_number(bound) ? "≤" : ">", text);
    json_object_set_new(row, key, json_string(out));
}

/* Returns a copy of ROW for a line of the table. */
static json_t *line_of(const json_t *row, const char *client)
{
    json_t *line = json_copy((json_t *)row);
    json_object_set_new(line, "client", json_string(json_text_or(row, "client", client)));
    json_object_update(line, json_object_get(row, "runs"));
    json_object_set(line, "failed", json_object_get(line, "dead"));
    json_object_set(line, "needs_you", json_object_get(line, "parked"));
    set_bound(line, "median");
    set_bound(line, "p99");
    return line;
}

static void print_table(const struct cli *cli, const json_t *tree, int by_hour)
{
    json_t *lines = json_array(), *row;
    const json_t *rows = json_object_get(tree, by_hour ? "hours" : "clients");
    size_t i;
    json_array_foreach(rows, i, row)
    {
        json_array_append_new(lines, line_of(row, "(no client)"));
    }
    if (!by_hour && json_array_size(rows) > 1)
        json_array_append_new(lines, line_of(json_object_get(tree, "all"), "(all)"));
    if (json_array_size(lines))
        cli_print_rows(cli, lines, by_hour ? hour_columns : columns);
    else
        fputs("foyer: nothing was counted in this time\n", stderr);
    json_decref(lines);
}

/* Prints the counts since WHICH's time. What cannot be counted now, as the store takes no
 * write, is left out with a warning. */
static int show(const struct cli *cli, const struct selection *which, int by_hour,
                struct err *e)
{
    struct db *db = store_db(cli->store);
    struct err late;
    if (rollup_sweep_all(db, &late) != 0)
        table_printf(stderr, "foyer: what came last is not counted yet: %s\n", late.text);
    json_t *tree = (by_hour ? counts_by_hour : counts_by_client)(db, &cli->clients,
                                                                 which->since_ms, e);
    if (!tree)
        return -1;
    if (cli->json)
        cli_print_json(tree);
    else
        print_table(cli, tree, by_hour);
    json_decref(tree);
    return 0;
}

int cmd_stats(struct cli *cli, struct err *e)
{
    struct selection which = {.since = "7d"};
    int by_hour = 0;
    const struct cli_option options[] = {CLI_CLIENTS(cli),
                                         {"since", CLI_VALUE, &which.since},
                                         {"hours", CLI_FLAG, &by_hour},
                                         {NULL, CLI_FLAG, NULL}};
    int rc = cli_begin(cli, options, e);
    if (rc == 0)
        rc = selection_read(&which, SELECTION_RUNS, NULL, 0, 1, e);
    if (rc == 0)
        rc = show(cli, &which, by_hour, e);
    selection_fini(&which);
    return rc;
}
