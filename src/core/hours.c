#include "core/hours.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/str.h"
#include "base/zone.h"

enum {
    DAY_S = 24 * 3600,
    DAY_MINUTES = 24 * 60,
    SPANS_MAX = 8,
    TEXT_MAX = 200,
    LOOK_AHEAD_S = 400 * DAY_S
};

struct day {
    int n;
    struct {
        int from, to; /* minutes since the day's midnight; TO may be in the next day */
    } spans[SPANS_MAX];
};

struct dates {
    int is_yearly;       /* FIRST and LAST are month * 100 + day */
    int64_t first, last; /* else days since 1970-01-01 */
};

struct holiday {
    struct dates dates;
    struct day day;
};

struct away {
    const char *name; /* of the settings */
    struct dates dates;
};

struct hours {
    const struct zone *zone;
    json_t *settings;
    struct day week[7]; /* Sunday first */
    struct holiday *holidays;
    size_t nholidays;
    struct away *away;
    size_t naway;
};

/* ---- parsing ---- */

static const char *const weekdays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

static int fail_days(const char *days, struct err *e)
{
    return err_set(e, ERR_INVALID,
                   "\"%.40s\" is no day: write \"mon\", \"mon-fri\" or \"sat,sun\"",
                   days);
}

/* Returns the index of the weekday that the N bytes at S name, or -1. */
static int find_weekday(const char *s, size_t n)
{
    for (int i = 0; i < 7; i++)
        if (n == 3 && strncmp(s, weekdays[i], 3) == 0)
            return i;
    return -1;
}

/* Sets a bit of *MASK for each weekday. */
static int parse_days(const char *s, unsigned *mask, struct err *e)
{
    const char *whole = s;
    for (*mask = 0;; s++) {
        size_t n = strcspn(s, ",");
        const char *dash = memchr(s, '-', n);
        int from = find_weekday(s, dash ? (size_t)(dash - s) : n);
        int to = dash ? find_weekday(dash + 1, (size_t)(s + n - dash - 1)) : from;
        if (from < 0 || to < 0)
            return fail_days(whole, e);
        for (int day = from;; day = (day + 1) % 7) {
            *mask |= 1u << day;
            if (day == to)
                break;
        }
        s += n;
        if (!*s)
            return 0;
    }
}

static int fail_spans(const char *spans, struct err *e)
{
    return err_set(e, ERR_INVALID,
                   "\"%.80s\" are no times of a day: write \"09:00-17:30\", "
                   "\"09:00-12:00, 13:00-17:30\", or \"closed\"",
                   spans);
}

/* Reads "HH:MM" to minutes, and moves *S behind it. -1: it is something else. */
static int read_time(const char **s)
{
    int hour, minute, n = 0;
    if (sscanf(*s, "%2d:%2d%n", &hour, &minute, &n) != 2 || n != 5 || hour < 0 ||
        hour > 24 || minute < 0 || minute > 59 || (hour == 24 && minute > 0))
        return -1;
    *s += n;
    return hour * 60 + minute;
}

static int parse_spans(const char *s, struct day *day, struct err *e)
{
    const char *whole = s;
    day->n = 0;
    if (str_eq(s, "closed"))
        return 0;
    for (;;) {
        int from = read_time(&s);
        int to = from >= 0 && *s++ == '-' ? read_time(&s) : -1;
        if (from < 0 || to < 0 || from == to || from == DAY_MINUTES ||
            day->n == SPANS_MAX)
            return fail_spans(whole, e);
        day->spans[day->n].from = from;
        day->spans[day->n++].to = to > from ? to : to + DAY_MINUTES;
        if (!*s)
            return 0;
        if (*s++ != ',')
            return fail_spans(whole, e);
        s += strspn(s, " ");
    }
}

static int fail_dates(const char *dates, struct err *e)
{
    return err_set(e, ERR_INVALID,
                   "\"%.80s\" are no dates: write \"2026-12-25\", \"12-25\" (each year) "
                   "or \"2026-12-24..2027-01-02\"",
                   dates);
}

/* Reads one date. Returns 0, or -1 when S is none, of which not a byte is left over. */
static int read_date(const char *s, size_t len, int64_t *date, int *is_yearly)
{
    int year = 2000, month, day, n = 0; /* 2000 has a 29 February */
    *is_yearly = len == 5;
    if (len == 5 ? sscanf(s, "%2d-%2d%n", &month, &day, &n) != 2
                 : sscanf(s, "%4d-%2d-%2d%n", &year, &month, &day, &n) != 3)
        return -1;
    if ((size_t)n != len || year < 1970 || month < 1 || month > 12 || day < 1)
        return -1;
    int64_t days = zone_days(year, month, day), found_year;
    int found_month, found_day;
    zone_date(days, &found_year, &found_month, &found_day);
    if (found_month != month || found_day != day)
        return -1;
    *date = *is_yearly ? month * 100 + day : days;
    return 0;
}

static int parse_dates(const char *s, size_t len, struct dates *out, struct err *e)
{
    char text[TEXT_MAX];
    int ends_yearly;
    snprintf(text, sizeof text, "%.*s", (int)len, s);
    const char *dots = strstr(text, "..");
    size_t n = dots ? (size_t)(dots - text) : strlen(text);
    if (read_date(text, n, &out->first, &out->is_yearly) != 0)
        return fail_dates(text, e);
    out->last = out->first;
    ends_yearly = out->is_yearly;
    if (dots && read_date(dots + 2, strlen(dots + 2), &out->last, &ends_yearly) != 0)
        return fail_dates(text, e);
    if (ends_yearly != out->is_yearly || (!out->is_yearly && out->last < out->first))
        return fail_dates(text, e);
    return 0;
}

static int parse_holiday(const char *s, struct holiday *out, struct err *e)
{
    size_t n = strcspn(s, " ");
    out->day.n = 0;
    if (parse_dates(s, n, &out->dates, e) != 0)
        return -1;
    s += n + strspn(s + n, " ");
    return *s ? parse_spans(s, &out->day, e) : 0;
}

int hours_check_days(const char *days, struct err *e)
{
    unsigned mask;
    return parse_days(days, &mask, e);
}

int hours_check_spans(const char *spans, struct err *e)
{
    struct day day;
    return parse_spans(spans, &day, e);
}

int hours_check_dates(const char *dates, struct err *e)
{
    struct dates out;
    return parse_dates(dates, strlen(dates), &out, e);
}

int hours_check_holiday(const char *holiday, struct err *e)
{
    struct holiday out;
    return parse_holiday(holiday, &out, e);
}

/* ---- reading ---- */

static int read_holidays(struct hours *h, const json_t *list, struct err *e)
{
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        struct holiday holiday;
        const char *text = json_string_value(item);
        if (parse_holiday(text ? text : "", &holiday, e) != 0)
            return err_prefix(e, "hours.holidays");
        array_grow(h->holidays, h->nholidays);
        h->holidays[h->nholidays++] = holiday;
    }
    return 0;
}

static int add_away(struct hours *h, const char *name, const json_t *dates, struct err *e)
{
    struct away away = {.name = name};
    const char *text = json_string_value(dates);
    if (parse_dates(text ? text : "", text ? strlen(text) : 0, &away.dates, e) != 0)
        return err_prefix(e, "hours.away.%s", name);
    array_grow(h->away, h->naway);
    h->away[h->naway++] = away;
    return 0;
}

static int read_away(struct hours *h, json_t *names, struct err *e)
{
    const char *name;
    json_t *value, *item;
    size_t i;
    json_object_foreach(names, name, value)
    {
        if (!json_is_array(value) && add_away(h, name, value, e) != 0)
            return -1;
        json_array_foreach(value, i, item)
        {
            if (add_away(h, name, item, e) != 0)
                return -1;
        }
    }
    return 0;
}

/* The keys that are neither holidays nor away are weekdays. */
static int read_week(struct hours *h, json_t *settings, struct err *e)
{
    const char *key;
    json_t *value;
    int has_days = 0;
    json_object_foreach(settings, key, value)
    {
        unsigned mask;
        struct day day;
        if (str_eq(key, "holidays") || str_eq(key, "away"))
            continue;
        const char *text = json_string_value(value);
        if (parse_days(key, &mask, e) != 0 || parse_spans(text ? text : "", &day, e) != 0)
            return err_prefix(e, "hours.%s", key);
        has_days = 1;
        for (int i = 0; i < 7; i++)
            if (mask & 1u << i)
                h->week[i] = day;
    }
    for (int i = 0; i < 7 && !has_days; i++)
        h->week[i] = (struct day){.n = 1, .spans = {{0, DAY_MINUTES}}};
    return 0;
}

struct hours *hours_read(const json_t *settings, const char *zone, struct err *e)
{
    struct hours *h = xcalloc(1, sizeof *h);
    h->settings = json_incref((json_t *)settings);
    h->zone = zone_find(zone, e);
    if (h->zone && read_week(h, h->settings, e) == 0 &&
        read_holidays(h, json_object_get(settings, "holidays"), e) == 0 &&
        read_away(h, json_object_get(settings, "away"), e) == 0)
        return h;
    if (e->kind == ERR_INVALID)
        e->kind = ERR_SETTINGS;
    hours_free(h);
    return NULL;
}

void hours_free(struct hours *h)
{
    if (!h)
        return;
    json_decref(h->settings);
    free(h->holidays);
    free(h->away);
    free(h);
}

/* ---- moments ---- */

static int has_date(const struct dates *dates, int64_t date)
{
    if (!dates->is_yearly)
        return dates->first <= date && date <= dates->last;
    int64_t year;
    int month, day;
    zone_date(date, &year, &month, &day);
    int at = month * 100 + day;
    return dates->first <= dates->last ? dates->first <= at && at <= dates->last
                                       : at >= dates->first || at <= dates->last;
}

/* Returns the spans of DATE, in days since 1970-01-01, a Thursday. */
static const struct day *day_of(const struct hours *h, int64_t date)
{
    for (size_t i = 0; i < h->nholidays; i++)
        if (has_date(&h->holidays[i].dates, date))
            return &h->holidays[i].day;
    return &h->week[(date % 7 + 7 + 4) % 7];
}

/* Returns whether the clocks' time LOCAL is open, and lowers *UNTIL, which is on the same
 * date, to the next time at which that may change. */
static int look_at(const struct hours *h, int64_t local, int64_t *until)
{
    int64_t date = zone_floor_div(local, DAY_S);
    int is_open = 0;
    for (int64_t d = date - 1; d <= date; d++) { /* the day before may last longer */
        const struct day *day = day_of(h, d);
        for (int i = 0; i < day->n; i++) {
            int64_t from = d * DAY_S + day->spans[i].from * 60;
            int64_t to = d * DAY_S + day->spans[i].to * 60;
            is_open |= from <= local && local < to;
            if (local < from && from < *until)
                *until = from;
            if (local < to && to < *until)
                *until = to;
        }
    }
    return is_open;
}

/* Returns whether it is open at T. Until *UNTIL, which is later, it stays so. */
static int state_at(const struct hours *h, int64_t t, int64_t *until)
{
    struct zone_span span;
    zone_span(h->zone, t, &span);
    int64_t local = t + span.east;
    int64_t end = (zone_floor_div(local, DAY_S) + 1) * DAY_S;
    int is_open = look_at(h, local, &end);
    *until = end - span.east < span.until ? end - span.east : span.until;
    return is_open;
}

/* Returns the first time from T on at which it is open (OPEN 1) or not. */
static int64_t find_state(const struct hours *h, int64_t t, int open)
{
    int64_t until, last = t + LOOK_AHEAD_S;
    for (; t < last; t = until)
        if (state_at(h, t, &until) == open)
            return t;
    return HOURS_NEVER;
}

int hours_is_open(const struct hours *h, int64_t t)
{
    int64_t until;
    return state_at(h, t, &until);
}

int64_t hours_opens(const struct hours *h, int64_t t)
{
    return find_state(h, t, 1);
}

int64_t hours_closes(const struct hours *h, int64_t t)
{
    return find_state(h, t, 0);
}

int64_t hours_between(const struct hours *h, int64_t from, int64_t to)
{
    int64_t until, seconds = 0;
    for (; from < to; from = until) {
        int is_open = state_at(h, from, &until);
        if (until > to)
            until = to;
        seconds += is_open ? until - from : 0;
    }
    return seconds;
}

int64_t hours_after(const struct hours *h, int64_t from, int64_t seconds)
{
    int64_t until, t = hours_opens(h, from);
    while (t != HOURS_NEVER && seconds > 0) {
        int is_open = state_at(h, t, &until);
        if (!is_open)
            t = hours_opens(h, t);
        else if (until - t >= seconds)
            return t + seconds;
        else
            seconds -= until - t, t = until;
    }
    return t;
}

int hours_is_away(const struct hours *h, const char *name, int64_t t)
{
    struct zone_span span;
    zone_span(h->zone, t, &span);
    int64_t date = zone_floor_div(t + span.east, DAY_S);
    for (size_t i = 0; i < h->naway; i++)
        if (str_eq(h->away[i].name, name) && has_date(&h->away[i].dates, date))
            return 1;
    return 0;
}
