#include <stdio.h>

#include "cli/cli.h"
#include "base/crypto.h"
#include "io/httpc.h"
#include "io/loop.h"
#include "core/yamltree.h"
#include "store/store.h"
#include "vm/vm.h"

/* 5.4.8 is the first release without the memory errors that scripts could reach
 * (concatenation overflow, use after free in luaV_finishset). */
static int lua_is_old(const char *release)
{
    int major = 0, minor = 0, patch = 0;
    if (sscanf(release, "%d.%d.%d", &major, &minor, &patch) != 3)
        return 0;
    return major * 10000 + minor * 100 + patch < 50408;
}

static void print_versions(const struct cli *cli, const char *warning)
{
    const struct {
        const char *name, *version;
    } parts[] = {
        {"foyer", FOYER_VERSION},           {"lua", vm_version()},
        {"libcurl", httpc_version()},       {"openssl", crypto_version()},
        {"libevent", loop_version()},       {"sqlite", store_sqlite_version()},
        {"jansson", jansson_version_str()}, {"libyaml", yamltree_version()},
    };
    size_t n = sizeof parts / sizeof *parts;
    if (cli->json) {
        json_t *tree = json_pack("{s:[s*]}", "warnings", *warning ? warning : NULL);
        for (size_t i = 0; i < n; i++)
            json_object_set_new(tree, parts[i].name, json_string(parts[i].version));
        cli_print_new(tree);
        return;
    }
    for (size_t i = 0; i < n; i++)
        printf("%-9s %s\n", parts[i].name, parts[i].version);
    if (*warning)
        fprintf(stderr, "foyer: warning: %s\n", warning);
}

int cmd_version(struct cli *cli, struct err *e)
{
    char warning[200] = "";
    if (cli_begin(cli, cli_no_options, e) != 0)
        return -1;
    if (lua_is_old(vm_version()))
        snprintf(
            warning, sizeof warning,
            "Lua %s, which Debian ships, is older than 5.4.8: a script made for it can "
            "break out of the sandbox. Nothing to do for scripts that you have read; run "
            "no others",
            vm_version());
    print_versions(cli, warning);
    return 0;
}
