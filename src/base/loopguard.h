/* loopguard: a loop's thread must not wait for a file, so that all of the process's
 * connections and scripts go on. A test sees to it: while FOYER_TEST_LOOP is set, what
 * waits there ends the process. */
#ifndef FOYER_LOOPGUARD_H
#define FOYER_LOOPGUARD_H

/* With ON 1, nothing on the calling thread may wait for a file from now on. */
void loopguard_set(int on);
/* Allows it for WHY, one of the exceptions that src/README.md lists, until
 * loopguard_restore. The two may be nested. */
void loopguard_lift(const char *why);
void loopguard_restore(void);
/* Ends the process, and prints WHAT, when it is not allowed here. */
void loopguard_check(const char *what);

#endif
