/* The reader of HTTP/1.1 requests against llhttp, the one of Node.js: what both take is
 * the same requests, and where one refuses what the other takes, the reason is on a list.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -std=c11 -D_GNU_SOURCE -Isrc \
 *     -DLLHTTP_STRICT_MODE=1 -I/usr/share/include/llhttp tests/fuzz/fuzz_http1_llhttp.c \
 *     src/io/http1*.c src/base/{buf,clock,err,log,printable,str}.c
 * /usr/share/llhttp/{api,http,llhttp}.c \ -o fuzz_http1_llhttp
 *   ./fuzz_http1_llhttp -max_total_time=3600 corpus/
 */
#include <llhttp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/http1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a reader has found: one line for each request, and why it stopped. */
struct reading {
    struct buf requests;
    size_t n;           /* of requests */
    int is_refused;     /* 0: it needs more, or the connection closes */
    int is_closed;      /* after the last request; its rest is not read */
    const char *reason; /* when it is refused */
};

static void stop(const char *why, const struct reading *ours,
                 const struct reading *theirs, const void *data, size_t size)
{
    fprintf(stderr, "%s\nours:   %zu, %s\n%s\ntheirs: %zu, %s\n%s\ninput: ", why, ours->n,
            ours->is_refused ? ours->reason : "taken", buf_str(&ours->requests),
            theirs->n, theirs->is_refused ? theirs->reason : "taken",
            buf_str(&theirs->requests));
    for (size_t i = 0; i < size; i++) {
        unsigned char c = ((const unsigned char *)data)[i];
        fprintf(stderr, c < 0x20 || c > 0x7e || c == '\\' ? "\\x%02x" : "%c", c);
    }
    fputc('\n', stderr);
    abort();
}

/* ---- ours ---- */

static void note_ours(const struct http1 *h, struct reading *r)
{
    const char *value;
    buf_addf(&r->requests, "%s %s %d", http1_method(h), http1_path(h), http1_is_old(h));
    for (const char *name = NULL; (name = http1_next_field(h, name, &value));)
        buf_addf(&r->requests, "|%s=%s", name, value);
    buf_adds(&r->requests, "|");
    buf_add(&r->requests, h->body.data, h->body.len);
    buf_adds(&r->requests, "\n");
    r->n++;
}

static void read_ours(const char *data, size_t size, struct reading *r)
{
    const struct http1_limits limits = {.head_max = 100000, .body_max = 100000};
    struct http1 h;
    http1_init(&h, &limits);
    for (size_t at = 0; at < size;) {
        at += http1_read(&h, data + at, size - at);
        if (http1_state(&h) != HTTP1_WHOLE)
            break;
        note_ours(&h, r);
        r->is_closed = !http1_keeps_alive(&h);
        http1_free(&h);
        http1_init(&h, &limits);
        if (r->is_closed)
            break;
    }
    r->is_refused = http1_state(&h) == HTTP1_REFUSED;
    r->reason = http1_why(&h);
    http1_free(&h);
}

/* ---- theirs ---- */

/* One request as llhttp calls it out, piece by piece. */
struct theirs {
    struct reading *r;
    struct buf url, name, value, fields, body;
};

static int on_begin(llhttp_t *p)
{
    struct theirs *t = p->data;
    buf_reset(&t->url);
    buf_reset(&t->name);
    buf_reset(&t->value);
    buf_reset(&t->fields);
    buf_reset(&t->body);
    return 0;
}

static int on_url(llhttp_t *p, const char *at, size_t n)
{
    return buf_add(&((struct theirs *)p->data)->url, at, n);
}

static int on_name(llhttp_t *p, const char *at, size_t n)
{
    return buf_add(&((struct theirs *)p->data)->name, at, n);
}

static int on_value(llhttp_t *p, const char *at, size_t n)
{
    return buf_add(&((struct theirs *)p->data)->value, at, n);
}

static int on_value_complete(llhttp_t *p)
{
    struct theirs *t = p->data;
    while (t->value.len > 0 && strchr(" \t", t->value.data[t->value.len - 1]))
        t->value.data[--t->value.len] = '\0'; /* it leaves blanks at a value's end */
    if (!(p->flags & F_TRAILING))
        buf_addf(&t->fields, "|%s=%s", buf_str(&t->name), buf_str(&t->value));
    buf_reset(&t->name);
    buf_reset(&t->value);
    return 0;
}

static int on_body(llhttp_t *p, const char *at, size_t n)
{
    return buf_add(&((struct theirs *)p->data)->body, at, n);
}

/* Writes the target as our reader gives it: without authority and query. */
static void add_path(struct buf *out, const char *url)
{
    const char *path = url;
    if (*url != '/' && strstr(url, "://")) {
        path = strstr(url, "://") + 3;
        path += strcspn(path, "/?");
    }
    size_t n = strcspn(path, "?");
    buf_adds(out, n ? "" : "/");
    buf_add(out, path, n);
}

static int on_complete(llhttp_t *p)
{
    struct theirs *t = p->data;
    struct buf *out = &t->r->requests;
    buf_addf(out, "%s ", llhttp_method_name((llhttp_method_t)p->method));
    add_path(out, buf_str(&t->url));
    buf_addf(out, " %d%s|", p->http_minor == 0, buf_str(&t->fields));
    buf_add(out, t->body.data, t->body.len);
    buf_adds(out, "\n");
    t->r->n++;
    return llhttp_should_keep_alive(p) ? 0 : HPE_PAUSED;
}

static void read_theirs(const char *data, size_t size, struct reading *r)
{
    struct theirs t = {.r = r};
    struct buf *const all[] = {&t.url, &t.name, &t.value, &t.fields, &t.body};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_init(all[i], 1 << 20);
    llhttp_settings_t settings;
    llhttp_settings_init(&settings);
    settings.on_message_begin = on_begin;
    settings.on_url = on_url;
    settings.on_header_field = on_name;
    settings.on_header_value = on_value;
    settings.on_header_value_complete = on_value_complete;
    settings.on_body = on_body;
    settings.on_message_complete = on_complete;
    llhttp_t p;
    llhttp_init(&p, HTTP_REQUEST, &settings);
    p.data = &t;
    llhttp_errno_t rc = llhttp_execute(&p, data, size);
    r->is_closed = rc == HPE_PAUSED;
    r->is_refused = rc != HPE_OK && rc != HPE_PAUSED;
    r->reason = r->is_refused ? llhttp_get_error_reason(&p) : NULL;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_free(all[i]);
}

/* ---- the comparison ---- */

struct known {
    const char *reason; /* how it begins */
    const char *needs;  /* what the stream holds then; NULL: anything */
};

/* Why we refuse what llhttp takes. */
static const struct known ours_alone[] = {
    /* it leaves the Host to its caller */
    {"it has no Host field", NULL},
    {"it has two Host fields", NULL},
    {"its Host is not", NULL},
    /* version 8 takes one without the other in some places (CVE-2022-35256, and before a
     * chunk's data), version 9 does so for a caller that asks */
    {"it has a carriage return without a line feed", "\r"},
    {"it has a line feed without a carriage return", "\n"},
    /* it joins a folded value (RFC 9112, 5.2, lets a server refuse it) */
    {"it has a line that is not a field", NULL},
    {"it has a trailer line that is not a field", NULL},
    {"its Content-Length is not a decimal number", "\r\n"},
    /* it takes other codings before "chunked", and HTTP/1.0 with it */
    {"its Transfer-Encoding is not the one word", NULL},
    {"it is HTTP/1.0 and has a Transfer-Encoding", NULL},
    /* it takes what a target may not hold, "GET *", and a path without a '/' */
    {"its target is not a path", NULL},
    /* it knows 0.9 and 2.0, forty methods, and "PRI * HTTP/2.0" */
    {"it is neither HTTP/1.1 nor HTTP/1.0", NULL},
    {"its method is not one of", NULL},
    {"its first line is not", NULL},
    /* it leaves Expect to its caller, and counts no empty lines */
    {"it expects something else", NULL},
    {"it begins with too many empty lines", "\r\n\r\n"},
    {NULL, NULL},
};

/* Why llhttp refuses what we take. */
static const struct known theirs_alone[] = {
    /* RFC 9112, 7.1.1: what is not recognised is ignored */
    {"Invalid character in chunk extensions", ";"},
    {"Invalid character in chunk size", " "},
    {"Invalid character in chunk size", "\t"},
    /* a tab behind the value, which RFC 9110, 5.6.3, lets be there; and such fields among
     * trailers, which we drop unread (RFC 9110, 6.5.1) */
    {"Request has invalid `Transfer-Encoding`", "\t"},
    {"Invalid character in Content-Length", "\t"},
    {"Invalid `Transfer-Encoding` header value", "\r\n0"},
    {"Request has invalid `Transfer-Encoding`", "\r\n0"},
    {"Invalid character in Content-Length", "\r\n0"},
    {"Duplicate Content-Length", "\r\n0"},
    {"Content-Length overflow", "\r\n0"},
    {"Empty Content-Length", "\r\n0"},
    {"Content-Length can't be present with", "\r\n0"},
    {"Transfer-Encoding can't be present with", "\r\n0"},
    /* it hands the connection over at an Upgrade, which we ignore (RFC 9110, 7.8) */
    {"Pause on CONNECT/Upgrade", "pgrade"},
    {NULL, NULL},
};

static int is_known(const struct reading *r, const struct known *list, const void *data,
                    size_t size)
{
    for (; r->is_refused && list->reason; list++)
        if (strncmp(r->reason, list->reason, strlen(list->reason)) == 0 &&
            (!list->needs || memmem(data, size, list->needs, strlen(list->needs))))
            return 1;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reading ours = {0}, theirs = {0};
    buf_init(&ours.requests, 1 << 22);
    buf_init(&theirs.requests, 1 << 22);
    read_ours((const char *)data, size, &ours);
    read_theirs((const char *)data, size, &theirs);
    const struct buf *less = ours.n < theirs.n ? &ours.requests : &theirs.requests;
    if (memcmp(buf_str(&ours.requests), buf_str(&theirs.requests), less->len) != 0)
        stop("different requests", &ours, &theirs, data, size);
    /* HTTP/1.0 with both "close" and "keep-alive" closes here and goes on there */
    if (ours.n < theirs.n && !ours.is_closed && !is_known(&ours, ours_alone, data, size))
        stop("we refuse what llhttp takes", &ours, &theirs, data, size);
    if (theirs.n < ours.n && !theirs.is_closed &&
        !is_known(&theirs, theirs_alone, data, size))
        stop("llhttp refuses what we take", &ours, &theirs, data, size);
    buf_free(&ours.requests);
    buf_free(&theirs.requests);
    return 0;
}
