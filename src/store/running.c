#include "store/running.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "core/jsontree.h"

enum { FILE_MAX = 4096 };

static const char cron[] = "cron";

struct running {
    char *path;
    int fd, stays;
};

static char *dir_of(const char *workspace_dir)
{
    return path_join(workspace_dir, "state/running");
}

static int lock(int fd, int command, struct flock *out)
{
    *out = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, command, out);
}

static int write_file(int fd, const char *role, const char *address, int dev)
{
    json_t *tree = json_pack("{s:s, s:i, s:f, s:s, s:s*, s:b}", "role", role, "pid",
                             (int)getpid(), "since_at", (double)clock_wall_ms() / 1000,
                             "version", FOYER_VERSION, "address", address, "dev", dev);
    char *text = tree ? json_dumps(tree, JSON_COMPACT) : NULL;
    size_t len = text ? strlen(text) : 0;
    int rc = len && ftruncate(fd, 0) == 0 && pwrite(fd, text, len, 0) == (ssize_t)len;
    free(text);
    json_decref(tree);
    return rc ? 0 : -1;
}

/* Returns 1 when FD has the lock, or gets it. */
static int is_own(int fd)
{
    struct flock other;
    return lock(fd, F_OFD_SETLK, &other) == 0;
}

struct running *running_open(const char *workspace_dir, const char *role,
                             const char *address, int dev)
{
    char *dir = dir_of(workspace_dir);
    struct flock other;
    struct stat st;
    struct running *r = xcalloc(1, sizeof *r);
    r->fd = -1;
    r->stays = str_eq(role, cron);
    r->path =
        r->stays ? path_join(dir, role) : xasprintf("%s/%s-%d", dir, role, (int)getpid());
    if (!path_is_dir(dir))
        path_make_dirs(dir, 0700, NULL);
    free(dir);
    do { /* running_list may remove the file before it is locked */
        if (r->fd >= 0)
            close(r->fd);
        r->fd = open(r->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    } while (r->fd >= 0 && lock(r->fd, F_OFD_SETLK, &other) == 0 &&
             fstat(r->fd, &st) == 0 && st.st_nlink == 0);
    if (r->fd < 0 || !is_own(r->fd) || write_file(r->fd, role, address, dev) != 0) {
        r->stays = 1; /* another cron's file */
        running_close(r);
        return NULL;
    }
    path_give(r->path, r->fd);
    return r;
}

void running_close(struct running *r)
{
    if (!r)
        return;
    if (!r->stays)
        unlink(r->path);
    if (r->fd >= 0)
        close(r->fd);
    free(r->path);
    free(r);
}

/* ---- reading ---- */

struct listing {
    const char *dir;
    json_t *rows;
};

static int is_locked(int fd)
{
    struct flock other;
    return lock(fd, F_OFD_GETLK, &other) == 0 && other.l_type != F_UNLCK;
}

static int add_file(void *arg, const char *name)
{
    struct listing *l = arg;
    char *path = path_join(l->dir, name), text[FILE_MAX];
    int fd = open(path, O_RDWR | O_CLOEXEC);
    ssize_t n = fd >= 0 ? pread(fd, text, sizeof text, 0) : -1;
    json_t *row = n > 0 ? jsontree_read(text, (size_t)n, NULL) : NULL;
    int is_alive = fd >= 0 && is_locked(fd);
    if (json_is_object(row) && (is_alive || str_eq(name, cron))) {
        json_object_set_new(row, "alive", json_boolean(is_alive));
        json_array_append(l->rows, row);
    } else if (fd >= 0 && !is_alive) {
        unlink(path);
    }
    json_decref(row);
    if (fd >= 0)
        close(fd);
    free(path);
    return 0;
}

static void take(json_t *from, json_t *to, const char *role, int is_role)
{
    size_t i;
    json_t *row;
    json_array_foreach(from, i, row)
    {
        if (str_eq(json_text_or(row, "role", ""), role) == is_role)
            json_array_append(to, row);
    }
}

json_t *running_list(const char *workspace_dir)
{
    char *dir = dir_of(workspace_dir);
    struct listing l = {dir, json_array()};
    json_t *sorted = json_array();
    path_each(dir, add_file, &l);
    free(dir);
    take(l.rows, sorted, "serve", 1);
    take(l.rows, sorted, "serve", 0);
    json_decref(l.rows);
    return sorted;
}
