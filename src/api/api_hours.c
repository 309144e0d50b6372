#include <lauxlib.h>
#include <math.h>
#include <string.h>

#include "api/api.h"
#include "api/pinned.h"
#include "core/hours.h"
#include "core/settings.h"
#include "vm/fail.h"
#include "vm/handles.h"
#include "vm/run.h"

/* Part of the std table: the client's business hours, for lua/std/hours.lua. */

static int hours_gc(lua_State *L)
{
    struct hours **box = lua_touserdata(L, 1);
    hours_free(*box);
    *box = NULL;
    return 0;
}

/* Returns the hours of the run's client, those of foyer.lua when it has none. They stay
 * on the stack, because what follows may raise. */
static const struct hours *push_hours(lua_State *L)
{
    struct err e;
    const char *client = run_client(run_of(L));
    const json_t *workspace = pinned_workspace(L, client, &e);
    const json_t *own = workspace && client ? pinned_client(L, client, &e) : workspace;
    if (!workspace || !own)
        fail_raise(L, &e);
    const json_t *settings = json_object_get(own, "hours");
    struct hours **box = handles_push_owned(L, sizeof *box, "foyer.hours", hours_gc);
    *box = hours_read(settings ? settings : json_object_get(workspace, "hours"),
                      settings_timezone(workspace, client ? own : NULL), &e);
    if (!*box)
        fail_raise(L, &e);
    return *box;
}

static int64_t check_time(lua_State *L, int idx)
{
    lua_Number seconds = luaL_checknumber(L, idx);
    luaL_argcheck(L, fabs(seconds) < 1e11, idx, "a time in seconds since 1970");
    return (int64_t)floor(seconds);
}

static int push_time(lua_State *L, int64_t t)
{
    if (t == HOURS_NEVER)
        lua_pushnil(L);
    else
        lua_pushinteger(L, t);
    return 1;
}

/* std.hours("is_open" | "opens_at" | "closes_at", time)
 * std.hours("between", from, to), std.hours("after", from, seconds)
 * std.hours("is_away", time, name) */
int api_std_hours(lua_State *L)
{
    static const char *const names[] = {"is_open", "opens_at", "closes_at", "between",
                                        "after",   "is_away",  NULL};
    int which = luaL_checkoption(L, 1, NULL, names);
    int64_t at = check_time(L, 2);
    lua_settop(L, 3);
    const struct hours *hours = push_hours(L);
    switch (which) {
    case 0:
        lua_pushboolean(L, hours_is_open(hours, at));
        return 1;
    case 1:
        return push_time(L, hours_opens(hours, at));
    case 2:
        return push_time(L, hours_closes(hours, at));
    case 3:
        lua_pushinteger(L, hours_between(hours, at, check_time(L, 3)));
        return 1;
    case 4: {
        int64_t seconds = check_time(L, 3);
        luaL_argcheck(L, seconds >= 0, 3, "0 seconds or more");
        return push_time(L, hours_after(hours, at, seconds));
    }
    default:
        lua_pushboolean(L, hours_is_away(hours, luaL_checkstring(L, 3), at));
        return 1;
    }
}
