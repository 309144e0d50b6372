/* samples: measured numbers and their median, for the programs in tests/bench. */
#ifndef FOYER_BENCH_SAMPLES_H
#define FOYER_BENCH_SAMPLES_H

#include <stdlib.h>
#include <time.h>

enum { SAMPLES_MAX = 10000 };

struct samples {
    int n;
    double list[SAMPLES_MAX];
};

static inline double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static inline void samples_add(struct samples *s, double x)
{
    if (s->n < SAMPLES_MAX)
        s->list[s->n++] = x;
}

static inline int samples_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static inline double samples_median(struct samples *s)
{
    qsort(s->list, (size_t)s->n, sizeof *s->list, samples_compare);
    return s->n ? s->list[s->n / 2] : 0;
}

static inline double samples_min(struct samples *s)
{
    qsort(s->list, (size_t)s->n, sizeof *s->list, samples_compare);
    return s->n ? s->list[0] : 0;
}

#endif
