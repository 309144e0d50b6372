#include <signal.h>

#include "cli/cli.h"
#include "work/worker.h"
#include "base/log.h"
#include "core/words.h"
#include "base/loopguard.h"
#include "base/str.h"
#include "store/running.h"
#include "base/stats.h"

/* Reads a descriptor that serve passes to its workers; -1 when WORD is NULL. */
static int read_fd(const struct cli *cli, const char *option, const char *word, int *fd,
                   struct err *e)
{
    int64_t n = -1;
    if (word && (str_parse_int(word, &n) != 0 || n < 0 || n > 65535))
        return cli_usage_error(cli, e, "%s takes the number of a descriptor, not %.40s",
                               option, word);
    *fd = (int)n;
    return 0;
}

/* Leaves out the reason: it may quote an API's answer, which must not reach a log. */
static void on_ended(void *arg, const struct attempt_result *end)
{
    (void)arg;
    int is_bad = end->state == LEDGER_PARKED || end->state == LEDGER_DEAD;
    if (is_bad)
        log_line(
            LOG_WARN,
            "client %s, recipe %s: run %lld %s (%s); `foyer runs show %lld` says why",
            end->client ? end->client : "?", end->recipe ? end->recipe : "?",
            (long long)end->id,
            end->state == LEDGER_PARKED ? WORD_NEEDS_YOU : "has " WORD_FAILED,
            err_kind_name(end->err.kind), (long long)end->id);
    else if (end->state != LEDGER_RUNNING)
        log_line(LOG_INFO, "run %lld %s%s", (long long)end->id,
                 end->state == LEDGER_HELD ? "" : "is ",
                 words_of(ledger_state_name(end->state)));
}

/* ---- another release ---- */

struct following {
    struct cli *cli;
    struct workspace *next; /* the one to go on with; NULL: none yet */
};

static struct workspace *open_next(const struct cli *cli, struct err *e)
{
    struct workspace *w = workspace_reopen(cli->w, e);
    if (w && workspace_check_releases(w, cli->w, e) == 0 && workspace_settings(w, e))
        return w;
    workspace_close(w);
    return NULL;
}

static int on_moved(void *arg)
{
    struct following *f = arg;
    struct err e;
    loopguard_lift("opening: changed settings");
    f->next = open_next(f->cli, &e);
    loopguard_restore();
    if (f->next)
        log_line(LOG_INFO, "another release is live: this worker begins anew");
    else
        log_line(LOG_ERROR, "what was loaded before stays in force: %s", e.text);
    return f->next != NULL;
}

/* Serves until a signal, or serve's end. A worker of `foyer serve` is replaced by it; one
 * that stands alone goes on with another release by itself. */
static int serve_all(struct cli *cli, int wake_fd, struct err *e)
{
    struct following f = {.cli = cli};
    int goes_on = 1;
    while (goes_on) {
        struct worker *worker = worker_open(cli->w, on_ended, NULL, e);
        if (!worker)
            return -1;
        if (wake_fd < 0 && !cli->dev)
            worker_follow(worker, on_moved, &f);
        worker_serve(worker, wake_fd, e);
        goes_on = worker_is_moving(worker) && e->kind == ERR_NONE;
        worker_close(worker);
        if (f.next) {
            workspace_close(cli->w);
            cli->w = f.next;
            f.next = NULL;
        }
    }
    return e->kind != ERR_NONE ? -1 : 0;
}

int cmd_work(struct cli *cli, struct err *e)
{
    const char *wake = NULL, *stats = NULL;
    int wake_fd = -1, stats_fd = -1;
    struct cli_option options[] = {{"wake-fd", CLI_VALUE, &wake},
                                   {"stats-fd", CLI_VALUE, &stats},
                                   {NULL, CLI_FLAG, NULL}};
    signal(SIGHUP, SIG_IGN); /* it is for serve, which starts new workers then */
    if (cli_parse(cli, options, e) != 0)
        return -1;
    if (cli->dev)
        log_mark("dev");
    if (read_fd(cli, "--wake-fd", wake, &wake_fd, e) != 0 ||
        read_fd(cli, "--stats-fd", stats, &stats_fd, e) != 0 ||
        (stats_fd >= 0 && stats_attach(stats_fd, e) != 0) || cli_open(cli, e) != 0 ||
        (wake_fd >= 0 && store_must_exist(workspace_dir(cli->w), e) != 0))
        return -1;
    cli_keep_log(cli->w, "work");
    struct running *running = running_open(workspace_dir(cli->w), "work", NULL, cli->dev);
    int rc = serve_all(cli, wake_fd, e);
    running_close(running);
    return rc;
}
