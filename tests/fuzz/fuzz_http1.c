/* The reader of HTTP/1.1 requests against itself: a stream means the same however it is
 * cut, and what was read, written again, reads the same.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -std=c11 -D_GNU_SOURCE -Isrc \
 *     tests/fuzz/fuzz_http1.c src/io/http1*.c
 * src/base/{buf,clock,err,log,printable,str}.c -o fuzz_http1
 *   ./fuzz_http1 -max_total_time=3600 corpus/
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/http1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct http1_limits small = {.head_max = 400, .body_max = 120};
static const struct http1_limits large = {.head_max = 4000, .body_max = 120};

static void fuzz_stop(const char *why, const void *data, size_t size)
{
    fprintf(stderr, "%s; the input, in hexadecimal:\n", why);
    for (size_t i = 0; i < size; i++)
        fprintf(stderr, "%02x", ((const unsigned char *)data)[i]);
    fputc('\n', stderr);
    abort();
}

static void check_text(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 ? *text != '\t' : *text == 0x7f)
            fuzz_stop("a control character in a text", text, 1);
}

/* Appends the request that H has read as it would be sent again. */
static void write_again(const struct http1 *h, struct buf *out)
{
    const char *value;
    int is_chunked = http1_field(h, "Transfer-Encoding") != NULL;
    check_text(http1_method(h));
    check_text(http1_path(h));
    check_text(http1_query(h));
    buf_addf(out, "%s %s%s%s HTTP/1.%d\r\n", http1_method(h), http1_path(h),
             *http1_query(h) ? "?" : "", http1_query(h), !http1_is_old(h));
    for (const char *name = NULL; (name = http1_next_field(h, name, &value));) {
        check_text(name);
        check_text(value);
        if (!http1_is_field(name, value))
            fuzz_stop("a field that is none", name, strlen(name));
        buf_addf(out, "%s: %s\r\n", name, value);
    }
    buf_adds(out, "\r\n");
    if (is_chunked && h->body.len)
        buf_addf(out, "%zx\r\n", h->body.len);
    if (h->body.len)
        buf_add(out, h->body.data, h->body.len);
    if (is_chunked)
        buf_adds(out, h->body.len ? "\r\n0\r\n\r\n" : "0\r\n\r\n");
}

/* Reads DATA in pieces of at most STEP bytes; appends each request to OUT, then how it
 * ends. Returns the length of the requests alone. */
static size_t read_in(const void *data, size_t size, size_t step,
                      const struct http1_limits *limits, struct buf *out)
{
    struct http1 h;
    http1_init(&h, limits);
    for (size_t at = 0; at < size && http1_state(&h) != HTTP1_REFUSED;) {
        size_t piece = size - at < step ? size - at : step;
        size_t used = http1_read(&h, (const char *)data + at, piece);
        at += used;
        if (h.body.len > limits->body_max || h.head.len > 2 * limits->head_max)
            fuzz_stop("a limit is passed", data, size);
        if (http1_state(&h) == HTTP1_WHOLE) {
            write_again(&h, out);
            http1_free(&h);
            http1_init(&h, limits);
        } else if (http1_state(&h) != HTTP1_REFUSED && used != piece) {
            fuzz_stop("it waits with bytes left", data, size);
        }
    }
    size_t requests = out->len;
    if (http1_state(&h) == HTTP1_REFUSED)
        buf_addf(out, "!%d %s", http1_status(&h), http1_why(&h));
    http1_free(&h);
    return requests;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole, other;
    buf_init(&whole, 1 << 22);
    buf_init(&other, 1 << 22);
    size_t requests = read_in(data, size, size, &small, &whole);
    for (size_t step = 1; step < 60; step += 1 + step) {
        buf_reset(&other);
        read_in(data, size, step, &small, &other);
        if (other.len != whole.len || memcmp(buf_str(&other), buf_str(&whole), whole.len))
            fuzz_stop("cut into pieces it means something else", data, size);
    }
    buf_reset(&other);
    read_in(buf_str(&whole), requests, requests, &large, &other);
    if (other.len != requests || memcmp(buf_str(&other), buf_str(&whole), requests))
        fuzz_stop("written again it means something else", data, size);
    buf_free(&whole);
    buf_free(&other);
    return 0;
}
