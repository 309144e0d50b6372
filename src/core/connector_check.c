#include "core/connector_check.h"

#include <string.h>

#include "core/jsontree.h"

static void check_text_or_list(struct value_walk *c, const struct value_at *at,
                               const json_t *v)
{
    if (json_is_array(v))
        value_items(c, at, v, value_text);
    else
        value_text(c, at, v);
}

static void check_texts(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    if (!json_is_array(v))
        value_wrong_type(c, at, "a list of texts", v);
    else
        value_items(c, at, v, value_text);
}

static void check_few(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    if (json_is_array(v) && json_array_size(v) > 4)
        value_report(c, at, "must be at most 4 paths");
    else
        check_text_or_list(c, at, v);
}

static void check_true(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    if (!json_is_boolean(v))
        value_wrong_type(c, at, "true or false", v);
}

/* A pattern such as "*.api.frontapp.com" is allowed here, but not in client.lua's hosts.
 */
static void check_hosts(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    if (!json_is_array(v) || json_array_size(v) == 0)
        value_wrong_type(c, at, "a list of hosts: the token goes nowhere else", v);
    else
        value_items(c, at, v, value_text);
}

static void check_word(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    if (value_want_text(c, at, v))
        value_word(c, at, v);
}

/* Checks that V contains PART. WHY follows it in the error. */
static void want_part(struct value_walk *c, const struct value_at *at, const json_t *v,
                      const char *part, const char *why)
{
    const char *s = value_want_text(c, at, v);
    if (s && !strstr(s, part))
        value_report(c, at, "must contain %s%s", part, why);
}

static void check_reply_path(struct value_walk *c, const struct value_at *at,
                             const json_t *v)
{
    want_part(c, at, v, "{conversation}", "");
}

static void check_receipt_path(struct value_walk *c, const struct value_at *at,
                               const json_t *v)
{
    want_part(c, at, v, "{}", ", the place of the field's value");
}

static const struct field texts[] = {{.check = check_text_or_list}};
static const struct field tables_of_texts[] = {{.fields = texts}};

static const struct field api[] = {
    {"base", .check = value_url, .required = 1},
    {"hosts", .check = check_hosts, .required = 1},
    {0},
};

static const struct field members[] = {{.check = value_any}};
static const struct field id[] = {
    {"prefix", .check = value_text, .required = 1},
    {"names", .check = value_text},
    {"alias", .check = check_true},
    {"list", .check = check_text_or_list},
    {"label", .check = check_text_or_list},
    {"optional", .check = check_true},
    {"open", .check = value_text},
    {"get", .check = value_text},
    {"usable", .fields = members},
    {0},
};
static const struct field ids[] = {{.fields = id}};

static const struct field identity[] = {
    {"get", .check = value_text, .required = 1},
    {"id", .check = value_text, .required = 1},
    {"name", .check = value_text},
    {"host", .check = value_text},
    {"prefix", .check = value_text},
    {0},
};

/* ---- auth ---- */

static void check_header(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    const char *s = value_want_text(c, at, v);
    if (s &&
        strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") !=
            strlen(s))
        value_report(c, at, "must be a header's name, not \"%.80s\"", s);
}

static const char *const auth_words[] = {"bearer", "basic", "none", NULL};
static const char *const grants[] = {"authorization_code", "client_credentials", NULL};
static const char *const client_auths[] = {"basic", "body", NULL};

static const struct field by_header[] = {
    {"header", .check = check_header, .required = 1},
    {"before", .check = value_text},
    {0},
};
static const struct field by_query[] = {
    {"query", .check = value_text, .required = 1},
    {0},
};
static const struct field by_consent[] = {
    {"oauth", .check = check_word, .words = grants, .required = 1},
    {"authorize", .check = value_url, .required = 1},
    {"token", .check = value_url, .required = 1},
    {"revoke", .check = value_url},
    {"client_auth", .check = check_word, .words = client_auths},
    {"scope", .check = value_text},
    {0},
};
static const struct field by_client[] = {
    {"oauth", .check = check_word, .words = grants, .required = 1},
    {"token", .check = value_url, .required = 1},
    {"client_auth", .check = check_word, .words = client_auths},
    {"scope", .check = value_text},
    {0},
};

static void check_auth(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    const char *oauth = json_text(v, "oauth");
    if (json_is_string(v))
        value_word(c, at, v);
    else if (json_object_get(v, "header"))
        value_fields(c, at, v, by_header, "key");
    else if (json_object_get(v, "query"))
        value_fields(c, at, v, by_query, "key");
    else if (json_object_get(v, "oauth"))
        value_fields(c, at, v,
                     oauth && strcmp(oauth, "client_credentials") == 0 ? by_client
                                                                       : by_consent,
                     "key");
    else
        value_report(c, at,
                     "must be \"bearer\", \"basic\", \"none\", { header = \"X-Api-Key\" "
                     "}, { query = \"key\" } or { oauth = \"client_credentials\" or "
                     "\"authorization_code\", … }");
}

static void check_old_oauth(struct value_walk *c, const struct value_at *at,
                            const json_t *v)
{
    (void)v;
    value_report(c, at,
                 "is written auth = { oauth = \"authorization_code\", … } now, and its "
                 "`identity` beside it");
}

static const struct field paging[] = {
    {"results", .check = value_text, .required = 1},
    {"next", .check = value_text, .required = 1},
    {"total", .check = value_text},
    {0},
};

static const struct field rate[] = {
    {"limit", .check = value_text},
    {"remaining", .check = value_text},
    {"reset", .check = value_text},
    {"tier", .check = value_text},
    {"retry_after", .check = value_text},
    {"search", .check = value_text},
    {0},
};

static const struct field errors[] = {
    {"title", .check = value_text},
    {"message", .check = value_text},
    {"details", .check = value_text},
    {0},
};

static const struct field moved[] = {
    {"prefix", .check = value_text, .required = 1},
    {0},
};

/* Paths of an event that say who caused it. */
static const struct field actor[] = {
    {"source", .check = value_text, .required = 1},
    {"author", .check = value_text, .required = 1},
    {"inbound", .check = value_text, .required = 1},
    {"recipients", .check = value_text, .required = 1},
    {"role", .check = value_text, .required = 1},
    {"contact", .check = value_text, .required = 1},
    {"received", .check = check_texts, .required = 1},
    {"kinds", .fields = texts, .required = 1},
    {0},
};

/* How `foyer heal` lists an app's events. */
static const struct field sweep[] = {
    {"get", .check = value_text, .required = 1},
    {"query", .fields = texts},
    {"after", .check = value_text, .required = 1},
    {"before", .check = value_text, .required = 1},
    {"id", .check = value_text, .required = 1},
    {"prefix", .check = value_text},
    {"type", .check = value_text, .required = 1},
    {"at", .check = value_text, .required = 1},
    {"conversation", .check = value_text},
    {"webhooks", .fields = texts, .required = 1},
    {"unseen", .check = check_text_or_list},
    {0},
};

/* What events of a sweep say of a conversation, for `foyer missed`. */
static const char *const talk_words[] = {"received", "sent",     "failed", "merged",
                                         "binned",   "restored", NULL};
static const struct field talk_kinds[] = {{.check = check_word, .words = talk_words}};
static const struct field talk_thread[] = {
    {"get", .check = value_text, .required = 1},
    {"query", .fields = texts},
    {"id", .check = value_text, .required = 1},
    {"uid", .check = value_text},
    {"at", .check = value_text, .required = 1},
    {"inbound", .check = value_text, .required = 1},
    {"subject", .check = value_text},
    {"text", .check = value_text},
    {"html", .check = value_text},
    {"draft", .check = value_text},
    {0},
};
static const struct field talk_found[] = {
    {"email", .check = value_text}, {"phone", .check = value_text}, {0}};
static const struct field talk[] = {
    {"types", .check = value_text, .required = 1},
    {"kinds", .fields = talk_kinds, .required = 1},
    {"message", .check = value_text, .required = 1},
    {"subject", .check = value_text},
    {"customer", .check = value_text},
    {"merged", .check = value_text},
    {"thread", .fields = talk_thread},
    {"found", .fields = talk_found},
    {0},
};

static const struct field events[] = {
    {"get", .fields = texts},   {"plain", .fields = tables_of_texts},
    {"actor", .fields = actor}, {"sweep", .fields = sweep},
    {"talk", .fields = talk},   {0},
};

/* Which requests are a reply to a customer, for the loop guard. */
static const struct field reply[] = {
    {"method", .check = value_text},
    {"path", .check = check_reply_path, .required = 1},
    {0},
};

/* How foyer learns that an accepted message was delivered. */
static const struct field receipt[] = {
    {"field", .check = value_text, .required = 1},
    {"get", .check = check_receipt_path, .required = 1},
    {"failed", .check = check_text_or_list},
    {"ref", .check = value_text},
    {0},
};

/* ---- webhooks ---- */

static void check_window(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    if (!json_is_integer(v) || json_integer_value(v) < 1 || json_integer_value(v) > 86400)
        value_report(c, at, "must be a number of seconds, from 1 to 86400");
}

static void check_over(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    want_part(c, at, v, "{body}", ": else any body would do");
}

static const char *const macs[] = {"hmac-sha256", "hmac-sha1", NULL};
static const char *const units[] = {"ms", "s", NULL};
/* the settings of an app that can have a key */
static const char *const keys[] = {"signing_key", "rule_key", "client_secret", NULL};

static const struct field scheme[] = {
    {"when", .check = check_header},
    {"mac", .check = check_word, .words = macs, .required = 1},
    {"over", .check = check_over, .required = 1},
    {"unit", .check = check_word, .words = units},
    {"window", .check = check_window},
    {"key", .check = check_word, .words = keys, .required = 1},
    {0},
};

static void check_scheme(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    static const char *const with_time[] = {"unit", "window"};
    value_fields(c, at, v, scheme, "key");
    if (!value_is_table(v))
        return;
    const char *over = json_text(v, "over");
    int timed = json_object_get(v, "when") != NULL;
    for (int i = 0; i < 2; i++) {
        struct value_at here = {at, with_time[i], 0, NULL};
        if (timed != (json_object_get(v, with_time[i]) != NULL))
            value_report(c, &here,
                         timed ? "is missing: `when` names a time"
                               : "has no meaning without `when`");
    }
    struct value_at here = {at, "over", 0, NULL};
    if (over && timed != (strstr(over, "{timestamp}") != NULL))
        value_report(
            c, &here,
            timed ? "must contain {timestamp}: else an attacker could change the time"
                  : "cannot contain {timestamp} without `when`");
}

static const struct field schemes[] = {{.check = check_scheme}};

static const struct field challenge[] = {
    {"header", .check = check_header, .required = 1},
    {"answer", .check = value_text, .required = 1},
    {0},
};

static const struct field event[] = {
    {"type", .check = value_text},
    {"id", .check = value_text},
    {"conversation", .check = value_text},
    {0},
};

static const struct field answer[] = {{.check = value_text}};
static const struct field answers[] = {{.fields = answer}};

static const struct field channel[] = {
    {"type", .check = value_text, .required = 1},
    {"about", .check = value_text},
    {"conversation", .check = check_few},
    {"deleted", .check = value_text},
    {"answers", .fields = answers, .required = 1},
    {"refusal", .fields = answer},
    {0},
};

static const struct field webhooks[] = {
    {"signature", .check = check_header, .required = 1},
    {"company", .check = value_text},
    {"challenge", .fields = challenge},
    {"event", .fields = event},
    {"schemes", .fields = schemes, .required = 1},
    {"channel", .fields = channel},
    {0},
};

/* ---- the file ---- */

static const struct field file[] = {
    {"name", .check = value_text, .required = 1},
    {"api", .fields = api, .required = 1},
    {"auth", .check = check_auth, .words = auth_words},
    {"oauth", .check = check_old_oauth},
    {"identity", .fields = identity},
    {"webhooks", .fields = webhooks},
    {"paging", .fields = paging},
    {"rate", .fields = rate},
    {"errors", .fields = errors},
    {"moved", .fields = moved},
    {"ids", .fields = ids},
    {"reply", .fields = reply},
    {"receipt", .fields = receipt},
    {"events", .fields = events},
    {0},
};

int connector_check(const json_t *connector, settings_problem_fn *problem, void *arg)
{
    struct value_walk c = {NULL, 0, problem, arg, 0};
    value_fields(&c, NULL, connector, file, "key");
    return c.problems;
}
