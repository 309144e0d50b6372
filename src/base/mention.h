/* mention: whether the texts of a JSON document name an address or another handle.
 *
 * The texts are compared as values, whatever escapes they are written with, in any letter
 * case, and whole: ana@mail.example is not in diana@mail.example, and brien@mail.example
 * not in o'brien@mail.example. */
#ifndef FOYER_MENTION_H
#define FOYER_MENTION_H

#include <stddef.h>

struct mention;

/* WORD as it is looked for; it is copied. */
struct mention *mention_new(const char *word);
void mention_free(struct mention *m); /* NULL is fine */
/* Returns 1 when a string of JSON, valid text of LEN bytes, holds the word. */
int mention_in(struct mention *m, const char *json, size_t len);

#endif
