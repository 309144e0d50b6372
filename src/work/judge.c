#include "work/judge.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/buf.h"
#include "base/str.h"
#include "core/silence.h"
#include "store/release.h"

enum {
    SECOND = 1000,
    MINUTE = 60 * SECOND,
    HOUR = 60 * MINUTE,
    DAY = 24 * HOUR,
    ROUND_MS = 10 * SECOND,  /* between two rounds, of all processes */
    SILENCE_MS = 5 * MINUTE, /* between two looks for silence */
    FAILING_MS = 2 * MINUTE, /* a company that fails for so long */
    SETTLE_MS = 10 * MINUTE, /* until it is taken for well again */
    FORGET_MS = 6 * HOUR,    /* no request of it came since */
    AGAIN_MS = MINUTE,       /* until an alert that failed is sent again */
    OPENINGS = 5,            /* alerts in an hour about new incidents of a kind */
    SEVERAL = 3              /* companies that fail: the app does */
};

struct row {
    struct incident i;
    int is_dirty;
};

struct round {
    struct db *db;
    struct judge *j;
    struct row *rows;
    size_t n;
    struct err *e;
    int rc;
};

static int is_kind(const struct row *r, const char *kind)
{
    return strcmp(r->i.kind, kind) == 0;
}

static struct row *find_row(const struct round *round, const char *kind, const char *key)
{
    for (size_t i = 0; i < round->n; i++)
        if (is_kind(&round->rows[i], kind) && strcmp(round->rows[i].i.key, key) == 0)
            return &round->rows[i];
    return NULL;
}

/* Returns the row, which is added when it is missing. */
static struct row *need_row(struct round *round, const char *kind, const char *key,
                            const char *client)
{
    struct row *r = find_row(round, kind, key);
    if (r)
        return r;
    array_grow(round->rows, round->n);
    r = &round->rows[round->n++];
    *r = (struct row){.i = {.kind = xstrdup(kind),
                            .key = xstrdup(key),
                            .client = xstrdup(client),
                            .state = INCIDENT_SIGNS,
                            .first_ms = round->j->now_ms,
                            .text = xstrdup("")}};
    return r;
}

static const struct judge_client *find_client(const struct judge *j, const char *client)
{
    for (size_t i = 0; i < j->nclients; i++)
        if (strcmp(j->clients[i].client, client) == 0)
            return &j->clients[i];
    return NULL;
}

/* ---- what the store shows ---- */

static void set_text(struct row *r, const char *text)
{
    if (strcmp(r->i.text, text) == 0)
        return;
    free(r->i.text);
    r->i.text = xstrdup(text);
    r->is_dirty = 1;
}

/* Notes that there is trouble now, N times, of which URGENT customers wait for. */
static void be_bad(struct round *round, struct row *r, int64_t n, int64_t urgent)
{
    int64_t now = round->j->now_ms;
    if (r->i.state == INCIDENT_CLOSED && now - r->i.closed_ms < HOUR) {
        r->i.state = INCIDENT_OPEN;
        r->i.said &= ~INCIDENT_SAID_CLOSED;
    } else if (r->i.state == INCIDENT_CLOSED) {
        r->i.state = INCIDENT_SIGNS;
        r->i.first_ms = now;
        r->i.said = 0;
        r->i.said_ms = r->i.signs = 0;
    }
    if (r->i.n != n || r->i.urgent != urgent || r->i.last_ms + MINUTE <= now ||
        r->i.good_ms >= r->i.last_ms)
        r->is_dirty = 1;
    if (n > r->i.signs)
        r->i.signs = n;
    r->i.n = n;
    r->i.urgent = urgent;
    r->i.last_ms = now;
}

static void be_good(struct round *round, struct row *r)
{
    if (!r || r->i.state == INCIDENT_CLOSED)
        return;
    r->i.n = r->i.urgent = 0;
    r->i.good_ms = round->j->now_ms;
    if (r->i.last_ms >= r->i.good_ms)
        r->i.last_ms = r->i.good_ms - 1;
    r->is_dirty = 1;
}

static int on_open(void *arg, const struct incident_open *o)
{
    struct round *round = arg;
    if (o->parked) {
        struct row *r = need_row(round, INCIDENT_PERSON, o->client, o->client);
        char *text = xasprintf("run %lld, recipe %s: %s", (long long)o->run,
                               o->recipe ? o->recipe : "?", o->reason ? o->reason : "?");
        be_bad(round, r, o->parked, o->waiting);
        set_text(r, text);
        free(text);
    } else {
        be_good(round, find_row(round, INCIDENT_PERSON, o->client));
    }
    if (o->reconnect || o->held) {
        struct row *r = need_row(round, INCIDENT_RECONNECT, o->client, o->client);
        be_bad(round, r, o->held, 0);
        if (!*r->i.text)
            set_text(r, "its connection must be made again");
    } else if (o->connected) {
        be_good(round, find_row(round, INCIDENT_RECONNECT, o->client));
    }
    return 0;
}

/* A client without runs that need a person, and without a connection, is not seen. */
static void end_unseen(struct round *round)
{
    for (size_t i = 0; i < round->n; i++) {
        struct row *r = &round->rows[i];
        if (is_kind(r, INCIDENT_PERSON) && r->i.last_ms != round->j->now_ms)
            be_good(round, r);
    }
}

struct past {
    struct round *round;
    const char *client;
};

static int64_t events_of(void *arg, int64_t hour)
{
    struct past *past = arg;
    int64_t n = 0;
    if (past->round->rc == 0)
        past->round->rc =
            incident_events(past->round->db, past->client, hour, &n, past->round->e);
    return n;
}

static int on_last_event(void *arg, const char *client, int64_t hour)
{
    struct round *round = arg;
    struct past past = {round, client};
    const struct judge_client *c = find_client(round->j, client);
    int64_t missed = 0;
    if (c && c->silence)
        missed =
            silence_missed(round->j->now_ms, hour, c->zone, c->silence, events_of, &past);
    if (!c || !c->silence || missed < c->silence) {
        be_good(round, find_row(round, INCIDENT_SILENCE, client));
        return round->rc;
    }
    struct row *r = need_row(round, INCIDENT_SILENCE, client, client);
    int is_new = r->i.state != INCIDENT_OPEN;
    be_bad(round, r, missed, 0);
    if (is_new)
        r->i.first_ms = (hour + 1) * HOUR;
    return round->rc;
}

static void look_for_silence(struct round *round)
{
    int is_due = 0;
    struct judge *j = round->j;
    round->rc =
        incident_timer(round->db, "silence", j->now_ms, SILENCE_MS, &is_due, round->e);
    if (round->rc == 0 && is_due &&
        incident_last_events(round->db, j->now_ms - (int64_t)SILENCE_HOURS * HOUR * 2,
                             on_last_event, round, round->e) != 0)
        round->rc = -1;
}

static void on_refused(void *arg, int64_t at_ms, const char *by, const char *text)
{
    struct round *round = arg;
    struct row *r = need_row(round, INCIDENT_DEPLOY, "", "");
    char *sentence = xasprintf("%s: %.600s", by, text);
    be_bad(round, r, 1, 0);
    r->i.first_ms = at_ms;
    set_text(r, sentence);
    free(sentence);
}

static void look_at_deploys(struct round *round)
{
    struct row *r = find_row(round, INCIDENT_DEPLOY, "");
    if (r && r->i.last_ms == round->j->now_ms)
        r->i.last_ms--;
    round->rc = release_refused_get(round->db, on_refused, round, round->e);
    r = find_row(round, INCIDENT_DEPLOY, "");
    if (round->rc == 0 && r && r->i.last_ms != round->j->now_ms)
        be_good(round, r);
}

/* ---- opening and closing ---- */

static void open_row(struct round *round, struct row *r)
{
    if (r->i.state == INCIDENT_OPEN)
        return;
    r->i.state = INCIDENT_OPEN;
    r->i.opened_ms = round->j->now_ms;
    r->is_dirty = 1;
}

static void close_row(struct round *round, struct row *r)
{
    if (r->i.state == INCIDENT_SIGNS) /* no alert spoke of it */
        r->i.said |= INCIDENT_COVERED;
    r->i.state = INCIDENT_CLOSED;
    r->i.closed_ms = round->j->now_ms;
    r->is_dirty = 1;
}

static int is_failing(const struct row *r)
{
    return r->i.state != INCIDENT_CLOSED && r->i.last_ms > r->i.good_ms;
}

/* 1: the company key belongs to the app. */
static int is_of_app(const struct row *r, const char *app)
{
    size_t n = strlen(app);
    return is_kind(r, INCIDENT_COMPANY) && strncmp(r->i.key, app, n) == 0 &&
           r->i.key[n] == '/';
}

static struct row *app_of(const struct round *round, const struct row *company)
{
    const char *slash = strchr(company->i.key, '/');
    char *app = xmemdup0(company->i.key, slash ? (size_t)(slash - company->i.key) : 0);
    struct row *r = find_row(round, INCIDENT_APP, app);
    free(app);
    return r;
}

/* Opens and closes the incident of one app by its companies. */
static void judge_app(struct round *round, const char *app)
{
    int64_t now = round->j->now_ms, last_ms = 0, first_ms = INT64_MAX, signs = 0;
    int failing = 0, ripe = 0, well = 0;
    char *text = NULL;
    for (size_t i = 0; i < round->n; i++) {
        const struct row *r = &round->rows[i];
        if (!is_of_app(r, app))
            continue;
        well += r->i.good_ms > r->i.last_ms && now - r->i.good_ms < SETTLE_MS;
        if (!is_failing(r) || now - r->i.last_ms >= SETTLE_MS)
            continue;
        failing++;
        ripe += r->i.last_ms - r->i.first_ms >= FAILING_MS;
        signs += r->i.signs;
        if (r->i.last_ms > last_ms) {
            last_ms = r->i.last_ms;
            free(text);
            text = xstrdup(r->i.text);
        }
        first_ms = r->i.first_ms < first_ms ? r->i.first_ms : first_ms;
    }
    struct row *r = find_row(round, INCIDENT_APP, app);
    int is_open = r && r->i.state == INCIDENT_OPEN;
    if (failing >= SEVERAL && (ripe || is_open)) {
        r = need_row(round, INCIDENT_APP, app, "");
        be_bad(round, r, failing > r->i.n || !is_open ? failing : r->i.n, 0);
        r->i.last_ms = last_ms;
        set_text(r, text);
        r->i.signs = signs > r->i.signs ? signs : r->i.signs;
        if (!is_open && r->i.state == INCIDENT_SIGNS)
            r->i.first_ms = first_ms;
        open_row(round, r);
    } else if (is_open && (well || now - r->i.last_ms >= FORGET_MS)) {
        close_row(round, r);
    }
    free(text);
}

static void judge_apps(struct round *round)
{
    for (size_t i = 0; i < round->n; i++) {
        const struct row *r = &round->rows[i];
        const char *slash = is_kind(r, INCIDENT_COMPANY) ? strchr(r->i.key, '/') : NULL;
        char *app = slash ? xmemdup0(r->i.key, (size_t)(slash - r->i.key)) : NULL;
        int is_first = app != NULL;
        for (size_t k = 0; is_first && k < i; k++)
            is_first = !is_of_app(&round->rows[k], app);
        if (is_first)
            judge_app(round, app);
        free(app);
    }
}

static void judge_company(struct round *round, struct row *r)
{
    int64_t now = round->j->now_ms;
    const struct row *app = app_of(round, r);
    int is_covered = app && app->i.state == INCIDENT_OPEN;
    int was_covered = app && app->i.state == INCIDENT_CLOSED &&
                      r->i.said & INCIDENT_COVERED && r->i.last_ms <= app->i.closed_ms;
    if (r->i.state == INCIDENT_CLOSED)
        return;
    if (was_covered) { /* until it fails again */
        close_row(round, r);
        return;
    }
    if (is_covered && !(r->i.said & INCIDENT_COVERED)) {
        r->i.said |= INCIDENT_COVERED;
        r->is_dirty = 1;
    }
    if (is_failing(r) && r->i.last_ms - r->i.first_ms >= FAILING_MS &&
        now - r->i.last_ms < SETTLE_MS) {
        if (!is_covered && r->i.said & INCIDENT_COVERED) { /* the others are well again */
            r->i.said = 0;
            r->is_dirty = 1;
        }
        open_row(round, r);
    } else if ((!is_failing(r) && now - r->i.last_ms >= SETTLE_MS) ||
               now - r->i.last_ms >= FORGET_MS) {
        close_row(round, r);
    }
}

/* Returns 1 while an app, or a company of the client, fails. */
static int is_outage(const struct round *round, const char *client)
{
    for (size_t i = 0; i < round->n; i++) {
        const struct row *r = &round->rows[i];
        if (r->i.state == INCIDENT_OPEN &&
            (is_kind(r, INCIDENT_APP) ||
             (is_kind(r, INCIDENT_COMPANY) && strcmp(r->i.client, client) == 0)))
            return 1;
    }
    return 0;
}

static void judge_other(struct round *round, struct row *r)
{
    int64_t since = round->j->now_ms - r->i.last_ms;
    int is_well = r->i.good_ms > r->i.last_ms;
    int is_given_up = is_kind(r, INCIDENT_GIVEN_UP);
    if (r->i.state == INCIDENT_CLOSED)
        return;
    if (is_kind(r, INCIDENT_UNDELIVERED))
        is_well = since >= HOUR;
    else if (is_kind(r, INCIDENT_RECIPE) || is_given_up)
        is_well = (is_well && since >= HOUR) || since >= DAY;
    else if (is_kind(r, INCIDENT_RECONNECT))
        is_well |= since >= DAY;
    if (is_well) {
        close_row(round, r);
    } else if ((is_kind(r, INCIDENT_PERSON) || is_given_up) &&
               is_outage(round, r->i.client)) {
        if (is_given_up && !(r->i.said & INCIDENT_COVERED)) {
            r->i.said |= INCIDENT_COVERED;
            r->is_dirty = 1;
        }
    } else {
        open_row(round, r);
    }
}

/* ---- what is said ---- */

/* Returns the client whose settings say where alerts about the incident go. */
static const struct judge_client *whose(const struct judge *j, const struct row *r)
{
    const struct judge_client *c = find_client(j, r->i.client);
    return c ? c : &j->clients[0];
}

static int is_held_back(const struct judge *j, const struct row *r)
{
    return whose(j, r)->is_quiet && !r->i.urgent;
}

/* Returns the clients of the companies that fail, for people. */
static char *failing_clients(const struct round *round, const char *app)
{
    struct buf names;
    buf_init(&names, 64 * 1024);
    for (size_t i = 0; i < round->n; i++) {
        const struct row *r = &round->rows[i];
        if (is_of_app(r, app) && r->i.state != INCIDENT_CLOSED && r->i.last_ms &&
            r->i.said & INCIDENT_COVERED)
            buf_addf(&names, "%s%s", names.len ? ", " : "", r->i.client);
    }
    return buf_take(&names, NULL);
}

static int64_t given_up(const struct round *round, const struct row *by)
{
    int64_t n = 0;
    for (size_t i = 0; i < round->n; i++) {
        const struct row *r = &round->rows[i];
        if (is_kind(r, INCIDENT_GIVEN_UP) && r->i.said & INCIDENT_COVERED &&
            r->i.last_ms >= by->i.first_ms &&
            (is_kind(by, INCIDENT_APP) || strcmp(r->i.client, by->i.client) == 0))
            n += r->i.signs;
    }
    return n;
}

static void say(struct round *round, struct row *r, enum judge_what what)
{
    struct judge *j = round->j;
    int before = r->i.said;
    r->i.said |= what == JUDGE_OVER ? INCIDENT_SAID_OPEN | INCIDENT_SAID_CLOSED
                                    : INCIDENT_SAID_OPEN;
    r->i.said_ms = j->now_ms;
    r->is_dirty = 1;
    if (whose(j, r)->target < 0)
        return;
    struct incident copy = r->i;
    copy.kind = xstrdup(copy.kind);
    copy.key = xstrdup(copy.key);
    copy.client = xstrdup(copy.client);
    copy.text = xstrdup(copy.text);
    int is_app = is_kind(r, INCIDENT_APP);
    array_grow(j->lines, j->nlines);
    j->lines[j->nlines++] = (struct judge_line){
        .what = what,
        .target = whose(j, r)->target,
        .incident = copy,
        .said_before = before,
        .clients = is_app ? failing_clients(round, r->i.key) : NULL,
        .given_up = is_app || is_kind(r, INCIDENT_COMPANY) ? given_up(round, r) : 0};
}

static int64_t every_ms(const struct row *r)
{
    return is_kind(r, INCIDENT_NAMES) ? DAY : HOUR;
}

static int is_lasting(const struct judge *j, const struct row *r)
{
    return r->i.state == INCIDENT_OPEN && r->i.said & INCIDENT_SAID_OPEN &&
           !(r->i.said & INCIDENT_COVERED) && !is_held_back(j, r);
}

/* Says once an hour, for each target in one alert, what lasts. */
static void say_lasting(struct round *round)
{
    struct judge *j = round->j;
    for (size_t i = 0; i < round->n; i++) {
        const struct row *due = &round->rows[i];
        int target = whose(j, due)->target;
        if (!is_lasting(j, due) || j->now_ms - due->i.said_ms < every_ms(due))
            continue;
        for (size_t k = 0; k < round->n; k++) {
            struct row *r = &round->rows[k];
            if (is_lasting(j, r) && whose(j, r)->target == target &&
                r->i.said_ms != j->now_ms &&
                (!is_kind(r, INCIDENT_NAMES) || j->now_ms - r->i.said_ms >= DAY))
                say(round, r, JUDGE_LASTS);
        }
    }
}

/* Returns 1 when alerts about incidents of R's kind have spoken often enough in the last
 * hour: R then waits, and is told with others. After an app failed, runs that need a
 * person come to light one by one. */
static int is_too_often(const struct round *round, const struct row *r)
{
    const struct judge *j = round->j;
    int64_t last_ms = 0;
    int times = 0, most = OPENINGS;
    for (size_t i = 0; i < round->n; i++) {
        const struct row *o = &round->rows[i];
        if (is_kind(o, INCIDENT_APP) && j->now_ms - o->i.last_ms < 2 * HOUR)
            most = 1;
        if (o == r || !is_kind(o, r->i.kind) ||
            whose(j, o)->target != whose(j, r)->target)
            continue;
        if (o->i.said & INCIDENT_SAID_OPEN && o->i.said_ms != j->now_ms &&
            j->now_ms - o->i.said_ms < HOUR && o->i.said_ms != last_ms) {
            times++;
            last_ms = o->i.said_ms;
        }
    }
    return times >= most;
}

static void say_all(struct round *round)
{
    struct judge *j = round->j;
    for (size_t i = 0; i < round->n; i++) {
        struct row *r = &round->rows[i];
        int may = !(r->i.said & INCIDENT_COVERED) && !is_held_back(j, r) &&
                  (r->i.said_ms == 0 || j->now_ms - r->i.said_ms >= AGAIN_MS);
        if (may && r->i.state == INCIDENT_OPEN && !(r->i.said & INCIDENT_SAID_OPEN) &&
            !is_too_often(round, r))
            say(round, r, JUDGE_OPENED);
        else if (may && r->i.state == INCIDENT_CLOSED &&
                 !(r->i.said & INCIDENT_SAID_CLOSED))
            say(round, r, JUDGE_OVER);
    }
    say_lasting(round);
}

/* ---- a round ---- */

static int load(struct round *round)
{
    struct incident *list;
    size_t n;
    if (incident_list(round->db, &list, &n, round->e) != 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        array_grow(round->rows, round->n);
        round->rows[round->n++] = (struct row){.i = list[i]};
    }
    free(list);
    return 0;
}

static int store_rows(struct round *round)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < round->n; i++) {
        const struct row *r = &round->rows[i];
        if (r->i.state == INCIDENT_CLOSED && round->j->now_ms - r->i.closed_ms >= DAY)
            rc = incident_remove(round->db, r->i.kind, r->i.key, round->e);
        else if (r->is_dirty)
            rc = incident_put(round->db, &r->i, round->e);
    }
    return rc;
}

static void judge_all(struct round *round)
{
    judge_apps(round);
    for (size_t i = 0; i < round->n; i++)
        if (is_kind(&round->rows[i], INCIDENT_COMPANY))
            judge_company(round, &round->rows[i]);
    for (size_t i = 0; i < round->n; i++)
        if (!is_kind(&round->rows[i], INCIDENT_COMPANY) &&
            !is_kind(&round->rows[i], INCIDENT_APP))
            judge_other(round, &round->rows[i]);
}

int judge_round(struct db *db, struct judge *j, struct err *e)
{
    struct round round = {.db = db, .j = j, .e = e};
    int is_due = 0;
    if (j->heartbeat_ms && incident_timer(db, "heartbeat", j->now_ms, j->heartbeat_ms,
                                          &j->is_heartbeat, e) != 0)
        return -1;
    if (incident_timer(db, "alerts", j->now_ms, j->is_forced ? 0 : ROUND_MS, &is_due,
                       e) != 0)
        return -1;
    if (!is_due)
        return 0;
    int rc = load(&round);
    if (rc == 0)
        rc = incident_open_runs(db, j->received, on_open, &round, e);
    if (rc == 0) {
        end_unseen(&round);
        look_for_silence(&round);
        rc = round.rc;
    }
    if (rc == 0) {
        look_at_deploys(&round);
        rc = round.rc;
    }
    if (rc == 0) {
        judge_all(&round);
        say_all(&round);
        rc = store_rows(&round);
    }
    for (size_t i = 0; i < round.n; i++)
        incident_fini(&round.rows[i].i);
    free(round.rows);
    return rc;
}

int judge_unsay(struct db *db, const struct judge_line *line, struct err *e)
{
    return incident_unsay(db, line->incident.kind, line->incident.key, line->said_before,
                          e);
}

void judge_fini(struct judge *j)
{
    for (size_t i = 0; i < j->nlines; i++) {
        incident_fini(&j->lines[i].incident);
        free(j->lines[i].clients);
    }
    free(j->lines);
    j->lines = NULL;
    j->nlines = 0;
}
