#include "api/api.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/crypto.h"
#include "vm/handles.h"

/* The bytes of a string, or of a secret's text. */
static const char *check_bytes(lua_State *L, int arg, size_t *len)
{
    return handles_to_secret(L, arg) ? api_secret_text(L, arg, len)
                                     : luaL_checklstring(L, arg, len);
}

static int hmac(lua_State *L, const char *name)
{
    static const char *const encodings[] = {"hex", "base64", NULL};
    size_t data_len, key_len;
    unsigned char mac[CRYPTO_SHA256_SIZE];
    char text[2 * CRYPTO_SHA256_SIZE + 1];
    const char *data = luaL_checklstring(L, 2, &data_len);
    int base64 = luaL_checkoption(L, 3, "hex", encodings);
    const char *key = check_bytes(L, 1, &key_len);
    size_t n = crypto_hmac(name, key, key_len, data, data_len, mac);
    if (base64) {
        char *encoded = str_base64(mac, n);
        snprintf(text, sizeof text, "%s", encoded);
        free(encoded);
    } else {
        str_hex(mac, n, text);
    }
    lua_pushstring(L, text);
    return 1;
}

/* hmac.sha256(key, data, ["hex" | "base64"]) -> text */
static int api_hmac_sha256(lua_State *L)
{
    return hmac(L, "sha256");
}

/* hmac.sha1(key, data, ["hex" | "base64"]) -> text */
static int api_hmac_sha1(lua_State *L)
{
    return hmac(L, "sha1");
}

/* hmac.equal(a, b) -> boolean, in constant time */
static int api_hmac_equal(lua_State *L)
{
    size_t a_len, b_len;
    unsigned char a_sum[CRYPTO_SHA256_SIZE], b_sum[CRYPTO_SHA256_SIZE];
    /* Compares digests, because a secret's text is valid until the next one is read. */
    const char *a = check_bytes(L, 1, &a_len);
    crypto_sha256(a, a_len, a_sum);
    const char *b = check_bytes(L, 2, &b_len);
    crypto_sha256(b, b_len, b_sum);
    lua_pushboolean(L, crypto_equal(a_sum, sizeof a_sum, b_sum, sizeof b_sum));
    return 1;
}

int api_hmac_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"sha256", api_hmac_sha256},
        {"sha1", api_hmac_sha1},
        {"equal", api_hmac_equal},
        {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
