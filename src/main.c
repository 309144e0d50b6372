#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/cli.h"
#include "base/log.h"

#define CLIENTS                                                                          \
    "[--client CLIENT,…] [--group GROUP,…] [--all-clients] [--except CLIENT,…]"
#define FILTER CLIENTS " [--recipe RECIPE] [--state STATE,…] [--since TIME] [--limit N]"

/* In the order of `foyer help`. */
static const struct cli_command commands[] = {
    {"init", cmd_init, 0, 1, 1, "DIR",
     "makes a workspace with one example client, and the sealing key"},
    {"connect", cmd_connect, CLI_WORKSPACE, 0, 1,
     "CLIENT [--link|--paste|--token-file FILE|-] [--app APP] [--api-url URL] "
     "[--oauth-url URL] [--replace] | " CLIENTS " [--link]",
     "connects a client, a new one too, by OAuth or by an API token"},
    {"clients", cmd_clients, CLI_WORKSPACE | CLI_STORE, 0, 0, CLIENTS,
     "lists the clients: connected, what came last, what needs a person"},
    {"client", cmd_client, CLI_WORKSPACE | CLI_REPORT, 1, 2,
     "[show] CLIENT [--wait] [--app APP] | add CLIENT [--name TEXT] [--from CLIENT] "
     "[--group "
     "GROUP,…] [--link "
     "[--wait]] [--app APP] [--api-url URL] [--oauth-url URL] | remove CLIENT [--export "
     "FILE] [--files] [--copies] [--yes]",
     "adds a client; shows what is done until it runs; removes one"},
    {"connections", cmd_connections, CLI_WORKSPACE | CLI_STORE, 0, 0, CLIENTS,
     "lists which client is connected to which company, and how it is"},
    {"disconnect", cmd_disconnect, CLI_WORKSPACE | CLI_STORE, 1, 1, "CLIENT [--app APP]",
     "forgets a client's connection"},
    {"refresh", cmd_refresh, CLI_WORKSPACE | CLI_STORE | CLI_SESSION, 0, 1,
     "CLIENT|--all|" CLIENTS " [--app APP]", "refreshes tokens now"},
    {"serve", cmd_serve, CLI_WORKSPACE | CLI_LIVE, 0, 0,
     "[--listen ADDRESS:PORT] [--workers N] [--dev]",
     "takes webhooks and runs what they start; answers consents"},
    {"reload", cmd_reload, CLI_WORKSPACE | CLI_STORE, 0, 0, "[--no-wait]",
     "puts foyer.lua's settings of the server, and connectors, in force"},
    {"call", cmd_call, CLI_WORKSPACE | CLI_NEED_CLIENT | CLI_SESSION | CLI_LIVE, 1, 1000,
     "ACTION --client CLIENT [key=value …] [--input FILE] [--all] [--wait DURATION] "
     "[--dry-run] [--dev] [--output FILE [--force]] [--each FILE|- [--csv|--jsonl] "
     "[--jobs N] "
     "[--retry-failed] "
     "[--again|--skip-done]]",
     "calls one action with key=value, key:=JSON, key=@FILE"},
    {"api", cmd_api, CLI_WORKSPACE | CLI_NEED_CLIENT | CLI_SESSION | CLI_LIVE, 2, 1000,
     "METHOD PATH --client CLIENT [--app APP] [key=value …] [--input FILE] [--form] "
     "[--include] [--output FILE [--force]] [--dry-run] [--dev]",
     "sends any request: key=value go into the query or the JSON body"},
    {"run", cmd_run, CLI_WORKSPACE | CLI_CLIENT | CLI_SESSION | CLI_LIVE, 1, 1000,
     "RECIPE " CLIENTS " "
     "[--conversation ID|--event FILE|--event DELIVERY|--sample|--at TIME] [key=value …] "
     "[--input "
     "FILE] [--dry-run] [--dev]",
     "runs a recipe by hand; key=value are its options"},
    {"cron", cmd_cron, CLI_WORKSPACE | CLI_LIVE, 0, 0, "[--dev]",
     "does all that is due, once: for a crontab, every minute"},
    {"schedule", cmd_schedule, CLI_WORKSPACE | CLI_STORE | CLI_SESSION | CLI_LIVE, 0, 0,
     CLIENTS " [--dev]", "shows when recipes run next, ran last, and what was missed"},
    {"work", cmd_work, CLI_WORKSPACE | CLI_LIVE, 0, 0,
     "[--wake-fd N] [--stats-fd N] [--dev]",
     "does the same for as long as it runs; serve starts it"},
    {"poll", cmd_poll, CLI_WORKSPACE | CLI_CLIENT | CLI_STORE | CLI_SESSION | CLI_LIVE, 0,
     0, CLIENTS " [--since TIME] [--dev]",
     "looks once for what apps send no webhooks about, as work does"},
    {"heal", cmd_heal, CLI_WORKSPACE | CLI_CLIENT | CLI_STORE | CLI_SESSION | CLI_LIVE, 0,
     0, CLIENTS " [--since TIME] [--dev]",
     "takes the events whose webhooks did not come, as work does"},
    {"trace", cmd_trace, CLI_WORKSPACE | CLI_REPORT, 1, 2,
     "CONVERSATION|EVENT|RUN|ADDRESS [--client CLIENT] [--bodies]",
     "tells what became of it: delivery, triggers, runs, the outcome"},
    {"explain", cmd_explain,
     CLI_WORKSPACE | CLI_NEED_CLIENT | CLI_STORE | CLI_REPORT | CLI_SESSION | CLI_LIVE, 1,
     2, "CONVERSATION|EVENT|RUN|ADDRESS --client CLIENT [--html FILE] [--dev]",
     "tells a client what became of it, in sentences; a page to print"},
    {"missed", cmd_missed,
     CLI_WORKSPACE | CLI_CLIENT | CLI_STORE | CLI_REPORT | CLI_SESSION | CLI_LIVE, 0, 0,
     "--since TIME [--until TIME] " CLIENTS " [--run] [--dev]",
     "lists customers without an answer, and why; starts what is due"},
    {"runs", cmd_runs, CLI_WORKSPACE | CLI_REPORT | CLI_LIVE, 1, 10000,
     "list|show|retry|resolve|cancel [ID …] " FILTER " [--release N] [--new-code] "
     "[--sent|--not-sent] [--result JSON] [--reason TEXT] [--dry-run] [--dev] "
     "[--bodies]",
     "lists and steers runs; retry --dry-run shows what would be sent"},
    {"events", cmd_events, CLI_WORKSPACE | CLI_REPORT | CLI_LIVE, 1, 10000,
     "list|show|replay [ID …] " CLIENTS " [--state STATE,…] [--since TIME] "
     "[--limit N] [--dry-run] [--dev]",
     "lists what came in, why triggers fired or not; replays it"},
    {"forget", cmd_forget, CLI_WORKSPACE | CLI_REPORT, 1, 1,
     "ADDRESS " CLIENTS " [--dry-run] [--cancel] [--copies]",
     "erases what is stored of a person, for good"},
    {"stats", cmd_stats, CLI_WORKSPACE | CLI_STORE, 0, 0,
     CLIENTS " [--since TIME] [--hours]",
     "counts events, replies, runs, and how fast the replies were"},
    {"hooks", cmd_hooks, CLI_FILES | CLI_WORKSPACE | CLI_REPORT, 0, 1,
     "[CLIENT] " CLIENTS,
     "shows webhook URLs, where they go, their keys, what was refused"},
    {"status", cmd_status, CLI_WORKSPACE | CLI_LIVE | CLI_STORE, 0, 0, CLIENTS,
     "shows on one page what runs, and what needs you"},
    {"logs", cmd_logs, CLI_WORKSPACE, 0, 0,
     CLIENTS " [--since TIME] [--limit N] [--level LEVEL] [--follow]",
     "shows foyer's own log: what serve, work and cron had to say"},
    {"pause", cmd_pause, CLI_WORKSPACE | CLI_STORE, 0, 0,
     CLIENTS " [--recipe RECIPE] [--all] [--reason TEXT]",
     "pauses runs, or shows what is paused; deliveries are accepted"},
    {"resume", cmd_resume, CLI_WORKSPACE | CLI_STORE, 0, 0,
     CLIENTS " [--recipe RECIPE] | --all", "lets paused runs go on, suspended ones too"},
    {"actions", cmd_actions,
     CLI_FILES | CLI_WORKSPACE | CLI_OPTIONAL | CLI_CLIENT | CLI_SESSION, 0, 1000,
     "[NAME|WORD …] [--all] [--client CLIENT]",
     "lists the actions, finds them by words, or shows one's manual"},
    {"recipes", cmd_recipes,
     CLI_FILES | CLI_WORKSPACE | CLI_OPTIONAL | CLI_CLIENT | CLI_SESSION, 0, 1,
     "[NAME] [--client CLIENT]",
     "lists the recipes and the clients that have them on, or shows one"},
    {"triggers", cmd_triggers,
     CLI_FILES | CLI_WORKSPACE | CLI_OPTIONAL | CLI_CLIENT | CLI_SESSION, 0, 1,
     "[NAME] [--sample] [--client CLIENT]", "lists the triggers, or shows one"},
    {"show", cmd_show,
     CLI_FILES | CLI_WORKSPACE | CLI_OPTIONAL | CLI_CLIENT | CLI_SESSION, 1, 1,
     "NAME|FILE [--client CLIENT]",
     "prints the script or template in force, with what it inherits"},
    {"which", cmd_which, CLI_WORKSPACE | CLI_OPTIONAL | CLI_CLIENT | CLI_SESSION, 1, 1,
     "NAME|FILE [--client CLIENT]",
     "shows which layers have a file, and which is in force"},
    {"diff", cmd_diff, CLI_WORKSPACE | CLI_OPTIONAL | CLI_CLIENT | CLI_SESSION, 0, 1,
     "NAME|FILE [--client CLIENT] | --live [FILE] " CLIENTS,
     "compares a file with the one below it, or all with what runs"},
    {"render", cmd_render, CLI_FILES | CLI_WORKSPACE | CLI_NEED_CLIENT | CLI_SESSION, 1,
     1000,
     "TEMPLATE --client CLIENT [--conversation ID|--data FILE] [--app APP] [key=value …]",
     "renders a template and names unknown variables"},
    {"check", cmd_check, CLI_FILES | CLI_WORKSPACE, 0, 10000, "[CLIENT …] " CLIENTS,
     "checks settings, scripts and templates, offline"},
    {"deploy", cmd_deploy, CLI_WORKSPACE | CLI_STORE, 0, 0,
     "[--only CLIENT,…] [--group GROUP,…] [--except CLIENT,…] [-m TEXT] [--diff] "
     "[--dry-run]",
     "checks the files, and makes a release of them that clients run"},
    {"releases", cmd_releases, CLI_WORKSPACE | CLI_STORE, 0, 1, "[RELEASE] [--limit N]",
     "lists the releases, or what one of them changed"},
    {"rollback", cmd_rollback, CLI_WORKSPACE | CLI_RELEASED | CLI_STORE, 0, 1,
     "[RELEASE] " CLIENTS " [-m TEXT]",
     "lets clients run the release before the last, or an older one"},
    {"import", cmd_import, CLI_WORKSPACE, 1, 1,
     "FILE --app NAME [--only GLOB] [--auth SCHEME] [--api-url URL] [--force]",
     "makes a connector and actions of an OpenAPI 3 document"},
    {"ids", cmd_ids, CLI_FILES | CLI_WORKSPACE | CLI_CLIENT | CLI_SESSION, 0, 1,
     "CLIENT|" CLIENTS " [--write] [--app APP]",
     "shows the company's ids by name, or writes ids.lua"},
    {"secret", cmd_secret, CLI_WORKSPACE, 1, 2,
     "set NAME [--from FILE] [--add] [--untried] | list | rm NAME [--version N]",
     "keeps secrets, sealed"},
    {"doctor", cmd_doctor, CLI_WORKSPACE, 0, 0, "[--daily]",
     "checks key, store, clock, connections, limits and scopes"},
    {"selftest", cmd_selftest, CLI_WORKSPACE | CLI_CLIENT | CLI_STORE | CLI_SESSION, 1, 1,
     "CLIENT --inbox INBOX [--by-hand] [--wait TIME]",
     "tries at a company what foyer supposes of its API"},
    {"alert", cmd_alert, CLI_WORKSPACE | CLI_STORE | CLI_CLIENT, 0, 1,
     "[list | test] [--client CLIENT]",
     "lists the incidents that are open, or sends a test line"},
    {"store", cmd_store, CLI_WORKSPACE | CLI_STORE, 1, 1, "compact",
     "makes state/foyer.db as small as what it holds"},
    {"upgrade", cmd_upgrade, CLI_WORKSPACE, 0, 0, "[--check]",
     "updates the store to this version; --check tells what would come"},
    {"backup", cmd_backup, CLI_WORKSPACE | CLI_STORE, 0, 0, "--to DIR [--keep N]",
     "copies the store into DIR, while foyer works; keeps the newest N"},
    {"restore", cmd_restore, CLI_WORKSPACE, 1, 1, "FILE",
     "puts a backup in the place of the store, which then sends nothing"},
    {"promote", cmd_promote, CLI_WORKSPACE | CLI_STORE, 0, 0, "[--moved]",
     "makes this store the original: a copy sends nothing until then"},
    {"vault", cmd_vault, CLI_WORKSPACE | CLI_STORE, 1, 1, "rekey",
     "seals all tokens and secrets again, under a new key"},
    {"mock", cmd_mock, 0, 0, 0,
     "[--listen ADDRESS:PORT] [--token TOKEN] [--teammate-token TOKEN] [--seed N] "
     "[--company NAME] [--companies N] [--epoch SECONDS|start] [--client-id ID] "
     "[--client-secret SECRET] [--redirect-uri URL] [--webhook URL] [--signing-key KEY] "
     "[--rule-key KEY]",
     "a Front company on localhost"},
    {"completion", cmd_completion, 0, 1, 10000, "bash|zsh|fish",
     "prints what makes a shell complete foyer's commands and names"},
    {"help", cmd_help, 0, 0, 1, "[COMMAND]", "shows this, or one command's options"},
    {"version", cmd_version, 0, 0, 0, "",
     "shows the versions of foyer and its libraries"},
    {NULL, NULL, 0, 0, 0, NULL, NULL},
};

/* Returns 1 when the reader closed the pipe early (`foyer call … | head`), which is not
 * an error. */
static int reader_has_gone(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) > 0 && (out.revents & POLLERR);
}

static void set_up_process(void)
{
    /* a token must not reach a core file, nor be read by another process of this user */
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* writing past the user's file size limit is an error */
    log_init();
}

/* Runs the command argv[0]. Returns the exit code. */
static int run(struct cli *cli, int argc, char **argv)
{
    for (const struct cli_command *c = commands; c->name; c++) {
        if (strcmp(argv[0], c->name) != 0)
            continue;
        if (argc > 1 && strcmp(argv[1], "--help") == 0)
            return run(cli, 2, (char *[]){(char *)"help", argv[0], NULL});
        cli->command = c;
        cli->argc = argc;
        cli->argv = argv;
        return cli_run(cli);
    }
    for (int i = 1; i < argc; i++)
        cli->json |= strcmp(argv[i], "--json") == 0;
    return cli_unknown_command(cli, argv[0]);
}

int main(int argc, char **argv)
{
    struct cli cli = {.commands = commands, .workspace = cli_workspace_of_environment()};
    const char *instead = NULL; /* of a command that is not there */
    int i = 1, code;
    set_up_process();
    for (; i < argc && argv[i][0] == '-' && !instead; i++) {
        if (strcmp(argv[i], "-w") == 0 && i + 1 < argc)
            cli.workspace = argv[++i];
        else if (strcmp(argv[i], "--json") == 0)
            cli.json = 1;
        else if (strcmp(argv[i], "--version") == 0)
            instead = "version";
        else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            instead = "help";
        else
            break;
    }
    int is_missing = !instead && i >= argc;
    if (instead || is_missing)
        code = run(&cli, 1, (char *[]){(char *)(instead ? instead : "help"), NULL});
    else
        code = run(&cli, argc - i, argv + i);
    if ((fflush(stdout) != 0 || ferror(stdout)) && !reader_has_gone()) {
        fprintf(stderr, "foyer: cannot write to standard output%s\n",
                code ? "" : "; the command itself succeeded");
        return code ? code : 70;
    }
    return is_missing ? 64 : code;
}
