#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "base/str.h"

static const struct {
    const char *name, *usage, *about;
} help[] = {
    {"init", "DIR", "makes a workspace with one example client, and the sealing key"},
    {"connect",
     "CLIENT [--link|--paste|--token-file FILE|-] [--app APP] [--api-url URL] "
     "[--oauth-url URL] [--replace]",
     "connects a client, a new one too, by OAuth or by an API token"},
    {"connections", "",
     "lists which client is connected to which company, and how it is"},
    {"disconnect", "CLIENT [--app APP]", "forgets a client's connection"},
    {"refresh", "CLIENT|--all [--app APP]", "refreshes tokens now"},
    {"serve", "[--listen ADDRESS:PORT] [--workers N]",
     "takes webhooks and runs what they start; answers consents"},
    {"call",
     "ACTION --client C [key=value …] [--input FILE] [--all] [--wait D] [--dry-run]",
     "calls one action with key=value, key:=JSON, key=@FILE"},
    {"run",
     "RECIPE --client C|--all-clients [--conversation ID|--event FILE] [key=value …] "
     "[--input FILE] [--dry-run]",
     "runs a recipe by hand; key=value are its options"},
    {"cron", "", "does all that is due, once: for a crontab, every minute"},
    {"work", "[--wake-fd N] [--stats-fd N]",
     "does the same for as long as it runs; serve starts it"},
    {"trace", "CONVERSATION|EVENT|RUN|ADDRESS [--client C]",
     "tells what became of it: delivery, triggers, runs, the outcome"},
    {"runs",
     "list | show ID | retry ID|FILTER [--new-code] | resolve ID --happened|"
     "--not-happened [--result JSON] | cancel ID|FILTER [--reason TEXT]; FILTER: "
     "[--client C] [--recipe R] [--state STATE,…] [--since TIME] [--limit N]; --dry-run",
     "lists and steers runs; retry --dry-run shows what would be sent"},
    {"events",
     "list | show ID | replay ID|FILTER [--dry-run]; FILTER: [--client C] "
     "[--state STATE,…] [--since TIME] [--limit N]",
     "lists what came in, why triggers fired or not; replays it"},
    {"hooks", "[CLIENT]",
     "shows webhook URLs, where they go, their keys, what was refused"},
    {"pause", "[--client C] [--recipe R] [--all] [--reason TEXT]",
     "holds runs, or shows what is held; deliveries are accepted"},
    {"resume", "--client C [--recipe R] | --recipe R | --all",
     "lets held runs go on, suspended ones too"},
    {"actions", "[NAME] [--client C]", "lists the actions, or shows one's manual"},
    {"recipes", "[NAME] [--client C]",
     "lists the recipes and who has them on, or shows one"},
    {"triggers", "[NAME] [--client C]", "lists the triggers, or shows one"},
    {"which", "NAME|FILE [--client C]",
     "shows which layers have a file, and which is in force"},
    {"diff", "NAME|FILE [--client C]", "compares a file with the one that it lies over"},
    {"render", "TEMPLATE --client C [--conversation ID|--data FILE|k=v …]",
     "renders a template and names unknown variables"},
    {"check", "[CLIENT …]", "checks settings, scripts and templates, offline"},
    {"ids", "--client C [--write] [--app APP]",
     "shows the company's ids by name, or writes ids.lua"},
    {"secret", "set NAME [--from FILE] [--add] | list | rm NAME [--version N]",
     "keeps secrets, sealed"},
    {"doctor", "", "looks after key, store, clock, connections, limits and scopes"},
    {"vault", "rekey", "seals all tokens and secrets again, under a new key"},
    {"mock",
     "[--listen ADDR] [--token T] [--teammate-token T] [--seed N] [--company NAME] "
     "[--companies N] [--epoch SECONDS|start] [--client-id ID] [--client-secret SECRET] "
     "[--redirect-uri URL] [--webhook URL] [--signing-key KEY] [--rule-key KEY]",
     "a Front company on localhost"},
    {"help", "[COMMAND]", "shows this, or one command's options"},
    {"version", "", "shows the versions of foyer and its libraries"},
};

enum { COMMANDS = sizeof help / sizeof *help };

static json_t *row_of(size_t i)
{
    return json_pack("{s:s, s:s, s:s}", "name", help[i].name, "usage", help[i].usage,
                     "about", help[i].about);
}

int cli_unknown_command(const struct cli *cli, const char *name)
{
    const char *names[COMMANDS];
    struct err e = {0};
    for (size_t i = 0; i < COMMANDS; i++)
        names[i] = help[i].name;
    const char *near = str_nearest(name, names, COMMANDS);
    err_set(&e, ERR_USAGE, "there is no command \"%.64s\"%s%s%s; `foyer help` lists them",
            name, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    return cli_fail(cli, &e);
}

static void print_all(const struct cli *cli)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < COMMANDS; i++)
        json_array_append_new(rows, row_of(i));
    if (cli->json) {
        cli_print_json(rows);
    } else {
        puts("foyer runs Front for an agency's clients.\n\n"
             "usage: foyer [-w WORKSPACE] COMMAND [--json] …\n");
        for (size_t i = 0; i < COMMANDS; i++)
            printf("  %-12s %s\n", help[i].name, help[i].about);
        puts("\n`foyer help COMMAND` shows its options; man foyer has it all.");
    }
    json_decref(rows);
}

int cmd_help(struct cli *cli, int argc, char **argv)
{
    struct cli_option options[] = {{NULL, CLI_FLAG, NULL}};
    struct cli_list rest = {0};
    struct err e = {0};
    int code = 0;
    size_t i = 0;
    if (cli_parse(cli, argc, argv, options, &rest, 0, 1, "help [COMMAND]", &e) != 0) {
        code = cli_fail(cli, &e);
    } else if (rest.n == 0) {
        print_all(cli);
    } else {
        while (i < COMMANDS && strcmp(rest.items[0], help[i].name) != 0)
            i++;
        if (i == COMMANDS) {
            code = cli_unknown_command(cli, rest.items[0]);
        } else if (cli->json) {
            json_t *row = row_of(i);
            cli_print_json(row);
            json_decref(row);
        } else {
            printf("usage: foyer %s%s%s [--json]\n\n%s\n", help[i].name,
                   *help[i].usage ? " " : "", help[i].usage, help[i].about);
        }
    }
    free(rest.items);
    return code;
}
