/* testhook: hooks for tests. They end or stop the process at a named point, or lower a
 * limit. */
#ifndef FOYER_TESTHOOK_H
#define FOYER_TESTHOOK_H

/* Kills the process, as kill -9 does, when FOYER_TEST_STOP names POINT. */
void testhook_stop(const char *point);
/* Stops the process until SIGCONT, once, when FOYER_TEST_PAUSE names POINT. */
void testhook_pause(const char *point);
/* Returns how many jobs one commit takes: MOST, or less when FOYER_TEST_BATCH says so. */
int testhook_batch(int most);
/* Returns after how many milliseconds without a beat a process stands still: MS, or what
 * FOYER_TEST_FROZEN says. */
int testhook_frozen_ms(int ms);

/* Returns 1 when FOYER_TEST_LOOP is set: a statement on a loop's thread ends the process
 * (base/loopguard.h). */
int testhook_guards_loop(void);

#endif
