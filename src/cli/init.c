#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "base/path.h"
#include "base/str.h"
#include "store/store.h"
#include "store/vault.h"

static const struct {
    const char *path, *text;
} files[] = {
    {"foyer.lua",
     "-- foyer.lua: the settings of all clients. Data only; `foyer check` reads it.\n"
     "return {\n"
     "  timezone = \"UTC\",\n"
     "  recipes  = {},   -- on for every client; a client may say false\n"
     "}\n"},
    {"clients/acme/client.lua",
     "-- clients/acme/client.lua: one client. Copy the directory for the next one.\n"
     "return {\n"
     "  name     = \"Acme Dry Goods\",\n"
     "  timezone = \"America/New_York\",\n"
     "  front    = {\n"
     "    -- names for ids: `foyer ids acme --write` finds them\n"
     "  },\n"
     "  recipes  = {     -- nothing runs for Acme that is not named here\n"
     "    [\"first-reply\"] = true,\n"
     "  },\n"
     "  vars     = { phone = \"+1 555 0100\" },\n"
     "}\n"},
    {"clients/acme/templates/first-reply.txt",
     "Hello{{#conversation.recipient.name}} {{conversation.recipient.name}}"
     "{{/conversation.recipient.name}},\n"
     "\n"
     "thank you for writing to {{client.name}} about \"{{conversation.subject}}\".\n"
     "We answer within one working day. In a hurry? Call {{vars.phone}}.\n"},
    {".gitignore", "state/\nfoyer.local.lua\n"},
};

static const char *const dirs[] = {"clients/acme/lua",
                                   "clients/acme/recipes",
                                   "clients/acme/templates",
                                   "lua",
                                   "recipes",
                                   "templates"};

/* Keeps the files that are there already. */
static int make_files(const char *dir, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof dirs / sizeof *dirs; i++) {
        char *path = path_join(dir, dirs[i]);
        rc = path_make_dirs(path, 0755, e);
        free(path);
    }
    for (size_t i = 0; rc == 0 && i < sizeof files / sizeof *files; i++) {
        char *path = path_join(dir, files[i].path);
        if (!path_exists(path))
            rc = path_create(path, files[i].text, strlen(files[i].text), 0644, e);
        free(path);
    }
    return rc;
}

/* Returns the directory with the description of foyer's Lua API: where `make install`
 * puts it beside the program, or where the build does, of which that with ASan has a
 * directory of its own. */
static char *meta_dir(void)
{
    static const char *const near[] = {"../share/foyer/meta", "meta", "../meta"};
    char program[4096];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    char *slash = n > 0 ? (program[n] = 0, strrchr(program, '/')) : NULL;
    for (size_t i = 0; slash && i < sizeof near / sizeof *near; i++) {
        *slash = 0;
        char *path = path_join(program, near[i]);
        char *real = realpath(path, NULL);
        free(path);
        if (real)
            return real;
    }
    return xstrdup("/usr/local/share/foyer/meta");
}

/* Makes .luarc.json, by which editors find that description, unless there is one. */
static int make_luarc(const char *dir, struct err *e)
{
    int rc = 0;
    char *path = path_join(dir, ".luarc.json"), *meta = meta_dir();
    if (!path_exists(path)) {
        json_t *luarc = json_pack("{s:s, s:[s]}", "runtime.version", "Lua 5.4",
                                  "workspace.library", meta);
        char *text = luarc ? json_dumps(luarc, JSON_INDENT(2)) : NULL;
        if (text)
            rc = path_create(path, text, strlen(text), 0644, e);
        free(text);
        json_decref(luarc);
    }
    free(meta);
    free(path);
    return rc;
}

static int make_key(struct err *e)
{
    struct err why;
    char *path = vault_key_path(e);
    if (!path)
        return -1;
    int rc = 0;
    if (vault_create(&why) == 0)
        fprintf(stderr,
                "made the sealing key %s: keep a copy of it; without it every token has "
                "to be connected again\n",
                path);
    else if (why.kind != ERR_CONFLICT) {
        *e = why;
        rc = -1;
    }
    free(path);
    return rc;
}

int cmd_init(struct cli *cli, struct err *e)
{
    if (cli_begin(cli, cli_no_options, e) != 0)
        return -1;
    const char *dir = cli->words.items[0];
    char *settings = path_join(dir, "foyer.lua");
    int is_there = path_exists(settings);
    free(settings);
    if (is_there)
        return err_set(e, ERR_CONFLICT, "cannot make a workspace in %s: there is one",
                       dir);
    if (path_make_dirs(dir, 0755, e) != 0 || make_files(dir, e) != 0 ||
        make_luarc(dir, e) != 0 || make_key(e) != 0)
        return -1;
    struct store *store = store_open(dir, e);
    if (!store)
        return -1;
    store_close(store);
    fprintf(stderr, "made the workspace %s with one example client, acme\n", dir);
    return 0;
}
