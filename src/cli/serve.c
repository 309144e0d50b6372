#include <stdlib.h>

#include "cli/cli.h"
#include "serve/serve.h"
#include "base/log.h"
#include "base/str.h"

enum { WORKERS_MAX = 64 };

/* Keeps the log from the beginning: also of a server that refuses to start. */
static void keep_log(const char *dir)
{
    struct workspace *w = workspace_open(dir, 0, NULL);
    if (w)
        cli_keep_log(w, "serve");
    workspace_close(w);
}

int cmd_serve(struct cli *cli, struct err *e)
{
    const char *workers = NULL;
    struct serve_spec spec = {.workers = 1};
    struct cli_option options[] = {{"listen", CLI_VALUE, &spec.listen},
                                   {"workers", CLI_VALUE, &workers},
                                   {NULL, CLI_FLAG, NULL}};
    int64_t n = spec.workers;
    if (!getenv("FOYER_LOG")) { /* a server logs more, and so do its workers */
        setenv("FOYER_LOG", "info", 1);
        log_init();
    }
    if (cli_begin(cli, options, e) != 0)
        return -1;
    if (workers && (str_parse_int(workers, &n) != 0 || n < 0 || n > WORKERS_MAX))
        return err_set(e, ERR_USAGE, "--workers must be a number from 0 to %d, not %s",
                       WORKERS_MAX, workers);
    keep_log(cli->workspace);
    spec.dir = cli->workspace;
    spec.workers = (int)n;
    int code = serve_run(&spec, e);
    return e->kind != ERR_NONE ? -1 : code;
}
