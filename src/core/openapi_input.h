/* openapi_input: the parameters and the body of one operation of an OpenAPI document, as
 * the input of an action. */
#ifndef FOYER_OPENAPI_INPUT_H
#define FOYER_OPENAPI_INPUT_H

#include <jansson.h>

#include "core/openapi_shape.h"

struct openapi_operation {
    const char *method;  /* "GET" */
    const char *path;    /* as the document has it */
    const json_t *item;  /* of the path */
    const json_t *about; /* the operation itself */
    const char *key;     /* the header or parameter that takes the key, or NULL */
};

enum openapi_body {
    OPENAPI_JSON, /* also a form with a file, which foyer makes of files by itself */
    OPENAPI_NO_BODY,
    OPENAPI_FORM,     /* application/x-www-form-urlencoded */
    OPENAPI_MULTIPART /* multipart/form-data without a file that is required */
};

struct openapi_input {
    json_t *fields; /* owned */
    char *path;     /* owned: with the names of fields in its braces */
    enum openapi_body body;
    char *why_not; /* owned: the operation cannot be an action, because; NULL: it can */
    json_t *left;  /* owned: sentences about what was left out of it */
};

void openapi_read_input(struct openapi_document *d, const struct openapi_operation *o,
                        struct openapi_input *out);
void openapi_input_fini(struct openapi_input *in);
/* Returns NAME as the name of a field, a new string. */
char *openapi_field_name(const char *name);

#endif
