#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "io/compress.h"

enum { MAX = 1 << 20 };

static char body[5000], event[5100];

/* A text that no compressor makes much shorter, and one that has it in the middle. */
static int fill(void **state)
{
    unsigned seed = 1;
    (void)state;
    for (size_t i = 0; i < sizeof body; i++)
        body[i] = (char)(seed = seed * 1103515245 + 12345, seed >> 16);
    memset(event, 'x', sizeof event);
    memcpy(event + 50, body, sizeof body);
    return 0;
}

static void comes_back(const char *data, size_t len, const char *prefix,
                       size_t prefix_len, size_t most)
{
    struct err e = {0};
    size_t packed_len, out_len;
    void *packed = compress_bytes(data, len, prefix, prefix_len, &packed_len);
    assert_in_range(packed_len, 1, most);
    assert_true(compress_is_done(packed, packed_len));
    char *out = compress_undo(packed, packed_len, prefix, prefix_len, MAX, &out_len, &e);
    assert_non_null(out);
    assert_int_equal(out_len, len);
    assert_memory_equal(out, data, len);
    assert_int_equal(out[len], '\0');
    free(out);
    free(packed);
}

static void test_bytes_come_back(void **state)
{
    (void)state;
    comes_back("", 0, NULL, 0, 20);
    comes_back("{}", 2, NULL, 0, 20);
    comes_back("\0\1\2", 3, NULL, 0, 20);
    comes_back(body, sizeof body, NULL, 0, sizeof body + 30);
}

static void test_a_prefix_makes_its_copy_short(void **state)
{
    (void)state;
    comes_back(event, sizeof event, body, sizeof body, 200);
    comes_back(event, sizeof event, NULL, 0, sizeof event + 30);
    comes_back("{}", 2, body, sizeof body, 20);
}

static void refused(const void *data, size_t len, const char *prefix, size_t max)
{
    struct err e = {0};
    size_t out_len;
    assert_null(
        compress_undo(data, len, prefix, prefix ? sizeof body : 0, max, &out_len, &e));
    assert_int_equal(e.kind, ERR_STORE);
    assert_non_null(strstr(e.text, "damaged"));
}

static void test_what_is_damaged_is_refused(void **state)
{
    (void)state;
    size_t len;
    unsigned char *packed = compress_bytes(event, sizeof event, body, sizeof body, &len);
    refused(packed, len, NULL, MAX);  /* without its prefix */
    refused(packed, len, event, MAX); /* with another one */
    refused(packed, len, body, sizeof event - 1);
    refused(packed, len - 1, body, MAX);
    refused(packed, 3, body, MAX);
    refused("{\"a\": 1}", 8, NULL, MAX);
    packed[len - 1] ^= 1; /* of the checksum */
    refused(packed, len, body, MAX);
    free(packed);
    assert_false(compress_is_done("{\"a\": 1}", 8));
    assert_false(compress_is_done("\x28\xb5\x2f", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_come_back),
        cmocka_unit_test(test_a_prefix_makes_its_copy_short),
        cmocka_unit_test(test_what_is_damaged_is_refused),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
