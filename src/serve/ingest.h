/* ingest: takes webhooks and the requests of app channels: POST /hooks/<app>,
 * /hooks/<client>/<app> and /hooks/<client>/<app>/<trigger>, and DELETE for channels.
 *
 * A request is verified as raw bytes, its body is checked to be a JSON object, and it is
 * stored as a delivery. It is acknowledged once it is stored: the writer commits all that
 * wait together. Settings, keys and connections are in memory, so most requests read
 * nothing from the store. It runs no script. */
#ifndef FOYER_INGEST_H
#define FOYER_INGEST_H

#include "workspace/workspace.h"
#include "base/err.h"
#include "io/httpd.h"
#include "io/loop.h"

struct writer;
struct ingest;

/* STORED (may be NULL) is called on the loop after each commit of deliveries: to wake the
 * workers. All arguments are borrowed. */
struct ingest *ingest_new(struct workspace *w, struct loop *loop, struct writer *writer,
                          void (*stored)(void *arg), void *arg, struct err *e);
/* 1 for "/hooks/...", which ingest_take answers; it takes over R. */
int ingest_takes(const char *path);
void ingest_take(struct ingest *in, struct httpd_request *r);
/* Uses the settings of W, another workspace handle on the same directory, from now on.
 * Requests that wait for their commit are answered all the same. */
void ingest_reload(struct ingest *in, struct workspace *w);
/* The number of requests that wait for their commit. */
int ingest_busy(const struct ingest *in);
/* Call it before writer_close, which stores what ingest has submitted, and before
 * httpd_close. Requests that wait for their commit are stored, but get no answer. NULL is
 * fine. */
void ingest_free(struct ingest *in);

#endif
