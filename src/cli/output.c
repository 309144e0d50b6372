#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/bar.h"
#include "base/path.h"
#include "base/str.h"

struct output {
    struct run_sink sink;
    struct bar *bar;
    const char *path;
    char *part;
    int fd, force, all;
    int has_begun;
    int64_t bytes, total;
};

static int cannot_write(const char *path, struct err *e)
{
    return err_set(e, err_is_full(errno) ? ERR_UNAVAILABLE : ERR_INVALID,
                   "cannot write %s: %s", path, strerror(errno));
}

/* A script may get several files: the last one is kept. */
static int begin(struct output *o, const struct httpc_piece *piece, struct err *e)
{
    o->has_begun = 1;
    o->bytes = 0;
    o->total = piece->total;
    if (piece->total > 0)
        bar_total(o->bar, piece->total);
    if (lseek(o->fd, 0, SEEK_SET) != 0 || ftruncate(o->fd, 0) != 0)
        return cannot_write(o->part, e);
    return 0;
}

static int on_piece(void *arg, const struct httpc_piece *piece, int is_file,
                    struct err *e)
{
    struct output *o = arg;
    if (!o->all && !is_file && strstr(piece->type, "json"))
        return 0;
    if (piece->is_first && begin(o, piece, e) != 0)
        return -1;
    for (size_t n = 0; n < piece->len;) {
        ssize_t wrote = write(o->fd, piece->data + n, piece->len - n);
        if (wrote < 0 && errno != EINTR)
            return cannot_write(o->part, e);
        n += wrote > 0 ? (size_t)wrote : 0;
    }
    o->bytes += (int64_t)piece->len;
    bar_set(o->bar, o->bytes, 0, 0);
    return 1;
}

struct output *output_new(struct loop *loop, const char *path, int force, int all,
                          struct err *e)
{
    if (!force && access(path, F_OK) == 0) {
        err_set(e, ERR_CONFLICT, "cannot write %s: it is there; --force replaces it",
                path);
        return NULL;
    }
    struct stat is;
    if (stat(path, &is) == 0 && !S_ISREG(is.st_mode)) { /* it would be replaced too */
        err_set(e, ERR_INVALID, "cannot write %s: it is not a regular file", path);
        return NULL;
    }
    struct output *o = xcalloc(1, sizeof *o);
    *o = (struct output){.sink = {o, on_piece},
                         .path = path,
                         .part = xasprintf("%s.part", path),
                         .force = force,
                         .all = all,
                         .total = -1};
    o->fd = open(o->part, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (o->fd < 0) {
        cannot_write(o->part, e);
    } else if (flock(o->fd, LOCK_EX | LOCK_NB) != 0) {
        err_set(e, ERR_CONFLICT, "cannot write %s: another foyer does so now", o->part);
        close(o->fd); /* the file is the other one's */
        o->fd = -1;
    }
    if (o->fd >= 0) {
        o->bar = bar_new(loop, path, "bytes", 0);
        return o;
    }
    free(o->part);
    free(o);
    return NULL;
}

const struct run_sink *output_sink(const struct output *o)
{
    return &o->sink;
}

int output_keep(struct output *o, struct err *e)
{
    if (!o->has_begun)
        return err_set(e, ERR_INVALID,
                       "nothing was written to %s: the answer is not a file", o->path);
    if (o->total >= 0 && o->bytes != o->total)
        return err_set(e, ERR_NETWORK,
                       "nothing was written to %s: the answer has %lld bytes of %lld",
                       o->path, (long long)o->bytes, (long long)o->total);
    if (fsync(o->fd) != 0)
        return cannot_write(o->part, e);
    if (!o->force && link(o->part, o->path) == 0)
        return 0; /* output_free removes the other name */
    if (!o->force && errno == EEXIST)
        return err_set(e, ERR_CONFLICT,
                       "cannot write %s: it is there by now; --force replaces it",
                       o->path);
    /* a disk without links, as FAT: the moment between the check and this stays open */
    if (rename(o->part, o->path) != 0)
        return cannot_write(o->path, e);
    close(o->fd);
    o->fd = -1;
    return 0;
}

int64_t output_bytes(const struct output *o)
{
    return o->bytes;
}

void output_free(struct output *o)
{
    if (!o)
        return;
    if (o->fd >= 0) {
        unlink(o->part);
        close(o->fd);
    }
    bar_free(o->bar);
    free(o->part);
    free(o);
}
