#include "store/presence.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/path.h"
#include "base/str.h"
#include "base/crypto.h"

enum {
    OPEN_TRIES = 8,
    SWEEP_MAX = 32,
    WANTED_SECONDS = 24 * 60 * 60,
    TOUCH_SECONDS = 60 * 60
};

struct record { /* the content of the file */
    struct presence_end end;
    struct unsent_table unsent;
    struct growing_table growing;
    struct heartbeat heartbeat;
};

struct presence {
    char id[PRESENCE_ID_SIZE];
    char *path;
    int fd;
    struct record *record; /* mapped from the file; NULL: not needed yet */
    /* used instead where the disk is full; it is lost with the process */
    struct record unmapped;
    time_t touched; /* CLOCK_MONOTONIC: when the file's time was last set */
    struct heartbeat_thread *beating; /* NULL: it has no heartbeat */
};

static char *owners_dir(const char *workspace_dir)
{
    return path_join(workspace_dir, "state/owners");
}

static int fail(const char *verb, const char *path, struct err *e)
{
    return err_set(e, err_is_full(errno) ? ERR_UNAVAILABLE : ERR_STORE,
                   "cannot %s %s: %s", verb, path, strerror(errno));
}

/* Applies COMMAND to an exclusive lock of the whole file. An OFD lock belongs to the
 * descriptor, so that opening and closing the file elsewhere in this process does not
 * drop it. */
static int lock(int fd, int command, struct flock *out)
{
    *out = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, command, out);
}

/* An id becomes part of a path: anything else could lead out of the directory. */
static int is_id(const char *id)
{
    size_t n = strspn(id, "0123456789abcdef-");
    return n > 0 && id[n] == '\0' && n < PRESENCE_ID_SIZE;
}

static int read_end(int fd, struct presence_end *out)
{
    if (pread(fd, out, sizeof *out, 0) != (ssize_t)sizeof *out)
        return 0;
    out->kind[sizeof out->kind - 1] = '\0';
    out->cause[sizeof out->cause - 1] = '\0';
    return out->kind[0] && out->cause[0];
}

/* Maps the record of another process, as reading need not see the pages that the process
 * has mapped on every file system. Returns NULL, or what the caller unmaps. */
static struct record *map_other(int fd, int prot)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || st.st_size != sizeof(struct record))
        return NULL;
    struct record *record = mmap(NULL, sizeof *record, prot, MAP_SHARED, fd, 0);
    /* cppcheck-suppress memleak; MAP_FAILED is no memory */
    return record == MAP_FAILED ? NULL : record;
}

static int read_unsent(int fd, struct unsent out[UNSENT_MAX])
{
    struct record *record = map_other(fd, PROT_READ);
    int n = record ? unsent_read(&record->unsent, fd, out) : 0;
    if (record)
        munmap(record, sizeof *record);
    return n;
}

static int read_most(int fd, struct growing *out)
{
    struct record *record = map_other(fd, PROT_READ);
    int found = record && unsent_is_of(&record->unsent, fd) &&
                growing_most(&record->growing, out);
    if (record)
        munmap(record, sizeof *record);
    return found;
}

/* Returns 1 when the file has a record that another process will want; for a day only, as
 * there may be no such process. */
static int is_wanted(int fd)
{
    struct presence_end end;
    struct unsent writes[UNSENT_MAX];
    struct growing most;
    struct stat st;
    return (read_end(fd, &end) || read_unsent(fd, writes) > 0 || read_most(fd, &most)) &&
           fstat(fd, &st) == 0 && st.st_mtime > time(NULL) - WANTED_SECONDS;
}

/* Removes a dead process's file, under its lock: else a process that is just creating
 * its file would lose it. */
static void remove_dead(const char *path, int fd)
{
    struct flock held;
    if (!is_wanted(fd) && lock(fd, F_OFD_SETLK, &held) == 0)
        unlink(path);
}

/* Judges the process that has FD's lock by its record. */
static int judge_record(int fd, const char *id, struct heartbeat_watch *watch,
                        int64_t now_us)
{
    struct record *record = map_other(fd, PROT_READ);
    int rc = PRESENCE_ALIVE;
    if (record && unsent_is_of(&record->unsent, fd)) {
        const struct heartbeat *h = &record->heartbeat;
        if (__atomic_load_n(&h->is_fenced, __ATOMIC_SEQ_CST))
            rc = PRESENCE_FROZEN;
        else if (watch)
            switch (heartbeat_judge(
                watch, id, __atomic_load_n(&h->at_us, __ATOMIC_SEQ_CST), now_us)) {
            case HEARTBEAT_STILL:
                rc = PRESENCE_FROZEN;
                break;
            case HEARTBEAT_SUSPECT:
                rc = PRESENCE_SUSPECT;
                break;
            default:
                break;
            }
    }
    if (record)
        munmap(record, sizeof *record);
    return rc;
}

/* Asks by GETLK, which takes no lock: two processes that ask at the same time do not
 * take each other for the owner. */
static int judge_file(const char *path, const char *id, struct heartbeat_watch *watch,
                      int64_t now_us, struct err *e)
{
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? PRESENCE_DEAD : fail("open", path, e);
    struct flock held;
    int rc = PRESENCE_DEAD;
    if (lock(fd, F_OFD_GETLK, &held) != 0)
        rc = fail("ask for the lock of", path, e);
    else if (held.l_type != F_UNLCK)
        rc = judge_record(fd, id, watch, now_us);
    if (rc == PRESENCE_DEAD)
        remove_dead(path, fd);
    close(fd);
    return rc;
}

/* Returns the path of ID's file, or NULL for a malformed ID. */
static char *path_of(const char *workspace_dir, const char *id)
{
    if (!is_id(id))
        return NULL;
    char *dir = owners_dir(workspace_dir), *path = path_join(dir, id);
    free(dir);
    return path;
}

int presence_judge(const char *workspace_dir, const char *id,
                   struct heartbeat_watch *watch, int64_t now_us, struct err *e)
{
    char *path = path_of(workspace_dir, id);
    int rc = path ? judge_file(path, id, watch, now_us, e) : PRESENCE_DEAD;
    free(path);
    return rc;
}

struct sweep {
    const char *dir;
    int left;
};

static int sweep_one(void *arg, const char *name)
{
    struct sweep *s = arg;
    if (s->left-- == 0)
        return 1;
    char *path = path_join(s->dir, name);
    judge_file(path, name, NULL, 0, NULL);
    free(path);
    return 0;
}

/* Creates and locks the file. Returns 0 when another process removed it in between. */
static int make(struct presence *p, struct err *e)
{
    struct stat here, there;
    struct flock held;
    p->fd = open(p->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (p->fd < 0)
        return errno == EEXIST ? 0 : fail("create", p->path, e);
    path_give(p->path, p->fd);
    if (lock(p->fd, F_OFD_SETLK, &held) == 0) {
        if (fstat(p->fd, &here) == 0 && stat(p->path, &there) == 0 &&
            here.st_ino == there.st_ino)
            return 1;
    } else if (errno != EAGAIN && errno != EACCES) {
        fail("lock", p->path, e);
        unlink(p->path);
        close(p->fd);
        return -1;
    }
    close(p->fd);
    return 0;
}

struct presence *presence_open(const char *workspace_dir, struct err *e)
{
    char *dir = owners_dir(workspace_dir);
    struct presence *p = xcalloc(1, sizeof *p);
    int rc = path_is_dir(dir) ? 0 : path_make_dirs(dir, 0700, e);
    int tries = OPEN_TRIES;
    while (rc == 0 && tries-- > 0) {
        unsigned char random[8];
        char hex[2 * sizeof random + 1];
        crypto_random(random, sizeof random);
        str_hex(random, sizeof random, hex);
        snprintf(p->id, sizeof p->id, "%ld-%s", (long)getpid(), hex);
        free(p->path);
        p->path = path_join(dir, p->id);
        rc = make(p, e);
    }
    if (rc == 0)
        err_set(e, ERR_STORE, "cannot create a file in %s: it is removed at once", dir);
    if (rc != 1) {
        if (rc < 0 && e && e->kind != ERR_UNAVAILABLE)
            e->kind = ERR_STORE;
        free(p->path);
        free(p);
        p = NULL;
    } else {
        path_each(dir, sweep_one, &(struct sweep){dir, SWEEP_MAX});
    }
    free(dir);
    return p;
}

const char *presence_id(const struct presence *p)
{
    return p->id;
}

void presence_close(struct presence *p)
{
    if (!p)
        return;
    heartbeat_stop(p->beating);
    unlink(p->path);
    close(p->fd);
    if (p->record && p->record != &p->unmapped)
        munmap(p->record, sizeof *p->record);
    free(p->path);
    free(p);
}

/* ---- the record, which outlives the process ---- */

/* Maps the record. The file is written, not only made longer: touching a page for which
 * the disk has no room would be a SIGBUS. */
static struct record *map(struct presence *p)
{
    struct record first = {.end = {.id = 0}};
    void *record = MAP_FAILED;
    unsent_init(&first.unsent, p->fd);
    if (pwrite(p->fd, &first, sizeof first, 0) == (ssize_t)sizeof first)
        record = mmap(NULL, sizeof first, PROT_READ | PROT_WRITE, MAP_SHARED, p->fd, 0);
    return record == MAP_FAILED ? &p->unmapped : record;
}

/* Returns the record, and sets the file's time now and then: is_wanted reads it, and
 * stores into mapped memory need not change it (tmpfs). */
static struct record *record_of(struct presence *p)
{
    struct timespec now;
    if (!p->record) {
        p->record = map(p);
        p->touched = -TOUCH_SECONDS;
    }
    if (clock_gettime(CLOCK_MONOTONIC_COARSE, &now) == 0 &&
        now.tv_sec - p->touched >= TOUCH_SECONDS) {
        futimens(p->fd, NULL);
        p->touched = now.tv_sec;
    }
    return p->record;
}

void presence_start(struct presence *p)
{
    struct record *record = record_of(p);
    if (!p->beating && record != &p->unmapped)
        p->beating = heartbeat_start(&record->heartbeat);
}

/* Async-signal-safe. */
static void put(char *out, size_t size, const char *text)
{
    size_t i = 0;
    for (; i < size - 1 && text[i]; i++)
        out[i] = text[i];
    out[i] = '\0';
}

void presence_mark(struct presence *p, const char *kind, int64_t id)
{
    struct presence_end *end = &record_of(p)->end;
    end->kind[0] = '\0';
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (!kind)
        return;
    end->id = id;
    put(end->kind + 1, sizeof end->kind - 1, kind + 1);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    end->kind[0] = kind[0];
}

void presence_cause(struct presence *p, const char *cause)
{
    struct presence_end *end = p->record ? &p->record->end : NULL;
    if (!end || !end->kind[0] || end->cause[0])
        return;
    put(end->cause, sizeof end->cause, cause);
}

void presence_unsent(struct presence *p, const struct unsent *write)
{
    unsent_add(&record_of(p)->unsent, write);
}

/* The fence is read after the write is marked as leaving, and presence_fence sets it
 * before it reads the marks: so this process sees the fence, or that one sees the mark.
 * Also a write that has no mark yet is not sent by a fenced process. */
int presence_leave(struct presence *p, int64_t run)
{
    if (!p->record)
        return 1;
    if (!unsent_leave(&p->record->unsent, run))
        return 0;
    if (!presence_is_fenced(p))
        return 1;
    unsent_stay(&p->record->unsent, run);
    return 0;
}

void presence_left(struct presence *p, int64_t run)
{
    if (p->record)
        unsent_left(&p->record->unsent, run);
}

void presence_sent(struct presence *p, int64_t run)
{
    if (p->record)
        unsent_remove(&p->record->unsent, run);
}

void presence_memory(struct presence *p, int64_t run, int64_t bytes)
{
    if (p->record || bytes > 0)
        growing_set(&record_of(p)->growing, run, bytes);
}

static int open_file(const char *workspace_dir, const char *id, int flags)
{
    char *path = path_of(workspace_dir, id);
    int fd = path ? open(path, flags | O_CLOEXEC | O_NOFOLLOW) : -1;
    free(path);
    return fd;
}

static int fence(int fd, struct presence_taken *out)
{
    struct record *record = map_other(fd, PROT_READ | PROT_WRITE);
    int rc = record && unsent_is_of(&record->unsent, fd);
    if (rc) {
        __atomic_store_n(&record->heartbeat.is_fenced, 1, __ATOMIC_SEQ_CST);
        out->nwrites =
            unsent_take(&record->unsent, fd, out->writes, out->leaving, &out->nleaving);
    }
    if (record)
        munmap(record, sizeof *record);
    return rc;
}

int presence_fence(const char *workspace_dir, const char *id, struct presence_taken *out,
                   struct err *e)
{
    char *path = path_of(workspace_dir, id);
    int fd = path ? open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW) : -1;
    int rc = 0;
    if (fd >= 0) {
        rc = fence(fd, out);
        close(fd);
    } else if (path && errno != ENOENT) {
        rc = fail("open", path, e);
    }
    free(path);
    return rc;
}

void presence_each(const char *workspace_dir, int (*fn)(void *arg, const char *id),
                   void *arg)
{
    char *dir = owners_dir(workspace_dir);
    path_each(dir, fn, arg);
    free(dir);
}

struct holder { /* looks for a file among what a process has open */
    int fds;    /* of /proc/PID/fd */
    struct stat file;
    int has_it;
};

static int is_file(void *arg, const char *name)
{
    struct holder *h = arg;
    struct stat st;
    h->has_it = fstatat(h->fds, name, &st, 0) == 0 && st.st_dev == h->file.st_dev &&
                st.st_ino == h->file.st_ino;
    return h->has_it;
}

int presence_signal(const char *workspace_dir, const char *id, int signal)
{
    char *path = path_of(workspace_dir, id);
    char *open_files = xasprintf("/proc/%.*s/fd", (int)strcspn(id, "-"), id);
    /* a pidfd stays with its process, also when the pid is used again */
    int pidfd = path ? pidfd_open((pid_t)strtol(id, NULL, 10), 0) : -1, rc = 0;
    struct holder h = {.fds = open(open_files, O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (pidfd >= 0 && h.fds >= 0 && stat(path, &h.file) == 0) {
        path_each(open_files, is_file, &h);
        rc = h.has_it && pidfd_send_signal(pidfd, signal, NULL, 0) == 0;
    }
    if (h.fds >= 0)
        close(h.fds);
    if (pidfd >= 0)
        close(pidfd);
    free(open_files);
    free(path);
    return rc;
}

int presence_is_fenced(const struct presence *p)
{
    return p->record &&
           __atomic_load_n(&p->record->heartbeat.is_fenced, __ATOMIC_SEQ_CST);
}

int presence_end_of(const char *workspace_dir, const char *id, struct presence_end *out)
{
    int fd = open_file(workspace_dir, id, O_RDONLY), found = 0;
    if (fd >= 0) {
        found = read_end(fd, out);
        close(fd);
    }
    return found;
}

int presence_unsent_of(const char *workspace_dir, const char *id,
                       struct unsent out[UNSENT_MAX])
{
    int fd = open_file(workspace_dir, id, O_RDONLY), n = 0;
    if (fd >= 0) {
        n = read_unsent(fd, out);
        close(fd);
    }
    return n;
}

int presence_memory_of(const char *workspace_dir, const char *id, struct growing *out)
{
    int fd = open_file(workspace_dir, id, O_RDONLY), found = 0;
    if (fd >= 0) {
        found = read_most(fd, out);
        close(fd);
    }
    return found;
}

void presence_forget(const char *workspace_dir, const char *id)
{
    struct flock held;
    int fd = open_file(workspace_dir, id, O_RDWR);
    if (fd < 0)
        return;
    char *path = path_of(workspace_dir, id);
    if (lock(fd, F_OFD_SETLK, &held) == 0)
        unlink(path);
    close(fd);
    free(path);
}
