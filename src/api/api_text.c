#include "api/api.h"

#include <lauxlib.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/csv.h"
#include "base/html.h"
#include "base/str.h"
#include "base/text.h"
#include "base/textfile.h"
#include "base/when.h"
#include "base/zone.h"
#include "core/limits.h"
#include "vm/conv.h"
#include "vm/fail.h"
#include "vm/handles.h"

/* The string at ARG, which has no NUL bytes. */
static const char *check_plain(lua_State *L, int arg)
{
    size_t len;
    const char *s = luaL_checklstring(L, arg, &len);
    if (strlen(s) != len)
        luaL_argerror(L, arg, "a NUL byte in the text");
    return s;
}

/* text.trim(text) -> text without white space at its ends */
static int api_text_trim(lua_State *L)
{
    size_t len;
    const char *s = luaL_checklstring(L, 1, &len);
    text_trim(&s, &len);
    lua_pushlstring(L, s, len);
    return 1;
}

int api_text_add_all(lua_State *L, const char *what,
                     int (*add)(struct buf *, const char *, size_t))
{
    size_t len;
    const char *s = luaL_checklstring(L, 1, &len);
    struct buf *out = handles_push_buf(L, limits_default.vm_bytes);
    if (add(out, s, len) != 0)
        return fail_text(L, ERR_LIMIT, "cannot make %s: it is longer than %zu bytes",
                         what, out->max);
    return handles_push_text(L, out);
}

/* text.escape_html(text) -> text */
static int api_text_escape_html(lua_State *L)
{
    return api_text_add_all(L, "HTML", text_add_html);
}

/* text.paragraphs(text) -> HTML */
static int api_text_paragraphs(lua_State *L)
{
    return api_text_add_all(L, "HTML", text_add_paragraphs);
}

/* text.from_html(html) -> text */
static int api_text_from_html(lua_State *L)
{
    size_t len;
    luaL_Buffer b;
    const char *s = luaL_checklstring(L, 1, &len);
    char *out = luaL_buffinitsize(L, &b, HTML_TEXT_MAX(len));
    luaL_pushresultsize(&b, html_text(s, len, out));
    return 1;
}

/* text.truncate(text, n) -> at most N characters; the last one of a cut text is … */
static int api_text_truncate(lua_State *L)
{
    size_t len;
    int cut;
    const char *s = luaL_checklstring(L, 1, &len);
    lua_Integer n = luaL_checkinteger(L, 2);
    luaL_argcheck(L, n >= 1, 2, "at least 1");
    text_prefix(s, len, (size_t)n, &cut);
    if (!cut) {
        lua_settop(L, 1);
        return 1;
    }
    lua_pushlstring(L, s, text_prefix(s, len, (size_t)n - 1, &cut));
    lua_pushliteral(L, "\xe2\x80\xa6");
    lua_concat(L, 2);
    return 1;
}

/* Returns how many seconds the clocks of the zone at IDX are ahead of UTC at T. */
static int32_t offset_at(lua_State *L, int idx, int64_t t)
{
    struct err e;
    struct zone_span span;
    const struct zone *zone = zone_find(check_plain(L, idx), &e);
    if (!zone)
        fail_raise(L, &e);
    zone_span(zone, t, &span);
    return span.east;
}

/* text.time(seconds, [format, [zone]]) -> text, in UTC or as the zone's clocks show it */
static int api_text_time(lua_State *L)
{
    struct err e;
    lua_Number seconds = luaL_checknumber(L, 1);
    const char *format = lua_isnoneornil(L, 2) ? "%Y-%m-%dT%H:%M:%SZ" : check_plain(L, 2);
    luaL_argcheck(L, fabs(seconds) < (lua_isnoneornil(L, 3) ? 1e15 : 1e12), 1,
                  "a time in seconds since 1970");
    int64_t whole = (int64_t)floor(seconds);
    if (!lua_isnoneornil(L, 3))
        whole += offset_at(L, 3, whole);
    struct buf *out = handles_push_buf(L, 4096); /* not before: it may be argument 3 */
    if (when_format(out, format, whole, &e) != 0)
        return fail_raise(L, &e);
    return handles_push_text(L, out);
}

static void push_seconds(lua_State *L, int64_t seconds, int32_t ns)
{
    if (ns)
        lua_pushnumber(L, (lua_Number)seconds + (lua_Number)ns / 1e9);
    else
        lua_pushinteger(L, seconds);
}

/* text.parse_time("2026-11-22T10:00:00Z") -> seconds since 1970 */
static int api_text_parse_time(lua_State *L)
{
    struct err e;
    int64_t seconds;
    int32_t ns;
    if (when_parse(check_plain(L, 1), &seconds, &ns, &e) != 0)
        return fail_raise(L, &e);
    push_seconds(L, seconds, ns);
    return 1;
}

/* text.duration(seconds) -> "2 h 5 min" */
static int api_text_duration(lua_State *L)
{
    char out[64];
    lua_Number seconds = luaL_checknumber(L, 1);
    luaL_argcheck(L, fabs(seconds) < 1e15, 1, "a number of seconds");
    when_format_duration(seconds, out);
    lua_pushstring(L, out);
    return 1;
}

/* text.parse_duration("2d") -> seconds */
static int api_text_parse_duration(lua_State *L)
{
    int64_t ms;
    const char *s = check_plain(L, 1);
    if (str_parse_duration(s, &ms) != 0)
        return fail_text(L, ERR_INVALID,
                         "cannot read the duration \"%.64s\": write 90s, 15m, 2h or 3d",
                         s);
    push_seconds(L, ms / 1000, (int32_t)(ms % 1000) * 1000000);
    return 1;
}

static void push_field(lua_State *L, const struct csv_field *f)
{
    luaL_Buffer b;
    if (!f->doubled) {
        lua_pushlstring(L, f->s, f->len);
        return;
    }
    char *out = luaL_buffinitsize(L, &b, f->len);
    luaL_pushresultsize(&b, csv_unquote(f, out));
}

static void push_row(lua_State *L, const struct csv *c, int nnamed)
{
    lua_createtable(L, 0, nnamed + 1);
    handles_set_integer(L, "line", c->line); /* a column of that name replaces it */
    for (size_t i = 0; i < c->ncolumns; i++) {
        if (c->columns[i].len == 0)
            continue;
        push_field(L, &c->columns[i]);
        push_field(L, &c->fields[i]);
        lua_rawset(L, -3);
    }
}

static void push_problem(lua_State *L, const struct csv *c, const struct err *e)
{
    lua_createtable(L, 0, 2);
    handles_set_integer(L, "line", c->line);
    handles_set_text(L, "message", e->text);
}

/* The memory of N rows without their texts: a table each, its slot in the list, and the
 * nodes of its hash, a power of two (Lua's lobject.h). */
static size_t least_bytes(size_t n, int members)
{
    size_t nodes = 1;
    while (nodes < (size_t)members)
        nodes *= 2;
    return n * (56 + 16 + 24 * nodes);
}

/* (buf) -> rows, problems; nothing when they cannot fit into the memory of a run */
static int read_rows(lua_State *L)
{
    struct err e;
    enum csv_read read;
    const struct buf *text = lua_touserdata(L, 1);
    struct csv *c = lua_newuserdatauv(L, sizeof *c, 0); // text csv
    if (csv_open(c, buf_str(text), text->len, &e) != 0)
        return fail_raise(L, &e);
    int nnamed = 0;
    for (size_t i = 0; i < c->ncolumns; i++)
        nnamed += c->columns[i].len > 0;
    size_t n = csv_count(c);
    if (least_bytes(n, nnamed + 1) > limits_default.vm_bytes)
        return 0;
    lua_createtable(L, (int)n, 0);
    handles_mark_array(L, 3); // text csv rows
    lua_newtable(L);
    handles_mark_array(L, 4); // text csv rows problems
    lua_Integer rows = 0, problems = 0;
    while ((read = csv_next(c, &e)) != CSV_END) {
        if (read == CSV_UNUSABLE)
            return fail_raise(L, &e);
        if (read == CSV_ROW) {
            push_row(L, c, nnamed);
            lua_rawseti(L, 3, ++rows);
        } else {
            push_problem(L, c, &e);
            lua_rawseti(L, 4, ++problems);
        }
    }
    return 2;
}

/* text.csv(text or file) -> rows, problems */
static int api_text_csv(lua_State *L)
{
    size_t len;
    struct err e;
    const char *name = "CSV";
    int id = handles_to_file(L, 1, &name);
    lua_settop(L, 1);
    const char *data =
        id < 0 ? luaL_checklstring(L, 1, &len) : api_file_bytes(L, id, &len);
    struct buf *text = handles_push_buf(L, len);
    buf_add(text, data, len);
    if (textfile_clean_lines(text, name, &e) != 0)
        return fail_raise(L, &e);
    lua_pushcfunction(L, read_rows);
    lua_pushvalue(L, 2);
    int status = conv_call(L, 1, 2);
    buf_free(text);
    if (status == LUA_OK && !lua_isnil(L, -2))
        return 2;
    if (status != LUA_OK && status != LUA_ERRMEM)
        return lua_error(L);
    return fail_text(L, ERR_LIMIT,
                     "cannot read %s (%zu bytes): its rows take more than the %zu MiB of "
                     "memory that a run may have; split the file",
                     name, len, limits_default.vm_bytes >> 20);
}

int api_text_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"trim", api_text_trim},
        {"escape_html", api_text_escape_html},
        {"paragraphs", api_text_paragraphs},
        {"from_html", api_text_from_html},
        {"truncate", api_text_truncate},
        {"time", api_text_time},
        {"parse_time", api_text_parse_time},
        {"duration", api_text_duration},
        {"parse_duration", api_text_parse_duration},
        {"csv", api_text_csv},
        {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
