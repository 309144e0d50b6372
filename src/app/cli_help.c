#include <stdio.h>
#include <string.h>

#include "app/cli.h"
#include "base/str.h"

static const struct {
    const char *name, *usage, *about;
} help[] = {
    {"init", "DIR", "makes a workspace with one example client, and the sealing key"},
    {"connect",
     "CLIENT [--link|--paste|--token-file FILE|-] [--app APP] [--api-url URL] "
     "[--oauth-url URL] [--replace]",
     "connects a client's company by OAuth, or by an API token; makes a missing client"},
    {"connections", "",
     "lists which client is connected to which company, and how it is"},
    {"disconnect", "CLIENT [--app APP]", "forgets a client's connection"},
    {"refresh", "CLIENT|--all [--app APP]", "refreshes tokens now"},
    {"serve", "[--listen ADDRESS:PORT] [--workers N]",
     "takes webhooks, keeps workers alive, answers consents (--link) and /healthz"},
    {"call",
     "ACTION --client C [key=value …] [--input FILE] [--all] [--wait D] [--dry-run]",
     "calls one action: key=value is typed by its input, key:=JSON, key=@FILE"},
    {"run",
     "RECIPE --client C|--all-clients [--conversation ID|--event FILE] [key=value …] "
     "[--input FILE] [--dry-run]",
     "runs a recipe by hand or from cron; key=value are its options"},
    {"cron", "",
     "does all that is due: deliveries, cron times, retries, wake-ups; once a minute "
     "from "
     "a crontab"},
    {"work", "[--wake-fd N] [--stats-fd N]",
     "does the same for as long as it runs; serve starts it"},
    {"trace", "CONVERSATION|EVENT|RUN|ADDRESS [--client C]",
     "tells what became of it: delivery, triggers, runs, their steps, the outcome"},
    {"runs",
     "list | show ID | retry ID|FILTER [--new-code] | resolve ID --happened|"
     "--not-happened [--result JSON] | cancel ID|FILTER [--reason TEXT]; FILTER: "
     "[--client C] [--recipe R] [--state STATE,…] [--since TIME] [--limit N]; --dry-run",
     "lists and steers runs; retry --dry-run shows what would be sent"},
    {"events",
     "list | show ID | replay ID|FILTER [--dry-run]; FILTER: [--client C] "
     "[--state STATE,…] [--since TIME] [--limit N]",
     "lists what came in, and why triggers fired or not; replay looks at it again"},
    {"hooks", "[CLIENT]",
     "shows the webhook URLs, where they go in Front, their keys, and what was refused"},
    {"pause", "[--client C] [--recipe R] [--all] [--reason TEXT]",
     "holds runs, or shows what is held; deliveries are accepted all the same"},
    {"resume", "--client C|--recipe R|--all", "lets held runs go on, suspended ones too"},
    {"actions", "[NAME] [--client C]", "lists the actions, or shows one's manual"},
    {"recipes", "[NAME] [--client C]",
     "lists the recipes and who has them on, or shows one"},
    {"triggers", "[NAME] [--client C]", "lists the triggers, or shows one"},
    {"which", "NAME|FILE [--client C]",
     "shows which layers have a script or template, and which is in force"},
    {"diff", "NAME|FILE [--client C]",
     "compares a file with the one that it lies over; ends with 1 when they differ"},
    {"render", "TEMPLATE --client C [--conversation ID|--data FILE|k=v …]",
     "renders a template and names unknown variables"},
    {"check", "[CLIENT …]", "checks settings, scripts and templates, offline"},
    {"ids", "--client C [--write] [--app APP]",
     "shows the company's ids by name, or writes ids.lua"},
    {"secret", "set NAME [--from FILE] [--add] | list | rm NAME [--version N]",
     "keeps secrets, sealed"},
    {"doctor", "",
     "looks after key, store, clock, connections, limits and scopes; ends with 65 or 77"},
    {"vault", "rekey",
     "seals all tokens and secrets again, under a new key; may be cut off at any point"},
    {"mock",
     "[--listen ADDR] [--token T] [--teammate-token T] [--seed N] [--company NAME] "
     "[--companies N] [--epoch SECONDS|start] [--client-id ID] [--client-secret SECRET] "
     "[--redirect-uri URL] [--webhook URL] [--signing-key KEY] [--rule-key KEY]",
     "a Front company on localhost"},
    {"help", "[COMMAND]", "shows this"},
    {"version", "", "shows the versions of foyer and its libraries"},
};

enum { COMMANDS = sizeof help / sizeof *help };

int cmd_help(struct cli *cli, int argc, char **argv)
{
    (void)cli;
    if (argc < 2) {
        puts("foyer runs Front for an agency's clients.\n\nusage: foyer [-w WORKSPACE] "
             "COMMAND "
             "[--json] …\n");
        for (size_t i = 0; i < COMMANDS; i++)
            printf("  %-12s %s\n", help[i].name, help[i].about);
        puts("\n`foyer help COMMAND` shows its options; man foyer has it all.");
        return 0;
    }
    const char *names[COMMANDS];
    for (size_t i = 0; i < COMMANDS; i++) {
        names[i] = help[i].name;
        if (strcmp(argv[1], help[i].name) != 0)
            continue;
        printf("usage: foyer %s%s%s [--json]\n\n%s\n", help[i].name,
               *help[i].usage ? " " : "", help[i].usage, help[i].about);
        return 0;
    }
    const char *near = str_nearest(argv[1], names, COMMANDS);
    fprintf(stderr, "foyer: there is no command \"%s\"%s%s%s; `foyer help` lists them\n",
            argv[1], near ? "; did you mean \"" : "", near ? near : "",
            near ? "\"?" : "");
    return 64;
}
