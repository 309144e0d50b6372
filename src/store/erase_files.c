#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mention.h"
#include "base/path.h"
#include "base/str.h"
#include "store/erase.h"
#include "io/db.h"

/* ---- the databases ---- */

static int is_address(void *arg, const struct db_value *values, int n)
{
    for (int i = 0; i < n; i++)
        if (values[i].len && mention_in_bytes(arg, values[i].data, values[i].len))
            return 1;
    return 0;
}

static int clean_live(struct db *db, void *arg, struct err *e)
{
    static const char *const statements[] = {
        "DELETE FROM resource WHERE is_address(company, name)",
        "DELETE FROM company WHERE is_address(name)",
        "DELETE FROM claim WHERE is_address(name)",
    };
    if (db_add_test(db, "is_address", is_address, arg, e) != 0)
        return -1;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        if (db_change(db, statements[i], DB_NONE, NULL, e) != 0)
            return -1;
    return 0;
}

int erase_scrub(struct store *s, struct live *live, const char *address, struct err *e)
{
    int rc = db_scrub(store_db(s), e);
    if (rc == 0 && address) {
        struct mention *m = mention_new(address);
        rc = live_write(live, clean_live, m, e);
        mention_free(m);
    }
    struct db *db = rc == 0 ? live_db(live, e) : NULL;
    return db ? db_scrub(db, e) : -1;
}

/* ---- logs and copies ---- */

enum { LOG_MAX = 1 << 30 };

struct lines {
    const char *dir;
    struct mention *mention;
    int look, n;
    struct err *e;
};

static int fail(const char *path, struct err *e)
{
    return err_set(e, ERR_STORE, "cannot erase lines of %s: %s", path, strerror(errno));
}

/* Overwrites the bytes from AT on, which are a line without its end. */
static int overwrite(int fd, size_t at, size_t len)
{
    char dots[256];
    memset(dots, '.', sizeof dots);
    while (len > 0) {
        ssize_t n = pwrite(fd, dots, len < sizeof dots ? len : sizeof dots, (off_t)at);
        if (n <= 0)
            return -1;
        at += (size_t)n;
        len -= (size_t)n;
    }
    return 0;
}

static int each_line(struct lines *l, const char *path, const char *text, size_t len,
                     int fd)
{
    for (size_t at = 0, n; at < len; at += n + 1) {
        const char *end = memchr(text + at, '\n', len - at);
        n = end ? (size_t)(end - text) - at : len - at;
        if (!mention_in_bytes(l->mention, text + at, n))
            continue;
        l->n++;
        if (!l->look && overwrite(fd, at, n) != 0)
            return fail(path, l->e);
    }
    return 0;
}

static int erase_lines_of(void *arg, const char *name)
{
    struct lines *l = arg;
    struct buf text;
    char *path = path_join(l->dir, name);
    buf_init(&text, LOG_MAX);
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    int rc = fd < 0 ? fail(path, l->e) : path_read(path, &text, l->e);
    if (rc == 0)
        rc = each_line(l, path, buf_str(&text), text.len, fd);
    if (fd >= 0 && !l->look && fsync(fd) != 0 && rc == 0)
        rc = fail(path, l->e);
    if (fd >= 0)
        close(fd);
    buf_free(&text);
    free(path);
    return rc;
}

int erase_log_lines(const char *workspace_dir, const char *word, int look, int *lines,
                    struct err *e)
{
    char *dir = path_join(workspace_dir, "state/log");
    struct lines l = {dir, mention_new(word), look, 0, e};
    int rc = path_each(dir, erase_lines_of, &l);
    *lines = l.n;
    mention_free(l.mention);
    free(dir);
    return rc;
}

struct copies {
    const char *dir;
    int (*fn)(void *arg, const char *path);
    void *arg;
};

static int on_file(void *arg, const char *name)
{
    const struct copies *c = arg;
    if (!str_starts(name, "foyer.db."))
        return 0;
    char *path = path_join(c->dir, name);
    int stop = c->fn(c->arg, path);
    free(path);
    return stop;
}

int erase_each_copy(const char *workspace_dir, int (*fn)(void *arg, const char *path),
                    void *arg)
{
    char *dir = path_join(workspace_dir, "state");
    struct copies c = {dir, fn, arg};
    int stop = path_each(dir, on_file, &c);
    free(dir);
    return stop;
}
