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
/* Returns 1 when any bytes contain the word, as they are or escaped: by JSON (also in
 * JSON within JSON), by percent signs of a URL, by characters of HTML (&#64;), or by
 * quoted-printable. What only a quote, a URL or a form puts before an address does not
 * belong to it here: ?to=ana%40mail.example and 'ana@mail.example' contain it. */
int mention_in_bytes(struct mention *m, const void *data, size_t len);

#endif
