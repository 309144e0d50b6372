/* buf: growing bytes with a maximum, chosen when the buffer is born.
 *
 * Past its maximum an append fails and changes nothing; when memory itself runs out
 * the process aborts (the store is durable, the supervisor restarts). The bytes are
 * always followed by a NUL that LEN does not count. */
#ifndef FOYER_BUF_H
#define FOYER_BUF_H

#include <stddef.h>

struct buf {
    char *data; /* owned; NULL until the first append */
    size_t len, cap, max;
};

void buf_init(struct buf *b, size_t max);
void buf_free(struct buf *b);
/* Forgets the contents, keeps the memory. */
void buf_reset(struct buf *b);
/* 0, or -1 when the result would pass the maximum. */
int buf_add(struct buf *b, const void *data, size_t len);
int buf_adds(struct buf *b, const char *s);
int buf_addc(struct buf *b, char c);
int buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Hands the bytes over to the caller, who frees them; never NULL. */
char *buf_take(struct buf *b, size_t *len);
/* The bytes as a C string; "" when nothing was added. */
const char *buf_str(const struct buf *b);

#endif
