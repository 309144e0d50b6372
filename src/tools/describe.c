/* describe: runs a script of Lua with the arguments after its name, as lua(1) does. The
 * build uses the library that it links anyway, so that it needs no interpreter. Usage:
 * describe SCRIPT [ARGUMENT...] */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    lua_State *L = luaL_newstate();
    if (!L || argc < 2)
        return 2;
    luaL_openlibs(L);
    lua_createtable(L, argc - 2, 0);
    for (int i = 2; i < argc; i++) {
        lua_pushstring(L, argv[i]);
        lua_rawseti(L, -2, i - 1);
    }
    lua_setglobal(L, "arg");
    int failed = luaL_dofile(L, argv[1]) != LUA_OK;
    if (failed)
        fprintf(stderr, "describe: %s\n", lua_tostring(L, -1));
    lua_close(L);
    return failed || fflush(stdout) != 0;
}
