#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "ops/log_lines.h"
#include "ops/selection.h"

enum { LIMIT = 200, FOLLOW_LIMIT = 20, LOOK_MS = 250 };

struct printing {
    int as_json;
    size_t n;
};

/* Prints "2026-11-22 18:00:00 warn  work/4711: run 3 of acme: ...". */
static void print_line(const json_t *line)
{
    const char *time = json_text_or(line, "time", ""),
               *client = json_text_or(line, "client", ""),
               *message = json_text_or(line, "message", "");
    long long run = json_int(line, "run"), pid = json_int(line, "pid");
    char of[64] = "", about[128] = "", number[32] = "";
    snprintf(number, sizeof number, "run %lld", run);
    if (run && !strstr(message, number))
        snprintf(about, sizeof about, "%s%s%s: ", number, *client ? " of " : "", client);
    else if (*client && !strstr(message, client))
        snprintf(about, sizeof about, "client %s: ", client);
    if (pid)
        snprintf(of, sizeof of, "/%lld", pid);
    table_printf(stdout, "%.10s %.8s %-5s %s%s%s: %s%s\n", time,
                 strlen(time) > 11 ? time + 11 : "", json_text_or(line, "level", ""),
                 json_text_or(line, "process", ""), of,
                 json_is_true(json_object_get(line, "dev")) ? " dev" : "", about,
                 message);
}

static void on_line(void *arg, const json_t *line)
{
    struct printing *p = arg;
    p->n++;
    if (!p->as_json) {
        print_line(line);
        return;
    }
    json_dumpf(line, stdout, JSON_COMPACT);
    putchar('\n');
}

/* Returns 1 when nothing reads the output any more. */
static int reader_has_gone(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = 0};
    return fflush(stdout) != 0 || (poll(&out, 1, LOOK_MS) > 0 && out.revents & POLLERR);
}

static int read_level(const struct cli *cli, const char *word, enum log_level *level,
                      struct err *e)
{
    int found = word ? log_level_find(word) : LOG_DEBUG;
    if (found < 0)
        return cli_usage_error(cli, e, "--level is error, warn, info or debug, not %.40s",
                               word);
    *level = (enum log_level)found;
    return 0;
}

static void show(const struct cli *cli, const struct log_query *query, int follow)
{
    struct log_lines *lines = log_lines_open(workspace_dir(cli->w), query);
    struct printing p = {.as_json = cli->json};
    log_lines_next(lines, on_line, &p);
    if (!p.n && !follow && !cli->json)
        fputs("foyer: no line matches; serve, work and cron write them\n", stderr);
    while (follow && !reader_has_gone())
        log_lines_next(lines, on_line, &p);
    log_lines_close(lines);
}

int cmd_logs(struct cli *cli, struct err *e)
{
    struct selection which = {.limit = NULL};
    const char *level = NULL;
    int follow = 0;
    struct log_query query = {.clients = &cli->clients};
    const struct cli_option options[] = {CLI_CLIENTS(cli),
                                         {"since", CLI_VALUE, &which.since},
                                         {"limit", CLI_VALUE, &which.limit},
                                         {"level", CLI_VALUE, &level},
                                         {"follow", CLI_FLAG, &follow},
                                         {NULL, CLI_FLAG, NULL}};
    cli->lines = 1;
    int rc = cli_begin(cli, options, e);
    if (rc == 0)
        rc = read_level(cli, level, &query.level, e);
    if (rc == 0)
        rc = selection_read(&which, SELECTION_RUNS, NULL, 0,
                            which.since ? 0
                            : follow    ? FOLLOW_LIMIT
                                        : LIMIT,
                            e);
    query.since_ms = which.since_ms;
    query.limit = which.max;
    if (rc == 0)
        show(cli, &query, follow);
    selection_fini(&which);
    return rc;
}
