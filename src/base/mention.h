/* mention: tests whether the strings of a JSON document contain an address or another
 * handle.
 *
 * Strings are compared by their value, however they are escaped, without regard to case,
 * and as whole words: diana@mail.example does not contain ana@mail.example, and
 * o'brien@mail.example does not contain brien@mail.example. */
#ifndef FOYER_MENTION_H
#define FOYER_MENTION_H

#include <stddef.h>

struct mention;

/* Prepares the search for WORD, which is copied. */
struct mention *mention_new(const char *word);
void mention_free(struct mention *m); /* NULL is fine */
/* Returns 1 when a string in JSON, a valid text of LEN bytes, contains the word. */
int mention_in(struct mention *m, const char *json, size_t len);

#endif
