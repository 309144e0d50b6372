#include "core/packed.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

void packed_error(struct buf *out, const struct err *e)
{
    buf_reset(out);
    buf_addf(out, "error %s %lld %s", err_kind_name(e->kind),
             (long long)e->retry_after_ms, e->text);
}

int packed_begin(struct buf *out, int status)
{
    buf_reset(out);
    return buf_addf(out, "%d\n", status);
}

/* NAME in lower case, and VALUE. */
int packed_add_header(struct buf *out, const char *name, const char *value)
{
    size_t from = out->len;
    int rc = buf_adds(out, name);
    for (; from < out->len; from++)
        out->data[from] = (char)tolower((unsigned char)out->data[from]);
    return rc | buf_addf(out, ": %s\n", value);
}

int packed_found(struct buf *out, int status, const json_t *headers, const json_t *body)
{
    const char *name;
    json_t *value;
    int rc = packed_begin(out, status);
    json_object_foreach((json_t *)headers, name, value)
    {
        const char *text = json_string_value(value);
        if (text && !strpbrk(name, "\r\n:") && !strpbrk(text, "\r\n"))
            rc |= packed_add_header(out, name, text);
    }
    rc |= buf_addc(out, '\n');
    char *text =
        body ? json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY) : NULL;
    if (text)
        rc |= buf_adds(out, text);
    free(text);
    return rc;
}

int packed_end(struct buf *out, const char *body, size_t len, const struct mask *sent)
{
    if (buf_addc(out, '\n') != 0 || buf_add(out, body, len) != 0)
        return -1;
    mask_apply(sent, out->data, out->len);
    return 0;
}

int packed_read(const char *packed, size_t len, struct packed_answer *out, struct err *e)
{
    *out = (struct packed_answer){0};
    char kind[32];
    long long retry_after_ms;
    int text = 0;
    char *copy =
        len > 6 && memcmp(packed, "error ", 6) == 0 ? xmemdup0(packed, len) : NULL;
    if (copy && sscanf(copy, "error %31s %lld %n", kind, &retry_after_ms, &text) == 2 &&
        text > 0) {
        err_set(&out->err, err_kind_find(kind), "%s", copy + text);
        out->err.retry_after_ms = retry_after_ms;
        free(copy);
        return 0;
    }
    free(copy);
    const char *line = memchr(packed, '\n', len);
    const char *blank = memmem(packed, len, "\n\n", 2);
    out->status = (int)strtol(packed, NULL, 10);
    if (!line || !blank || out->status < 100)
        return err_set(e, ERR_INTERNAL, "cannot read a recorded HTTP answer");
    out->headers = line + 1;
    out->headers_len = blank > line ? (size_t)(blank - line) : 0;
    out->body = blank + 2;
    out->len = len - (size_t)(out->body - packed);
    return 0;
}

int packed_header(const struct packed_answer *a, const char *name, char *out, size_t size)
{
    size_t n = strlen(name);
    const char *p = a->headers, *end = a->headers + a->headers_len;
    while (p < end) {
        const char *eol = memchr(p, '\n', (size_t)(end - p));
        if (!eol)
            eol = end;
        if ((size_t)(eol - p) > n + 1 && memcmp(p, name, n) == 0 && p[n] == ':') {
            snprintf(out, size, "%.*s", (int)(eol - p - (long)n - 2), p + n + 2);
            return 1;
        }
        p = eol + 1;
    }
    return 0;
}
