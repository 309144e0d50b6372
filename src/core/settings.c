#include "core/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/jsontree.h"
#include "core/settings_check.h"
#include "core/settings_value.h"

const char *settings_timezone(const json_t *workspace, const json_t *client)
{
    return json_text_or(client, "timezone", json_text_or(workspace, "timezone", "UTC"));
}

static int64_t keep_ms(const json_t *workspace, const char *key, int64_t fallback_ms)
{
    const char *s = json_text(json_object_get(workspace, "keep"), key);
    int64_t ms;
    return s && str_parse_duration(s, &ms) == 0 ? ms : fallback_ms;
}

struct settings_keep settings_keep(const json_t *workspace)
{
    const int64_t day_ms = 24 * 60 * 60 * 1000;
    struct settings_keep k = {
        .deliveries_ms = keep_ms(workspace, "deliveries", 30 * day_ms),
        .exchanges_ms = keep_ms(workspace, "exchanges", 14 * day_ms),
        .runs_ms = keep_ms(workspace, "runs", 90 * day_ms),
        .rejections_ms = keep_ms(workspace, "rejections", 30 * day_ms),
        .logs_ms = keep_ms(workspace, "logs", 14 * day_ms)};
    k.bodies_ms = keep_ms(workspace, "bodies", k.deliveries_ms);
    if (k.bodies_ms > k.deliveries_ms)
        k.bodies_ms = k.deliveries_ms;
    if (k.exchanges_ms > k.runs_ms)
        k.exchanges_ms = k.runs_ms;
    return k;
}

size_t settings_limit_bytes(const json_t *workspace, const char *key, size_t fallback)
{
    json_int_t mib =
        json_integer_value(json_object_get(json_object_get(workspace, "limits"), key));
    return mib >= 1 && mib <= SETTINGS_MIB_MAX ? (size_t)mib << 20 : fallback;
}

static int64_t every_ms(const json_t *workspace, const json_t *client, const char *key,
                        int64_t fallback_ms)
{
    const json_t *value = json_object_get(client, key);
    int64_t ms;
    if (!value)
        value = json_object_get(workspace, key);
    if (json_is_false(value))
        return 0;
    if (!json_is_string(value) || str_parse_duration(json_string_value(value), &ms) != 0)
        return fallback_ms;
    return ms < SETTINGS_EVERY_MIN_MS ? SETTINGS_EVERY_MIN_MS : ms;
}

int64_t settings_poll_ms(const json_t *workspace, const json_t *client)
{
    return every_ms(workspace, client, "poll", (int64_t)5 * 60 * 1000);
}

int64_t settings_heal_ms(const json_t *workspace, const json_t *client)
{
    return every_ms(workspace, client, "heal", (int64_t)60 * 60 * 1000);
}

/* ---- alerts ---- */

static const json_t *alert_part(const json_t *tree, const char *key)
{
    const json_t *alert = json_object_get(tree, "alert");
    return settings_secret(alert) ? NULL : json_object_get(alert, key);
}

/* Returns the address in `alert` or `heartbeat`, by itself or as `to` of a table. */
static const json_t *address(const json_t *value)
{
    if (json_is_string(value) || settings_secret(value))
        return value;
    return json_object_get(value, "to");
}

const json_t *settings_alert_to(const json_t *workspace, const json_t *client,
                                int *is_own)
{
    const json_t *own = json_object_get(client, "alert");
    *is_own = json_is_false(own) || address(own);
    if (json_is_false(own))
        return NULL;
    return *is_own ? address(own) : address(json_object_get(workspace, "alert"));
}

const char *settings_alert_quiet(const json_t *workspace, const json_t *client)
{
    const json_t *own = alert_part(client, "quiet");
    return json_string_value(own ? own : alert_part(workspace, "quiet"));
}

int64_t settings_alert_silence(const json_t *workspace, const json_t *client)
{
    const json_t *times = alert_part(client, "silence");
    if (!times)
        times = alert_part(workspace, "silence");
    if (json_is_false(times))
        return 0;
    return json_is_integer(times) ? json_integer_value(times) : SETTINGS_SILENCE;
}

const json_t *settings_heartbeat(const json_t *workspace, int64_t *every_ms)
{
    const json_t *value = json_object_get(workspace, "heartbeat");
    const json_t *every = settings_secret(value) ? NULL : json_object_get(value, "every");
    *every_ms = SETTINGS_EVERY_MIN_MS;
    if (json_is_false(every))
        return NULL;
    if (json_is_string(every))
        str_parse_duration(json_string_value(every), every_ms);
    return address(value);
}

const json_t *settings_hosts(const json_t *client)
{
    return json_object_get(client, "hosts");
}

/* ---- apps ---- */

const json_t *settings_client_app(const json_t *client, const char *app)
{
    return json_object_get(client, app);
}

const json_t *settings_workspace_app(const json_t *workspace, const char *app)
{
    return json_object_get(json_object_get(workspace, "apps"), app);
}

const char *settings_company(const json_t *client, const char *app)
{
    return json_text(settings_client_app(client, app), "company");
}

/* Returns the table KEY of TO, made when it is missing or an empty Lua table that came as
 * a list. NULL when KEY is something else. */
static json_t *need_table(json_t *to, const char *key)
{
    json_t *table = json_object_get(to, key);
    if (!table || (json_is_array(table) && json_array_size(table) == 0)) {
        table = json_object();
        json_object_set_new(to, key, table);
    }
    return json_is_object(table) ? table : NULL;
}

json_t *settings_merge_ids(const json_t *client, const json_t *ids)
{
    json_t *merged = json_is_array(client) ? json_object() : json_deep_copy(client);
    const char *app, *table, *name;
    json_t *block, *names, *id;
    json_object_foreach((json_t *)ids, app, block)
    {
        json_t *to_block = need_table(merged, app);
        json_object_foreach(block, table, names)
        {
            json_t *to = need_table(to_block, table);
            json_object_foreach(names, name, id)
            {
                if (to && !json_object_get(to, name))
                    json_object_set(to, name, id);
            }
        }
    }
    return merged;
}

/* ---- recipes ---- */

/* Returns the tree with `recipes` of layer I, from the workspace (0) over the client's
 * groups to the client; NULL for a group that foyer.lua does not have. */
static const json_t *layer_of(const json_t *workspace, const json_t *client, size_t i)
{
    const json_t *groups = json_object_get(client, "groups");
    if (i == 0)
        return workspace;
    if (i > json_array_size(groups))
        return client;
    const char *group = json_string_value(json_array_get(groups, i - 1));
    return group ? json_object_get(json_object_get(workspace, "groups"), group) : NULL;
}

static size_t count_layers(const json_t *client)
{
    return 2 + json_array_size(json_object_get(client, "groups"));
}

static const json_t *recipe_entry(const json_t *workspace, const json_t *client, size_t i,
                                  const char *recipe)
{
    const json_t *layer = layer_of(workspace, client, i);
    return json_object_get(json_object_get(layer, "recipes"), recipe);
}

int settings_has_recipes(const json_t *workspace, const json_t *client)
{
    for (size_t i = 0; i < count_layers(client); i++) {
        const json_t *layer = layer_of(workspace, client, i);
        if (json_object_size(json_object_get(layer, "recipes")))
            return 1;
    }
    return 0;
}

int settings_is_on(const json_t *workspace, const json_t *client, const char *recipe)
{
    const json_t *entry = NULL;
    for (size_t i = count_layers(client); !entry && i > 0; i--)
        entry = recipe_entry(workspace, client, i - 1, recipe);
    return entry && !json_is_false(entry);
}

json_t *settings_recipe(const json_t *workspace, const json_t *client, const char *recipe)
{
    json_t *merged = json_object();
    for (size_t i = 0; i < count_layers(client); i++) {
        const json_t *entry = recipe_entry(workspace, client, i, recipe);
        json_object_update_new(merged, json_deep_copy(entry));
    }
    return merged;
}

json_t *settings_options(const json_t *workspace, const json_t *client,
                         const char *recipe)
{
    json_t *options = settings_recipe(workspace, client, recipe);
    const char *key;
    json_t *value;
    void *next;
    json_object_foreach_safe(options, next, key, value)
    {
        if (settings_is_reserved(key))
            json_object_del(options, key);
    }
    return options;
}

const char *settings_uncertain(const json_t *workspace, const json_t *client,
                               const char *recipe)
{
    const char *says = json_text_or(client, "uncertain", "park");
    for (size_t i = 0; recipe && i < count_layers(client); i++)
        says =
            json_text_or(recipe_entry(workspace, client, i, recipe), "uncertain", says);
    return strcmp(says, "resend") == 0 ? "resend" : "park";
}

const char *settings_near_group(const json_t *workspace, const char *group)
{
    const json_t *groups = json_object_get(workspace, "groups");
    const char **names = xcalloc(json_object_size(groups) + 1, sizeof *names), *name;
    size_t n = 0;
    json_t *one;
    json_object_foreach((json_t *)groups, name, one)
    {
        names[n++] = name;
    }
    const char *near = str_nearest(group, names, n);
    free(names);
    return near;
}
