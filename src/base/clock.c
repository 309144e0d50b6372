#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/str.h"

/* Reads the time that a test has set: itself, or the path of a file that has it. */
static int read_test_clock(const char *text, int64_t *ms)
{
    char line[32];
    if (*text != '/')
        return str_parse_int(text, ms);
    FILE *f = fopen(text, "re");
    int rc = f && fgets(line, sizeof line, f) ? str_parse_int(line, ms) : -1;
    if (f)
        fclose(f);
    return rc;
}

int64_t clock_wall_ms(void)
{
    const char *fixed = getenv("FOYER_TEST_CLOCK");
    int64_t ms;
    if (fixed && read_test_clock(fixed, &ms) == 0)
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
