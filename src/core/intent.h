/* intent: the record of a write, stored as JSON before it is sent: the connection and the
 * request. A later process uses it to find out whether the write happened. Pure. */
#ifndef FOYER_INTENT_H
#define FOYER_INTENT_H

#include <jansson.h>
#include <stddef.h>

struct intent {
    /* of the connection; NULL: none, or recorded by an older foyer */
    const char *app, *company;
    const char *method;
    const char *path;  /* "/conversations/cnv_1/messages", below the connection's address;
                          "https://host/path" without a connection; no query */
    json_t *body;      /* before it was encoded; NULL: none */
    json_t *templates; /* names ("hello.md") of those that it was made of; NULL: none */
    json_t *tree;      /* owns the members above after intent_read */
};

/* Returns the text to record, a new string. */
char *intent_text(const struct intent *is);
/* Reads TEXT (may be NULL). Unreadable members are NULL. Freed by intent_fini. */
void intent_read(struct intent *out, const char *text, size_t len);
void intent_fini(struct intent *is);
/* Returns {method, path, body}, a new reference. */
json_t *intent_request(const struct intent *is);
/* Returns 1 when A and B are writes with the same method and path to the same company. */
int intent_same_place(const struct intent *a, const struct intent *b);

#endif
