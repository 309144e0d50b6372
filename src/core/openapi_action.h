/* openapi_action: the text of the action of one operation of an OpenAPI document. */
#ifndef FOYER_OPENAPI_ACTION_H
#define FOYER_OPENAPI_ACTION_H

#include <jansson.h>

#include "core/openapi_input.h"

/* What most lists of the document look like: paths into an answer. All NULL: not known.
 */
struct openapi_paging {
    char *results, *next, *total; /* owned */
};

/* Sets OUT from the answers of all operations; where two have the same, that is it. */
void openapi_find_paging(struct openapi_document *d, struct openapi_paging *out);
void openapi_paging_fini(struct openapi_paging *p);
/* Returns where the document's errors have their message, a new string, or NULL. */
char *openapi_find_message(struct openapi_document *d);
/* Returns the connector's `identity`, by a GET that looks as if it says whose key it is,
 * or NULL. The caller frees it. */
json_t *openapi_find_identity(struct openapi_document *d);

/* Returns the whole text of the action called NAME, a new string. */
char *openapi_action(struct openapi_document *d, const struct openapi_operation *o,
                     const struct openapi_input *in, const struct openapi_paging *paging,
                     const char *name, const char *title);

#endif
