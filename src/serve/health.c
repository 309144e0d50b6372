#include "serve/health.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/str.h"
#include "store/release.h"
#include "store/store.h"

enum { FRESH_US = 1000 * 1000 };

struct health {
    struct writer *writer;
    struct httpd_request **waiting; /* for the probe under way */
    size_t n;
    int is_probing;
    int64_t probed_us; /* 0: never */
    struct err last;
    int is_refused; /* 1: the last deploy was */
};

static void note_refused(void *arg, int64_t at_ms, const char *by, const char *text)
{
    (void)at_ms, (void)by, (void)text;
    ((struct health *)arg)->is_refused = 1;
}

/* Runs on the writer's thread, while the loop leaves is_refused alone. */
static int probe(struct db *db, void *arg, struct err *e)
{
    struct health *h = arg;
    h->is_refused = 0;
    if (store_probe(db, e) != 0)
        return -1;
    release_refused_get(db, note_refused, h, NULL);
    return 0;
}

/* A refused deploy is no reason to send the traffic elsewhere: what ran before runs. Its
 * text names files, and this answer is for everyone. */
static void answer(const struct health *h, struct httpd_request *r, const struct err *e)
{
    static const struct httpd_header headers[] = {
        {"Content-Type", "text/plain; charset=utf-8"}, {"Cache-Control", "no-store"}};
    char text[sizeof e->text + 64];
    int ok = e->kind == ERR_NONE;
    snprintf(text, sizeof text, "%s\n",
             !ok             ? e->text
             : h->is_refused ? "ok\nthe last deploy was refused: foyer status says why"
                             : "ok");
    httpd_reply(r, ok ? 200 : 503, headers, 2, text, strlen(text));
}

static void on_probed(void *arg, const struct err *e)
{
    struct health *h = arg;
    h->is_probing = 0;
    h->probed_us = clock_mono_us();
    h->last = *e;
    for (size_t i = 0; i < h->n; i++)
        answer(h, h->waiting[i], e);
    h->n = 0;
}

struct health *health_new(struct writer *writer)
{
    struct health *h = xcalloc(1, sizeof *h);
    h->writer = writer;
    return h;
}

void health_answer(struct health *h, struct httpd_request *r)
{
    if (h->probed_us && !h->is_probing && clock_mono_us() - h->probed_us < FRESH_US) {
        answer(h, r, &h->last);
        return;
    }
    array_grow(h->waiting, h->n);
    h->waiting[h->n++] = r;
    if (h->is_probing)
        return;
    h->is_probing = 1;
    writer_submit(h->writer, WRITER_DURABLE, probe, on_probed, h);
}

void health_free(struct health *h)
{
    if (!h)
        return;
    for (size_t i = 0; i < h->n; i++)
        httpd_drop(h->waiting[i]);
    free(h->waiting);
    free(h);
}
