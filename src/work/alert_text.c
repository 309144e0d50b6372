#include "work/alert_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/when.h"
#include "base/zone.h"
#include "core/jsontree.h"
#include "core/settings.h"

enum { MOST = 3, NAMES = 5, TEXT_MAX = 8 * 1024 };

/* Returns a client's name for people. */
static const char *title(struct workspace *w, const char *client)
{
    return json_text_or(workspace_client(w, client, NULL), "name", client);
}

static const char *app_title(struct workspace *w, const char *app)
{
    return json_text_or(workspace_connector(w, app, NULL), "name", app);
}

static const char *plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

/* Appends the local time of the client, with its date when it is another day. */
static void add_time(struct workspace *w, const char *client, int64_t at_ms,
                     int64_t now_ms, struct buf *out)
{
    const json_t *of = *client ? workspace_client(w, client, NULL) : NULL;
    const struct zone *z =
        zone_find(settings_timezone(workspace_settings(w, NULL), of), NULL);
    struct zone_span span = {0};
    int64_t at = at_ms / 1000;
    if (z)
        zone_span(z, at, &span);
    int is_today = z && (at + span.east) / 86400 == (now_ms / 1000 + span.east) / 86400;
    when_format(out, is_today ? "%R" : "%F %R", at + span.east, NULL);
}

/* Appends the first names of the list "a, b, c", and how many more there are. */
static void add_names(struct workspace *w, const char *list, struct buf *out)
{
    int n = 0;
    for (const char *s = list; *s; n++) {
        size_t len = strcspn(s, ",");
        char *name = xmemdup0(s, len);
        if (n < NAMES)
            buf_addf(out, "%s%s", n ? ", " : "", title(w, name));
        free(name);
        s += len + strspn(s + len, ", ");
    }
    if (n > NAMES)
        buf_addf(out, " and %d more", n - NAMES);
}

static char *recipe_of(const char *key)
{
    const char *slash = strchr(key, '/');
    return xstrdup(slash ? slash + 1 : "");
}

static void add_lasted(const struct incident *i, struct buf *out)
{
    char span[64];
    when_format_duration((double)(i->closed_ms - i->first_ms) / 1000, span);
    buf_addf(out, ", after %s", span);
}

static void add_outage(struct workspace *w, const struct judge_line *line, int64_t now_ms,
                       struct buf *out)
{
    const struct incident *i = &line->incident;
    int is_app = strcmp(i->kind, INCIDENT_APP) == 0;
    char *app = xmemdup0(i->key, strcspn(i->key, "/"));
    int is_over = line->what == JUDGE_OVER;
    buf_adds(out, app_title(w, app));
    if (is_app)
        buf_addf(out, is_over ? " answers again" : " is down for %lld companies (",
                 (long long)i->n);
    else
        buf_addf(out, is_over ? " answers again for %s" : " does not answer for %s",
                 title(w, i->client));
    if (is_app && !is_over) {
        add_names(w, line->clients, out);
        buf_addc(out, ')');
    }
    if (is_over)
        add_lasted(i, out);
    else if (*i->text)
        buf_addf(out, ", it says %s", i->text);
    buf_adds(out, ": ");
    if (is_app && is_over)
        buf_addf(out, "%lld companies, ", (long long)i->n);
    buf_addf(out, "%lld request%s failed", (long long)i->signs, plural(i->signs));
    if (!is_over) {
        buf_adds(out, " since ");
        add_time(w, i->client, i->first_ms, now_ms, out);
    }
    if (line->given_up)
        buf_addf(out, ", %lld run%s failed for good: foyer runs list --state failed",
                 (long long)line->given_up, plural(line->given_up));
    free(app);
}

static void add_recipe(struct workspace *w, const struct incident *i, struct buf *out)
{
    char *recipe = recipe_of(i->key);
    buf_addf(out, "%s%s%s", title(w, i->client), *recipe ? ", recipe " : "", recipe);
    free(recipe);
}

static void add_trouble(struct workspace *w, const struct incident *i, int64_t now_ms,
                        struct buf *out)
{
    const char *kind = i->kind, *name = *i->client ? title(w, i->client) : "";
    if (strcmp(kind, INCIDENT_RECIPE) == 0 || strcmp(kind, INCIDENT_GIVEN_UP) == 0) {
        add_recipe(w, i, out);
        buf_addf(out, ": %s", i->text);
        if (i->signs > 1)
            buf_addf(out, " (and %lld more like it)", (long long)i->signs - 1);
        if (str_starts(i->text, "run "))
            buf_addf(out, " (foyer runs list --client %s --state failed)", i->client);
    } else if (strcmp(kind, INCIDENT_PERSON) == 0) {
        buf_addf(out, "%s needs you: %lld run%s", name, (long long)i->n, plural(i->n));
        if (i->urgent)
            buf_addf(out, ", %lld customer%s wait%s", (long long)i->urgent,
                     plural(i->urgent), i->urgent == 1 ? "s" : "");
        buf_addf(out, " (foyer runs list --client %s --state needs-you); %s", i->client,
                 i->text);
    } else if (strcmp(kind, INCIDENT_UNDELIVERED) == 0) {
        buf_addf(out, "%s: %lld message%s did not reach the customer; %s", name,
                 (long long)i->signs, plural(i->signs), i->text);
    } else if (strcmp(kind, INCIDENT_RECONNECT) == 0) {
        buf_addf(out, "%s needs reconnect (foyer connect %s): ", name, i->client);
        if (i->n)
            buf_addf(out, "%lld run%s wait%s; ", (long long)i->n, plural(i->n),
                     i->n == 1 ? "s" : "");
        buf_adds(out, i->text);
    } else if (strcmp(kind, INCIDENT_SILENCE) == 0) {
        buf_addf(out, "no event from %s since ", name);
        add_time(w, i->client, i->first_ms, now_ms, out);
        buf_addf(
            out,
            ", %lld times its usual gap at these hours: is its webhook or rule still "
            "on? (foyer hooks)",
            (long long)i->n);
    } else if (strcmp(kind, INCIDENT_NAMES) == 0) {
        buf_addf(out, "%s: %s", name, i->text);
    } else if (strcmp(kind, INCIDENT_DEPLOY) == 0) {
        buf_addf(out, "a deploy was refused, what ran before goes on: %s", i->text);
    }
}

static void add_over(struct workspace *w, const struct incident *i, struct buf *out)
{
    const char *kind = i->kind, *name = *i->client ? title(w, i->client) : "";
    if (strcmp(kind, INCIDENT_RECIPE) == 0 || strcmp(kind, INCIDENT_GIVEN_UP) == 0) {
        add_recipe(w, i, out);
        buf_adds(out, i->good_ms > i->last_ms ? ": works again" : ": fails no more");
    } else if (strcmp(kind, INCIDENT_PERSON) == 0) {
        buf_addf(out, "%s needs you no more", name);
    } else if (strcmp(kind, INCIDENT_UNDELIVERED) == 0) {
        buf_addf(out, "%s: messages reach customers again", name);
    } else if (strcmp(kind, INCIDENT_RECONNECT) == 0) {
        buf_addf(out, "%s is connected again", name);
    } else if (strcmp(kind, INCIDENT_SILENCE) == 0) {
        buf_addf(out, "events from %s come again", name);
    } else if (strcmp(kind, INCIDENT_NAMES) == 0) {
        buf_addf(out, "%s: what its settings name is there again", name);
    } else if (strcmp(kind, INCIDENT_DEPLOY) == 0) {
        buf_adds(out, "the refused deploy is made good");
    }
    add_lasted(i, out);
    if (strcmp(kind, INCIDENT_RECIPE) == 0 || strcmp(kind, INCIDENT_GIVEN_UP) == 0)
        buf_addf(out, ": %lld run%s failed", (long long)i->signs, plural(i->signs));
    else if (strcmp(kind, INCIDENT_PERSON) == 0 && i->signs > 1)
        buf_addf(out, ": %lld runs at most", (long long)i->signs);
}

void alert_text_add(struct workspace *w, const struct judge_line *line, int64_t now_ms,
                    struct buf *out)
{
    const struct incident *i = &line->incident;
    if (line->what == JUDGE_LASTS)
        buf_adds(out, "still: ");
    if (strcmp(i->kind, INCIDENT_APP) == 0 || strcmp(i->kind, INCIDENT_COMPANY) == 0)
        add_outage(w, line, now_ms, out);
    else if (line->what == JUDGE_OVER)
        add_over(w, i, out);
    else
        add_trouble(w, i, now_ms, out);
}

/* What many incidents of a kind are; the number and the names follow. */
static const struct {
    const char *kind, *opened, *over;
} many[] = {{INCIDENT_COMPANY, "an API does not answer for", "an API answers again for"},
            {INCIDENT_RECIPE, "recipes fail", "recipes work again"},
            {INCIDENT_GIVEN_UP, "recipes fail", "recipes work again"},
            {INCIDENT_UNDELIVERED, "messages did not reach customers of",
             "messages reach customers again of"},
            {INCIDENT_PERSON, "these need you", "these need you no more"},
            {INCIDENT_RECONNECT, "these need reconnect", "these are connected again"},
            {INCIDENT_SILENCE, "no event from", "events come again from"},
            {INCIDENT_NAMES, "what settings name is gone or closed",
             "what settings name is there again"},
            {0}};

static int is_same(const struct judge_line *a, const struct judge_line *b)
{
    return a->target == b->target && a->what == b->what &&
           strcmp(a->incident.kind, b->incident.kind) == 0;
}

/* Appends one sentence for all LINES that are the same as the one at FIRST. */
static void add_many(struct workspace *w, const struct judge_line *lines, size_t n,
                     size_t first, struct buf *out)
{
    const struct judge_line *line = &lines[first];
    struct buf names;
    int m = 0, k = 0;
    buf_init(&names, TEXT_MAX);
    for (size_t i = first; i < n; i++) {
        if (!is_same(&lines[i], line))
            continue;
        buf_addf(&names, "%s%s", m++ ? ", " : "", lines[i].incident.client);
    }
    while (many[k].kind && strcmp(many[k].kind, line->incident.kind) != 0)
        k++;
    buf_addf(out, "%s%s (%d): ", line->what == JUDGE_LASTS ? "still: " : "",
             !many[k].kind              ? line->incident.kind
             : line->what == JUDGE_OVER ? many[k].over
                                        : many[k].opened,
             m);
    add_names(w, buf_str(&names), out);
    buf_adds(out, "; foyer alert has all");
    buf_free(&names);
}

char *alert_text(struct workspace *w, const struct judge_line *lines, size_t n,
                 int target, int64_t now_ms)
{
    struct buf out;
    buf_init(&out, TEXT_MAX);
    for (size_t i = 0; i < n; i++) {
        int before = 0, all = 0;
        if (lines[i].target != target)
            continue;
        for (size_t k = 0; k < n; k++) {
            before += k < i && is_same(&lines[k], &lines[i]);
            all += is_same(&lines[k], &lines[i]);
        }
        if (all > MOST && before)
            continue;
        buf_adds(&out, out.len ? "\n" : "foyer: ");
        if (all > MOST)
            add_many(w, lines, n, i, &out);
        else
            alert_text_add(w, &lines[i], now_ms, &out);
    }
    if (out.len)
        return buf_take(&out, NULL);
    buf_free(&out);
    return NULL;
}
