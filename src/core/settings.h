/* settings: what foyer.lua, client.lua and ids.lua say, as plain trees that passed
 * settings_check.
 *
 * The trees come from vm/data, which evaluated the Lua; a secret is {"$secret": NAME},
 * and an empty table may be [] or {}. What a getter returns is lent by the tree unless it
 * says otherwise; a NULL tree says nothing. */
#ifndef FOYER_SETTINGS_H
#define FOYER_SETTINGS_H

#include <jansson.h>
#include <stdint.h>

/* A new tree: CLIENT with the names of IDS (may be NULL) below its own; what client.lua
 * says wins, name by name. */
json_t *settings_merge_ids(const json_t *client, const json_t *ids);

enum { SETTINGS_MIB_MAX = 1024 };
/* `limits.KEY` of foyer.lua, a number of MiB, in bytes; FALLBACK when it is not said. */
size_t settings_limit_bytes(const json_t *workspace, const char *key, size_t fallback);
/* The client's time zone, else the workspace's, else "UTC". CLIENT may be NULL. */
const char *settings_timezone(const json_t *workspace, const json_t *client);
/* "park" or "resend"; RECIPE (may be NULL) may say otherwise than the client. */
const char *settings_uncertain(const json_t *workspace, const json_t *client,
                               const char *recipe);
/* keep.KEY in milliseconds, FALLBACK_MS when it is not set. */
int64_t settings_keep_ms(const json_t *workspace, const char *key, int64_t fallback_ms);
/* The client's list of hosts, or NULL. */
const json_t *settings_hosts(const json_t *client);
/* The client's block for APP, or foyer.lua's under `apps`; NULL when there is none. */
const json_t *settings_client_app(const json_t *client, const char *app);
const json_t *settings_workspace_app(const json_t *workspace, const char *app);
/* The company id the client's block names, or NULL. */
const char *settings_company(const json_t *client, const char *app);

/* 1 when the client switched RECIPE on, or foyer.lua did and the client did not object.
 */
int settings_is_on(const json_t *workspace, const json_t *client, const char *recipe);
/* A new object: what foyer.lua says for RECIPE, with what the client says over it; empty
 * when neither says anything. Reserved keys included. */
json_t *settings_recipe(const json_t *workspace, const json_t *client,
                        const char *recipe);
/* The same without the reserved keys: the recipe's own options. */
json_t *settings_options(const json_t *workspace, const json_t *client,
                         const char *recipe);

#endif
