#include "ops/doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "ops/app_check.h"
#include "auth/grant.h"
#include "ops/probe.h"
#include "ops/report.h"
#include "work/mode.h"
#include "work/session.h"
#include "ops/look_check.h"
#include "ops/size_check.h"
#include "ops/state_check.h"
#include "workspace/workspace_check.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "base/when.h"
#include "store/ahead.h"
#include "store/budget.h"
#include "store/sealing.h"
#include "store/store_secret.h"
#include "core/credential.h"
#include "core/jsontree.h"
#include "core/settings.h"
#include "core/settings_value.h"

enum {
    SPACE_WARN_MB = 500,
    SPACE_MIN_MB = 50,
    SKEW_WARN_MS = 60 * 1000,
    SKEW_MAX_MS = 300 * 1000 /* foyer serve refuses signed webhooks of more */
};

struct doctor {
    struct workspace *w;
    struct session *s; /* NULL: no request can be sent */
    struct diagnosis *found;
    struct probe_connection *connections;
    int checks_groups; /* 1: foyer.lua has no mistake */
    int keyless;       /* 1: the sealing key cannot be read */
};

/* Formats MS, without its sign, as "2 h 5 min". */
static const char *span(int64_t ms, char out[64])
{
    when_format_duration((double)(ms < 0 ? -ms : ms) / 1000, out);
    return out;
}

/* ---- the key and the store ---- */

struct old_keys {
    const char *name; /* of the key file, without its directory */
    int n;
};

static int count_old_key(void *arg, const char *name)
{
    struct old_keys *old = arg;
    size_t n = strlen(old->name);
    old->n += strncmp(name, old->name, n) == 0 && name[n] == '.' &&
              strlen(name) == n + VAULT_ID_SIZE && !strstr(name + n + 1, ".");
    return 0;
}

static void check_key(struct doctor *d)
{
    struct err e = {0};
    struct vault *vault = workspace_vault(d->w, &e);
    if (!vault) {
        d->keyless = 1;
        diagnosis_add(d->found, DIAGNOSIS_PROBLEM, "key", "%s", e.text);
        return;
    }
    const char *file = vault_file(vault), *slash = strrchr(file, '/');
    char *dir = slash ? xmemdup0(file, (size_t)(slash - file) + 1) : xstrdup(".");
    struct old_keys old = {slash ? slash + 1 : file, 0};
    path_each(dir, count_old_key, &old);
    json_t *finding =
        diagnosis_add(d->found, DIAGNOSIS_OK, "key",
                      "the sealing key is %s, with the id %s", file, vault_key_id(vault));
    report_set_text(finding, "file", file);
    report_set_text(finding, "id", vault_key_id(vault));
    if (old.n)
        diagnosis_add(
            d->found, DIAGNOSIS_OK, "key",
            "%d old key%s beside it, for backups and other workspaces; delete %s when "
            "nothing needs %s",
            old.n, old.n == 1 ? " lies" : "s lie",
            old.n == 1 ? "that file" : "those files", old.n == 1 ? "it" : "them");
    free(dir);
}

static void check_space(struct doctor *d)
{
    struct statvfs fs;
    char *state = path_join(workspace_dir(d->w), "state");
    if (statvfs(state, &fs) == 0) {
        long long mb =
            (long long)((double)fs.f_bavail * (double)fs.f_frsize / (1024 * 1024));
        enum diagnosis_status status = mb < SPACE_MIN_MB    ? DIAGNOSIS_PROBLEM
                                       : mb < SPACE_WARN_MB ? DIAGNOSIS_WARNING
                                                            : DIAGNOSIS_OK;
        json_t *finding =
            diagnosis_add(d->found, status, "space", "%lld MB are free for %s%s", mb,
                          state, status == DIAGNOSIS_OK ? "" : ": make room");
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
    /* an access token is opened when its API is asked, see check_connections */
    if (place->app && strcmp(place->name, "access") == 0)
        return 0;
    if (sealing_by_vault(workspace_vault(d->w, NULL), place, old, NULL, &why) != 0)
        diagnosis_add(d->found, DIAGNOSIS_PROBLEM, "values", "%s", why.text);
    return 0;
}

static void check_values(struct doctor *d, struct store *store)
{
    struct err e = {0};
    struct sealing_count count;
    char recorded[VAULT_ID_SIZE];
    const char *key = vault_key_id(workspace_vault(d->w, NULL));
    int before = d->found->counts[DIAGNOSIS_PROBLEM];
    if (sealing_key(store, recorded, &e) != 0 ||
        sealing_each(store, key, open_value, d, &count, &e) != 0) {
        diagnosis_add(d->found, DIAGNOSIS_PROBLEM, "values", "%s", e.text);
        return;
    }
    if (d->found->counts[DIAGNOSIS_PROBLEM] > before)
        return;
    if (count.other > 0 || (recorded[0] && strcmp(recorded, key) != 0))
        diagnosis_add(
            d->found, DIAGNOSIS_WARNING, "values",
            "%d of %d sealed values are sealed with an older key: run `foyer vault "
            "rekey`",
            count.other, count.values);
    else
        diagnosis_add(d->found, DIAGNOSIS_OK, "values",
                      "%d sealed value%s, all with that key", count.values,
                      count.values == 1 ? "" : "s");
}

static void on_ahead(void *arg, const char *what, int64_t n, int64_t latest_ms)
{
    struct doctor *d = arg;
    struct buf latest;
    buf_init(&latest, 64);
    when_format(&latest, "%F %R UTC", latest_ms / 1000, NULL);
    json_t *finding = diagnosis_add(
        d->found, DIAGNOSIS_WARNING, "clock",
        "%lld %s of the store have times in the future, the latest %s: this machine's "
        "clock was ahead then; they count as now, or not at all",
        (long long)n, what, buf_str(&latest));
    report_set_text(finding, "what", what);
    json_object_set_new(finding, "count", json_integer(n));
    buf_free(&latest);
}

static void check_store(struct doctor *d)
{
    struct err e = {0};
    struct store *store = workspace_store(d->w, &e);
    if (!store || store_check(store, &e) != 0) {
        diagnosis_add(d->found, DIAGNOSIS_PROBLEM, "store", "%s", e.text);
        return;
    }
    json_t *finding =
        diagnosis_add(d->found, DIAGNOSIS_OK, "store",
                      "the store state/foyer.db is sound, version %d", store_version());
    json_object_set_new(finding, "version", json_integer(store_version()));
    const char *why;
    enum mode mode = work_mode(d->w, NULL, &why);
    if (mode != MODE_LIVE)
        diagnosis_add(d->found, mode == MODE_DRY_COPY ? DIAGNOSIS_WARNING : DIAGNOSIS_OK,
                      "mode", "nothing is sent: %s", why);
    if (!d->keyless)
        check_values(d, store);
    if (ahead_each(store_db(store), clock_wall_ms(), on_ahead, d, &e) != 0)
        diagnosis_add(d->found, DIAGNOSIS_PROBLEM, "clock", "%s", e.text);
}

/* ---- settings ---- */

static void on_problem(void *arg, const char *path, int line, const char *field,
                       const char *sentence)
{
    diagnosis_add(((struct doctor *)arg)->found, DIAGNOSIS_PROBLEM, "settings",
                  "%s:%d: %s%s%s", path, line, field, *field ? ": " : "", sentence);
}

/* Checks that every secret that TREE, of FILE, names is stored. */
static void check_secrets(struct doctor *d, const json_t *tree, const char *file)
{
    const char *before, *behind, *key;
    const char *name = settings_secret_within(tree, &before, &behind);
    json_t *value;
    size_t i;
    struct store *store = name ? workspace_store(d->w, NULL) : NULL;
    if (store && store_secret_version(store, name, NULL) == 0)
        diagnosis_add(
            d->found, DIAGNOSIS_PROBLEM, "secrets",
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
    workspace_check_client(d->w, client, d->checks_groups, on_problem, d);
    check_secrets(d, workspace_client(d->w, client, NULL), file);
    free(file);
}

static void check_settings(struct doctor *d)
{
    int before = d->found->counts[DIAGNOSIS_PROBLEM];
    d->checks_groups = workspace_check(d->w, on_problem, d) == 0;
    workspace_check_connectors(d->w, on_problem, d);
    check_secrets(d, workspace_settings(d->w, NULL), "foyer.lua");
    workspace_each_client(d->w, check_client, d);
    if (d->found->counts[DIAGNOSIS_PROBLEM] == before)
        diagnosis_add(
            d->found, DIAGNOSIS_OK, "settings",
            "the settings are well formed, and the secrets they name are set; `foyer "
            "check` checks the scripts too");
}

/* ---- connections ---- */

static void add_reconnect(struct doctor *d, const struct probe_connection *t,
                          const char *why)
{
    char *command = connection_command(t->client, t->app);
    if (strstr(why, "foyer connect")) /* WHY names the command already */
        diagnosis_add_connection(d->found, t, DIAGNOSIS_PROBLEM, "connection", "%s", why);
    else
        diagnosis_add_connection(d->found, t, DIAGNOSIS_PROBLEM, "connection",
                                 "%s; run `%s`", why, command);
    free(command);
    d->found->reconnects++;
}

static void check_answer(struct doctor *d, const struct probe_connection *t)
{
    const char *id = json_text(t->answer, "id");
    json_int_t status = json_int(t->answer, "status");
    enum credential_need need = credential_need(workspace_connector(d->w, t->app, NULL));
    if (t->reconnect || t->err.kind == ERR_AUTH)
        add_reconnect(d, t,
                      !t->reconnect ? t->err.text
                      : need != CREDENTIAL_CLIENT
                          ? "it needs to be connected again: its refresh "
                            "token is not accepted any more"
                          : "it needs to be connected again: its client "
                            "secret is not accepted any more");
    else if (!workspace_connector(d->w, t->app, NULL) && t->err.kind == ERR_NOT_FOUND)
        diagnosis_add_connection(
            d->found, t, DIAGNOSIS_PROBLEM, "connection",
            "%s; `foyer disconnect %s --app %s` forgets the connection", t->err.text,
            t->client, t->app);
    else if (!t->answer)
        diagnosis_add_connection(d->found, t, DIAGNOSIS_PROBLEM, "connection", "%s",
                                 t->err.kind != ERR_NONE ? t->err.text : "interrupted");
    else if (status == 401)
        add_reconnect(d, t, "the API refuses its token");
    else if (json_is_true(json_object_get(t->answer, "unasked")))
        diagnosis_add_connection(d->found, t, DIAGNOSIS_OK, "connection",
                                 "not asked: the connector has no `identity`");
    else if (status != 200 || !id)
        diagnosis_add_connection(
            d->found, t, DIAGNOSIS_PROBLEM, "connection",
            "the API answers, but does not say whose token it is (%d)", (int)status);
    else if (strcmp(id, t->id) != 0)
        add_reconnect(d, t, "its token belongs to another company now");
    else
        diagnosis_add_connection(d->found, t, DIAGNOSIS_OK, "connection",
                                 "the API answers, and the company is the same");
}

static void check_expiry(struct doctor *d, const struct probe_connection *t)
{
    char left[64], ago[64] = "";
    int64_t now = clock_wall_ms();
    if (t->reconnect)
        return;
    if (!t->oauth) {
        diagnosis_add_connection(d->found, t, DIAGNOSIS_OK, "token",
                                 "an API token, which does not expire");
        return;
    }
    if (t->refreshed_ms)
        span(now - t->refreshed_ms, ago);
    int over = t->expires_ms && now >= t->expires_ms;
    json_t *finding = diagnosis_add_connection(
        d->found, t, over ? DIAGNOSIS_WARNING : DIAGNOSIS_OK, "token",
        "its token %s%s%s; it was %s%s%s",
        !t->expires_ms ? "does not say when it expires"
        : over         ? "expired "
                       : "expires in ",
        t->expires_ms ? span(over ? now - t->expires_ms : t->expires_ms - now, left) : "",
        over ? " ago, and the next request refreshes it" : "",
        *ago ? "last refreshed " : "not refreshed yet", ago, *ago ? " ago" : "");
    if (t->expires_ms)
        json_object_set_new(finding, "expires_in",
                            json_integer((t->expires_ms - now) / 1000));
    report_set_time(finding, "refreshed_at", t->refreshed_ms);
    if (t->last_error)
        diagnosis_add_connection(d->found, t, DIAGNOSIS_WARNING, "token",
                                 "its last refresh failed: %s", t->last_error);
}

static void check_budget(struct doctor *d, struct budget *budget,
                         const struct probe_connection *t)
{
    struct budget_state state;
    struct err e = {0};
    char *company = xasprintf("%s/%s", t->app, t->id), wait[64];
    int64_t now = clock_wall_ms();
    json_t *finding = NULL;
    if (!json_at(workspace_connector(d->w, t->app, NULL), "rate")) {
        free(company); /* an API without a known limit has no budget */
        return;
    }
    if (budget_state(budget, company, now, &state, &e) != 0)
        diagnosis_add_connection(d->found, t, DIAGNOSIS_WARNING, "budget", "%s", e.text);
    else if (state.blocked_until_ms > now)
        finding = diagnosis_add_connection(
            d->found, t, DIAGNOSIS_WARNING, "budget",
            "its rate limit is used up: all requests wait for %s",
            span(state.blocked_until_ms - now, wait));
    else
        finding = diagnosis_add_connection(
            d->found, t, DIAGNOSIS_OK, "budget",
            "%lld of %lld requests a minute are left%s", (long long)state.left,
            (long long)state.limit, state.learned ? "" : " (the limit is not known yet)");
    if (finding) {
        json_object_set_new(finding, "limit", json_integer(state.limit));
        json_object_set_new(finding, "left", json_integer(state.left));
    }
    free(company);
}

struct sharing {
    struct doctor *d;
    const struct probe_connection *t;
    struct buf unsaid; /* the clients whose settings do not name the company */
    int n;
};

static int add_sharing(void *arg, const char *client)
{
    struct sharing *s = arg;
    const json_t *settings = workspace_client(s->d->w, client, NULL);
    s->n++;
    if (!settings || !str_eq(settings_company(settings, s->t->app), s->t->id))
        buf_addf(&s->unsaid, "%s%s", s->unsaid.len ? ", " : "", client);
    return 0;
}

/* Warns of a company of several clients, unless each client's settings say that it is
 * meant: a consent may have been given for the wrong one. */
static void check_sharing(struct doctor *d, struct store *store,
                          const struct probe_connection *t)
{
    struct sharing s = {.d = d, .t = t};
    buf_init(&s.unsaid, 4096);
    if (store_company_clients(store_db(store), t->app, t->id, add_sharing, &s, NULL) ==
            0 &&
        s.n > 1 && s.unsaid.len)
        diagnosis_add_connection(
            d->found, t, DIAGNOSIS_WARNING, "sharing",
            "%d clients use it, and what comes there is for each of them; if that is "
            "meant, say %s.company = \"%s\" in client.lua of %s, else `foyer disconnect` "
            "the wrong one",
            s.n, t->app, t->id, buf_str(&s.unsaid));
    buf_free(&s.unsaid);
}

static void check_clock(struct doctor *d)
{
    for (const struct probe_connection *t = d->connections; t; t = t->next) {
        const char *date = json_text(t->answer, "date");
        char by[64];
        if (!date)
            continue;
        int64_t skew = grant_date_skew_ms(date, t->answered_ms);
        int64_t off = skew < 0 ? -skew : skew;
        if (off < SKEW_WARN_MS)
            diagnosis_add(d->found, DIAGNOSIS_OK, "clock",
                          "this machine's clock agrees with %s's", t->company);
        else
            diagnosis_add(
                d->found, off < SKEW_MAX_MS ? DIAGNOSIS_WARNING : DIAGNOSIS_PROBLEM,
                "clock",
                "this machine's clock is %s %s: set it, best by NTP; expiries are "
                "corrected, signed webhooks are not",
                span(off, by), skew > 0 ? "slow" : "fast");
        return;
    }
    diagnosis_add(d->found, d->connections ? DIAGNOSIS_WARNING : DIAGNOSIS_OK, "clock",
                  "no API answered, so this machine's clock could not be compared");
}

static void check_connections(struct doctor *d)
{
    struct err e = {0};
    struct store *store = workspace_store(d->w, &e);
    if (!store) /* check_store has said so */
        return;
    d->connections = probe_list(store, &e);
    if (e.kind != ERR_NONE) {
        diagnosis_add(d->found, DIAGNOSIS_PROBLEM, "connection", "%s", e.text);
        return;
    }
    if (!d->connections)
        diagnosis_add(d->found, DIAGNOSIS_WARNING, "connection",
                      "no client is connected: run `foyer connect CLIENT`");
    if (d->keyless && d->connections) {
        diagnosis_add(d->found, DIAGNOSIS_PROBLEM, "connection",
                      "without the key no API can be asked");
        return;
    }
    if (!d->s && d->connections)
        diagnosis_add(d->found, DIAGNOSIS_PROBLEM, "connection",
                      "no API can be asked, for the settings above");
    if (d->s)
        probe_ask(d->connections, d->s, store);
    struct budget *budget = budget_new(workspace_live(d->w));
    for (struct probe_connection *t = d->connections; t; t = t->next) {
        if (d->s)
            check_answer(d, t);
        check_sharing(d, store, t);
        check_expiry(d, t);
        check_budget(d, budget, t);
    }
    budget_free(budget);
    check_clock(d);
}

/* ---- the connections and scopes that recipes need ---- */

static int is_connected(struct doctor *d, const char *client, const char *app)
{
    struct err e = {0};
    struct store_connection row;
    struct store *store = workspace_store(d->w, &e);
    if (!store)
        return 1; /* check_store has said so */
    int found = store_connection_find(store, client, app, &row, &e) == 0;
    store_connection_fini(&row);
    return found || e.kind != ERR_NOT_FOUND;
}

static void add_needs(struct doctor *d, const char *client, const json_t *needs)
{
    const char *app;
    json_t *need, *item, *finding;
    size_t i;
    json_object_foreach(json_object_get(needs, "apps"), app, need)
    {
        char *recipes = json_join(json_object_get(need, "recipes"), 0);
        char *scopes = json_join(json_object_get(need, "scopes"), 0);
        if (!is_connected(d, client, app)) {
            char *command = connection_command(client, app);
            finding = diagnosis_add(
                d->found, DIAGNOSIS_PROBLEM, "connection",
                "client %s is not connected to %s, and %s need%s it: run `%s`", client,
                app, recipes,
                json_array_size(json_object_get(need, "recipes")) == 1 ? "s" : "",
                command);
            report_set_text(finding, "client", client);
            report_set_text(finding, "app", app);
            free(command);
        }
        if (*scopes) {
            finding = diagnosis_add(
                d->found, DIAGNOSIS_OK, "scopes",
                "client %s: these scopes must be ticked on the app %s: %s (for "
                "%s)",
                client, app, scopes, recipes);
            report_set_text(finding, "client", client);
            report_set_text(finding, "app", app);
            json_object_set(finding, "scopes", json_object_get(need, "scopes"));
            json_object_set(finding, "recipes", json_object_get(need, "recipes"));
        }
        free(recipes);
        free(scopes);
    }
    json_array_foreach(json_object_get(needs, "unknown"), i, item)
    {
        diagnosis_add(
            d->found, DIAGNOSIS_WARNING, "scopes",
            "client %s: %s calls an action whose name is not written down there: its "
            "scopes are not counted",
            client, json_string_value(item));
    }
    json_array_foreach(json_object_get(needs, "broken"), i, item)
    {
        diagnosis_add(d->found, DIAGNOSIS_PROBLEM, "recipes", "client %s, recipe %s: %s",
                      client, json_text(item, "recipe"), json_text(item, "message"));
    }
}

static void check_needs(void *arg, const char *client)
{
    struct doctor *d = arg;
    struct err e = {0};
    struct session_call call = {.client = client, .label = "doctor", .entry = "scopes"};
    if (session_interrupted(d->s))
        return;
    json_t *needs = session_run(d->s, &call, &e);
    if (needs)
        add_needs(d, client, needs);
    else
        diagnosis_add(d->found, DIAGNOSIS_PROBLEM, "recipes", "client %s: %s", client,
                      e.text);
    json_decref(needs);
}

/* ---- all of them ---- */

void doctor_check(struct workspace *w, struct session *s, const struct err *why,
                  struct diagnosis *found)
{
    struct doctor d = {.w = w, .s = s, .found = found};
    check_key(&d);
    check_store(&d);
    check_space(&d);
    size_check(w, found);
    look_check(w, found);
    state_check(workspace_dir(w), found);
    check_settings(&d);
    if (!s)
        diagnosis_add(found, DIAGNOSIS_PROBLEM, "settings", "%s", why->text);
    check_connections(&d);
    if (!d.keyless)
        app_check(w, d.connections, found);
    if (s)
        workspace_each_client(w, check_needs, &d);
    probe_free(d.connections);
}
