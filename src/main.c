#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/cli.h"
#include "base/libm.h"
#include "base/log.h"
#include "base/str.h"
#include "io/crypto.h"

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

/* As in `foyer call … | head`: who reads has seen enough, which is no error. */
static int reader_has_gone(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) > 0 && (out.revents & POLLERR);
}

static int lasts(cli_command *run)
{
    return run == cmd_mock || run == cmd_serve || run == cmd_work;
}

static int is_brief(cli_command *run)
{
    return run == cmd_run || run == cmd_call;
}

/* A command that soon ends need not give memory back to take it again: malloc(3) would,
 * a dozen times in `foyer run`, and each page would be a fault once more. */
static void keep_memory(void)
{
    mallopt(M_TRIM_THRESHOLD, 64 * 1024 * 1024);
    mallopt(M_TOP_PAD, 256 * 1024);
}

/* What `foyer run` uses is taken at once, for two thirds of what the faults cost:
 * madvise(2), since Linux 5.14. */
static void take_memory(void)
{
    enum { USED = 480 * 1024, NOT_MAPPED = 100 * 1024 }; /* malloc maps 128 KB */
    mallopt(M_TOP_PAD, USED);
    char *first = xmalloc(NOT_MAPPED), *second = xmalloc(NOT_MAPPED); /* it grows */
    uintptr_t page = 4096, from = ((uintptr_t)first + page - 1) & ~(page - 1);
    uintptr_t end = (uintptr_t)sbrk(0);
    free(second);
    free(first);
    if (from < end)
        madvise((void *)from, end - from < USED ? end - from : USED, MADV_POPULATE_WRITE);
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
        if (lasts(commands[c].run))
            libm_load();
        else
            keep_memory();
        if (is_brief(commands[c].run)) {
            take_memory();
            crypto_be_brief();
        }
        int code = commands[c].run(&cli, argc - i, argv + i);
        if ((fflush(stdout) != 0 || ferror(stdout)) && !reader_has_gone()) {
            fprintf(stderr, "foyer: cannot write to standard output%s\n",
                    code ? "" : "; what the command was to do is done");
            return code ? code : 70;
        }
#ifndef __SANITIZE_ADDRESS__
        /* all is closed and written; OpenSSL's exit handlers would take another 0.4 ms */
        _exit(code);
#endif
        return code;
    }
    for (int k = i + 1; k < argc; k++)
        cli.json |= strcmp(argv[k], "--json") == 0;
    return cli_unknown_command(&cli, argv[i]);
}
