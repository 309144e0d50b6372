/* settings_value: checks the values of a settings file or a connector and reports
 * mistakes. Does not know the keys: settings_check and connector_check have them, as
 * tables of fields. */
#ifndef FOYER_SETTINGS_VALUE_H
#define FOYER_SETTINGS_VALUE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* One connector. IDS (may be NULL) is its `ids`, for example {"inbox": {"prefix": "inb_",
 * "names": "inboxes"}, "teammate": {"prefix": "tea_", "names": "teammates", "alias":
 * true}}. NAMES is the table of client.lua that gives names to such ids. "alias": true
 * allows "alt:..." as an id. COMPANY is what a company's id begins with, identity.prefix
 * of the connector; NULL: nothing in particular. */
struct settings_app {
    const char *name;
    const json_t *ids;
    const char *company;
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

/* The position of the walk: a key of a table, or an index (from 1) when KEY is NULL.
 * FIELD describes the value; items of a list have the list's. NULL is the whole file. */
struct value_at {
    const struct value_at *up;
    const char *key;
    size_t index;
    const struct field *field;
};

typedef void value_fn(struct value_walk *c, const struct value_at *at, const json_t *v);

/* One key of a table, and the value that it may have. A field without a key ends the
 * table; it describes all other keys, which are unknown when it is empty. */
struct field {
    const char *key;
    value_fn *check;
    const struct field *fields; /* without CHECK: of the table that the value must be */
    int required;
    const char *expected; /* names such a table in errors; NULL: "a table" */
    /* what some checks ask for */
    const char *const *words; /* value_word: the allowed ones, then NULL */
    int64_t min, max;         /* value_whole */
    const char *unit;         /* the same, behind the numbers in errors; may be NULL */
    const json_t *ids;        /* of a struct settings_app */
    const char *company;      /* of the same */
};

/* Returns the name in {"$secret": NAME}, borrowed, or NULL when VALUE is something else.
 */
const char *settings_secret(const json_t *value);
/* Returns the same, also for {"$secret": [NAME, BEFORE, BEHIND]}, a secret with text
 * around it. *BEFORE and *BEHIND are "" without such texts. */
const char *settings_secret_within(const json_t *value, const char **before,
                                   const char **behind);

void value_report(struct value_walk *c, const struct value_at *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Reports "must be EXPECTED, not a number". */
void value_wrong_type(struct value_walk *c, const struct value_at *at,
                      const char *expected, const json_t *v);
/* Returns whether V is a table. An empty Lua table is a table and a list; a secret is
 * neither. */
int value_is_table(const json_t *v);
/* Returns the string when V is a text that is not empty, or reports the mistake and
 * returns NULL. */
const char *value_want_text(struct value_walk *c, const struct value_at *at,
                            const json_t *v);
/* Checks that V is a table of FIELDS. WHAT is the word for an unknown key: "key". */
void value_fields(struct value_walk *c, const struct value_at *at, const json_t *v,
                  const struct field *fields, const char *what);
/* Calls CHECK for each item of the list V. */
void value_items(struct value_walk *c, const struct value_at *at, const json_t *v,
                 value_fn *check);

value_fn value_any, value_text, value_word, value_whole;
value_fn value_secret_or_text;
value_fn value_keys; /* one key or several: during a rotation both are valid */
value_fn value_url, value_proxy, value_listen, value_hosts;
value_fn value_timezone, value_duration, value_cron;

#endif
