/* look_walk: one look at an app for what it does not send, from a stored mark
 * (store/mark.h): the items of a trigger's `poll` for one client, or the events of one
 * company whose webhooks did not come.
 *
 * Each page is one attempt of a script, in the lowest lane of the company's budget. What
 * it found is stored in one transaction with the mark's move: a process that is killed
 * loses nothing, and the next look goes on there. Keys of activations and the events of
 * deliveries tell what was found before. For the loop's thread. */
#ifndef FOYER_LOOK_WALK_H
#define FOYER_LOOK_WALK_H

#include <jansson.h>

#include "work/session.h"
#include "base/err.h"
#include "io/writer.h"
#include "store/mark.h"
#include "store/presence.h"

struct look_target {            /* copied */
    struct mark_key key;        /* of the mark */
    const char *client;         /* whose connection is used */
    const json_t *client_names; /* heal: all clients of the company */
    int64_t since_ms;  /* looks from then on instead of from the mark; 0: not given */
    int64_t from_ms;   /* does not look before that: the connection is as new; 0: none */
    int64_t wait_ms;   /* how long a request may wait for the company's budget */
    int64_t every_ms;  /* does nothing when a look ended less long ago; 0: always looks */
    int64_t settle_ms; /* heal: how long webhooks may take; younger events are left */
};

enum look_outcome {
    LOOK_DONE,
    LOOK_FIRST,   /* there was no mark: it is set now, and nothing was looked for */
    LOOK_NOT_DUE, /* another process has looked meanwhile */
    LOOK_BUSY,    /* another process is looking */
    LOOK_FAILED
};

struct look_result { /* valid until the callback returns */
    enum look_outcome outcome;
    struct look_target target;
    struct err err;  /* FAILED */
    int64_t from_ms; /* where it began */
    int64_t mark_ms; /* where the mark is now; NOT_DUE: when the last look ended */
    int64_t listed;  /* items, or events */
    int64_t fired;   /* poll: activations */
    int64_t taken;   /* heal: events that are deliveries now */
    json_t *missed;  /* heal: type -> webhooks that did not come */
    json_t *unseen;  /* heal: types that the app does not list */
    int64_t nmissed; /* the sum of MISSED */
    int64_t late;    /* heal: webhooks that came after they were counted as missed */
    int64_t in_all;  /* FIRED, or NMISSED less LATE, of all looks since the mark began */
    int64_t young;   /* of these, younger than two minutes: they may still come */
    int has_work;    /* 1: deliveries or runs were added */
};

struct look_walk;
typedef void look_walk_done(void *arg, const struct look_result *result);

/* Begins it. All but TARGET are borrowed. DONE is called once, from the loop. */
struct look_walk *look_walk_start(struct session *s, struct writer *writer,
                                  struct presence *p, const struct look_target *target,
                                  look_walk_done *done, void *arg);
/* Ends it without its callback; the claim ends with the process, or by the next look. */
void look_walk_kill(struct look_walk *w);

#endif
