#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/when.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "cli/timeline.h"
#include "core/jsontree.h"
#include "core/words.h"
#include "ops/status.h"

enum { NAMES_SHOWN = 6 };

/* Formats the member KEY, Unix seconds, as "2026-11-22 18:00 UTC (5 min ago)". */
static void format_time(const json_t *row, const char *key, char out[120])
{
    struct buf text;
    char span[64];
    int64_t ms = timeline_ms(row, key), away = clock_wall_ms() - ms;
    buf_init(&text, 64);
    when_format(&text, "%F %R UTC", ms / 1000, NULL);
    when_format_duration((double)(away < 0 ? -away : away) / 1000, span);
    snprintf(out, 120, "%s (%s%s%s)", buf_str(&text), away < 0 ? "in " : "", span,
             away < 0 ? "" : " ago");
    buf_free(&text);
}

static void format_bytes(int64_t bytes, char out[32])
{
    if (bytes < 1000 * 1000)
        snprintf(out, 32, "%.0f KB", (double)bytes / 1e3);
    else if (bytes < 1000 * 1000 * 1000)
        snprintf(out, 32, "%.1f MB", (double)bytes / 1e6);
    else
        snprintf(out, 32, "%.1f GB", (double)bytes / 1e9);
}

static const char *s_of(long long n)
{
    return n == 1 ? "" : "s";
}

/* ---- the lines ---- */

static void print_problems(const json_t *tree)
{
    size_t i;
    json_t *row;
    const json_t *problems = json_object_get(tree, "problems");
    json_array_foreach(problems, i, row)
    {
        const char *command = json_text(row, "command");
        table_printf(stdout, "! %s%s%s\n", json_text_or(row, "message", ""),
                     command ? ": " : "", command ? command : "");
    }
    if (json_array_size(problems) == 0)
        puts("fine: foyer runs, and nothing needs you");
}

static void print_processes(const json_t *tree)
{
    const json_t *rows = json_object_get(tree, "processes");
    const char *label = "processes";
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        char at[120];
        int is_dev = json_is_true(json_object_get(row, "dev"));
        int is_alive = json_is_true(json_object_get(row, "alive"));
        const char *address = json_text(row, "address"),
                   *version = json_text_or(row, "version", "");
        format_time(row, "since_at", at);
        if (is_alive)
            table_printf(stdout, "%-12s %s %lld since %s%s%s%s%s%s\n", label,
                         json_text_or(row, "role", ""), json_int(row, "pid"), at,
                         address ? ", on " : "", address ? address : "",
                         str_eq(version, FOYER_VERSION) ? "" : ", of version ",
                         str_eq(version, FOYER_VERSION) ? "" : version,
                         is_dev ? ", --dev: it runs the files, and no release" : "");
        else
            table_printf(stdout, "%-12s cron ran last at %s\n", label, at);
        label = "";
    }
    if (json_array_size(rows) == 0)
        printf("%-12s none\n", label);
}

/* Prints a line for each release that clients run besides the newest. */
static void print_others(const json_t *others)
{
    const char *client, *release;
    char number[32];
    json_t *id, *names, *by_release = json_object();
    json_object_foreach((json_t *)others, client, id)
    {
        snprintf(number, sizeof number, "%lld", json_integer_value(id));
        if (!json_object_get(by_release, number))
            json_object_set_new(by_release, number, json_array());
        json_array_append_new(json_object_get(by_release, number), json_string(client));
    }
    json_object_foreach(by_release, release, names)
    {
        char *list = json_join(names, NAMES_SHOWN);
        table_printf(stdout, "%-12s %s run%s %s\n", "", list,
                     json_array_size(names) == 1 ? "s" : "", release);
        free(list);
    }
    json_decref(by_release);
}

static void print_release(const json_t *tree)
{
    const json_t *release = json_object_get(tree, "release"),
                 *refused = json_object_get(tree, "refused"),
                 *differs = json_object_get(release, "differs"),
                 *others = json_object_get(release, "others");
    const char *note = json_text(release, "note");
    char at[120];
    if (json_is_object(release) && json_object_get(release, "id")) {
        format_time(release, "at", at);
        table_printf(stdout, "%-12s %lld, by %s, %s%s%s\n", "release",
                     json_int(release, "id"), json_text_or(release, "by", "?"), at,
                     note ? ": " : "", note ? note : "");
    } else if (!json_is_object(release)) {
        printf("%-12s none: the files on the disk run\n", "release");
    }
    print_others(others);
    if (json_array_size(differs)) {
        char *names = json_join(differs, NAMES_SHOWN);
        table_printf(stdout, "%-12s differs from what runs: %s (foyer diff --live)\n",
                     "on the disk", names);
        free(names);
    }
    if (json_text(tree, "unreadable"))
        table_printf(stdout, "%-12s cannot be read: %s\n", "on the disk",
                     json_text(tree, "unreadable"));
    if (refused) {
        format_time(refused, "at", at);
        table_printf(stdout, "%-12s the deploy by %s, %s:\n", "refused",
                     json_text_or(refused, "by", "?"), at);
        fputs("  ", stdout);
        table_print_lines(stdout, json_text_or(refused, "text", ""));
    }
}

static void print_mode(const json_t *tree)
{
    const char *why = json_text(tree, "mode_why");
    char *dry = json_join(json_object_get(tree, "dry"), NAMES_SHOWN);
    table_printf(stdout, "%-12s %s%s%s%s%s\n", "mode", json_text_or(tree, "mode", ""),
                 why ? ": " : "", why ? why : "", *dry ? "; dry: " : "", dry);
    free(dry);
}

static void print_connections(const json_t *tree)
{
    const json_t *all = json_object_get(tree, "connections");
    char *names = json_join(json_object_get(all, "reconnect"), NAMES_SHOWN);
    table_printf(stdout, "%-12s %lld ok%s%s\n", "connections", json_int(all, "ok"),
                 *names ? "; " WORD_NEEDS_RECONNECT ": " : "", names);
    free(names);
}

/* Prints "needs you    3 runs: acme 2, zed 1". */
static void print_needs(const json_t *tree, const char *label, const char *key)
{
    struct buf text;
    long long all = 0;
    size_t i;
    json_t *row;
    buf_init(&text, 64 * 1024);
    json_array_foreach(json_object_get(tree, "clients"), i, row)
    {
        long long n = json_int(row, key);
        if (!n)
            continue;
        buf_addf(&text, "%s%s %lld", all ? ", " : ": ", json_text_or(row, "client", ""),
                 n);
        all += n;
    }
    if (all)
        table_printf(stdout, "%-15s %lld run%s%s\n", label, all, s_of(all),
                     buf_str(&text));
    buf_free(&text);
}

static void print_pauses(const json_t *tree)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(tree, "pauses"), i, row)
    {
        char at[120];
        format_time(row, "paused_at", at);
        const char *reason = json_text_or(row, "reason", "");
        table_printf(stdout, "%-12s client %s, recipe %s, since %s%s%s\n", WORD_PAUSED,
                     json_text_or(row, "client", ""), json_text_or(row, "recipe", ""), at,
                     *reason ? ": " : "", reason);
    }
}

static void print_queue(const json_t *tree)
{
    const json_t *queue = json_object_get(tree, "queue"),
                 *runs = json_object_get(tree, "runs");
    long long deliveries = json_int(queue, "deliveries");
    char at[120] = "";
    if (json_object_get(queue, "oldest_at"))
        format_time(queue, "oldest_at", at);
    table_printf(stdout, "%-12s %lld webhook%s%s%s; %lld runs wait, %lld run now\n",
                 "queue", deliveries, s_of(deliveries), *at ? ", the oldest of " : "", at,
                 json_int(runs, "waiting"), json_int(runs, "running"));
}

static void print_disk(const json_t *tree)
{
    const json_t *disk = json_object_get(tree, "disk");
    int64_t a_day = json_int(disk, "bytes_a_day");
    char store[32], left[32], grows[32], at[120] = "";
    format_bytes(json_int(disk, "store_bytes"), store);
    format_bytes(json_int(disk, "free_bytes"), left);
    format_bytes(a_day, grows);
    if (json_object_get(disk, "full_at"))
        format_time(disk, "full_at", at);
    table_printf(stdout, "%-12s %s are free; the store has %s", "disk", left, store);
    if (a_day > 0)
        table_printf(stdout, ", %s more a day%s%s", grows, *at ? ": full " : "", at);
    putchar('\n');
}

static void print_page(const struct cli *cli, const json_t *tree)
{
    const json_t *clients = json_object_get(tree, "clients");
    print_problems(tree);
    putchar('\n');
    print_processes(tree);
    print_release(tree);
    print_mode(tree);
    print_connections(tree);
    print_needs(tree, WORD_NEEDS_YOU, "needs_you");
    print_needs(tree, WORD_NEEDS_RECONNECT, "held");
    print_pauses(tree);
    print_queue(tree);
    print_disk(tree);
    if (json_array_size(clients) == 0)
        return;
    putchar('\n');
    cli_print_rows(cli, clients, "client last_event_at last_reply_at mode release");
}

int cmd_status(struct cli *cli, struct err *e)
{
    const struct cli_option options[] = {CLI_CLIENTS(cli), {NULL, CLI_FLAG, NULL}};
    if (cli_begin(cli, options, e) != 0)
        return -1;
    json_t *tree = status_read(cli->w, &cli->clients, e);
    if (!tree)
        return -1;
    int code = status_code(tree);
    json_object_set_new(tree, "exit", json_integer(code));
    if (cli->json)
        cli_print_json(tree);
    else
        print_page(cli, tree);
    json_decref(tree);
    return code;
}
