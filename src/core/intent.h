/* intent: what is recorded of a write before it leaves, as JSON: the connection that it
 * goes to and the request, for the process that must find out whether it was done. Pure.
 */
#ifndef FOYER_INTENT_H
#define FOYER_INTENT_H

#include <jansson.h>
#include <stddef.h>

struct intent {
    /* of the connection; NULL: it goes to none, or was recorded by a foyer that did not
     * say it */
    const char *app, *company;
    const char *method;
    const char *path; /* "/conversations/cnv_1/messages", below the connection's address;
                         "https://host/path" outside of connections; no query */
    json_t *body;     /* as it was before it was encoded; NULL: none */
    json_t *tree;     /* what owns all of this when it was read */
};

/* The text to be recorded: a new string. */
char *intent_text(const struct intent *is);
/* Reads TEXT (may be NULL), until intent_fini. What cannot be read is NULL. */
void intent_read(struct intent *out, const char *text, size_t len);
void intent_fini(struct intent *is);
/* {method, path, body}: a new reference. */
json_t *intent_request(const struct intent *is);
/* 1: A and B are writes of the same method and path to the same company. */
int intent_same_place(const struct intent *a, const struct intent *b);

#endif
