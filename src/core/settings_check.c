#include "core/settings_check.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/str.h"
#include "core/hours.h"
#include "core/jsontree.h"
#include "core/policy.h"
#include "core/quiet.h"
#include "core/settings.h"
#include "core/settings_value.h"

/* ---- recipes ---- */

static const char *const uncertain[] = {"park", "resend", NULL};
static const char *const modes[] = {"live", "dry", NULL};

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
        struct value_at here = {at, NULL, i + 1, NULL};
        const char *text = json_string_value(json_array_get(v, i));
        value_duration(c, &here, json_array_get(v, i));
        if (!text || str_parse_duration(text, &ms) != 0)
            continue;
        if (ms < last)
            value_report(c, &here, "must not be shorter than the one before");
        last = ms;
    }
}

static void check_catch_up(struct value_walk *c, const struct value_at *at,
                           const json_t *v)
{
    if (!json_is_boolean(v)) /* true: only the latest missed run; false: none */
        value_word(c, at, v);
}

static const char *const catch_up[] = {"latest", "all", "none", NULL};

static const struct field retry[] = {
    {"attempts", .check = value_whole, .min = 1, .max = 100},
    {"give_up", .check = value_duration},
    {0},
};

/* All other keys are options of the recipe. */
static const struct field recipe[] = {
    {"cron", .check = value_cron},
    {"retry", .fields = retry},
    {"catch_up", .check = check_catch_up, .words = catch_up},
    {"uncertain", .check = value_word, .words = uncertain},
    {.check = value_any},
};

int settings_is_reserved(const char *key)
{
    const struct field *f = recipe;
    while (f->key && strcmp(f->key, key) != 0)
        f++;
    return f->key != NULL;
}

static void check_recipe(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    if (!str_is_name(at->key))
        value_report(c, at, "\"%.80s\" cannot be the name of a recipe", at->key);
    else if (!json_is_boolean(v) && !value_is_table(v))
        value_wrong_type(c, at, "true, false or a table of options", v);
    if (value_is_table(v))
        value_fields(c, at, v, recipe, "key");
}

static const struct field recipes[] = {{.check = check_recipe}};

/* ---- app blocks ---- */

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
                          const json_t *v)
{
    const char *s = value_want_text(c, at, v);
    const char *prefix = at->up->field->company;
    if (s && prefix && !is_id(s, prefix))
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

/* Checks a name and its id in a table of an app's block. */
static void check_name(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    const json_t *id = at->up->field->ids;
    const char *prefix = json_text_or(id, "prefix", "");
    int alias = json_is_true(json_object_get(id, "alias"));
    if (!is_label(at->key, prefix))
        value_report(
            c, at,
            "\"%.80s\" cannot be a name: it must be 1 to 128 bytes of text that do "
            "not look like an id",
            at->key);
    const char *s = value_want_text(c, at, v);
    if (!s || is_id(s, prefix) || (alias && is_alias(s)))
        return;
    value_report(c, at, "must be an id that begins with \"%s\"%s, not \"%.80s\"", prefix,
                 alias ? ", or an alias such as \"alt:email:...\"" : "", s);
}

static const struct field none[] = {{0}};
static const struct field names[] = {{.check = check_name}};

static const struct field workspace_app[] = {
    {"client_id", .check = value_secret_or_text},
    {"client_secret", .check = value_secret_or_text},
    {"signing_key", .check = value_keys},
    {"redirect_url", .check = value_url},
    {0},
};

static const struct field client_app[] = {
    {"company", .check = check_company},
    {"client_id", .check = value_secret_or_text},
    {"client_secret", .check = value_secret_or_text},
    {"signing_key", .check = value_keys},
    {"rule_key", .check = value_keys},
    {"redirect_url", .check = value_url},
    {0},
};

/* Fields that are known only when the connectors are. */
struct fields {
    struct field *list; /* the caller frees it */
    size_t n;
};

static void add(struct fields *all, struct field field)
{
    array_grow(all->list, all->n);
    all->list[all->n++] = field;
}

static void add_all(struct fields *all, const struct field *fields)
{
    for (; fields->key; fields++)
        add(all, *fields);
}

/* Checks one app's block of client.lua or ids.lua: the fields of AT, and a table for each
 * kind of the app's ids that has names. */
static void check_block(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    struct fields all = {NULL, 0};
    const char *kind;
    json_t *id;
    add_all(&all, at->field->fields);
    json_object_foreach((json_t *)at->field->ids, kind, id)
    {
        const char *table = json_text(id, "names");
        if (table)
            add(&all, (struct field){table, .fields = names, .ids = id,
                                     .expected = "a table of names and ids"});
    }
    add(&all, (struct field){0});
    value_fields(c, at, v, all.list, "key");
    free(all.list);
}

/* Checks a table of FIELDS and a BLOCK for each app. WHAT is that of value_fields. */
static void check_with_apps(struct value_walk *c, const struct value_at *at,
                            const json_t *v, const struct field *fields,
                            struct field block, const char *what)
{
    struct fields all = {NULL, 0};
    add_all(&all, fields);
    for (size_t i = 0; i < c->napps; i++) {
        block.key = c->apps[i].name;
        block.ids = c->apps[i].ids;
        block.company = c->apps[i].company;
        add(&all, block);
    }
    add(&all, (struct field){0});
    value_fields(c, at, v, all.list, what);
    free(all.list);
}

static void check_apps(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    check_with_apps(c, at, v, none, (struct field){.fields = workspace_app}, "app");
}

/* ---- files ---- */

static const struct field keep[] = {
    {"deliveries", .check = value_duration},
    {"bodies", .check = value_duration},
    {"exchanges", .check = value_duration},
    {"runs", .check = value_duration},
    {"rejections", .check = value_duration},
    {"logs", .check = value_duration},
    {0},
};

static const struct field limits[] = {
    {"record_mib", .check = value_whole, .min = 1, .max = SETTINGS_MIB_MAX,
     .unit = " (MiB)"},
    {"store_mib", .check = value_whole, .min = 1, .max = SETTINGS_MIB_MAX,
     .unit = " (MiB)"},
    {0},
};

/* Checks how often something is done: a duration from a minute on, or false for never. */
static void check_every(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    int64_t ms;
    if (json_is_false(v))
        return;
    value_duration(c, at, v);
    if (json_is_string(v) && str_parse_duration(json_string_value(v), &ms) == 0 &&
        ms < SETTINGS_EVERY_MIN_MS)
        value_report(c, at, "must be at least 1m");
}

/* ---- hours ---- */

typedef int check_text_fn(const char *text, struct err *e);

static void check_text(struct value_walk *c, const struct value_at *at, const json_t *v,
                       check_text_fn *check)
{
    struct err e;
    const char *text = value_want_text(c, at, v);
    if (text && check(text, &e) != 0)
        value_report(c, at, "%s", e.text);
}

static void check_holiday(struct value_walk *c, const struct value_at *at,
                          const json_t *v)
{
    check_text(c, at, v, hours_check_holiday);
}

static void check_holidays(struct value_walk *c, const struct value_at *at,
                           const json_t *v)
{
    if (json_is_array(v))
        value_items(c, at, v, check_holiday);
    else
        value_wrong_type(c, at,
                         "a list such as { \"12-25\", \"2026-12-24 09:00-12:00\" }", v);
}

static void check_dates(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    check_text(c, at, v, hours_check_dates);
}

/* The dates on which a teammate is away: a text, or several. */
static void check_away(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    if (json_is_array(v))
        value_items(c, at, v, check_dates);
    else
        check_dates(c, at, v);
}

static void check_day(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    struct err e;
    if (hours_check_days(at->key, &e) != 0)
        value_report(c, at, "%s", e.text);
    else
        check_text(c, at, v, hours_check_spans);
}

static const struct field away[] = {{.check = check_away}};
static const struct field hours[] = {
    {"holidays", .check = check_holidays},
    {"away", .fields = away,
     .expected = "a table such as { leela = \"2026-12-24..2027-01-02\" }"},
    {.check = check_day},
};
static const char some_hours[] = "a table such as { [\"mon-fri\"] = \"09:00-17:30\" }";

/* ---- alerts ---- */

/* Checks an address that may be a secret. */
static void check_address(struct value_walk *c, const struct value_at *at,
                          const json_t *v)
{
    if (json_is_string(v))
        value_url(c, at, v);
    else
        value_secret_or_text(c, at, v);
}

static void check_quiet(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    struct quiet q;
    const char *s = value_want_text(c, at, v);
    if (s && quiet_parse(s, &q) != 0)
        value_report(c, at, "must be hours such as \"20:00-08:00\", not \"%.80s\"", s);
}

/* Checks a number of times the usual gap, or false for never. */
static void check_silence(struct value_walk *c, const struct value_at *at,
                          const json_t *v)
{
    if (!json_is_false(v))
        value_whole(c, at, v);
}

static const struct field alert[] = {
    {"to", .check = check_address},
    {"quiet", .check = check_quiet},
    {"silence", .check = check_silence, .min = 2, .max = 10000},
    {0},
};

static const char an_alert[] =
    "a URL, secret \"NAME\" or a table such as { to = secret \"NAME\" }";

/* Checks where alerts go: an address, a table, or in client.lua false for nowhere. */
static void check_alert(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    if (value_is_table(v))
        value_fields(c, at, v, alert, "key");
    else if (json_is_string(v) || settings_secret(v))
        check_address(c, at, v);
    else if (!json_is_false(v))
        value_wrong_type(c, at, at->field->expected, v);
}

static const struct field heartbeat[] = {
    {"to", .check = check_address, .required = 1},
    {"every", .check = check_every},
    {0},
};

static void check_heartbeat(struct value_walk *c, const struct value_at *at,
                            const json_t *v)
{
    if (value_is_table(v))
        value_fields(c, at, v, heartbeat, "key");
    else if (json_is_string(v) || settings_secret(v))
        check_address(c, at, v);
    else
        value_wrong_type(c, at, at->field->expected, v);
}

static const struct field vars[] = {{.check = value_any}};

static const struct field group[] = {
    {"recipes", .fields = recipes, .expected = "a table of recipes"},
    {0},
};

/* Checks a group of foyer.lua. */
static void check_group(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    if (!str_is_name(at->key))
        value_report(c, at, "\"%.80s\" cannot be the name of a group", at->key);
    value_fields(c, at, v, group, "key");
}

static const struct field groups[] = {{.check = check_group}};

static void check_group_name(struct value_walk *c, const struct value_at *at,
                             const json_t *v)
{
    const char *name = value_want_text(c, at, v);
    if (name && !str_is_name(name))
        value_report(c, at,
                     "must be a group's name: letters, digits, '-', '_' and '.', not "
                     "\"%.80s\"",
                     name);
}

/* Checks the groups that a client is in. */
static void check_groups(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    if (json_is_array(v) || value_is_table(v))
        value_items(c, at, v, check_group_name);
    else
        value_wrong_type(c, at, "a list of groups such as { \"retail\" }", v);
}

static const char a_recipe[] = "a table such as { [\"first-reply\"] = true }";
static const char a_limit[] = "a table such as { record_mib = 64 }";

static const struct field workspace_fields[] = {
    {"public_url", .check = value_url},
    {"listen", .check = value_listen},
    {"timezone", .check = value_timezone},
    {"hours", .fields = hours, .expected = some_hours},
    {"mode", .check = value_word, .words = modes},
    {"apps", .check = check_apps, .expected = "a table of apps"},
    {"recipes", .fields = recipes, .expected = a_recipe},
    {"groups", .fields = groups, .expected = "a table such as { retail = {} }"},
    {"keep", .fields = keep},
    {"proxy", .check = value_proxy},
    {"ca_dir", .check = value_text},
    {"alert", .check = check_alert, .expected = an_alert},
    {"heartbeat", .check = check_heartbeat, .expected = an_alert},
    {"confirm", .check = check_looks},
    {"tls_certificate", .check = value_text},
    {"tls_key", .check = value_text},
    {"limits", .fields = limits, .expected = a_limit},
    {"poll", .check = check_every},
    {"heal", .check = check_every},
    {0},
};

static const struct field client_fields[] = {
    {"name", .check = value_text},
    {"timezone", .check = value_timezone},
    {"hours", .fields = hours, .expected = some_hours},
    {"mode", .check = value_word, .words = modes},
    {"recipes", .fields = recipes, .expected = a_recipe},
    {"groups", .check = check_groups},
    {"vars", .fields = vars},
    {"hosts", .check = value_hosts},
    {"uncertain", .check = value_word, .words = uncertain},
    {"confirm", .check = check_looks},
    {"replies_per_hour", .check = value_whole, .max = 1000},
    {"poll", .check = check_every},
    {"alert", .check = check_alert, .expected = an_alert},
    {"heal", .check = check_every},
    {0},
};

int settings_is_client_key(const char *key)
{
    const struct field *f = client_fields;
    while (f->key && strcmp(f->key, key) != 0)
        f++;
    return f->key != NULL;
}

static void check_workspace(struct value_walk *c, const json_t *v)
{
    value_fields(c, NULL, v, workspace_fields, "key");
    int has_key = json_object_get(v, "tls_key") != NULL;
    if (has_key != (json_object_get(v, "tls_certificate") != NULL)) {
        struct value_at at = {NULL, has_key ? "tls_key" : "tls_certificate", 0, NULL};
        value_report(c, &at, "is of use only with %s",
                     has_key ? "tls_certificate" : "tls_key");
    }
}

int settings_check(const json_t *tree, enum settings_kind kind,
                   const struct settings_app *apps, size_t napps,
                   settings_problem_fn *problem, void *arg)
{
    struct value_walk c = {apps, napps, problem, arg, 0};
    struct field block = {.check = check_block, .fields = none};
    if (kind == SETTINGS_WORKSPACE) {
        check_workspace(&c, tree);
    } else if (kind == SETTINGS_CLIENT) {
        block.fields = client_app;
        check_with_apps(&c, NULL, tree, client_fields, block, "key");
    } else {
        check_with_apps(&c, NULL, tree, none, block, "app");
    }
    return c.problems;
}
