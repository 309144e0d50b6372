#include "io/httpc_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

struct reader {
    const char *data;
    size_t len, at;
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

static int add(curl_mime *mime, const struct httpc_part *part)
{
    struct reader *r = xmalloc(sizeof *r); /* curl_mime_free frees it */
    *r = (struct reader){.data = part->data, .len = part->len};
    curl_mimepart *m = curl_mime_addpart(mime);
    return m && curl_mime_name(m, part->name) == CURLE_OK &&
           curl_mime_filename(m, part->filename) == CURLE_OK &&
           curl_mime_type(m, part->type) == CURLE_OK &&
           curl_mime_data_cb(m, (curl_off_t)part->len, on_read, on_seek, free, r) ==
               CURLE_OK;
}

curl_mime *httpc_parts_new(CURL *easy, const struct httpc_part *parts, size_t n)
{
    curl_mime *mime = curl_mime_init(easy);
    int ok = mime != NULL;
    for (size_t i = 0; ok && i < n; i++)
        ok = add(mime, &parts[i]);
    loop_must(ok, "httpc: curl_mime");
    return mime;
}
