/* ingest: webhooks and app channels come in: POST /hooks/<app>, /hooks/<client>/<app> and
 * /hooks/<client>/<app>/<trigger>, and DELETE for channels (design 5).
 *
 * A request is verified as raw bytes, stored as a delivery by the writer's group commit,
 * and answered then, not before. It runs no script. What it must know of settings, keys
 * and connections is kept in memory: the common request reads no store. */
#ifndef FOYER_INGEST_H
#define FOYER_INGEST_H

#include "workspace/workspace.h"
#include "base/err.h"
#include "io/httpd.h"
#include "io/loop.h"

struct writer;
struct ingest;

/* STORED (may be NULL) is called on the loop after each group of deliveries that was
 * committed: wake the workers. All are borrowed. */
struct ingest *ingest_new(struct workspace *w, struct loop *loop, struct writer *writer,
                          void (*stored)(void *arg), void *arg, struct err *e);
/* 1 for "/hooks/...": ingest_take then owns R and answers it. */
int ingest_takes(const char *path);
void ingest_take(struct ingest *in, struct httpd_request *r);
/* New settings: W is another workspace handle on the same directory, or the same one.
 * What is being committed is answered as it would have been. */
void ingest_reload(struct ingest *in, struct workspace *w);
/* Requests that wait for their commit. */
int ingest_busy(const struct ingest *in);
/* Before writer_close, which stores what it submits, and before httpd_close. Requests
 * that still wait for their commit are dropped without an answer; they are stored all the
 * same. NULL is fine. */
void ingest_free(struct ingest *in);

#endif
