#include "ops/revision.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"

extern char **environ;

enum { OUTPUT_MAX = 4096 }; /* of what is read; a longer list is dirty all the same */

/* Starts ARGV with its output in FD and no input. Returns its id, or -1. */
static pid_t start(const char *const argv[], int fd)
{
    pid_t pid = -1;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE); /* we ignore it, and a child inherits that */
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigdefault(&attr, &defaults);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (posix_spawnp(&pid, argv[0], &actions, &attr, (char *const *)argv, environ) != 0)
        pid = -1;
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attr);
    return pid;
}

/* Runs ARGV and appends what it prints to OUT, up to its limit. Returns 0 when it
 * succeeds, else -1. */
static int run(const char *const argv[], struct buf *out)
{
    int fds[2], status = -1;
    char chunk[1024];
    ssize_t n;
    if (pipe2(fds, O_CLOEXEC) != 0)
        return -1;
    pid_t pid = start(argv, fds[1]);
    close(fds[1]);
    while ((n = read(fds[0], chunk, sizeof chunk)) > 0 || (n < 0 && errno == EINTR))
        if (n > 0)
            (void)buf_add(out, chunk, (size_t)n);
    close(fds[0]);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

char *revision_read(const char *dir)
{
    const char *const head[] = {"git", "-C", dir, "rev-parse", "--verify", "HEAD", NULL};
    const char *const changed[] = {
        "git", "--no-optional-locks", "-C",  dir,       "status",    "--porcelain",
        "--",  "foyer.lua",           "lua", "recipes", "templates", "clients",
        NULL};
    struct buf id, list;
    buf_init(&id, OUTPUT_MAX);
    buf_init(&list, OUTPUT_MAX);
    char *revision = NULL;
    if (run(head, &id) == 0) {
        size_t n = strspn(buf_str(&id), "0123456789abcdef");
        if (n >= 40)
            revision = run(changed, &list) == 0 && list.len == 0
                           ? xmemdup0(buf_str(&id), n)
                           : xasprintf("%.*s-dirty", (int)n, buf_str(&id));
    }
    buf_free(&id);
    buf_free(&list);
    return revision;
}
