/* memo: texts that lua/std has worked out of scripts and settings, by a key, for the life
 * of the vm: a process reads each file and each client's settings once, so that what
 * follows from them stays true.
 */
#ifndef FOYER_MEMO_H
#define FOYER_MEMO_H

#include <stddef.h>

struct memo;

struct memo *memo_new(void);
void memo_free(struct memo *memo);
/* Returns the text of KEY and its length; NULL when there is none. It is borrowed until
 * the next memo_set. */
const char *memo_get(const struct memo *memo, const char *key, size_t *len);
/* Keeps a copy of TEXT, in place of what KEY had. */
void memo_set(struct memo *memo, const char *key, const char *text, size_t len);

#endif
