/* The codec against itself and against jansson.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -std=c11 -D_GNU_SOURCE -Isrc \
 *     $(pkg-config --cflags lua5.4 lua5.4-cjson jansson) tests/fuzz/fuzz_json.c
 * src/vm/conv.c \
 *     src/vm/encode.c src/base/{jsontext,buf,err,log,str}.c src/core/limits.c
 * src/base/crypto.c
 * \
 *     $(pkg-config --libs lua5.4 lua5.4-cjson jansson libcrypto) -o fuzz_json
 *   ./fuzz_json -max_total_time=60 corpus/
 */
#include <jansson.h>
#include <lauxlib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vm/conv.h"
#include "vm/handles.h"
#include "vm/vm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void stop(const char *why, const struct err *e)
{
    fprintf(stderr, "%s: %s\n", why, e->text);
    abort();
}

static char *encode(lua_State *L, int flags, size_t *len)
{
    struct buf out;
    struct err e = {0};
    buf_init(&out, 1 << 26);
    if (conv_encode(L, -1, &out, flags, &e) != 0)
        stop("decoded, but cannot be encoded", &e);
    return buf_take(&out, len);
}

/* What jansson refuses although it is JSON: integers beyond int64, NUL in a key, and
 * numbers that round to nothing. */
static int is_janssons_own(const json_error_t *e)
{
    enum json_error_code code = json_error_code(e);
    return code == json_error_numeric_overflow || code == json_error_null_byte_in_key ||
           code == json_error_null_character;
}

static void compare(const char *text, size_t size, int failed, const struct err *e)
{
    json_error_t je;
    if (memchr(text, '\0', size))
        return; /* jansson passes over one behind a number */
    json_t *tree = json_loadb(text, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, &je);
    if (failed && tree && e->kind != ERR_LIMIT)
        stop("jansson accepts it", e);
    if (!failed && !tree && !is_janssons_own(&je)) {
        fprintf(stderr, "jansson: %s\n", je.text);
        stop("jansson refuses it", e);
    }
    json_decref(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    int flags = data[0] & 1 ? CONV_HANDLES : CONV_PLAIN;
    const char *text = (const char *)data + 1;
    struct err e = {0};
    struct vm_state memory;
    lua_State *L = vm_new_state(NULL, &memory, SIZE_MAX / 4, NULL);
    handles_open(L);
    int failed = conv_decode(L, text, size - 1, flags, &e);
    if (lua_gettop(L) != !failed)
        stop("the stack is off", &e);
    if (failed && e.kind != ERR_INVALID && e.kind != ERR_LIMIT)
        stop("another kind of error", &e);
    if (flags == CONV_PLAIN)
        compare(text, size - 1, failed, &e);
    if (!failed) {
        size_t len, again_len;
        char *once = encode(L, flags, &len);
        if (conv_decode(L, once, len, flags, &e) != 0)
            stop("what was encoded cannot be decoded", &e);
        char *again = encode(L, flags, &again_len);
        if (len != again_len || memcmp(once, again, len) != 0)
            stop("another text the second time", &e);
        free(once);
        free(again);
    }
    lua_close(L);
    return 0;
}
