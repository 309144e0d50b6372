/* jsontext: the bytes of JSON: a strict check (RFC 8259) before a parser that is lenient,
 * and the canonical form of strings and numbers.
 *
 * The check refuses NaN, hex, leading zeros, `1.`, control characters, lone surrogates,
 * invalid UTF-8, numbers beyond a double, and trailing text, with line and column. It
 * also rewrites what that parser, lua-cjson, would lose. It does not use Lua's API. */
#ifndef FOYER_JSONTEXT_H
#define FOYER_JSONTEXT_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct jsontext_scan {
    /* set by the caller */
    const char *mark; /* unforgeable; plain ASCII that needs no escape */
    int depth_max, values_max;
    struct buf *out; /* empty, and large enough for any result */
    /* set by jsontext_check */
    int values;       /* counted */
    int depth;        /* the deepest level of nesting */
    size_t lua_bytes; /* the most bytes that Lua 5.4 needs while it builds this value */
};

/* Checks DATA. Returns 0, with the rewritten text in OUT, or with OUT empty when DATA can
 * be parsed as it is. OUT has "<mark>" for [], and "<mark>12345678901234567" for a number
 * with more than 15 digits, an exponent, or a fraction of zeros. So an unmarked number is
 * an integer if its value is integral. Returns -1 with ERR_INVALID, or ERR_LIMIT for the
 * depth or the number of values. */
int jsontext_check(struct jsontext_scan *s, const char *data, size_t len, struct err *e);

/* Replaces each lone half of a surrogate pair by "\ufffd", in place, and returns how
 * many. JavaScript produces such halves when it cuts a text inside of an emoji. DATA need
 * not be JSON. */
size_t jsontext_mend(char *data, size_t len);

/* Append the canonical form. Of a string: only '"', '\\' and control characters are
 * escaped. Of a number: the shortest of 15, 16 or 17 digits that reads back the same,
 * with ".0" when it would look like an integer. Return -1 past OUT's maximum.
 * jsontext_add_string returns -1 also for invalid UTF-8, with a part of it in OUT;
 * jsontext_add_number for a number that is not finite. */
int jsontext_add_string(struct buf *out, const char *s, size_t len);
int jsontext_add_number(struct buf *out, double v);

#endif
