/* quote: what a customer reads of a message, as plain text. */
#ifndef FOYER_QUOTE_H
#define FOYER_QUOTE_H

#include <jansson.h>

/* Sets `quote` of ITEM to TEXT, which may be HTML: plain text of at most 16 KB, without
 * empty lines around it, whose paragraphs are lines. Does nothing when that is empty. */
void quote_set(json_t *item, const char *text, int is_html);
/* The same with the text of MESSAGE, one of the entry "talk". */
void quote_message(json_t *item, const json_t *message);
/* The same with what of a reply's BODY the customer reads. */
void quote_body(json_t *item, const json_t *body);

#endif
