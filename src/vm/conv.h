/* conv: JSON text to Lua values (conv.c) and back (encode.c).
 *
 * Decoding is lua-cjson between a scan of the text and a walk over the values, which
 * repair what lua-cjson loses: 64-bit integers, and the difference between [] and {}.
 * Encoding is canonical: sorted keys, no spaces, the shortest numbers that read back the
 * same. Secrets and files are converted only with CONV_HANDLES. */
#ifndef FOYER_CONV_H
#define FOYER_CONV_H

#include <lua.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

enum conv_flags {
    CONV_PLAIN = 0,
    /* For values that pass between the scopes of one run: a secret is {"$secret":NAME} or
     * {"$secret":[NAME,BEFORE,BEHIND]}, a file {"$file":[ID,NAME]}. Any other key that
     * begins with '$' is written with one more '$', so that no data from outside becomes
     * a handle; with a single '$' it is not decoded. */
    CONV_HANDLES = 1,
};

/* As lua_pcall without a message handler, for a C function that makes many values and
 * calls no script: it may exceed the memory limit by codec_bytes meanwhile, and its CPU
 * time is not counted. L's state is one of vm_new_state. LUA_ERRMEM, with a value on top,
 * also when the state exceeds the limit afterwards. */
int conv_call(lua_State *L, int nargs, int nresults);

/* Pushes the value and returns 0. On failure pushes nothing and returns -1 with E
 * (ERR_INVALID with line and column; ERR_LIMIT for depth, count and memory). A number
 * without fraction and exponent becomes an integer when it fits into 64 bits, any other
 * one a float. Raises only when the stack cannot grow. */
int conv_decode(lua_State *L, const char *data, size_t len, int flags, struct err *e);

/* Pushes the value, or raises conv_decode's error. Returns 1, for `return`. */
int conv_push(lua_State *L, const char *data, size_t len, int flags);

/* Appends the canonical JSON of the value at IDX to OUT. -1 with E for functions, NaN,
 * infinities, tables with holes or with both positions and names, invalid UTF-8, cycles,
 * depth, and OUT's maximum; E names the path ("results[3].run: a function"). Access is
 * raw: no metamethod runs. It may raise when memory runs out, so OUT has to belong to a
 * userdata or to the caller of a pcall. */
int conv_encode(lua_State *L, int idx, struct buf *out, int flags, struct err *e);

int conv_is_array(lua_State *L, int idx); /* marked, or a non-empty sequence */

#endif
