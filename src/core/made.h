/* made: what a write made, by the ids in its answer. No two steps of a company may take
 * the same one for their own. Pure. */
#ifndef FOYER_MADE_H
#define FOYER_MADE_H

#include <jansson.h>
#include <stddef.h>

enum { MADE_MAX = 8 };

struct made { /* borrowed from what was read */
    const char *ids[MADE_MAX];
    size_t n;
    const char *receipt; /* one of them, by which the message must appear; NULL: none */
};

/* Reads the BODY (may be NULL) of an answer of CONNECTOR's API, and MORE ids, a list that
 * may be NULL. */
void made_read(struct made *out, const json_t *connector, const json_t *body,
               const json_t *more);

#endif
