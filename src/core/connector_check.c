#include "core/connector_check.h"

#include <string.h>

#include "base/str.h"
#include "core/jsontree.h"

struct field {
    const char *key;
    value_fn *check;
    int required;
};

static void check_fields(struct value_walk *c, const struct value_at *at, const json_t *v,
                         const struct field *fields)
{
    const char *names[16];
    size_t n = 0;
    if (!value_want_table(c, at, v, "a table"))
        return;
    for (const struct field *f = fields; f->key; f++) {
        struct value_at here = {at, f->key, 0};
        names[n++] = f->key;
        if (f->required && !json_object_get(v, f->key))
            value_report(c, &here, "is missing");
    }
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)v, key, value)
    {
        struct value_at here = {at, key, 0};
        const struct field *f = fields;
        while (f->key && strcmp(f->key, key) != 0)
            f++;
        const char *near = f->key ? NULL : str_nearest(key, names, n);
        if (f->key)
            f->check(c, &here, value);
        else
            value_report(c, &here, "unknown key \"%.80s\"%s%s%s", key,
                         near ? "; did you mean \"" : "", near ? near : "",
                         near ? "\"?" : "");
    }
}

static void check_true(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    if (!json_is_boolean(v))
        value_wrong_type(c, at, "true or false", v);
}

static void check_text_or_list(struct value_walk *c, const struct value_at *at,
                               const json_t *v)
{
    if (!json_is_array(v)) {
        value_want_text(c, at, v);
        return;
    }
    for (size_t i = 0; i < json_array_size(v); i++) {
        struct value_at here = {at, NULL, i + 1};
        value_want_text(c, &here, json_array_get(v, i));
    }
}

/* A pattern such as "*.api.frontapp.com" is allowed here, but not in client.lua's hosts.
 */
static void check_hosts(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    if (!json_is_array(v) || json_array_size(v) == 0)
        value_wrong_type(c, at, "a list of hosts: the token goes nowhere else", v);
    else
        check_text_or_list(c, at, v);
}

static void check_api(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    static const struct field fields[] = {
        {"base", value_url, 1}, {"hosts", check_hosts, 1}, {NULL, NULL, 0}};
    check_fields(c, at, v, fields);
}

static void check_id(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    static const struct field fields[] = {{"prefix", value_text, 1},
                                          {"names", value_text, 0},
                                          {"alias", check_true, 0},
                                          {"list", check_text_or_list, 0},
                                          {"label", check_text_or_list, 0},
                                          {"open", value_text, 0},
                                          {NULL, NULL, 0}};
    check_fields(c, at, v, fields);
}

static void check_ids(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    const char *key;
    json_t *value;
    if (!value_want_table(c, at, v, "a table"))
        return;
    json_object_foreach((json_t *)v, key, value)
    {
        struct value_at here = {at, key, 0};
        check_id(c, &here, value);
    }
}

static void check_basic(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    if (!json_is_string(v) || strcmp(json_string_value(v), "basic") != 0)
        value_report(c, at, "must be \"basic\", the only supported way");
}

static void check_identity(struct value_walk *c, const struct value_at *at,
                           const json_t *v)
{
    static const struct field fields[] = {
        {"get", value_text, 1},  {"id", value_text, 1},     {"name", value_text, 0},
        {"host", value_text, 0}, {"prefix", value_text, 0}, {NULL, NULL, 0}};
    check_fields(c, at, v, fields);
}

static void check_oauth(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    static const struct field fields[] = {{"authorize", value_url, 1},
                                          {"token", value_url, 1},
                                          {"client_auth", check_basic, 0},
                                          {"identity", check_identity, 1},
                                          {NULL, NULL, 0}};
    check_fields(c, at, v, fields);
}

static void check_paging(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    static const struct field fields[] = {{"results", value_text, 1},
                                          {"next", value_text, 1},
                                          {"total", value_text, 0},
                                          {NULL, NULL, 0}};
    check_fields(c, at, v, fields);
}

static void check_rate(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    static const struct field fields[] = {{"limit", value_text, 0},
                                          {"remaining", value_text, 0},
                                          {"reset", value_text, 0},
                                          {"tier", value_text, 0},
                                          {"retry_after", value_text, 0},
                                          {"search", value_text, 0},
                                          {NULL, NULL, 0}};
    check_fields(c, at, v, fields);
}

static void check_errors(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    static const struct field fields[] = {{"title", value_text, 0},
                                          {"message", value_text, 0},
                                          {"details", value_text, 0},
                                          {NULL, NULL, 0}};
    check_fields(c, at, v, fields);
}

static void check_moved(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    static const struct field fields[] = {{"prefix", value_text, 1}, {NULL, NULL, 0}};
    check_fields(c, at, v, fields);
}

/* Checks a table of texts, or of tables of lists, as DEPTH says. */
static void check_texts(struct value_walk *c, const struct value_at *at, const json_t *v,
                        int depth)
{
    const char *key;
    json_t *value;
    if (!value_want_table(c, at, v, "a table"))
        return;
    json_object_foreach((json_t *)v, key, value)
    {
        struct value_at here = {at, key, 0};
        if (depth)
            check_texts(c, &here, value, depth - 1);
        else
            check_text_or_list(c, &here, value);
    }
}

static void check_get(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    check_texts(c, at, v, 0);
}

static void check_plain(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    check_texts(c, at, v, 1);
}

static void check_events(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    static const struct field fields[] = {
        {"get", check_get, 0}, {"plain", check_plain, 0}, {NULL, NULL, 0}};
    check_fields(c, at, v, fields);
}

/* Checks which requests are a reply to a customer, for the loop guard. */
static void check_reply(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    static const struct field fields[] = {
        {"method", value_text, 0}, {"path", value_text, 1}, {NULL, NULL, 0}};
    check_fields(c, at, v, fields);
    const char *path = json_text(v, "path");
    struct value_at here = {at, "path", 0};
    if (path && !strstr(path, "{conversation}"))
        value_report(c, &here, "must contain {conversation}");
}

/* Checks how foyer learns that an accepted message was delivered. */
static void check_receipt(struct value_walk *c, const struct value_at *at,
                          const json_t *v)
{
    static const struct field fields[] = {{"field", value_text, 1},
                                          {"get", value_text, 1},
                                          {"failed", check_text_or_list, 0},
                                          {"ref", value_text, 0},
                                          {NULL, NULL, 0}};
    check_fields(c, at, v, fields);
    const char *path = json_text(v, "get");
    struct value_at here = {at, "get", 0};
    if (path && !strstr(path, "{}"))
        value_report(c, &here, "must contain {}, the place of the field's value");
}

/* ---- webhooks ---- */

static void check_header(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    const char *s = value_want_text(c, at, v);
    if (s &&
        strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") !=
            strlen(s))
        value_report(c, at, "must be a header's name, not \"%.80s\"", s);
}

static void check_one_of(struct value_walk *c, const struct value_at *at, const json_t *v,
                         const char *const *words, size_t n, const char *expected)
{
    const char *s = value_want_text(c, at, v);
    for (size_t i = 0; s && i < n; i++)
        if (strcmp(s, words[i]) == 0)
            return;
    if (s)
        value_report(c, at, "must be %s, not \"%.80s\"", expected, s);
}

static void check_mac(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    static const char *const words[] = {"hmac-sha256", "hmac-sha1"};
    check_one_of(c, at, v, words, 2, "\"hmac-sha256\" or \"hmac-sha1\"");
}

static void check_unit(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    static const char *const words[] = {"ms", "s"};
    check_one_of(c, at, v, words, 2, "\"ms\" or \"s\"");
}

/* Checks the name of an app's setting that can have a key. */
static void check_key(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    static const char *const words[] = {"signing_key", "rule_key", "client_secret"};
    check_one_of(c, at, v, words, 3,
                 "\"signing_key\", \"rule_key\" or \"client_secret\"");
}

static void check_window(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    if (!json_is_integer(v) || json_integer_value(v) < 1 || json_integer_value(v) > 86400)
        value_report(c, at, "must be a number of seconds, from 1 to 86400");
}

static void check_over(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    const char *s = value_want_text(c, at, v);
    if (s && !strstr(s, "{body}"))
        value_report(c, at, "must contain {body}: else any body would do");
}

static void check_scheme(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    static const struct field fields[] = {{"when", check_header, 0},
                                          {"mac", check_mac, 1},
                                          {"over", check_over, 1},
                                          {"unit", check_unit, 0},
                                          {"window", check_window, 0},
                                          {"key", check_key, 1},
                                          {NULL, NULL, 0}};
    static const char *const with_time[] = {"unit", "window"};
    check_fields(c, at, v, fields);
    if (!value_is_table(v))
        return;
    const char *over = json_text(v, "over");
    int timed = json_object_get(v, "when") != NULL;
    for (int i = 0; i < 2; i++) {
        struct value_at here = {at, with_time[i], 0};
        if (timed != (json_object_get(v, with_time[i]) != NULL))
            value_report(c, &here,
                         timed ? "is missing: `when` names a time"
                               : "has no meaning without `when`");
    }
    struct value_at here = {at, "over", 0};
    if (over && timed != (strstr(over, "{timestamp}") != NULL))
        value_report(
            c, &here,
            timed ? "must contain {timestamp}: else an attacker could change the time"
                  : "cannot contain {timestamp} without `when`");
}

static void check_each(struct value_walk *c, const struct value_at *at, const json_t *v,
                       value_fn *check)
{
    const char *key;
    json_t *value;
    if (!value_want_table(c, at, v, "a table"))
        return;
    json_object_foreach((json_t *)v, key, value)
    {
        struct value_at here = {at, key, 0};
        check(c, &here, value);
    }
}

static void check_schemes(struct value_walk *c, const struct value_at *at,
                          const json_t *v)
{
    check_each(c, at, v, check_scheme);
}

static void check_challenge(struct value_walk *c, const struct value_at *at,
                            const json_t *v)
{
    static const struct field fields[] = {
        {"header", check_header, 1}, {"answer", value_text, 1}, {NULL, NULL, 0}};
    check_fields(c, at, v, fields);
}

static void check_event(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    static const struct field fields[] = {{"type", value_text, 0},
                                          {"id", value_text, 0},
                                          {"conversation", value_text, 0},
                                          {NULL, NULL, 0}};
    check_fields(c, at, v, fields);
}

static void check_answer(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    check_each(c, at, v, value_text);
}

static void check_answers(struct value_walk *c, const struct value_at *at,
                          const json_t *v)
{
    check_each(c, at, v, check_answer);
}

static void check_few(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    if (json_is_array(v) && json_array_size(v) > 4)
        value_report(c, at, "must be at most 4 paths");
    else
        check_text_or_list(c, at, v);
}

static void check_channel(struct value_walk *c, const struct value_at *at,
                          const json_t *v)
{
    static const struct field fields[] = {{"type", value_text, 1},
                                          {"about", value_text, 0},
                                          {"conversation", check_few, 0},
                                          {"deleted", value_text, 0},
                                          {"answers", check_answers, 1},
                                          {"refusal", check_answer, 0},
                                          {NULL, NULL, 0}};
    check_fields(c, at, v, fields);
}

static void check_webhooks(struct value_walk *c, const struct value_at *at,
                           const json_t *v)
{
    static const struct field fields[] = {{"signature", check_header, 1},
                                          {"company", value_text, 0},
                                          {"challenge", check_challenge, 0},
                                          {"event", check_event, 0},
                                          {"schemes", check_schemes, 1},
                                          {"channel", check_channel, 0},
                                          {NULL, NULL, 0}};
    check_fields(c, at, v, fields);
}

int connector_check(const json_t *connector, settings_problem_fn *problem, void *arg)
{
    static const struct field fields[] = {{"name", value_text, 1},
                                          {"api", check_api, 1},
                                          {"oauth", check_oauth, 0},
                                          {"webhooks", check_webhooks, 0},
                                          {"paging", check_paging, 0},
                                          {"rate", check_rate, 0},
                                          {"errors", check_errors, 0},
                                          {"moved", check_moved, 0},
                                          {"ids", check_ids, 0},
                                          {"reply", check_reply, 0},
                                          {"receipt", check_receipt, 0},
                                          {"events", check_events, 0},
                                          {NULL, NULL, 0}};
    struct value_walk c = {NULL, 0, problem, arg, 0};
    check_fields(&c, NULL, connector, fields);
    return c.problems;
}
