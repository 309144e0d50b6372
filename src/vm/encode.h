/* encode: the canonical writer behind conv_encode, which is what others call.
 *
 * Sorted keys, no spaces, raw access only. What it needs beside the bytes of a sort is on
 * Lua's stack and in Lua's memory, so that an error from below leaks nothing. */
#ifndef FOYER_ENCODE_H
#define FOYER_ENCODE_H

#include <lua.h>

#include "base/buf.h"
#include "base/err.h"

struct encode {
    struct buf *out;
    int handles;          /* secrets and files may cross; '$' is escaped */
    const void *array_mt; /* lua_topointer of the array metatable */
    int depth_max;
    struct err *e;
};

/* Appends the value at the absolute index IDX. -1 with E, a part of it in OUT and a dirty
 * stack. */
int encode_run(lua_State *L, int idx, struct encode *c);
/* 1 when the table at the absolute index IDX is marked, or a non-empty sequence. */
int encode_is_array(lua_State *L, int idx, const void *array_mt);

#endif
