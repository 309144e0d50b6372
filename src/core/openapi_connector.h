/* openapi_connector: where the API of an OpenAPI document is, and how it is authorised,
 * as a connector. */
#ifndef FOYER_OPENAPI_CONNECTOR_H
#define FOYER_OPENAPI_CONNECTOR_H

#include <jansson.h>

#include "base/err.h"
#include "core/openapi_shape.h"

struct openapi_connector {
    json_t *table;      /* owned: the connector */
    const char *scheme; /* borrowed: the name of the security scheme; NULL: none */
    const char *key;    /* borrowed: the header or parameter of the key, or NULL */
};

/* SCHEME NULL: the first that foyer can use of those that most operations name. API_URL
 * NULL: the document's own address. NOTES gets sentences about what was chosen. -1 with
 * ERR_INVALID, ERR_USAGE for a SCHEME that the document does not have. */
int openapi_read_connector(struct openapi_document *d, const char *scheme,
                           const char *api_url, json_t *notes,
                           struct openapi_connector *out, struct err *e);
/* Returns 1 when the operation ABOUT can be sent with the key of SCHEME. */
int openapi_is_allowed(const struct openapi_document *d, const json_t *about,
                       const char *scheme);
/* Returns the address in SERVERS, with its variables' defaults, a new string; NULL when
 * there is none. */
char *openapi_server(const json_t *servers);

#endif
