/* file_stamps: tells which parts of a workspace have changed, without reading a file. */
#ifndef FOYER_FILE_STAMPS_H
#define FOYER_FILE_STAMPS_H

#include <jansson.h>

/* A new object with a number for each directory of clients/, by its name, and one by ""
 * for what all clients share: foyer.lua, foyer.local.lua, lua/, recipes/ and templates/
 * of the workspace DIR. A number differs
 * once a file below was made, removed, renamed or written; stat(2) says so, also of what
 * symbolic links lead to. */
json_t *file_stamps(const char *dir);

#endif
