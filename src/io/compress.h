/* compress: bytes made smaller by zstd. Any thread; each thread keeps its working memory
 * (some 200 KB) until it ends.
 *
 * A compressed text says so in its first four bytes, which no JSON text begins with. */
#ifndef FOYER_COMPRESS_H
#define FOYER_COMPRESS_H

#include <stddef.h>

#include "base/err.h"

/* Compresses LEN bytes of DATA into a new block, *OUT_LEN bytes long. PREFIX is bytes
 * that DATA resembles (NULL: none): what stands in it costs next to nothing, and the same
 * bytes are needed to decompress. */
void *compress_bytes(const void *data, size_t len, const void *prefix, size_t prefix_len,
                     size_t *out_len);
/* Returns 1 when DATA begins as compressed bytes do. */
int compress_is_done(const void *data, size_t len);
/* Decompresses DATA into a new block with a NUL behind its *OUT_LEN bytes. NULL with
 * ERR_STORE when DATA is damaged, PREFIX is another one, or more than MAX bytes come out.
 */
char *compress_undo(const void *data, size_t len, const void *prefix, size_t prefix_len,
                    size_t max, size_t *out_len, struct err *e);

#endif
