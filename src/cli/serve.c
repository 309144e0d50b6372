#include <stdlib.h>

#include "cli/cli.h"
#include "serve/serve.h"
#include "base/log.h"
#include "base/str.h"

static const char usage[] = "serve [--listen ADDRESS:PORT] [--workers N]";

enum { WORKERS_MAX = 64 };

int cmd_serve(struct cli *cli, int argc, char **argv)
{
    const char *workers = NULL;
    struct serve_spec spec = {.workers = 1};
    struct cli_option options[] = {{"listen", CLI_VALUE, &spec.listen},
                                   {"workers", CLI_VALUE, &workers},
                                   {NULL, CLI_FLAG, NULL}};
    struct cli_list rest = {0};
    struct err e = {0};
    int64_t n = spec.workers;
    int code = 0;
    if (!getenv("FOYER_LOG")) { /* a server's log tells more; its children's as well */
        setenv("FOYER_LOG", "info", 1);
        log_init();
    }
    if (cli_parse(cli, argc, argv, options, &rest, 0, 0, usage, &e) == 0) {
        if (workers && (str_parse_int(workers, &n) != 0 || n < 0 || n > WORKERS_MAX)) {
            err_set(&e, ERR_USAGE, "--workers must be a number from 0 to %d, not %s",
                    WORKERS_MAX, workers);
        } else {
            spec.dir = cli->workspace;
            spec.workers = (int)n;
            code = serve_run(&spec, &e);
        }
    }
    free(rest.items);
    return e.kind != ERR_NONE ? cli_fail(cli, &e) : code;
}
