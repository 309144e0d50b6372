/* merge: a write of an object that the API replaces as a whole. What the API has is read,
 * and the members that the caller gives are put over it. The read is a part of sending
 * the write and no step of the journal: whenever the write is sent again, it is read
 * again, because a recorded read would write old values back. */
#ifndef FOYER_MERGE_H
#define FOYER_MERGE_H

#include <jansson.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct merge {
    char *from;  /* the path that is read, below the connection's address */
    char *at;    /* dotted: where the object is, in the body and in what is read */
    char *given; /* the body as the caller gave it */
    size_t given_len;
};

struct merge_got {            /* borrowed */
    const char *what;         /* "GET /contacts/crd_1", for errors */
    const struct buf *packed; /* its outcome: see core/packed.h */
    const json_t *connector;
};

/* Copies all. */
struct merge *merge_new(const char *from, const char *at, const struct buf *body);
void merge_free(struct merge *m); /* NULL is fine */
/* Replaces BODY by the given one, with its object put over the one of GOT. Members that
 * are null are removed. -1 with the failure of the read, or ERR_INVALID when it has
 * neither an object there nor null: what is not found would be erased. */
int merge_apply(const struct merge *m, const struct merge_got *got, struct buf *body,
                struct err *e);

#endif
