/* httpd_conn: the connections of a server, from accept to end. Only for httpd. */
#ifndef FOYER_HTTPD_CONN_H
#define FOYER_HTTPD_CONN_H

#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <event2/bufferevent.h>
#include <event2/event.h>

#include "io/http1.h"
#include "io/httpd.h"
#include "io/httpd_listen.h"
#include "io/httpd_tls.h"

/* What a connection waits for, which decides its deadline. */
enum httpd_phase {
    HTTPD_NEW,      /* its first byte; with TLS, also the handshake */
    HTTPD_IDLE,     /* the next request */
    HTTPD_HEAD,     /* the rest of a head */
    HTTPD_BODY,     /* the rest of a body */
    HTTPD_HANDED,   /* the handler, which has its request */
    HTTPD_ANSWERED, /* nothing: the handler has answered; the next request may be in its
                      input */
    HTTPD_WRITING,  /* the client, which must read some of the answers first */
    HTTPD_DRAINING, /* the client's end: the last answer is written, and further input is
                      dropped; closing with unread input would reset the connection and
                      lose the answer */
    HTTPD_PHASES
};

struct httpd_conn {
    TAILQ_ENTRY(httpd_conn)
    link; /* in d->conns[phase], the oldest first */
    struct httpd *d;
    struct bufferevent *bev;
    struct event *drain;
    struct http1 reader;
    struct httpd_request *request; /* with the handler, not answered */
    enum httpd_phase phase;
    int64_t since_us; /* when it entered its phase, or made progress in it */
    int64_t drain_until_us;
    size_t drained, unwritten; /* bytes; unwritten: at the last check */
    int is_tls;
    int is_last;    /* no further request will be read */
    int has_ended;  /* the client sends nothing more */
    int is_running; /* httpd_conn_run is on the stack */
    int is_dropped; /* httpd_conn_run will free it */
};

TAILQ_HEAD(httpd_conns, httpd_conn);

struct httpd {
    struct loop *loop;
    struct evconnlistener *listener; /* NULL: it does not accept any more */
    SSL_CTX *tls;                    /* NULL: no TLS */
    struct loop_timer *check;        /* closes connections past their deadlines */
    struct event *answered;          /* continues the answered connections */
    struct loop_timer *last;         /* closes the listening socket */
    struct loop_timer *resume;       /* accepts again */
    struct httpd_limits limits;
    httpd_handler *handler;
    void *arg;
    struct httpd_conns conns[HTTPD_PHASES];
    int nconns;
    LIST_HEAD(, httpd_request) requests;
    int is_stopping;
    int is_paused; /* connections wait in the kernel */
    int64_t paused_until_us;
    int64_t check_us; /* when CHECK fires; INT64_MAX: never */
    int64_t said_full_us, said_files_us, said_refused_us;
    int unlogged; /* refusals since the last log line */
    char address[HTTPD_ADDRESS_SIZE];
};

struct httpd_request {
    LIST_ENTRY(httpd_request) link;
    struct httpd_conn *conn; /* NULL after the connection ended */
    struct http1 http;
};

/* Prepare D's lists and events, and free them. Limits and handler are set before. */
void httpd_conns_init(struct httpd *d);
void httpd_conns_free(struct httpd *d);
/* Makes sure that deadlines are checked at AT_US (monotonic) or earlier. */
void httpd_check_at(struct httpd *d, int64_t at_us);

/* Serves FD and takes it over. */
void httpd_conn_new(struct httpd *d, int fd);
/* Closes the connection. A request that the handler has stays valid without it. */
void httpd_conn_free(struct httpd_conn *c);
/* Queues the answer to REQUEST with STATUS, 200 to 599; a HEAD's without its body. Adds
 * Date, Content-Length and Connection. Omits a malformed header and logs that. */
void httpd_conn_answer(struct httpd_conn *c, const struct http1 *request, int status,
                       const struct httpd_header *headers, size_t nheaders,
                       const void *body, size_t len);
/* Continues after the handler has answered. */
void httpd_conn_answered(struct httpd_conn *c);
/* Decides what C waits for. May free it. */
void httpd_conn_settle(struct httpd_conn *c);
/* Returns the bytes of answers that are not written yet. */
size_t httpd_conn_unwritten(const struct httpd_conn *c);
/* Writes the client's address, of family AF_UNSPEC when it is unknown. */
void httpd_conn_peer(const struct httpd_conn *c, struct sockaddr_storage *peer);

/* Returns 1 at most once in ten seconds, to limit the lines of one kind in the log. */
int httpd_may_log(int64_t *logged_us);

#endif
