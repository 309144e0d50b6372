#include "serve/systemd.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"

enum { FIRST_FD = 3 }; /* SD_LISTEN_FDS_START */

static int is_listening_on_tcp(int fd)
{
    struct sockaddr_storage a = {0};
    socklen_t len = sizeof a;
    int listens = 0, type = 0;
    socklen_t size = sizeof listens, type_size = sizeof type;
    return getsockname(fd, (struct sockaddr *)&a, &len) == 0 &&
           (a.ss_family == AF_INET || a.ss_family == AF_INET6) &&
           getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size) == 0 &&
           type == SOCK_STREAM &&
           getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens;
}

static int64_t number(const char *name)
{
    const char *text = getenv(name);
    int64_t n = 0;
    return text && str_parse_int(text, &n) == 0 ? n : 0;
}

int systemd_take_socket(int *fd, struct err *e)
{
    int64_t pid = number("LISTEN_PID"), n = number("LISTEN_FDS");
    *fd = SYSTEMD_NO_SOCKET;
    if (pid != getpid() || n <= 0)
        return 0;
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    if (n != 1)
        return err_set(e, ERR_SETTINGS,
                       "cannot listen: systemd hands over %lld sockets, and foyer takes "
                       "one; leave one ListenStream in foyer.socket",
                       (long long)n);
    if (!is_listening_on_tcp(FIRST_FD))
        return err_set(e, ERR_SETTINGS,
                       "cannot listen: what systemd hands over is not a TCP socket that "
                       "listens; foyer.socket takes a ListenStream with an address and "
                       "a port, and Accept=no");
    fcntl(FIRST_FD, F_SETFD, FD_CLOEXEC);
    *fd = FIRST_FD;
    return 0;
}

void systemd_notify(const char *state)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const char *path = getenv("NOTIFY_SOCKET");
    size_t n = path ? strlen(path) : 0;
    if (n < 2 || n >= sizeof to.sun_path || (*path != '/' && *path != '@'))
        return;
    memcpy(to.sun_path, path, n);
    if (*path == '@')
        to.sun_path[0] = '\0'; /* an abstract name, which has no NUL at its end */
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    (void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to,
                  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
    close(fd);
}
