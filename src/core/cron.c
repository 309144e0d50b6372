#include "core/cron.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/zone.h"

static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul",
                                     "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const days[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};

static const struct field {
    const char *what;
    int min, max;
    const char *const *names; /* of the values from MIN on; NULL: none */
} fields[] = {
    {"minute", 0, 59, NULL},           {"hour", 0, 23, NULL},
    {"day of the month", 1, 31, NULL}, {"month", 1, 12, months},
    {"day of the week", 0, 7, days}, /* 0 and 7 are Sunday */
};

enum { FIELDS = sizeof fields / sizeof fields[0] };
enum { MINUTE, HOUR, DAY, MONTH, WEEKDAY };

struct cron {
    uint64_t set[FIELDS]; /* bit N: the field includes N */
    int star[FIELDS];     /* the field begins with "*" */
};

/* Reads a number or a name at *P, or returns -1. */
static int parse_value(const char **p, const struct field *f)
{
    if (isdigit((unsigned char)**p)) {
        int v = 0;
        for (; isdigit((unsigned char)**p); ++*p)
            v = v < 10000 ? 10 * v + (**p - '0') : v;
        return v;
    }
    for (int i = 0; f->names && f->names[i]; i++)
        if (strncasecmp(*p, f->names[i], 3) == 0 && !isalnum((unsigned char)(*p)[3])) {
            *p += 3;
            return f->min + i;
        }
    return -1;
}

/* Reads one item of a list: "*", "5" or "1-5", with or without "/2". Returns NULL, or
 * what is wrong. */
static const char *parse_item(const char **p, const struct field *f, uint64_t *set)
{
    int is_range = 1, from = f->min, to = f->max, step = 1;
    if (**p == '*') {
        ++*p;
    } else {
        int first = parse_value(p, f), last = first;
        is_range = **p == '-';
        if (is_range) {
            ++*p;
            last = parse_value(p, f);
        }
        if (first < 0 || last < 0)
            return "is not a number, a range or \"*\"";
        if (first < f->min || first > f->max || last < f->min || last > f->max)
            return "is out of range";
        if (last < first)
            return "is a range that runs backwards";
        from = first;
        to = last;
    }
    if (**p == '/') {
        ++*p;
        if (!is_range)
            return "has a step without a range: write \"*/5\" or \"0-30/5\"";
        step = isdigit((unsigned char)**p) ? parse_value(p, f) : 0;
        if (step < 1 || step > f->max)
            return "has a step that is out of range";
    }
    for (int i = from; i <= to; i += step)
        *set |= UINT64_C(1) << i;
    return NULL;
}

static const char *parse_field(const char *p, const char *end, const struct field *f,
                               uint64_t *set)
{
    for (;;) {
        const char *fault = parse_item(&p, f, set);
        if (fault)
            return fault;
        if (p >= end)
            return NULL;
        if (*p != ',')
            return "has a character that does not belong there";
        p++;
    }
}

static int parse(struct cron *c, const char *s, struct err *e)
{
    static const char blanks[] = " \t";
    const char *p = s + strspn(s, blanks);
    int n = 0;
    *c = (struct cron){0};
    for (; *p; n++) {
        const char *end = p + strcspn(p, blanks);
        const char *fault =
            n < FIELDS ? parse_field(p, end, &fields[n], &c->set[n]) : NULL;
        if (fault)
            return err_set(e, ERR_INVALID,
                           "cannot read the cron times \"%.80s\": the %s \"%.*s\" %s", s,
                           fields[n].what, (int)(end - p), p, fault);
        if (n < FIELDS)
            c->star[n] = *p == '*';
        p = end + strspn(end, blanks);
    }
    if (n != FIELDS)
        return err_set(e, ERR_INVALID,
                       "cannot read the cron times \"%.80s\": there must be five fields "
                       "(minute, hour, day of the month, month, day of the week), not %d",
                       s, n);
    if (c->set[WEEKDAY] & 1 << 7)
        c->set[WEEKDAY] |= 1;
    return 0;
}

int cron_check(const char *s, struct err *e)
{
    struct cron c;
    return parse(&c, s, e);
}

static int is_fixed(const struct cron *c)
{
    return !c->star[MINUTE] && !c->star[HOUR];
}

int cron_is_fixed(const char *s)
{
    struct cron c;
    return parse(&c, s, NULL) == 0 && is_fixed(&c);
}

/* ---- times of a clock, as seconds since 1970-01-01 on that clock ---- */

/* A February 29 on a given weekday comes at least every 40 years. */
enum { HOURS = 24, DAY_SECONDS = 86400, DAYS_AHEAD = 41 * 366 };
#define NEVER INT64_MAX

static int has(const struct cron *c, int field, int value)
{
    return (c->set[field] >> value & 1) != 0;
}

/* As Vixie cron does: if both day fields are restricted, one of them is enough. */
static int has_day(const struct cron *c, int64_t date)
{
    int64_t year;
    int month, day, weekday = (int)((date % 7 + 11) % 7); /* day 0 was a Thursday */
    zone_date(date, &year, &month, &day);
    int by_day = has(c, DAY, day), by_weekday = has(c, WEEKDAY, weekday);
    int both = c->star[DAY] || c->star[WEEKDAY];
    return has(c, MONTH, month) && (both ? by_day && by_weekday : by_day || by_weekday);
}

/* Returns the first match with FROM <= match < UNTIL, or NEVER. FROM is a whole minute.
 */
static int64_t find(const struct cron *c, int64_t from, int64_t until)
{
    for (int64_t date = zone_floor_div(from, DAY_SECONDS); date * DAY_SECONDS < until;
         date++) {
        if (!has_day(c, date))
            continue;
        for (int h = 0; h < HOURS; h++) {
            int64_t hour = date * DAY_SECONDS + h * 3600;
            if (hour + 3600 <= from || !has(c, HOUR, h))
                continue;
            for (int m = 0; m < 60; m++) {
                int64_t at = hour + m * 60;
                if (at >= from && has(c, MINUTE, m))
                    return at < until ? at : NEVER;
            }
        }
    }
    return NEVER;
}

/* ---- moments, Unix seconds ---- */

static int64_t whole_minute(int64_t t)
{
    return zone_floor_div(t + 59, 60) * 60;
}

/* Returns whether the times of C follow the clocks through CHANGE, in seconds. As in
 * cron(8), times with "*" always do; fixed times only through a change of three hours or
 * more. */
static int follows_clocks(const struct cron *c, int64_t change)
{
    return !is_fixed(c) || change >= CRON_CORRECTION_S || change <= -CRON_CORRECTION_S;
}

/* Returns the first slot with FROM <= slot < UNTIL, or NEVER. Old offsets have seconds: a
 * clock time belongs to the minute in which the clocks reach it. */
static int64_t next_slot(const struct cron *c, const struct zone *z, int64_t from,
                         int64_t until)
{
    from = whole_minute(from);
    until = whole_minute(until);
    while (from < until) {
        struct zone_span span, before = {0};
        zone_span(z, from, &span);
        int64_t clock = from + span.east - 59;
        if (span.from != INT64_MIN)
            zone_span(z, span.from - 1, &before);
        if (span.from != INT64_MIN && !follows_clocks(c, span.east - before.east)) {
            int64_t shown =
                span.from + before.east; /* what the clocks showed until then */
            if (whole_minute(span.from) == from &&
                find(c, whole_minute(shown), span.from + span.east) != NEVER)
                return from; /* the clocks skip it */
            if (clock < shown)
                clock = shown; /* skip what the clocks have shown before */
        }
        int64_t end = span.until < until - 59 ? span.until : until - 59;
        int64_t at = find(c, whole_minute(clock), end + span.east);
        if (at != NEVER)
            return whole_minute(at - span.east);
        from = whole_minute(end);
    }
    return NEVER;
}

int cron_next(const char *expr, const char *zone, int64_t after_ms, int64_t *slot_ms,
              struct err *e)
{
    struct cron c;
    if (parse(&c, expr, e) != 0)
        return -1;
    const struct zone *z = zone_find(zone, e);
    if (!z)
        return -1;
    int64_t from = zone_floor_div(after_ms, 60000) * 60 + 60;
    int64_t at = next_slot(&c, z, from, from + (int64_t)DAYS_AHEAD * DAY_SECONDS);
    if (at == NEVER)
        return err_set(e, ERR_INVALID,
                       "cannot find a time for \"%.80s\": no month has such a day", expr);
    *slot_ms = at * 1000;
    return 0;
}
