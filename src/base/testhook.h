/* testhook: places where a test may end the process as kill -9 does, or let others go
 * first; limits that a test sets lower. */
#ifndef FOYER_TESTHOOK_H
#define FOYER_TESTHOOK_H

/* Kills the process when FOYER_TEST_STOP, a hook for tests, names POINT. */
void testhook_stop(const char *point);
/* Stops the process, until SIGCONT, the first time that it comes to the POINT which
 * FOYER_TEST_PAUSE names. */
void testhook_pause(const char *point);
/* How many jobs a commit holds at most: MOST, or less when FOYER_TEST_BATCH says so. */
int testhook_batch(int most);

#endif
