/* openapi_shape: a schema of an OpenAPI document with its references, `allOf` and
 * alternatives put together. Only local references are followed. */
#ifndef FOYER_OPENAPI_SHAPE_H
#define FOYER_OPENAPI_SHAPE_H

#include <jansson.h>

struct openapi_document {
    const json_t *tree;
    json_t *cut;  /* the names of schemas that hold themselves -> true */
    json_t *lost; /* references that lead nowhere -> true */
};

/* References on the way to a schema: the innermost first. */
struct openapi_way {
    const struct openapi_way *up;
    const char *ref;
};

/* Returns what NODE refers to, through several references; NODE itself when it is none.
 * Borrowed; NULL when a reference leads nowhere or around, which is noted. */
const json_t *openapi_target(struct openapi_document *d, const json_t *node);

/* One schema, put together: {"type": "object", "array", "string", "integer", "number",
 * "boolean" or "any", "nullable": true, "enum": [], "properties": {name: schema},
 * "required": [], "items": schema, "format", "description", "example", "minimum", …}.
 * WAY is how SCHEMA was reached. The caller frees the shape. A schema that holds itself
 * is noted, and has no more than its own words the second time. */
json_t *openapi_shape(struct openapi_document *d, const json_t *schema,
                      const struct openapi_way *way);
/* Returns the references that SHAPE has passed, a list of texts, borrowed: they are part
 * of the way to what is inside of it. */
const json_t *openapi_shape_refs(const json_t *shape);

#endif
