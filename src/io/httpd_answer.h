/* httpd_answer: the head of an HTTP/1.1 answer as text. Only for httpd. */
#ifndef FOYER_HTTPD_ANSWER_H
#define FOYER_HTTPD_ANSWER_H

#include <stdint.h>

#include "base/buf.h"
#include "io/httpd.h"

struct httpd_answer {
    int status; /* 200 to 599 */
    const struct httpd_header *headers;
    size_t nheaders;
    size_t body_len;
    int is_last;   /* the connection ends after this answer */
    int is_to_old; /* the client speaks HTTP/1.0, which closes without a header that keeps
                      the connection */
};

/* Appends the head to OUT, with the empty line. Adds Date, Content-Length and Connection.
 * Omits a malformed header and logs that. */
void httpd_answer_head(const struct httpd_answer *a, struct buf *out);
/* Returns 1 when an answer with STATUS may have a body. */
int httpd_answer_has_body(int status);

#endif
