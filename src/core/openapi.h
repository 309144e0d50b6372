/* openapi: makes a connector and one declared action for each operation of an OpenAPI 3
 * document, with or without descriptions. Reads and writes no files. */
#ifndef FOYER_OPENAPI_H
#define FOYER_OPENAPI_H

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"

struct openapi_options {
    const char *only; /* a pattern of fnmatch(3) for the names and paths of operations */
    const char *auth; /* the security scheme; NULL: chosen */
    const char *api_url; /* NULL: the document's */
};

/* Returns the document of TEXT, JSON or YAML, a new reference. NULL with ERR_INVALID. */
json_t *openapi_parse(const char *text, size_t len, struct err *e);
/* Returns {"title", "files": [{"path": "actions/list-pets.lua", "text"}], "actions": 20,
 * "left_out": [{"operation": "POST /x", "why"}], "notes": [text]}, which the caller
 * frees. The connector is the first of the files. NULL with ERR_INVALID when DOCUMENT is
 * no OpenAPI 3 document, or with ERR_USAGE. */
json_t *openapi_read(const json_t *document, const struct openapi_options *options,
                     struct err *e);

/* Returns the name of the action of an operation: OPERATION_ID (may be NULL) in small
 * letters with '-' between its words, else METHOD and PATH. A new string. */
char *openapi_action_name(const char *operation_id, const char *method, const char *path);

#endif
