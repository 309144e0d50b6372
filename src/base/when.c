#include "base/when.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const int64_t FIRST = -62135596800, LAST = 253402300799; /* years 1 to 9999 */

/* Reads N digits at *P and moves *P after them; -1 when they are missing. */
static int digits(const char **p, int n)
{
    int v = 0;
    for (; n; n--, ++*p) {
        if (**p < '0' || **p > '9')
            return -1;
        v = v * 10 + (**p - '0');
    }
    return v;
}

static int skip(const char **p, char c)
{
    if (**p != c)
        return -1;
    ++*p;
    return 0;
}

/* Sets the day, if the calendar has it. */
static int set_day(struct tm *tm, int y, int m, int d)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (y < 1 || m < 1 || m > 12 || d < 1)
        return -1;
    int leap = m == 2 && y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    if (d > days[m - 1] + leap)
        return -1;
    tm->tm_year = y - 1900;
    tm->tm_mon = m - 1;
    tm->tm_mday = d;
    return 0;
}

static int parse_date(const char **p, struct tm *tm)
{
    int y = digits(p, 4), m = skip(p, '-') ? -1 : digits(p, 2);
    int d = skip(p, '-') ? -1 : digits(p, 2);
    return set_day(tm, y, m, d);
}

static int parse_clock(const char **p, struct tm *tm, int32_t *ns)
{
    tm->tm_hour = digits(p, 2);
    tm->tm_min = skip(p, ':') ? -1 : digits(p, 2);
    if (tm->tm_hour < 0 || tm->tm_hour > 23 || tm->tm_min < 0 || tm->tm_min > 59)
        return -1;
    if (skip(p, ':') != 0)
        return 0;
    tm->tm_sec = digits(p, 2);
    if (tm->tm_sec < 0 || tm->tm_sec > 60)
        return -1;
    if (skip(p, '.') != 0)
        return 0;
    if (**p < '0' || **p > '9')
        return -1;
    for (int32_t unit = 100000000; **p >= '0' && **p <= '9'; ++*p, unit /= 10)
        *ns += unit * (**p - '0');
    return 0;
}

/* Reads "Z" or "+01:00" as seconds east. */
static int parse_zone(const char **p, int64_t *east)
{
    if (skip(p, 'Z') == 0 || skip(p, 'z') == 0)
        return 0;
    int sign = **p == '-' ? -1 : 1;
    if (**p != '+' && **p != '-')
        return -1;
    ++*p;
    int h = digits(p, 2), m = skip(p, ':') ? -1 : digits(p, 2);
    if (h < 0 || h > 23 || m < 0 || m > 59)
        return -1;
    *east = sign * (h * 3600 + m * 60);
    return 0;
}

/* Returns 1 when S is midnight on the first day of a month: leap seconds come only before
 * it. */
static int begins_month(int64_t s)
{
    struct tm tm;
    time_t t = (time_t)s;
    return s % 86400 == 0 && gmtime_r(&t, &tm) && tm.tm_mday == 1;
}

int when_parse(const char *s, int64_t *seconds, int32_t *ns, struct err *e)
{
    struct tm tm = {0};
    const char *p = s;
    int64_t east = 0;
    *ns = 0;
    int failed = parse_date(&p, &tm) != 0;
    if (!failed && (*p == 'T' || *p == 't' || *p == ' ')) {
        p++;
        failed = parse_clock(&p, &tm, ns) != 0 || parse_zone(&p, &east) != 0;
    }
    int leaps = tm.tm_sec == 60;
    *seconds = (int64_t)timegm(&tm) - east;
    if (failed || *p || (leaps && !begins_month(*seconds)))
        return err_set(e, ERR_INVALID,
                       "cannot read the time \"%.64s\": write "
                       "2026-11-22T10:00:00+01:00, 2026-11-22T09:00:00Z in UTC, or "
                       "2026-11-22 for its midnight in UTC",
                       s);
    return 0;
}

/* ---- HTTP ---- */

/* Moves *P after the one of NAMES that is there. Returns its index, from 1, or -1. */
static int parse_name(const char **p, const char *const *names, int n)
{
    for (int i = 0; i < n; i++) {
        size_t len = strlen(names[i]);
        if (strncmp(*p, names[i], len) == 0) {
            *p += len;
            return i + 1;
        }
    }
    return -1;
}

static int parse_month(const char **p)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return parse_name(p, months, 12);
}

static int parse_seconds(const char **p, struct tm *tm)
{
    tm->tm_hour = digits(p, 2);
    tm->tm_min = skip(p, ':') ? -1 : digits(p, 2);
    tm->tm_sec = skip(p, ':') ? -1 : digits(p, 2);
    return tm->tm_hour < 0 || tm->tm_hour > 23 || tm->tm_min < 0 || tm->tm_min > 59 ||
                   tm->tm_sec < 0 || tm->tm_sec > 60
               ? -1
               : 0;
}

/* Reads "06 Nov 1994 08:49:37 GMT" or "06-Nov-94 08:49:37 GMT". A year of two digits is
 * at most 50 years after THIS_YEAR. */
static int parse_gmt(const char *p, int this_year, struct tm *tm)
{
    int d = digits(&p, 2);
    char separator = *p == '-' ? '-' : ' ';
    int m = skip(&p, separator) ? -1 : parse_month(&p);
    int y = skip(&p, separator) ? -1 : digits(&p, separator == '-' ? 2 : 4);
    if (separator == '-' && y >= 0) {
        y += (this_year + 50) / 100 * 100;
        if (y > this_year + 50)
            y -= 100;
    }
    return set_day(tm, y, m, d) != 0 || skip(&p, ' ') != 0 ||
                   parse_seconds(&p, tm) != 0 || strcmp(p, " GMT") != 0
               ? -1
               : 0;
}

/* Reads "Nov  6 08:49:37 1994". */
static int parse_asctime(const char *p, struct tm *tm)
{
    int m = parse_month(&p);
    int d = skip(&p, ' ') ? -1 : skip(&p, ' ') == 0 ? digits(&p, 1) : digits(&p, 2);
    if (skip(&p, ' ') != 0 || parse_seconds(&p, tm) != 0 || skip(&p, ' ') != 0)
        return -1;
    int y = digits(&p, 4);
    return *p ? -1 : set_day(tm, y, m, d);
}

int when_parse_http(const char *s, int64_t now_s, int64_t *seconds)
{
    static const char *const days[] = {
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
        "Mon",    "Tue",     "Wed",       "Thu",      "Fri",    "Sat",      "Sun"};
    struct tm now, tm = {0};
    time_t t = (time_t)now_s;
    const char *p = s;
    int day = parse_name(&p, days, 14), rc = -1;
    if (!gmtime_r(&t, &now))
        return -1;
    if (day > 0 && strncmp(p, ", ", 2) == 0 &&
        (day <= 7) == (p[2] && p[3] && p[4] == '-'))
        rc = parse_gmt(p + 2, now.tm_year + 1900, &tm);
    else if (day > 7 && *p == ' ')
        rc = parse_asctime(p + 1, &tm);
    *seconds = rc == 0 ? (int64_t)timegm(&tm) : 0;
    return rc;
}

/* CONVERSION is not a literal, but when_format has checked it. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void format_one(char *text, size_t size, const char *conversion,
                       const struct tm *tm)
{
    if (strftime(text, size, conversion, tm) == 0)
        text[0] = '\0';
}
#pragma GCC diagnostic pop

int when_format(struct buf *out, const char *format, int64_t seconds, struct err *e)
{
    struct tm tm;
    time_t t = (time_t)seconds;
    if (seconds < FIRST || seconds > LAST || !gmtime_r(&t, &tm))
        return err_set(e, ERR_INVALID,
                       "cannot format the time %lld: the years go from 1 to 9999",
                       (long long)seconds);
    for (const char *p = format; *p; p++) {
        char conversion[3] = {'%', p[1], '\0'}, text[64];
        int failed;
        if (*p != '%') {
            failed = buf_addc(out, *p);
        } else if (!p[1] || !strchr("aAbBdeFHIjmMpSTRuVGwyY%", p[1])) {
            return err_set(e, ERR_INVALID,
                           "cannot format a time by \"%.64s\": %%%.1s is "
                           "none of %%Y %%m %%d %%H %%M %%S %%a %%A %%b "
                           "%%B %%e %%F %%T %%R %%I %%p %%j %%u %%V %%G "
                           "%%w %%y %%%%",
                           format, p + 1);
        } else if (p[1] == 'Y') { /* strftime's %Y has no leading zeros */
            failed = buf_addf(out, "%04d", tm.tm_year + 1900);
            p++;
        } else {
            format_one(text, sizeof text, p[1] == 'F' ? "-%m-%d" : conversion, &tm);
            failed = p[1] == 'F' && buf_addf(out, "%04d", tm.tm_year + 1900) != 0;
            failed = failed || buf_adds(out, text) != 0;
            p++;
        }
        if (failed)
            return err_set(e, ERR_LIMIT, "cannot format a time: more than %zu bytes",
                           out->max);
    }
    return 0;
}

void when_format_duration(double seconds, char out[64])
{
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    int64_t left = (int64_t)(seconds < 0 ? -seconds : seconds);
    const char *sign = seconds < 0 && left ? "-" : "";
    size_t i = 0;
    while (i < 3 && left < units[i].seconds)
        i++;
    long long first = left / units[i].seconds, second = 0;
    if (i < 3)
        second = left % units[i].seconds / units[i + 1].seconds;
    if (second)
        snprintf(out, 64, "%s%lld %s %lld %s", sign, first, units[i].name, second,
                 units[i + 1].name);
    else
        snprintf(out, 64, "%s%lld %s", sign, first, units[i].name);
}
