/* mutate: makes inputs for a fuzzer out of seeds, the same ones for the same number. It
 * stands in where libFuzzer is not installed. */
#ifndef FOYER_FUZZ_MUTATE_H
#define FOYER_FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MUTATE_MAX = 4096 };

struct mutate {
    uint64_t state;
    const char *const *seeds, *const *words; /* texts, and pieces that matter in them */
    size_t nseeds, nwords;
    size_t len;
    char data[MUTATE_MAX];
};

/* xorshift64* */
static inline size_t mutate_pick(struct mutate *m, size_t below)
{
    m->state ^= m->state >> 12;
    m->state ^= m->state << 25;
    m->state ^= m->state >> 27;
    return (size_t)((m->state * 0x2545f4914f6cdd1dULL) >> 33) % below;
}

static inline void mutate_insert(struct mutate *m, size_t at, const char *text, size_t n)
{
    if (m->len + n > MUTATE_MAX)
        return;
    memmove(m->data + at + n, m->data + at, m->len - at);
    memcpy(m->data + at, text, n);
    m->len += n;
}

static inline void mutate_remove(struct mutate *m, size_t at, size_t n)
{
    if (n > m->len - at)
        n = m->len - at;
    memmove(m->data + at, m->data + at + n, m->len - at - n);
    m->len -= n;
}

static inline void mutate_once(struct mutate *m)
{
    size_t at = mutate_pick(m, m->len + 1);
    const char *word = m->words[mutate_pick(m, m->nwords)];
    char copy[64], byte = (char)mutate_pick(m, 256);
    size_t n = m->len - at < sizeof copy ? m->len - at : sizeof copy;
    switch (mutate_pick(m, 6)) {
    case 0:
        mutate_insert(m, at, word, strlen(word));
        break;
    case 1:
        mutate_remove(m, at, strlen(word));
        mutate_insert(m, at, word, strlen(word));
        break;
    case 2:
        mutate_insert(m, at, &byte, 1);
        break;
    case 3:
        mutate_remove(m, at, 1 + mutate_pick(m, 4));
        break;
    case 4: /* a piece once more, somewhere else */
        memcpy(copy, m->data + at, n);
        mutate_insert(m, mutate_pick(m, m->len + 1), copy, n);
        break;
    default:
        if (at < m->len)
            m->data[at] = byte;
    }
}

/* Makes the next input: one to three seeds, changed in no to eight places. */
static inline void mutate_next(struct mutate *m)
{
    m->len = 0;
    for (size_t n = 1 + mutate_pick(m, 3); n > 0; n--) {
        const char *seed = m->seeds[mutate_pick(m, m->nseeds)];
        mutate_insert(m, m->len, seed, strlen(seed));
    }
    for (size_t n = mutate_pick(m, 9); n > 0; n--)
        mutate_once(m);
}

/* Calls FUZZ with ROUNDS inputs; with FUZZ_SECONDS set, for so long instead, from
 * FUZZ_SEED on. Returns how many it called it with. */
static inline size_t mutate_run(struct mutate *m, size_t rounds,
                                int (*fuzz)(const uint8_t *data, size_t size))
{
    const char *seconds = getenv("FUZZ_SECONDS"), *seed = getenv("FUZZ_SEED");
    time_t end = seconds ? time(NULL) + strtol(seconds, NULL, 10) : 0;
    size_t n = 0;
    m->state = 0x9e3779b97f4a7c15ULL ^ (seed ? strtoull(seed, NULL, 10) : 1);
    for (; seconds ? n % 1000 || time(NULL) < end : n < rounds; n++) {
        mutate_next(m);
        fuzz((const uint8_t *)m->data, m->len);
    }
    return n;
}

#endif
