/* settings: foyer.lua, client.lua and ids.lua as plain trees: what they may say, and what
 * they do say.
 *
 * The trees come from vm/data, which evaluated the Lua; a secret is {"$secret": NAME},
 * and an empty table is taken as whatever is expected there. Nothing here knows an app:
 * which app blocks exist and what ids look like is handed in from the connectors. The
 * getters expect trees that passed their check, and lend what they return unless said
 * otherwise. */
#ifndef FOYER_SETTINGS_H
#define FOYER_SETTINGS_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* One connector. IDS (may be NULL) is its `ids`:
 *   {"inbox": {"prefix": "inb_", "names": "inboxes"},
 *    "teammate": {"prefix": "tea_", "names": "teammates", "alias": true}, ...}
 * NAMES is the table of client.lua that gives such ids names; "alias": true says that
 * "alt:..." is an id as well. "company" (default prefix "cmp_") needs no names. */
struct settings_app {
    const char *name;
    const json_t *ids;
};

/* One mistake: FIELD is a path such as `front.inboxes.support`, `hosts[2]` (from 1, as in
 * Lua) or `recipes.first-reply.cron`; a key that holds a dot is written ["a.b"]; "" is
 * the file's whole table. SENTENCE says what is wrong, without file and field: `unknown
 * key "inboxs"; did you mean "inboxes"?`. */
typedef void settings_problem_fn(void *arg, const char *field, const char *sentence);

/* Each reports every problem it finds and answers their number; 0: the tree is valid. */
int settings_check_workspace(const json_t *workspace, const struct settings_app *apps,
                             size_t napps, settings_problem_fn *problem, void *arg);
int settings_check_client(const json_t *client, const struct settings_app *apps,
                          size_t napps, settings_problem_fn *problem, void *arg);
/* ids.lua holds app blocks with nothing but names for ids. */
int settings_check_ids(const json_t *ids, const struct settings_app *apps, size_t napps,
                       settings_problem_fn *problem, void *arg);

/* A new tree: CLIENT with the names of IDS (may be NULL) below its own; what client.lua
 * says wins, name by name. */
json_t *settings_merge_ids(const json_t *client, const json_t *ids);

/* The name in {"$secret": NAME}, or NULL when VALUE is something else. */
const char *settings_secret(const json_t *value);

/* A top-level string ("public_url", "listen", "proxy", "ca_dir", "name"), or NULL. */
const char *settings_text(const json_t *tree, const char *key);
/* The client's time zone, else the workspace's, else "UTC". CLIENT may be NULL. */
const char *settings_timezone(const json_t *workspace, const json_t *client);
/* "park" or "resend"; RECIPE (may be NULL) may say otherwise than the client. */
const char *settings_uncertain(const json_t *workspace, const json_t *client,
                               const char *recipe);
/* keep.KEY in milliseconds, FALLBACK_MS when it is not set. */
int64_t settings_keep_ms(const json_t *workspace, const char *key, int64_t fallback_ms);
/* The client's list of hosts, or NULL; its `vars`, or NULL. */
const json_t *settings_hosts(const json_t *client);
const json_t *settings_vars(const json_t *client);
/* The client's block for APP, or foyer.lua's under `apps`; NULL when there is none. */
const json_t *settings_client_app(const json_t *client, const char *app);
const json_t *settings_workspace_app(const json_t *workspace, const char *app);
/* The company id the client's block names, or NULL. */
const char *settings_company(const json_t *client, const char *app);
/* The id behind a name: TABLE is "inboxes"; NULL when the client does not name it. */
const char *settings_id(const json_t *client, const char *app, const char *table,
                        const char *name);

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
/* cron, retry, catch_up or uncertain. */
int settings_is_reserved(const char *key);

/* 0 when S is a cron expression of five fields; else -1 and ERR_INVALID, with a sentence
 * that names the field. */
int settings_check_cron(const char *s, struct err *e);

#endif
