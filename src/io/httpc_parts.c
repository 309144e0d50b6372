#include "io/httpc_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

struct reader {
    const char *data;
    size_t len, at;
};

struct httpc_parts {
    curl_mime *mime;
    struct reader *readers;
};

static size_t on_read(char *out, size_t size, size_t n, void *arg)
{
    struct reader *r = arg;
    size_t want = size * n, left = r->len - r->at;
    if (want > left)
        want = left;
    if (want)
        memcpy(out, r->data + r->at, want);
    r->at += want;
    return want;
}

static int on_seek(void *arg, curl_off_t offset, int origin)
{
    struct reader *r = arg;
    if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > r->len)
        return CURL_SEEKFUNC_FAIL;
    r->at = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

static int add(struct httpc_parts *p, const struct httpc_part *part, struct reader *r)
{
    *r = (struct reader){.data = part->data, .len = part->len};
    curl_mimepart *m = curl_mime_addpart(p->mime);
    return m && curl_mime_name(m, part->name) == CURLE_OK &&
           curl_mime_filename(m, part->filename) == CURLE_OK &&
           curl_mime_type(m, part->type) == CURLE_OK &&
           curl_mime_data_cb(m, (curl_off_t)part->len, on_read, on_seek, NULL, r) ==
               CURLE_OK;
}

struct httpc_parts *httpc_parts_new(CURL *easy, const struct httpc_part *parts, size_t n)
{
    struct httpc_parts *p = xcalloc(1, sizeof(*p));
    p->readers = xcalloc(n, sizeof(*p->readers));
    p->mime = curl_mime_init(easy);
    int ok = p->mime != NULL;
    for (size_t i = 0; ok && i < n; i++)
        ok = add(p, &parts[i], &p->readers[i]);
    if (ok)
        return p;
    httpc_parts_free(p);
    return NULL;
}

void httpc_parts_free(struct httpc_parts *p)
{
    if (!p)
        return;
    curl_mime_free(p->mime);
    free(p->readers);
    free(p);
}

curl_mime *httpc_parts_mime(struct httpc_parts *p)
{
    return p->mime;
}
