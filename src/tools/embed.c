/* embed: writes the built-in layer into C: as text, so that messages keep file and line,
 * and lua/std and the connectors as bytecode without debug information beside it. Usage:
 * embed FILE... >builtin.c; the names stay as given. */
#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned column;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void put_bytes(const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        printf("%s%d,", column++ % 24 ? "" : "\n", (signed char)data[i]);
}

static int put_code(lua_State *L, const void *data, size_t len, void *arg)
{
    (void)L, (void)arg;
    put_bytes(data, len);
    return 0;
}

static void put_text(const char *path, int i)
{
    char chunk[4096];
    size_t n;
    FILE *f = fopen(path, "rb");
    if (!f)
        die(path);
    printf("static const char file_%d[] = {", i);
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
        put_bytes(chunk, n);
    if (ferror(f))
        die(path);
    fclose(f);
    puts("0};");
}

static int has_code(const char *path)
{
    const char *name = strrchr(path, '/');
    return strncmp(path, "lua/std/", 8) == 0 || strcmp(name, "/connector.lua") == 0;
}

static void compile(lua_State *L, const char *path, int i)
{
    if (luaL_loadfilex(L, path, "t") != LUA_OK) {
        fprintf(stderr, "embed: %s\n", lua_tostring(L, -1));
        exit(1);
    }
    printf("static const char code_%d[] = {", i);
    lua_dump(L, put_code, NULL, 1);
    puts("0};");
    lua_settop(L, 0);
}

int main(int argc, char **argv)
{
    lua_State *L = luaL_newstate();
    puts("#include \"vm/builtin.h\"\n");
    for (int i = 1; i < argc; i++) {
        put_text(argv[i], i);
        if (has_code(argv[i]))
            compile(L, argv[i], i);
    }
    puts("\nconst struct builtin_file builtin_files[] = {");
    for (int i = 1; i < argc; i++) {
        printf("    {\"%s\", file_%d, sizeof file_%d - 1, ", argv[i], i, i);
        if (has_code(argv[i]))
            printf("code_%d, sizeof code_%d - 1},\n", i, i);
        else
            puts("0, 0},");
    }
    puts("    {0, 0, 0, 0, 0}};");
    printf("\nconst size_t builtin_count = %d;\n", argc - 1);
    lua_close(L);
    return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
