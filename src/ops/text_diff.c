#include "ops/text_diff.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"

extern char **environ;

/* Returns a descriptor of an unlinked copy of SIDE's text: it is gone with the process,
 * however that ends. -1 with E. */
static int temporary(const struct text_diff_side *side, struct err *e)
{
    const char *dir = getenv("TMPDIR");
    char *path = xasprintf("%s/foyer-diff-XXXXXX", dir && *dir ? dir : "/tmp");
    int fd = mkstemp(path);
    size_t done = 0;
    if (fd >= 0)
        unlink(path);
    while (fd >= 0 && done < side->len) {
        ssize_t n = write(fd, side->text + done, side->len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            close(fd);
            fd = -1;
        } else {
            done += (size_t)n;
        }
    }
    if (fd < 0)
        err_set(e, ERR_STORE, "cannot write %s: %s", path, strerror(errno));
    else
        lseek(fd, 0, SEEK_SET);
    free(path);
    return fd;
}

/* Runs diff(1), which reads OLD and NEW as its descriptors 3 and 4, with its output in
 * OUT. Returns 0: the same, 1: different, -1 with E. */
static int run_diff(char *const argv[], int old, int new, struct buf *out, struct err *e)
{
    int pipe_fds[2], status = 0;
    pid_t pid;
    if (pipe2(pipe_fds, O_CLOEXEC) != 0)
        return err_set(e, ERR_INTERNAL, "cannot run diff: %s", strerror(errno));
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE); /* we ignore it, and a child inherits that */
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigdefault(&attr, &defaults);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, old, 3);
    posix_spawn_file_actions_adddup2(&actions, new, 4);
    int why = posix_spawnp(&pid, argv[0], &actions, &attr, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attr);
    close(pipe_fds[1]);
    if (why != 0) {
        close(pipe_fds[0]);
        return err_set(e, ERR_INTERNAL,
                       "cannot run diff: %s; it is in Debian's diffutils", strerror(why));
    }
    char chunk[8192];
    ssize_t n;
    int full = 0;
    while ((n = read(pipe_fds[0], chunk, sizeof chunk)) > 0 || (n < 0 && errno == EINTR))
        if (n > 0 && buf_add(out, chunk, (size_t)n) != 0)
            full = 1;
    close(pipe_fds[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (full)
        return err_set(e, ERR_LIMIT, "cannot show the difference: more than %d MiB",
                       TEXT_DIFF_MAX >> 20);
    if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
        return err_set(e, ERR_INTERNAL, "cannot compare: diff failed");
    return WEXITSTATUS(status);
}

/* Moves FD to 10 or above, as diff gets 3 and 4. */
static int high(int fd)
{
    int moved = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 10);
    if (fd >= 0)
        close(fd);
    return moved;
}

int text_diff(const struct text_diff_side *old, const struct text_diff_side *new,
              struct buf *out, struct err *e)
{
    char *argv[] = {(char *)"diff",      (char *)"-u",
                    (char *)"--label",   (char *)old->label,
                    (char *)"--label",   (char *)new->label,
                    (char *)"--",        (char *)"/dev/fd/3",
                    (char *)"/dev/fd/4", NULL};
    int a = high(temporary(old, e)), b = a < 0 ? -1 : high(temporary(new, e));
    int rc = b < 0 ? -1 : run_diff(argv, a, b, out, e);
    if (a >= 0)
        close(a);
    if (b >= 0)
        close(b);
    return rc;
}
