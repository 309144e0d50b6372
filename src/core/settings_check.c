#include "core/settings_check.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "core/jsontree.h"
#include "core/policy.h"
#include "core/settings.h"
#include "core/settings_value.h"

struct field {
    const char *key;
    value_fn *check;
};

static const struct field *find_field(const struct field *fields, size_t n,
                                      const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(fields[i].key, key) == 0)
            return &fields[i];
    return NULL;
}

/* Names to suggest by "did you mean". */
struct names {
    const char *items[64];
    size_t n;
};

static void add_name(struct names *names, const char *name)
{
    if (names->n < sizeof names->items / sizeof names->items[0])
        names->items[names->n++] = name;
}

static void add_fields(struct names *names, const struct field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add_name(names, fields[i].key);
}

static void unknown(struct value_walk *c, const struct value_at *at, const char *what,
                    const struct names *known)
{
    const char *near = str_nearest(at->key, known->items, known->n);
    if (near)
        value_report(c, at, "unknown %s \"%.80s\"; did you mean \"%s\"?", what, at->key,
                     near);
    else
        value_report(c, at, "unknown %s \"%.80s\"", what, at->key);
}

static void check_fields(struct value_walk *c, const struct value_at *at, const json_t *v,
                         const struct field *fields, size_t n)
{
    struct names known = {.n = 0};
    add_fields(&known, fields, n);
    if (!value_want_table(c, at, v, "a table"))
        return;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)v, key, value)
    {
        struct value_at here = {at, key, 0};
        const struct field *field = find_field(fields, n, key);
        if (field)
            field->check(c, &here, value);
        else
            unknown(c, &here, "key", &known);
    }
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- recipes ---- */

static void check_attempts(struct value_walk *c, const struct value_at *at,
                           const json_t *v)
{
    if (!json_is_integer(v))
        value_wrong_type(c, at, "a whole number", v);
    else if (json_integer_value(v) < 1 || json_integer_value(v) > 100)
        value_report(c, at, "must be from 1 to 100");
}

static void check_retry(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    static const struct field fields[] = {
        {"attempts", check_attempts},
        {"give_up", value_duration},
    };
    check_fields(c, at, v, fields, COUNT(fields));
}

/* Checks growing durations: when foyer checks for a write after sending it. */
static void check_looks(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    int64_t last = 0, ms;
    if (!json_is_array(v) || json_array_size(v) == 0 ||
        json_array_size(v) > POLICY_LOOKS_MAX) {
        value_report(c, at,
                     "must be a list of 1 to %d durations such as {\"15s\", \"60s\"}",
                     POLICY_LOOKS_MAX);
        return;
    }
    for (size_t i = 0; i < json_array_size(v); i++) {
        struct value_at here = {at, NULL, i + 1};
        const char *text = json_string_value(json_array_get(v, i));
        value_duration(c, &here, json_array_get(v, i));
        if (!text || str_parse_duration(text, &ms) != 0)
            continue;
        if (ms < last)
            value_report(c, &here, "must not be shorter than the one before");
        last = ms;
    }
}

static void check_replies(struct value_walk *c, const struct value_at *at,
                          const json_t *v)
{
    if (!json_is_integer(v))
        value_wrong_type(c, at, "a whole number", v);
    else if (json_integer_value(v) < 0 || json_integer_value(v) > 1000)
        value_report(c, at, "must be from 0 to 1000");
}

static void check_catch_up(struct value_walk *c, const struct value_at *at,
                           const json_t *v)
{
    static const char wanted[] = "\"latest\", \"all\" or \"none\"";
    const char *s = json_string_value(v);
    if (json_is_boolean(v)) /* true: only the latest missed run; false: none */
        return;
    if (!s)
        value_wrong_type(c, at, wanted, v);
    else if (strcmp(s, "latest") != 0 && strcmp(s, "all") != 0 && strcmp(s, "none") != 0)
        value_report(c, at, "must be %s, not \"%.80s\"", wanted, s);
}

static const struct field reserved[] = {
    {"cron", value_cron},
    {"retry", check_retry},
    {"catch_up", check_catch_up},
    {"uncertain", value_uncertain},
};

int settings_is_reserved(const char *key)
{
    return find_field(reserved, COUNT(reserved), key) != NULL;
}

static void check_recipes(struct value_walk *c, const struct value_at *at,
                          const json_t *v)
{
    if (!value_want_table(c, at, v, "a table such as { [\"first-reply\"] = true }"))
        return;
    const char *key, *name;
    json_t *entry, *value;
    json_object_foreach((json_t *)v, key, entry)
    {
        struct value_at here = {at, key, 0};
        if (!str_is_name(key))
            value_report(c, &here, "\"%.80s\" cannot be the name of a recipe", key);
        else if (!json_is_boolean(entry) && !value_is_table(entry))
            value_wrong_type(c, &here, "true, false or a table of options", entry);
        json_object_foreach(entry, name, value)
        {
            struct value_at inner = {&here, name, 0};
            const struct field *field = find_field(reserved, COUNT(reserved), name);
            if (field)
                field->check(c, &inner, value);
        }
    }
}

/* ---- app blocks ---- */

static const struct settings_app *find_app(const struct value_walk *c, const char *name)
{
    for (size_t i = 0; i < c->napps; i++)
        if (strcmp(c->apps[i].name, name) == 0)
            return &c->apps[i];
    return NULL;
}

/* Returns the ids that the block's table KEY gives names to, or NULL. */
static const json_t *find_table(const struct settings_app *app, const char *key)
{
    const char *kind;
    json_t *id;
    json_object_foreach((json_t *)app->ids, kind, id)
    {
        if (str_eq(json_text(id, "names"), key))
            return id;
    }
    return NULL;
}

static void add_tables(struct names *names, const struct settings_app *app)
{
    const char *kind;
    json_t *id;
    json_object_foreach((json_t *)app->ids, kind, id)
    {
        const char *table = json_text(id, "names");
        if (table)
            add_name(names, table);
    }
}

static const char id_characters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

static int is_id(const char *s, const char *prefix)
{
    size_t n = strlen(prefix);
    return strncmp(s, prefix, n) == 0 && s[n] &&
           strspn(s + n, id_characters) == strlen(s + n);
}

/* Returns whether S is an alias: "alt:email:leela@acme.example". */
static int is_alias(const char *s)
{
    const char *colon = str_starts(s, "alt:") ? strchr(s + 4, ':') : NULL;
    return colon && colon > s + 4 && colon[1] && !strpbrk(s, " \t\r\n");
}

static void check_company(struct value_walk *c, const struct value_at *at,
                          const json_t *v, const struct settings_app *app)
{
    const char *s = value_want_text(c, at, v);
    const char *prefix = json_text(json_object_get(app->ids, "company"), "prefix");
    if (!prefix)
        prefix = "cmp_";
    if (s && !is_id(s, prefix))
        value_report(c, at,
                     "must be a company's id, which begins with \"%s\", not \"%.80s\"",
                     prefix, s);
}

/* Returns whether S may be a name: any text that cannot be mistaken for an id. */
static int is_label(const char *s, const char *prefix)
{
    size_t n = strlen(s);
    if (n == 0 || n > 128 || str_starts(s, "alt:") ||
        (*prefix && str_starts(s, prefix)) || !str_is_utf8(s, n))
        return 0;
    for (; *s; s++)
        if (iscntrl((unsigned char)*s))
            return 0;
    return 1;
}

static void check_names(struct value_walk *c, const struct value_at *at, const json_t *v,
                        const json_t *id)
{
    const char *prefix = json_text(id, "prefix");
    int alias = json_is_true(json_object_get(id, "alias"));
    const char *key;
    json_t *value;
    if (!prefix)
        prefix = "";
    if (!value_want_table(c, at, v, "a table of names and ids"))
        return;
    json_object_foreach((json_t *)v, key, value)
    {
        struct value_at here = {at, key, 0};
        if (!is_label(key, prefix))
            value_report(
                c, &here,
                "\"%.80s\" cannot be a name: it must be 1 to 128 bytes of text that do "
                "not look like an id",
                key);
        const char *s = value_want_text(c, &here, value);
        if (!s || is_id(s, prefix) || (alias && is_alias(s)))
            continue;
        value_report(c, &here, "must be an id that begins with \"%s\"%s, not \"%.80s\"",
                     prefix, alias ? ", or an alias such as \"alt:email:...\"" : "", s);
    }
}

static const struct field workspace_app_fields[] = {
    {"client_id", value_secret_or_text},
    {"client_secret", value_secret_or_text},
    {"signing_key", value_keys},
    {"redirect_url", value_url},
};

static const struct field client_app_fields[] = {
    {"client_id", value_secret_or_text}, {"client_secret", value_secret_or_text},
    {"signing_key", value_keys},         {"rule_key", value_keys},
    {"redirect_url", value_url},
};

/* Checks one app's block of client.lua (with FIELDS and company) or of ids.lua (without).
 */
static void check_client_app(struct value_walk *c, const struct value_at *at,
                             const json_t *v, const struct settings_app *app,
                             const struct field *fields, size_t n)
{
    struct names known = {.n = 0};
    if (fields)
        add_name(&known, "company");
    add_fields(&known, fields, n);
    add_tables(&known, app);
    if (!value_want_table(c, at, v, "a table"))
        return;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)v, key, value)
    {
        struct value_at here = {at, key, 0};
        const struct field *field = find_field(fields, n, key);
        const json_t *id = find_table(app, key);
        if (fields && strcmp(key, "company") == 0)
            check_company(c, &here, value, app);
        else if (field)
            field->check(c, &here, value);
        else if (id)
            check_names(c, &here, value, id);
        else
            unknown(c, &here, "key", &known);
    }
}

static void add_apps(struct names *names, const struct value_walk *c)
{
    for (size_t i = 0; i < c->napps; i++)
        add_name(names, c->apps[i].name);
}

static void check_apps(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    struct names known = {.n = 0};
    add_apps(&known, c);
    if (!value_want_table(c, at, v, "a table of apps"))
        return;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)v, key, value)
    {
        struct value_at here = {at, key, 0};
        if (find_app(c, key))
            check_fields(c, &here, value, workspace_app_fields,
                         COUNT(workspace_app_fields));
        else
            unknown(c, &here, "app", &known);
    }
}

/* ---- files ---- */

static void check_keep(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    static const struct field fields[] = {
        {"deliveries", value_duration},
        {"runs", value_duration},
    };
    check_fields(c, at, v, fields, COUNT(fields));
}

static void check_mib(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    if (!json_is_integer(v))
        value_wrong_type(c, at, "a whole number", v);
    else if (json_integer_value(v) < 1 || json_integer_value(v) > SETTINGS_MIB_MAX)
        value_report(c, at, "must be from 1 to %d (MiB)", SETTINGS_MIB_MAX);
}

static void check_limits(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    static const struct field fields[] = {
        {"record_mib", check_mib},
        {"store_mib", check_mib},
    };
    if (value_want_table(c, at, v, "a table such as { record_mib = 64 }"))
        check_fields(c, at, v, fields, COUNT(fields));
}

static const struct field workspace_fields[] = {
    {"public_url", value_url},       {"listen", value_listen},
    {"timezone", value_timezone},    {"apps", check_apps},
    {"recipes", check_recipes},      {"keep", check_keep},
    {"proxy", value_proxy},          {"ca_dir", value_text},
    {"alert", value_secret_or_text}, {"confirm", check_looks},
    {"tls_certificate", value_text}, {"tls_key", value_text},
    {"limits", check_limits},
};

static const struct field client_fields[] = {
    {"name", value_text},       {"timezone", value_timezone},
    {"recipes", check_recipes}, {"vars", value_any_table},
    {"hosts", value_hosts},     {"uncertain", value_uncertain},
    {"confirm", check_looks},   {"replies_per_hour", check_replies},
};

int settings_check_workspace(const json_t *workspace, const struct settings_app *apps,
                             size_t napps, settings_problem_fn *problem, void *arg)
{
    struct value_walk c = {apps, napps, problem, arg, 0};
    check_fields(&c, NULL, workspace, workspace_fields, COUNT(workspace_fields));
    int has_key = json_object_get(workspace, "tls_key") != NULL;
    if (has_key != (json_object_get(workspace, "tls_certificate") != NULL)) {
        struct value_at at = {NULL, has_key ? "tls_key" : "tls_certificate", 0};
        value_report(&c, &at, "is of use only with %s",
                     has_key ? "tls_certificate" : "tls_key");
    }
    return c.problems;
}

/* Checks client.lua, with FIELDS, APP_FIELDS and app blocks, or ids.lua, with app blocks
 * only. */
static int check_client_file(struct value_walk *c, const json_t *v,
                             const struct field *fields, size_t n,
                             const struct field *app_fields, size_t napp_fields)
{
    struct names known = {.n = 0};
    add_fields(&known, fields, n);
    add_apps(&known, c);
    if (!value_want_table(c, NULL, v, "a table"))
        return c->problems;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)v, key, value)
    {
        struct value_at here = {NULL, key, 0};
        const struct field *field = find_field(fields, n, key);
        const struct settings_app *app = find_app(c, key);
        if (field)
            field->check(c, &here, value);
        else if (app)
            check_client_app(c, &here, value, app, app_fields, napp_fields);
        else
            unknown(c, &here, fields ? "key" : "app", &known);
    }
    return c->problems;
}

int settings_check_client(const json_t *client, const struct settings_app *apps,
                          size_t napps, settings_problem_fn *problem, void *arg)
{
    struct value_walk c = {apps, napps, problem, arg, 0};
    return check_client_file(&c, client, client_fields, COUNT(client_fields),
                             client_app_fields, COUNT(client_app_fields));
}

int settings_check_ids(const json_t *ids, const struct settings_app *apps, size_t napps,
                       settings_problem_fn *problem, void *arg)
{
    struct value_walk c = {apps, napps, problem, arg, 0};
    return check_client_file(&c, ids, NULL, 0, NULL, 0);
}
