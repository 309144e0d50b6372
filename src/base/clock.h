/* clock: the only places that read the time. */
#ifndef FOYER_CLOCK_H
#define FOYER_CLOCK_H

#include <stdint.h>

/* Unix time in milliseconds. FOYER_TEST_CLOCK=<ms>, a hook for tests, fixes it. */
int64_t clock_wall_ms(void);
/* Monotonic microseconds, from an arbitrary start. */
int64_t clock_mono_us(void);

#endif
