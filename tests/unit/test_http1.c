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
            http1_free(&h);
            http1_init(&h, &usual);
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

static const char first_line[] = "400 its first line is not METHOD TARGET HTTP/1.1";
static const char target[] = "400 its target is not a path with an optional query";
static const char field[] = "400 it has a line that is not a field (NAME: VALUE)";
static const char host[] =
    "400 its Host is not a name or an address with an optional port";
static const char coding[] = "400 its Transfer-Encoding is not the one word \"chunked\"";
static const char length[] = "400 its Content-Length is not a decimal number";
static const char size[] = "400 it has a chunk whose size is not a hexadecimal number";
static const char bare_lf[] = "400 it has a line feed without a carriage return";
static const char bare_cr[] = "400 it has a carriage return without a line feed";
static const char control[] = "400 it has a control character";

static void malformed_heads_are_refused(void **state)
{
    (void)state;
    READS("GET / HTTP/1.1\n", bare_lf);
    READS("GET / HTTP/1.1\r" H, bare_cr);
    READS("GET / HTTP/1.1\r\nHost: h\n", bare_lf);
    READS("\n", bare_lf);
    READS("GET /\0 HTTP/1.1\r\n", control);
    READS("GET / HTTP/1.1\r\nX: a\0b\r\n", control);
    READS("GET / HTTP/1.1\r\nX: a\x7f\r\n", control);
    READS("GET / HTTP/1.1\r\nX: \x1b[m\r\n", control);
    READS("\x16\x03\x01", control); /* TLS */
    READS("GET /\r\n", first_line);
    READS("GET  / HTTP/1.1\r\n", first_line);
    READS("GET / HTTP/1.1 \r\n", first_line);
    READS("GET\t/ HTTP/1.1\r\n", first_line);
    READS(" GET / HTTP/1.1\r\n", first_line);
    READS("G\xc3T / HTTP/1.1\r\n", first_line);
    READS("GET / http/1.1\r\n", first_line);
    READS("GET / HTTP/1.10\r\n", first_line);
    READS("GET / HTTP/1.\r\n", first_line);
    READS("GET / H\r\n", first_line);
    READS("a_method_that_fills_its_memory_to_the_last_byte_but_one_or_two / \r\n",
          first_line);
    READS("GET / HTTP/2.0\r\n", "505 it is neither HTTP/1.1 nor HTTP/1.0");
    READS("GET / HTTP/1.2\r\n", "505 it is neither HTTP/1.1 nor HTTP/1.0");
    READS("get / HTTP/1.1\r\n", "501 its method is not one of GET, HEAD, POST, PUT, "
                                "PATCH, DELETE and OPTIONS");
    READS("GET x HTTP/1.1\r\n", target);
    READS("GET * HTTP/1.1\r\n", target);
    READS("GET /a#b HTTP/1.1\r\n", target);
    READS("GET /a\"b HTTP/1.1\r\n", target);
    READS("GET /a[1] HTTP/1.1\r\n", target);
    READS("GET /\xc3\xa4 HTTP/1.1\r\n", target);
    READS("GET /%2 HTTP/1.1\r\n", target);
    READS("GET /?a#b HTTP/1.1\r\n", target);
    READS("GET http:///x HTTP/1.1\r\n", target);
    READS("GET http://u@h/x HTTP/1.1\r\n", target);
    READS("GET ftp://h/x HTTP/1.1\r\n", target);
    READS("GET / HTTP/1.1\r\nX : a\r\n", field);
    READS("GET / HTTP/1.1\r\n: a\r\n", field);
    READS("GET / HTTP/1.1\r\nX\r\n", field);
    READS("GET / HTTP/1.1\r\n" H " folded\r\n", field);
    READS("GET / HTTP/1.1\r\n folded\r\n", field);
    READS("\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n",
          "GET / ? Host=h []\n");
    READS("\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n",
          "400 it begins with too many empty lines");
}

static void hosts_are_checked(void **state)
{
    (void)state;
    READS("GET / HTTP/1.1\r\n\r\n", "400 it has no Host field");
    READS("GET / HTTP/1.0\r\n\r\n", "GET / ? [] close\n");
    READS("GET / HTTP/1.1\r\n" H H, "400 it has two Host fields");
    READS("GET / HTTP/1.0\r\n" H H, "400 it has two Host fields");
    READS("GET / HTTP/1.1\r\nHost: a b\r\n", host);
    READS("GET / HTTP/1.1\r\nHost: a/b\r\n", host);
    READS("GET / HTTP/1.1\r\nHost: u@h\r\n", host);
    READS("GET / HTTP/1.1\r\nHost: h:x\r\n", host);
    READS("GET / HTTP/1.1\r\nHost: [::1\r\n", host);
    READS("GET / HTTP/1.1\r\nHost: \xc3\xa4\r\n", host);
    READS("GET / HTTP/1.1\r\nHost: a%2\r\n", host);
    READS("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "GET / ? Host=[::1]:80 []\n");
    READS("GET / HTTP/1.1\r\nHost: a.b:80\r\n\r\n", "GET / ? Host=a.b:80 []\n");
}

static void ambiguous_bodies_are_refused(void **state)
{
    (void)state;
#define POST "POST / HTTP/1.1\r\n" H
    READS(POST "Content-Length: 1\r\nContent-Length: 1\r\n",
          "400 it has two Content-Length fields");
    READS(POST "Content-Length: 1, 1\r\n", length);
    READS(POST "Content-Length: +1\r\n", length);
    READS(POST "Content-Length: -1\r\n", length);
    READS(POST "Content-Length: 0x1\r\n", length);
    READS(POST "Content-Length: 1 1\r\n", length);
    READS(POST "Content-Length:\r\n", length);
    READS(POST "Content-Length: 99999999999999999999999999\r\n\r\n",
          "413 its body is too large");
    READS(POST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
          "400 it has both Content-Length and Transfer-Encoding");
    READS(POST "Transfer-Encoding: gzip, chunked\r\n", coding);
    READS(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", coding);
    READS(POST "Transfer-Encoding: chunked;q=1\r\n", coding);
    READS(POST "Transfer-Encoding: identity\r\n", coding);
    READS(POST "Transfer-Encoding:\r\n", coding);
    READS("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
          "400 it is HTTP/1.0 and has a Transfer-Encoding");
    READS(CHUNKED "+3\r\n", size);
    READS(CHUNKED " 3\r\n", size);
    READS(CHUNKED "3 \r\n", size);
    READS(CHUNKED "3 a\r\n", size);
    READS(CHUNKED ";a\r\n", size);
    READS(CHUNKED "g\r\n", size);
    READS(CHUNKED "\r\n", "400 it has a chunk without a size");
    READS(CHUNKED "ffffffffffffffff1\r\n", "413 its body is too large");
    READS(CHUNKED "3;a\n", bare_lf);
    READS(CHUNKED "3;a\rb", bare_cr);
    READS(CHUNKED "3\r\nabc\n", bare_lf);
    READS(CHUNKED "0\r\nX Y: z\r\n",
          "400 it has a trailer line that is not a field (NAME: VALUE)");
    READS(CHUNKED "0\r\n\n", bare_lf);
}

/* Each limit at its last good value, and one past it. */
static void limits_are_kept(void **state)
{
    (void)state;
    struct buf in;
    buf_init(&in, 1 << 16);
    static const struct {
        const char *begin, *end; /* between them, this often, the filling */
        int n;
        char filling;
        const char *result; /* how it begins */
    } cases[] = {
        {"GET /", " HTTP/1.1\r\nHost: h\r\n\r\n", 300 - 27, 'x', "GET /xx"},
        {"GET /", " HTTP/1.1\r\nHost: h\r\n\r\n", 300 - 26, 'x', "431 "},
        {"GET /", "", 293, 'x', "in a head"},
        {"GET /", "", 294, 'x', "414 its target is too long"},
        {"", "", 298, 'X', "in a head"},
        {"", "", 299, 'X', "501 its method is too long"},
        {"GET / HTTP/1.1\r\nHost: h\r\nX: ", "\r\n\r\n", 300 - 32, 'x', "GET / "},
        {"GET / HTTP/1.1\r\nHost: h\r\nX: ", "\r\n\r\n", 300 - 31, 'x', "431 "},
        {CHUNKED "1;", "\r\na\r\n0\r\n\r\n", 294, 'x', "POST / "},
        {CHUNKED "1;", "\r\na\r\n0\r\n\r\n", 297, 'x', "431 "},
        {CHUNKED, "1\r\na\r\n0\r\n\r\n", 294, '0', "POST / "},
        {CHUNKED, "1\r\na\r\n0\r\n\r\n", 298, '0', "431 "},
        {CHUNKED "64\r\n", "\r\n0\r\n\r\n", 100, 'b', "POST / "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buf_reset(&in);
        buf_adds(&in, cases[i].begin);
        for (int n = 0; n < cases[i].n; n++)
            buf_addc(&in, cases[i].filling);
        buf_adds(&in, cases[i].end);
        const char *result = read_all_ways(buf_str(&in), in.len);
        if (strncmp(result, cases[i].result, strlen(cases[i].result)) != 0)
            fail_msg("%zu: %s", i, result);
    }
    buf_free(&in);
}

/* Small chunks have much framing, and may: only what could be endless is limited. */
static void small_chunks_are_taken(void **state)
{
    (void)state;
    struct buf in;
    buf_init(&in, 1 << 16);
    buf_adds(&in, CHUNKED);
    for (int i = 0; i < 100; i++)
        buf_adds(&in, "1\r\nb\r\n");
    buf_adds(&in, "0\r\n\r\n");
    assert_int_equal(strncmp(read_all_ways(buf_str(&in), in.len), "POST / ", 7), 0);
    buf_free(&in);
}

static void expectations_wait_for_the_body(void **state)
{
    (void)state;
    static const char head[] = POST "Content-Length: 2\r\nExpect: 100-Continue\r\n\r\n";
    struct http1 h;
    http1_init(&h, &usual);
    http1_read(&h, head, sizeof head - 2);
    assert_int_equal(http1_take_continue(&h), 0);
    http1_read(&h, "\n", 1);
    assert_int_equal(http1_state(&h), HTTP1_BODY);
    assert_int_equal(http1_take_continue(&h), 1);
    assert_int_equal(http1_take_continue(&h), 0);
    http1_free(&h);
    http1_init(&h, &usual);
    http1_read(&h, head, sizeof head - 1);
    http1_read(&h, "a", 1);
    assert_int_equal(http1_take_continue(&h), 0);
    http1_free(&h);
    READS(POST "Expect: tea\r\n\r\n", "417 it expects something else than 100-continue");
    READS("POST / HTTP/1.0\r\nExpect: tea\r\n\r\n", "POST / ? Expect=tea [] close\n");
}

static void what_has_begun_is_known(void **state)
{
    (void)state;
    struct http1 h;
    http1_init(&h, &usual);
    assert_int_equal(http1_state(&h), HTTP1_START);
    http1_read(&h, "\r\n", 2);
    assert_int_equal(http1_state(&h), HTTP1_HEAD); /* its time runs */
    assert_int_equal(http1_has_begun(&h), 0);
    http1_read(&h, "H", 1);
    assert_int_equal(http1_has_begun(&h), 1);
    http1_read(&h, "EAD / HTTP/3.0\r\n", 16);
    assert_int_equal(http1_state(&h), HTTP1_REFUSED);
    assert_int_equal(http1_is_head(&h), 1);
    assert_int_equal(http1_read(&h, "more", 4), 0);
    http1_free(&h);
}

#define TEST(f) cmocka_unit_test(f)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(requests_are_read),
                                       TEST(bodies_are_framed),
                                       TEST(malformed_heads_are_refused),
                                       TEST(hosts_are_checked),
                                       TEST(ambiguous_bodies_are_refused),
                                       TEST(limits_are_kept),
                                       TEST(small_chunks_are_taken),
                                       TEST(expectations_wait_for_the_body),
                                       TEST(what_has_begun_is_known)};
    return cmocka_run_group_tests_name("http1", tests, NULL, NULL);
}
