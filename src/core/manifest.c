#include "core/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

enum { HASH_LEN = 64 };

struct manifest {
    struct manifest_line *lines; /* in order of path */
    size_t n, room;
};

struct manifest *manifest_new(void)
{
    return xcalloc(1, sizeof(struct manifest));
}

void manifest_free(struct manifest *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->n; i++) {
        free(m->lines[i].path);
        free(m->lines[i].hash);
    }
    free(m->lines);
    free(m);
}

size_t manifest_from(const struct manifest *m, const char *path)
{
    size_t low = 0, high = m->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(m->lines[middle].path, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int is_at(const struct manifest *m, size_t i, const char *path)
{
    return i < m->n && strcmp(m->lines[i].path, path) == 0;
}

static void insert(struct manifest *m, size_t at, const char *path, const char *hash)
{
    if (m->n == m->room) {
        m->room = m->room ? 2 * m->room : 64;
        m->lines = xrealloc(m->lines, m->room * sizeof *m->lines);
    }
    memmove(m->lines + at + 1, m->lines + at, (m->n - at) * sizeof *m->lines);
    m->lines[at] = (struct manifest_line){xstrdup(path), xstrdup(hash)};
    m->n++;
}

static void take_out(struct manifest *m, size_t at)
{
    free(m->lines[at].path);
    free(m->lines[at].hash);
    memmove(m->lines + at, m->lines + at + 1, (m->n - at - 1) * sizeof *m->lines);
    m->n--;
}

void manifest_set(struct manifest *m, const char *path, const char *hash)
{
    size_t at = manifest_from(m, path);
    int found = is_at(m, at, path);
    if (found && hash) {
        char *copy = xstrdup(hash);
        free(m->lines[at].hash);
        m->lines[at].hash = copy;
    } else if (found) {
        take_out(m, at);
    } else if (hash) {
        insert(m, at, path, hash);
    }
}

static int is_hash(const char *text)
{
    return strlen(text) == HASH_LEN && strspn(text, "0123456789abcdef") == HASH_LEN;
}

struct manifest *manifest_read(const char *text, struct err *e)
{
    struct manifest *m = manifest_new();
    char *copy = xstrdup(text), *rest = copy, *hash;
    while ((hash = strsep(&rest, "\n"))) {
        if (!*hash)
            continue;
        char *path = strsep(&hash, "\t");
        if (!*path || !hash || !is_hash(hash)) {
            err_set(e, ERR_STORE, "cannot read a release's list of files: \"%.80s\"",
                    path);
            manifest_free(m);
            m = NULL;
            break;
        }
        manifest_set(m, path, hash); /* at the end: the text is in order */
    }
    free(copy);
    return m;
}

char *manifest_text(const struct manifest *m)
{
    struct buf out;
    size_t len;
    buf_init(&out, (size_t)1 << 30);
    for (size_t i = 0; i < m->n; i++)
        buf_addf(&out, "%s\t%s\n", m->lines[i].path, m->lines[i].hash);
    char *text = buf_take(&out, &len);
    return text ? text : xstrdup("");
}

const char *manifest_hash(const struct manifest *m, const char *path)
{
    size_t at = manifest_from(m, path);
    return is_at(m, at, path) ? m->lines[at].hash : NULL;
}

size_t manifest_count(const struct manifest *m)
{
    return m->n;
}

const struct manifest_line *manifest_line(const struct manifest *m, size_t i)
{
    return &m->lines[i];
}
