/* testhook: a place where a test may end the process as kill -9 does. */
#ifndef FOYER_TESTHOOK_H
#define FOYER_TESTHOOK_H

/* Kills the process when FOYER_TEST_STOP, a hook for tests, names POINT. */
void testhook_stop(const char *point);

#endif
