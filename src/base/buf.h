/* buf: a growing array of bytes with a maximum, set by buf_init.
 *
 * An append past the maximum fails and changes nothing. When memory itself runs out the
 * process aborts: the store is durable, and the supervisor starts the process again. A
 * NUL always follows the bytes; LEN does not count it. */
#ifndef FOYER_BUF_H
#define FOYER_BUF_H

#include <stddef.h>

struct buf {
    char *data; /* owned; NULL until the first append */
    size_t len, cap, max;
};

void buf_init(struct buf *b, size_t max);
void buf_free(struct buf *b);
/* Drops the contents and keeps the memory. */
void buf_reset(struct buf *b);
/* Appends. Returns 0, or -1 when the result would pass the maximum. */
int buf_add(struct buf *b, const void *data, size_t len);
int buf_adds(struct buf *b, const char *s);
int buf_addc(struct buf *b, char c);
int buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Hands the bytes to the caller, which frees them. Never NULL. */
char *buf_take(struct buf *b, size_t *len);
/* Returns the bytes as a C string, "" when nothing was added. */
const char *buf_str(const struct buf *b);

#endif
