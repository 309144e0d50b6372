#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <lauxlib.h>
#include <lualib.h>
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsontext.h"
#include "base/str.h"
#include "core/limits.h"
#include "vm/conv.h"
#include "vm/handles.h"
#include "vm/vm.h"

static struct vm_state memory;

static lua_State *open_state(void)
{
    lua_State *L = vm_new_state(NULL, &memory, SIZE_MAX / 4, NULL);
    assert_non_null(L);
    luaL_requiref(L, "_G", luaopen_base, 1);
    lua_pop(L, 1);
    handles_open(L);
    assert_int_equal(lua_gettop(L), 0);
    return L;
}

static void run(lua_State *L, const char *lua)
{
    if (luaL_dostring(L, lua) != LUA_OK)
        fail_msg("%s", lua_tostring(L, -1));
}

static int decode(lua_State *L, const char *text, struct err *e)
{
    return conv_decode(L, text, strlen(text), CONV_PLAIN, e);
}

static char *encode_top(lua_State *L, int flags, struct err *e)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    int top = lua_gettop(L);
    int failed = conv_encode(L, -1, &out, flags, e);
    assert_int_equal(lua_gettop(L), top);
    char *text = failed ? NULL : buf_take(&out, NULL);
    buf_free(&out);
    return text;
}

/* IN, decoded and encoded, is OUT. */
static void check(lua_State *L, const char *in, const char *out)
{
    struct err e = {0};
    if (decode(L, in, &e) != 0)
        fail_msg("%s: %s", in, e.text);
    assert_int_equal(lua_gettop(L), 1);
    char *text = encode_top(L, CONV_PLAIN, &e);
    if (!text)
        fail_msg("%s: %s", in, e.text);
    assert_string_equal(text, out);
    free(text);
    lua_settop(L, 0);
}

static void refuse(lua_State *L, const char *in, const char *text)
{
    struct err e = {0};
    assert_int_equal(decode(L, in, &e), -1);
    assert_int_equal(lua_gettop(L), 0);
    assert_int_equal(e.kind, ERR_INVALID);
    assert_string_equal(e.text, text);
}

static void test_values(void **state)
{
    (void)state;
    lua_State *L = open_state();
    check(L, "null", "null");
    check(L, " true ", "true");
    check(L, "\"\"", "\"\"");
    check(L, "{}", "{}");
    check(L, "[ ]", "[]");
    check(L, "[[],[[]],{},{\"a\":[]}]", "[[],[[]],{},{\"a\":[]}]");
    check(L, "[null,null]", "[null,null]");
    check(L, "{\"b\":1,\"a\":{\"z\":false,\"Z\":null},\"\":2}",
          "{\"\":2,\"a\":{\"Z\":null,\"z\":false},\"b\":1}");
    check(L, "{\"a\":1,\"a\":[2]}", "{\"a\":[2]}");
    check(L, "\"a\\u0000b\\/\\\"\\\\\\b\\f\\n\\r\\t\\u001F\\u00e9\\ud83d\\ude00\x7f\"",
          "\"a\\u0000b/\\\"\\\\\\b\\f\\n\\r\\t\\u001f\xc3\xa9\xf0\x9f\x98\x80\x7f\"");
    check(L, "\r\n\t [1 ,\n2 ] ", "[1,2]");
    lua_close(L);
}

static void test_numbers(void **state)
{
    (void)state;
    lua_State *L = open_state();
    check(L, "[0,-0,5,-5,123456789012345,-123456789012345]",
          "[0,0,5,-5,123456789012345,-123456789012345]");
    check(L, "[1234567890123456,9007199254740993,-9007199254740993]",
          "[1234567890123456,9007199254740993,-9007199254740993]");
    check(L, "[9223372036854775807,-9223372036854775808]",
          "[9223372036854775807,-9223372036854775808]");
    check(L, "[9223372036854775808,100000000000000000000]",
          "[9.223372036854776e+18,1e+20]");
    check(L,
          "[5.0,-0.0,1e2,1E-2,0.1,1701292649.333,0.1000000000000000055511151231257827]",
          "[5.0,-0.0,100.0,0.01,0.1,1701292649.333,0.1]");
    check(L, "[0.30000000000000004,3.141592653589793,2.2250738585072014e-308,5e-324]",
          "[0.30000000000000004,3.141592653589793,2.2250738585072014e-308,"
          "4.94065645841247e-324]");
    check(L, "[12345678901234567.5,0.0000000000000000000000000000001,1e-999]",
          "[12345678901234568.0,1e-31,0.0]");
    check(L, "999999999999999.5", "999999999999999.5");
    lua_close(L);
}

static void test_refused(void **state)
{
    (void)state;
    lua_State *L = open_state();
    const char *const bad[][2] = {
        {"", "column 1: the text ends where a value is due"},
        {"  ", "column 3: the text ends where a value is due"},
        {"NaN", "column 1: 'N' where a value is due"},
        {"nan", "column 1: 'n' where a value is due"},
        {"Infinity", "column 1: 'I' where a value is due"},
        {"-Infinity", "column 2: 'I' where a digit is due"},
        {"+1", "column 1: '+' where a value is due"},
        {"0x10", "column 2: 'x' where the end of the text is due"},
        {"[010]", "column 3: a number must not begin with 0"},
        {"1.", "column 3: the text ends where a digit after the point is due"},
        {".5", "column 1: '.' where a value is due"},
        {"1e", "column 3: the text ends where a digit of the exponent is due"},
        {"-", "column 2: the text ends where a digit is due"},
        {"1e999", "column 1: a number beyond 1.8e308"},
        {"[1,]", "column 4: ']' where a value is due"},
        {"[1 2]", "column 4: '2' where ',' or ']' is due"},
        {"{\"a\":1,}", "column 8: '}' where a key in quotes is due"},
        {"{a:1}", "column 2: 'a' where a key in quotes is due"},
        {"{\"a\" 1}", "column 6: '1' where ':' is due"},
        {"[1", "column 3: the text ends where ',' or ']' is due"},
        {"1 2", "column 3: '2' where the end of the text is due"},
        {"\"a", "column 1: a string that does not end"},
        {"\"\\", "column 3: the text ends inside a string"},
        {"\"a\tb\"", "column 3: control character 0x09 in a string (write \\u0009)"},
        {"\"\\x\"", "column 2: an unknown escape in a string"},
        {"\"\\u12g4\"", "column 2: \\u needs four hexadecimal digits"},
        {"\"\\u12", "column 2: \\u needs four hexadecimal digits"},
        {"\"\\ud83d\"", "column 2: half of a surrogate pair"},
        {"\"\\ude00\\ud83d\"", "column 2: half of a surrogate pair"},
        {"\"\\ud83d\\u0041\"", "column 2: half of a surrogate pair"},
        {"\"\xc3\"", "column 2: byte 0xc3 is not UTF-8"},
        {"\"\xc0\x80\"", "column 2: byte 0xc0 is not UTF-8"},
        {"\"\xe0\x9f\xbf\"", "column 2: byte 0xe0 is not UTF-8"},
        {"\"\xed\xa0\x80\"", "column 2: byte 0xed is not UTF-8"},
        {"\"\xf4\x90\x80\x80\"", "column 2: byte 0xf4 is not UTF-8"},
        {"\"12345678\xff\"", "column 10: byte 0xff is not UTF-8"},
        {"\xef\xbb\xbf{}", "column 1: byte 0xef where a value is due"},
        {"'a'", "column 1: ''' where a value is due"},
        {"// x\n1", "column 1: '/' where a value is due"},
        {"tru", "column 1: 't' where a value is due"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *text = xasprintf("cannot decode JSON: line 1, %s", bad[i][1]);
        refuse(L, bad[i][0], text);
        free(text);
    }
    refuse(L, "{\n  \"\xc3\xa9\xc3\xa9\": nil\n}",
           "cannot decode JSON: line 2, column 9: 'n' where a value is due");
    struct err e;
    assert_int_equal(conv_decode(L, "1\0", 2, 0, &e), -1);
    assert_non_null(strstr(e.text, "byte 0x00 where the end of the text is due"));
    assert_int_equal(conv_decode(L, NULL, 0, 0, NULL), -1);
    lua_close(L);
}

static void test_utf8_everywhere(void **state)
{
    (void)state;
    lua_State *L = open_state();
    /* At each offset of the eight-byte strides, each kind of odd byte is seen. */
    for (int pad = 0; pad < 24; pad++) {
        const char *const odd[] = {"\xff", "\x1f", "\x80", "\xc3", "\\q"};
        for (size_t i = 0; i < 5; i++) {
            char text[64];
            snprintf(text, sizeof text, "\"%.*s%s ~~~~~~~~~~~\"", pad,
                     "~ !#[]~ !#[]~ !#[]~ !#[]~", odd[i]);
            assert_int_equal(decode(L, text, NULL), -1);
        }
        char in[64], out[64];
        snprintf(in, sizeof in, "\"%.*s\\\"\xe2\x82\xac\"", pad,
                 "~ !#[]~ !#[]~ !#[]~ !#[]~");
        strcpy(out, in);
        check(L, in, out);
    }
    lua_close(L);
}

static void test_limits(void **state)
{
    (void)state;
    lua_State *L = open_state();
    struct err e;
    char deep[200];
    int max = limits_default.json_depth;
    memset(deep, '[', (size_t)max);
    memset(deep + max, ']', (size_t)max);
    deep[2 * max] = '\0';
    check(L, deep, deep);
    memset(deep, '[', (size_t)max + 1);
    memset(deep + max + 1, ']', (size_t)max + 1);
    deep[2 * max + 2] = '\0';
    assert_int_equal(decode(L, deep, &e), -1);
    assert_int_equal(e.kind, ERR_LIMIT);
    assert_string_equal(e.text,
                        "cannot decode JSON: line 1, column 65: deeper than 64 levels");

    struct buf many;
    buf_init(&many, 1 << 24);
    buf_addc(&many, '[');
    for (int i = 0; i < limits_default.json_values - 1; i++)
        buf_adds(&many, i ? ",0" : "0");
    buf_addc(&many, ']');
    assert_int_equal(conv_decode(L, many.data, many.len, 0, &e), 0);
    assert_int_equal(lua_rawlen(L, -1), limits_default.json_values - 1);
    lua_settop(L, 0);
    many.len--;
    buf_adds(&many, ",0]");
    assert_int_equal(conv_decode(L, many.data, many.len, 0, &e), -1);
    assert_int_equal(e.kind, ERR_LIMIT);
    assert_non_null(strstr(e.text, "more than 500000 values"));
    buf_free(&many);
    lua_close(L);
}

static void test_arrays(void **state)
{
    (void)state;
    lua_State *L = open_state();
    struct err e;
    assert_int_equal(decode(L, "[1,[]]", &e), 0);
    assert_true(conv_is_array(L, -1));
    lua_pushnil(L);
    lua_rawseti(L, -2, 2);
    lua_pushnil(L);
    lua_rawseti(L, -2, 1);
    char *text = encode_top(L, 0, &e);
    assert_string_equal(text, "[]"); /* emptied, and still an array */
    free(text);
    assert_true(conv_is_array(L, -1));
    lua_newtable(L);
    assert_false(conv_is_array(L, -1));
    handles_mark_array(L, -1);
    assert_true(conv_is_array(L, -1));
    /* Scripts can neither see nor change the mark. */
    lua_setglobal(L, "t");
    run(L, "assert(getmetatable(t) == false);"
           "assert(not pcall(setmetatable, t, {}))");
    lua_close(L);
}

static void encode_fails(lua_State *L, const char *lua, enum err_kind kind,
                         const char *text)
{
    struct err e = {0};
    run(L, lua);
    assert_null(encode_top(L, CONV_PLAIN, &e));
    assert_int_equal(e.kind, kind);
    assert_string_equal(e.text, text);
    lua_settop(L, 0);
}

static void test_encode_errors(void **state)
{
    (void)state;
    lua_State *L = open_state();
    encode_fails(L, "return print", ERR_INVALID, "cannot encode JSON: a function");
    encode_fails(L, "return {results = {1, 2, {run = print}}}", ERR_INVALID,
                 "cannot encode JSON: results[3].run: a function");
    encode_fails(L, "return {['a b'] = {['\\xff'] = 0/0}}", ERR_INVALID,
                 "cannot encode JSON: [\"a b\"][?]: a string that is not UTF-8");
    encode_fails(L, "return {x = 0/0}", ERR_INVALID,
                 "cannot encode JSON: x: not a number (0/0)");
    encode_fails(L, "return {-1/0}", ERR_INVALID,
                 "cannot encode JSON: [1]: an infinite number");
    encode_fails(L, "return {1, 2, x = 3}", ERR_INVALID,
                 "cannot encode JSON: a table with both positions and names");
    encode_fails(L, "return {a = {1, nil, 3}}", ERR_INVALID,
                 "cannot encode JSON: a: a list with holes (use json.null)");
    encode_fails(L, "return {[1.5] = 1}", ERR_INVALID,
                 "cannot encode JSON: a table with a key that is neither text nor a "
                 "position");
    encode_fails(L, "return {[0] = 1}", ERR_INVALID,
                 "cannot encode JSON: a table with a key that is neither text nor a "
                 "position");
    encode_fails(L, "return {[1] = {'\\xed\\xa0\\x80'}}", ERR_INVALID,
                 "cannot encode JSON: [1][1]: a string that is not UTF-8");
    encode_fails(L, "return nil", ERR_INVALID, "cannot encode JSON: nil (use json.null)");
    struct err e;
    run(L, "local t = {} t.t = t return t");
    assert_null(encode_top(L, 0, &e));
    assert_int_equal(e.kind, ERR_LIMIT);
    assert_non_null(strstr(e.text, "t.t.t"));
    assert_non_null(strstr(e.text, "does a table hold itself?"));
    lua_settop(L, 0);

    /* No metamethod runs. */
    run(L, "return setmetatable({a = 1}, {__index = error, __len = error, "
           "__pairs = error, __tostring = error})");
    char *text = encode_top(L, 0, &e);
    assert_string_equal(text, "{\"a\":1}");
    free(text);

    /* The maximum, and what was in the buffer before stays. */
    struct buf out;
    buf_init(&out, 10);
    buf_adds(&out, "ab");
    lua_pushliteral(L, "123456");
    assert_int_equal(conv_encode(L, -1, &out, 0, &e), 0);
    assert_string_equal(out.data, "ab\"123456\"");
    buf_reset(&out);
    buf_adds(&out, "abc");
    assert_int_equal(conv_encode(L, -1, &out, 0, &e), -1);
    assert_int_equal(e.kind, ERR_LIMIT);
    assert_string_equal(out.data, "abc");
    assert_int_equal(conv_encode(L, -1, &out, 0, NULL), -1);
    buf_free(&out);
    lua_close(L);
}

static void test_many_keys(void **state)
{
    (void)state;
    lua_State *L = open_state();
    struct err e;
    run(L, "local t = {} for i = 1, 1000 do t['k' .. (i * 7919 % 1000)] = i end "
           "return t");
    char *text = encode_top(L, 0, &e);
    assert_non_null(text);
    char last[16] = "";
    int n = 0;
    for (char *k = strstr(text, "\"k"); k; k = strstr(k + 1, "\"k"), n++) {
        char name[16];
        sscanf(k, "\"%15[^\"]", name);
        assert_true(strcmp(last, name) < 0);
        strcpy(last, name);
    }
    assert_int_equal(n, 1000);
    free(text);
    lua_close(L);
}

static void test_handles(void **state)
{
    (void)state;
    lua_State *L = open_state();
    struct err e;
    const char *name;
    lua_newtable(L);
    handles_push_secret(L, "acme.slack_url", "", "");
    assert_string_equal(handles_to_secret(L, -1), "acme.slack_url");
    assert_int_equal(handles_to_file(L, -1, NULL), -1);
    assert_string_equal(luaL_tolstring(L, -1, NULL), "secret acme.slack_url");
    lua_pop(L, 1);
    lua_setfield(L, 1, "url");
    assert_null(encode_top(L, CONV_PLAIN, &e));
    assert_string_equal(e.text, "cannot encode JSON: url: a secret cannot be encoded: "
                                "pass it as a URL or a header value");
    handles_push_file(L, 3, "people.csv");
    assert_string_equal(luaL_tolstring(L, -1, NULL), "file people.csv");
    lua_pop(L, 1);
    assert_int_equal(handles_to_file(L, -1, &name), 3);
    assert_null(handles_to_secret(L, -1));
    lua_setfield(L, 1, "file");
    lua_pushliteral(L, "forged");
    lua_setfield(L, 1, "$secret");
    lua_pushliteral(L, "x");
    lua_setfield(L, 1, "$$");
    char *text = encode_top(L, CONV_HANDLES, &e);
    assert_string_equal(text,
                        "{\"$$$\":\"x\",\"$$secret\":\"forged\",\"file\":{\"$file\":[3,"
                        "\"people.csv\"]},\"url\":{\"$secret\":\"acme.slack_url\"}}");
    lua_settop(L, 0);
    assert_int_equal(conv_decode(L, text, strlen(text), CONV_HANDLES, &e), 0);
    lua_getfield(L, 1, "url");
    assert_string_equal(handles_to_secret(L, -1), "acme.slack_url");
    lua_getfield(L, 1, "file");
    assert_int_equal(handles_to_file(L, -1, &name), 3);
    assert_string_equal(name, "people.csv");
    lua_getfield(L, 1, "$secret");
    assert_string_equal(lua_tostring(L, -1), "forged");
    lua_settop(L, 1);
    char *again = encode_top(L, CONV_HANDLES, &e);
    assert_string_equal(again, text);
    free(again);
    free(text);
    lua_settop(L, 0);

    /* From outside, without the flag, it is data; and data does not become a handle. */
    check(L, "{\"$secret\":\"a\"}", "{\"$secret\":\"a\"}");
    decode(L, "[{\"$secret\":\"a\"}]", &e);
    text = encode_top(L, CONV_HANDLES, &e);
    assert_string_equal(text, "[{\"$$secret\":\"a\"}]");
    free(text);
    lua_settop(L, 0);
    const char *const bad[] = {"{\"$x\":1}",
                               "{\"$secret\":1}",
                               "{\"$secret\":\"a\",\"b\":1}",
                               "[{\"$secret\":\"../a\"}]",
                               "{\"$file\":[1]}",
                               "{\"$file\":[-1,\"a\"]}",
                               "{\"$file\":[9223372036854775807,\"a\"]}",
                               "{\"a\":{\"$\":1}}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(conv_decode(L, bad[i], strlen(bad[i]), CONV_HANDLES, &e), -1);
        assert_int_equal(e.kind, ERR_INVALID);
        assert_non_null(strstr(e.text, "is not a handle that foyer knows"));
        assert_int_equal(lua_gettop(L), 0);
    }
    assert_false(conv_is_array(L, 1));
    handles_push_null(L);
    assert_true(handles_is_null(L, -1));
    lua_pushnil(L);
    assert_false(handles_is_null(L, -1));
    lua_close(L);
}

static void test_round_trip_bits(void **state)
{
    (void)state;
    lua_State *L = open_state();
    uint64_t seed = 0x9e3779b97f4a7c15u;
    for (int i = 0; i < 20000; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        double v;
        memcpy(&v, &seed, sizeof v);
        if (!isfinite(v))
            continue;
        lua_settop(L, 0);
        lua_pushnumber(L, v);
        char *text = encode_top(L, 0, NULL);
        assert_int_equal(decode(L, text, NULL), 0);
        assert_false(lua_isinteger(L, -1));
        double back = lua_tonumber(L, -1);
        assert_memory_equal(&back, &v, sizeof v);
        free(text);
        lua_pushinteger(L, (lua_Integer)(seed >> (i % 64)));
        text = encode_top(L, 0, NULL);
        assert_int_equal(decode(L, text, NULL), 0);
        assert_true(lua_isinteger(L, -1));
        assert_true(lua_tointeger(L, -1) == (lua_Integer)(seed >> (i % 64)));
        free(text);
    }
    lua_close(L);
}

static int build_nothing(lua_State *L)
{
    (void)L;
    return 0;
}

/* At the cap the value goes, the reason stays, and lua-cjson's buffers do not leak. */
static void test_cap(void **state)
{
    (void)state;
    lua_State *L = open_state();
    struct buf text;
    struct err e;
    buf_init(&text, 1 << 24);
    buf_addc(&text, '[');
    for (int i = 0; i < 100000; i++)
        buf_addf(&text, "%s{\"id\":%d}", i ? "," : "", i);
    buf_addc(&text, ']');
    memory.max = memory.used + (4 << 20);
    size_t before = 0;
    for (int i = 0; i < 60; i++) {
        assert_int_equal(conv_decode(L, text.data, text.len, 0, &e), -1);
        assert_int_equal(e.kind, ERR_LIMIT);
        assert_int_equal(lua_gettop(L), 0);
        assert_true(memory.used < memory.max);
        if (i == 9)
            before = mallinfo2().uordblks + mallinfo2().hblkhd;
    }
    assert_true(mallinfo2().uordblks + mallinfo2().hblkhd < before + (1 << 20));
    /* The state goes on, and what fits with its garbage gone is given. */
    lua_pushcfunction(L, build_nothing);
    assert_int_equal(lua_pcall(L, 0, 0, 0), 0);
    memory.max = memory.used + (32 << 20);
    assert_int_equal(conv_decode(L, text.data, text.len, 0, &e), 0);
    lua_settop(L, 0);
    /* Only its garbage is too much. */
    lua_gc(L, LUA_GCCOLLECT, 0);
    lua_gc(L, LUA_GCSTOP, 0);
    memory.max = memory.used + (1 << 20);
    char *big = xmalloc(1 << 21);
    memset(big, ' ', 1 << 21);
    memcpy(big, "[1]", 3);
    assert_int_equal(conv_decode(L, big, 1 << 21, 0, &e), 0);
    free(big);
    buf_free(&text);

    /* More than the allowance is refused before lua-cjson sees it. */
    memory.max = SIZE_MAX / 4;
    buf_init(&text, 1 << 26);
    buf_addc(&text, '[');
    for (int i = 0; i < 249000; i++)
        buf_addf(&text, "%s{\"some-rather-long-key-that-is-not-interned-by-lua-%d\":{}}",
                 i ? "," : "", i);
    buf_addc(&text, ']');
    assert_int_equal(conv_decode(L, text.data, text.len, 0, &e), -1);
    assert_int_equal(e.kind, ERR_LIMIT);
    assert_non_null(strstr(e.text, "more memory than a script may have"));
    buf_free(&text);
    lua_close(L);
    assert_int_equal(memory.used, 0);
}

/* The pre-scan's bound holds: so Lua's memory cannot run out inside lua-cjson. */
static void test_bound(void **state)
{
    (void)state;
    lua_State *L = open_state();
    const char *const item[] = {"{}",
                                "[]",
                                "[1]",
                                "{\"a\":1}",
                                "12345678901234567",
                                "\"\\u0041\"",
                                "[{\"k\":[1,2,3]}]",
                                "\"\""};
    decode(L, "1", NULL); /* lua-cjson itself */
    lua_settop(L, 0);
    for (size_t k = 0; k < sizeof item / sizeof *item; k++) {
        for (int object = 0; object < 2; object++) {
            struct buf text, out;
            buf_init(&text, 1 << 24);
            buf_init(&out, 1 << 24);
            buf_addc(&text, object ? '{' : '[');
            for (int i = 0; i < 40000; i++) {
                buf_addc(&text, i ? ',' : ' ');
                if (object)
                    buf_addf(&text, "\"k%d\":", i);
                buf_adds(&text, item[k]);
            }
            buf_addc(&text, object ? '}' : ']');
            struct jsontext_scan scan = {.mark = "01234567890123456789012345678901",
                                         .depth_max = 64,
                                         .values_max = 500000,
                                         .out = &out};
            assert_int_equal(jsontext_check(&scan, text.data, text.len, NULL), 0);
            lua_gc(L, LUA_GCCOLLECT, 0);
            lua_gc(L, LUA_GCSTOP, 0);
            size_t base = memory.used;
            assert_int_equal(conv_decode(L, text.data, text.len, 0, NULL), 0);
            /* Garbage of growing tables included: an upper bound for the live peak,
             * which the collector keeps below when memory is short. */
            lua_gc(L, LUA_GCCOLLECT, 0);
            lua_gc(L, LUA_GCRESTART, 0);
            assert_true(memory.used - base <= scan.lua_bytes + (64 << 10));
            lua_settop(L, 0);
            buf_free(&out);
            buf_free(&text);
        }
    }
    lua_close(L);
}

static void test_state_stays_clean(void **state)
{
    (void)state;
    lua_State *L = open_state();
    check(L, "[1]", "[1]");
    lua_getglobal(L, "cjson");
    assert_true(lua_isnil(L, -1));
    lua_settop(L, 0);
    struct buf *b = handles_push_buf(L, 100);
    buf_adds(b, "hello");
    assert_string_equal(b->data, "hello");
    lua_settop(L, 0);
    lua_gc(L, LUA_GCCOLLECT, 0);
    lua_close(L);
    assert_int_equal(memory.used, 0);
}

static void test_mend(void **state)
{
    (void)state;
    static const struct {
        const char *text, *mended;
        size_t n;
    } cases[] = {
        {"", "", 0},
        {"\"Boots \\ud83d\"", "\"Boots \\ufffd\"", 1},
        {"\\uDE00\\ud83d\\ude00\\ud83d", "\\ufffd\\ud83d\\ude00\\ufffd", 2},
        {"\\ud83d\\ud83d\\ude00", "\\ufffd\\ud83d\\ude00", 1},
        {"\\ud83d\\n\\u0041", "\\ufffd\\n\\u0041", 1},
        {"\\ud83dx\\ude00", "\\ufffdx\\ufffd", 2},
        /* a backslash that is meant */
        {"\\\\ud83d", "\\\\ud83d", 0},
        {"\\\\\\ud83d", "\\\\\\ufffd", 1},
        /* no escape at all, or the text ends in it */
        {"\\ud83", "\\ud83", 0},
        {"\\ud83g\\u", "\\ud83g\\u", 0},
        {"\\ud83d\\u", "\\ufffd\\u", 1},
        {"\\ud83d\\ude0", "\\ufffd\\ude0", 1},
        {"\\", "\\", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len = strlen(cases[i].text);
        char *text = xmalloc(len ? len : 1); /* of that very size, for the sanitizer */
        memcpy(text, cases[i].text, len);
        assert_int_equal(jsontext_mend(text, len), cases[i].n);
        assert_memory_equal(text, cases[i].mended, len);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_utf8_everywhere),
        cmocka_unit_test(test_mend),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_arrays),
        cmocka_unit_test(test_encode_errors),
        cmocka_unit_test(test_many_keys),
        cmocka_unit_test(test_handles),
        cmocka_unit_test(test_round_trip_bits),
        cmocka_unit_test(test_cap),
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_state_stays_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
