#include "ops/log_lines.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/when.h"
#include "core/jsontree.h"
#include "store/logs.h"

enum { DAY_MS = 24 * 60 * 60 * 1000, CHUNK = 64 * 1024, LINE_MAX = 64 * 1024 };

struct log_lines {
    char *dir;
    struct log_query query;
    int has_begun;
    char *path;   /* of the file that is read; NULL: none yet */
    int64_t at;   /* how far, in bytes: the beginning of a line */
    char **ring;  /* the newest lines while the limit holds, at most query.limit */
    size_t count; /* of all that came into it */
    log_lines_fn *fn;
    void *arg;
};

struct log_lines *log_lines_open(const char *dir, const struct log_query *query)
{
    struct log_lines *l = xcalloc(1, sizeof *l);
    l->dir = xstrdup(dir);
    l->query = *query;
    return l;
}

void log_lines_close(struct log_lines *l)
{
    if (!l)
        return;
    free(l->path);
    free(l->dir);
    free(l);
}

/* ---- which lines ---- */

/* Returns 1 when the text says "client NAME" of a client that is asked for. */
static int names_client(const struct choice *clients, const char *text)
{
    static const char word[] = "client ";
    for (const char *p = text; (p = strstr(p, word)); p++) {
        const char *name = p + sizeof word - 1;
        size_t n = strcspn(name, " ,:;()\"`");
        while (n && name[n - 1] == '.')
            n--;
        char *client = xmemdup0(name, n);
        int has = choice_has(clients, client);
        free(client);
        if (has)
            return 1;
    }
    return 0;
}

static int is_asked_for(const struct log_query *q, const json_t *line)
{
    int level = log_level_find(json_text_or(line, "level", ""));
    int64_t seconds;
    int32_t ns;
    if (level < 0 || level > (int)q->level)
        return 0;
    if (q->since_ms &&
        (when_parse(json_text_or(line, "time", ""), &seconds, &ns, NULL) != 0 ||
         seconds * 1000 + ns / 1000000 < q->since_ms))
        return 0;
    if (!q->clients || !choice_is_given(q->clients))
        return 1;
    const char *client = json_text(line, "client");
    return client && *client
               ? choice_has(q->clients, client)
               : names_client(q->clients, json_text_or(line, "message", ""));
}

static void take_line(struct log_lines *l, const char *text, size_t len)
{
    json_t *line = jsontree_read(text, len, NULL);
    int is_wanted = json_is_object(line) && is_asked_for(&l->query, line);
    if (is_wanted && l->ring) {
        char **place = &l->ring[l->count++ % (size_t)l->query.limit];
        free(*place);
        *place = xmemdup0(text, len);
    } else if (is_wanted) {
        l->fn(l->arg, line);
    }
    json_decref(line);
}

/* ---- reading ---- */

/* Takes the whole lines of BUF, and removes them from it. */
static void take_lines(struct log_lines *l, struct buf *buf)
{
    char *from = buf->data, *end = buf->data + buf->len, *lf;
    while (from < end && (lf = memchr(from, '\n', (size_t)(end - from)))) {
        take_line(l, from, (size_t)(lf - from));
        l->at += lf + 1 - from;
        from = lf + 1;
    }
    buf->len = (size_t)(end - from);
    memmove(buf->data, from, buf->len);
}

/* Reads on in the current file. A last line that is not whole yet is left. */
static void read_on(struct log_lines *l)
{
    int fd = open(l->path, O_RDONLY | O_CLOEXEC);
    struct buf buf;
    char chunk[CHUNK];
    ssize_t n;
    if (fd < 0)
        return;
    buf_init(&buf, CHUNK + LINE_MAX);
    for (int64_t at = l->at; (n = pread(fd, chunk, sizeof chunk, at)) > 0; at += n) {
        if (buf_add(&buf, chunk, (size_t)n) != 0) /* a line that foyer never writes */
            break;
        take_lines(l, &buf);
    }
    buf_free(&buf);
    close(fd);
}

/* The files come in their order: those before the current one are read already. */
static int on_file(void *arg, const char *path, int64_t day_ms)
{
    struct log_lines *l = arg;
    int is_current = l->path && str_eq(l->path, path);
    if (is_current)
        l->has_begun = 1;
    if (!l->has_begun || day_ms + DAY_MS <= l->query.since_ms)
        return 0;
    if (!is_current) {
        free(l->path);
        l->path = xstrdup(path);
        l->at = 0;
    }
    read_on(l);
    return 0;
}

static int find_file(void *arg, const char *path, int64_t day_ms)
{
    (void)day_ms;
    return str_eq(arg, path);
}

static void give_ring(struct log_lines *l)
{
    size_t max = (size_t)l->query.limit;
    size_t first = l->count > max ? l->count - max : 0;
    for (size_t i = first; i < l->count; i++) {
        char **place = &l->ring[i % max];
        json_t *line = jsontree_reads(*place, NULL);
        l->fn(l->arg, line);
        json_decref(line);
        free(*place);
    }
    free(l->ring);
    l->ring = NULL;
}

void log_lines_next(struct log_lines *l, log_lines_fn *fn, void *arg)
{
    l->fn = fn;
    l->arg = arg;
    int is_first = !l->path;
    if (is_first && l->query.limit > 0)
        l->ring = xcalloc((size_t)l->query.limit, sizeof *l->ring);
    /* the current one may be removed meanwhile: then all that is there is newer */
    l->has_begun = is_first || !logs_each(l->dir, find_file, l->path);
    logs_each(l->dir, on_file, l);
    if (l->ring)
        give_ring(l);
    l->query.limit = 0;
}
