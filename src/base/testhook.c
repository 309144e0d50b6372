#include "base/testhook.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

void testhook_stop(const char *point)
{
    const char *stop = getenv("FOYER_TEST_STOP");
    if (stop && strcmp(stop, point) == 0)
        raise(SIGKILL);
}

void testhook_pause(const char *point)
{
    static int paused;
    const char *pause = getenv("FOYER_TEST_PAUSE");
    if (!paused && pause && strcmp(pause, point) == 0) {
        paused = 1;
        raise(SIGSTOP);
    }
}

int testhook_batch(int most)
{
    const char *word = getenv("FOYER_TEST_BATCH");
    int64_t n;
    return word && str_parse_int(word, &n) == 0 && n > 0 && n < most ? (int)n : most;
}

int testhook_frozen_ms(int ms)
{
    const char *word = getenv("FOYER_TEST_FROZEN");
    int64_t n;
    return word && str_parse_int(word, &n) == 0 && n > 0 && n < INT32_MAX ? (int)n : ms;
}

int testhook_guards_loop(void)
{
    const char *word = getenv("FOYER_TEST_LOOP");
    return word && *word;
}
