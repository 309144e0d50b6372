#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "app/cli.h"
#include "app/credentials.h"
#include "app/grant.h"
#include "app/reach.h"
#include "app/session.h"
#include "app/table.h"
#include "app/workspace_check.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "core/budget.h"
#include "core/sealing.h"
#include "core/settings.h"
#include "core/store_secret.h"

static const char usage[] = "doctor [--json]";

enum {
    SPACE_WARN_MB = 500,
    SPACE_MIN_MB = 50,
    SKEW_WARN_MS = 60 * 1000,
    SKEW_MAX_MS = 300 * 1000 /* signed webhooks are refused from here on (FACTS 6) */
};

enum status { OK, WARNING, PROBLEM };

static const char *const status_names[] = {"ok", "warning", "problem"};

struct doctor {
    struct workspace *w;
    struct session *s; /* NULL: nothing can be asked */
    json_t *findings;
    int counts[3], reconnects; /* reconnects: problems that connecting again ends */
    struct reach_tie *ties;
    int keyless;
};

/* ---- findings ---- */

static json_t *say(struct doctor *d, enum status status, const char *check,
                   const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The finding is lent, for more members. */
static json_t *say(struct doctor *d, enum status status, const char *check,
                   const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = xvasprintf(fmt, ap);
    va_end(ap);
    json_t *finding = json_pack("{s:s, s:s, s:s}", "check", check, "status",
                                status_names[status], "message", text);
    if (!finding)
        finding = json_pack("{s:s, s:s, s:s}", "check", check, "status",
                            status_names[status], "message", "(a text that is no UTF-8)");
    free(text);
    json_array_append_new(d->findings, finding);
    d->counts[status]++;
    return finding;
}

static void set_text(json_t *finding, const char *key, const char *text)
{
    if (text)
        json_object_set_new(finding, key, json_string(text));
}

/* "3 days", "2 hours", "5 minutes", "20 seconds" */
static const char *span(int64_t ms, char out[32])
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {
        {"day", 86400000}, {"hour", 3600000}, {"minute", 60000}, {"second", 1000}};
    size_t i = 0;
    ms = ms < 0 ? -ms : ms;
    while (i < 3 && ms < 2 * units[i].ms)
        i++;
    long long n = ms / units[i].ms;
    snprintf(out, 32, "%lld %s%s", n, units[i].name, n == 1 ? "" : "s");
    return out;
}

/* ---- the key and the store ---- */

struct kept {
    const char *name;
    int n;
};

static int count_kept(void *arg, const char *name)
{
    struct kept *kept = arg;
    size_t n = strlen(kept->name);
    kept->n += strncmp(name, kept->name, n) == 0 && name[n] == '.' &&
               strlen(name) == n + VAULT_ID_SIZE && !strstr(name + n + 1, ".");
    return 0;
}

static void check_key(struct doctor *d)
{
    struct err e = {0};
    struct vault *vault = workspace_vault(d->w, &e);
    if (!vault) {
        d->keyless = 1;
        say(d, PROBLEM, "key", "%s", e.text);
        return;
    }
    const char *file = vault_file(vault), *slash = strrchr(file, '/');
    char *dir = slash ? xmemdup0(file, (size_t)(slash - file) + 1) : xstrdup(".");
    struct kept kept = {slash ? slash + 1 : file, 0};
    path_each(dir, count_kept, &kept);
    json_t *finding = say(d, OK, "key", "the sealing key is %s, with the id %s", file,
                          vault_key_id(vault));
    set_text(finding, "file", file);
    set_text(finding, "id", vault_key_id(vault));
    if (kept.n)
        say(d, OK, "key",
            "%d old key%s beside it, for backups and other workspaces; delete %s when "
            "nothing needs %s",
            kept.n, kept.n == 1 ? " lies" : "s lie",
            kept.n == 1 ? "that file" : "those files", kept.n == 1 ? "it" : "them");
    free(dir);
}

static void check_space(struct doctor *d)
{
    struct statvfs fs;
    char *state = path_join(workspace_dir(d->w), "state");
    if (statvfs(state, &fs) == 0) {
        long long mb =
            (long long)((double)fs.f_bavail * (double)fs.f_frsize / (1024 * 1024));
        enum status status = mb < SPACE_MIN_MB    ? PROBLEM
                             : mb < SPACE_WARN_MB ? WARNING
                                                  : OK;
        json_t *finding = say(d, status, "space", "%lld MB are free for %s%s", mb, state,
                              status == OK ? "" : ": make room");
        json_object_set_new(finding, "free_mb", json_integer(mb));
    }
    free(state);
}

static int open_value(void *arg, const struct sealing_place *place,
                      const struct store_sealed *old, struct buf *new, struct err *e)
{
    struct doctor *d = arg;
    struct err why = {0};
    (void)new, (void)e;
    /* an access token is opened when its API is asked */
    if (place->app && strcmp(place->name, "access") == 0)
        return 0;
    if (sealing_by_vault(workspace_vault(d->w, NULL), place, old, NULL, &why) != 0)
        say(d, PROBLEM, "values", "%s", why.text);
    return 0;
}

static void check_values(struct doctor *d, struct store *store)
{
    struct err e = {0};
    struct sealing_count count;
    char recorded[VAULT_ID_SIZE];
    const char *key = vault_key_id(workspace_vault(d->w, NULL));
    int before = d->counts[PROBLEM];
    if (sealing_key(store, recorded, &e) != 0 ||
        sealing_each(store, key, open_value, d, &count, &e) != 0) {
        say(d, PROBLEM, "values", "%s", e.text);
        return;
    }
    if (d->counts[PROBLEM] > before)
        return;
    if (count.other > 0 || (recorded[0] && strcmp(recorded, key) != 0))
        say(d, WARNING, "values",
            "%d of %d sealed values are sealed with an older key: run `foyer vault "
            "rekey`",
            count.other, count.values);
    else
        say(d, OK, "values", "%d sealed value%s, all with that key", count.values,
            count.values == 1 ? "" : "s");
}

static void check_store(struct doctor *d)
{
    struct err e = {0};
    struct store *store = workspace_store(d->w, &e);
    if (!store || store_check(store, &e) != 0) {
        say(d, PROBLEM, "store", "%s", e.text);
        return;
    }
    json_t *finding = say(d, OK, "store", "the store state/foyer.db is sound, version %d",
                          store_version());
    json_object_set_new(finding, "version", json_integer(store_version()));
    if (!d->keyless)
        check_values(d, store);
}

/* ---- settings ---- */

static void on_problem(void *arg, const char *path, int line, const char *field,
                       const char *sentence)
{
    say(arg, PROBLEM, "settings", "%s:%d: %s%s%s", path, line, field, *field ? ": " : "",
        sentence);
}

/* Every secret that TREE, of FILE, names must be stored. */
static void check_secrets(struct doctor *d, const json_t *tree, const char *file)
{
    const char *name = settings_secret(tree), *key;
    json_t *value;
    size_t i;
    struct err e;
    struct store *store = name ? workspace_store(d->w, &e) : NULL;
    if (store && store_secret_version(store, name, &e) == 0)
        say(d, PROBLEM, "secrets",
            "%s names the secret \"%s\", which is not set: run `foyer secret set %s`",
            file, name, name);
    if (name)
        return;
    json_object_foreach((json_t *)tree, key, value)
    {
        check_secrets(d, value, file);
    }
    json_array_foreach(tree, i, value)
    {
        check_secrets(d, value, file);
    }
}

static void check_client(void *arg, const char *client)
{
    struct doctor *d = arg;
    char *file = xasprintf("clients/%s/client.lua", client);
    workspace_check_client(d->w, client, on_problem, d);
    check_secrets(d, workspace_client(d->w, client, NULL), file);
    free(file);
}

static void check_settings(struct doctor *d)
{
    int before = d->counts[PROBLEM];
    workspace_check(d->w, on_problem, d);
    workspace_check_connectors(d->w, on_problem, d);
    check_secrets(d, workspace_settings(d->w, NULL), "foyer.lua");
    workspace_each_client(d->w, check_client, d);
    if (d->counts[PROBLEM] == before)
        say(d, OK, "settings",
            "the settings are well formed, and the secrets they name are set; `foyer "
            "check` looks at the scripts too");
}

/* ---- connections ---- */

static json_t *say_tie(struct doctor *d, const struct reach_tie *t, enum status status,
                       const char *check, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

static json_t *say_tie(struct doctor *d, const struct reach_tie *t, enum status status,
                       const char *check, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = xvasprintf(fmt, ap);
    va_end(ap);
    json_t *finding = say(d, status, check, "%s (%s, %s; %s): %s", t->company, t->id,
                          t->app, t->clients, text);
    set_text(finding, "app", t->app);
    set_text(finding, "company", t->id);
    set_text(finding, "client", t->client);
    free(text);
    return finding;
}

static void say_reconnect(struct doctor *d, const struct reach_tie *t, const char *why)
{
    if (strstr(why, "foyer connect")) /* it says so itself */
        say_tie(d, t, PROBLEM, "connection", "%s", why);
    else
        say_tie(d, t, PROBLEM, "connection", "%s; run `foyer connect %s`", why,
                t->client);
    d->reconnects++;
}

static void check_answer(struct doctor *d, const struct reach_tie *t)
{
    const char *id = json_string_value(json_object_get(t->answer, "id"));
    json_int_t status = json_integer_value(json_object_get(t->answer, "status"));
    if (t->reconnect || t->err.kind == ERR_AUTH)
        say_reconnect(d, t,
                      t->reconnect ? "it needs to be connected again: its grant is gone"
                                   : t->err.text);
    else if (!t->answer)
        say_tie(d, t, PROBLEM, "connection", "%s",
                t->err.kind != ERR_NONE ? t->err.text : "interrupted");
    else if (status == 401)
        say_reconnect(d, t, "the API refuses its token");
    else if (status != 200 || !id)
        say_tie(d, t, PROBLEM, "connection",
                "the API answers, but not with whose token it is (%d)", (int)status);
    else if (strcmp(id, t->id) != 0)
        say_reconnect(d, t, "its token belongs to another company now");
    else
        say_tie(d, t, OK, "connection", "the API answers, and the company is the same");
}

static void check_expiry(struct doctor *d, const struct reach_tie *t)
{
    char left[32], ago[32] = "";
    int64_t now = clock_wall_ms();
    if (t->reconnect)
        return;
    if (!t->oauth) {
        say_tie(d, t, OK, "token", "a static token, which does not expire");
        return;
    }
    if (t->refreshed_ms)
        span(now - t->refreshed_ms, ago);
    int over = t->expires_ms && now >= t->expires_ms;
    json_t *finding =
        say_tie(d, t, over ? WARNING : OK, "token", "its token %s%s; it was %s%s%s",
                !t->expires_ms ? "does not say when it expires"
                : over         ? "expired, and the next request refreshes it; since "
                               : "expires in ",
                t->expires_ms ? span(t->expires_ms - now, left) : "",
                *ago ? "last refreshed " : "not refreshed yet", ago, *ago ? " ago" : "");
    if (t->expires_ms)
        json_object_set_new(finding, "expires_in",
                            json_integer((t->expires_ms - now) / 1000));
    if (t->refreshed_ms)
        json_object_set_new(finding, "refreshed_at",
                            json_real((double)t->refreshed_ms / 1000));
    if (t->last_error)
        say_tie(d, t, WARNING, "token", "its last refresh failed: %s", t->last_error);
}

static void check_budget(struct doctor *d, struct budget *budget,
                         const struct reach_tie *t)
{
    struct budget_state state;
    struct err e = {0};
    char *company = xasprintf("%s/%s", t->app, t->id), wait[32];
    int64_t now = clock_wall_ms();
    json_t *finding = NULL;
    if (budget_state(budget, company, now, &state, &e) != 0)
        say_tie(d, t, WARNING, "budget", "%s", e.text);
    else if (state.blocked_until_ms > now)
        finding = say_tie(d, t, WARNING, "budget",
                          "its rate limit is used up: all requests wait for %s",
                          span(state.blocked_until_ms - now, wait));
    else
        finding = say_tie(d, t, OK, "budget", "%lld of %lld requests a minute are left%s",
                          (long long)state.left, (long long)state.limit,
                          state.learned ? "" : " (the limit is not known yet)");
    if (finding) {
        json_object_set_new(finding, "limit", json_integer(state.limit));
        json_object_set_new(finding, "left", json_integer(state.left));
    }
    free(company);
}

static void check_clock(struct doctor *d)
{
    for (const struct reach_tie *t = d->ties; t; t = t->next) {
        const char *date = json_string_value(json_object_get(t->answer, "date"));
        char by[32];
        if (!date)
            continue;
        int64_t skew = grant_date_skew_ms(date, t->answered_ms);
        int64_t off = skew < 0 ? -skew : skew;
        if (off < SKEW_WARN_MS)
            say(d, OK, "clock", "this machine's clock agrees with %s's", t->company);
        else
            say(d, off < SKEW_MAX_MS ? WARNING : PROBLEM, "clock",
                "this machine's clock is %s %s: set it, best by NTP; expiries are "
                "corrected, signed webhooks are not",
                span(off, by), skew > 0 ? "slow" : "fast");
        return;
    }
    say(d, d->ties ? WARNING : OK, "clock",
        "nobody answered who could say whether this machine's clock is right");
}

static void check_connections(struct doctor *d)
{
    struct err e = {0};
    struct store *store = workspace_store(d->w, &e);
    if (!store) /* said already */
        return;
    d->ties = reach_list(store, &e);
    if (e.kind != ERR_NONE) {
        say(d, PROBLEM, "connection", "%s", e.text);
        return;
    }
    if (!d->ties)
        say(d, WARNING, "connection",
            "no client is connected: run `foyer connect CLIENT`");
    if (d->keyless && d->ties) {
        say(d, PROBLEM, "connection", "without the key no API can be asked");
        return;
    }
    if (!d->s && d->ties)
        say(d, PROBLEM, "connection", "no API can be asked, for the settings above");
    if (d->s)
        reach_ask(d->ties, d->s, store);
    struct budget *budget = budget_new(workspace_live(d->w));
    for (struct reach_tie *t = d->ties; t; t = t->next) {
        if (d->s)
            check_answer(d, t);
        check_expiry(d, t);
        check_budget(d, budget, t);
    }
    budget_free(budget);
    check_clock(d);
}

/* ---- the apps, for OAuth ---- */

/* CLIENT NULL: foyer.lua's. MARK gets the app's, "" where its credentials are not whole.
 */
static void check_app(struct doctor *d, const char *app, const char *client,
                      char mark[CREDENTIALS_MARK_SIZE])
{
    struct err e = {0};
    struct credentials by;
    json_t *finding = NULL;
    const char *url = credentials_redirect_url(d->w, app, client);
    int rc = credentials_open(d->w, app, client, &by, &e);
    if (rc == 0)
        finding = say(d, OK, "app",
                      "the app %s%s%s has its client_id and client_secret; consents come "
                      "back to %s%s, which must be one of its redirect URLs",
                      app, client ? " of client " : "", client ? client : "", url,
                      credentials_is_default(url) ? " (the default)" : "");
    else if (e.kind != ERR_NOT_FOUND) /* a secret that is not set was named above */
        finding = say(d, PROBLEM, "app", "%s", e.text);
    if (finding) {
        set_text(finding, "app", app);
        set_text(finding, "client", client);
    }
    snprintf(mark, CREDENTIALS_MARK_SIZE, "%s", rc == 0 ? by.mark : "");
    credentials_fini(&by);
}

/* A client's own app serves it when its grant was made with it. */
static void check_own_app(struct doctor *d, const char *app, const char *client)
{
    struct err e;
    char mark[CREDENTIALS_MARK_SIZE];
    struct store_connection row = {0};
    struct store *store = workspace_store(d->w, &e);
    check_app(d, app, client, mark);
    if (*mark && store && store_connection_find(store, client, app, &row, &e) == 0 &&
        row.refresh.data && !str_eq(row.made_with, mark)) {
        json_t *finding =
            say(d, WARNING, "app",
                "client %s has an app of its own in its client.lua, but was connected to "
                "%s with another: run `foyer connect %s`",
                client, row.company, client);
        set_text(finding, "app", app);
        set_text(finding, "client", client);
    }
    store_connection_fini(&row);
}

static void check_own_apps(void *arg, const char *client)
{
    struct doctor *d = arg;
    const char *app;
    json_t *value;
    json_object_foreach((json_t *)workspace_client(d->w, client, NULL), app, value)
    {
        if (credentials_are_own(d->w, app, client) &&
            workspace_connector(d->w, app, NULL)) /* else it is vars, hosts, … */
            check_own_app(d, app, client);
    }
}

/* A grant can be refreshed by its own app only. */
static void check_made_with(struct doctor *d, const struct reach_tie *t)
{
    struct err e = {0};
    struct credentials by;
    if (!t->oauth || !t->made_with || t->reconnect)
        return;
    if (credentials_find(d->w, t->app, t->id, t->made_with, &by, &e) != 0 &&
        e.kind != ERR_NOT_FOUND)
        say_tie(d, t, PROBLEM, "app", "%s", e.text);
    credentials_fini(&by);
}

static void check_apps(struct doctor *d)
{
    const char *app;
    char mark[CREDENTIALS_MARK_SIZE];
    json_t *value, *apps = json_object_get(workspace_settings(d->w, NULL), "apps");
    if (d->keyless)
        return;
    json_t *seen = json_object();
    json_object_foreach(apps, app, value)
    {
        if (json_object_get(value, "client_id") ||
            json_object_get(value, "client_secret"))
            json_object_set_new(seen, app, json_true());
    }
    for (const struct reach_tie *t = d->ties; t; t = t->next)
        if (t->oauth && !t->made_with)
            json_object_set_new(seen, t->app, json_true());
    json_object_foreach(seen, app, value)
    {
        check_app(d, app, NULL, mark);
    }
    json_decref(seen);
    workspace_each_client(d->w, check_own_apps, d);
    for (const struct reach_tie *t = d->ties; t; t = t->next)
        check_made_with(d, t);
}

/* ---- what the recipes need ---- */

static char *joined(const json_t *list)
{
    struct buf b;
    size_t i;
    json_t *item;
    buf_init(&b, 64 * 1024);
    json_array_foreach(list, i, item)
    {
        if (i)
            buf_adds(&b, ", ");
        buf_adds(&b, json_string_value(item));
    }
    char *text = xstrdup(buf_str(&b));
    buf_free(&b);
    return text;
}

static int is_connected(struct doctor *d, const char *client, const char *app)
{
    struct err e = {0};
    struct store_connection row;
    struct store *store = workspace_store(d->w, &e);
    if (!store)
        return 1; /* said already */
    int found = store_connection_find(store, client, app, &row, &e) == 0;
    store_connection_fini(&row);
    return found || e.kind != ERR_NOT_FOUND;
}

static void say_needs(struct doctor *d, const char *client, const json_t *needs)
{
    const char *app;
    json_t *need, *item, *finding;
    size_t i;
    json_object_foreach(json_object_get(needs, "apps"), app, need)
    {
        char *recipes = joined(json_object_get(need, "recipes"));
        char *scopes = joined(json_object_get(need, "scopes"));
        if (!is_connected(d, client, app)) {
            finding =
                say(d, PROBLEM, "connection",
                    "client %s is not connected to %s, and %s need%s it: run `foyer "
                    "connect %s`",
                    client, app, recipes,
                    json_array_size(json_object_get(need, "recipes")) == 1 ? "s" : "",
                    client);
            set_text(finding, "client", client);
            set_text(finding, "app", app);
        }
        if (*scopes) {
            finding = say(d, OK, "scopes",
                          "client %s: these scopes must be ticked on the app %s: %s (for "
                          "%s)",
                          client, app, scopes, recipes);
            set_text(finding, "client", client);
            set_text(finding, "app", app);
            json_object_set(finding, "scopes", json_object_get(need, "scopes"));
            json_object_set(finding, "recipes", json_object_get(need, "recipes"));
        }
        free(recipes);
        free(scopes);
    }
    json_array_foreach(json_object_get(needs, "unknown"), i, item)
    {
        say(d, WARNING, "scopes",
            "client %s: %s calls an action whose name is not written down there: its "
            "scopes are not counted",
            client, json_string_value(item));
    }
    json_array_foreach(json_object_get(needs, "broken"), i, item)
    {
        say(d, PROBLEM, "recipes", "client %s, recipe %s: %s", client,
            json_string_value(json_object_get(item, "recipe")),
            json_string_value(json_object_get(item, "message")));
    }
}

static void check_needs(void *arg, const char *client)
{
    struct doctor *d = arg;
    struct err e = {0};
    json_t *args = json_object();
    struct session_call call = {
        .client = client, .label = "doctor", .entry = "scopes", .args = args};
    if (!session_interrupted(d->s)) {
        json_t *needs = session_run(d->s, &call, NULL, &e);
        if (needs)
            say_needs(d, client, needs);
        else
            say(d, PROBLEM, "recipes", "client %s: %s", client, e.text);
        json_decref(needs);
    }
    json_decref(args);
}

/* ---- all of it ---- */

static void print(const struct doctor *d)
{
    size_t i;
    json_t *finding;
    json_array_foreach(d->findings, i, finding)
    {
        table_printf(stdout, "%-8s %s\n",
                     json_string_value(json_object_get(finding, "status")),
                     json_string_value(json_object_get(finding, "message")));
    }
    printf("%d problem%s, %d warning%s\n", d->counts[PROBLEM],
           d->counts[PROBLEM] == 1 ? "" : "s", d->counts[WARNING],
           d->counts[WARNING] == 1 ? "" : "s");
}

/* 77 when connecting again is all that there is to do. */
static int exit_code(const struct doctor *d)
{
    if (d->s && session_interrupted(d->s))
        return 130;
    if (d->counts[PROBLEM] == 0)
        return 0;
    return err_exit_code(d->counts[PROBLEM] == d->reconnects ? ERR_AUTH : ERR_INVALID);
}

static int report(const struct cli *cli, const struct doctor *d)
{
    if (cli->json) {
        json_t *tree = json_pack("{s:O, s:i, s:i}", "findings", d->findings, "problems",
                                 d->counts[PROBLEM], "warnings", d->counts[WARNING]);
        cli_print_json(tree);
        json_decref(tree);
    } else {
        print(d);
    }
    return exit_code(d);
}

int cmd_doctor(struct cli *cli, int argc, char **argv)
{
    struct cli_option options[] = {{NULL, CLI_FLAG, NULL}};
    struct cli_list rest = {0};
    struct err e = {0}, why = {0};
    struct doctor d = {.findings = json_array()};
    int code = 0;
    if (cli_parse(cli, argc, argv, options, &rest, 0, 0, usage, &e) == 0)
        d.w = workspace_open(cli->workspace, 0, &e);
    if (d.w) {
        workspace_be_lenient(d.w);
        check_key(&d);
        check_store(&d);
        check_space(&d);
        check_settings(&d);
        d.s = session_open(d.w, &why);
        if (!d.s)
            say(&d, PROBLEM, "settings", "%s", why.text);
        check_connections(&d);
        check_apps(&d);
        if (d.s)
            workspace_each_client(d.w, check_needs, &d);
        code = report(cli, &d);
    }
    reach_free(d.ties);
    json_decref(d.findings);
    session_close(d.s);
    workspace_close(d.w);
    free(rest.items);
    return e.kind != ERR_NONE ? cli_fail(cli, &e) : code;
}
