/* openapi_field: a schema of an OpenAPI document as a field of an action's input or
 * output, as lua_text_value writes it: {"": "string", "required": true, "about": "…"}. */
#ifndef FOYER_OPENAPI_FIELD_H
#define FOYER_OPENAPI_FIELD_H

#include <jansson.h>

#include "core/openapi_shape.h"

struct openapi_fields {
    struct openapi_document *d;
    int is_output; /* 0: of an input, which has no properties that are only read */
    int is_form;   /* 1: of a form: a binary text is a file */
    int is_path;   /* 1: of a path, where a default is only an example */
    int depth;     /* an object below so many others has no properties of its own */
    int left;      /* how many more properties may be described */
};

/* Returns the field of SCHEMA, which the caller frees. */
json_t *openapi_field(struct openapi_fields *f, const json_t *schema,
                      const struct openapi_way *way);
/* Returns the fields of the object SHAPE by their names, below so many objects. */
json_t *openapi_properties(struct openapi_fields *f, const json_t *shape,
                           const struct openapi_way *way, int depth);
/* Returns 1 when VALUE is short and of the plain TYPE, "string" or "integer". */
int openapi_fits(const json_t *value, const char *type);
/* Returns FIELD, which it takes over, with its members in the order of the manuals. */
json_t *openapi_ordered(json_t *field);
/* Returns the first sentence or two of a description, in one line of text without marks,
 * as a new string; NULL when there is none. MAX is in bytes. */
char *openapi_sentence(const char *text, size_t max);

#endif
