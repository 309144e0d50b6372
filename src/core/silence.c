#include "core/silence.h"

static const int64_t hour_ms = 60 * 60 * 1000;
enum { HOUR_S = 3600, WEEK_H = 7 * 24 };

/* Returns the Unix hour that WEEKS before HOUR had the same local time. */
static int64_t weeks_before(int64_t hour, int weeks, const struct zone *z)
{
    struct zone_span now, then;
    int64_t before = hour - (int64_t)weeks * WEEK_H;
    zone_span(z, hour * HOUR_S, &now);
    zone_span(z, before * HOUR_S, &then);
    return before + (now.east - then.east) / HOUR_S;
}

int64_t silence_missed(int64_t now_ms, int64_t last_hour, const struct zone *z,
                       int64_t least, silence_events *events, void *arg)
{
    int64_t now_hour = zone_floor_div(now_ms, hour_ms), fewest = INT64_MAX;
    int64_t first = last_hour + 1;
    if (now_hour - first >= SILENCE_HOURS)
        first = now_hour - SILENCE_HOURS + 1;
    for (int week = 1; week <= SILENCE_WEEKS; week++) {
        double sum = 0;
        for (int64_t hour = first; hour <= now_hour; hour++) {
            double part = hour < now_hour
                              ? 1
                              : (double)(now_ms - now_hour * hour_ms) / (double)hour_ms;
            sum += part * (double)events(arg, weeks_before(hour, week, z));
        }
        if ((int64_t)sum < fewest)
            fewest = (int64_t)sum;
        if (fewest < least)
            break;
    }
    return fewest;
}
