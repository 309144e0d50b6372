/* clock: the only functions that read the time. */
#ifndef FOYER_CLOCK_H
#define FOYER_CLOCK_H

#include <stdint.h>

/* Returns Unix time in milliseconds. FOYER_TEST_CLOCK=<ms> fixes it, for tests. */
int64_t clock_wall_ms(void);
/* Returns monotonic microseconds since an arbitrary start. */
int64_t clock_mono_us(void);

#endif
