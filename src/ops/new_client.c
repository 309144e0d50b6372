#include "ops/new_client.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/str.h"
#include "base/textfile.h"
#include "core/jsontree.h"
#include "core/lua_text.h"
#include "core/limits.h"
#include "core/settings.h"
#include "vm/data.h"
#include "vm/lua_lines.h"

enum {
    FILE_MAX = 16 * 1024 * 1024, /* bytes of a script or template that is copied */
    DEPTH_MAX = 16               /* of directories */
};

struct making {
    struct workspace *w;
    const struct new_client *as;
    json_t *made, *left_out, *copied;
    char *name; /* as Lua text */
    int depth;
    struct err *e;
};

/* ---- client.lua, anew ---- */

/* Returns `groups = { "retail", "vip" }` of the words in GROUPS, a new string. */
static char *groups_line(const char *groups)
{
    struct buf out;
    buf_init(&out, 4096);
    for (const char *s = groups; *s;) {
        size_t n = strcspn(s, ",");
        if (n)
            buf_addf(&out, "%s\"%.*s\"", out.len ? ", " : "", (int)n, s);
        s += n + (s[n] == ',');
    }
    char *line = xasprintf("groups = { %s }", buf_str(&out));
    buf_free(&out);
    return line;
}

/* Returns APP as a key of a Lua table, a new string. */
static char *key_of(const char *app)
{
    return strchr(app, '-') || strchr(app, '.') ? xasprintf("[\"%s\"]", app)
                                                : xstrdup(app);
}

/* Returns APP's block, a new string. */
static char *app_block(struct workspace *w, const char *client, const char *app)
{
    const json_t *connector = workspace_connector(w, app, NULL);
    char *key = key_of(app);
    char *rule =
        json_at(connector, "webhooks.schemes.rule")
            ? xasprintf("    -- rule_key = secret \"%s.rule_key\",   -- for rules that "
                        "call /hooks/%s/%s\n",
                        client, client, app)
            : xstrdup("");
    char *block =
        json_at(connector, "ids")
            ? xasprintf(
                  "  %s = {\n"
                  "    -- ids.lua has the names for ids: `foyer ids %s --write` makes "
                  "it. "
                  "A name\n"
                  "    -- that stands here wins:  inboxes = { support = \"inb_…\" },\n"
                  "%s"
                  "  },\n",
                  key, client, rule)
            : xasprintf("  %s = {},\n", key);
    free(rule);
    free(key);
    return block;
}

static char *new_text(const struct making *m)
{
    const struct new_client *as = m->as;
    const char *client = as->client;
    char *block = app_block(m->w, client, as->app);
    char *groups = as->groups ? groups_line(as->groups) : NULL;
    char *text = xasprintf(
        "-- clients/%s/client.lua: the settings of this client, and the recipes that run "
        "for it.\n"
        "-- Data only. `foyer check %s` reads it; `man foyer-workspace` names all "
        "settings.\n"
        "return {\n"
        "  name = %s,   -- {{client.name}} in templates: customers read it\n"
        "%s%s%s"
        "  -- mode = \"dry\",   -- runs everything and sends no write: to look first\n"
        "  -- timezone = \"Europe/Zurich\",   -- else that of foyer.lua; for cron and "
        "templates\n"
        "%s"
        "  recipes = {\n"
        "    -- nothing runs that is not named here, or in foyer.lua; `foyer recipes` "
        "lists them:\n"
        "    -- [\"first-reply\"] = true,\n"
        "  },\n"
        "  vars = {\n"
        "    -- phone = \"+1 555 0100\",   -- {{vars.phone}} in templates\n"
        "  },\n"
        "}\n",
        client, client, m->name, groups ? "  " : "", groups ? groups : "",
        groups ? ",   -- what --group selects\n" : "", block);
    free(groups);
    free(block);
    return text;
}

/* ---- client.lua, of another client ---- */

/* Returns 1 when the source VALUE, no table, names a secret. */
static void on_token(void *arg, enum lua_lines_kind kind, const char *s, size_t len,
                     int line)
{
    int *found = arg;
    static const char in_text[] = "${secret:";
    (void)line;
    if (kind == LUA_LINES_NAME && len == 6 && memcmp(s, "secret", 6) == 0)
        *found = 1;
    for (size_t i = 0; kind == LUA_LINES_STRING && i + sizeof in_text - 1 <= len; i++)
        *found |= memcmp(s + i, in_text, sizeof in_text - 1) == 0;
}

static int has_secret(const char *value, size_t len)
{
    int found = 0;
    if (len && *value != '{')
        lua_lines_tokens(value, len, on_token, &found);
    return found;
}

/* Returns 1 when KEY, in APP's block, is of one company or one app at the API. */
static int is_own_field(struct making *m, const char *app, const char *key)
{
    static const char *const own[] = {"company", "client_id", "client_secret",
                                      "signing_key", "rule_key"};
    const char *kind;
    json_t *id;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcmp(own[i], key) == 0)
            return 1;
    json_object_foreach((json_t *)json_at(workspace_connector(m->w, app, NULL), "ids"),
                        kind, id)
    {
        if (strcmp(json_text_or(id, "names", ""), key) == 0)
            return 1;
    }
    return 0;
}

/* Returns 1 when the field PATH is likely to be another one for each client. */
static int is_doubtful(const char *path)
{
    static const char *const fields[] = {"vars.", "hosts.", "timezone"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (str_starts(path, fields[i]))
            return 1;
    return 0;
}

static const char *edit_field(void *arg, const char *path, const char *value, size_t len)
{
    struct making *m = arg;
    const char *dot = strchr(path, '.');
    if (strcmp(path, "name") == 0)
        return m->name;
    if (strcmp(path, "groups") == 0 && m->as->groups)
        return "";
    int is_own = has_secret(value, len);
    if (dot && !strchr(dot + 1, '.') && !is_own) {
        char *app = xmemdup0(path, (size_t)(dot - path));
        is_own = is_own_field(m, app, dot + 1);
        free(app);
    }
    if (!is_own) {
        if (is_doubtful(path) && (!len || *value != '{'))
            json_array_append_new(m->copied, json_string(path));
        return NULL;
    }
    json_array_append_new(m->left_out, json_string(path));
    return "";
}

/* Puts the groups behind the first '{' that follows the word `return`. */
static char *with_groups(const char *text, const char *groups)
{
    const char *at = strstr(text, "return");
    at = at ? strchr(at, '{') : NULL;
    if (!at)
        return xstrdup(text);
    char *line = groups_line(groups);
    char *all = xasprintf("%.*s\n  %s,%s", (int)(at + 1 - text), text, line, at + 1);
    free(line);
    return all;
}

/* Returns 1 when TREE, or what is in it, is a secret. */
static int holds_secret(const json_t *tree)
{
    const char *key;
    json_t *value;
    size_t i;
    json_object_foreach((json_t *)tree, key, value)
    {
        if (strcmp(key, "$secret") == 0 || holds_secret(value))
            return 1;
    }
    json_array_foreach(tree, i, value)
    {
        if (holds_secret(value))
            return 1;
    }
    return 0;
}

static int check_copy(struct making *m, const char *text)
{
    json_t *tree = data_load(text, strlen(text), "the copy", m->e);
    int holds = tree && holds_secret(tree);
    if (!tree)
        err_prefix(m->e, "cannot copy clients/%s/client.lua", m->as->from);
    else if (holds)
        err_set(
            m->e, ERR_SETTINGS,
            "cannot copy clients/%s/client.lua: a secret of that client stands "
            "outside of the table that it returns; put it into the table, or copy the "
            "file by hand",
            m->as->from);
    json_decref(tree);
    return tree && !holds ? 0 : -1;
}

/* Returns TEXT with the new client's directory instead of the old one's in its comments,
 * a new string. */
static char *rename_dirs(const struct new_client *as, const char *text)
{
    char *old = xasprintf("clients/%s/", as->from);
    struct buf out;
    buf_init(&out, 4 * limits_default.script_bytes);
    for (const char *at; (at = strstr(text, old)); text = at + strlen(old)) {
        buf_add(&out, text, (size_t)(at - text));
        buf_addf(&out, "clients/%s/", as->client);
    }
    buf_adds(&out, text);
    char *all = xstrdup(buf_str(&out));
    buf_free(&out);
    free(old);
    return all;
}

static char *copied_text(struct making *m)
{
    struct buf text, out;
    char *shown = xasprintf("clients/%s/client.lua", m->as->from), *copy = NULL;
    buf_init(&text, limits_default.script_bytes);
    buf_init(&out, 2 * limits_default.script_bytes);
    int rc = textfile_read_below(workspace_dir(m->w), shown, shown, &text, m->e);
    if (rc == 0)
        rc = lua_lines_edit(buf_str(&text), text.len, edit_field, m, &out);
    if (rc == 0) {
        char *renamed = rename_dirs(m->as, buf_str(&out));
        char *edited =
            m->as->groups ? with_groups(renamed, m->as->groups) : xstrdup(renamed);
        free(renamed);
        copy = xasprintf("-- Copied from %s, without its ids, company and secrets: look "
                         "at vars.\n%s",
                         shown, edited);
        free(edited);
    }
    if (copy && check_copy(m, copy) != 0) {
        free(copy);
        copy = NULL;
    }
    buf_free(&text);
    buf_free(&out);
    free(shown);
    return copy;
}

/* ---- files ---- */

/* Makes NAME, a path below the workspace, with its directories. */
static int make_file(struct making *m, const char *name, const char *text, size_t len)
{
    char *path = path_join(workspace_dir(m->w), name);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    int rc = path_make_dirs(path, 0755, m->e);
    *slash = '/';
    if (rc == 0)
        rc = path_create(path, text, len, 0644, m->e);
    if (rc == 0)
        json_array_append_new(m->made, json_string(name));
    free(path);
    return rc;
}

struct copying {
    struct making *m;
    const char *below; /* "templates" */
};

static int copy_dir(struct making *m, const char *below);

static int copy_entry(void *arg, const char *name)
{
    const struct copying *c = arg;
    struct making *m = c->m;
    char *below = xasprintf("%s/%s", c->below, name);
    char *from = xasprintf("clients/%s/%s", m->as->from, below);
    char *to = xasprintf("clients/%s/%s", m->as->client, below);
    char *path = path_join(workspace_dir(m->w), from);
    int rc = 0;
    if (path_is_dir(path)) {
        rc = copy_dir(m, below);
    } else {
        struct buf data;
        buf_init(&data, FILE_MAX);
        rc = path_read_below(workspace_dir(m->w), from, from, &data, m->e);
        if (rc == 0)
            rc = make_file(m, to, buf_str(&data), data.len);
        buf_free(&data);
    }
    free(path);
    free(to);
    free(from);
    free(below);
    return rc;
}

static int copy_dir(struct making *m, const char *below)
{
    char *name = xasprintf("clients/%s/%s", m->as->from, below);
    char *path = path_join(workspace_dir(m->w), name);
    struct copying c = {m, below};
    int rc = ++m->depth > DEPTH_MAX
                 ? err_set(m->e, ERR_LIMIT, "cannot copy %s: it is too deep", name)
                 : path_each(path, copy_entry, &c);
    m->depth--;
    free(path);
    free(name);
    return rc;
}

static int make_all(struct making *m)
{
    static const char *const layers[] = {"lua", "recipes", "templates"};
    char *text = m->as->from ? copied_text(m) : new_text(m);
    char *name = xasprintf("clients/%s/client.lua", m->as->client);
    int rc = text ? make_file(m, name, text, strlen(text)) : -1;
    for (size_t i = 0; rc == 0 && m->as->from && i < sizeof layers / sizeof *layers; i++)
        rc = copy_dir(m, layers[i]);
    free(name);
    free(text);
    return rc;
}

/* Checks that foyer.lua has each of the groups. */
static int check_groups(struct workspace *w, const char *groups, struct err *e)
{
    const json_t *settings = workspace_settings(w, e);
    int rc = settings ? 0 : -1;
    for (const char *s = groups; rc == 0 && *s;) {
        size_t n = strcspn(s, ",");
        char *name = xmemdup0(s, n);
        const char *near = settings_near_group(settings, name);
        if (n && !json_object_get(json_object_get(settings, "groups"), name))
            rc = near ? err_set(e, ERR_NOT_FOUND,
                                "foyer.lua has no group \"%.64s\"; did you mean "
                                "\"%.64s\"?",
                                name, near)
                      : err_set(e, ERR_NOT_FOUND,
                                "foyer.lua has no group \"%.64s\": add it there, groups "
                                "= { [\"%.64s\"] = {} }",
                                name, name);
        free(name);
        s += n + (s[n] == ',');
    }
    return rc;
}

static int check(struct workspace *w, const struct new_client *as, struct err *e)
{
    if (as->name && (!*as->name || strlen(as->name) > 200 ||
                     !str_is_utf8(as->name, strlen(as->name))))
        return err_set(e, ERR_USAGE, "--name takes 1 to 200 bytes of text in UTF-8");
    if (as->groups && check_groups(w, as->groups, e) != 0)
        return -1;
    if (!str_is_name(as->client))
        return err_set(e, ERR_USAGE,
                       "\"%.64s\" cannot name a client: a name has letters, digits, '-', "
                       "'_' and '.'",
                       as->client);
    char *name = xasprintf("%s/clients/%s/client.lua", workspace_dir(w), as->client);
    int is_there = path_is_taken(name);
    free(name);
    if (is_there)
        return err_set(e, ERR_CONFLICT,
                       "cannot add the client %s: clients/%s/client.lua is there; `foyer "
                       "client %s` shows what is left to do",
                       as->client, as->client, as->client);
    if (!as->from || workspace_has_client(w, as->from))
        return 0;
    struct err why = {0};
    workspace_client(w, as->from, &why);
    *e = why;
    return err_prefix(e, "cannot copy %.64s", as->from);
}

json_t *new_client_make(struct workspace *w, const struct new_client *as, struct err *e)
{
    if (!workspace_connector(w, as->app, e) || check(w, as, e) != 0)
        return NULL;
    struct making m = {.w = w, .as = as, .e = e};
    m.made = json_array();
    m.left_out = json_array();
    m.copied = json_array();
    struct buf name;
    buf_init(&name, 4096);
    lua_text_quote(&name, as->name ? as->name : as->client);
    m.name = xstrdup(buf_str(&name));
    buf_free(&name);
    int rc = make_all(&m);
    if (rc != 0)
        new_client_undo(w, as->client, m.made);
    json_t *out = rc == 0 ? json_pack("{s:O, s:O, s:O}", "made", m.made, "left_out",
                                      m.left_out, "copied", m.copied)
                          : NULL;
    json_decref(m.made);
    json_decref(m.left_out);
    json_decref(m.copied);
    free(m.name);
    return out;
}

void new_client_undo(struct workspace *w, const char *client, const json_t *made)
{
    char *top = xasprintf("%s/clients/%s", workspace_dir(w), client);
    size_t i, keep = strlen(top);
    json_t *name;
    json_array_foreach(made, i, name)
    {
        char *path = path_join(workspace_dir(w), json_string_value(name));
        unlink(path);
        for (char *slash; (slash = strrchr(path, '/')) && slash >= path + keep;) {
            *slash = '\0';
            if (rmdir(path) != 0)
                break;
        }
        free(path);
    }
    rmdir(top);
    free(top);
}
