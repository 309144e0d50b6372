#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "io/http1.h"

static const struct http1_limits usual = {.head_max = 300, .body_max = 100};

/* What the reader makes of a stream: its requests and its end, a line each. */
static void note_request(struct http1 *h, struct buf *out)
{
    const char *value;
    buf_addf(out, "%s %s ?%s", http1_method(h), http1_path(h), http1_query(h));
    for (const char *name = NULL; (name = http1_next_field(h, name, &value));)
        buf_addf(out, " %s=%s", name, value);
    buf_addf(out, " [%.*s]%s\n", (int)h->body.len, h->body.len ? h->body.data : "",
             http1_keeps_alive(h) ? "" : " close");
}

static void note_end(const struct http1 *h, struct buf *out)
{
    static const char *const names[] = {"", "in a head", "in a body", "", ""};
    if (http1_state(h) == HTTP1_REFUSED)
        buf_addf(out, "%d %s", http1_status(h), http1_why(h));
    else
        buf_adds(out, names[http1_state(h)]);
}

/* Reads STREAM in pieces of STEP bytes; OUT is empty before. */
static void read_in(const char *stream, size_t len, size_t step, struct buf *out)
{
    struct http1 h;
    http1_init(&h, &usual);
    for (size_t at = 0; at < len && http1_state(&h) != HTTP1_REFUSED;) {
        size_t piece = len - at < step ? len - at : step;
        size_t used = http1_read(&h, stream + at, piece);
        at += used;
        if (http1_state(&h) == HTTP1_WHOLE) {
            note_request(&h, out);
            http1_next(&h);
        } else if (http1_state(&h) != HTTP1_REFUSED) {
            assert_int_equal(used, piece);
        }
    }
    note_end(&h, out);
    http1_free(&h);
}

/* Reads STREAM whole, and in pieces of many sizes: the result is the same. It is kept
 * until the next call. */
static const char *read_all_ways(const char *stream, size_t len)
{
    static struct buf whole;
    struct buf cut;
    buf_free(&whole);
    buf_init(&whole, 1 << 20);
    buf_init(&cut, 1 << 20);
    read_in(stream, len, len, &whole);
    for (size_t step = 1; step < len; step += step < 40 ? 1 : 37) {
        buf_reset(&cut);
        read_in(stream, len, step, &cut);
        assert_string_equal(buf_str(&cut), buf_str(&whole));
    }
    buf_free(&cut);
    return buf_str(&whole);
}

#define READS(stream, result)                                                            \
    assert_string_equal(read_all_ways(stream, sizeof(stream) - 1), result)
#define H "Host: h\r\n"

static void requests_are_read(void **state)
{
    (void)state;
    READS("GET / HTTP/1.1\r\n" H "\r\n", "GET / ? Host=h []\n");
    READS("POST /a/b%2Fc?q=%26&x[]=1 HTTP/1.1\r\n" H "X-One: \t a b\t \r\nx-two:\r\n"
          "Content-Length: 3\r\n\r\nabcGET /",
          "POST /a/b%2Fc ?q=%26&x[]=1 Host=h X-One=a b x-two= Content-Length=3 [abc]\n"
          "in a head");
    READS("PUT http://h:1/abs?x HTTP/1.1\r\n" H "\r\n", "PUT /abs ?x Host=h []\n");
    READS("GET HTTPS://h?x HTTP/1.1\r\n" H "\r\n", "GET / ?x Host=h []\n");
    READS("GET http://[::1]:80 HTTP/1.1\r\n" H "\r\n", "GET / ? Host=h []\n");
    READS("OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n", "OPTIONS * ? Host= []\n");
    READS("\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n\r\nGET /2 HTTP/1.1\r\n" H
          "Connection: x, Close\r\n\r\n",
          "GET / ? Host=h []\nGET /2 ? Host=h Connection=x, Close [] close\n");
}

static void bodies_are_framed(void **state)
{
    (void)state;
#define CHUNKED "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
#define READ    "POST / ? Host=h Transfer-Encoding=chunked "
    READS(CHUNKED "3\r\nabc\r\n00A;x=\"y\" ; z\r\n0123456789\r\n0\r\nX: y\r\n\r\n",
          READ "[abc0123456789]\n");
    READS(CHUNKED "3 ;x\r\nabc\r\n0 ;y\r\n\r\n", READ "[abc]\n");
    READS(CHUNKED "3\r\nab", "in a body");
    READS("HEAD / HTTP/1.1\r\n" H "Content-Length: 4\r\n\r\nGET HEAD",
          "HEAD / ? Host=h Content-Length=4 [GET ]\nin a head");
    READS("POST / HTTP/1.1\r\n" H "Content-Length: 0101\r\n\r\n",
          "413 its body is too large");
    READS(CHUNKED "65\r\n", "413 its body is too large");
    READS(CHUNKED "0x3\r\nabc\r\n0\r\n\r\n",
          "400 it has a chunk whose size is not a hexadecimal number");
    READS(CHUNKED "3\r\nabc0\r\n\r\n",
          "400 it has a chunk that is longer than its size says");
}

#define TEST(f) cmocka_unit_test(f)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(requests_are_read), TEST(bodies_are_framed)};
    return cmocka_run_group_tests_name("http1", tests, NULL, NULL);
}
