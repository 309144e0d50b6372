#include "core/words.h"

#include <stddef.h>

#include "base/str.h"

static const char *const words[] = {WORD_NEEDS_YOU, WORD_NEEDS_RECONNECT, WORD_PAUSED,
                                    WORD_FAILED, WORD_WAITING};

static const struct {
    const char *state, *word;
} table[] = {
    {"queued", WORD_WAITING},      {"retrying", WORD_WAITING},
    {"sleeping", WORD_WAITING},    {"waiting", WORD_WAITING},
    {"confirming", WORD_WAITING},  {"held", WORD_NEEDS_RECONNECT},
    {"parked", WORD_NEEDS_YOU},    {"undelivered", WORD_NEEDS_YOU},
    {"uncertain", WORD_NEEDS_YOU}, {"dead", WORD_FAILED},
    {"suspended", WORD_PAUSED},    {"reconnect", WORD_NEEDS_RECONNECT},
};

const char *words_of(const char *state)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (str_eq(state, table[i].state))
            return table[i].word;
    return state;
}

static int is_same(const char *word, const char *typed)
{
    while (*word &&
           (*word == *typed || (*word == ' ' && (*typed == '-' || *typed == '_')))) {
        word++;
        typed++;
    }
    return !*word && !*typed;
}

const char *words_find(const char *typed)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (is_same(words[i], typed))
            return words[i];
    return NULL;
}

const char *words_nth(int i)
{
    return i >= 0 && i < (int)(sizeof words / sizeof *words) ? words[i] : NULL;
}
