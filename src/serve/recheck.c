#include "serve/recheck.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/child.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"

enum {
    OUTPUT_MAX = 64 * 1024,
    LINES_MAX = 40,
    CLIENTS_MAX = 1000 /* when more have changed, all are checked */
};

struct recheck {
    struct child *child;
    struct loop_fd *watch;
    int fd;            /* of its output; -1 after its end */
    struct buf output; /* what is past the maximum is dropped */
    int is_gone, status;
    const char *what; /* the command */
    recheck_done *done;
    void *arg;
};

static void log_output(const struct recheck *r)
{
    char *text = xstrdup(buf_str(&r->output)), *rest = NULL;
    int lines = 0;
    for (char *line = strtok_r(text, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest)) {
        if (lines++ < LINES_MAX)
            log_line(LOG_ERROR, "%s: %s", r->what, line);
    }
    if (lines > LINES_MAX)
        log_line(LOG_ERROR, "%s: and %d lines more", r->what, lines - LINES_MAX);
    free(text);
}

static void finish_when_over(struct recheck *r)
{
    char how[CHILD_WORDS_SIZE];
    if (!r->is_gone || r->fd >= 0)
        return;
    if (r->status != 0) {
        log_output(r);
        child_say(r->status, how);
        log_line(LOG_DEBUG, "`foyer %s` %s", r->what, how);
    }
    r->done(r->arg, r->status == 0);
}

static void on_output(void *arg)
{
    struct recheck *r = arg;
    char chunk[4096];
    ssize_t n = read(r->fd, chunk, sizeof chunk);
    if (n > 0) {
        size_t room = OUTPUT_MAX - r->output.len;
        buf_add(&r->output, chunk, (size_t)n < room ? (size_t)n : room);
        return;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    loop_fd_free(r->watch);
    r->watch = NULL;
    close(r->fd);
    r->fd = -1;
    finish_when_over(r);
}

static void on_ended(void *arg, struct child *c, int status)
{
    (void)c;
    struct recheck *r = arg;
    r->is_gone = 1;
    r->status = status;
    finish_when_over(r);
}

/* A new list that ends with NULL; the strings are borrowed. */
static const char **make_argv(const char *dir, const json_t *clients)
{
    const char *first[] = {"foyer", "check", "-w", dir, "--"};
    size_t i, n = sizeof first / sizeof *first;
    json_t *name;
    const char **argv = xcalloc(n + json_array_size(clients) + 1, sizeof *argv);
    memcpy(argv, first, sizeof first);
    json_array_foreach(clients, i, name)
    {
        argv[n++] = json_string_value(name);
    }
    return argv;
}

/* ARGV[1] is the command's name. */
static struct recheck *start(struct loop *loop, const char *const *argv,
                             recheck_done *done, void *arg, struct err *e)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        err_set(e, ERR_INTERNAL, "cannot start `foyer %s`: %s", argv[1], strerror(errno));
        return NULL;
    }
    fcntl(ends[1], F_SETFL, 0); /* the child's writes may block */
    struct child_spec spec = {.argv = argv, .output = ends[1], .nice = 5};
    struct recheck *r = xcalloc(1, sizeof *r);
    *r = (struct recheck){.fd = ends[0], .what = argv[1], .done = done, .arg = arg};
    buf_init(&r->output, OUTPUT_MAX);
    r->child = child_start(loop, &spec, on_ended, r, e);
    close(ends[1]);
    if (!r->child) {
        recheck_free(r);
        return NULL;
    }
    r->watch = loop_fd_new(loop, r->fd, on_output, r);
    return r;
}

struct recheck *recheck_start(struct loop *loop, const char *dir, const json_t *clients,
                              recheck_done *done, void *arg, struct err *e)
{
    if (json_array_size(clients) > CLIENTS_MAX)
        clients = NULL;
    const char **argv = make_argv(dir, clients);
    struct recheck *r = start(loop, argv, done, arg, e);
    free(argv);
    return r;
}

struct recheck *recheck_reload(struct loop *loop, const char *dir, recheck_done *done,
                               void *arg, struct err *e)
{
    const char *argv[] = {"foyer", "reload", "--no-wait", "-w", dir, NULL};
    return start(loop, argv, done, arg, e);
}

void recheck_free(struct recheck *r)
{
    if (!r)
        return;
    child_free(r->child);
    loop_fd_free(r->watch);
    if (r->fd >= 0)
        close(r->fd);
    buf_free(&r->output);
    free(r);
}
