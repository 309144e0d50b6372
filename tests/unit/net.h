/* net: blocking sockets for tests that play the other side of a connection. */
#ifndef FOYER_TEST_NET_H
#define FOYER_TEST_NET_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/buf.h"

/* A listener on a free port of 127.0.0.1; aborts when there is none. */
static inline int net_listen(int *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
        listen(fd, 512) != 0 || getsockname(fd, (struct sockaddr *)&a, &len) != 0)
        abort();
    *port = ntohs(a.sin_port);
    return fd;
}

static inline int net_connect(int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
        abort();
    /* A test that waits for what never comes fails instead of hanging. */
    struct timeval tv = {.tv_sec = 20};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
    return fd;
}

static inline int net_write(int fd, const void *data, size_t len)
{
    const char *p = data;
    while (len > 0) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
        if (n <= 0)
            return -1;
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

static inline int net_puts(int fd, const char *s)
{
    return net_write(fd, s, strlen(s));
}

/* The value of header NAME in the message HEAD, or NULL; not NUL-terminated. */
static inline const char *net_header(const char *head, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = strstr(head, "\r\n"); p && p[2] != '\r';
         p = strstr(p + 2, "\r\n"))
        if (strncasecmp(p + 2, name, n) == 0 && p[2 + n] == ':')
            return p + 3 + n + strspn(p + 3 + n, " ");
    return NULL;
}

/* Reads one whole HTTP message (head and body by Content-Length) into OUT; LEFT keeps
 * what came after it. 0, or -1 when the connection ended before. */
static inline int net_read_message(int fd, struct buf *left, struct buf *out,
                                   int has_body)
{
    char chunk[4096];
    buf_reset(out);
    for (;;) {
        char *end = left->data ? memmem(left->data, left->len, "\r\n\r\n", 4) : NULL;
        if (end) {
            size_t head = (size_t)(end - left->data) + 4, body = 0;
            char behind = left->data[head];
            left->data[head] = '\0'; /* or a large body is searched each time */
            const char *len = has_body ? net_header(left->data, "Content-Length") : NULL;
            if (len)
                body = strtoul(len, NULL, 10);
            left->data[head] = behind;
            if (left->len >= head + body) {
                buf_add(out, left->data, head + body);
                size_t rest = left->len - head - body;
                char *copy = malloc(rest + 1);
                memcpy(copy, left->data + head + body, rest);
                buf_reset(left);
                buf_add(left, copy, rest);
                free(copy);
                return 0;
            }
        }
        ssize_t n = recv(fd, chunk, sizeof(chunk), 0);
        if (n <= 0 || buf_add(left, chunk, (size_t)n) != 0)
            return -1;
    }
}

#endif
