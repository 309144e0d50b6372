#include "core/settings.h"

#include <string.h>

#include "base/str.h"
#include "core/jsontree.h"
#include "core/settings_check.h"

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
        .rejections_ms = keep_ms(workspace, "rejections", 30 * day_ms)};
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

static const json_t *recipe_entry(const json_t *tree, const char *recipe)
{
    return json_object_get(json_object_get(tree, "recipes"), recipe);
}

int settings_is_on(const json_t *workspace, const json_t *client, const char *recipe)
{
    const json_t *entry = recipe_entry(client, recipe);
    if (!entry)
        entry = recipe_entry(workspace, recipe);
    return entry && !json_is_false(entry);
}

json_t *settings_recipe(const json_t *workspace, const json_t *client, const char *recipe)
{
    const json_t *const layers[] = {recipe_entry(workspace, recipe),
                                    recipe_entry(client, recipe)};
    json_t *merged = json_object();
    for (int i = 0; i < 2; i++)
        json_object_update_new(merged, json_deep_copy(layers[i]));
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
    if (recipe)
        says = json_text_or(recipe_entry(workspace, recipe), "uncertain", says);
    if (recipe)
        says = json_text_or(recipe_entry(client, recipe), "uncertain", says);
    return strcmp(says, "resend") == 0 ? "resend" : "park";
}
