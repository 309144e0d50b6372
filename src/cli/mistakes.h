/* mistakes: prints what ops/check.h found, a line each: "FILE:LINE: sentence (clients a,
 * b)". */
#ifndef FOYER_MISTAKES_H
#define FOYER_MISTAKES_H

#include <jansson.h>
#include <stdio.h>

/* PREFIX stands before each sentence. */
void mistakes_print(FILE *to, const json_t *mistakes, const char *prefix);

#endif
