/* settings_value: checks one value of a settings file and reports mistakes. Does not know
 * the keys: settings_check does. */
#ifndef FOYER_SETTINGS_VALUE_H
#define FOYER_SETTINGS_VALUE_H

#include <jansson.h>
#include <stddef.h>

/* One connector. IDS (may be NULL) is its `ids`, for example {"inbox": {"prefix": "inb_",
 * "names": "inboxes"}, "teammate": {"prefix": "tea_", "names": "teammates", "alias":
 * true}}. NAMES is the table of client.lua that gives names to such ids. "alias": true
 * allows "alt:..." as an id. "company" (default prefix "cmp_") has no names. */
struct settings_app {
    const char *name;
    const json_t *ids;
};

/* Reports one mistake. FIELD is a path such as `front.inboxes.support`, `hosts[2]` (from
 * 1, as in Lua) or `recipes.first-reply.cron`; a key with a dot is written ["a.b"]; "" is
 * the whole file. SENTENCE says what is wrong, without file and field: `unknown key
 * "inboxs"; did you mean "inboxes"?`. */
typedef void settings_problem_fn(void *arg, const char *field, const char *sentence);

/* One walk over a tree. */
struct value_walk {
    const struct settings_app *apps;
    size_t napps;
    settings_problem_fn *problem; /* may be NULL */
    void *arg;
    int problems;
};

/* The position of the walk: a key of a table, or an index (from 1) when KEY is NULL. */
struct value_at {
    const struct value_at *up;
    const char *key;
    size_t index;
};

/* Returns the name in {"$secret": NAME}, borrowed, or NULL when VALUE is something else.
 */
const char *settings_secret(const json_t *value);
/* Returns the same, also for {"$secret": [NAME, BEFORE]}, a secret that follows the text
 * BEFORE. *BEFORE is "" without such a text. */
const char *settings_secret_behind(const json_t *value, const char **before);

void value_report(struct value_walk *c, const struct value_at *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Reports "must be EXPECTED, not a number". */
void value_wrong_type(struct value_walk *c, const struct value_at *at,
                      const char *expected, const json_t *v);
/* Returns whether V is a table. An empty Lua table is a table and a list; a secret is
 * neither. */
int value_is_table(const json_t *v);
/* Returns 1 for a table, or reports that V must be EXPECTED and returns 0. */
int value_want_table(struct value_walk *c, const struct value_at *at, const json_t *v,
                     const char *expected);
/* Returns the string when V is a text that is not empty, or reports the mistake and
 * returns NULL. */
const char *value_want_text(struct value_walk *c, const struct value_at *at,
                            const json_t *v);

typedef void value_fn(struct value_walk *c, const struct value_at *at, const json_t *v);

value_fn value_text, value_any_table;
value_fn value_secret_or_text;
value_fn value_keys; /* one key or several: during a rotation both are valid */
value_fn value_url, value_proxy, value_listen, value_hosts;
value_fn value_timezone, value_duration, value_cron, value_uncertain;

#endif
