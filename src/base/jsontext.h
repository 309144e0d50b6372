/* jsontext: the bytes of JSON: a strict check (RFC 8259) for a parser that is lenient,
 * and the canonical form of scalars.
 *
 * The check refuses NaN, hex, leading zeros, `1.`, control characters, lone surrogates,
 * invalid UTF-8, numbers beyond a double and trailing text, with line and column, and
 * rewrites what that parser (lua-cjson) would lose. It knows nothing of Lua's API. */
#ifndef FOYER_JSONTEXT_H
#define FOYER_JSONTEXT_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct jsontext_scan {
    /* set by the caller */
    const char *mark; /* unforgeable; plain ASCII that needs no escape */
    int depth_max, values_max;
    struct buf *out; /* empty, and big enough for any answer */
    /* set by jsontext_check */
    int values;       /* counted */
    int depth;        /* the deepest level */
    size_t lua_bytes; /* no Lua 5.4 value of this text takes more while it is built */
};

/* 0 and OUT holds the text rewritten: "<mark>" for [], "<mark>12345678901234567" for a
 * number of more than 15 digits, with an exponent, or with a fraction of zeros; OUT stays
 * empty when DATA serves as it is. -1 with E: ERR_INVALID, or ERR_LIMIT for depth and
 * count. So an unmarked number is an integer when its value is integral. */
int jsontext_check(struct jsontext_scan *s, const char *data, size_t len, struct err *e);

/* Makes "\ufffd" of each half of a surrogate pair that stands alone, in place; how many.
 * JavaScript leaves them where it cuts a text within an emoji. DATA need not be JSON. */
size_t jsontext_mend(char *data, size_t len);

/* Append the canonical form: only '"', '\\' and control characters are escaped; the
 * shortest of 15, 16 or 17 digits that reads back the same, with ".0" when it would look
 * like an integer. -1 past OUT's maximum; the string also when it is no UTF-8 (then OUT
 * holds a part of it), the number when it is not finite. */
int jsontext_add_string(struct buf *out, const char *s, size_t len);
int jsontext_add_number(struct buf *out, double v);

#endif
