/* settings: reads foyer.lua, client.lua and ids.lua, as plain trees that passed
 * settings_check.
 *
 * The trees come from vm/data, which evaluates the Lua. A secret is {"$secret": NAME}; an
 * empty table may be [] or {}. Results are borrowed from the tree unless said otherwise.
 * A NULL tree counts as an empty one. */
#ifndef FOYER_SETTINGS_H
#define FOYER_SETTINGS_H

#include <jansson.h>
#include <stdint.h>

/* Returns a new tree: CLIENT with the names of IDS (may be NULL). A name in client.lua
 * wins. */
json_t *settings_merge_ids(const json_t *client, const json_t *ids);

enum { SETTINGS_MIB_MAX = 1024 };
/* Returns `limits.KEY` of foyer.lua, which is in MiB, as bytes, or FALLBACK when it is
 * not set. */
size_t settings_limit_bytes(const json_t *workspace, const char *key, size_t fallback);
/* Returns the time zone of the client, else of the workspace, else "UTC". CLIENT may be
 * NULL. */
const char *settings_timezone(const json_t *workspace, const json_t *client);
/* Returns "park" or "resend". RECIPE (may be NULL) can override the client. */
const char *settings_uncertain(const json_t *workspace, const json_t *client,
                               const char *recipe);
struct settings_keep { /* how long, in milliseconds */
    int64_t deliveries_ms, bodies_ms, exchanges_ms, runs_ms, rejections_ms, logs_ms;
};
/* Returns `keep` of foyer.lua, with its defaults. A part is kept no longer than what it
 * belongs to: bodies than deliveries, exchanges than runs. */
struct settings_keep settings_keep(const json_t *workspace);
enum { SETTINGS_EVERY_MIN_MS = 60 * 1000 };
/* Return how often the client's triggers are polled (5 min unless set), and the events of
 * its companies are swept (1 h), in milliseconds; 0: never. */
int64_t settings_poll_ms(const json_t *workspace, const json_t *client);
int64_t settings_heal_ms(const json_t *workspace, const json_t *client);
enum { SETTINGS_SILENCE = 10 };
/* Alerts. The address to which those about the client go (its own, else foyer.lua's), a
 * text or {"$secret": NAME}; NULL: nowhere. CLIENT NULL: those about the agency. *IS_OWN
 * becomes 1 when client.lua names it. */
const json_t *settings_alert_to(const json_t *workspace, const json_t *client,
                                int *is_own);
/* The hours in which they wait, for quiet_parse; NULL: none. */
const char *settings_alert_quiet(const json_t *workspace, const json_t *client);
/* How many times its usual gap a client may be silent; 0: for ever. */
int64_t settings_alert_silence(const json_t *workspace, const json_t *client);
/* The address that is called while foyer lives, as above, and how often, in milliseconds;
 * NULL: none. */
const json_t *settings_heartbeat(const json_t *workspace, int64_t *every_ms);
/* Returns the group of foyer.lua whose name is most like GROUP, or NULL. */
const char *settings_near_group(const json_t *workspace, const char *group);
/* Returns the client's list of hosts, or NULL. */
const json_t *settings_hosts(const json_t *client);
/* Return the block of APP in client.lua, or under `apps` in foyer.lua, or NULL. */
const json_t *settings_client_app(const json_t *client, const char *app);
const json_t *settings_workspace_app(const json_t *workspace, const char *app);
/* Returns the company id in the client's block, or NULL. */
const char *settings_company(const json_t *client, const char *app);

/* Recipes are set by client.lua, by foyer.lua for each of the client's groups (of two
 * groups that set the same, the one that client.lua names last), and by foyer.lua for all
 * clients, in this order of precedence. */

/* Returns 1 when one of them has an entry for a recipe. */
int settings_has_recipes(const json_t *workspace, const json_t *client);
/* Returns 1 when the first of them that has an entry for RECIPE switches it on. */
int settings_is_on(const json_t *workspace, const json_t *client, const char *recipe);
/* Returns a new object: foyer.lua's settings for RECIPE, overridden by those of the
 * client's groups and of client.lua, with the reserved keys. It may be empty. */
json_t *settings_recipe(const json_t *workspace, const json_t *client,
                        const char *recipe);
/* Returns the same without the reserved keys: the recipe's own options. */
json_t *settings_options(const json_t *workspace, const json_t *client,
                         const char *recipe);

#endif
