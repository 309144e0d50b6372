#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "core/jsontree.h"
#include "cli/timeline.h"
#include "ops/live_files.h"
#include "ops/rollback.h"
#include "base/str.h"

/* Returns how the row's line begins, as a new string: rows with the same one share it. */
static char *line_of(const json_t *row)
{
    const char *why = json_text(row, "why");
    return why ? xasprintf("left as it is, since %s:", why)
               : xasprintf("release %lld, before it %lld:", json_int(row, "new"),
                           json_int(row, "old"));
}

static void print_rows(const json_t *rows)
{
    json_t *lines = json_object(), *names, *row;
    const char *line, *name;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        char *key = line_of(row);
        name = json_text_or(row, "client", "");
        if (!json_object_get(lines, key))
            json_object_set_new(lines, key, json_array());
        json_array_append_new(json_object_get(lines, key),
                              json_string(*name ? name : "the server itself"));
        free(key);
    }
    json_object_foreach(lines, line, names)
    {
        FILE *to = str_starts(line, "left") ? stderr : stdout;
        table_printf(to, "%s%s", to == stderr ? "foyer: " : "", line);
        for (i = 0; i < json_array_size(names); i++)
            table_printf(to, "%s%s", i ? ", " : " ",
                         json_string_value(json_array_get(names, i)));
        fputc('\n', to);
    }
    json_decref(lines);
}

/* Prints "release 4 (NOTE)". */
static void print_release(FILE *to, const json_t *row)
{
    const char *note = json_text(row, "note");
    table_printf(to, "release %lld%s%s%s", json_int(row, "release"), note ? " (" : "",
                 note ? note : "", note ? ")" : "");
}

static const char *plural(long long n)
{
    return n == 1 ? "" : "s";
}

/* Says of a second rollback in a row what it takes away, and beside what. */
static void print_again(const struct cli *cli, const json_t *rows)
{
    size_t i;
    const json_t *row, *again = NULL;
    struct timeline t = timeline_for(cli->w, NULL);
    char at[40];
    json_array_foreach(rows, i, row)
    {
        if ((again = json_object_get(row, "again")) && !json_object_get(row, "why"))
            break;
        again = NULL;
    }
    if (!again)
        return;
    timeline_format(&t, timeline_ms(again, "at"), at);
    table_printf(stderr,
                 "foyer: this is another rollback in a row: %s took release %lld back at "
                 "%s (%s), and this one takes release %lld back as well; `foyer rollback "
                 "%lld` undoes it\n",
                 json_text_or(again, "by", ""), json_int(again, "release"), at,
                 json_text_or(again, "why", ""), json_int(row, "old"),
                 json_int(row, "old"));
}

static void print_live(const json_t *live)
{
    size_t i;
    const json_t *row;
    fputs("now ", stdout);
    json_array_foreach(live, i, row)
    {
        long long n = json_int(row, "clients");
        printf("%s%lld client%s run%s ", i ? ", " : "", n, plural(n), n == 1 ? "s" : "");
        print_release(stdout, row);
    }
    putchar('\n');
    fflush(stdout);
}

static void print_still(const json_t *still)
{
    size_t i;
    const json_t *row;
    json_array_foreach(still, i, row)
    {
        long long n = json_int(row, "clients");
        fprintf(stderr, "foyer: %lld client%s still run%s ", n, plural(n),
                n == 1 ? "s" : "");
        print_release(stderr, row);
        fputs(", which an earlier deploy brought: if that is the bad one, ", stderr);
        if (json_object_get(row, "to"))
            fprintf(stderr, "`foyer rollback %lld`\n", json_int(row, "to"));
        else
            fputs("`foyer rollback N`, and `foyer releases` lists them\n", stderr);
    }
}

static void print_next(const json_t *next)
{
    size_t i;
    const json_t *row;
    json_array_foreach(next, i, row)
    {
        long long n = json_int(row, "clients");
        fputs("foyer: another `foyer rollback` would take ", stderr);
        print_release(stderr, row);
        fprintf(stderr, " from %lld client%s as well\n", n, plural(n));
        break; /* it is about the newest */
    }
}

static void print_disk(const struct cli *cli)
{
    struct live_files_count c;
    if (live_files_compare(cli->w, NULL, &c, NULL) != 0 || !c.files)
        return;
    fprintf(stderr,
            "foyer: the directory is as it was: %zu file%s differ%s from what runs, and "
            "the next `foyer deploy` makes %s live: `foyer diff --live` shows %s\n",
            c.files, plural((long long)c.files), c.files == 1 ? "s" : "",
            c.files == 1 ? "it" : "them", c.files == 1 ? "it" : "them");
}

/* Says how things stand: how many clients run which release, what is left to do, and that
 * the directory still has the other files. */
static int print_after(const struct cli *cli, const json_t *rows, int is_named,
                       struct err *e)
{
    json_t *after = rollback_after(store_db(cli->store), rows, e);
    if (!after)
        return -1;
    print_live(json_object_get(after, "live"));
    if (!is_named) {
        print_still(json_object_get(after, "still"));
        print_next(json_object_get(after, "next"));
    }
    print_disk(cli);
    json_decref(after);
    return 0;
}

/* Returns 65 when nothing was moved. */
static int print(const struct cli *cli, const json_t *rows, int is_named, struct err *e)
{
    size_t i, moved = 0;
    const json_t *row;
    json_array_foreach(rows, i, row)
    {
        moved += !json_object_get(row, "why");
    }
    if (cli->json) {
        cli_print_json(rows);
    } else {
        print_again(cli, rows);
        print_rows(rows);
    }
    if (!cli->json && !moved)
        fputs("foyer: nothing was changed; `foyer releases` lists the releases\n",
              stderr);
    else if (!cli->json && print_after(cli, rows, is_named, e) != 0)
        return -1;
    return moved ? 0 : err_exit_code(ERR_INVALID);
}

int cmd_rollback(struct cli *cli, struct err *e)
{
    struct rollback r = {.clients = &cli->clients};
    struct cli_option options[] = {CLI_CLIENTS(cli),
                                   {"only", CLI_LIST, &cli->named}, /* as deploy */
                                   {"m", CLI_VALUE, &r.reason},
                                   {NULL, CLI_FLAG, NULL}};
    if (cli_parse(cli, options, e) != 0 ||
        (cli->words.n && rollback_id(cli->words.items[0], &r.release, e) != 0))
        return -1;
    cli->clients.unknown = 1; /* the store says which client runs a release */
    cli->lenient = 1;
    if (cli_open(cli, e) != 0)
        return -1;
    json_t *rows = rollback_run(store_db(cli->store), &r, e);
    int code = rows ? print(cli, rows, r.release != 0, e) : -1;
    json_decref(rows);
    return code;
}
