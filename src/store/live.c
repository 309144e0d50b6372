#include "store/live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "store/store_row.h"

struct live {
    char *workspace_dir, *path;
    struct db *db;
    struct heartbeat_watch watch;
};

/* A released claim keeps its row for the epoch; its `owner` is NULL. A company's `window`
 * counts up: a process compares it with the window that its block of permits is of. */
static const char *const migrations[] = {
    "CREATE TABLE claim ("
    "  name TEXT PRIMARY KEY,"
    "  owner TEXT,"
    "  epoch INTEGER NOT NULL,"
    "  since_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE company ("
    "  name TEXT PRIMARY KEY,"
    "  quota INTEGER NOT NULL,"
    "  learned INTEGER NOT NULL,"
    "  window INTEGER NOT NULL,"
    "  ends_ms INTEGER NOT NULL,"
    "  told INTEGER NOT NULL,"
    "  used INTEGER NOT NULL,"
    "  searches INTEGER NOT NULL,"
    "  blocked_until_ms INTEGER NOT NULL,"
    "  probe_from_ms INTEGER NOT NULL,"
    "  probes INTEGER NOT NULL,"
    "  pathless_until_ms INTEGER NOT NULL,"
    "  reply_until_ms INTEGER NOT NULL,"
    "  activation_until_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE resource ("
    "  company TEXT NOT NULL,"
    "  name TEXT NOT NULL,"
    "  sent BLOB NOT NULL,"
    "  last_ms INTEGER NOT NULL,"
    "  blocked_until_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (company, name)"
    ") STRICT, WITHOUT ROWID;",
    "CREATE TABLE usage ("
    "  name TEXT NOT NULL,"
    "  version INTEGER NOT NULL,"
    "  day_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (name, version)"
    ") STRICT, WITHOUT ROWID;",
};

enum { VERSION = sizeof migrations / sizeof migrations[0] };

struct live *live_new(const char *workspace_dir)
{
    struct live *live = xcalloc(1, sizeof *live);
    live->workspace_dir = xstrdup(workspace_dir);
    live->path = path_join(workspace_dir, "state/live.db");
    return live;
}

static void close_db(struct live *live)
{
    db_close(live->db);
    live->db = NULL;
}

void live_free(struct live *live)
{
    if (!live)
        return;
    close_db(live);
    free(live->path);
    free(live->workspace_dir);
    free(live);
}

/* ---- the file ---- */

/* Removes the file itself last: a process that opens one of the others meanwhile still
 * finds it, and notices at its next use that it is gone. */
static void remove_file(struct live *live)
{
    static const char *const suffixes[] = {"-shm", "-wal", ""};
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char *path = xasprintf("%s%s", live->path, suffixes[i]);
        unlink(path);
        free(path);
    }
}

static int open_once(struct live *live, int *damaged, struct err *e)
{
    *damaged = 0;
    if (store_row_make_dir(live->workspace_dir, e) != 0 ||
        !(live->db = db_open_live(live->path, damaged, e)))
        return -1;
    if (db_migrate(live->db, migrations, VERSION, e) != 0) {
        *damaged = db_is_damaged(live->db);
        close_db(live);
        return -1;
    }
    return 0;
}

struct db *live_db(struct live *live, struct err *e)
{
    if (live->db && db_check_place(live->db, NULL) == 0)
        return live->db;
    close_db(live);
    int damaged;
    if (open_once(live, &damaged, e) == 0)
        return live->db;
    if (!damaged)
        return NULL;
    remove_file(live);
    return open_once(live, &damaged, e) == 0 ? live->db : NULL;
}

int live_write(struct live *live, int (*fn)(struct db *db, void *arg, struct err *e),
               void *arg, struct err *e)
{
    struct db *db = live_db(live, e);
    if (!db)
        return -1;
    if (db_transaction(db, fn, arg, e) == 0)
        return 0;
    if (!db_is_damaged(db))
        return -1;
    close_db(live);
    remove_file(live);
    db = live_db(live, e);
    return db ? db_transaction(db, fn, arg, e) : -1;
}

/* ---- claims ---- */

struct claiming {
    struct live *live;
    const char *name, *owner;
    int64_t epoch, now_ms;
    struct live_claim *out;
    int got;
};

/* Returns 1 when the process ID keeps its claims, 0 when it is dead; one that stands
 * still is fenced first, so that it no longer does what the claim protects. */
static int keeps(struct live *live, const char *id, struct err *e)
{
    struct presence_taken taken;
    int life = presence_judge(live->workspace_dir, id, &live->watch, clock_mono_us(), e);
    if (life != PRESENCE_FROZEN)
        return life < 0 ? -1 : life != PRESENCE_DEAD;
    int fenced = presence_fence(live->workspace_dir, id, &taken, e);
    return fenced < 0 ? -1 : !fenced;
}

/* Reads the claim into OUT. Returns 1 when a living process has it, 0 when it is free or
 * its owner is dead, -1 on error. */
static int read_claim(struct db *db, struct claiming *c, struct err *e)
{
    struct live_claim *out = c->out;
    *out = (struct live_claim){0};
    struct db_row *row =
        db_select(db, "SELECT owner, epoch, since_ms FROM claim WHERE name = ?",
                  DB_ARGS(db_text(c->name)), e);
    if (db_step(row, e) == 1) {
        const char *owner = db_row_text(row, 0);
        snprintf(out->holder, sizeof out->holder, "%s", owner ? owner : "");
        out->epoch = db_row_int(row, 1);
        out->since_ms = db_row_int(row, 2);
    }
    if (db_finish(row) != 0)
        return -1;
    return out->holder[0] ? keeps(c->live, out->holder, e) : 0;
}

static int claim(struct db *db, void *arg, struct err *e)
{
    struct claiming *c = arg;
    c->got = 0;
    int is_taken = read_claim(db, c, e);
    if (is_taken != 0)
        return is_taken < 0 ? -1 : 0;
    /* The first epoch of a row is the time, so that in a file that replaced a lost one
     * epochs are still higher than those of the lost file. */
    int64_t next = c->out->epoch + 1;
    c->out->epoch = next > 1 || c->now_ms <= 0 ? next : c->now_ms;
    c->out->since_ms = c->now_ms;
    snprintf(c->out->holder, sizeof c->out->holder, "%s", c->owner);
    c->got = 1;
    return db_change(db,
                     "INSERT OR REPLACE INTO claim (name, owner, epoch, since_ms) "
                     "VALUES (?, ?, ?, ?)",
                     DB_ARGS(db_text(c->name), db_text(c->owner), db_int(c->out->epoch),
                             db_int(c->now_ms)),
                     NULL, e);
}

int live_claim(struct live *live, const char *name, const char *owner, int64_t now_ms,
               struct live_claim *out, struct err *e)
{
    struct claiming c = {live, name, owner, 0, now_ms, out, 0};
    struct db *db = live_db(live, e);
    if (!db)
        return -1;
    /* a caller that polls takes no write lock for it */
    if (read_claim(db, &c, NULL) == 1)
        return 0;
    return live_write(live, claim, &c, e) == 0 ? c.got : -1;
}

static int release(struct db *db, void *arg, struct err *e)
{
    const struct claiming *c = arg;
    return db_change(db, "UPDATE claim SET owner = NULL WHERE name = ? AND epoch = ?",
                     DB_ARGS(db_text(c->name), db_int(c->epoch)), NULL, e);
}

int live_release(struct live *live, const char *name, int64_t epoch, struct err *e)
{
    struct claiming c = {.live = live, .name = name, .epoch = epoch};
    return live_write(live, release, &c, e);
}
