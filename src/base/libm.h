/* libm: the functions of that library which Lua, SQLite and foyer call, each looked for
 * when it is called first: to load libm with the program is a fiftieth of `foyer run`,
 * and few scripts compute. The program alone is linked with it; what is missing here, and
 * not in libc as ldexp is, comes from -lm, and brings the fiftieth back. */
#ifndef FOYER_LIBM_H
#define FOYER_LIBM_H

/* For a process that lasts: loads it now. Later its file may be another one, or there may
 * be no descriptor left. It ends the process when there is no libm. */
void libm_load(void);

#endif
