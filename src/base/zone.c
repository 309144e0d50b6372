#include "base/zone.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/str.h"

enum { FILE_MAX = 256 * 1024, DAY = 86400 };

/* One change of daylight saving time, as the POSIX rule in the footer says. */
struct rule {
    char kind;            /* 'M' month.week.day, 'J' day 1-365, 'D' day 0-365 */
    int month, week, day; /* 'J' and 'D' use DAY only */
    int32_t time;         /* seconds from local midnight; may be negative */
};

struct zone {
    char *name;
    struct zone *next;
    size_t n;
    int64_t *at;   /* the N times at which the offset changes */
    int32_t *east; /* the offset from each of them on */
    int32_t first; /* the offset before the first */
    /* after the last one */
    int has_rule, has_dst;
    int32_t std, dst;
    struct rule begin, end; /* of daylight saving time */
};

/* ---- dates ---- */

int64_t zone_floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Counts years from March, so that the leap day is the last day. */
int64_t zone_days(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = zone_floor_div(year, 400), of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void zone_date(int64_t days, int64_t *year, int *month, int *day)
{
    days += 719468;
    int64_t era = zone_floor_div(days, 146097), of_era = days - era * 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * m + 2) / 5 + 1);
    *month = (int)(m < 10 ? m + 3 : m - 9);
    *year = era * 400 + y + (*month <= 2);
}

static int is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* ---- the footer: "CET-1CEST,M3.5.0,M10.5.0/3" ---- */

/* Reads digits up to MAX at *P; -1 when there are none or the number is larger. */
static int parse_number(const char **p, int max)
{
    int v = -1;
    for (; isdigit((unsigned char)**p); ++*p) {
        v = 10 * (v < 0 ? 0 : v) + (**p - '0');
        if (v > max)
            return -1;
    }
    return v;
}

static int parse_name(const char **p)
{
    const char *from = *p;
    if (**p == '<') {
        *p += strcspn(*p, ">");
        return *(*p) == '>' ? ++*p, 0 : -1;
    }
    while (isalpha((unsigned char)**p))
        ++*p;
    return *p - from >= 3 ? 0 : -1;
}

/* Reads [+-]h[h[h]][:mm[:ss]]. */
static int parse_time(const char **p, int32_t *seconds)
{
    int sign = **p == '-' ? -1 : 1;
    *p += **p == '-' || **p == '+';
    int h = parse_number(p, 167), m = 0, s = 0;
    if (h >= 0 && **p == ':') {
        ++*p;
        m = parse_number(p, 59);
        if (m >= 0 && **p == ':') {
            ++*p;
            s = parse_number(p, 59);
        }
    }
    *seconds = sign * (h * 3600 + m * 60 + s);
    return h < 0 || m < 0 || s < 0 ? -1 : 0;
}

static int parse_rule(const char **p, struct rule *r)
{
    *r = (struct rule){.kind = 'D', .time = 2 * 3600};
    if (*(*p)++ != ',')
        return -1;
    if (**p == 'M') {
        r->kind = *(*p)++;
        r->month = parse_number(p, 12);
        r->week = *(*p) == '.' ? ++*p, parse_number(p, 5) : -1;
        r->day = *(*p) == '.' ? ++*p, parse_number(p, 6) : -1;
        if (r->month < 1 || r->week < 1 || r->day < 0)
            return -1;
    } else {
        if (**p == 'J')
            r->kind = *(*p)++;
        r->day = parse_number(p, 365);
        if (r->day < (r->kind == 'J'))
            return -1;
    }
    if (**p != '/')
        return 0;
    ++*p;
    return parse_time(p, &r->time);
}

static int parse_footer(struct zone *z, const char *p)
{
    if (parse_name(&p) != 0 || parse_time(&p, &z->std) != 0)
        return -1;
    z->std = -z->std; /* POSIX counts west */
    z->has_rule = 1;
    if (!*p)
        return 0;
    z->has_dst = 1;
    z->dst = z->std + 3600;
    if (parse_name(&p) != 0)
        return -1;
    if (*p != ',') {
        if (parse_time(&p, &z->dst) != 0)
            return -1;
        z->dst = -z->dst;
    }
    return parse_rule(&p, &z->begin) || parse_rule(&p, &z->end) || *p ? -1 : 0;
}

/* Returns when R applies in YEAR. EAST is the offset before it. */
static int64_t rule_at(const struct rule *r, int64_t year, int32_t east)
{
    int64_t day;
    if (r->kind == 'M') {
        int64_t first = zone_days(year, r->month, 1);
        int64_t after =
            zone_days(year + (r->month == 12), r->month == 12 ? 1 : r->month + 1, 1);
        int64_t weekday = (first % 7 + 11) % 7; /* 1970-01-01 was a Thursday */
        day = first + (r->day - weekday + 7) % 7 + 7 * (r->week - 1);
        if (day >= after) /* week 5 is the last week */
            day -= 7;
    } else {
        /* 'J' never counts February 29 */
        day = zone_days(year, 1, 1) + r->day -
              (r->kind == 'J' && (r->day < 60 || !is_leap(year)));
    }
    return day * DAY + r->time - east;
}

static void rule_span(const struct zone *z, int64_t t, struct zone_span *span)
{
    int64_t year;
    int month, day;
    *span = (struct zone_span){INT64_MIN, INT64_MAX, z->std};
    if (!z->has_dst)
        return;
    zone_date(zone_floor_div(t, DAY), &year, &month, &day);
    for (int64_t y = year - 1; y <= year + 1; y++) {
        const struct {
            int64_t at;
            int32_t east;
        } changes[] = {{rule_at(&z->end, y, z->dst), z->std},
                       {rule_at(&z->begin, y, z->std), z->dst}};
        for (int i = 0; i < 2; i++) {
            /* of two changes at once, the one to daylight saving time wins: it may last
             * all year */
            if (changes[i].at <= t && changes[i].at >= span->from) {
                span->from = changes[i].at;
                span->east = changes[i].east;
            }
            if (changes[i].at > t && changes[i].at < span->until)
                span->until = changes[i].at;
        }
    }
}

void zone_span(const struct zone *z, int64_t t, struct zone_span *span)
{
    size_t low = 0, high = z->n; /* the number of changes up to T */
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (z->at[mid] <= t)
            low = mid + 1;
        else
            high = mid;
    }
    int64_t from = low ? z->at[low - 1] : INT64_MIN;
    if (low == z->n && z->has_rule) {
        rule_span(z, t, span);
        if (span->from < from)
            span->from = from;
        return;
    }
    span->from = from;
    span->until = low < z->n ? z->at[low] : INT64_MAX;
    span->east = low ? z->east[low - 1] : z->first;
}

/* ---- the file ---- */

static int64_t read_be(const unsigned char *p, int bytes)
{
    uint64_t v = bytes == 4 && p[0] & 0x80 ? UINT32_MAX : 0;
    for (int i = 0; i < bytes; i++)
        v = v << 8 | p[i];
    return (int64_t)v;
}

struct header {
    int64_t isut, isstd, leap, time, type, chars;
};

enum { HEADER = 44 };

/* Reads the header at P. Returns the size of its block, with times of SIZE bytes, or -1
 * when it is malformed or the block is longer than LEN. */
static int64_t parse_header(const unsigned char *p, size_t len, int size,
                            struct header *h)
{
    if (len < HEADER || memcmp(p, "TZif", 4) != 0)
        return -1;
    int64_t *const counts[] = {&h->isut, &h->isstd, &h->leap,
                               &h->time, &h->type,  &h->chars};
    for (int i = 0; i < 6; i++) {
        *counts[i] = read_be(p + 20 + 4L * i, 4);
        if (*counts[i] < 0 || *counts[i] > FILE_MAX)
            return -1;
    }
    int64_t block = h->time * (size + 1) + h->type * 6 + h->chars + h->leap * (size + 4) +
                    h->isstd + h->isut;
    return block <= (int64_t)len - HEADER ? block : -1;
}

static int parse_block(struct zone *z, const unsigned char *p, const struct header *h,
                       int size)
{
    const unsigned char *index = p + h->time * size, *types = index + h->time;
    if (h->type == 0 ||
        h->leap != 0) /* a "right/" zone counts leap seconds, Unix time does not */
        return -1;
    z->n = (size_t)h->time;
    z->at = xcalloc(z->n + 1, sizeof *z->at);
    z->east = xcalloc(z->n + 1, sizeof *z->east);
    z->first = (int32_t)read_be(types, 4);
    for (size_t i = 0; i < z->n; i++) {
        z->at[i] = read_be(p + i * (size_t)size, size);
        if (index[i] >= h->type || (i && z->at[i] <= z->at[i - 1]))
            return -1;
        z->east[i] = (int32_t)read_be(types + 6 * (size_t)index[i], 4);
    }
    return 0;
}

/* Parses the footer, which is between two newlines. */
static int parse_tail(struct zone *z, const unsigned char *p, size_t len)
{
    const unsigned char *end =
        len > 1 && *p == '\n' ? memchr(p + 1, '\n', len - 1) : NULL;
    if (!end)
        return -1;
    char *footer = xmemdup0(p + 1, (size_t)(end - p - 1));
    int failed = *footer && parse_footer(z, footer) != 0;
    free(footer);
    return failed ? -1 : 0;
}

static int is_sane(const struct zone *z)
{
    const int32_t most = 26 * 3600; /* RFC 8536: less than that */
    if (abs(z->first) >= most || abs(z->std) >= most || abs(z->dst) >= most)
        return 0;
    for (size_t i = 0; i < z->n; i++)
        if (abs(z->east[i]) >= most)
            return 0;
    return 1;
}

struct zone *zone_parse(const void *data, size_t len, struct err *e)
{
    const unsigned char *p = data;
    struct header h;
    struct zone *z = xcalloc(1, sizeof *z);
    int64_t block = parse_header(p, len, 4, &h);
    int failed = block < 0;
    if (!failed && p[4] == 0) { /* version 1 has only this block */
        failed = parse_block(z, p + HEADER, &h, 4) != 0;
    } else if (!failed) {
        p += HEADER + block;
        len -= (size_t)(HEADER + block);
        block = parse_header(p, len, 8, &h);
        failed = block < 0 || parse_block(z, p + HEADER, &h, 8) != 0 ||
                 parse_tail(z, p + HEADER + block, len - (size_t)(HEADER + block)) != 0;
    }
    if (!failed && is_sane(z))
        return z;
    zone_free(z);
    err_set(e, ERR_INVALID,
            "cannot read the time zone: its file is not in the TZif format");
    return NULL;
}

void zone_free(struct zone *z)
{
    if (!z)
        return;
    free(z->name);
    free(z->at);
    free(z->east);
    free(z);
}

/* ---- the process's zones ---- */

static int is_name(const char *s)
{
    static const char known[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
    return isalpha((unsigned char)s[0]) && strlen(s) < 100 &&
           strspn(s, known) == strlen(s);
}

#define ZONE_DIR "/usr/share/zoneinfo"

int zone_is_installed(void)
{
    return path_is_dir(ZONE_DIR);
}

static struct zone *load(const char *name, struct err *e)
{
    char *data = NULL;
    ssize_t n = -1;
    if (strcmp(name, "UTC") == 0)
        return xcalloc(1, sizeof(struct zone));
    if (is_name(name)) {
        char *path = path_join(ZONE_DIR, name);
        int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        free(path);
        data = xmalloc(FILE_MAX);
        n = fd >= 0 ? read(fd, data, FILE_MAX) : -1; /* a directory gives EISDIR */
        if (fd >= 0)
            close(fd);
    }
    struct zone *z = NULL;
    if (n < 0)
        err_set(e, ERR_NOT_FOUND, "cannot find the time zone \"%.80s\": %s", name,
                zone_is_installed() ? "no such name in " ZONE_DIR
                                    : "the package tzdata is not installed");
    else
        z = zone_parse(data, (size_t)n, e);
    free(data);
    return z;
}

const struct zone *zone_find(const char *name, struct err *e)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct zone *zones;
    pthread_mutex_lock(&lock);
    struct zone *z = zones;
    while (z && strcmp(z->name, name) != 0)
        z = z->next;
    if (!z) {
        z = load(name, e);
        if (z) {
            z->name = xstrdup(name);
            z->next = zones;
            zones = z;
        }
    }
    pthread_mutex_unlock(&lock);
    return z;
}
