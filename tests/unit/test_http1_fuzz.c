#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../fuzz/http1_seeds.h"
#include "../fuzz/mutate.h"

int fuzz_http1(const uint8_t *data, size_t size);
int fuzz_http1_llhttp(const uint8_t *data, size_t size);

#define LLVMFuzzerTestOneInput fuzz_http1
#include "../fuzz/fuzz_http1.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_http1_llhttp
#include "../fuzz/fuzz_http1_llhttp.c"

enum { ROUNDS = 100000 };

static void run(int (*fuzz)(const uint8_t *data, size_t size))
{
    static struct mutate m = {.seeds = http1_seeds,
                              .nseeds = sizeof http1_seeds / sizeof *http1_seeds,
                              .words = http1_words,
                              .nwords = sizeof http1_words / sizeof *http1_words};
    print_message("# %zu inputs\n", mutate_run(&m, ROUNDS, fuzz));
}

static void a_stream_means_the_same_however_it_is_cut(void **state)
{
    (void)state;
    run(fuzz_http1);
}

static void llhttp_reads_the_same(void **state)
{
    (void)state;
    run(fuzz_http1_llhttp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_means_the_same_however_it_is_cut),
        cmocka_unit_test(llhttp_reads_the_same),
    };
    return cmocka_run_group_tests_name("http1, fuzzed", tests, NULL, NULL);
}
