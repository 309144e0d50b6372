#include "io/httpd_listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/util.h>

#include "base/str.h"

enum {
    OPTIONS = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC,
    BACKLOG = 4096 /* a burst waits in the kernel, up to net.core.somaxconn */
};

/* Resolves "host:port" or "[host]:port". */
static struct addrinfo *resolve(const char *where, struct err *e)
{
    char host[256];
    const char *colon = strrchr(where, ':');
    int64_t port = -1;
    size_t n = colon ? (size_t)(colon - where) : 0;
    if (n == 0 || n >= sizeof(host) || str_parse_int(colon + 1, &port) != 0 || port < 0 ||
        port > 65535) {
        err_set(e, ERR_SETTINGS,
                "cannot listen on \"%s\": write it as 127.0.0.1:8080 (port 0 takes a "
                "free one)",
                where);
        return NULL;
    }
    int has_brackets = where[0] == '[' && where[n - 1] == ']';
    snprintf(host, sizeof(host), "%.*s", (int)n - 2 * has_brackets, where + has_brackets);
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    int failed = getaddrinfo(host, colon + 1, &hints, &found);
    if (failed) {
        err_set(e, ERR_SETTINGS, "cannot listen on %s: %s", where, gai_strerror(failed));
        return NULL;
    }
    return found;
}

/* Sends answers at once. Accepted connections inherit the option. */
static void set_no_delay(struct evconnlistener *listener)
{
    int on = 1;
    setsockopt(evconnlistener_get_fd(listener), IPPROTO_TCP, TCP_NODELAY, &on,
               sizeof(on));
}

struct evconnlistener *httpd_listen(struct event_base *base, const char *where,
                                    evconnlistener_cb accept, void *arg, struct err *e)
{
    struct addrinfo *found = resolve(where, e);
    if (!found)
        return NULL;
    struct evconnlistener *listener =
        evconnlistener_new_bind(base, accept, arg, OPTIONS | LEV_OPT_REUSEABLE, BACKLOG,
                                found->ai_addr, (int)found->ai_addrlen);
    int saved = errno;
    freeaddrinfo(found);
    if (listener)
        set_no_delay(listener);
    else
        err_set(e, ERR_SETTINGS, "cannot listen on %s: %s", where, strerror(saved));
    return listener;
}

struct evconnlistener *httpd_listen_fd(struct event_base *base, int fd,
                                       evconnlistener_cb accept, void *arg, struct err *e)
{
    /* backlog 0: the socket listens already (event2/listener.h) */
    struct evconnlistener *listener =
        evutil_make_socket_nonblocking(fd) == 0
            ? evconnlistener_new(base, accept, arg, OPTIONS, 0, fd)
            : NULL;
    if (listener) {
        set_no_delay(listener);
        return listener;
    }
    err_set(e, ERR_SETTINGS, "cannot listen on the socket that was handed over: %s",
            strerror(errno));
    close(fd);
    return NULL;
}

void httpd_listen_address(struct evconnlistener *listener, char out[HTTPD_ADDRESS_SIZE])
{
    struct sockaddr_storage a;
    socklen_t len = sizeof(a);
    char text[ADDR_TEXT_SIZE];
    memset(&a, 0, sizeof(a));
    getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&a, &len);
    addr_format((struct sockaddr *)&a, text);
    int is_six = a.ss_family == AF_INET6;
    int port = ntohs(is_six ? ((struct sockaddr_in6 *)(void *)&a)->sin6_port
                            : ((struct sockaddr_in *)(void *)&a)->sin_port);
    snprintf(out, HTTPD_ADDRESS_SIZE, is_six ? "[%s]:%d" : "%s:%d", text, port);
}
