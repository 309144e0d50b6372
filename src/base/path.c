#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"

char *path_join(const char *dir, const char *name)
{
    return xasprintf("%s%s%s", dir, str_ends(dir, "/") ? "" : "/", name);
}

int path_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

int path_is_taken(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

int path_is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Returns a new string: PATH up to its last slash, or ".". */
static char *dir_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? xmemdup0(path, (size_t)(slash - path) + 1) : xstrdup(".");
}

void path_give(const char *path, int fd)
{
    struct stat st;
    if (geteuid() != 0)
        return;
    char *dir = dir_of(path);
    if (stat(dir, &st) == 0 && st.st_uid != 0 && fchown(fd, st.st_uid, st.st_gid) != 0)
        errno = 0; /* then it stays root's */
    free(dir);
}

static void give_dir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    path_give(path, fd);
    close(fd);
}

int path_make_dirs(const char *path, int mode, struct err *e)
{
    char *copy = xstrdup(path);
    int rc = 0;
    for (char *p = copy + 1; rc == 0; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        char saved = *p;
        *p = '\0';
        int why = mkdir(copy, (mode_t)mode) != 0 ? errno : 0;
        if (why == 0)
            give_dir(copy);
        if (why && !path_is_dir(copy))
            rc = err_set(e, ERR_INVALID, "cannot create directory %s: %s", copy,
                         strerror(why));
        *p = saved;
        if (saved == '\0')
            break;
    }
    free(copy);
    return rc;
}

/* Names the type of what is not a regular file, as in "it is a FIFO". */
static const char *type_of(mode_t mode)
{
    if (S_ISDIR(mode))
        return "a directory";
    if (S_ISFIFO(mode))
        return "a FIFO";
    return S_ISSOCK(mode) ? "a socket" : "a device";
}

/* Reads FD. SHOWN is the file's name in errors. PIPES allows what is not a regular file,
 * read to its end. */
static int read_fd(int fd, int pipes, const char *shown, struct buf *out, struct err *e)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_set(e, ERR_INVALID, "cannot read %s: %s", shown, strerror(errno));
    if (!S_ISREG(st.st_mode) && (!pipes || S_ISDIR(st.st_mode)))
        return err_set(e, ERR_INVALID, "cannot read %s: it is %s, not a file", shown,
                       type_of(st.st_mode));
    /* a shell's <(command) is a pipe, and reading waits for its writer */
    if (!S_ISREG(st.st_mode))
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    char chunk[16384];
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n == 0)
            return 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(e, ERR_INVALID, "cannot read %s: %s", shown, strerror(errno));
        if (buf_add(out, chunk, (size_t)n) != 0)
            return err_set(e, ERR_LIMIT, "cannot read %s: it is larger than %zu bytes",
                           shown, out->max);
    }
}

/* Reports by errno why PATH did not open. A link to a missing file is not ERR_NOT_FOUND:
 * that would let a lower layer's file take its place. */
static int open_error(const char *path, const char *shown, struct err *e)
{
    char target[PATH_MAX];
    int why = errno, absent = why == ENOENT || why == ENOTDIR;
    ssize_t n = absent ? readlink(path, target, sizeof target) : -1;
    if (n >= 0)
        return err_set(e, ERR_INVALID,
                       "cannot read %s: it is a link to %.*s, which does not exist",
                       shown, (int)n, target);
    if (why == ENXIO) /* what open(2) gives for a socket */
        return err_set(e, ERR_INVALID, "cannot read %s: it is a socket, not a file",
                       shown);
    return err_set(e, absent ? ERR_NOT_FOUND : ERR_INVALID, "cannot read %s: %s", shown,
                   strerror(why));
}

/* Reads as path_read does. SHOWN and PIPES are those of read_fd. */
static int read_path(const char *path, int pipes, const char *shown, struct buf *out,
                     struct err *e)
{
    /* not blocking: to open a FIFO without a writer would hang */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return open_error(path, shown, e);
    int rc = read_fd(fd, pipes, shown, out, e);
    close(fd);
    return rc;
}

int path_read(const char *path, struct buf *out, struct err *e)
{
    return read_path(path, 1, path, out, e);
}

/* Opens NAME in one system call instead of one for each part of the path. Returns -1 also
 * where the kernel has no openat2, and for an absolute link, which may lead back into
 * DIR. */
static int open_beneath(const char *dir, const char *name)
{
    struct open_how how = {.flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH};
    int at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (at < 0)
        return -1;
    int fd = (int)syscall(SYS_openat2, at, name, &how, sizeof how);
    int saved = errno;
    close(at);
    errno = saved;
    return fd;
}

int path_read_below(const char *dir, const char *name, const char *shown, struct buf *out,
                    struct err *e)
{
    char *path = path_join(dir, name);
    int rc, fd = open_beneath(dir, name);
    if (fd >= 0 || errno == ENOENT) {
        rc = fd >= 0 ? read_fd(fd, 0, shown, out, e) : open_error(path, shown, e);
        if (fd >= 0)
            close(fd);
        free(path);
        return rc;
    }
    char *real_dir = realpath(dir, NULL), *real = real_dir ? realpath(path, NULL) : NULL;
    if (!real) {
        rc = open_error(path, shown, e);
    } else {
        size_t n = strlen(real_dir);
        if (strncmp(real, real_dir, n) != 0 || (real[n] != '/' && n > 1))
            rc = err_set(e, ERR_FORBIDDEN, "cannot read %s: it leads out of %s", shown,
                         dir);
        else
            rc = read_path(real, 0, shown, out, e);
    }
    free(real_dir);
    free(real);
    free(path);
    return rc;
}

static int write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        data += n;
        len -= (size_t)n;
    }
    return fsync(fd);
}

int path_create(const char *path, const void *data, size_t len, int mode, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
    if (fd < 0)
        return err_set(e, errno == EEXIST ? ERR_CONFLICT : ERR_INVALID,
                       "cannot create %s: %s", path, strerror(errno));
    path_give(path, fd);
    int rc = write_all(fd, data, len);
    int saved = errno;
    if (close(fd) != 0 && rc == 0) {
        rc = -1;
        saved = errno;
    }
    if (rc != 0) {
        unlink(path);
        return err_set(e, err_is_full(saved) ? ERR_UNAVAILABLE : ERR_STORE,
                       "cannot write %s: %s", path, strerror(saved));
    }
    return 0;
}

/* Syncs the directory of PATH, so that the rename is on the disk too. Ignores a file
 * system that refuses. */
static void sync_dir_of(const char *path)
{
    char *dir = dir_of(path);
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(dir);
}

int path_write(const char *path, const void *data, size_t len, int mode, struct err *e)
{
    char *temporary = xasprintf("%s.%ld.new", path, (long)getpid());
    unlink(temporary); /* left by a killed process that had the same number */
    int rc = path_create(temporary, data, len, mode, e);
    if (rc == 0 && rename(temporary, path) != 0) {
        rc = err_set(e, ERR_STORE, "cannot write %s: %s", path, strerror(errno));
        unlink(temporary);
    }
    if (rc == 0)
        sync_dir_of(path);
    free(temporary);
    return rc;
}

static int visible(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

/* Compares bytes: alphasort follows the locale, but programs read this list. */
static int byte_order(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

int path_each(const char *dir, int (*fn)(void *arg, const char *name), void *arg)
{
    struct dirent **entries;
    int n = scandir(dir, &entries, visible, byte_order);
    int rc = 0;
    for (int i = 0; i < n; i++) {
        if (rc == 0)
            rc = fn(arg, entries[i]->d_name);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    return rc;
}
