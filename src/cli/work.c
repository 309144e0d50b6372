#include <signal.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "work/worker.h"
#include "base/log.h"
#include "base/str.h"
#include "base/stats.h"

static const char usage[] = "work [--wake-fd N] [--stats-fd N]";

/* A descriptor that serve handed down; -1 when there is none. */
static int read_fd(const char *option, const char *word, int *fd, struct err *e)
{
    int64_t n = -1;
    if (word && (str_parse_int(word, &n) != 0 || n < 0 || n > 65535))
        return err_set(e, ERR_USAGE,
                       "%s takes the number of a descriptor, not %.40s\nusage: foyer %s",
                       option, word, usage);
    *fd = (int)n;
    return 0;
}

/* Why is not said here: an API's own words may hold what no log shall. */
static void on_ended(void *arg, const struct attempt_result *end)
{
    (void)arg;
    int is_bad = end->state == LEDGER_PARKED || end->state == LEDGER_DEAD;
    if (is_bad)
        log_line(LOG_WARN,
                 "client %s, recipe %s: run %lld is %s (%s); `foyer runs show %lld` says "
                 "why",
                 end->client ? end->client : "?", end->recipe ? end->recipe : "?",
                 (long long)end->id, ledger_state_name(end->state),
                 err_kind_name(end->err.kind), (long long)end->id);
    else if (end->state != LEDGER_RUNNING)
        log_line(LOG_INFO, "run %lld is %s", (long long)end->id,
                 ledger_state_name(end->state));
}

int cmd_work(struct cli *cli, int argc, char **argv)
{
    const char *wake = NULL, *stats = NULL;
    int wake_fd = -1, stats_fd = -1;
    struct cli_option options[] = {{"wake-fd", CLI_VALUE, &wake},
                                   {"stats-fd", CLI_VALUE, &stats},
                                   {NULL, CLI_FLAG, NULL}};
    struct cli_list rest = {0};
    struct err e = {0};
    struct workspace *w = NULL;
    struct worker *worker = NULL;
    signal(SIGHUP, SIG_IGN); /* serve's: it starts new workers */
    if (cli_parse(cli, argc, argv, options, &rest, 0, 0, usage, &e) == 0 &&
        read_fd("--wake-fd", wake, &wake_fd, &e) == 0 &&
        read_fd("--stats-fd", stats, &stats_fd, &e) == 0 &&
        (stats_fd < 0 || stats_attach(stats_fd, &e) == 0))
        w = workspace_open(cli->workspace, 0, &e);
    if (w)
        worker = worker_open(w, on_ended, NULL, &e);
    if (worker)
        worker_serve(worker, wake_fd, &e);
    worker_close(worker);
    workspace_close(w);
    free(rest.items);
    return e.kind != ERR_NONE ? cli_fail(cli, &e) : 0;
}
