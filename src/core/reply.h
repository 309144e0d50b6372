/* reply: recognizes the requests that answer a conversation, by the connector's `reply`:
 * {method, path = "/conversations/{conversation}/messages"}. */
#ifndef FOYER_REPLY_H
#define FOYER_REPLY_H

#include <jansson.h>

/* Returns the conversation that METHOD PATH answers, a new string, or NULL when it is not
 * a reply. */
char *reply_to(const json_t *connector, const char *method, const char *path);

#endif
