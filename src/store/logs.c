#include "store/logs.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "base/zone.h"

enum { DAY_S = 86400, PARTS_MAX = 100000 };

static const char head[] = "foyer-";

static struct {
    pthread_mutex_t lock;
    char *dir;
    int64_t keep_ms;
    int64_t day;   /* since 1970, of the file */
    int part;      /* from 1 */
    atomic_int fd; /* -1: none; one number for good, for a signal may write at any time */
} log_file = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1};

/* ---- names ---- */

static char *dir_of(const char *workspace_dir)
{
    char *state = path_join(workspace_dir, "state"), *dir = path_join(state, "log");
    free(state);
    return dir;
}

static char *path_of(const char *dir, int64_t day, int part)
{
    int64_t year;
    int month, dom;
    char more[16] = "";
    zone_date(day, &year, &month, &dom);
    if (part > 1)
        snprintf(more, sizeof more, ".%d", part);
    return xasprintf("%s/%s%04d-%02d-%02d%s.log", dir, head, (int)(year % 10000), month,
                     dom, more);
}

struct name {
    int64_t day;
    int part;
};

/* Reads the name of a file; returns 0 when it is another one's. */
static int read_name(const char *text, struct name *out)
{
    int year, month, dom, n = 0;
    int64_t part = 1;
    if (!str_starts(text, head) ||
        sscanf(text + sizeof head - 1, "%4d-%2d-%2d%n", &year, &month, &dom, &n) != 3)
        return 0;
    const char *rest = text + sizeof head - 1 + n;
    if (*rest == '.' && rest[1] >= '1' && rest[1] <= '9') {
        char *end = NULL;
        part = strtol(rest + 1, &end, 10);
        rest = end;
    }
    *out = (struct name){zone_days(year, month, dom), (int)part};
    return str_eq(rest, ".log") && part <= PARTS_MAX;
}

struct list {
    struct name *items;
    size_t n;
};

static int add_name(void *arg, const char *text)
{
    struct list *list = arg;
    struct name name;
    if (!read_name(text, &name))
        return 0;
    list->items = xrealloc(list->items, (list->n + 1) * sizeof *list->items);
    list->items[list->n++] = name;
    return 0;
}

static int compare(const void *a, const void *b)
{
    const struct name *x = a, *y = b;
    if (x->day != y->day)
        return x->day < y->day ? -1 : 1;
    return (x->part > y->part) - (x->part < y->part);
}

/* The files, the oldest first. */
static struct list list_files(const char *dir)
{
    struct list list = {NULL, 0};
    path_each(dir, add_name, &list);
    if (list.n)
        qsort(list.items, list.n, sizeof *list.items, compare);
    return list;
}

int logs_each(const char *workspace_dir,
              int (*fn)(void *arg, const char *path, int64_t day_ms), void *arg)
{
    char *dir = dir_of(workspace_dir);
    struct list list = list_files(dir);
    int rc = 0;
    for (size_t i = 0; i < list.n && rc == 0; i++) {
        char *path = path_of(dir, list.items[i].day, list.items[i].part);
        rc = fn(arg, path, list.items[i].day * DAY_S * 1000);
        free(path);
    }
    free(list.items);
    free(dir);
    return rc;
}

/* ---- writing ---- */

/* Removes what is too old and the oldest files of what is too much. */
static void prune(void)
{
    struct list list = list_files(log_file.dir);
    int64_t bytes = 0, oldest = (clock_wall_ms() - log_file.keep_ms) / 1000 / DAY_S;
    for (size_t i = list.n; i-- > 0;) {
        char *path = path_of(log_file.dir, list.items[i].day, list.items[i].part);
        struct stat st;
        if (i + 1 == list.n) /* the newest one may become so large */
            bytes = LOGS_FILE_BYTES;
        else if (stat(path, &st) == 0)
            bytes += st.st_size;
        /* a day's file has lines up to its end; the newest one is this process's own */
        if (i + 1 < list.n && (list.items[i].day < oldest || bytes > LOGS_MAX_BYTES))
            unlink(path);
        free(path);
    }
    free(list.items);
}

static int use_file(int64_t day, int part)
{
    char *path = path_of(log_file.dir, day, part);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    int old = log_file.fd;
    if (fd >= 0)
        path_give(path, fd);
    free(path);
    if (fd < 0)
        return -1;
    if (old >= 0) {
        dup3(fd, old, O_CLOEXEC);
        close(fd);
    } else {
        log_file.fd = fd;
    }
    log_file.day = day;
    log_file.part = part;
    return 0;
}

static int is_full(void)
{
    struct stat st;
    return fstat(log_file.fd, &st) == 0 && st.st_size >= LOGS_FILE_BYTES;
}

/* Returns 1 when the file was removed: what is written to it would be lost. */
static int is_gone(void)
{
    struct stat st;
    return fstat(log_file.fd, &st) == 0 && st.st_nlink == 0;
}

/* Goes on with the file of today that is not full. */
static int find_file(void)
{
    int64_t day = clock_wall_ms() / 1000 / DAY_S;
    int part = log_file.fd >= 0 && day == log_file.day ? log_file.part : 1;
    int is_other = log_file.fd < 0 || day != log_file.day || is_gone();
    if (is_other && log_file.fd >= 0)
        mkdir(log_file.dir, 0700); /* if it is gone; not a workspace that is gone */
    if (is_other && use_file(day, part) != 0)
        return -1;
    while (is_full() && part < PARTS_MAX) {
        is_other = 1;
        if (use_file(day, ++part) != 0)
            return -1;
    }
    if (is_other)
        prune();
    return 0;
}

static void on_line(const char *line, size_t len, int in_signal)
{
    if (!in_signal) {
        pthread_mutex_lock(&log_file.lock);
        find_file();
    }
    int fd = log_file.fd;
    ssize_t written = fd >= 0 ? write(fd, line, len) : 0;
    (void)written; /* standard error has it */
    if (!in_signal)
        pthread_mutex_unlock(&log_file.lock);
}

int logs_open(const char *workspace_dir, const char *process, int64_t keep_ms,
              struct err *e)
{
    char *dir = dir_of(workspace_dir);
    int rc = path_is_dir(dir) ? 0 : path_make_dirs(dir, 0700, e);
    if (rc == 0) {
        pthread_mutex_lock(&log_file.lock);
        free(log_file.dir);
        log_file.dir = xstrdup(dir);
        log_file.keep_ms = keep_ms;
        rc = find_file();
        if (rc != 0)
            err_set(e, ERR_STORE, "cannot write to %s: %s", dir, strerror(errno));
        pthread_mutex_unlock(&log_file.lock);
    }
    free(dir);
    if (rc == 0)
        log_sink(process, on_line);
    return rc;
}

void logs_close(void)
{
    log_sink(NULL, NULL);
    pthread_mutex_lock(&log_file.lock);
    if (log_file.fd >= 0)
        close(log_file.fd);
    log_file.fd = -1;
    free(log_file.dir);
    log_file.dir = NULL;
    pthread_mutex_unlock(&log_file.lock);
}
