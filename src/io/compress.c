#include "io/compress.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/str.h"

enum { LEVEL = 1, MAGIC_SIZE = 4 };

struct contexts {
    ZSTD_CCtx *in;
    ZSTD_DCtx *out;
};

static pthread_key_t key;

static void free_contexts(void *arg)
{
    struct contexts *c = arg;
    ZSTD_freeCCtx(c->in);
    ZSTD_freeDCtx(c->out);
    free(c);
}

static void make_key(void)
{
    if (pthread_key_create(&key, free_contexts) != 0)
        abort();
}

/* Aborts when zstd has no memory, as base/str.h does. */
static void must(int is_fine)
{
    if (!is_fine)
        abort();
}

/* Returns the thread's contexts. */
static struct contexts *contexts(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_key);
    struct contexts *c = pthread_getspecific(key);
    if (c)
        return c;
    c = xcalloc(1, sizeof *c);
    c->in = ZSTD_createCCtx();
    c->out = ZSTD_createDCtx();
    must(c->in && c->out && pthread_setspecific(key, c) == 0);
    ZSTD_CCtx_setParameter(c->in, ZSTD_c_compressionLevel, LEVEL);
    ZSTD_CCtx_setParameter(c->in, ZSTD_c_checksumFlag, 1);
    return c;
}

void *compress_bytes(const void *data, size_t len, const void *prefix, size_t prefix_len,
                     size_t *out_len)
{
    struct contexts *c = contexts();
    size_t max = ZSTD_compressBound(len);
    char *out = xmalloc(max);
    /* a prefix is for one frame */
    must(!ZSTD_isError(ZSTD_CCtx_refPrefix(c->in, prefix, prefix ? prefix_len : 0)));
    *out_len = ZSTD_compress2(c->in, out, max, data, len);
    must(!ZSTD_isError(*out_len));
    return out;
}

int compress_is_done(const void *data, size_t len)
{
    static const unsigned char magic[MAGIC_SIZE] = {0x28, 0xb5, 0x2f, 0xfd};
    return len >= MAGIC_SIZE && memcmp(data, magic, MAGIC_SIZE) == 0;
}

char *compress_undo(const void *data, size_t len, const void *prefix, size_t prefix_len,
                    size_t max, size_t *out_len, struct err *e)
{
    struct contexts *c = contexts();
    unsigned long long size = ZSTD_getFrameContentSize(data, len);
    if (size == ZSTD_CONTENTSIZE_ERROR || size > max) {
        err_set(e, ERR_STORE, "cannot decompress %zu bytes: they are damaged", len);
        return NULL;
    }
    char *out = xmalloc((size_t)size + 1);
    must(!ZSTD_isError(ZSTD_DCtx_refPrefix(c->out, prefix, prefix ? prefix_len : 0)));
    *out_len = ZSTD_decompressDCtx(c->out, out, (size_t)size, data, len);
    if (ZSTD_isError(*out_len)) {
        err_set(e, ERR_STORE, "cannot decompress %zu bytes: they are damaged (%s)", len,
                ZSTD_getErrorName(*out_len));
        free(out);
        return NULL;
    }
    out[*out_len] = '\0';
    return out;
}
