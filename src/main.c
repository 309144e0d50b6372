#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/cli.h"
#include "base/log.h"

static const struct {
    const char *name;
    cli_command *run;
} commands[] = {
    {"actions", cmd_actions},
    {"call", cmd_call},
    {"check", cmd_check},
    {"connect", cmd_connect},
    {"connections", cmd_connections},
    {"cron", cmd_cron},
    {"diff", cmd_diff},
    {"doctor", cmd_doctor},
    {"events", cmd_events},
    {"help", cmd_help},
    {"hooks", cmd_hooks},
    {"ids", cmd_ids},
    {"init", cmd_init},
    {"mock", cmd_mock},
    {"pause", cmd_pause},
    {"recipes", cmd_recipes},
    {"render", cmd_render},
    {"refresh", cmd_refresh},
    {"resume", cmd_resume},
    {"run", cmd_run},
    {"runs", cmd_runs},
    {"secret", cmd_secret},
    {"serve", cmd_serve},
    {"disconnect", cmd_disconnect},
    {"trace", cmd_trace},
    {"triggers", cmd_triggers},
    {"vault", cmd_vault},
    {"version", cmd_version},
    {"which", cmd_which},
    {"work", cmd_work},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

/* Returns 1 when the reader closed the pipe early (`foyer call … | head`), which is not
 * an error. */
static int reader_has_gone(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) > 0 && (out.revents & POLLERR);
}

int main(int argc, char **argv)
{
    struct cli cli = {0};
    /* a token must not land in a core file, nor be read by another process of this user
     */
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file past the user's limit is an error, not a death */
    log_init();

    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (strcmp(argv[i], "-w") == 0 && i + 1 < argc)
            cli.workspace = argv[++i];
        else if (strcmp(argv[i], "--json") == 0)
            cli.json = 1;
        else if (strcmp(argv[i], "--version") == 0)
            return cmd_version(&cli, 1, (char *[]){(char *)"version", NULL});
        else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return cmd_help(&cli, 1, (char *[]){(char *)"help", NULL});
        else
            break;
    }
    if (i >= argc) {
        cmd_help(&cli, 1, (char *[]){(char *)"help", NULL});
        return 64;
    }
    for (size_t c = 0; c < COMMANDS; c++) {
        if (strcmp(argv[i], commands[c].name) != 0)
            continue;
        if (i + 1 < argc && strcmp(argv[i + 1], "--help") == 0)
            return cmd_help(&cli, 2, (char *[]){(char *)"help", argv[i], NULL});
        int code = commands[c].run(&cli, argc - i, argv + i);
        if ((fflush(stdout) != 0 || ferror(stdout)) && !reader_has_gone()) {
            fprintf(stderr, "foyer: cannot write to standard output%s\n",
                    code ? "" : "; the command itself succeeded");
            return code ? code : 70;
        }
        return code;
    }
    for (int k = i + 1; k < argc; k++)
        cli.json |= strcmp(argv[k], "--json") == 0;
    return cli_unknown_command(&cli, argv[i]);
}
