#include "io/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"

struct child {
    pid_t pid;
    int pidfd; /* readable when the process has ended */
    struct loop_fd *watch;
    int is_gone;
    child_ended *ended;
    void *arg;
};

static int reap(struct child *c, int flags)
{
    int status = 0;
    pid_t rc;
    while ((rc = waitpid(c->pid, &status, flags)) < 0 && errno == EINTR) {
    }
    if (rc == 0)
        return -1;
    c->is_gone = 1;
    return status;
}

static void on_readable(void *arg)
{
    struct child *c = arg;
    int status = reap(c, WNOHANG);
    if (!c->is_gone)
        return;
    loop_fd_free(c->watch);
    c->watch = NULL;
    c->ended(c->arg, c, status);
}

/* Runs between fork and exec: only async-signal-safe calls, because another thread may
 * have owned any lock. */
static void become(const struct child_spec *spec, int null, int nice_to)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGCHLD};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int output = spec->output >= 0 ? spec->output : null;
    if (dup2(null, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
        (spec->output >= 0 && dup2(spec->output, STDERR_FILENO) < 0))
        _exit(70);
    for (int i = 0; i < spec->nkeep; i++)
        if (fcntl(spec->keep[i], F_SETFD, 0) != 0)
            _exit(70);
    setpriority(PRIO_PROCESS, 0, nice_to);
    execv("/proc/self/exe", (char *const *)spec->argv);
    _exit(70);
}

static pid_t spawn(const struct child_spec *spec)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return -1;
    int nice_to = getpriority(PRIO_PROCESS, 0) + spec->nice;
    /* a handler of ours in the child would write to the pipe of our own loop */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0)
        become(spec, null, nice_to);
    int why = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(null);
    errno = why;
    return pid;
}

struct child *child_start(struct loop *loop, const struct child_spec *spec,
                          child_ended *ended, void *arg, struct err *e)
{
    struct child *c = xcalloc(1, sizeof *c);
    *c = (struct child){.ended = ended, .arg = arg, .pidfd = -1, .is_gone = 1};
    c->pid = spawn(spec);
    if (c->pid > 0) {
        c->is_gone = 0;
        c->pidfd = pidfd_open(c->pid, 0); /* close-on-exec already */
    }
    if (c->pidfd < 0) {
        err_set(e, ERR_INTERNAL, "cannot start a process: %s", strerror(errno));
        child_free(c);
        return NULL;
    }
    c->watch = loop_fd_new(loop, c->pidfd, on_readable, c);
    return c;
}

pid_t child_pid(const struct child *c)
{
    return c->pid;
}

void child_signal(struct child *c, int signo)
{
    if (!c->is_gone)
        kill(c->pid, signo);
}

void child_free(struct child *c)
{
    if (!c)
        return;
    if (!c->is_gone) {
        kill(c->pid, SIGKILL);
        reap(c, 0);
    }
    loop_fd_free(c->watch);
    if (c->pidfd >= 0)
        close(c->pidfd);
    free(c);
}

void child_say(int status, char out[CHILD_WORDS_SIZE])
{
    if (WIFSIGNALED(status))
        snprintf(out, CHILD_WORDS_SIZE, "was killed by signal %d", WTERMSIG(status));
    else
        snprintf(out, CHILD_WORDS_SIZE, "ended (exit %d)", WEXITSTATUS(status));
}
