#include "ops/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/cli.h"
#include "cli/page.h"
#include "cli/table.h"
#include "cli/timeline.h"
#include "core/jsontree.h"

static void print_quote(const char *quote)
{
    char *copy = xstrdup(quote), *rest = copy, *line;
    while ((line = strsep(&rest, "\n")))
        table_printf(stdout, "      | %s\n", line);
    free(copy);
}

static void print_item(const struct timeline *t, const json_t *item)
{
    const char *quote = json_text(item, "quote"), *hash = json_text(item, "body_hash");
    char at[40];
    size_t i;
    json_t *row;
    timeline_format(t, timeline_ms(item, "at"), at);
    printf("  %s\n", at);
    table_printf(stdout, "    %s\n", json_text_or(item, "text", ""));
    if (quote)
        print_quote(quote);
    json_array_foreach(json_object_get(item, "templates"), i, row)
    {
        char *text = timeline_template(row);
        table_printf(stdout, "    %s\n", text);
        free(text);
    }
    if (hash)
        table_printf(stdout, "    The text is not kept any more; its SHA-256: %s\n",
                     hash);
}

static void print_conversation(const struct timeline *t, const json_t *tree)
{
    const char *subject = json_text(tree, "subject"),
               *id = json_text(tree, "conversation");
    size_t i;
    json_t *item;
    if (subject)
        table_printf(stdout, "\n\"%s\" (%s)\n", subject, id ? id : "");
    else
        table_printf(stdout, "\n%s\n", id ? id : "Without a conversation");
    json_array_foreach(json_object_get(tree, "summary"), i, item)
    {
        table_printf(stdout, "%s\n", json_string_value(item));
    }
    if (json_text(tree, "note"))
        table_printf(stdout, "Told from what foyer has stored: %s\n",
                     json_text_or(tree, "note", ""));
    putchar('\n');
    json_array_foreach(json_object_get(tree, "items"), i, item)
    {
        print_item(t, item);
    }
}

static void print(const struct timeline *t, const json_t *tree)
{
    size_t i;
    json_t *one;
    table_printf(stdout, "%s, %s (times in %s)\n", json_text_or(tree, "what", ""),
                 json_text_or(tree, "name", ""), t->zone_name);
    json_array_foreach(json_object_get(tree, "conversations"), i, one)
    {
        print_conversation(t, one);
    }
    if (json_is_true(json_object_get(tree, "more")))
        fputs("foyer: there is more; these are the newest\n", stderr);
}

static int show(struct cli *cli, const char *html, json_t *tree, struct err *e)
{
    struct timeline t = timeline_for(cli->w, cli->client);
    if (html && page_write(html, tree, &t, e) != 0)
        return -1;
    if (cli->json) {
        json_object_set_new(tree, "timezone", json_string(t.zone_name));
        cli_print_json(tree);
    } else if (html) {
        table_printf(stderr, "foyer: %s is written: it shows what customers wrote\n",
                     html);
    } else {
        print(&t, tree);
    }
    return 0;
}

int cmd_explain(struct cli *cli, struct err *e)
{
    const char *html = NULL;
    struct cli_option options[] = {{"client", CLI_VALUE, &cli->client},
                                   {"html", CLI_VALUE, &html},
                                   {NULL, CLI_FLAG, NULL}};
    if (cli_begin(cli, options, e) != 0)
        return -1;
    const char *const *words = cli->words.items;
    char *what =
        cli->words.n == 2 ? xasprintf("%s %s", words[0], words[1]) : xstrdup(words[0]);
    const struct explain_ask ask = {what, cli->client, timeline_progress};
    json_t *tree = explain_find(cli->report, cli->session, &ask, e);
    free(what);
    int rc = tree ? show(cli, html, tree, e) : -1;
    json_decref(tree);
    return rc;
}
