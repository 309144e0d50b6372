/* packed: the outcome of an HTTP request as the bytes that a journal records: the answer,
 * or the error instead of one. */
#ifndef FOYER_PACKED_H
#define FOYER_PACKED_H

#include <jansson.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "core/mask.h"

/* An answer is packed_begin, packed_add_header for each header, then packed_end, which
 * masks the secrets of SENT where the answer repeats them, so that no script, log or
 * journal shows them. The first replaces the content of OUT. -1 past OUT's maximum. */
int packed_begin(struct buf *out, int status);
int packed_add_header(struct buf *out, const char *name, const char *value);
int packed_end(struct buf *out, const char *body, size_t len, const struct mask *sent);
/* Replaces the content of OUT. */
void packed_error(struct buf *out, const struct err *e);
/* An answer at once, for one that was lost, and was found out by other means. HEADERS is
 * {name: text} or NULL; BODY NULL: an empty body. */
int packed_found(struct buf *out, int status, const json_t *headers, const json_t *body);

struct packed_answer { /* borrowed from the packed bytes */
    int status;        /* 0: err says why there is none */
    struct err err;
    const char *headers; /* "name: value\n" each, names in lower case */
    size_t headers_len;
    const char *body;
    size_t len;
};
/* Reads packed bytes, fresh or from the journal. */
int packed_read(const char *packed, size_t len, struct packed_answer *out, struct err *e);
/* Copies header NAME (lower case) into OUT; 0 when it is missing. */
int packed_header(const struct packed_answer *a, const char *name, char *out,
                  size_t size);

#endif
