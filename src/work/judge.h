/* judge: decides which incidents open, last and are over, and which of them an alert
 * speaks of now. One round is one transaction of the store (store/incident.h), so that
 * the processes that share it say each thing once.
 *
 * An incident is spoken of when it opens, once an hour while it lasts, in one alert for
 * all that last of a target, and when it is over. Quiet hours hold that back, but for
 * customers who wait. While an app fails for several companies, that incident speaks for
 * each of them, and for what comes of it. For the writer's thread. */
#ifndef FOYER_JUDGE_H
#define FOYER_JUDGE_H

#include <stddef.h>

#include "base/zone.h"
#include "store/incident.h"

struct judge_client {
    const char *client; /* "": the agency, which is the first one */
    int target;         /* of alerts about it: an index in this list; -1: none */
    int is_quiet;
    int64_t silence; /* settings_alert_silence */
    const struct zone *zone;
};

enum judge_what { JUDGE_OPENED, JUDGE_LASTS, JUDGE_OVER };

struct judge_line { /* about one incident; owned */
    enum judge_what what;
    int target; /* an index of clients */
    struct incident incident;
    int said_before;  /* incident.said, for judge_unsay */
    char *clients;    /* of an app: those it fails for, with ", " between; else NULL */
    int64_t given_up; /* of an app or a company: runs that were given up by it */
};

struct judge {
    int64_t now_ms;
    int is_forced; /* 1: the round takes place even when there was one a moment ago */
    const char *received; /* JSON: types of events by which a customer writes */
    const struct judge_client *clients;
    size_t nclients;
    int64_t heartbeat_ms; /* 0: none is wanted */
    /* out */
    int is_heartbeat; /* 1: this process calls the heartbeat's address now */
    struct judge_line *lines;
    size_t nlines;
};

/* Holds a round. Without one (another process just did) nothing is said. */
int judge_round(struct db *db, struct judge *j, struct err *e);
/* Takes back that LINE was said: it is said again in a minute, or for one that lasts, in
 * an hour. */
int judge_unsay(struct db *db, const struct judge_line *line, struct err *e);
void judge_fini(struct judge *j);

#endif
