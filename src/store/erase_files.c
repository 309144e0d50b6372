#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/mention.h"
#include "base/path.h"
#include "base/str.h"
#include "store/erase.h"
#include "store/erase_name.h"
#include "store/ledger_row.h"
#include "store/presence.h"
#include "store/store_row.h"
#include "io/db.h"

/* ---- processes ---- */

struct owners {
    const char *dir;
    int n;
};

static int count_alive(void *arg, const char *owner)
{
    struct owners *o = arg;
    o->n += presence_judge(o->dir, owner, NULL, 0, NULL) != PRESENCE_DEAD;
    return 0;
}

int erase_count_running(struct db *db, const char *workspace_dir, const char *sql,
                        const char *client, int *n, struct err *e)
{
    const struct db_value value = db_text(client);
    struct owners o = {workspace_dir, 0};
    int rc = store_row_texts(db_select(db, sql, &value, strstr(sql, "?1") ? 1 : 0, e),
                             count_alive, &o, e);
    *n = o.n;
    return rc;
}

/* ---- the databases ---- */

static int is_address(void *arg, const struct db_value *values, int n)
{
    for (int i = 0; i < n; i++)
        if (values[i].len && mention_in_bytes(arg, values[i].data, values[i].len))
            return 1;
    return 0;
}

struct cleaning {
    struct mention *address; /* NULL: none */
    const char *client;      /* NULL: none */
};

static int clean_live(struct db *db, void *arg, struct err *e)
{
    const struct cleaning *c = arg;
    static const char *const statements[] = {
        /* their names have ids of conversations and contacts; what they are for, bursts,
         * is over within a second */
        "DELETE FROM resource",
        "DELETE FROM company WHERE is_address(name)",
        "DELETE FROM claim WHERE is_address(name)",
    };
    if (c->client &&
        db_change(db,
                  "DELETE FROM usage WHERE substr(name, 1, length(?1) + 1) = ?1 || '.'",
                  DB_ARGS(db_text(c->client)), NULL, e) != 0)
        return -1;
    if (!c->address)
        return 0;
    if (db_add_test(db, "is_address", is_address, c->address, e) != 0)
        return -1;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        if (db_change(db, statements[i], DB_NONE, NULL, e) != 0)
            return -1;
    return 0;
}

/* Writes to OUT the names of live.db's companies, of which one is not connected any more.
 */
struct company {
    char *name;
};

struct companies {
    struct company *list;
    size_t n;
};

static int read_companies(struct db *db, struct companies *out, struct err *e)
{
    struct db_row *row = db_select(
        db, "SELECT name FROM company UNION SELECT company FROM resource", DB_NONE, e);
    while (db_step(row, e) == 1) {
        array_grow(out->list, out->n);
        out->list[out->n++].name = xstrdup(db_row_text(row, 0));
    }
    return db_finish(row);
}

/* Removes the budget of each company ("app/id") that no client is connected to. */
static int drop_companies(struct db *store, struct db *live, struct err *e)
{
    static const char *const statements[] = {
        "DELETE FROM company WHERE name = ?",
        "DELETE FROM resource WHERE company = ?",
        "DELETE FROM claim WHERE owner IS NULL AND name = 'refresh/' || ?",
    };
    struct companies all = {0};
    int rc = read_companies(live, &all, e);
    for (size_t i = 0; i < all.n; i++) {
        int64_t is_used = 0;
        const char *name = all.list[i].name;
        if (rc == 0)
            rc = db_select_int(
                store, "SELECT 1 FROM client_connection WHERE app || '/' || id = ?",
                DB_ARGS(db_text(name)), &is_used, e);
        for (size_t k = 0; !is_used && k < sizeof statements / sizeof *statements; k++)
            if (rc == 0)
                rc = db_change(live, statements[k], DB_ARGS(db_text(name)), NULL, e);
        free(all.list[i].name);
    }
    free(all.list);
    return rc;
}

int erase_scrub(struct store *s, struct live *live, const char *address,
                const char *client, struct err *e)
{
    struct cleaning c = {address ? mention_new(address) : NULL, client};
    int rc = db_scrub(store_db(s), e);
    if (rc == 0)
        rc = live_write(live, clean_live, &c, e);
    mention_free(c.address);
    struct db *db = rc == 0 ? live_db(live, e) : NULL;
    if (!db || (client && drop_companies(store_db(s), db, e) != 0))
        return -1;
    return db_scrub(db, e);
}

/* ---- logs and copies ---- */

enum { LOG_MAX = 1 << 30 };

static const int64_t run_max = INT64_C(1) << 38; /* entry ids have 63 bits */
_Static_assert(LEDGER_ID_BITS == 24, "as in is_of_forgotten_run");

struct lines {
    const char *dir;
    struct mention *mention; /* NULL: lines that name the client */
    const char *client;
    struct db *db;      /* the store's, or NULL: no lines of forgotten runs */
    int64_t run;        /* which was looked up last; 0: none */
    int64_t is_run_out; /* 1: that one was forgotten */
    int look, n;
    struct err *e;
};

/* Reads the run of a line, which is JSON: a quote inside of its texts is escaped. */
static int64_t run_of_line(const char *text, size_t len)
{
    static const char member[] = ",\"run\":";
    const char *at = memmem(text, len, member, sizeof member - 1);
    int64_t run = 0;
    for (at = at ? at + sizeof member - 1 : text + len;
         at < text + len && *at >= '0' && *at <= '9' && run < run_max; at++)
        run = run * 10 + (*at - '0');
    return run;
}

/* Returns 1 when the line is one of a forgotten run; 0; -1 with E. */
static int is_of_forgotten_run(struct lines *l, const char *text, size_t len)
{
    int64_t run = l->db ? run_of_line(text, len) : 0;
    if (run == 0)
        return 0;
    if (run != l->run) {
        l->run = run;
        l->is_run_out = 0;
        if (db_select_int(l->db,
                          "SELECT count(*) FROM entry WHERE id >= (?1 << 24) + 8388608"
                          " AND id < (?1 + 1) << 24 AND kind = 'forgotten'",
                          DB_ARGS(db_int(run)), &l->is_run_out, l->e) != 0)
            return -1;
    }
    return l->is_run_out > 0;
}

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
        int is_out = is_of_forgotten_run(l, text + at, n);
        if (is_out < 0)
            return -1;
        if (!is_out && !(l->mention ? mention_in_bytes(l->mention, text + at, n)
                                    : erase_names_client(text + at, n, l->client)))
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

int erase_log_lines(const char *workspace_dir, struct store *s, const char *address,
                    const char *client, int look, int *lines, struct err *e)
{
    char *dir = path_join(workspace_dir, "state/log");
    struct lines l = {.dir = dir,
                      .mention = address ? mention_new(address) : NULL,
                      .client = client,
                      .db = s ? store_db(s) : NULL,
                      .look = look,
                      .e = e};
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
