#include <stdlib.h>

#include "cli/cli.h"
#include "ops/first_release.h"
#include "serve/serve.h"
#include "base/log.h"
#include "base/str.h"

enum { WORKERS_MAX = 64 };

/* Makes release 1 of a workspace that has none. *MADE: its number; 0: there is one. */
static int make_first(struct workspace *w, int64_t *made, struct err *e)
{
    json_t *left_out, *line;
    const char *client;
    int rc = first_release(w, made, &left_out, e);
    if (*made)
        log_line(LOG_INFO,
                 "the files are release %d from now on: `foyer deploy` makes "
                 "the next one",
                 (int)*made);
    json_object_foreach(left_out, client, line)
    {
        log_line(LOG_ERROR, "client %s is left out until it is deployed: %s", client,
                 json_string_value(line));
    }
    json_decref(left_out);
    return rc;
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
    if (cli_parse(cli, options, e) != 0)
        return -1;
    if (cli->dev)
        log_mark("dev");
    if (cli_open(cli, e) != 0)
        return -1;
    if (workers && (str_parse_int(workers, &n) != 0 || n < 0 || n > WORKERS_MAX))
        return err_set(e, ERR_USAGE, "--workers must be a number from 0 to %d, not %s",
                       WORKERS_MAX, workers);
    cli_keep_log(cli->w, "serve"); /* also of a server that refuses to start */
    int64_t made = 0, release = workspace_release(cli->w, NULL);
    if (!cli->dev && make_first(cli->w, &made, e) != 0)
        return -1;
    char *dir = xstrdup(workspace_dir(cli->w));
    workspace_close(cli->w); /* the server opens its own, again and again */
    cli->w = NULL;
    spec.dir = dir;
    spec.workers = (int)n;
    spec.dev = cli->dev;
    int code = serve_run(&spec, e);
    if (code < 0 && made)
        first_release_undo(dir, made);
    else if (code < 0 && release)
        log_line(
            LOG_ERROR,
            "the settings are those of release %d; `foyer reload` takes foyer.lua as "
            "it is now",
            (int)release);
    free(dir);
    return e->kind != ERR_NONE ? -1 : code;
}
