/* jsonpick: reads a few values of a JSON text in one pass. The pass checks the whole text
 * (RFC 8259) and allocates nothing, for a server that must answer quickly: with
 * core/jsontree in its place `foyer serve` acknowledged 7,200 webhooks a second instead
 * of 13,400 at 256 connections (BENCH=webhooks, 2026-12-01, 2 cores).
 *
 * In one point it is less strict than base/jsontext.h: it accepts a lone surrogate
 * ("\ud83d", half of an emoji that was cut), because such a text can still be signed. */
#ifndef FOYER_JSONPICK_H
#define FOYER_JSONPICK_H

#include <stddef.h>

#include "base/err.h"

enum { JSONPICK_MAX = 32, JSONPICK_DEPTH = 64 };

struct jsonpick {
    const char *path;  /* "authorization.id": keys, joined by dots */
    const char *start; /* the value's text inside of the whole; NULL: not found */
    size_t len;
};

/* Finds N values, at most JSONPICK_MAX. Of equal keys the last one counts. Returns -1
 * with ERR_INVALID when TEXT is not JSON, or nested deeper than JSONPICK_DEPTH. */
int jsonpick_find(const char *text, size_t len, struct jsonpick *wanted, size_t n,
                  struct err *e);
/* Copies a string value to OUT, which has SIZE bytes. Returns -1 and "" when it was not
 * found, is not a string, does not fit, or contains a NUL or a lone surrogate. */
int jsonpick_text(const struct jsonpick *p, char *out, size_t size);

#endif
