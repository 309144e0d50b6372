#include "base/clock.h"

#include <stdlib.h>
#include <time.h>

#include "base/str.h"

int64_t clock_wall_ms(void)
{
    const char *fixed = getenv("FOYER_TEST_CLOCK");
    int64_t ms;
    if (fixed && str_parse_int(fixed, &ms) == 0)
        return ms;
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_mono_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}
