#include "vm/memo.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

enum { BUCKETS = 1024 };

struct note {
    struct note *next;
    char *key, *text;
    size_t len;
};

struct memo {
    struct note *buckets[BUCKETS];
};

struct memo *memo_new(void)
{
    return xcalloc(1, sizeof(struct memo));
}

void memo_free(struct memo *memo)
{
    if (!memo)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct note *note = memo->buckets[i], *next; note; note = next) {
            next = note->next;
            free(note->key);
            free(note->text);
            free(note);
        }
    free(memo);
}

static size_t bucket_of(const char *key)
{
    uint32_t h = 2166136261u;
    for (const char *p = key; *p; p++)
        h = (h ^ (unsigned char)*p) * 16777619u;
    return h % BUCKETS;
}

static struct note *find(const struct memo *memo, const char *key)
{
    for (struct note *note = memo->buckets[bucket_of(key)]; note; note = note->next)
        if (strcmp(note->key, key) == 0)
            return note;
    return NULL;
}

const char *memo_get(const struct memo *memo, const char *key, size_t *len)
{
    const struct note *note = find(memo, key);
    *len = note ? note->len : 0;
    return note ? note->text : NULL;
}

void memo_set(struct memo *memo, const char *key, const char *text, size_t len)
{
    struct note *note = find(memo, key);
    if (!note) {
        struct note **bucket = &memo->buckets[bucket_of(key)];
        note = xcalloc(1, sizeof *note);
        note->key = xstrdup(key);
        note->next = *bucket;
        *bucket = note;
    }
    free(note->text);
    note->text = xmemdup0(text, len);
    note->len = len;
}
