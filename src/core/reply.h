/* reply: which request of an app answers a conversation, as its connector's `reply` says:
 * {method, path = "/conversations/{conversation}/messages"}. */
#ifndef FOYER_REPLY_H
#define FOYER_REPLY_H

#include <jansson.h>

/* The conversation that METHOD PATH answers, a new string; NULL: it is no reply. */
char *reply_to(const json_t *connector, const char *method, const char *path);

#endif
