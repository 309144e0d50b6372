#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/names.h"
#include "base/array.h"
#include "base/buf.h"
#include "base/str.h"

static json_t *row_of(const struct cli_command *c)
{
    return json_pack("{s:s, s:s, s:s}", "name", c->name, "usage", c->usage, "about",
                     c->about);
}

static const struct cli_command *find(const struct cli *cli, const char *name)
{
    const struct cli_command *c = cli->commands;
    while (c->name && strcmp(c->name, name) != 0)
        c++;
    return c->name ? c : NULL;
}

/* Appends what NAME is called here: of those commands that this program has. */
static void add_instead(const struct cli *cli, const char *name, struct buf *out)
{
    const char *line;
    for (int i = 0; (line = names_instead(name, i)); i++) {
        const char *word = strchr(line, ' ') + 1;
        char *command = xmemdup0(word, strcspn(word, " "));
        if (find(cli, command))
            buf_addf(out, "%s`%s`", out->len ? " or " : "", line);
        free(command);
    }
}

int cli_unknown_command(const struct cli *cli, const char *name)
{
    const char **names = NULL;
    size_t n = 0;
    struct err e = {0};
    for (const struct cli_command *c = cli->commands; c->name; c++) {
        array_grow(names, n);
        names[n++] = c->name;
    }
    struct buf instead;
    buf_init(&instead, 1024);
    add_instead(cli, name, &instead);
    const char *near = instead.len ? NULL : str_nearest(name, names, n);
    err_set(&e, ERR_USAGE,
            "there is no command \"%.64s\"%s%s%s%s%s; `foyer help` lists them", name,
            instead.len ? "; what you look for may be " : "", buf_str(&instead),
            near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    buf_free(&instead);
    free(names);
    return cli_fail(cli, &e);
}

static void print_all(const struct cli *cli)
{
    json_t *rows = json_array();
    for (const struct cli_command *c = cli->commands; c->name; c++)
        json_array_append_new(rows, row_of(c));
    if (cli->json) {
        cli_print_json(rows);
    } else {
        puts("foyer runs Front for an agency's clients.\n\n"
             "usage: foyer [-w WORKSPACE] COMMAND [--json] …\n");
        for (const struct cli_command *c = cli->commands; c->name; c++)
            printf("  %-12s %s\n", c->name, c->about);
        puts("\n`foyer help COMMAND` shows its options; man foyer has it all.");
    }
    json_decref(rows);
}

static void print_one(const struct cli *cli, const struct cli_command *c)
{
    if (cli->json)
        cli_print_new(row_of(c));
    else
        printf("usage: foyer %s%s%s [--json]\n\n%s\n", c->name, *c->usage ? " " : "",
               c->usage, c->about);
}

int cmd_help(struct cli *cli, struct err *e)
{
    if (cli_begin(cli, cli_no_options, e) != 0)
        return -1;
    if (cli->words.n == 0) {
        print_all(cli);
        return 0;
    }
    const struct cli_command *c = find(cli, cli->words.items[0]);
    if (!c)
        return cli_unknown_command(cli, cli->words.items[0]);
    print_one(cli, c);
    return 0;
}
