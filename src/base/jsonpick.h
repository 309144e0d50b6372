/* jsonpick: a few values out of JSON text, in one pass that checks all of it (RFC 8259)
 * and builds nothing: what a server that must be quick wants to know of a body.
 *
 * It is not as strict as base/jsontext.h in one point: a lone surrogate ("\ud83d", what
 * is left of an emoji that was cut) passes, since a text is no less signed for it. */
#ifndef FOYER_JSONPICK_H
#define FOYER_JSONPICK_H

#include <stddef.h>

#include "base/err.h"

enum { JSONPICK_MAX = 32, JSONPICK_DEPTH = 64 };

struct jsonpick {
    const char *path; /* "authorization.id": keys, joined by dots */
    const char
        *start; /* the value's own text, lent by the whole; NULL: it is not there */
    size_t len;
};

/* Looks for N values (at most JSONPICK_MAX). Of equal keys the last counts. -1 with
 * ERR_INVALID when TEXT is not JSON, or nested deeper than JSONPICK_DEPTH. */
int jsonpick_find(const char *text, size_t len, struct jsonpick *wanted, size_t n,
                  struct err *e);
/* The value as a string in OUT, of SIZE bytes with its NUL. -1 and "" when it is not
 * there, is no string, is longer, or holds a NUL or a lone surrogate. */
int jsonpick_text(const struct jsonpick *p, char *out, size_t size);

#endif
