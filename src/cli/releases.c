#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/changes.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "cli/timeline.h"
#include "core/jsontree.h"
#include "ops/release_list.h"
#include "ops/rollback.h"
#include "base/str.h"
#include "store/release.h"

enum { REVISION_SHOWN = 12, LIMIT = 20 };

static void shorten(json_t *row)
{
    const char *revision = json_text(row, "revision");
    char text[80];
    if (!revision)
        return;
    snprintf(text, sizeof text, "%.*s%s", REVISION_SHOWN, revision,
             strchr(revision, '-') ? "-dirty" : "");
    json_object_set_new(row, "revision", json_string(text));
}

static void print_refused(void *arg, int64_t at_ms, const char *by, const char *text)
{
    char at[40];
    struct timeline t = timeline_for(arg, NULL);
    timeline_format(&t, at_ms, at);
    table_printf(stderr, "foyer: the last deploy was refused, at %s, by %s:\n", at, by);
    table_print_lines(stderr, text);
}

/* Prints which clients a command moved, when, and what it was. */
static void print_move(const struct timeline *t, const json_t *move)
{
    enum { NAMED = 3 };
    const json_t *clients = json_object_get(move, "clients");
    size_t n = json_array_size(clients);
    int server = json_is_true(json_object_get(move, "server"));
    long long old = json_int(move, "old"), new = json_int(move, "new");
    const char *why = json_text(move, "why");
    char at[40];
    timeline_format(t, timeline_ms(move, "at"), at);
    table_printf(stdout, "%s by %s: ", at, json_text_or(move, "by", ""));
    for (size_t i = 0; i < n && n <= NAMED; i++)
        table_printf(stdout, "%s%s", i ? ", " : "",
                     json_string_value(json_array_get(clients, i)));
    if (n > NAMED)
        printf("%zu clients", n);
    if (server)
        printf("%sthe server itself", n ? " and " : "");
    if (old)
        printf(" from release %lld", old);
    if (new)
        printf(" to %s%lld", old ? "" : "release ", new);
    else
        fputs(" to none", stdout);
    if (why)
        table_printf(stdout, " (%s)", why);
    putchar('\n');
}

/* Prints the rollbacks that took clients away from one of ROWS. */
static void print_rollbacks(const struct cli *cli, const json_t *rows)
{
    struct timeline t = timeline_for(cli->w, NULL);
    size_t i, k, n = 0;
    const json_t *row, *move;
    json_array_foreach(rows, i, row)
    {
        json_array_foreach(json_object_get(row, "moves"), k, move)
        {
            if (json_int(move, "old") != json_int(row, "id") ||
                !str_starts(json_text_or(move, "why", ""), "rollback"))
                continue;
            if (n++ == 0)
                puts("\nrolled back:");
            print_move(&t, move);
        }
    }
}

/* Takes all but the first LIMIT of ROWS out, and says so. */
static void shorten_list(json_t *rows, size_t limit)
{
    size_t n = json_array_size(rows), more = n > limit ? n - limit : 0;
    while (n > limit)
        json_array_remove(rows, --n);
    if (more)
        fprintf(stderr, "foyer: there %s %zu more release%s: --limit shows more\n",
                more == 1 ? "is" : "are", more, more == 1 ? "" : "s");
}

static int show_all(const struct cli *cli, int64_t limit, struct err *e)
{
    json_t *rows = release_list(store_db(cli->store), e), *row;
    size_t i;
    if (!rows)
        return -1;
    if (cli->json) {
        cli_print_json(rows);
    } else if (json_array_size(rows)) {
        shorten_list(rows, (size_t)limit);
        json_array_foreach(rows, i, row)
        {
            shorten(row);
            json_object_set(row, "made_at", json_object_get(row, "at"));
            json_object_set_new(row, "run_by",
                                json_integer((json_int_t)json_array_size(
                                    json_object_get(row, "clients"))));
        }
        cli_print_rows(cli, rows, "id made_at by revision run_by note");
        print_rollbacks(cli, rows);
    } else {
        fputs("foyer: there is no release yet: `foyer deploy` makes one\n", stderr);
    }
    json_decref(rows);
    if (!cli->json)
        return release_refused_get(store_db(cli->store), print_refused, cli->w, e);
    return 0;
}

/* Returns the names as one text, as a new value. */
static json_t *joined(const json_t *names)
{
    char *text = json_join(names, 0);
    json_t *out = json_string(text);
    free(text);
    return out;
}

static void print_one(const struct cli *cli, const json_t *row)
{
    static const char *const members[] = {"by", "revision", "note"};
    char at[40];
    size_t i;
    const json_t *move;
    struct timeline t = timeline_for(cli->w, NULL);
    json_t *shown = json_pack("{s:O}", "release", json_object_get(row, "id"));
    timeline_format(&t, timeline_ms(row, "at"), at);
    json_object_set_new(shown, "made_at", json_string(at));
    for (i = 0; i < sizeof members / sizeof *members; i++)
        json_object_set(shown, members[i], json_object_get(row, members[i]));
    json_object_set_new(shown, "clients", joined(json_object_get(row, "has")));
    json_object_set_new(shown, "run_by", joined(json_object_get(row, "clients")));
    table_print_object(shown);
    json_decref(shown);
    if (json_array_size(json_object_get(row, "moves")))
        puts("\nwhich clients came and went:");
    json_array_foreach(json_object_get(row, "moves"), i, move)
    {
        print_move(&t, move);
    }
    if (json_array_size(json_object_get(row, "files")))
        puts("\nbeside what its clients ran before:");
}

static int show_one(const struct cli *cli, struct err *e)
{
    int64_t id;
    if (rollback_id(cli->words.items[0], &id, e) != 0)
        return -1;
    json_t *row = release_list_one(store_db(cli->store), id, e);
    if (!row)
        return -1;
    if (cli->json) {
        cli_print_json(row);
    } else {
        print_one(cli, row);
        changes_print(stdout, json_object_get(row, "files"), 0);
    }
    json_decref(row);
    return 0;
}

int cmd_releases(struct cli *cli, struct err *e)
{
    const char *typed = NULL;
    int64_t limit = LIMIT;
    const struct cli_option options[] = {{"limit", CLI_VALUE, &typed},
                                         {NULL, CLI_FLAG, NULL}};
    if (cli_parse(cli, options, e) != 0)
        return -1;
    if (typed && (str_parse_int(typed, &limit) != 0 || limit < 1))
        return cli_usage_error(cli, e, "--limit is a number from 1 on");
    if (cli_open(cli, e) != 0)
        return -1;
    return cli->words.n ? show_one(cli, e) : show_all(cli, limit, e);
}
