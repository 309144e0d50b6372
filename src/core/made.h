/* made: the ids of what a write created, read from the API's answer. No two steps of a
 * company may claim the same id. Pure. */
#ifndef FOYER_MADE_H
#define FOYER_MADE_H

#include <jansson.h>
#include <stddef.h>

enum { MADE_MAX = 8 };

struct made { /* borrowed from the texts that were read */
    const char *ids[MADE_MAX];
    size_t n;
    const char *receipt; /* the one whose delivery is to be confirmed; NULL: none */
};

/* Reads BODY (may be NULL), an answer of CONNECTOR's API, and MORE, a list of further ids
 * or NULL. */
void made_read(struct made *out, const json_t *connector, const json_t *body,
               const json_t *more);

#endif
