/* conv: bytes of JSON to Lua values and back: the one codec of src/vm.
 *
 * Decoding is lua-cjson behind a pre-scan and a post-walk that mend what it loses
 * (design 9); encoding is canonical: sorted keys, no spaces, shortest round-trip numbers.
 * Handles (secrets and files) cross only where CONV_HANDLES is given. */
#ifndef FOYER_CONV_H
#define FOYER_CONV_H

#include <lua.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

enum conv_flags {
    CONV_PLAIN = 0,
    /* Between scopes of one run, and from settings: {"$secret":NAME},
     * {"$secret":[NAME,BEFORE]} and {"$file":[ID,NAME]} become handles and handles encode
     * so; a plain key that begins
     * with '$' is escaped with one more '$', so that data from outside can never become a
     * handle. Any other key with a single '$' is refused. */
    CONV_HANDLES = 1,
};

/* The VM's allocator, which lets the codec pass the cap while it runs, because
 * lua-cjson's own buffers would leak if Lua's memory ran out in mid-call: BEGIN opens the
 * allowance of limits codec_bytes, END closes it and answers -1 when the state is over
 * its cap now. Neither raises. Without them there is no cap to pass. For the whole
 * process. */
void conv_set_allowance(void (*begin)(lua_State *L), int (*end)(lua_State *L));

/* lua_pcall without a handler, for what makes many values of one text and runs no code of
 * a script: it may pass the cap meanwhile, and its time is not the script's. LUA_ERRMEM
 * with a value on top also when the state is over its cap afterwards. */
int conv_call(lua_State *L, int nargs, int nresults);

/* Pushes the value and returns 0; on failure pushes nothing, fills E (ERR_INVALID with
 * line and column, ERR_LIMIT for depth, count and memory) and returns -1. A number
 * written without fraction and exponent becomes an integer where int64 holds it, every
 * other one a float. Raises only before it has started. */
int conv_decode(lua_State *L, const char *data, size_t len, int flags, struct err *e);

/* Appends the canonical JSON of the value at IDX to OUT, which the caller (or a userdata)
 * owns. -1 with E: functions, NaN, infinities, mixed or sparse tables, invalid UTF-8,
 * cycles, depth, OUT's maximum; E names the path ("results[3].run: a function"). Uses raw
 * access only: no metamethod runs. */
int conv_encode(lua_State *L, int idx, struct buf *out, int flags, struct err *e);

int conv_is_array(lua_State *L, int idx); /* marked, or a non-empty sequence */

#endif
