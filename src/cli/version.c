#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "base/crypto.h"
#include "io/httpc.h"
#include "io/loop.h"
#include "store/store.h"
#include "vm/vm.h"

static const char usage[] = "version [--json]";

/* 5.4.8 is the first release without the memory errors that scripts could reach
 * (concatenation overflow, use after free in luaV_finishset). */
static int lua_is_old(const char *release)
{
    int major = 0, minor = 0, patch = 0;
    if (sscanf(release, "%d.%d.%d", &major, &minor, &patch) != 3)
        return 0;
    return major * 10000 + minor * 100 + patch < 50408;
}

int cmd_version(struct cli *cli, int argc, char **argv)
{
    struct cli_option options[] = {{NULL, CLI_FLAG, NULL}};
    struct cli_list rest = {0};
    struct err e = {0};
    const struct {
        const char *name, *version;
    } parts[] = {
        {"foyer", FOYER_VERSION},           {"lua", vm_version()},
        {"libcurl", httpc_version()},       {"openssl", crypto_version()},
        {"libevent", loop_version()},       {"sqlite", store_sqlite_version()},
        {"jansson", jansson_version_str()},
    };
    enum { PARTS = sizeof parts / sizeof *parts };

    if (cli_parse(cli, argc, argv, options, &rest, 0, 0, usage, &e) != 0) {
        free(rest.items);
        return cli_fail(cli, &e);
    }
    const char *lua = vm_version();
    char warning[200] = "";
    if (lua_is_old(lua))
        snprintf(
            warning, sizeof warning,
            "Lua %s, which Debian ships, is older than 5.4.8: a script made for it can "
            "break out of the sandbox. Nothing to do for scripts that you have read; run "
            "no others",
            lua);
    if (cli->json) {
        json_t *tree = json_object(), *warnings = json_array();
        for (size_t i = 0; i < PARTS; i++)
            json_object_set_new(tree, parts[i].name, json_string(parts[i].version));
        if (*warning)
            json_array_append_new(warnings, json_string(warning));
        json_object_set_new(tree, "warnings", warnings);
        cli_print_json(tree);
        json_decref(tree);
    } else {
        for (size_t i = 0; i < PARTS; i++)
            printf("%-9s %s\n", parts[i].name, parts[i].version);
        if (*warning)
            fprintf(stderr, "foyer: warning: %s\n", warning);
    }
    return 0;
}
