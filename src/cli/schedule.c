#include <stdio.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "base/when.h"
#include "base/zone.h"
#include "core/jsontree.h"
#include "core/words.h"
#include "ops/timetable.h"

static const char columns[] = "client recipe cron next then last was missed";

/* Returns SECONDS as the clocks of ZONE show it: "Tue 2026-12-01 07:30". */
static json_t *local_time(const json_t *seconds, const char *zone)
{
    struct err e;
    struct buf out;
    struct zone_span span = {0};
    const struct zone *found = zone ? zone_find(zone, &e) : NULL;
    if (!json_is_integer(seconds))
        return json_string("");
    int64_t t = (int64_t)json_integer_value(seconds);
    if (found)
        zone_span(found, t, &span);
    buf_init(&out, 64);
    when_format(&out, "%a %F %R", t + span.east, &e);
    json_t *text = json_string(buf_str(&out));
    buf_free(&out);
    return text;
}

static json_t *line_of(const json_t *row)
{
    const char *zone = json_text(row, "timezone"), *error = json_text(row, "error");
    const json_t *next = json_object_get(row, "next");
    const json_t *last = json_object_get(row, "last");
    size_t missed = json_array_size(json_object_get(row, "missed"));
    json_t *line = json_copy((json_t *)row);
    json_object_set_new(line, "next", local_time(json_array_get(next, 0), zone));
    json_object_set_new(line, "then", local_time(json_array_get(next, 1), zone));
    json_object_set_new(line, "last", local_time(json_object_get(last, "at"), zone));
    json_object_set_new(
        line, "was", json_string(last ? words_of(json_text_or(last, "state", "")) : ""));
    json_object_set_new(
        line, "missed",
        missed
            ? json_sprintf("%zu%s", missed, missed >= TIMETABLE_MISSED ? " or more" : "")
            : json_string(""));
    if (error)
        json_object_set_new(line, "next", json_string("never: see below"));
    return line;
}

static void print(const struct cli *cli, const json_t *rows)
{
    size_t i;
    json_t *row, *lines = json_array();
    json_array_foreach(rows, i, row)
    {
        json_array_append_new(lines, line_of(row));
    }
    if (json_array_size(lines))
        cli_print_rows(cli, lines, columns);
    else
        fputs("foyer: no recipe with cron times is on\n", stderr);
    fflush(stdout);
    json_array_foreach(rows, i, row)
    {
        if (json_text(row, "error"))
            table_printf(stderr, "foyer: %s, %s: %s\n", json_text_or(row, "client", ""),
                         json_text_or(row, "recipe", "its settings"),
                         json_text(row, "error"));
    }
    json_decref(lines);
}

int cmd_schedule(struct cli *cli, struct err *e)
{
    const struct cli_option options[] = {CLI_CLIENTS(cli), {NULL, CLI_FLAG, NULL}};
    if (cli_begin(cli, options, e) != 0)
        return -1;
    json_t *rows = timetable(cli->session, store_db(cli->store), &cli->clients, e);
    if (!rows)
        return session_interrupted(cli->session) ? 130 : -1;
    if (cli->json)
        cli_print_json(rows);
    else
        print(cli, rows);
    json_decref(rows);
    return 0;
}
