/* front KEY EVENT: plays Front for BENCH=store, both halves in one process and by one
 * clock: it sends signed webhooks, and it is the API that takes the replies and answers
 * at once. EVENT is a file with one event, where @ID@ becomes the number of the webhook,
 * @AT@ the time. It prints "api: URL"; then it reads commands:
 *
 *     to PORT             webhooks go to http://127.0.0.1:PORT/hooks/front
 *     send COUNT RATE     sends them, RATE in a second (0: at once), and waits for the
 *                         replies; prints "result MEDIAN-MS P99-MS REPLIES-PER-SECOND".
 *                         At most 32 webhooks wait for their answer.
 *
 * A webhook that is refused, and a reply that does not come or comes twice, ends it with
 * 1. An id is always b00000000n and seven digits: store.sh makes other ids of that. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "samples.h"

enum { AT_ONCE = 32, CONNECTIONS = 1024, BUFFER = 64 * 1024, PATIENCE_MS = 60 * 1000 };
#define ID "b00000000n%07d"

struct connection {
    int fd;      /* -1: free */
    int is_ours; /* 1: we send webhooks on it; 0: the API's */
    int is_idle; /* ours, without a webhook that waits for its answer */
    size_t len;
    char in[BUFFER];
};

struct webhook {
    double sent_us, replied_us; /* 0: not yet */
};

static struct connection connections[CONNECTIONS];
static struct webhook webhooks[SAMPLES_MAX * 10];
static int poller, listener, target_port, nwebhooks;
static int unanswered, unreplied; /* of the command that runs */
static const char *key, *event;

static void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("front: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

static void watch(int fd, void *what)
{
    struct epoll_event on = {.events = EPOLLIN, .data.ptr = what};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &on) != 0)
        die("epoll_ctl: %s", strerror(errno));
}

static struct connection *add_connection(int fd, int is_ours)
{
    for (int i = 0; i < CONNECTIONS; i++) {
        struct connection *c = &connections[i];
        if (c->fd >= 0)
            continue;
        c->fd = fd;
        c->is_ours = is_ours;
        c->is_idle = 0;
        c->len = 0;
        int one = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        fcntl(fd, F_SETFL, O_NONBLOCK);
        watch(fd, c);
        return c;
    }
    die("more than %d connections", CONNECTIONS);
    return NULL;
}

static void drop(struct connection *c)
{
    if (c->is_ours && !c->is_idle)
        die("the server closed a connection instead of answering a webhook");
    close(c->fd);
    c->fd = -1;
}

/* Sends TEXT whole: a socket's buffer is larger than what is sent here. */
static void say(const struct connection *c, const char *text, size_t len)
{
    if (send(c->fd, text, len, MSG_NOSIGNAL) != (ssize_t)len)
        die("send: %s", errno ? strerror(errno) : "the socket took a part only");
}

/* ---- webhooks ---- */

static size_t make_event(char *out, size_t size, int number, long long at_s)
{
    size_t n = 0;
    for (const char *p = event; *p && n + 32 < size;) {
        if (strncmp(p, "@ID@", 4) == 0) {
            n += (size_t)snprintf(out + n, size - n, ID, number);
            p += 4;
        } else if (strncmp(p, "@AT@", 4) == 0) {
            n += (size_t)snprintf(out + n, size - n, "%lld", at_s);
            p += 4;
        } else {
            out[n++] = *p++;
        }
    }
    return n;
}

static void sign(const char *stamp, const char *body, size_t len, char out[48])
{
    static char text[BUFFER];
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned size;
    int n = snprintf(text, sizeof text, "%s:", stamp);
    memcpy(text + n, body, len);
    HMAC(EVP_sha256(), key, (int)strlen(key), (unsigned char *)text, (size_t)n + len, mac,
         &size);
    EVP_EncodeBlock((unsigned char *)out, mac, (int)size);
}

static struct connection *idle_connection(void)
{
    for (int i = 0; i < CONNECTIONS; i++)
        if (connections[i].fd >= 0 && connections[i].is_ours && connections[i].is_idle)
            return &connections[i];
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)target_port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        die("connect to port %d: %s", target_port, strerror(errno));
    return add_connection(fd, 1);
}

static void send_webhook(void)
{
    static char body[BUFFER / 2], text[BUFFER];
    char stamp[32], signature[48];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int number = nwebhooks++;
    if (number >= (int)(sizeof webhooks / sizeof webhooks[0]))
        die("more webhooks than it has room for");
    size_t len = make_event(body, sizeof body, number, (long long)now.tv_sec);
    snprintf(stamp, sizeof stamp, "%lld%03ld", (long long)now.tv_sec,
             now.tv_nsec / 1000000);
    sign(stamp, body, len, signature);
    int n = snprintf(text, sizeof text,
                     "POST /hooks/front HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                     "Content-Type: application/json\r\nX-Front-Request-Timestamp: %s\r\n"
                     "X-Front-Signature: %s\r\nContent-Length: %zu\r\n\r\n",
                     target_port, stamp, signature, len);
    memcpy(text + n, body, len);
    struct connection *c = idle_connection();
    c->is_idle = 0;
    unanswered++;
    webhooks[number].sent_us = now_us();
    say(c, text, (size_t)n + len);
}

/* ---- the API ---- */

static void answer(const struct connection *c, int status, const char *body)
{
    char text[1024];
    int n = snprintf(text, sizeof text,
                     "HTTP/1.1 %d OK\r\nContent-Type: application/json\r\n"
                     "X-RateLimit-Limit: 10000000\r\nX-RateLimit-Remaining: 9999999\r\n"
                     "X-RateLimit-Reset: %lld\r\nContent-Length: %zu\r\n\r\n%s",
                     status, (long long)time(NULL) + 60, strlen(body), body);
    say(c, text, (size_t)n);
}

static void take_request(const struct connection *c)
{
    int number, end = 0;
    double now = now_us();
    if (sscanf(c->in,
               "POST /conversations/cnv_"
               "b00000000n%7d/messages %n",
               &number, &end) == 1 &&
        end) {
        char body[128];
        if (number < 0 || number >= nwebhooks)
            die("a reply to a webhook that was not sent: %d", number);
        if (webhooks[number].replied_us > 0)
            die("two replies to webhook %d", number);
        snprintf(body, sizeof body,
                 "{\"status\":\"accepted\",\"message_uid\":\"" ID "\"}", number);
        answer(c, 202, body);
        webhooks[number].replied_us = now;
        unreplied--;
    } else if (strncmp(c->in, "GET /me ", 8) == 0) {
        answer(c, 200, "{\"id\":\"cmp_4thp0\",\"name\":\"Acme Dry Goods\"}");
    } else if (strncmp(c->in, "GET /messages/alt:uid:", 22) == 0) {
        answer(c, 200, "{\"id\":\"msg_1\",\"is_inbound\":false,\"error_type\":null}");
    } else {
        answer(c, 404, "{\"_error\":{\"status\":404,\"title\":\"Not found\"}}");
    }
}

/* ---- both ---- */

/* Returns the length of the message that C's buffer begins with; 0: it is not there yet.
 */
static size_t message_length(const struct connection *c)
{
    const char *end = memmem(c->in, c->len, "\r\n\r\n", 4);
    if (!end)
        return 0;
    size_t head = (size_t)(end - c->in) + 4, body = 0;
    for (const char *p = c->in; p < end; p = strstr(p, "\r\n") + 2) {
        if (strncasecmp(p, "Content-Length:", 15) == 0)
            body = strtoul(p + 15, NULL, 10);
        if (strncasecmp(p, "Transfer-Encoding:", 18) == 0)
            die("a message without Content-Length");
    }
    return c->len < head + body ? 0 : head + body;
}

static void take_message(struct connection *c)
{
    if (!c->is_ours) {
        take_request(c);
        return;
    }
    if (strncmp(c->in, "HTTP/1.1 200", 12) != 0)
        die("a webhook was answered with %.80s", c->in);
    c->is_idle = 1;
    unanswered--;
}

static void on_readable(struct connection *c)
{
    ssize_t n = recv(c->fd, c->in + c->len, sizeof c->in - 1 - c->len, 0);
    if (n <= 0) {
        if (n < 0 && errno == EAGAIN)
            return;
        drop(c);
        return;
    }
    c->len += (size_t)n;
    c->in[c->len] = '\0';
    for (size_t len; c->len > 0 && (len = message_length(c)) > 0;) {
        take_message(c);
        memmove(c->in, c->in + len, c->len + 1 - len);
        c->len -= len;
    }
    if (c->len == sizeof c->in - 1)
        die("a message of more than %d bytes", BUFFER);
}

static void on_connection(void)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        add_connection(fd, 0);
}

static void on_event(struct connection *c)
{
    if (c)
        on_readable(c);
    else
        on_connection();
}

static void send_all(int count, int rate)
{
    int first = nwebhooks;
    if (count < 1 || count > SAMPLES_MAX)
        die("%d webhooks: not from 1 to %d", count, SAMPLES_MAX);
    unreplied += count;
    double start = now_us(), last = start;
    while (nwebhooks < first + count || unanswered > 0 || unreplied > 0) {
        double now = now_us();
        int due = nwebhooks < first + count && unanswered < AT_ONCE;
        double at = rate ? start + (nwebhooks - first) * 1e6 / rate : now;
        if (due && at <= now) {
            send_webhook();
            continue;
        }
        struct epoll_event on[64];
        int wait = due ? (int)((at - now) / 1000) + 1 : 1000;
        int n = epoll_wait(poller, on, 64, wait);
        for (int i = 0; i < n; i++) {
            if (on[i].data.ptr == stdin)
                die("a command, or no caller, while it sends");
            on_event(on[i].data.ptr);
        }
        if (n > 0 || due)
            last = now_us();
        if (now_us() - last > PATIENCE_MS * 1e3)
            die("%d of %d replies did not come", unreplied, count);
    }
    static struct samples samples;
    samples.n = 0;
    double end = start;
    for (int i = first; i < nwebhooks; i++) {
        samples_add(&samples, webhooks[i].replied_us - webhooks[i].sent_us);
        end = webhooks[i].replied_us > end ? webhooks[i].replied_us : end;
    }
    double median = samples_median(&samples); /* sorts */
    printf("result %.3f %.3f %.1f\n", median / 1e3,
           samples.list[samples.n * 99 / 100] / 1e3, count / (end - start) * 1e6);
}

static int api_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (bind(listener, (struct sockaddr *)&at, len) != 0 || listen(listener, 1024) != 0 ||
        getsockname(listener, (struct sockaddr *)&at, &len) != 0)
        die("listen: %s", strerror(errno));
    return ntohs(at.sin_port);
}

static void forget_webhook_connections(void)
{
    for (int i = 0; i < CONNECTIONS; i++)
        if (connections[i].fd >= 0 && connections[i].is_ours)
            drop(&connections[i]);
}

static void command(char *line)
{
    int count, rate;
    if (sscanf(line, "to %d", &target_port) == 1) {
        forget_webhook_connections();
        puts("ok");
    } else if (sscanf(line, "send %d %d", &count, &rate) == 2) {
        send_all(count, rate);
    } else {
        die("not a command: %s", line);
    }
    fflush(stdout);
}

static char *read_file(const char *path)
{
    static char text[BUFFER / 4];
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (n == 0 || n == sizeof text - 1)
        die("%s: cannot be read, is empty or too long", path);
    fclose(f);
    text[strcspn(text, "\n")] = '\0';
    return text;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 64;
    key = argv[1];
    event = read_file(argv[2]);
    for (int i = 0; i < CONNECTIONS; i++)
        connections[i].fd = -1;
    poller = epoll_create1(EPOLL_CLOEXEC);
    printf("api: http://127.0.0.1:%d\n", api_port());
    fflush(stdout);
    watch(listener, NULL);
    watch(STDIN_FILENO, stdin);
    for (;;) {
        struct epoll_event on[64];
        int n = epoll_wait(poller, on, 64, -1);
        for (int i = 0; i < n; i++) {
            char line[100];
            if (on[i].data.ptr != stdin)
                on_event(on[i].data.ptr);
            else if (fgets(line, sizeof line, stdin))
                command(line);
            else
                return 0;
        }
    }
}
