#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/table.h"
#include "cli/timeline.h"
#include "base/printable.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "work/mode.h"

/* ---- JSON ---- */

json_t *cli_sorted(const json_t *tree)
{
    char *text = json_dumps(tree, JSON_SORT_KEYS | JSON_ENCODE_ANY);
    json_t *sorted =
        text ? json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) : NULL;
    free(text);
    /* jansson cannot read a name that holds a NUL */
    return sorted ? sorted : json_incref((json_t *)tree);
}

static void print_tree(const json_t *tree, int depth);

static void print_line(int depth)
{
    printf("\n%*s", 2 * depth, "");
}

/* Prints the fewest digits that read as the same number; jansson would print 17, so that
 * 1767221232.991 becomes 1767221232.9909999. */
static void print_real(double value)
{
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    fputs(text, stdout);
    if (!strpbrk(text, ".e"))
        fputs(".0", stdout);
}

static void print_scalar(const json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY);
    char *shown = text ? printable_json(text, strlen(text)) : xstrdup("null");
    fputs(shown, stdout);
    free(shown);
    free(text);
}

static void print_object(const json_t *tree, int depth)
{
    const char *between = "{", *name;
    size_t len;
    json_t *value;
    json_object_keylen_foreach((json_t *)tree, name, len, value)
    {
        fputs(between, stdout);
        between = ",";
        print_line(depth + 1);
        json_t *text = json_stringn(name, len);
        print_scalar(text);
        json_decref(text);
        fputs(": ", stdout);
        print_tree(value, depth + 1);
    }
    print_line(depth);
    putchar('}');
}

static void print_tree(const json_t *tree, int depth)
{
    if (json_is_real(tree)) {
        print_real(json_real_value(tree));
    } else if (json_is_object(tree) && json_object_size(tree)) {
        print_object(tree, depth);
    } else if (json_is_array(tree) && json_array_size(tree)) {
        for (size_t i = 0; i < json_array_size(tree); i++) {
            putchar(i ? ',' : '[');
            print_line(depth + 1);
            print_tree(json_array_get(tree, i), depth + 1);
        }
        print_line(depth);
        putchar(']');
    } else {
        print_scalar(tree);
    }
}

void cli_print_json(const json_t *tree)
{
    json_t *sorted = cli_sorted(tree);
    print_tree(sorted, 0);
    putchar('\n');
    json_decref(sorted);
}

void cli_print_new(json_t *tree)
{
    cli_print_json(tree);
    json_decref(tree);
}

/* ---- results ---- */

void cli_print_body(const json_t *body)
{
    if (json_is_string(body))
        table_print_lines(stdout, json_string_value(body));
    else if (body)
        cli_print_json(body);
}

void cli_print_whole(const struct cli *cli, size_t nids, const json_t *rows,
                     void (*print)(const struct cli *cli, const json_t *row))
{
    size_t i;
    json_t *row;
    if (cli->json) {
        cli_print_json(nids == 1 ? json_array_get(rows, 0) : rows);
        return;
    }
    json_array_foreach(rows, i, row)
    {
        if (i)
            putchar('\n');
        print(cli, row);
    }
}

int cli_fail_alone(size_t nids, const json_t *rows, enum err_kind kind, struct err *e)
{
    if (kind == ERR_NONE || nids == 0 || json_array_size(rows) != 1)
        return 0;
    return err_set(e, kind, "%s", json_text_or(json_array_get(rows, 0), "error", ""));
}

void cli_print_rows(const struct cli *cli, const json_t *rows, const char *columns)
{
    if (cli->json) {
        cli_print_json(rows);
        return;
    }
    json_t *list = json_array();
    char *names = xstrdup(columns), *rest = names, *name;
    while ((name = strsep(&rest, " ")))
        json_array_append_new(list, json_string(name));
    table_print(rows, list);
    json_decref(list);
    free(names);
}

void cli_print_value(const json_t *value)
{
    if (json_is_object(value) && json_object_size(value) == 0) {
        puts("{}"); /* the API had nothing to say */
    } else if (json_is_object(value)) {
        table_print_object(value);
    } else if (json_is_string(value)) {
        table_print_text(stdout, json_string_value(value));
        putchar('\n');
    } else if (value && !json_is_null(value)) {
        cli_print_json(value);
    }
}

/* ---- rehearsals ---- */

static void print_request(FILE *to, const json_t *body)
{
    char *text = json_is_string(body) ? xstrdup(json_string_value(body))
                 : body               ? json_dumps(body, JSON_INDENT(2) | JSON_ENCODE_ANY)
                                      : NULL;
    if (text) {
        fputs("  ", to);
        table_print_lines(to, text);
    }
    free(text);
}

void cli_print_rehearsal(FILE *to, struct workspace *w, const char *client,
                         const json_t *answer)
{
    const json_t *send = json_object_get(answer, "would_send");
    const json_t *look = json_object_get(answer, "would_look_for");
    const char *text;
    if (send) {
        const json_t *all = json_object_get(answer, "writes");
        size_t i;
        json_t *one = json_pack("[O]", send), *write;
        json_array_foreach(all ? (json_t *)all : one, i, write)
        {
            table_printf(to, "%swould send %s %s\n", i ? "  and then " : "",
                         json_text(write, "method"), json_text(write, "to"));
            print_request(to, json_object_get(write, "body"));
        }
        json_decref(one);
        if ((text = json_text(answer, "would_fail")))
            table_printf(to, "  and would then fail: %s\n", text);
    } else if (look) {
        fputs("cannot tell whether its write was done: foyer would look for it\n", to);
        print_request(to, look);
    } else if ((text = json_text(answer, "would_skip"))) {
        table_printf(to, "would be skipped: %s\n", text);
    } else if ((text = json_text(answer, "would_fail"))) {
        table_printf(to, "would fail: %s\n", text);
    } else if (json_object_get(answer, "would_wait_until")) {
        struct timeline t = timeline_for(w, client);
        char at[40];
        timeline_format(&t, timeline_ms(answer, "would_wait_until"), at);
        table_printf(to, "would send nothing and wait until %s\n", at);
    } else {
        fputs("would end without sending anything\n", to);
    }
}

void cli_say_dry(const struct cli *cli, const char *client, const json_t *result)
{
    const char *why;
    if (json_object_get(result, "dry_run") &&
        work_mode(cli->w, client, &why) != MODE_LIVE)
        table_printf(stderr, "foyer: client %s: nothing was sent: %s\n", client, why);
}
