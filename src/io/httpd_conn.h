/* httpd_conn: the connections of a server, each from its accept to its end. Only for
 * httpd. */
#ifndef FOYER_HTTPD_CONN_H
#define FOYER_HTTPD_CONN_H

#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <event2/bufferevent.h>
#include <event2/event.h>

#include "io/http1.h"
#include "io/httpd.h"
#include "io/httpd_answer.h"
#include "io/httpd_listen.h"
#include "io/httpd_tls.h"

/* What a connection does, and so which deadline it has. */
enum httpd_phase {
    CONN_NEW,      /* no byte has come; with TLS, also the handshake */
    CONN_IDLE,     /* between two requests */
    CONN_HEAD,     /* a head is incomplete */
    CONN_BODY,     /* a body is incomplete */
    CONN_HANDED,   /* the handler has its request */
    CONN_ANSWERED, /* the handler has answered; its input may hold the next request */
    CONN_WRITING,  /* nothing is read before more of the answers is written */
    CONN_DRAINING, /* the last answer is written: what still comes is thrown away, for
                 closing with unread input would reset the connection and lose the answer
               */
    CONN_PHASES
};

struct httpd_conn {
    TAILQ_ENTRY(httpd_conn)
    link; /* in d->conns[phase], the one that entered it first first */
    struct httpd *d;
    struct bufferevent *bev;
    struct event *drain;
    struct http1 reader;
    struct httpd_request *request; /* handed out, not answered */
    enum httpd_phase phase;
    int64_t since_us; /* when it entered its phase, or made progress in it */
    int64_t drain_until_us;
    size_t drained, unwritten; /* bytes; unwritten: at the last look */
    int is_tls;
    int is_last;    /* no further request is read */
    int has_ended;  /* the client sends nothing more */
    int is_running; /* httpd_conn_run is on the stack */
    int is_dropped; /* httpd_conn_run frees it */
};

TAILQ_HEAD(httpd_conns, httpd_conn);

struct httpd {
    struct event_base *base;
    struct evconnlistener *listener; /* NULL: it accepts no more */
    SSL_CTX *tls;                    /* NULL: plain */
    struct event *look;              /* looks for connections past their deadlines */
    struct event *answered;          /* goes on with the answered connections */
    struct event *last;              /* closes the listening socket */
    struct event *resume;            /* accepts again */
    struct httpd_limits limits;
    httpd_handler *handler;
    void *arg;
    struct httpd_conns conns[CONN_PHASES];
    int nconns;
    LIST_HEAD(, httpd_request) requests;
    int is_stopping;
    int is_paused; /* the listener rests: connections wait in the kernel */
    int64_t paused_until_us;
    int64_t look_us; /* when it looks next; INT64_MAX: never */
    int64_t said_full_us, said_files_us, said_refused_us;
    int unsaid; /* refusals since then */
    char address[HTTPD_ADDRESS_SIZE];
};

struct httpd_request {
    LIST_ENTRY(httpd_request) link;
    struct httpd_conn *conn; /* NULL when the connection has gone */
    struct http1 http;
};

/* Prepares D's lists and events, with limits and handler set, and ends them. */
void httpd_conns_init(struct httpd *d);
void httpd_conns_free(struct httpd *d);
/* Looks for connections past their deadlines at AT_US (monotonic) at the latest. */
void httpd_look_at(struct httpd *d, int64_t at_us);

/* Serves FD, which it owns from then on. */
void httpd_conn_new(struct httpd *d, int fd);
/* Closes the connection. Its request, if the handler has one, lives on without it. */
void httpd_conn_free(struct httpd_conn *c);
/* Enters PHASE anew, also when it is in it already. */
void httpd_conn_enter(struct httpd_conn *c, enum httpd_phase phase);
/* Queues an answer, of which BODY may be NULL. */
void httpd_conn_answer(struct httpd_conn *c, const struct httpd_answer *a,
                       const void *body);
/* Goes on after the handler has answered. */
void httpd_conn_answered(struct httpd_conn *c);
/* Decides what C waits for now. May free it. */
void httpd_conn_settle(struct httpd_conn *c);
/* Returns the bytes of answers that have not been written. */
size_t httpd_conn_unwritten(const struct httpd_conn *c);
/* Writes the client's address; of family AF_UNSPEC when it is not known any more. */
void httpd_conn_peer(const struct httpd_conn *c, struct sockaddr_storage *peer);

/* Aborts with a line in the log when OK is 0: WHAT fails for want of memory alone. */
void httpd_must(int ok, const char *what);
/* Returns 1 at most once in ten seconds: then a line of the log may be written. */
int httpd_may_say(int64_t *said_us);

#endif
