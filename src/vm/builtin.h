/* builtin: the lua/, recipes/ and templates that foyer comes with, compiled in as text by
 * src/tools/embed.c. The parts of lua/std, which no workspace overrides, are there as
 * bytecode too. The array is in byte order of the paths and ends with a NULL path. */
#ifndef FOYER_BUILTIN_H
#define FOYER_BUILTIN_H

#include <stddef.h>

struct builtin_file {
    const char *path; /* "lua/front/connector.lua" */
    const char *text;
    size_t len;
    const char *code; /* NULL: none; made by the Lua that is linked */
    size_t code_len;
};

extern const struct builtin_file builtin_files[];
extern const size_t builtin_count; /* without the last, NULL */

#endif
