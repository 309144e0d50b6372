#include "io/multi.h"

#include <stdlib.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "base/str.h"

/* A socket that libcurl wants to watch. */
struct sock {
    struct event ev;
    struct sock *next_spare;
};

struct multi {
    struct loop *loop;
    CURLM *handle;
    struct loop_timer *timer;
    struct sock *spare_socks;
    loop_fn *on_turn;
    void *arg;
};

static void on_sock_event(evutil_socket_t fd, short what, void *arg)
{
    struct multi *m = arg;
    int running, flags = (what & EV_READ ? CURL_CSELECT_IN : 0) |
                         (what & EV_WRITE ? CURL_CSELECT_OUT : 0);
    curl_multi_socket_action(m->handle, fd, flags, &running);
    m->on_turn(m->arg);
}

static void on_timer(void *arg)
{
    struct multi *m = arg;
    int running;
    curl_multi_socket_action(m->handle, CURL_SOCKET_TIMEOUT, 0, &running);
    m->on_turn(m->arg);
}

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *sockp)
{
    (void)easy;
    struct multi *m = arg;
    struct sock *s = sockp;
    if (s)
        event_del(&s->ev);
    if (what == CURL_POLL_REMOVE) {
        if (s) {
            curl_multi_assign(m->handle, fd, NULL);
            s->next_spare = m->spare_socks;
            m->spare_socks = s;
        }
        return 0;
    }
    if (!s) {
        s = m->spare_socks;
        if (s)
            m->spare_socks = s->next_spare;
        else
            s = xmalloc(sizeof(*s));
        curl_multi_assign(m->handle, fd, s);
    }
    short events = (short)((what & CURL_POLL_IN ? EV_READ : 0) |
                           (what & CURL_POLL_OUT ? EV_WRITE : 0));
    loop_must(event_assign(&s->ev, loop_base(m->loop), fd, (short)(events | EV_PERSIST),
                           on_sock_event, m) == 0 &&
                  event_add(&s->ev, NULL) == 0,
              "multi: watching a socket");
    return 0;
}

static int on_curl_timer(CURLM *handle, long ms, void *arg)
{
    (void)handle;
    struct multi *m = arg;
    if (ms < 0)
        loop_timer_clear(m->timer);
    else
        loop_timer_set(m->timer, ms);
    return 0;
}

struct multi *multi_new(struct loop *loop, int max_idle, loop_fn *on_turn, void *arg)
{
    struct multi *m = xcalloc(1, sizeof(*m));
    m->loop = loop;
    m->on_turn = on_turn;
    m->arg = arg;
    loop_must(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK,
              "multi: curl_global_init");
    m->handle = curl_multi_init();
    m->timer = loop_timer_new(loop, on_timer, m);
    loop_must(m->handle != NULL, "multi: curl_multi_init");
    curl_multi_setopt(m->handle, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    curl_multi_setopt(m->handle, CURLMOPT_SOCKETDATA, m);
    curl_multi_setopt(m->handle, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    curl_multi_setopt(m->handle, CURLMOPT_TIMERDATA, m);
    curl_multi_setopt(m->handle, CURLMOPT_MAXCONNECTS, (long)max_idle);
    return m;
}

void multi_free(struct multi *m)
{
    if (!m)
        return;
    curl_multi_cleanup(m->handle); /* closes the connections: their socks become spare */
    loop_timer_free(m->timer);
    for (struct sock *s = m->spare_socks, *next; s; s = next) {
        next = s->next_spare;
        free(s);
    }
    free(m);
    curl_global_cleanup();
}

CURLM *multi_handle(struct multi *m)
{
    return m->handle;
}
