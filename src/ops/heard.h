/* heard: messages that stored deliveries are about, as the entry "talk" has them, each
 * with `delivery`, the place of its delivery in a list (of a delivery whose body is not
 * kept that and `at` alone). What is returned is borrowed, unless a comment says
 * otherwise. */
#ifndef FOYER_HEARD_H
#define FOYER_HEARD_H

#include <jansson.h>
#include <stddef.h>

/* Returns the message with that id, or NULL; ID may be NULL. */
const json_t *heard_find(const json_t *list, const char *id);
/* Returns TOLD with each message once, a new list. */
json_t *heard_once(const json_t *told);
/* Returns the customer's message that the delivery at PLACE is about, or NULL. */
const json_t *heard_at(const json_t *told, size_t place);
/* Returns 1 when a webhook that came soon after AT, in Unix seconds, may be of the
 * message of that time: what it said is not kept. */
int heard_maybe(const json_t *told, double at);

#endif
