#include "ops/size_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "ops/report.h"
#include "store/store.h"
#include "store/usage.h"

enum {
    FULL_WARN_DAYS = 30,
    DAYS_MAX = 3660, /* how far ahead is looked */
    SHOWN_KINDS = 3, /* the largest ones, in the sentence */
    FREE_SHARE = 4,  /* so large a part of the file that is free is worth a word ... */
    FREE_MIN = 64 << 20, /* ... from so many bytes on */
};

static const int64_t day_ms = 24 * 60 * 60 * 1000;

struct size {
    struct db *db;
    struct usage usage;
    int64_t in_7_days, in_30_days, most; /* bytes */
    int most_days;                       /* until it is that large */
    int full_days;                       /* until the disk is full; -1: it never is */
};

static char *bytes_text(int64_t bytes)
{
    return bytes < 1000 * 1000          ? xasprintf("%.0f KB", (double)bytes / 1e3)
           : bytes < 1000 * 1000 * 1000 ? xasprintf("%.1f MB", (double)bytes / 1e6)
                                        : xasprintf("%.2f GB", (double)bytes / 1e9);
}

/* Looks day by day, and week by week later on. */
static int look_ahead(struct size *s, int64_t free_bytes, struct err *e)
{
    const struct usage *u = &s->usage;
    s->full_days = -1;
    s->most = u->bytes;
    if (usage_foretell(s->db, u, 7 * day_ms, &s->in_7_days, e) != 0 ||
        usage_foretell(s->db, u, 30 * day_ms, &s->in_30_days, e) != 0)
        return -1;
    for (int days = 1; days < DAYS_MAX; days += days < 60 ? 1 : 7) {
        int64_t bytes;
        if (usage_foretell(s->db, u, days * day_ms, &bytes, e) != 0)
            return -1;
        if (bytes > s->most) {
            s->most = bytes;
            s->most_days = days;
        }
        if (s->full_days < 0 && bytes - u->bytes > free_bytes)
            s->full_days = days;
    }
    return 0;
}

/* Returns "bodies 31.2 MB, runs 10 MB", the largest kinds, as a new text. */
static char *largest(const struct usage *u)
{
    char *text = xstrdup("");
    int64_t below = INT64_MAX;
    for (int n = 0; n < SHOWN_KINDS; n++) {
        const struct usage_kind *most = NULL;
        for (int i = 0; i < USAGE_KINDS; i++)
            if (u->kinds[i].bytes < below && (!most || u->kinds[i].bytes > most->bytes))
                most = &u->kinds[i];
        if (!most || most->bytes == 0)
            break;
        below = most->bytes;
        char *size = bytes_text(most->bytes), *old = text;
        text = xasprintf("%s%s%s %s", old, n ? ", " : "", most->name, size);
        free(size);
        free(old);
    }
    return text;
}

/* Returns what the sentence says of the future, as a new text. */
static char *future(const struct size *s)
{
    const struct usage *u = &s->usage;
    if (!u->span_ms)
        return xstrdup("; too little has come yet to foretell more");
    char *most = bytes_text(s->most);
    char *text =
        s->full_days >= 0
            ? xasprintf("; the disk is full in %d day%s at this rate: make room, or keep "
                        "less (`keep` in foyer.lua)",
                        s->full_days, s->full_days == 1 ? "" : "s")
            : xasprintf(
                  "; at this rate it has %s in %d days and then stays, as `keep` in "
                  "foyer.lua removes as much as comes",
                  most, s->most_days);
    if (s->full_days < 0 && s->most_days == 0) {
        free(text);
        text = xstrdup("; at this rate it stays as large");
    }
    free(most);
    return text;
}

static void add_members(json_t *finding, const struct size *s)
{
    const struct usage *u = &s->usage;
    json_t *kinds = json_object();
    for (int i = 0; i < USAGE_KINDS; i++)
        json_object_set_new(kinds, u->kinds[i].name, json_integer(u->kinds[i].bytes));
    json_object_set_new(finding, "bytes", json_integer(u->bytes));
    json_object_set_new(finding, "free_bytes", json_integer(u->free_bytes));
    json_object_set_new(finding, "kinds", kinds);
    if (!u->span_ms)
        return;
    json_object_set_new(
        finding, "events_a_day",
        json_real((double)u->kinds[0].recent * (double)day_ms / (double)u->span_ms));
    json_object_set_new(finding, "bytes_in_7_days", json_integer(s->in_7_days));
    json_object_set_new(finding, "bytes_in_30_days", json_integer(s->in_30_days));
    json_object_set_new(finding, "bytes_at_most", json_integer(s->most));
    if (s->full_days >= 0)
        report_set_time(finding, "full_at", u->now_ms + s->full_days * day_ms);
}

static void add_finding(struct diagnosis *found, const struct size *s)
{
    const struct usage *u = &s->usage;
    int is_full_soon = s->full_days >= 0 && s->full_days < FULL_WARN_DAYS;
    int is_loose = u->free_bytes > FREE_MIN && u->free_bytes > u->bytes / FREE_SHARE;
    char *size = bytes_text(u->bytes), *kinds = largest(u), *later = future(s),
         *free_size = bytes_text(u->free_bytes);
    char *loose = is_loose ? xasprintf("; %s of it are free, which `foyer store compact` "
                                       "gives back",
                                       free_size)
                           : xstrdup("");
    json_t *finding =
        diagnosis_add(found, is_full_soon ? DIAGNOSIS_WARNING : DIAGNOSIS_OK, "size",
                      "the store has %s (%s)%s%s", size, kinds, later, loose);
    add_members(finding, s);
    free(loose);
    free(free_size);
    free(later);
    free(kinds);
    free(size);
}

void size_check(struct workspace *w, struct diagnosis *found)
{
    struct err e = {0};
    struct store *store = workspace_store(w, &e);
    struct settings_keep keep = settings_keep(workspace_settings(w, NULL));
    struct size s = {.db = store ? store_db(store) : NULL};
    struct statvfs fs;
    char *state = path_join(workspace_dir(w), "state");
    int64_t free_bytes = statvfs(state, &fs) == 0
                             ? (int64_t)fs.f_bavail * (int64_t)fs.f_frsize
                             : INT64_MAX;
    free(state);
    if (!store) /* the check "store" says so */
        return;
    if (usage_read(s.db, &keep, clock_wall_ms(), 0, &s.usage, &e) != 0 ||
        look_ahead(&s, free_bytes, &e) != 0)
        diagnosis_add(found, DIAGNOSIS_PROBLEM, "size", "%s", e.text);
    else
        add_finding(found, &s);
}
