/* encode: a Lua value as canonical JSON, behind conv_encode, which other files call. All
 * that it allocates besides the output is Lua's, so that an error raised by Lua leaks
 * nothing. */
#ifndef FOYER_ENCODE_H
#define FOYER_ENCODE_H

#include <lua.h>

#include "base/buf.h"
#include "base/err.h"

struct encode {
    struct buf *out;
    int handles;          /* 1: secrets and files are written, and '$' is escaped */
    const void *array_mt; /* lua_topointer of the array metatable */
    int depth_max;
    struct err *e;
};

/* Appends the value at the absolute index IDX. -1 with E: then OUT has a part of it, and
 * the stack has values on top. */
int encode_run(lua_State *L, int idx, struct encode *c);
/* 1 when the table at the absolute index IDX is marked, or a non-empty sequence. */
int encode_is_array(lua_State *L, int idx, const void *array_mt);

#endif
