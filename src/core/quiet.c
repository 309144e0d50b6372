#include "core/quiet.h"

#include <ctype.h>

/* Reads "08:00" as minutes. Returns the text behind it, or NULL. */
static const char *read_time(const char *s, int *minutes)
{
    for (int i = 0; i < 5; i++)
        if (i == 2 ? s[i] != ':' : !isdigit((unsigned char)s[i]))
            return NULL;
    int hour = (s[0] - '0') * 10 + s[1] - '0', minute = (s[3] - '0') * 10 + s[4] - '0';
    if (hour > 24 || minute > 59 || (hour == 24 && minute > 0))
        return NULL;
    *minutes = hour * 60 + minute;
    return s + 5;
}

int quiet_parse(const char *text, struct quiet *q)
{
    const char *s = read_time(text, &q->from);
    if (!s || *s != '-')
        return -1;
    s = read_time(s + 1, &q->until);
    return s && !*s && q->from != q->until ? 0 : -1;
}

int quiet_is_now(const struct quiet *q, const struct zone *z, int64_t now_ms)
{
    struct zone_span span;
    int64_t now = zone_floor_div(now_ms, 1000);
    zone_span(z, now, &span);
    int64_t local = now + span.east;
    int minute = (int)((local - zone_floor_div(local, 86400) * 86400) / 60);
    return q->from < q->until ? minute >= q->from && minute < q->until
                              : minute >= q->from || minute < q->until;
}
