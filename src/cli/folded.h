/* folded: what is said of several clients on standard error, one line for each sentence:
 * "foyer: clients a, b and 38 more: SENTENCE". */
#ifndef FOYER_FOLDED_H
#define FOYER_FOLDED_H

#include <jansson.h>

/* Adds that SENTENCE is so of CLIENT to SAID, an object that begins empty. */
void folded_add(json_t *said, const char *client, const char *sentence);
/* Prints a line for each sentence, in the order in which they came. */
void folded_print(const json_t *said);
/* Prints one line; NAMES is an array of clients. */
void folded_print_one(const json_t *names, const char *sentence);

#endif
