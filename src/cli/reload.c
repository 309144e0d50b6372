#include <stdio.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "core/jsontree.h"
#include "ops/reload.h"

static void print_people(const json_t *done)
{
    size_t i;
    json_t *one;
    const json_t *changed = json_object_get(done, "changed"),
                 *servers = json_object_get(done, "servers");
    printf("release %d%s\n", (int)json_int(done, "release"),
           json_array_size(changed) ? ", with" : ": nothing in it has changed");
    json_array_foreach(changed, i, one)
    {
        table_printf(stdout, "  %s\n", json_string_value(one));
    }
    if (servers && json_array_size(servers) == 0)
        puts("no server runs");
    json_array_foreach(servers, i, one)
    {
        const char *error = json_text(one, "error");
        if (!error)
            printf("the server with pid %d has taken it\n", (int)json_int(one, "pid"));
    }
}

/* Fails with what the first server that did not take it says. */
static int fail_of(const json_t *servers, struct err *e)
{
    size_t i;
    json_t *one;
    json_array_foreach(servers, i, one)
    {
        const char *error = json_text(one, "error");
        if (error)
            return err_set(e, ERR_INVALID, "the server with pid %d: %s",
                           (int)json_int(one, "pid"), error);
    }
    return 0;
}

int cmd_reload(struct cli *cli, struct err *e)
{
    int no_wait = 0;
    struct cli_option options[] = {{"no-wait", CLI_FLAG, &no_wait},
                                   {NULL, CLI_FLAG, NULL}};
    cli->lenient = 1;
    if (cli_begin(cli, options, e) != 0)
        return -1;
    json_t *done = reload_store(cli->w, e);
    json_t *servers =
        done && !no_wait ? reload_wait(cli->w, json_int(done, "generation"), e) : NULL;
    int rc = !done || (!no_wait && !servers) ? -1 : fail_of(servers, e);
    if (servers)
        json_object_set_new(done, "servers", servers);
    if (rc == 0 && cli->json)
        cli_print_json(done);
    else if (rc == 0)
        print_people(done);
    json_decref(done);
    return rc;
}
