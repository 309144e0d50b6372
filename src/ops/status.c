#include "ops/status.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "base/when.h"
#include "core/jsontree.h"
#include "core/settings.h"
#include "ops/alerts.h"
#include "ops/deploy.h"
#include "ops/pauses.h"
#include "ops/report.h"
#include "store/activity.h"
#include "store/incident.h"
#include "store/release.h"
#include "store/running.h"
#include "store/usage.h"
#include "work/mode.h"

enum {
    CRON_MS = 5 * 60 * 1000, /* a crontab has it once a minute */
    LATE_MS = 5 * 60 * 1000, /* so long a delivery may wait */
    FULL_DAYS = 3,
    FORESEEN_DAYS = 3650
};

static const int64_t day_ms = 24 * 60 * 60 * 1000, free_min = 50 << 20;

struct status {
    struct workspace *w;
    struct db *db;
    const struct choice *clients;
    json_t *tree, *problems;
    int64_t now_ms;
};

/* ---- problems ---- */

/* The worst first. */
static const struct {
    const char *what;
    int code;
} codes[] = {{"disk", 70},       {"server", 75},    {"queue", 75},   {"outage", 75},
             {"connection", 77}, {"needs you", 69}, {"trouble", 69}, {"refused", 65}};

int status_code(const json_t *tree)
{
    const char *worst =
        json_text(json_array_get(json_object_get(tree, "problems"), 0), "what");
    for (size_t i = 0; worst && i < sizeof codes / sizeof *codes; i++)
        if (str_eq(codes[i].what, worst))
            return codes[i].code;
    return 0;
}

static size_t rank_of(const char *what)
{
    size_t i = 0;
    while (i < sizeof codes / sizeof *codes && !str_eq(codes[i].what, what))
        i++;
    return i;
}

/* Adds a problem behind those that are as bad. COMMAND may be NULL. */
__attribute__((format(printf, 4, 5))) static void
add_problem(struct status *s, const char *what, const char *command, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *message = xvasprintf(fmt, ap);
    va_end(ap);
    json_t *row = json_pack("{s:s, s:s*}", "what", what, "command", command);
    report_set_text(row, "message", message);
    size_t i = 0;
    while (i < json_array_size(s->problems) &&
           rank_of(json_text(json_array_get(s->problems, i), "what")) <= rank_of(what))
        i++;
    json_array_insert_new(s->problems, i, row);
    free(message);
}

static const char *plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

/* ---- processes ---- */

static void add_processes(struct status *s)
{
    json_t *rows = running_list(workspace_dir(s->w)), *row;
    int serves = 0, works = 0, has_cron = 0;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        const char *role = json_text_or(row, "role", "");
        double since = json_number_value(json_object_get(row, "since_at"));
        serves += str_eq(role, "serve");
        works += str_eq(role, "work");
        has_cron |= str_eq(role, "cron") &&
                    (json_is_true(json_object_get(row, "alive")) ||
                     (double)s->now_ms / 1000 - since < (double)CRON_MS / 1000);
    }
    json_object_set_new(s->tree, "processes", rows);
    if (!serves && !works && !has_cron)
        add_problem(s, "server", "foyer serve",
                    "no foyer runs here: no webhook is taken, and no run goes on");
    else if (!works && !has_cron)
        add_problem(s, "server", "foyer work",
                    "no worker runs: webhooks are taken, and nothing is done with them");
}

/* ---- releases ---- */

static int add_release(void *arg, const struct release *r)
{
    json_t *row = arg;
    json_object_set_new(row, "id", json_integer(r->id));
    report_set_time(row, "at", r->at_ms);
    report_set_text(row, "by", r->by);
    report_set_text(row, "note", r->note);
    report_set_text(row, "revision", r->revision);
    return 1;
}

static void add_refused(void *arg, int64_t at_ms, const char *by, const char *text)
{
    struct status *s = arg;
    json_t *row = json_object();
    report_set_time(row, "at", at_ms);
    report_set_text(row, "by", by);
    report_set_text(row, "text", text);
    json_object_set_new(s->tree, "refused", row);
    add_problem(s, "refused", "foyer check",
                "the last deploy was refused; what ran before goes on");
}

static void add_paths(json_t *paths, const json_t *files)
{
    size_t i;
    json_t *file;
    json_array_foreach(files, i, file)
    {
        json_object_set_new(paths, json_text_or(file, "path", ""), json_true());
    }
}

/* Returns the paths below the workspace that are not what runs, as a new array; of a
 * client that runs nothing yet its directory. */
static json_t *find_differing(struct status *s)
{
    struct err e = {0};
    struct deploy all = {.clients = s->clients};
    json_t *paths = json_object(), *list = json_array(), *row, *yes;
    json_t *tree = deploy_difference(s->w, &all, &e);
    const char *path;
    size_t i;
    add_paths(paths, json_object_get(json_object_get(tree, "server"), "files"));
    add_paths(paths, json_object_get(tree, "files"));
    json_array_foreach(json_object_get(tree, "clients"), i, row)
    {
        if (json_int(row, "old") != 0)
            continue;
        char *dir = xasprintf("clients/%s/", json_text_or(row, "client", ""));
        json_object_set_new(paths, dir, json_true());
        free(dir);
    }
    json_object_foreach(paths, path, yes)
    {
        json_array_append_new(list, json_string(path));
    }
    if (!tree)
        report_set_text(s->tree, "unreadable", e.text);
    json_decref(tree);
    json_decref(paths);
    return list;
}

static int add_releases(struct status *s, struct err *e)
{
    const json_t *live = workspace_releases(s->w);
    json_t *row = json_object(), *others = json_object(), *id;
    int64_t main = workspace_release(s->w, NULL);
    const char *client;
    json_object_foreach((json_t *)live, client, id)
    {
        if (*client && json_integer_value(id) != main && choice_has(s->clients, client))
            json_object_set(others, client, id);
    }
    json_object_set_new(row, "others", others);
    int rc = live && main ? release_get(s->db, main, add_release, row, e) : 0;
    if (live)
        json_object_set_new(row, "differs", find_differing(s));
    json_object_set_new(s->tree, "release", live ? row : json_null());
    if (!live)
        json_decref(row);
    return rc == 0 ? release_refused_get(s->db, add_refused, s, e) : rc;
}

/* ---- connections ---- */

struct connections {
    const struct status *s;
    int64_t ok;
    json_t *reconnect;
};

static int count_connection(void *arg, const char *client,
                            const struct store_connection *c)
{
    struct connections *all = arg;
    if (!choice_has(all->s->clients, client))
        return 0;
    if (c->reconnect)
        json_array_append_new(all->reconnect, json_string(client));
    else
        all->ok++;
    return 0;
}

static int add_connections(struct status *s, struct err *e)
{
    struct connections all = {s, 0, json_array()};
    struct store *store = workspace_store(s->w, e);
    int rc = store ? store_connection_each(store, count_connection, &all, e) : -1;
    size_t n = json_array_size(all.reconnect);
    const char *first = json_string_value(json_array_get(all.reconnect, 0));
    if (n) {
        char *command = xasprintf("foyer connect %s", first);
        add_problem(s, "connection", command, "%zu connection%s must be connected again",
                    n, plural((int64_t)n));
        free(command);
    }
    json_object_set_new(
        s->tree, "connections",
        json_pack("{s:I, s:o}", "ok", (json_int_t)all.ok, "reconnect", all.reconnect));
    return rc;
}

/* ---- clients and their runs ---- */

static json_t *row_of(struct status *s, const char *client)
{
    const char *why;
    json_t *row = json_pack("{s:s, s:I, s:I}", "client", client, "needs_you",
                            (json_int_t)0, "held", (json_int_t)0);
    int64_t release = workspace_release(s->w, client);
    if (release)
        json_object_set_new(row, "release", json_integer(release));
    json_object_set_new(
        row, "mode",
        json_string(work_mode(s->w, client, &why) == MODE_LIVE ? "live" : "dry"));
    return row;
}

static void add_client(void *arg, const char *client)
{
    struct status *s = arg;
    json_t *rows = json_object_get(s->tree, "by_client");
    if (choice_has(s->clients, client))
        json_object_set_new(rows, client, row_of(s, client));
}

/* A client whose directory is gone may have runs that need a person. */
static int add_activity(void *arg, const struct activity *a)
{
    struct status *s = arg;
    json_t *rows = json_object_get(s->tree, "by_client");
    int64_t needs_you = a->parked + a->undelivered;
    if (!json_object_get(rows, a->client) && (needs_you || a->held))
        add_client(s, a->client);
    json_t *row = json_object_get(rows, a->client);
    if (!row)
        return 0;
    report_set_time(row, "last_event_at", a->event_ms);
    report_set_time(row, "last_reply_at", a->reply_ms);
    json_object_set_new(row, "needs_you", json_integer(needs_you));
    json_object_set_new(row, "held", json_integer(a->held));
    return 0;
}

static void take_later(json_t *row, const char *key, int64_t ms)
{
    if ((double)ms / 1000 > json_number_value(json_object_get(row, key)))
        report_set_time(row, key, ms);
}

static void add_fresh(void *arg, const char *client, int64_t event_ms, int64_t reply_ms)
{
    struct status *s = arg;
    json_t *row = json_object_get(json_object_get(s->tree, "by_client"), client);
    if (!row)
        return;
    take_later(row, "last_event_at", event_ms);
    take_later(row, "last_reply_at", reply_ms);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(json_text_or(*(json_t *const *)a, "client", ""),
                  json_text_or(*(json_t *const *)b, "client", ""));
}

/* Makes an array by name of the rows by client; dry ones are named in DRY. */
static json_t *sort_rows(const json_t *by_client, json_t *dry, int64_t *needs_you,
                         int64_t *held)
{
    size_t n = json_object_size(by_client), i = 0;
    json_t **rows = xcalloc(n + 1, sizeof *rows), *row, *list = json_array();
    const char *client;
    json_object_foreach((json_t *)by_client, client, row)
    {
        rows[i++] = row;
    }
    qsort(rows, n, sizeof *rows, compare_names);
    for (i = 0; i < n; i++) {
        json_array_append(list, rows[i]);
        *needs_you += json_int(rows[i], "needs_you");
        *held += json_int(rows[i], "held");
        if (str_eq(json_text(rows[i], "mode"), "dry"))
            json_array_append(dry, json_object_get(rows[i], "client"));
    }
    free(rows);
    return list;
}

static int add_runs(struct status *s, int64_t needs_you, int64_t held, struct err *e)
{
    int64_t counts[LEDGER_STATES];
    if (ledger_count_open(s->db, counts, e) != 0)
        return -1;
    json_object_set_new(
        s->tree, "runs",
        json_pack("{s:I, s:I, s:I, s:I}", "needs_you", (json_int_t)needs_you,
                  "needs_reconnect", (json_int_t)held, "waiting",
                  (json_int_t)(counts[LEDGER_QUEUED] + counts[LEDGER_SLEEPING] +
                               counts[LEDGER_WAITING] + counts[LEDGER_CONFIRMING]),
                  "running", (json_int_t)counts[LEDGER_RUNNING]));
    if (needs_you)
        add_problem(s, "needs you", "foyer runs list --state needs-you",
                    "%lld run%s need%s you", (long long)needs_you, plural(needs_you),
                    needs_you == 1 ? "s" : "");
    return 0;
}

static int add_clients(struct status *s, struct err *e)
{
    const char *why;
    int64_t needs_you = 0, held = 0;
    json_t *dry = json_array();
    enum mode mode = work_mode(s->w, NULL, &why);
    json_object_set_new(s->tree, "by_client", json_object());
    workspace_each_client(s->w, add_client, s);
    int rc = activity_each(s->db, add_activity, s, e);
    if (rc == 0)
        rc = activity_fresh(s->db, add_fresh, s, e);
    json_object_set_new(
        s->tree, "clients",
        sort_rows(json_object_get(s->tree, "by_client"), dry, &needs_you, &held));
    json_object_del(s->tree, "by_client");
    json_object_set_new(s->tree, "mode", json_string(mode == MODE_LIVE ? "live" : "dry"));
    report_set_text(s->tree, "mode_why", why);
    json_object_set_new(s->tree, "dry", mode == MODE_LIVE ? dry : json_array());
    if (mode != MODE_LIVE)
        json_decref(dry);
    return rc == 0 ? add_runs(s, needs_you, held, e) : rc;
}

/* ---- what alerts are about ---- */

/* Of those kinds that nothing else of the page tells. */
static int add_incidents(struct status *s, struct err *e)
{
    static const struct {
        const char *kind, *what;
    } kinds[] = {{INCIDENT_APP, "outage"},      {INCIDENT_COMPANY, "outage"},
                 {INCIDENT_GIVEN_UP, "outage"}, {INCIDENT_RECIPE, "trouble"},
                 {INCIDENT_SILENCE, "trouble"}, {INCIDENT_NAMES, "trouble"}};
    json_t *rows = alerts_list(s->w, NULL, e), *row;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        const char *client = json_text(row, "client");
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
            if (str_eq(kinds[k].kind, json_text(row, "kind")) &&
                (!client || choice_has(s->clients, client)))
                add_problem(s, kinds[k].what, NULL, "%s",
                            json_text_or(row, "sentence", ""));
    }
    int rc = rows ? 0 : -1;
    json_decref(rows);
    return rc;
}

/* ---- the queue, the disk ---- */

static int add_queue(struct status *s, struct err *e)
{
    int64_t counts[DELIVERY_STATES], oldest_ms = 0;
    if (inbox_count(s->db, counts, e) != 0 || inbox_oldest(s->db, &oldest_ms, e) != 0)
        return -1;
    json_t *row = json_pack("{s:I}", "deliveries", (json_int_t)counts[DELIVERY_WAITING]);
    report_set_time(row, "oldest_at", oldest_ms);
    json_object_set_new(s->tree, "queue", row);
    if (oldest_ms && s->now_ms - oldest_ms > LATE_MS) {
        char since[64];
        when_format_duration((double)(s->now_ms - oldest_ms) / 1000, since);
        add_problem(s, "queue", "foyer logs --level warn",
                    "the oldest webhook has waited for %s", since);
    }
    return 0;
}

static int add_disk(struct status *s, struct err *e)
{
    struct settings_keep keep = settings_keep(workspace_settings(s->w, NULL));
    struct usage_rough u;
    struct statvfs fs;
    char *state = path_join(workspace_dir(s->w), "state");
    int64_t free_bytes =
        statvfs(state, &fs) == 0 ? (int64_t)fs.f_bavail * (int64_t)fs.f_frsize : -1;
    free(state);
    if (usage_rough(s->db, &keep, s->now_ms, &u, e) != 0)
        return -1;
    json_t *row = json_pack("{s:I, s:I}", "store_bytes", (json_int_t)u.bytes,
                            "bytes_a_day", (json_int_t)u.bytes_a_day);
    json_object_set_new(s->tree, "disk", row);
    if (free_bytes < 0)
        return 0;
    int64_t days =
        u.bytes_a_day > 0 ? (free_bytes + u.free_bytes) / u.bytes_a_day : INT64_MAX;
    json_object_set_new(row, "free_bytes", json_integer(free_bytes));
    if (days < FORESEEN_DAYS)
        report_set_time(row, "full_at", s->now_ms + days * day_ms);
    if (free_bytes < free_min)
        add_problem(s, "disk", NULL, "the disk is nearly full: %lld MB are free",
                    (long long)(free_bytes >> 20));
    else if (days < FULL_DAYS)
        add_problem(s, "disk", "foyer doctor",
                    "at this rate the disk is full in %lld day%s", (long long)days,
                    plural(days));
    return 0;
}

json_t *status_read(struct workspace *w, const struct choice *clients, struct err *e)
{
    struct store *store = workspace_store(w, e);
    if (!store)
        return NULL;
    struct status s = {
        w, store_db(store), clients, json_object(), json_array(), clock_wall_ms()};
    add_processes(&s);
    json_t *pauses = pauses_list(store, e);
    if (pauses)
        json_object_set_new(s.tree, "pauses", pauses);
    int rc = pauses && add_releases(&s, e) == 0 && add_connections(&s, e) == 0 &&
             add_clients(&s, e) == 0 && add_incidents(&s, e) == 0 &&
             add_queue(&s, e) == 0 && add_disk(&s, e) == 0;
    json_object_set_new(s.tree, "problems", s.problems);
    if (rc)
        return s.tree;
    json_decref(s.tree);
    return NULL;
}
